#!/usr/bin/env bash
# Ends the native stack, and only the processes that native_up.sh started.
#
# Usage: scripts/native_down.sh [--remove_data] [SERVICE...]
#
#   --remove_data   also drops all data, logs and configurations: topics, schemas, tables
#   SERVICE         ends this one only, as scripts/native_status.sh names it
#
# Each service gets 20 s to close its files; then it is killed.
#
# Exit codes: 0 nothing of it runs any more, 1 something could not be ended, 2 usage.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/native_lib.sh
. "$repo/scripts/native_lib.sh"

patience=20

main() {
  local remove_data='' wanted=()
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --remove_data) remove_data=1 ;;
      -*) die "unknown argument \"$1\"" "$program --help" 2 ;;
      *)
        [ -n "$(ports "$1")" ] || die "no service is named \"$1\"" "one of: ${services[*]}" 2
        wanted+=("$1")
        ;;
    esac
    shift
  done
  [ -z "$remove_data" ] || [ ${#wanted[@]} -eq 0 ] || die "--remove_data is for the whole stack" "" 2
  if [ ${#wanted[@]} -eq 0 ]; then wanted=("${services[@]}"); fi

  # What uses Kafka ends before the brokers, and the brokers before the controllers that they say goodbye to.
  local found=''
  end_group clickhouse schema-registry schema-registry-app kafka-connect
  end_group kafka-broker-1 kafka-broker-2 kafka-broker-3
  end_group kafka-controller-1 kafka-controller-2 kafka-controller-3
  if [ -z "$found" ]; then say "nothing to end"; else say "down in $SECONDS s"; fi
  if [ -n "$remove_data" ]; then remove_data; fi
}

# end_group SERVICE...: those that are wanted and run, together.
end_group() {
  local service pid pids=()
  local -A names=()
  for service; do
    [[ " ${wanted[*]} " == *" $service "* ]] || continue
    if pid=$(pid_of "$service"); then
      kill -TERM "$pid"
      pids+=("$pid")
      names[$pid]=$service
      found=1
    else
      rm -f "$native/run/$service.pid"
    fi
  done
  local deadline=$((SECONDS + patience))
  for pid in "${pids[@]}"; do
    service=${names[$pid]}
    while pid_of "$service" >/dev/null; do
      if [ "$SECONDS" -ge "$deadline" ]; then
        say "$service does not end, killing it"
        kill -KILL "$pid"
        sleep 0.5
        # What it was writing is not whole.
        rm -f "$native/run/$service.jsa"
        break
      fi
      sleep 0.1
    done
    if pid_of "$service" >/dev/null; then die "could not end $service, pid $pid"; fi
    rm -f "$native/run/$service.pid"
    keep_archive "$service"
  done
}

# keep_archive SERVICE: the classes that its JVM wrote at its end, for the next start (see archive_of).
keep_archive() {
  local new=$native/run/$1.jsa archive
  [ -e "$new" ] || return 0
  archive=$(archive_of "$1")
  mkdir -p "$(dirname "$archive")"
  mv "$new" "$archive.$$" && mv "$archive.$$" "$archive"
}

remove_data() {
  [ -d "$native" ] || return 0
  # Only what native_up.sh makes: KCH_NATIVE_DIR may be a folder with other things in it.
  rm -rf "$native"/{run,log,conf,data} "$native/lock"
  rmdir --ignore-fail-on-non-empty "$native"
  say "removed the data in $native"
}

main "$@"
