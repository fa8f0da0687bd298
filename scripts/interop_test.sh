#!/usr/bin/env bash
# Interoperability with code that is not ours, on the running stack: confluent-kafka-python reads what avro-produce
# wrote, and avro-consume prints what confluent-kafka-python wrote. Python's packages live in the cache.
#
# Usage: scripts/interop_test.sh [RECORDS]      default 5000
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
  -h | --help) usage && exit 0 ;;
esac

use_tools
load_settings
need python3 "apt-get install python3 python3-venv"

requirements=$repo/scripts/interop_requirements.txt
venv=${KCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kafka-clickhouse}/python-$(sha256sum "$requirements" | cut -c1-12)
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" || die "python3 cannot make a virtual environment" "apt-get install python3-venv" 2
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
  touch "$venv/complete"
fi
exec "$venv/bin/python" "$repo/scripts/interop_test.py" "${1:-5000}"
