#!/bin/bash
# First in the containers of Kafka, the registry and Connect: fills the credentials into placeholders of
# configs/kafka/secrets, then starts what the image would start.
#
# Usage: start.sh FILE...      names of files in configs/kafka/secrets
#
# Reads CLIENT_USERNAME, CLIENT_PASSWORD and INTERNAL_PASSWORD from the environment: without the prefix KAFKA_, which
# would put them into server.properties. The filled files are on a tmpfs and readable for the service's user only.
set -euo pipefail

placeholders=${SECRETS_FROM:-/opt/kafka-clickhouse/secrets}
filled=${SECRETS_TO:-/etc/kafka/secrets}
command=${START:-/etc/confluent/docker/run}

# A quoted value in a JAAS configuration.
jaas_escape() {
  local text=$1 backslash="\\" quote='"'
  text=${text//"$backslash"/"$backslash$backslash"}
  printf '%s' "${text//"$quote"/"$backslash$quote"}"
}

umask 077
for file; do
  text=$(<"$placeholders/$file")
  for name in CLIENT_USERNAME CLIENT_PASSWORD INTERNAL_PASSWORD; do
    [[ $text == *"@$name@"* ]] || continue
    if [ -z "${!name-}" ]; then
      echo "start.sh: $name is empty, and $file needs it" >&2
      exit 2
    fi
    value=$(jaas_escape "${!name}")
    # In a .properties file backslashes are read once more.
    if [[ $file == *.properties ]]; then value=${value//\\/\\\\}; fi
    text=${text//"@$name@"/"$value"}
  done
  printf '%s\n' "$text" >"$filled/$file"
done
umask 022

exec "$command"
