#!/usr/bin/env bash
# The ClickHouse sink of Kafka Connect at work: the real connector on a real worker, and our tools around it.
#
# Usage: scripts/test_sink_connect.sh [PART...]
#
# Parts, all by default:
#   events    the stack's own connector, set up as configs/connect/clickhouse-sink.json says (but for addresses and
#             converter), through HAProxy: the smoke test, records that are no event, an outage, after which every row
#             must be there
#   schemas   a new topic in three lines of shell, for one schema with every type that the sink takes, for types that it
#             does not take, and for each schema in the folders of SCHEMAS: what is in the table is what was sent, or it
#             was said beforehand that it would not be
#   failures  connectors that fail, and everything that connect-ctl can do about it
#
# Put the connector's jars into docker/kafka-connect/plugins/clickhouse-sink/ first: scripts/fetch_plugins.sh does.
# Starts a native stack of its own and ends it; the ports of the native stack must be free. Needs haproxy and jq.
#
# Variables: OUTAGE   how long ClickHouse is away, in seconds [default: 30]
#            SCHEMAS  folders with Avro schemas (.avsc), separated by spaces [default: configs/schemas]
#            ROWS     records of each schema [default: 200]
#
# Exit codes: 0 all passed, 1 a check failed: it is named, 2 a program or the jars are missing, 3 a port is taken.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/native_lib.sh
. "$repo/scripts/native_lib.sh"
# shellcheck source=scripts/sink/lib.sh
. "$repo/scripts/sink/lib.sh"
# shellcheck source=scripts/sink/events.sh
. "$repo/scripts/sink/events.sh"
# shellcheck source=scripts/sink/schemas.sh
. "$repo/scripts/sink/schemas.sh"
# shellcheck source=scripts/sink/failures.sh
. "$repo/scripts/sink/failures.sh"

plugin=docker/kafka-connect/plugins/clickhouse-sink
parts=()
for part; do
  case $part in
    events | schemas | failures) parts+=("$part") ;;
    -h | --help) usage && exit 0 ;;
    *) die "unknown argument \"$part\"" "$program --help" 2 ;;
  esac
done
if [ ${#parts[@]} -eq 0 ]; then parts=(events schemas failures); fi
compgen -G "$repo/$plugin/*.jar" >/dev/null || die "$plugin/ has no jar" "scripts/fetch_plugins.sh" 2
need haproxy "apt-get install haproxy"
need jq "apt-get install jq"
use_tools
cd "$repo"

umask 077
work=$(mktemp -d)
# The example's settings, whatever .env says: the data are dropped at the end.
export KCH_NATIVE_DIR=$work/native KCH_ENV_FILE=$repo/.env.example SINK=connect KCH_SCHEMA_CACHE=off
native=$KCH_NATIVE_DIR
balancer=
clean_up() {
  local code=$?
  if [ -n "$balancer" ]; then kill "$balancer" 2>/dev/null || true; fi
  if [ "$code" -ne 0 ]; then grep -hE ' (WARN|ERROR) ' "$native/log/kafka-connect.log" 2>/dev/null | tail -n 10 | cut -c1-300 >&2; fi
  scripts/native_down.sh --remove_data 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

scripts/native_up.sh 2>"$work/said" || { code=$? && cat "$work/said" >&2 && exit "$code"; }
load_settings
for part in "${parts[@]}"; do
  say "-- $part"
  "part_$part"
done
say "$passed checks passed in $SECONDS s"
