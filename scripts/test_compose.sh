#!/usr/bin/env bash
# docker-compose.yml and what it mounts, tested without Docker: the facts of the specification, HAProxy and ClickHouse
# with the very files that they get, the scripts that run first in the containers, and fetch_plugins.sh.
#
# Usage: scripts/test_compose.sh [TEST...]      without names, all of them
#
# Needs haproxy, curl, jq, unzip, zip, yamllint (and with it python3-yaml), shellcheck, our tools (make build) and the
# native stack's ClickHouse library (scripts/native_fetch.sh, which it runs). Touches no running stack; where the native
# stack runs, the brokers' health check is tried on it too. With Docker Compose, it reads the file as well.
#
# Exit codes: 0 all passed, 1 a test failed: it is named, 2 a program is missing.

# shellcheck disable=SC2016,SC2317  # dollars as they are in the files; functions that are called by their names
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/native_lib.sh
. "$repo/scripts/native_lib.sh"

python=/usr/bin/python3
checks=$repo/scripts/test_compose.py

main() {
  local test tests=()
  case ${1-} in
    -h | --help) usage && exit 0 ;;
  esac
  need haproxy "apt-get install haproxy"
  need curl "apt-get install curl"
  need jq "apt-get install jq"
  need zip "apt-get install zip unzip"
  need shellcheck "apt-get install shellcheck"
  need yamllint "apt-get install yamllint"
  "$python" -c 'import yaml' 2>/dev/null || die "$python has no yaml" "apt-get install python3-yaml" 2

  work=$(mktemp -d)
  processes=()
  trap clean_up EXIT
  mapfile -t tests < <(declare -F | sed -n 's/^declare -f test_//p')
  if [ $# -gt 0 ]; then tests=("$@"); fi
  for test in "${tests[@]}"; do
    step=
    "test_$test"
    say "ok    ${test//_/ }"
  done
  step=
  say "${#tests[@]} tests passed"
}

clean_up() {
  local code=$? pid
  if [ "$code" -ne 0 ] && [ -n "${test-}" ]; then say "FAILED ${test//_/ }${step:+: $step}"; fi
  for pid in "${processes[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  if [ -n "${KEEP-}" ]; then say "kept $work"; else rm -rf "$work"; fi
}

# expect WHAT WANTED COMMAND...: what the command prints, on stdout and stderr, is WANTED.
expect() {
  local got wanted=$2
  step=$1
  shift 2
  got=$("$@" 2>&1) || true
  if [ "$got" != "$wanted" ]; then
    say "expected: $wanted" "got:      $got"
    exit 1
  fi
}

# refused WHAT TEXT COMMAND...: the command fails, and says TEXT.
refused() {
  local got text=$2
  step=$1
  shift 2
  if got=$("$@" 2>&1); then
    say "it succeeded: $got"
    exit 1
  fi
  if [[ $got != *"$text"* ]]; then
    say "expected: …$text…" "got:      $got"
    exit 1
  fi
}

# eventually WHAT COMMAND...: the command succeeds within 30 s.
eventually() {
  local deadline=$((SECONDS + 30))
  step=$1
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then say "not within 30 s: $*" && exit 1; fi
    sleep 0.1
  done
}

# background COMMAND...: until the end of the tests.
background() {
  "$@" >>"$work/log" 2>&1 &
  pid=$!
  processes+=("$pid")
}

