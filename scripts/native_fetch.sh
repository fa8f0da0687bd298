#!/usr/bin/env bash
# Fetches the parts of the native stack, once: Kafka, Connect, the registry, ClickHouse.
#
# Usage: scripts/native_fetch.sh
#
# Pinned in configs/native/pom.xml and configs/native/package.json; kept in ~/.cache/kafka-clickhouse
# (another place: KCH_CACHE). About 400 MB travel and 800 MB stay. Does nothing when all is there; after an
# interruption, start it again.
#
# Exit codes: 0 all parts are there, 2 a program is missing, 3 a part could not be fetched: try again.
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

require_java
need mvn "install Maven 3.6 or later: apt-get install maven"
[ "$(uname -sm)" = "Linux x86_64" ] || find_clickhouse >/dev/null ||
  die "libchdb is pinned for Linux on x86_64" "put a clickhouse binary on PATH" 2

staging=
remove_staging() { if [ -n "$staging" ]; then rm -rf "$staging"; fi; }
trap remove_staging EXIT

# fetch NAME COMMAND...: runs the command with an empty folder as its last argument, and makes the folder the
# part NAME only when it succeeded: the rename is the stamp.
fetch() {
  local name=$1 part
  part=$(part_dir "$name")
  shift
  if [ -d "$part" ]; then return; fi
  say "fetching $name"
  mkdir -p "$cache"
  staging=$(mktemp -d "$cache/.$name.XXXXXX")
  "$@" "$staging" >&2 || die "could not fetch $name" "try again: what has been fetched is kept" 3
  chmod 755 "$staging"
  mv -T "$staging" "$part"
  staging=
}

# --strict-checksums: a jar that is not what the repository says it is must not run.
maven() {
  mvn --quiet --batch-mode --strict-checksums -Dstyle.color=never -f "$repo/configs/native/pom.xml" "$@"
}

fetch_kafka() { # FOLDER
  maven -P kafka dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$1"
}

# A plugin is a folder in a folder of plugins.
fetch_converter() { # FOLDER
  maven -P converter dependency:copy-dependencies jar:jar -DincludeScope=runtime -DoutputDirectory="$1/avro-converter"
}

fetch_registry() { # FOLDER
  maven -P registry dependency:copy -DoutputDirectory="$1/archive" &&
    tar -C "$1" -xzf "$1"/archive/*.tar.gz &&
    rm -r "$1/archive"
}

fetch_chdb() { # FOLDER
  cp "$repo/configs/native/package.json" "$1" &&
    npm install --prefix "$1" --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error &&
    mv "$1"/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so "$1" &&
    rm -r "$1/node_modules" "$1/package.json"
}

fetch kafka fetch_kafka
fetch converter fetch_converter
fetch registry fetch_registry
if ! find_clickhouse >/dev/null; then
  need npm "install Node.js 18 or later, or put a clickhouse binary on PATH"
  fetch chdb fetch_chdb
fi
