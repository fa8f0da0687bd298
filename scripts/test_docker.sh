#!/usr/bin/env bash
# The cluster in Docker, from nothing and back to nothing. It DROPS ALL DATA of the cluster, before and after.
#
# Usage: scripts/test_docker.sh [--keep] [TEST...]      without names, all of them
#
#   --keep   leaves the cluster up at the end, with the passwords of .env; without it they are made up
#
# Tests: smoke engine sink restart topology replication node_down recipes tools plugins secrets
#
# Exit codes: 0 all passed, 1 a test failed: it is named, 2 usage or settings.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/docker_lib.sh
. "$repo/scripts/docker_lib.sh"

main() {
  local test tests=() keep=
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --keep) keep=1 ;;
      -*) die "unknown argument \"$1\"" "$program --help" 2 ;;
      *)
        declare -F "test_$1" >/dev/null || die "no test is named \"$1\"" "$program --help" 2
        tests+=("$1")
        ;;
    esac
    shift
  done
  if [ ${#tests[@]} -eq 0 ]; then tests=(smoke engine sink restart topology replication node_down recipes tools plugins secrets); fi
  use_tools
  if [ -z "$keep" ]; then make_passwords; fi
  load_settings
  cd "$repo"
  said=$(mktemp)

  scripts/docker_down.sh --remove_volumes 2>/dev/null
  if [ -z "$keep" ]; then trap 'scripts/docker_down.sh --remove_volumes 2>/dev/null; rm -f "$said"' EXIT; fi
  local start=$SECONDS
  scripts/docker_up.sh 2>"$said" || { cat "$said" >&2 && exit 1; }
  ok "every service is healthy from empty volumes, after $((SECONDS - start)) s"
  ok "memory of all containers: $(memory) MiB"
  for test in "${tests[@]}"; do
    "test_$test"
  done
  if [ -z "$keep" ]; then
    scripts/docker_down.sh --remove_volumes 2>/dev/null
    equal "no container is left" "" "$(docker ps --all --quiet --filter label=com.docker.compose.project=kafka-clickhouse)"
    equal "no volume is left" "" "$(docker volume ls --quiet --filter label=com.docker.compose.project=kafka-clickhouse)"
  fi
}

secrets=(KAFKA_CLIENT_SASL_PASSWORD KAFKA_INTERNAL_SASL_PASSWORD CLICKHOUSE_PASSWORD CLICKHOUSE_WRITER_PASSWORD
  CLICKHOUSE_READER_PASSWORD)
# make_passwords: ones that are found wherever they should not be.
make_passwords() {
  local name
  for name in "${secrets[@]}"; do export "$name=secret$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')"; done
}

ok() { say "ok    $1"; }

equal() { # WHAT WANTED GOT
  [ "$2" = "$3" ] || die "$1: expected \"$2\", got \"$3\""
  ok "$1"
}

# within SECONDS WHAT COMMAND...
within() {
  local deadline=$((SECONDS + $1))
  until "${@:3}" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || die "$2: not within $1 s"
    sleep 0.5
  done
  ok "$2"
}

memory() {
  compose ps --quiet | xargs docker stats --no-stream --format '{{.MemUsage}}' |
    awk '{ sub(/ .*/, ""); unit = $0; n = $0 + 0; sum += unit ~ /GiB/ ? n * 1024 : unit ~ /KiB/ ? n / 1024 : n } END { printf "%d", sum }'
}

# sql SERVICE QUERY: over HTTP, on one node or through the balancer. The password goes in through a file, not argv.
sql() {
  curl --silent --show-error --fail-with-body --max-time 60 --noproxy '*' \
    --config <(printf 'header = "X-ClickHouse-User: %s"\nheader = "X-ClickHouse-Key: %s"\n' \
      "$CLICKHOUSE_USER" "${CLICKHOUSE_PASSWORD//\"/\\\"}") \
    --data-binary "$2" "http://$(compose port "$1" 8123)/"
}

test_smoke() {
  scripts/smoke_test.sh >>"$said" 2>&1 || die "smoke test failed" "scripts/smoke_test.sh"
  ok "five records in at Kafka, five rows out of ClickHouse (SINK=$SINK)"
}

# on_node URL DATABASE FILE: the cluster's SQL on one node, for images that have no ON CLUSTER as well.
on_node() {
  sed "s/ ON CLUSTER clickhouse_cluster//; s/ReplicatedMergeTree(.*)/MergeTree/; s/replicated_dedup/non_replicated_dedup/" "sql/ddl/$3.sql" |
    sed "s/'clickhouse-kafka-events'/'$2'/" | ch-query --url "$1" --database "$2" -f - >/dev/null
}

# The connector as it is, when its jars are there; with both nodes away the records wait.
test_sink() {
  local source=sink-$$ service file
  if ! compgen -G "$plugins/clickhouse-sink/*.jar" >/dev/null; then
    say "      (no jars of the ClickHouse sink: scripts/fetch_plugins.sh; the connector is not tested)"
    return
  fi
  topic-ctl create kafka-events --replication-factor 3 --if-not-exists >/dev/null
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc >/dev/null
  for service in clickhouse-1 clickhouse-2; do
    for file in clickhouse_kafka_sink no_kafka_engine; do on_node "http://$(compose port "$service" 8123)" default "$file"; done
  done
  connect-ctl apply clickhouse-sink configs/connect/clickhouse-sink.json --wait 60s >>"$said" 2>&1
  seq 5 | avro-produce -t kafka-events --set source="$source" --set payload=@line 2>/dev/null
  within 60 "Connect's sink moves five Avro records into a table, through the balancer" sink_rows "$source" 5
  compose stop clickhouse-1 clickhouse-2 2>/dev/null
  seq 6 10 | avro-produce -t kafka-events --set source="$source" --set payload=@line 2>/dev/null
  # Long enough for the sink to have tried more than once.
  sleep 15
  equal "with both nodes away the connector is RUNNING" RUNNING "$(connect-ctl status clickhouse-sink | jq -r '.tasks[0].state')"
  compose start clickhouse-1 clickhouse-2 2>/dev/null
  within 120 "and what was sent meanwhile arrives" sink_rows "$source" 10
  connect-ctl delete clickhouse-sink --yes >/dev/null
}
# On which node a row is does not matter: without replication each has a part of them.
sink_rows() {
  [ "$(for service in clickhouse-1 clickhouse-2; do
    sql "$service" "SELECT payload FROM kafka_events WHERE source = '$1'"
  done | sort -u | wc -l)" = "$2" ]
}

# The engine sink on one node, in a database and a group of its own.
test_engine() {
  local table=engine_$$ file node
  node=http://$(compose port clickhouse-1 8123)
  topic-ctl create kafka-events --replication-factor 3 --if-not-exists >/dev/null
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc >/dev/null
  ch-query --url "$node" "CREATE DATABASE $table"
  for file in clickhouse_kafka_sink kafka_engine; do
    on_node "$node" "$table" "$file"
  done
  seq 5 | avro-produce -t kafka-events --set source="$table" 2>/dev/null
  within 60 "the Kafka engine moves five Avro records into a table" rows clickhouse-1 "$table.kafka_events WHERE source = '$table'" $'5\t1\t5'
  ch-query --url "$node" "DROP DATABASE $table"
}

test_restart() {
  local topic=restart-$$
  topic-ctl create "$topic" --replication-factor 3 --if-not-exists >/dev/null
  compose restart kafka-broker-1 2>/dev/null
  within 90 "a restarted broker is healthy again" healthy kafka-broker-1
  equal "its topics are still there" "$topic" "$(topic-ctl list | jq -r .topic | grep -x "$topic")"
  within 60 "all three replicas are in sync again" in_sync "$topic"
  topic-ctl delete "$topic" --yes >/dev/null
}
healthy() { [ "$(compose ps --format json "$1" | jq -r .Health)" = healthy ]; }
in_sync() { [ "$(topic-ctl describe "$1" | jq '.partitions[0].in_sync | length')" = 3 ]; }

test_topology() {
  equal "Connect's topics have 1, 25 and 5 partitions, three replicas each" "1 3 25 3 5 3" \
    "$(topic-ctl list | jq -r 'select(.topic | startswith("connect-")) | "\(.partitions) \(.replication_factor)"' | paste -sd ' ')"
  equal "the balancer asks the nodes in turn" "clickhouse-1 clickhouse-2" \
    "$(for _ in 1 2 3 4; do sql clickhouse-haproxy "SELECT hostName()"; done | sort -u | paste -sd ' ')"
  equal "nobody but loopback is listened to" 0 \
    "$(compose ps --format json | jq -r '.Publishers[]? | select(.PublishedPort > 0 and .URL != "127.0.0.1") | .URL' | wc -l)"
}

test_replication() {
  local table=replication_$$
  sql clickhouse-haproxy "CREATE TABLE $table ON CLUSTER clickhouse_cluster (id Int64, word String)
    ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/$table', '{replica}') ORDER BY id" >/dev/null
  sql clickhouse-haproxy "INSERT INTO $table VALUES (1, 'hello'), (2, 'world')"
  within 30 "a replicated table, made on the cluster through the balancer, has its rows on node 1" rows clickhouse-1 "$table" $'2\t1\t2'
  within 30 "and on node 2" rows clickhouse-2 "$table" $'2\t1\t2'
  compose stop clickhouse-2 2>/dev/null
  sql clickhouse-haproxy "INSERT INTO $table VALUES (3, 'while node 2 was away')"
  compose start clickhouse-2 2>/dev/null
  within 60 "a node that was away catches up" rows clickhouse-2 "$table" $'3\t1\t3'
  compose restart clickhouse-keeper 2>/dev/null
  within 120 "after a restart of the Keeper the table takes rows" sql clickhouse-1 "INSERT INTO $table VALUES (4, 'the Keeper is back')"
  within 60 "and node 2 has them" rows clickhouse-2 "$table" $'4\t1\t4'
  sql clickhouse-haproxy "DROP TABLE $table ON CLUSTER clickhouse_cluster" >/dev/null
}

rows() { [ "$(sql "$1" "SELECT count(), min(id), max(id) FROM $2")" = "$3" ]; }

test_node_down() {
  compose stop clickhouse-1 2>/dev/null
  equal "with node 1 stopped the balancer answers every time" 20 \
    "$(for _ in $(seq 20); do sql clickhouse-haproxy "SELECT hostName()"; done | grep -cx clickhouse-2)"
  compose start clickhouse-1 2>/dev/null
  within 60 "and node 1 takes its turn again" both_answer
}
both_answer() { [ "$(for _ in 1 2 3 4; do sql clickhouse-haproxy "SELECT hostName()"; done | sort -u | wc -l)" = 2 ]; }

test_tools() {
  compose build tools >/dev/null 2>&1 || die "the image of the tools cannot be built" "docker compose build tools"
  equal "the tools reach the registry in the cluster" 0 "$(compose run --rm tools sr subjects >/dev/null 2>&1; echo $?)"
  equal "and the brokers" _schemas "$(compose run --rm tools topic-ctl list 2>/dev/null | jq -r .topic | grep -x _schemas)"
  equal "and ClickHouse" Ok. "$(compose run --rm tools ch-query --ping 2>/dev/null | jq -r .ping)"
  equal "and are not root" 10001 "$(compose run --rm tools id -u 2>/dev/null | tr -d '\r')"
}

# The README's lines that only Docker can run, with the ports of this cluster.
test_recipes() {
  local line tested=0 one two
  one=$(compose port clickhouse-1 8123) two=$(compose port clickhouse-2 8123)
  if [ -n "${KCH_ENV_FILE-}" ]; then export COMPOSE_ENV_FILES=$KCH_ENV_FILE; fi
  topic-ctl create kafka-events --replication-factor 3 --if-not-exists >/dev/null
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc >/dev/null
  while IFS= read -r line; do
    line=${line//localhost:8123/$one}
    line=${line//localhost:8124/$two}
    bash -o pipefail -euc "$line" >>"$said" 2>&1 </dev/null || die "README.md: $line: $(tail -n 3 "$said")"
    tested=$((tested + 1))
  done < <(awk '/^```text docker$/ { inside = 1; next } /^```/ { inside = 0 } inside && NF' README.md)
  [ "$tested" -gt 0 ] || die "README.md has no line for Docker"
  ok "$tested lines of the README ran"
}

# Without the sink's jars the image that is to have them is not built.
test_plugins() {
  local context
  context=$(mktemp -d)
  cp docker/kafka-connect/Dockerfile "$context" && mkdir "$context/plugins" && cp docker/kafka-connect/plugins/README.md "$context/plugins"
  if docker build --build-arg SINK=connect "$context" >"$context/log" 2>&1; then die "Connect's image is built without the sink's jars"; fi
  grep -q '^#\?.*docker/kafka-connect/plugins/clickhouse-sink/ has no jar: run scripts/fetch_plugins.sh' "$context/log" ||
    die "Connect's image: $(tail -n 3 "$context/log")"
  rm -r "$context"
  ok "Connect's image is not built without the jars that SINK=connect asks for"
}

# No password where others can read it: in the processes' arguments, in what was printed, in logs, in images.
test_secrets() {
  local name image patterns
  [[ $CLICKHOUSE_PASSWORD == secret* ]] || die "the test of secrets needs passwords of its own" "without --keep" 2
  patterns=$(for name in "${secrets[@]}"; do printf '%s\n' "${!name}"; done)
  clean() { ! grep -qFf <(echo "$patterns"); }
  for _ in $(seq 20); do
    ps -eo args | clean || die "a password is in ps"
    sleep 0.5
  done
  ok "no password in ps"
  clean <"$said" || die "a password is in what the scripts and tools print"
  ok "none in what the scripts and tools printed"
  compose logs --no-color 2>&1 | clean || die "a password is in the logs"
  ok "none in the logs"
  for image in kafka-clickhouse-kafka-connect:7.7.7 kafka-clickhouse-tools; do
    docker image inspect "$image" >/dev/null 2>&1 || continue
    { docker history --no-trunc "$image" && docker image inspect "$image" && docker save "$image"; } | clean ||
      die "a password is in the image $image"
  done
  ok "none in an image"
  if grep -rqFf <(echo "$patterns") -- configs docker sql docker-compose.yml; then die "a password is in a file"; fi
  ok "none in the repository"
}

main "$@"
