#!/bin/bash
# Is this Kafka node at work? Logs in with SASL/PLAIN and asks about the cluster, in Kafka's own protocol.
#
#   a broker is healthy when it is itself among the brokers that clients are sent to
#   a controller is healthy when it knows the leader of the controllers
#
# Kafka's own tools could ask the same, but take a JVM and two seconds of processor time, on six nodes every few
# seconds. The password stays in the environment.
#
# Variables: KAFKA_PROCESS_ROLES, KAFKA_NODE_ID, INTERNAL_PASSWORD (the container's own); HEALTH_ADDRESS host/port.
set -euo pipefail
export LC_ALL=C

case $KAFKA_PROCESS_ROLES in
  broker) address=${HEALTH_ADDRESS:-127.0.0.1/9093} ;;
  controller) address=${HEALTH_ADDRESS:-127.0.0.1/9094} ;;
esac

die() {
  echo "health.sh: $*" >&2
  exit 1
}

# Messages are written as hexadecimal digits here, two for a byte.
hex() { od -An -v -tx1 | tr -d ' \n'; }
string() { printf '%04x%s' "${#1}" "$(printf %s "$1" | hex)"; }

# ask API VERSION BODY: sends a request, leaves the answer in $reply.
ask() {
  local request size
  request=$(printf '%04x%04x00000001%s%s' "$1" "$2" "$(string health.sh)" "$3")
  request=$(printf '%08x' $((${#request} / 2)))$request
  # shellcheck disable=SC2059,SC2001  # the format is the message; & is any two digits
  printf "$(sed 's/../\\x&/g' <<<"$request")" >&3
  size=$(od -An -v -tx1 -N4 <&3 | tr -d ' \n')
  [ -n "$size" ] || die "$address closed the connection"
  reply=$(od -An -v -tx1 -N$((16#$size)) <&3 | tr -d ' \n')
  at=8 # behind the correlation id
}

# take N: the next N bytes of the answer in $taken.
take() {
  taken=${reply:at:$1*2}
  at=$((at + $1 * 2))
}

# skip_text: passes over a string of a flexible version; its length plus one is in one byte, 0 is null.
skip_text() {
  take 1
  local length=$((16#$taken))
  if [ "$length" -gt 1 ]; then take $((length - 1)); fi
}

ensure_no_error() {
  take 2
  [ "$taken" = 0000 ] || die "$address refused $1: error $((16#$taken))"
}

exec 3<>"/dev/tcp/$address"

ask 17 1 "$(string PLAIN)" # SaslHandshake
ensure_no_error "the mechanism PLAIN"

login=$(printf '\0internal\0%s' "$INTERNAL_PASSWORD" | hex)
ask 36 0 "$(printf '%08x%s' $((${#login} / 2)) "$login")" # SaslAuthenticate
ensure_no_error "the login"

# DescribeCluster, whose answer begins with an empty list of tags and the throttle time.
if [ "$KAFKA_PROCESS_ROLES" = controller ]; then
  ask 60 1 00000200
else
  ask 60 0 000000
fi
take 5
ensure_no_error "the question about the cluster"
skip_text # the error's text
if [ "$KAFKA_PROCESS_ROLES" = controller ]; then take 1; fi
skip_text # the cluster's id
take 4
[ "$taken" != ffffffff ] || die "no leader is known"
if [ "$KAFKA_PROCESS_ROLES" = controller ]; then exit 0; fi

take 1
for ((left = 16#$taken - 1; left > 0; left--)); do
  take 4
  if [ $((16#$taken)) = "$KAFKA_NODE_ID" ]; then exit 0; fi
  skip_text # host
  take 4    # port
  skip_text # rack
  take 1    # tags
done
die "node $KAFKA_NODE_ID has not joined the cluster"
