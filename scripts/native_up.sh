#!/usr/bin/env bash
# Starts the native stack and returns when all of it is healthy: 3 Kafka controllers, 3 brokers, the Schema
# Registry, Kafka Connect and ClickHouse, as plain processes on loopback.
#
# Usage: scripts/native_up.sh
#
# Fetches what is missing (scripts/native_fetch.sh), builds the two servers that come from this repository, and
# starts what does not run yet; when all of it runs, it says so and changes nothing. Data, logs and pids are in
# .native/ (another place: KCH_NATIVE_DIR). Credentials come from the shell, .env, or .env.example.
#
# Variables: KCH_UP_TIMEOUT  seconds until everything must be healthy [default: 120]
#            KCH_BIN         folder with chdb-server and registry-front [default: built with cargo]
#
# Exit codes: 0 healthy, 1 a service failed, 2 a program or setting is wrong, 3 a port is taken or time ran out.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/native_lib.sh
. "$repo/scripts/native_lib.sh"

case ${1-} in
  '') ;;
  -h | --help) usage && exit 0 ;;
  *) die "unknown argument \"$1\"" "$program --help" 2 ;;
esac

user_plugins=$repo/docker/kafka-connect/plugins
avro_converter=io.apicurio.registry.utils.converter.AvroConverter
voters=1@127.0.0.1:19094,2@127.0.0.1:29094,3@127.0.0.1:39094
brokers=localhost:19092,localhost:29092,localhost:39092
deadline=${KCH_UP_TIMEOUT:-120}
started=()

