"""The table (Markdown) and the chart (SVG) of a run."""

import datetime as dt
import os
import platform
from xml.sax.saxutils import escape

UNITS = {"added": " ms", "memory": " MiB"}
WORDS = {"wall": "wall time", "cpu": "client CPU time", "rate": "rate", "added": "added time", "memory": "memory"}


def ratio(target, value=None):
    unit = UNITS.get(target.what, " x")
    number = target.value if value is None else value
    return f"{number:.1f}{unit}" if target.what in UNITS else f"{number:.2f}{unit}"


def spread(target):
    """From the lowest to the highest round."""
    if len(target.values) < 2:
        return ""
    return f"{ratio(target, min(target.values))} to {ratio(target, max(target.values))}"


def table(header, rows):
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def markdown(outcomes, rounds):
    date = dt.datetime.now(dt.timezone.utc).date()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [
        "# Benchmarks\n",
        f"`make bench` on {date}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}; medians of {rounds} rounds in "
        "which the contestants took turns on the native stack, after one that warmed it up. Brokers, registry, ClickHouse and "
        "clients share the cores: the ratios count, each of two runs of the same round, and the absolute times are this "
        "machine's. No process is shown smaller than the measuring Python.\n",
        "kcat -P sends with the batches of avro-produce (linger.ms=100, batch.num.messages=100000), and once more with those "
        "that it has by itself (5 ms, 10,000).\n",
        "![each contest, ours against the peer](bench.svg)\n",
        "## Targets\n",
        table(["ours", "against", "what", "target", "measured", "rounds", ""], [
            [t.ours, t.peer, WORDS[t.what], f"{t.bound}{UNITS.get(t.what, ' x')}", ratio(t), spread(t),
             "reached" if t.reached else "missed"]
            for outcome in outcomes for t in outcome.targets]),
    ]
    for outcome in outcomes:
        if not outcome.contestants:
            continue
        parts.append(f"## {outcome.title}\n")
        parts.append(table(["contestant", "records", "wall", "records/s", "client CPU", "largest process"], [
            [c.name, f"{c.records:,}", milliseconds(c.median("wall")), f"{c.rate:,.0f}" if c.records > 1 else "",
             milliseconds(c.median("cpu")), f"{c.median('memory'):.0f} MiB"] for c in outcome.contestants]))
    return "\n".join(parts)


WIDTH, LEFT, BAR = 860, 250, 18


def svg(outcomes):
    """Bars of records a second, each contest to its own scale."""
    body, y = [], 10
    for outcome in outcomes:
        shown = [c for c in outcome.contestants if c.records > 1]
        if len(shown) < 2:
            continue
        y += 22
        body.append(f'<text class="title" x="10" y="{y}">{escape(outcome.title)}</text>')
        largest = max(c.rate for c in shown)
        for contestant in shown:
            y += 8
            ours = "peer" if any(contestant.name == t.peer for t in outcome.targets) or not is_ours(contestant) else "ours"
            width = max(contestant.rate / largest * (WIDTH - LEFT - 150), 1)
            body.append(f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(contestant.name)}</text>')
            body.append(f'<rect class="{ours}" x="{LEFT}" y="{y}" width="{width:.0f}" height="{BAR}" rx="2"/>')
            body.append(f'<text x="{LEFT + width + 6:.0f}" y="{y + 13}">{contestant.rate:,.0f} records/s</text>')
            y += BAR
        y += 12
    style = ("text{font:12px system-ui,sans-serif;fill:#59636e}.title{font-weight:600;fill:#1f6feb}"
             ".ours{fill:#1f6feb}.peer{fill:#8c959f}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 10}" role="img" '
            f'aria-label="Records a second, ours and peers">\n<style>{style}</style>\n' + "\n".join(body) + "\n</svg>\n")


def is_ours(contestant):
    return contestant.name.split()[0] in {"avro-produce", "avro-consume", "ch-query"}
