# shellcheck shell=bash
# What the native_*.sh scripts share: services, their processes, ports and health. Sourced after lib.sh.

cache=${KCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kafka-clickhouse}
native=${KCH_NATIVE_DIR:-$repo/.native}

# The services in the order in which they are listed and started.
# shellcheck disable=SC2034  # for the scripts that source this
services=(
  kafka-controller-1 kafka-controller-2 kafka-controller-3
  kafka-broker-1 kafka-broker-2 kafka-broker-3
  clickhouse schema-registry-app schema-registry kafka-connect
)

# ports SERVICE: the ports that it listens on, all on loopback; the one that users know comes first.
ports() {
  case $1 in
    kafka-controller-1) echo 19094 ;;
    kafka-controller-2) echo 29094 ;;
    kafka-controller-3) echo 39094 ;;
    kafka-broker-1) echo 19092 ;;
    kafka-broker-2) echo 29092 ;;
    kafka-broker-3) echo 39092 ;;
    clickhouse) echo 18123 9000 ;;
    schema-registry-app) echo 18081 ;;
    schema-registry) echo 8081 ;;
    kafka-connect) echo 8083 ;;
  esac
}

# --- parts -------------------------------------------------------------------------------------

# part_dir NAME: where a part is kept. The name has the sum of what pins it, so a new version is another folder.
part_dir() {
  local pin=$repo/configs/native/pom.xml
  if [ "$1" = chdb ]; then pin=$repo/configs/native/package.json; fi
  printf '%s/%s-%s\n' "$cache" "$1" "$(sha256sum "$pin" | cut -c1-12)"
}

# find_clickhouse: a real server on PATH is preferred to the library.
find_clickhouse() {
  command -v clickhouse
}

require_java() {
  local version
  need java "install a Java runtime, 17 or later: apt-get install openjdk-17-jre-headless"
  version=$(java -version 2>&1 | sed -nE '1s/.*version "([0-9]+).*/\1/p')
  [ "${version:-0}" -ge 17 ] || die "java is version ${version:-unknown}, and 17 or later is needed" \
    "apt-get install openjdk-17-jre-headless" 2
}

# archive_of SERVICE: where its JVM's classes are kept, as read and checked once (class data sharing): a JVM that
# maps them starts in half the time. They fit this Java and these jars only.
archive_of() {
  local java
  java=$(readlink -f "$(command -v java)")
  printf '%s/classes-%s/%s.jsa\n' "$cache" \
    "$({ stat -c '%n %s %Y' "$java"; part_dir kafka; part_dir registry; } | sha256sum | cut -c1-12)" "${1%-[0-9]}"
}

# --- processes ---------------------------------------------------------------------------------

# started_at PID: when the process began, in ticks since boot; with the pid it names one process for good.
started_at() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  # The command in parentheses may hold anything; the time is the 20th field after it.
  stat=${stat##*) }
  [ "${stat%% *}" != Z ] || return 1
  local fields
  read -ra fields <<<"$stat"
  echo "${fields[19]}"
}

# pid_of SERVICE: its process, when the one that was started still runs.
pid_of() {
  local pid start
  read -r pid start 2>/dev/null <"$native/run/$1.pid" || return 1
  [ "$(started_at "$pid")" = "$start" ] || return 1
  echo "$pid"
}

# --- health ------------------------------------------------------------------------------------

answers_http() { # URL
  curl --silent --fail --max-time 2 --noproxy '*' --output /dev/null "$1"
}

answers_tcp() { # PORT
  { : <"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null
}

# healthy SERVICE: does it do its work?
healthy() {
  case $1 in
    # A broker opens its port only after it has joined the cluster.
    kafka-*-[123]) answers_tcp "$(ports "$1")" ;;
    clickhouse) answers_http http://127.0.0.1:18123/ping && answers_tcp 9000 ;;
    schema-registry-app) answers_http http://127.0.0.1:18081/apis/ccompat/v7/subjects ;;
    schema-registry) answers_http http://127.0.0.1:8081/subjects ;;
    kafka-connect) answers_http http://127.0.0.1:8083/connectors ;;
  esac
}
