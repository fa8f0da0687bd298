#!/usr/bin/env bash
# Fetches the ClickHouse sink of Kafka Connect: the pinned release of the official one, Apache License 2.0.
#
# Usage: scripts/fetch_plugins.sh [--relock]
#
#   --relock   takes the archive's checksum as the right one again: after a change of version
#
# Its jars go to docker/kafka-connect/plugins/clickhouse-sink/, which Git ignores. The archive's SHA-256 is recorded in
# docker/kafka-connect/plugins.lock when it is fetched for the first time; commit that file. From then on an archive
# with another checksum is refused, and nothing is changed. Does nothing when the jars of the release are there.
#
# Variables: PLUGINS_BASE_URL  where releases are, for a mirror: BASE/VERSION/clickhouse-kafka-connect-VERSION.zip
#
# Exit codes: 0 the jars are there, 1 the archive is not what it should be, 2 usage or a missing program,
#             3 it could not be fetched: try again.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/docker_lib.sh
. "$repo/scripts/docker_lib.sh"

version=v1.5.0
base=${PLUGINS_BASE_URL:-https://github.com/ClickHouse/clickhouse-kafka-connect/releases/download}
archive=clickhouse-kafka-connect-$version.zip
folder=$plugins/clickhouse-sink
lock=${PLUGINS_LOCK:-$repo/docker/kafka-connect/plugins.lock}

relock=
case ${1-} in
  '') ;;
  -h | --help) usage && exit 0 ;;
  --relock) relock=1 ;;
  *) die "unknown argument \"$1\"" "$program --help" 2 ;;
esac

need curl "apt-get install curl"
need unzip "apt-get install unzip"

# The lock's lines are those of sha256sum: CHECKSUM, two blanks, ARCHIVE.
locked=
if [ -z "$relock" ] && [ -e "$lock" ]; then
  locked=$(awk -v archive="$archive" '$2 == archive { print $1 }' "$lock")
fi

if [ -z "$relock" ] && [ -n "$locked" ] && [ "$(cat "$folder/.archive" 2>/dev/null)" = "$locked  $archive" ] &&
  compgen -G "$folder/*.jar" >/dev/null; then
  say "the ClickHouse sink $version is there"
  exit 0
fi

work=$(mktemp -d "$plugins/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "fetching $base/$version/$archive"
curl --silent --show-error --fail --location --retry 3 --connect-timeout 20 --output "$work/$archive" "$base/$version/$archive" ||
  die "could not fetch $archive" "a mirror: PLUGINS_BASE_URL; without a network: docker/kafka-connect/plugins/README.md" 3

checksum=$(sha256sum "$work/$archive" | cut -d' ' -f1)
if [ -n "$locked" ] && [ "$checksum" != "$locked" ]; then
  die "$archive has the SHA-256 $checksum, but ${lock#"$repo"/} says $locked" \
    "do not use it; ask where it came from. --relock only when you know why it changed"
fi

# The archive has its jars in a folder lib/, under one of its own; only jars are taken, and only by their names.
mkdir "$work/unpacked" "$work/clickhouse-sink"
unzip -q -o -j "$work/$archive" '*.jar' -d "$work/unpacked" || die "$archive is no zip archive with jars"
find "$work/unpacked" -type f -name '*.jar' -exec mv -t "$work/clickhouse-sink" {} +
compgen -G "$work/clickhouse-sink/*.jar" >/dev/null || die "$archive has no jar"
printf '%s  %s\n' "$checksum" "$archive" >"$work/clickhouse-sink/.archive"

if [ -z "$locked" ]; then
  { if [ -e "$lock" ]; then awk -v archive="$archive" '$2 != archive' "$lock"; fi
    printf '%s  %s\n' "$checksum" "$archive"; } >"$work/lock"
  mv "$work/lock" "$lock"
  chmod 644 "$lock"
  say "recorded its checksum in ${lock#"$repo"/}: compare it with the release's page, and commit the file"
fi

rm -rf "$folder"
chmod 755 "$work/clickhouse-sink"
mv -T "$work/clickhouse-sink" "$folder"
say "the ClickHouse sink $version is in ${folder#"$repo"/}: $(find "$folder" -name '*.jar' | wc -l) jars"