# stop PID: and wait until it is gone.
stop() {
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# free_ports N: that many ports that nobody listens on now, into the array `ports`.
free_ports() {
  read -ra ports < <("$python" -c '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))' "$1")
}

# --- the files -----------------------------------------------------------------------------------

test_facts() {
  "$checks" facts
}

test_lint() {
  "$checks" lint
  shellcheck "$repo"/configs/*/bin/*.sh
  yamllint --strict "$repo/docker-compose.yml"
}

# What Compose, the tools and the scripts would read differently is refused by its line, and never quoted.
test_env_file() {
  local line said
  read_line() { (unset A && load_env "$work/env" && printf '%s' "$A"); }
  for line in 'A=pa$word' 'A="x\"y"' 'A=b\c'; do
    step="refuses $line"
    printf '# a comment\n%s\n' "$line" >"$work/env"
    if said=$(read_line 2>&1); then return 1; fi
    [[ $said == *"env:2: A has a "* && $said != *"${line#A=}"* ]]
  done
  step='takes what is plain'
  printf '%s\n' "A='pa\$word' # why" >"$work/env"
  [ "$(read_line)" = 'pa$word' ]
  printf '%s\n' 'A=plain # $5' >"$work/env"
  [ "$(read_line)" = plain ]
}

test_compose_reads_it() {
  if ! docker compose version >/dev/null 2>&1; then
    say "      (no Docker Compose here: its own reading of the file is not tested)"
    return
  fi
  local compose=(env -u CLUSTER_ID docker compose --project-directory "$repo")
  expect "with .env.example" "" "${compose[@]}" --env-file "$repo/.env.example" --profile '*' config --quiet
  expect "without .env" "" env CLUSTER_ID=a2Fma2EtY2xpY2tob3VzZQ docker compose --project-directory "$repo" \
    --env-file /dev/null config --quiet
  refused "without CLUSTER_ID" "copy .env.example to .env, which has one, or make a new one and put it there: head -c 16" \
    "${compose[@]}" --env-file /dev/null config --quiet
}

# --- Kafka: what runs first in its containers ----------------------------------------------------

test_kafka_secrets() {
  local secrets=$work/secrets hard='a"b\c$d&e@CLIENT_USERNAME@'
  mkdir "$secrets"
  local start=(env SECRETS_FROM="$repo/configs/kafka/secrets" SECRETS_TO="$secrets" START=true
    CLIENT_USERNAME=someone CLIENT_PASSWORD="$hard" INTERNAL_PASSWORD=inside bash "$repo/configs/kafka/bin/start.sh")
  expect "filling them in" "" "${start[@]}" broker_jaas.conf client_jaas.conf client.properties
  expect "the client's password, escaped once" '  password="a\"b\\c$d&e@CLIENT_USERNAME@";' \
    grep '^  password=' "$secrets/client_jaas.conf"
  expect "the client's password, escaped twice" 1 grep -cF 'password="a\\"b\\\\c$d&e@CLIENT_USERNAME@"' "$secrets/client.properties"
  expect "the broker's users" 2 grep -cE '^  user_(internal="inside"|someone=".*";)' "$secrets/broker_jaas.conf"
  expect "nobody else reads them" "600 600 600" bash -c "stat -c %a '$secrets'/* | paste -sd ' '"
  refused "an empty password" "INTERNAL_PASSWORD is empty" "${start[@]:0:6}" INTERNAL_PASSWORD= \
    bash "$repo/configs/kafka/bin/start.sh" broker_jaas.conf
}

test_kafka_health() {
  local conf=$native/conf/kafka-broker-1.properties password
  local health=(env KAFKA_PROCESS_ROLES=broker KAFKA_NODE_ID=101 HEALTH_ADDRESS=127.0.0.1/1 INTERNAL_PASSWORD=x
    bash "$repo/configs/kafka/bin/health.sh")
  refused "nobody listens" "Connection refused" "${health[@]}"
  if ! answers_tcp 19092 || ! [ -e "$conf" ]; then
    say "      (the native stack does not run: the health check of a broker at work is not tested)"
    return
  fi
  password=$(sed -n 's/.*username="internal" password="\([^"]*\)".*/\1/p' "$conf" | head -n 1)
  expect "a broker" "" env KAFKA_PROCESS_ROLES=broker KAFKA_NODE_ID=101 HEALTH_ADDRESS=127.0.0.1/19092 \
    INTERNAL_PASSWORD="$password" "$repo/configs/kafka/bin/health.sh"
  expect "a controller" "" env KAFKA_PROCESS_ROLES=controller KAFKA_NODE_ID=1 HEALTH_ADDRESS=127.0.0.1/19094 \
    INTERNAL_PASSWORD="$password" "$repo/configs/kafka/bin/health.sh"
  refused "a node that has not joined" "node 9 has not joined" env KAFKA_PROCESS_ROLES=broker KAFKA_NODE_ID=9 \
    HEALTH_ADDRESS=127.0.0.1/19092 INTERNAL_PASSWORD="$password" "$repo/configs/kafka/bin/health.sh"
  refused "a wrong password" "refused the login" env KAFKA_PROCESS_ROLES=broker KAFKA_NODE_ID=101 \
    HEALTH_ADDRESS=127.0.0.1/19092 INTERNAL_PASSWORD=wrong "$repo/configs/kafka/bin/health.sh"
}

# --- HAProxy -------------------------------------------------------------------------------------

test_haproxy() {
  local cfg=$work/haproxy.cfg ports
  free_ports 3
  sed -e "s/bind :8123/bind 127.0.0.1:${ports[0]}/" \
    -e "s/clickhouse-1:8123/127.0.0.1:${ports[1]}/; s/clickhouse-2:8123/127.0.0.1:${ports[2]}/" \
    "$repo/configs/haproxy/haproxy.cfg" >"$cfg"
  step="haproxy -c"
  haproxy -c -q -f "$repo/configs/haproxy/haproxy.cfg" 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
  background "$checks" backend "${ports[1]}" one
  local one=$pid
  background "$checks" backend "${ports[2]}" two
  local two=$pid
  background haproxy -q -db -f "$cfg"
  ask() { curl --silent --fail --max-time 5 --noproxy '*' "http://127.0.0.1:${ports[0]}$1"; }
  both() { [ "$(for _ in 1 2 3 4; do ask /; done | sort | uniq -c | xargs)" = "2 one 2 two" ]; }
  eventually "round robin over two nodes" both
  stop "$one"
  for _ in 1 2 3 4; do expect "no request is lost when a node dies" two ask /; done
  expect "/ping" Ok. ask /ping
  background "$checks" backend "${ports[1]}" one
  one=$pid
  eventually "the node is back" both
  stop "$one"
  stop "$two"
  # For the sink: it sends again after a NETWORK_ERROR, and gives up on what it does not know.
  answered() { curl --silent --include --max-time 5 --noproxy '*' "http://127.0.0.1:${ports[0]}/" | tr -d '\r'; }
  no_node() { answered | grep -q '^Code: 210. DB::NetException: no node of the cluster answers'; }
  eventually "without a node it answers as ClickHouse would" no_node
  expect "with the code in a header" "x-clickhouse-exception-code: 210" bash -c "$(declare -f answered); ports=(${ports[0]}); answered | grep -i ^x-clickhouse"
}

# --- ClickHouse ----------------------------------------------------------------------------------

# serve_clickhouse NODE: the engine with the files that docker-compose.yml mounts into clickhouse-NODE, over a base as
# the image has it. Two things differ: ports and addresses, and a user `default` for the engine's own session.
serve_clickhouse() {
  local etc=$work/etc$1 data=$work/data$1 source target server
  rm -rf "$etc" "$data"
  mkdir -p "$etc"/{config.d,users.d} "$data"/{cwd,files}
  cat >"$etc/config.xml" <<XML
<clickhouse>
  <listen_host>::</listen_host>
  <path>$data/files/</path>
  <tmp_path>$data/tmp/</tmp_path>
  <user_directories>
    <users_xml><path>$etc/users.xml</path></users_xml>
    <local_directory><path>$data/access/</path></local_directory>
  </user_directories>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
</clickhouse>
XML
  cat >"$etc/users.xml" <<'XML'
<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
      <access_management>1</access_management>
    </default>
  </users>
</clickhouse>
XML
  while read -r source target; do
    if [[ $target == /etc/clickhouse-server/* ]]; then cp "$source" "$etc/${target#/etc/clickhouse-server/}"; fi
  done < <("$checks" mounts "clickhouse-$1")
  cat >"$etc/config.d/zz-test.xml" <<XML
<clickhouse>
  <listen_host>127.0.0.1</listen_host>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${ports[0]}</http_port>
  <tcp_port>${ports[1]}</tcp_port>
</clickhouse>
XML
  if [ -z "${without_session-}" ]; then
    cat >"$etc/users.d/zz-test.xml" <<'XML'
<clickhouse><users><default>
  <password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
  <grants><query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT CREATE TEMPORARY TABLE ON *.*</query></grants>
</default></users></clickhouse>
XML
  fi
  server=$(command -v chdb-server) || die "no chdb-server" "make build" 2
  # start.sh runs first, as in the container.
  background env -C "$data/cwd" CLICKHOUSE_USERS_DIR="$etc/users.d" "${environment[@]}" \
    bash "$repo/configs/clickhouse/bin/start.sh" "$server" --lib "$(part_dir chdb)/libchdb.so" --config-file "$etc/config.xml"
}

test_clickhouse() {
  local ports environment statement file
  use_tools
  [ -e "$(part_dir chdb)/libchdb.so" ] || "$repo/scripts/native_fetch.sh"
  free_ports 2
  # Characters that XML would take for itself.
  environment=(CLICKHOUSE_USER=admin 'CLICKHOUSE_PASSWORD=a<b&c"d' CLICKHOUSE_WRITER_PASSWORD=w CLICKHOUSE_READER_PASSWORD=r
    KAFKA_USERNAME=client 'KAFKA_PASSWORD=k<&')
  local url=http://127.0.0.1:${ports[0]}
  as() { # USER PASSWORD SQL
    CLICKHOUSE_USER=$1 CLICKHOUSE_PASSWORD=$2 CLICKHOUSE_HTTP=$url KCH_ENV_FILE=/dev/null ch-query -o raw "$3"
  }
  admin() { as admin 'a<b&c"d' "$1"; }

  without_session=1 serve_clickhouse 1
  step="the image's user default is gone"
  # The engine cannot open its session without that user, and ends.
  if wait "$pid"; then exit 1; fi
  grep -q 'default' "$work/log" || { tail -n 5 "$work/log" >&2 && exit 1; }

  local node
  for node in 2 1; do
    : >"$work/log"
    serve_clickhouse "$node"
    eventually "node $node starts" curl --silent --fail --noproxy '*' "$url/ping"
    expect "its macros" "$(printf 'replica\tclickhouse-%s\nshard\t01' "$node")" \
      admin "SELECT macro, substitution FROM system.macros ORDER BY macro"
    if [ "$node" = 2 ]; then stop "$pid"; fi
  done
  expect "the cluster" "$(printf '1\t1\tclickhouse-1\t9000\tadmin\n1\t2\tclickhouse-2\t9000\tadmin')" \
    admin "SELECT shard_num, replica_num, host_name, port, user FROM system.clusters WHERE cluster = 'clickhouse_cluster' ORDER BY 2"
  expect "its health check" "" env "${environment[@]}" HEALTH_ADDRESS="127.0.0.1/${ports[0]}" \
    bash "$repo/configs/clickhouse/bin/health.sh"
  refused "its health check with a wrong password" "answered with" env CLICKHOUSE_USER=admin CLICKHOUSE_PASSWORD=x \
    HEALTH_ADDRESS="127.0.0.1/${ports[0]}" bash "$repo/configs/clickhouse/bin/health.sh"

  expect "the users" "$(printf 'admin\nreader\nwriter')" admin "SELECT name FROM system.users WHERE name != 'default' ORDER BY name"
  expect "the writer's grants" "GRANT SHOW COLUMNS, INSERT ON default.* TO writer" admin "SHOW GRANTS FOR writer"
  expect "the reader's grants" "GRANT SHOW, SELECT ON default.* TO reader" admin "SHOW GRANTS FOR reader"
  expect "the admin manages users" 1 admin "CHECK GRANT CREATE USER ON *"
  expect "the admin uses named collections" 1 admin "CHECK GRANT NAMED COLLECTION ON *"

  # The cluster's SQL, on one node: ON CLUSTER and replication are for the cluster itself.
  for file in clickhouse_kafka_sink kafka_engine no_kafka_engine clickhouse_kafka_sink; do
    step="sql/ddl/$file.sql"
    while read -r statement; do
      [[ $statement == *"ON CLUSTER clickhouse_cluster"* ]] || { say "not ON CLUSTER: $statement" && exit 1; }
    done < <("$checks" statements "$repo/sql/ddl/$file.sql")
    sed "s/ ON CLUSTER clickhouse_cluster//; s/ReplicatedMergeTree(.*)/MergeTree/; s/replicated_dedup/non_replicated_dedup/" \
      "$repo/sql/ddl/$file.sql" >"$work/$file.sql"
    # Twice: what is there already is no error.
    for _ in 1 2; do
      CLICKHOUSE_USER=admin CLICKHOUSE_PASSWORD='a<b&c"d' CLICKHOUSE_HTTP=$url KCH_ENV_FILE=/dev/null \
        ch-query -f "$work/$file.sql" >/dev/null
    done
    if [ "$file" = kafka_engine ]; then
      expect "the Kafka engine knows the brokers, by config.d" 3 admin "SELECT arrayCount(key -> key IN
        ('kafka_broker_list', 'kafka_sasl_username', 'kafka_sasl_password'), mapKeys(collection))
        FROM system.named_collections WHERE name = 'kafka_cluster'"
      expect "its views are there" 5 admin "SELECT count() FROM system.tables WHERE name LIKE 'kafka_events_%' AND name != 'kafka_events_errors'"
    fi
  done
  expect "the columns, as on the native stack" "$(columns "$repo/sql/native/01_kafka_events.sql")" \
    columns "$repo/sql/ddl/clickhouse_kafka_sink.sql"

  expect "the writer puts rows in" "" as writer w "INSERT INTO kafka_events VALUES (1, 's', 't', 'p')"
  refused "the writer reads" ACCESS_DENIED as writer w "SELECT * FROM kafka_events"
  refused "the writer drops" ACCESS_DENIED as writer w "DROP TABLE kafka_events"
  expect "the reader reads" "$(printf '1\ts\tt\tp')" as reader r "SELECT * FROM kafka_events"
  refused "the reader writes" ACCESS_DENIED as reader r "INSERT INTO kafka_events VALUES (2, 's', 't', 'p')"
  refused "the reader reads what is the server's" ACCESS_DENIED as reader r "SELECT * FROM system.users"
  refused "the reader asks the whole cluster" ACCESS_DENIED as reader r "SELECT * FROM cluster('clickhouse_cluster', system.one)"
  expect "the reader's limits" "$(printf '60\t500000000\t1000000')" as reader r \
    "SELECT getSetting('max_execution_time'), getSetting('max_memory_usage'), getSetting('max_result_rows')"
  refused "the reader's memory" "max_memory_usage" as reader r "SELECT 1 SETTINGS max_memory_usage = 900000000"
  refused "the reader without a limit" "max_execution_time" as reader r "SELECT 1 SETTINGS max_execution_time = 0"
  refused "the reader uses too much memory" MEMORY_LIMIT as reader r "SELECT length(groupArray(number)) FROM numbers(200000000)"
  refused "a wrong password" AUTHENTICATION_FAILED as reader wrong "SELECT 1"
  stop "$pid"

  environment[0]=CLICKHOUSE_USER=boss
  : >"$work/log"
  serve_clickhouse 1
  eventually "it starts with another admin" curl --silent --fail --noproxy '*' "$url/ping"
  expect "the users with another admin" "$(printf 'boss\nreader\nwriter')" as boss 'a<b&c"d' \
    "SELECT name FROM system.users WHERE name != 'default' ORDER BY name"
  expect "the cluster with another admin" boss as boss 'a<b&c"d' \
    "SELECT DISTINCT user FROM system.clusters WHERE cluster = 'clickhouse_cluster'"
  stop "$pid"
  refused "an admin named like the reader" "CLICKHOUSE_USER must be" env "${environment[@]}" CLICKHOUSE_USER=reader \
    bash "$repo/configs/clickhouse/bin/start.sh" true
  refused "an empty password" "CLICKHOUSE_READER_PASSWORD is empty" env "${environment[@]}" CLICKHOUSE_READER_PASSWORD= \
    CLICKHOUSE_USERS_DIR="$work" bash "$repo/configs/clickhouse/bin/start.sh" true
}

# columns FILE: of kafka_events.
columns() {
  sed -n '/kafka_events\b.*/,/^)/p' "$1" | grep -E '^    [a-z]' | head -n 4
}

# --- fetch_plugins.sh ----------------------------------------------------------------------------

test_fetch_plugins() {
  local site=$work/site copy=$work/copy ports version archive
  version=$(sed -n 's/^version=//p' "$repo/scripts/fetch_plugins.sh")
  archive=clickhouse-kafka-connect-$version.zip
  mkdir -p "$site/$version" "$work/zip/clickhouse-kafka-connect-$version/lib" "$copy/docker/kafka-connect/plugins"
  cp -r "$repo/scripts" "$copy"
  echo jar >"$work/zip/clickhouse-kafka-connect-$version/lib/sink.jar"
  echo text >"$work/zip/clickhouse-kafka-connect-$version/README"
  (cd "$work/zip" && zip -q -r "$site/$version/$archive" .)
  free_ports 1
  background "$python" -m http.server --bind 127.0.0.1 --directory "$site" "${ports[0]}"
  local server=$pid base=http://127.0.0.1:${ports[0]}
  eventually "the server" curl --silent --fail --noproxy '*' "$base/"
  local fetch=(env NO_PROXY='*' PLUGINS_BASE_URL="$base" "$copy/scripts/fetch_plugins.sh")
  local plugins=$copy/docker/kafka-connect/plugins lock=$copy/docker/kafka-connect/plugins.lock sum
  step="the first time"
  "${fetch[@]}" 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
  sum=$(sha256sum "$site/$version/$archive" | cut -d' ' -f1)
  expect "the lock" "$sum  $archive" cat "$lock"
  expect "the jars, and nothing else" sink.jar ls "$plugins/clickhouse-sink"
  expect "nothing is left behind" clickhouse-sink ls -A "$plugins"
  expect "again" "the ClickHouse sink $version is there" "${fetch[@]}"

  # The jars are lost, and the archive is another one now.
  rm -r "$plugins/clickhouse-sink"
  echo other >>"$work/zip/clickhouse-kafka-connect-$version/lib/sink.jar"
  rm "$site/$version/$archive"
  (cd "$work/zip" && zip -q -r "$site/$version/$archive" .)
  refused "another checksum" "but docker/kafka-connect/plugins.lock says $sum" "${fetch[@]}"
  expect "no jar of it" "" ls -A "$plugins"
  expect "the lock as it was" "$sum  $archive" cat "$lock"
  step="--relock"
  "${fetch[@]}" --relock 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
  expect "the new lock" "$(sha256sum "$site/$version/$archive" | cut -d' ' -f1)  $archive" cat "$lock"
  expect "the new jar" "$(printf 'jar\nother')" cat "$plugins/clickhouse-sink/sink.jar"

  rm -r "$plugins/clickhouse-sink"
  echo "no archive" >"$site/$version/$archive"
  rm "$lock"
  refused "no archive" "is no zip archive" "${fetch[@]}"
  expect "and nothing is recorded" "" ls -A "$plugins"
  if [ -e "$lock" ]; then say "the lock was written" && exit 1; fi
  stop "$server"
  refused "no server" "could not fetch" "${fetch[@]}"
}

main "$@"
