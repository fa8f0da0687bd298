# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # $work, $checks and $repo are test_compose.sh's, which shows $step; functions that are called by their names
# ClickHouse with the very files that it gets: its users, its limits, and the cluster's SQL.

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
  read -ra ports < <(free_ports 2)
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
