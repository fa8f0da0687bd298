"""Runs the contests and writes bench.md and bench.svg. Run by bench.sh, which brings the stack and the settings."""

import os
import pathlib
import shutil
import sys

import report
import stack
from contests import CONTESTS

names = sys.argv[1:]
if names == ["--list"]:
    print("\n".join(CONTESTS))
    sys.exit()
if unknown := [name for name in names if name not in CONTESTS]:
    sys.exit(f"bench: no contest {unknown[0]!r}: there are {', '.join(CONTESTS)}")
stack.export()
outcomes = []
try:
    for name in names or CONTESTS:
        print(f"{name}:", file=sys.stderr)
        outcomes.append(CONTESTS[name]())
finally:
    shutil.rmtree(stack.folder)

out = pathlib.Path(os.environ["OUT"])
out.mkdir(parents=True, exist_ok=True)
out.joinpath("bench.md").write_text(report.markdown(outcomes, stack.ROUNDS))
out.joinpath("bench.svg").write_text(report.svg(outcomes))
print(f"bench: wrote {out}/bench.md and bench.svg", file=sys.stderr)
missed = [target for outcome in outcomes for target in outcome.targets if not target.reached]
for target in missed:
    print(f"bench: missed: {target.ours} against {target.peer}: {target.what} {report.ratio(target)}, wanted {target.bound}",
          file=sys.stderr)
