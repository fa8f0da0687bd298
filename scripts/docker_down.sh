#!/usr/bin/env bash
# Ends the cluster in Docker and removes its containers; the data stay in the named volumes.
#
# Usage: scripts/docker_down.sh [--remove_volumes]
#
#   --remove_volumes   also drops all data: topics, schemas, connectors, tables
#
# Exit codes: 0 nothing of it runs any more, 1 something could not be ended, 2 usage, 3 no Docker.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/docker_lib.sh
. "$repo/scripts/docker_lib.sh"

options=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --remove_volumes) options+=(--volumes) ;;
    *) die "unknown argument \"$1\"" "$program --help" 2 ;;
  esac
  shift
done

require_docker
# Ending needs no settings, but Compose wants to read the whole file: a missing CLUSTER_ID must not be in the way.
load_settings
# With its profile, so that what `docker compose run tools` left behind goes too. First the containers with their
# anonymous volumes, which `down` alone would leave behind for good; then the network, and the named volumes if asked.
compose --profile '*' rm --stop --force --volumes >&2
compose --profile '*' down --remove-orphans "${options[@]}" >&2
