#!/bin/bash
# First in a ClickHouse container: checks the users' settings, gives the admin its name, makes the passwords fit for
# the XML that they go into, then starts what the image would start.
#
# Usage: start.sh ENTRYPOINT [ARGUMENT...]
set -euo pipefail

users=${CLICKHOUSE_USERS_DIR:-/etc/clickhouse-server/users.d}
name=${CLICKHOUSE_USER:-admin}

die() {
  echo "start.sh: $*" >&2
  exit 2
}

[[ $name =~ ^[A-Za-z_][A-Za-z0-9_-]*$ && ! $name =~ ^(default|reader|writer)$ ]] ||
  die "CLICKHOUSE_USER must be a name of letters, digits and underscores, and not default, reader or writer"
# An empty password would be a user without one.
for variable in CLICKHOUSE_PASSWORD CLICKHOUSE_WRITER_PASSWORD CLICKHOUSE_READER_PASSWORD; do
  [ -n "${!variable-}" ] || die "$variable is empty"
done

if [ "$name" != admin ]; then
  {
    echo "<clickhouse><users><admin remove=\"remove\"/>"
    sed -n "s/<\(\/\{0,1\}\)admin>/<\1$name>/; /<$name>/,/<\/$name>/p" "$users/default-user.xml"
    echo "</users></clickhouse>"
  } >"$users/name-of-admin.xml"
else
  rm -f "$users/name-of-admin.xml"
fi

# The server takes the value of a from_env for XML, in which a password may have its < and &.
xml_escape() {
  local text=$1
  text=${text//&/"&amp;"}
  text=${text//</"&lt;"}
  printf '%s' "${text//>/"&gt;"}"
}
for variable in CLICKHOUSE_PASSWORD CLICKHOUSE_WRITER_PASSWORD CLICKHOUSE_READER_PASSWORD KAFKA_USERNAME KAFKA_PASSWORD; do
  export "$variable=$(xml_escape "${!variable-}")"
done

exec "$@"
