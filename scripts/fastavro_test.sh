#!/usr/bin/env bash
# Our codec against fastavro, on random schemas and data: both must write the same bytes. Needs no running stack.
#
# Usage: scripts/fastavro_test.sh [DATA]      default 40000
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/python_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/python_lib.sh"

case ${1-} in
  -h | --help) usage && exit 0 ;;
esac

need python3 "apt-get install python3 python3-venv"
python=$(python_with_packages)
cases=$(mktemp)
trap 'rm -f "$cases"' EXIT
"$python" "$repo/scripts/fastavro_cases.py" "${1:-40000}" >"$cases"
cd "$repo"
KCH_FASTAVRO_CASES=$cases ${CARGO:-cargo} test -q -p kch-avro --test it fastavro -- --nocapture
