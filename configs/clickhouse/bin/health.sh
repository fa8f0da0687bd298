#!/bin/bash
# Does this ClickHouse node answer a query? Logs in as the admin over HTTP; the password is on no command line.
set -euo pipefail

exec 3<>"/dev/tcp/${HEALTH_ADDRESS:-127.0.0.1/8123}"
printf 'GET /?query=SELECT%%201 HTTP/1.0\r\nX-ClickHouse-User: %s\r\nX-ClickHouse-Key: %s\r\n\r\n' \
  "$CLICKHOUSE_USER" "$CLICKHOUSE_PASSWORD" >&3
read -r _ status _ <&3
[ "$status" = 200 ] || {
  echo "health.sh: SELECT 1 as $CLICKHOUSE_USER is answered with $status" >&2
  exit 1
}
