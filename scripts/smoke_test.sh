#!/usr/bin/env bash
# The whole path, once: five records go in at Kafka and must come out of ClickHouse, those five and no others.
#
# Usage: scripts/smoke_test.sh
#
# The same script for Docker and for the native stack, on our own tools only; non-interactive and repeatable: each
# run has an id of its own and counts only its own rows. Runs scripts/init.sh first. Prints the rows as JSON lines.
#
# Variables: SMOKE_TIMEOUT  how long the rows may take to arrive, in seconds [default: 60]
#
# Exit codes: 0 the five rows arrived, 1 they did not, else the exit code of the tool that failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
  '') ;;
  -h | --help) usage && exit 0 ;;
  *) die "unknown argument \"$1\"" "$program --help" 2 ;;
esac

use_tools
load_settings
cd "$repo"

run=smoke-$(date -u +%Y%m%dT%H%M%SZ)-$$
first=$(date +%s%N | cut -c1-16) # microseconds: ids that no earlier run has used
payloads=(hello world foo bar baz)

step() { say "--- $*"; }

ensure_sink_runs() {
  if [ "$SINK" = connect ]; then
    connect-ctl status clickhouse-sink >&2
  fi
}

records() {
  local n
  for n in "${!payloads[@]}"; do
    printf '{"id":%s,"payload":"%s"}\n' "$((first + n))" "${payloads[n]}"
  done
}

# Our rows, whatever else is in the table.
rows() {
  ch-query -o json -p run="$run" 'SELECT id, source, ts, payload FROM kafka_events WHERE source = {run:String} ORDER BY id'
}

# wait_for_rows: until they are there, in $found. One answer gives both their number and what is in them: behind a
# balancer the next one may come from a replica that does not have them yet.
wait_for_rows() {
  local deadline=$((SECONDS + ${SMOKE_TIMEOUT:-60})) n
  while true; do
    found=$(rows)
    n=$(grep -c . <<<"$found" || true)
    if [ "$n" -ge "${#payloads[@]}" ]; then return; fi
    ensure_sink_runs
    if [ "$SECONDS" -ge "$deadline" ]; then
      say "$program: only $n of ${#payloads[@]} rows arrived within ${SMOKE_TIMEOUT:-60} s"
      say "the last messages that the sink could not take:"
      ch-query 'SELECT seen_at, offset, error FROM kafka_events_errors ORDER BY seen_at DESC LIMIT 5' >&2 || true
      exit 1
    fi
    sleep 0.3
  done
}

step "topics, schemas, tables and the sink"
scripts/init.sh
ensure_sink_runs

step "sending ${#payloads[@]} records as $run"
records | avro-produce -t kafka-events --set source="$run" --set ts=@now

step "waiting for the rows in ClickHouse"
wait_for_rows

printf '%s\n' "$found"

got=$(jq -r .payload <<<"$found" | paste -sd ' ')
[ "$got" = "${payloads[*]}" ] || die "the rows are \"$got\" instead of \"${payloads[*]}\""
say "smoke test passed: ${#payloads[@]} records in, the same ${#payloads[@]} rows out"