main() {
  check_programs
  make_env
  load_settings
  check_settings
  "$repo/scripts/native_fetch.sh"
  find_binaries

  # What is written here holds passwords.
  umask 077
  mkdir -p "$native"/{run,log,conf,data}
  exec 9>"$native/lock"
  flock --nonblock 9 || die "another $program is at work in $native" "" 3

  ensure_same_cluster
  local service running=() missing=()
  for service in "${services[@]}"; do
    if pid_of "$service" >/dev/null; then running+=("$service"); else missing+=("$service"); fi
  done
  if [ ${#missing[@]} -gt 0 ]; then
    for service in "${missing[@]}"; do ensure_ports_free "$service"; done
    configure
  fi
  trap 'stop_started "interrupted"; exit 130' INT
  trap 'stop_started "ended"; exit 143' TERM
  start_and_wait
  trap - INT TERM
  if [ ${#missing[@]} -eq 0 ]; then say "already up"; fi
  print_endpoints
}

# --- before ------------------------------------------------------------------------------------

check_programs() {
  require_java
  need curl "apt-get install curl"
  need ss "apt-get install iproute2"
  need setsid "apt-get install util-linux"
}

# The tools have no default for passwords: a fresh clone needs a .env for its first pipeline to work.
make_env() {
  if [ -n "${KCH_ENV_FILE-}" ] || [ -e "$repo/.env" ]; then return; fi
  cp "$repo/.env.example" "$repo/.env"
  chmod 600 "$repo/.env"
  say "made .env from .env.example"
}

check_settings() {
  [[ $KAFKA_CLIENT_SASL_USERNAME =~ ^[A-Za-z0-9._-]+$ && $KAFKA_CLIENT_SASL_USERNAME != internal ]] ||
    die "KAFKA_CLIENT_SASL_USERNAME must be letters, digits, dots, underscores or hyphens, and not \"internal\"" "" 2
  [[ $CLICKHOUSE_USER =~ ^[A-Za-z_][A-Za-z0-9_-]*$ && ! $CLICKHOUSE_USER =~ ^(default|reader|writer)$ ]] ||
    die "CLICKHOUSE_USER must be a name of letters, digits and underscores, and not default, reader or writer" "" 2
  [[ $CLUSTER_ID =~ ^[A-Za-z0-9_-]{22}$ ]] ||
    die "CLUSTER_ID must be 22 letters, digits, underscores or hyphens" \
      "make one: head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '='" 2
  [[ $deadline =~ ^[0-9]+$ ]] || die "KCH_UP_TIMEOUT must be a number of seconds" "" 2
}

# The servers that are built here. Cargo is asked only when a source is newer: it would wait for other builds.
find_binaries() {
  local name
  bin=${KCH_BIN:-${CARGO_TARGET_DIR:-$repo/target}/release}
  if [ -z "${KCH_BIN-}" ]; then
    for name in chdb-server registry-front; do
      up_to_date "$bin/$name" "$repo/crates/$name" || build "$name"
    done
  fi
  [ -x "$bin/registry-front" ] || die "no registry-front in $bin" "" 2
  find_clickhouse >/dev/null || [ -x "$bin/chdb-server" ] || die "no chdb-server in $bin" "" 2
}

up_to_date() { # BINARY FOLDER
  [ -x "$1" ] && [ -z "$(find "$2" -newer "$1" -name '*.rs' -print -quit)" ]
}

build() { # CRATE
  need cargo "install Rust: https://rustup.rs, or set KCH_BIN to a folder with the binaries"
  say "building $1"
  (cd "$repo" && cargo build --quiet --release -p "$1") || die "cargo could not build $1"
  # Cargo leaves a binary alone whose code did not change: it is up to date all the same.
  touch "$bin/$1"
}

# ensure_ports_free SERVICE: another program's port is not fought over.
ensure_ports_free() {
  local port line pid owner
  for port in $(ports "$1"); do
    line=$(ss -Hltnp "sport = :$port" | head -n 1)
    if [ -z "$line" ]; then continue; fi
    owner="a process of another user"
    if [[ $line =~ pid=([0-9]+) ]]; then
      pid=${BASH_REMATCH[1]}
      owner="pid $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-120)"
    fi
    die "port $port, which $1 needs, is taken by $owner" "end it, then start again" 3
  done
}

# Brokers refuse the data of another cluster, but only say so in their logs.
ensure_same_cluster() {
  local file id
  for file in "$native"/data/kafka-*/meta.properties; do
    [ -e "$file" ] || continue
    id=$(sed -n 's/^cluster\.id=//p' "$file")
    [ "$id" = "$CLUSTER_ID" ] ||
      die "$native holds the data of cluster $id, but CLUSTER_ID is $CLUSTER_ID" \
        "set CLUSTER_ID back, or drop the data: scripts/native_down.sh --remove_data" 2
  done
}

# --- configuration -----------------------------------------------------------------------------

configure() {
  kafka_libs=$(part_dir kafka)
  client_password=$(jaas_escape "$KAFKA_CLIENT_SASL_PASSWORD")
  internal_password=$(internal_password)
  configure_kafka
  configure_connect
  configure_clickhouse
}

# The brokers' and controllers' own password: nobody has to know it, so each data set has its own.
internal_password() {
  local file=$native/data/internal_password
  [ -s "$file" ] || head -c 24 /dev/urandom | base64 | tr -d '+/=\n' >"$file"
  cat "$file"
}

configure_kafka() {
  local n
  render "$repo/configs/native/log4j.properties.in" "$native/conf/kafka-log4j.properties" \
    LEVEL="$KAFKA_LOG4J_ROOT_LOGLEVEL"
  for n in 1 2 3; do
    configure_node controller "$n" "$n"
    configure_node broker "$n" "10$n"
  done
}

configure_node() { # ROLE N NODE_ID
  local name=kafka-$1-$2 data
  data=$native/data/$name
  render "$repo/configs/native/$1.properties.in" "$native/conf/$name.properties" \
    NODE_ID="$3" PORT="$(ports "$name")" VOTERS="$voters" DATA="$data" \
    INTERNAL_USER=internal INTERNAL_PASSWORD="$internal_password" \
    CLIENT_USER="$KAFKA_CLIENT_SASL_USERNAME" CLIENT_PASSWORD="$client_password"
  # What kafka-storage format would write, without a JVM for each of the six.
  if [ ! -e "$data/meta.properties" ]; then
    mkdir -p "$data"
    printf 'version=1\ncluster.id=%s\nnode.id=%s\n' "$CLUSTER_ID" "$3" >"$data/meta.properties"
  fi
}

configure_connect() {
  local jaas settings='' line plugins discovery=service_load
  jaas="org.apache.kafka.common.security.plain.PlainLoginModule required"
  jaas+=" username=\"$KAFKA_CLIENT_SASL_USERNAME\" password=\"$client_password\";"
  while IFS= read -r line; do settings+="value.converter.$line"$'\n'; done <"$repo/configs/native/avro-converter.properties"
  plugins=$(part_dir converter)
  # Plugins that the user adds may not list their classes: then Connect has to look into every one, for 5 seconds.
  if [ -n "$(find "$user_plugins" -name '*.jar' -print -quit 2>/dev/null)" ]; then
    plugins+=,$user_plugins
    discovery=hybrid_warn
  fi
  render "$repo/configs/native/connect.properties.in" "$native/conf/kafka-connect.properties" \
    BOOTSTRAP_SERVERS="$brokers" CLIENT_JAAS="$jaas" PLUGIN_PATH="$plugins" PLUGIN_DISCOVERY="$discovery" \
    AVRO_CONVERTER="$avro_converter" AVRO_CONVERTER_SETTINGS="${settings%$'\n'}"
  render "$repo/configs/native/log4j.properties.in" "$native/conf/kafka-connect-log4j.properties" LEVEL=INFO
}

configure_clickhouse() {
  local conf=$native/conf/clickhouse data=$native/data/clickhouse
  mkdir -p "$conf" "$data" "$native/run/clickhouse"
  render "$repo/configs/native/clickhouse-config.xml.in" "$conf/config.xml" \
    HTTP_PORT=18123 TCP_PORT=9000 DATA="$(xml_escape "$data")" CONF="$(xml_escape "$conf")" \
    BOOTSTRAP_SERVERS="$brokers" \
    CLIENT_USER="$KAFKA_CLIENT_SASL_USERNAME" CLIENT_PASSWORD="$(xml_escape "$KAFKA_CLIENT_SASL_PASSWORD")"
  render "$repo/configs/native/clickhouse-users.xml.in" "$conf/users.xml" \
    ADMIN_USER="$CLICKHOUSE_USER" ADMIN_PASSWORD_SHA256="$(sha256 "$CLICKHOUSE_PASSWORD")" \
    WRITER_PASSWORD_SHA256="$(sha256 "$CLICKHOUSE_WRITER_PASSWORD")" \
    READER_PASSWORD_SHA256="$(sha256 "$CLICKHOUSE_READER_PASSWORD")"
}

# --- processes ---------------------------------------------------------------------------------

# launch SERVICE COMMAND...: in a session of its own, away from our terminal, pipes and lock.
launch() {
  local service=$1 log=$native/log/$1.log pid
  shift
  if [ -e "$log" ]; then mv "$log" "$log.1"; fi
  setsid "$@" </dev/null >"$log" 2>&1 9>&- &
  pid=$!
  echo "$pid $(started_at "$pid")" >"$native/run/$service.pid"
  started+=("$service")
}

# jvm SERVICE MEGABYTES ARGUMENT...: the command of a small and quick JVM. The first JVM of a kind writes its archive
# of classes when it ends, and native_down.sh puts it into the cache.
jvm() {
  local service=$1 megabytes=$2 archive=()
  shift 2
  if [ -e "$(archive_of "$service")" ]; then
    archive=(-XX:SharedArchiveFile="$(archive_of "$service")")
  elif [[ ! $service =~ -[23]$ ]]; then
    archive=(-XX:ArchiveClassesAtExit="$native/run/$service.jsa")
  fi
  command=(java "-Xmx${megabytes}m" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData "${archive[@]}"
    -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true "$@")
}

start() { # SERVICE
  local command=()
  case $1 in
    kafka-controller-* | kafka-broker-*)
      jvm "$1" 384 -Dlog4j.configuration="file:$native/conf/kafka-log4j.properties" \
        -cp "$kafka_libs/*" kafka.Kafka "$native/conf/$1.properties"
      ;;
    kafka-connect)
      jvm "$1" 512 -Dlog4j.configuration="file:$native/conf/kafka-connect-log4j.properties" \
        -cp "$kafka_libs/*" org.apache.kafka.connect.cli.ConnectDistributed "$native/conf/kafka-connect.properties"
      ;;
    schema-registry-app)
      # A pool of connections for one user, where its own is for many.
      jvm "$1" 256 -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port=18081 \
        -Dquarkus.datasource.jdbc.initial-size=1 -Dquarkus.datasource.jdbc.min-size=1 \
        -Dquarkus.log.level=WARN '-Dquarkus.log.category."io.apicurio".level=WARN' \
        -jar "$(part_dir registry)"/apicurio-registry-app-*-runner.jar
      command=(env REGISTRY_DATASOURCE_URL="jdbc:h2:file:$native/data/schema-registry/registry" "${command[@]}")
      ;;
    schema-registry)
      command=("$bin/registry-front" --listen 127.0.0.1:8081 --backend 127.0.0.1:18081)
      ;;
    clickhouse)
      # The folder that the engine starts in shows through in its database: an empty one.
      if find_clickhouse >/dev/null; then
        command=("$(find_clickhouse)" server --config-file="$native/conf/clickhouse/config.xml" --
          --logger.console=1 --logger.level=warning)
      else
        command=("$bin/chdb-server" --lib "$(part_dir chdb)/libchdb.so" --config-file "$native/conf/clickhouse/config.xml")
      fi
      command=(env -C "$native/run/clickhouse" "${command[@]}")
      ;;
  esac
  launch "$1" "${command[@]}"
}

