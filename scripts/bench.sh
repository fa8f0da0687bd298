#!/usr/bin/env bash
# Measures the tools beside their peers on the native stack, in one run, and writes the table and the chart.
#
# Usage: scripts/bench.sh [CONTEST…]       all of them by default; --list names them
#
# Every contest runs its contestants in turn, ROUNDS times, and compares medians: absolute times wander from machine to
# machine and from minute to minute, ratios in one run do not. A peer that is not installed is named and skipped.
#
# Variables:
#   ROUNDS   rounds of each contest                         [default: 5]
#   RECORDS  records of the large contests                  [default: 1000000]
#   OUT      folder for bench.md and bench.svg              [default: docs]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/python_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/python_lib.sh"

case ${1-} in
  -h | --help) usage && exit 0 ;;
esac

cd "$repo"
need python3 "apt-get install python3 python3-venv"
use_tools
load_settings

# A stack that ran before is not ours to stop.
if ! scripts/native_status.sh >/dev/null 2>&1; then
  trap 'scripts/native_down.sh' EXIT
  scripts/native_up.sh
fi
scripts/init.sh

python=$(python_with_packages)
PYTHON=$python OUT=${OUT:-$repo/docs} "$python" "$repo/scripts/bench/main.py" "$@"
