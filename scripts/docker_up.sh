#!/usr/bin/env bash
# Starts the cluster in Docker and returns when every service of it is healthy. Builds Kafka Connect first.
#
# Usage: scripts/docker_up.sh [--recreate]
#
#   --recreate   builds Connect's image anew, makes every container anew, with fresh anonymous volumes; the data in
#                the named volumes stay (scripts/docker_down.sh --remove_volumes drops them)
#
# Settings come from .env (another file: KCH_ENV_FILE) or the shell. `make up` also runs scripts/init.sh: topics,
# schemas, tables and the sink.
#
# Variables: KCH_UP_TIMEOUT  seconds until everything must be healthy [default: 300]
#
# Exit codes: 0 healthy, 1 a service failed: it is named, with the end of its log, 2 usage or settings,
#             3 no Docker, or time ran out.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/docker_lib.sh
. "$repo/scripts/docker_lib.sh"

timeout=${KCH_UP_TIMEOUT:-300}

main() {
  local build=() up=()
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --recreate) build=(--no-cache) up=(--force-recreate --renew-anon-volumes) ;;
      *) die "unknown argument \"$1\"" "$program --help" 2 ;;
    esac
    shift
  done
  [[ $timeout =~ ^[0-9]+$ ]] || die "KCH_UP_TIMEOUT must be a number of seconds" "" 2
  require_docker
  need jq "apt-get install jq"
  # Says what is wrong with the settings, such as a missing CLUSTER_ID, before anything is started.
  compose config --quiet || exit 2
  check_sink

  compose build "${build[@]}" kafka-connect >&2
  if ! compose up --detach --wait --wait-timeout "$timeout" "${up[@]}" >&2; then
    explain
  fi
  print_endpoints
}

# check_sink: the image's build would fail as well, but after minutes on a first run.
check_sink() {
  local sink
  sink=$(sink_setting)
  [[ $sink =~ ^(engine|connect)$ ]] || die "SINK is \"$sink\"" "SINK is engine or connect" 2
  if [ "$sink" = connect ] && ! compgen -G "$plugins/clickhouse-sink/*.jar" >/dev/null; then
    die "SINK=connect, but docker/kafka-connect/plugins/clickhouse-sink/ has no jar" \
      "scripts/fetch_plugins.sh, or SINK=engine in .env" 2
  fi
}

# explain: which services are not healthy, and the end of what they said.
explain() {
  local service state health found='' waiting=()
  while IFS=$'\t' read -r service state health; do
    if [ "$state" = running ] && [ "$health" = healthy ]; then continue; fi
    # What waits for others has nothing to say.
    if [ "$state" = created ]; then
      waiting+=("$service")
      continue
    fi
    found=1
    say "$program: $service is $state${health:+ and $health}; the end of its log:"
    compose logs --no-log-prefix --no-color --tail 15 "$service" 2>&1 | cut -c1-300 | sed 's/^/    /' >&2
  done < <(compose ps --all --format json | jq -r '[.Service, .State, .Health] | @tsv')
  if [ ${#waiting[@]} -gt 0 ]; then say "$program: waiting for others: ${waiting[*]}"; fi
  if [ -z "$found" ]; then
    die "the cluster did not start" "when a port is taken: scripts/native_down.sh, or another port in .env" 3
  fi
  die "not all services are healthy after $SECONDS s" \
    "scripts/docker_down.sh ends them; a volume of another CLUSTER_ID is dropped with --remove_volumes" 1
}

# port SERVICE PORT: where it is reached from this host.
port() {
  compose port "$1" "$2"
}

print_endpoints() {
  say "healthy in $SECONDS s

  Kafka            $(port kafka-broker-1 9092), $(port kafka-broker-2 9092), $(port kafka-broker-3 9092) (SASL_PLAINTEXT, PLAIN)
  Schema Registry  http://$(port schema-registry 8081)
  Kafka Connect    http://$(port kafka-connect 8083)
  ClickHouse       http://$(port clickhouse-haproxy 8123) through the balancer, /play
                   http://$(port clickhouse-1 8123), http://$(port clickhouse-2 8123) the nodes
"
}

main "$@"