# All at once, but for the two that use Kafka: Connect makes its topics as soon as it runs, and they need three
# brokers; ClickHouse would fill its log with refused connections.
start_and_wait() {
  local service left later=() pending=("${running[@]}")
  for service in "${missing[@]}"; do
    case $service in
      kafka-connect | clickhouse) later+=("$service") ;;
      *) start "$service" && pending+=("$service") ;;
    esac
  done
  while [ ${#pending[@]} -gt 0 ] || [ ${#later[@]} -gt 0 ]; do
    if [[ " ${pending[*]}" != *" kafka-"* ]]; then
      for service in "${later[@]}"; do start "$service" && pending+=("$service"); done
      later=()
    fi
    left=()
    for service in "${pending[@]}"; do
      is_up "$service" || left+=("$service")
    done
    pending=("${left[@]}")
    if [ ${#left[@]} -gt 0 ]; then sleep 0.2; fi
  done
}

# is_up SERVICE: healthy, and says so when it is new; one that has ended or taken too long ends this run.
is_up() {
  if healthy "$1"; then
    if [[ " ${started[*]} " == *" $1 "* ]]; then say "$(printf '%-20s up after %2d s' "$1" "$SECONDS")"; fi
    if [ "$1" = schema-registry ]; then set_default_compatibility; fi
  elif ! pid_of "$1" >/dev/null; then
    fail "$1" "ended" 1
  elif [ "$SECONDS" -ge "$deadline" ]; then
    fail "$1" "is not healthy after $SECONDS s" 3
  else
    return 1
  fi
}

# Confluent's default is BACKWARD and Apicurio's is none. Set once: after that the level is the user's.
set_default_compatibility() {
  local done=$native/data/schema-registry/compatibility_is_set
  if [ -e "$done" ]; then return; fi
  curl --silent --fail --max-time 5 --noproxy '*' --output /dev/null -X PUT -H 'Content-Type: application/json' \
    -d '{"compatibility":"BACKWARD"}' http://127.0.0.1:8081/config || fail schema-registry "takes no default compatibility" 1
  touch "$done"
}

fail() { # SERVICE WHAT CODE
  local log=$native/log/$1.log
  say "$program: $1 $2; the end of $log:"
  tail -n 15 "$log" | cut -c1-300 | sed 's/^/    /' >&2
  stop_started "failed"
  exit "$3"
}

# Half a stack helps nobody: what this run has started ends with it.
stop_started() { # WHY
  if [ ${#started[@]} -eq 0 ]; then return; fi
  say "$1: ending what was started"
  exec 9>&-
  "$repo/scripts/native_down.sh" "${started[@]}"
}

print_endpoints() {
  say "ready in $SECONDS s

  Kafka            $brokers (SASL_PLAINTEXT, PLAIN, user $KAFKA_CLIENT_SASL_USERNAME)
  Schema Registry  http://localhost:8081
  Kafka Connect    http://localhost:8083
  ClickHouse       http://localhost:18123, native localhost:9000 (user $CLICKHOUSE_USER), /play
  data and logs    $native"
}

main
