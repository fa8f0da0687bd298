#!/usr/bin/env bash
# Makes a running stack ready to use, in Docker or native: topics, schemas, tables and the sink. Idempotent; our own
# tools only.
#
# Usage: scripts/init.sh
#
# SINK (shell, .env): how records get from Kafka into ClickHouse.
#   engine   ClickHouse's own Kafka engine and a materialized view
#   connect  the ClickHouse sink of Kafka Connect, when its jars are in docker/kafka-connect/plugins/clickhouse-sink
#
# Stops at the first failure with its cause and the exit code of the tool that failed.
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

topics() {
  topic-ctl create kafka-events --replication-factor 3 --if-not-exists
  topic-ctl create smoke-avro --replication-factor 3 --if-not-exists
}

schemas() {
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc
  # v2 first would be enough for new records; both are there so that the BACKWARD change can be seen.
  sr register smoke-avro-value configs/schemas/smoke-avro-value.v1.avsc
  sr register smoke-avro-value configs/schemas/smoke-avro-value.v2.avsc
}

# ClickHouse itself knows whether it is the cluster of docker-compose.yml or the one node of the native stack.
find_files() {
  local clusters
  clusters=$(ch-query -o raw "SELECT count() FROM system.clusters WHERE cluster = 'clickhouse_cluster'")
  if [ "$clusters" != 0 ]; then
    tables=sql/ddl/clickhouse_kafka_sink.sql
    engine=sql/ddl/kafka_engine.sql
    no_engine=sql/ddl/no_kafka_engine.sql
    connector=configs/connect/clickhouse-sink.json
  else
    tables=sql/native/01_kafka_events.sql
    engine=sql/native/02_kafka_engine.sql
    no_engine=sql/native/03_no_kafka_engine.sql
    connector=configs/connect/clickhouse-sink-native.json
  fi
}

tables() {
  ch-query -f "$tables"
}

# One sink at a time: with both, every row would be there twice.
sink() {
  case ${SINK:-engine} in
    engine)
      connect-ctl delete clickhouse-sink --if-exists --yes
      ch-query -f "$engine"
      ;;
    connect)
      ch-query -f "$no_engine"
      connect-ctl apply clickhouse-sink "$connector" --wait 60s
      ;;
    *) die "SINK is \"$SINK\"" "SINK is engine or connect" 2 ;;
  esac
}

find_files
topics >&2
schemas >&2
tables >&2
sink >&2
say "topics, schemas, tables and the sink ($SINK) are ready"
