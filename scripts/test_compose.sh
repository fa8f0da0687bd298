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
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/native_lib.sh
. "$repo/scripts/native_lib.sh"
# shellcheck source=scripts/compose/lib.sh
. "$repo/scripts/compose/lib.sh"
# shellcheck source=scripts/compose/files.sh
. "$repo/scripts/compose/files.sh"
# shellcheck source=scripts/compose/kafka.sh
. "$repo/scripts/compose/kafka.sh"
# shellcheck source=scripts/compose/haproxy.sh
. "$repo/scripts/compose/haproxy.sh"
# shellcheck source=scripts/compose/clickhouse.sh
. "$repo/scripts/compose/clickhouse.sh"
# shellcheck source=scripts/compose/plugins.sh
. "$repo/scripts/compose/plugins.sh"

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

main "$@"
