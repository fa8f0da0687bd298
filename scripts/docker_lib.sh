# shellcheck shell=bash
# What the docker_*.sh scripts share. Sourced after lib.sh.

# shellcheck disable=SC2034,SC2154  # for the scripts that source this; lib.sh sets repo
plugins=$repo/docker/kafka-connect/plugins

# compose ARGUMENT...: Docker Compose on this repository, with the .env file that the tools read.
compose() {
  local file=()
  if [ -n "${KCH_ENV_FILE-}" ]; then file=(--env-file "$KCH_ENV_FILE"); fi
  docker compose --project-directory "$repo" "${file[@]}" "$@"
}

require_docker() {
  need docker "install Docker Engine with the Compose plugin, version 2.20 or later; or use the native stack: make native-up"
  docker compose version >/dev/null 2>&1 ||
    die "docker has no compose command" "install the Docker Compose plugin, version 2.20 or later" 2
  docker info >/dev/null 2>&1 ||
    die "no Docker engine answers" "start it; your user must be allowed to use it (group docker)" 3
}

# sink_setting: SINK as Compose sees it, without taking .env into this shell's environment.
sink_setting() {
  (load_settings && printf '%s\n' "$SINK")
}
