#!/usr/bin/env bash
# Interoperability with code that is not ours, on the running stack: confluent-kafka-python reads what avro-produce
# wrote, and avro-consume prints what confluent-kafka-python wrote. Python's packages live in the cache.
#
# Usage: scripts/interop_test.sh [RECORDS]      default 5000
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/python_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/python_lib.sh"

case ${1-} in
  -h | --help) usage && exit 0 ;;
esac

use_tools
load_settings
need python3 "apt-get install python3 python3-venv"

exec "$(python_with_packages)" "$repo/scripts/interop_test.py" "${1:-5000}"
