#!/usr/bin/env bash
# The main job on the native stack, from nothing: builds, fetches, starts, sends, shows the rows, stops.
#
# Usage: scripts/demo.sh
#
# Variables: KEEP=1  leaves the stack up
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
  '') ;;
  -h | --help) usage && exit 0 ;;
  *) die "unknown argument \"$1\"" "$program --help" 2 ;;
esac

cd "$repo"

# A stack that ran before the demo is not ours to stop.
was_up=
if scripts/native_status.sh >/dev/null 2>&1; then was_up=1; fi

finish() {
  if [ -n "$was_up" ] || [ "${KEEP-}" = 1 ]; then return; fi
  scripts/native_down.sh
}
trap finish EXIT

scripts/native_up.sh
use_tools
scripts/smoke_test.sh >/dev/null

say "" "the latest rows in ClickHouse:"
ch-query -o table 'SELECT id, source, ts, payload FROM kafka_events ORDER BY id DESC LIMIT 5'
say "
what to type next (KEEP=1 make demo, or make native-up, leaves the stack up; PATH=\$PWD/target/release:\$PATH):

  seq 5 | avro-produce -t kafka-events
  avro-consume -t kafka-events | jq .id
  sr subjects
  connect-ctl info
  ch-query 'SELECT count() FROM kafka_events'
"
