#!/usr/bin/env bash
# Says of each service of the native stack whether it runs and answers.
#
# Usage: scripts/native_status.sh
#
# Prints service, pid, ports, health and memory, a line each. One that was not started from here, and answers all the
# same, is "elsewhere": of another clone, or in Docker.
#
# Exit codes: 0 all healthy, 1 something is down, 2 usage, 3 nothing runs that was started from here.
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

row() { printf '%-20s %-8s %-12s %-10s %s\n' "$@"; }

running=0
healthy=0
row SERVICE PID PORT HEALTH MEMORY
for service in "${services[@]}"; do
  health=down pid=- memory=-
  if pid=$(pid_of "$service"); then
    running=$((running + 1))
    memory=$(awk '/^VmRSS/ { printf "%d MB", $2 / 1024 }' "/proc/$pid/status")
    health=unhealthy
    if healthy "$service"; then
      health=healthy
      healthy=$((healthy + 1))
    fi
  elif healthy "$service"; then
    health=elsewhere
  fi
  row "$service" "${pid:--}" "$(ports "$service" | tr ' ' ,)" "$health" "$memory"
done

if [ "$running" -eq 0 ]; then exit 3; fi
[ "$healthy" -eq ${#services[@]} ]
