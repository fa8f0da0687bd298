#!/usr/bin/env bash
# A broker of the native stack goes and comes back: topic-ctl check says so, records stay, and the topic is well again.
#
# Usage: scripts/test_broker_down.sh
#
# The whole stack must run (scripts/native_up.sh). It ends kafka-broker-3 and starts it again.
#
# Exit codes: 0 all is well, 1 something is not: it is named, 2 the tools are not built.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
  -h | --help) usage && exit 0 ;;
esac

use_tools
cd "$repo"
topic=test-broker-down-$$
patience=120

finish() {
  scripts/native_up.sh 2>/dev/null || true
  topic-ctl delete "$topic" --if-exists --yes >/dev/null || true
  sr delete "$topic-value" --permanent --yes >/dev/null 2>&1 || true
}
trap finish EXIT

# until_ok SECONDS COMMAND...: again and again until it ends with 0.
until_ok() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.5
  done
}

is_under_replicated() {
  local said
  if said=$(topic-ctl check "$topic"); then return 1; fi
  [[ $said == *'"problem":"under-replicated"'* ]]
}

topic-ctl create "$topic" --replication-factor 3 -s min.insync.replicas=2 >/dev/null
topic-ctl check "$topic" >/dev/null || die "a new topic is not well"
seq 5 | avro-produce -t "$topic" --schema configs/schemas/kafka-events-value.avsc --register

scripts/native_down.sh kafka-broker-3 2>/dev/null
until_ok "$patience" is_under_replicated || die "topic-ctl check does not say so: $(topic-ctl check "$topic" 2>&1)"
seq 6 10 | avro-produce -t "$topic" || die "two of three replicas are enough, and were not"

scripts/native_up.sh 2>/dev/null
until_ok "$patience" topic-ctl check "$topic" || die "the topic does not become well: $(topic-ctl check "$topic" 2>&1)"
records=$(topic-ctl offsets "$topic" | jq .records)
[ "$records" = 10 ] || die "10 records were sent, and $records are there"
say "a broker went and came back: told, survived, and well again"
