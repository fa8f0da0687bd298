# shellcheck shell=bash disable=SC2034,SC2154  # $work, $python and $repo are test_compose.sh's, which shows $step
# fetch_plugins.sh, with a server of our own in place of GitHub.

test_fetch_plugins() {
  local site=$work/site copy=$work/copy ports version archive
  version=$(sed -n 's/^version=//p' "$repo/scripts/fetch_plugins.sh")
  archive=clickhouse-kafka-connect-$version.zip
  mkdir -p "$site/$version" "$work/zip/clickhouse-kafka-connect-$version/lib" "$copy/docker/kafka-connect/plugins"
  cp -r "$repo/scripts" "$copy"
  echo jar >"$work/zip/clickhouse-kafka-connect-$version/lib/sink.jar"
  echo text >"$work/zip/clickhouse-kafka-connect-$version/README"
  (cd "$work/zip" && zip -q -r "$site/$version/$archive" .)
  read -ra ports < <(free_ports 1)
  background "$python" -m http.server --bind 127.0.0.1 --directory "$site" "${ports[0]}"
  local server=$pid base=http://127.0.0.1:${ports[0]}
  eventually "the server" curl --silent --fail --noproxy '*' "$base/"
  local fetch=(env NO_PROXY='*' PLUGINS_BASE_URL="$base" "$copy/scripts/fetch_plugins.sh")
  local plugins=$copy/docker/kafka-connect/plugins lock=$copy/docker/kafka-connect/plugins.lock sum
  step="the first time"
  "${fetch[@]}" 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
  sum=$(sha256sum "$site/$version/$archive" | cut -d' ' -f1)
  expect "the lock" "$sum  $archive" cat "$lock"
  expect "the jars, and nothing else" sink.jar ls "$plugins/clickhouse-sink"
  expect "nothing is left behind" clickhouse-sink ls -A "$plugins"
  expect "again" "the ClickHouse sink $version is there" "${fetch[@]}"

  # The jars are lost, and the archive is another one now.
  rm -r "$plugins/clickhouse-sink"
  echo other >>"$work/zip/clickhouse-kafka-connect-$version/lib/sink.jar"
  rm "$site/$version/$archive"
  (cd "$work/zip" && zip -q -r "$site/$version/$archive" .)
  refused "another checksum" "but docker/kafka-connect/plugins.lock says $sum" "${fetch[@]}"
  expect "no jar of it" "" ls -A "$plugins"
  expect "the lock as it was" "$sum  $archive" cat "$lock"
  step="--relock"
  "${fetch[@]}" --relock 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
  expect "the new lock" "$(sha256sum "$site/$version/$archive" | cut -d' ' -f1)  $archive" cat "$lock"
  expect "the new jar" "$(printf 'jar\nother')" cat "$plugins/clickhouse-sink/sink.jar"

  rm -r "$plugins/clickhouse-sink"
  echo "no archive" >"$site/$version/$archive"
  rm "$lock"
  refused "no archive" "is no zip archive" "${fetch[@]}"
  expect "and nothing is recorded" "" ls -A "$plugins"
  if [ -e "$lock" ]; then say "the lock was written" && exit 1; fi
  stop "$server"
  refused "no server" "could not fetch" "${fetch[@]}"
}
