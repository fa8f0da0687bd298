#!/usr/bin/env bash
# The example of SECURITY.md at work: one real Kafka broker with exactly those settings (TLS, SCRAM-SHA-512, ACLs), and
# our tools on it. Touches no running stack: its ports are free ones, its data are in a temporary folder.
#
# Usage: scripts/test_sasl_ssl.sh
#
# Needs openssl, jq, python3, our tools (make build) and the native stack's Kafka (scripts/native_fetch.sh, which it runs).
#
# Exit codes: 0 all passed, 1 a check failed: it is named, 2 a program is missing.
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
need openssl "apt-get install openssl"
need jq "apt-get install jq"
need python3 "apt-get install python3"
use_tools
[ -d "$(part_dir kafka)" ] || "$repo/scripts/native_fetch.sh"

umask 077
work=$(mktemp -d)
broker='' registry=''
clean_up() {
  local code=$? pid
  for pid in $broker $registry; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  if [ "$code" -ne 0 ] && [ -s "$work/log" ]; then tail -n 15 "$work/log" | cut -c1-300 >&2; fi
  rm -rf "$work"
}
trap clean_up EXIT

read -r port controller_port registry_port < <(free_ports 3)
broker_password=$(openssl rand -hex 12)
client_password=$(openssl rand -hex 12)

# An authority, and a certificate of the broker's for localhost that it signed.
make_certificates() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=test authority" -keyout "$work/ca.key" -out "$work/ca.pem"
  openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$work/broker.key" -out "$work/broker.csr"
  openssl x509 -req -in "$work/broker.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 1 \
    -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") -out "$work/broker.crt"
  cat "$work/broker.key" "$work/broker.crt" >"$work/broker.pem"
}
make_certificates >"$work/log" 2>&1

make_other_authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=other authority" -keyout "$work/other.key" -out "$work/other.pem"
}

# The first block of properties in SECURITY.md, and what makes one node a cluster.
{
  awk '/^```properties/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$repo/SECURITY.md"
  printf '%s\n' process.roles=broker,controller node.id=1 "controller.quorum.voters=1@localhost:$controller_port" \
    "log.dirs=$work/data" offsets.topic.replication.factor=1 offsets.topic.num.partitions=1 \
    transaction.state.log.replication.factor=1 transaction.state.log.min.isr=1 \
    auto.create.topics.enable=false group.initial.rebalance.delay.ms=0
} >"$work/template"
render "$work/template" "$work/server.properties" PORT="$port" CONTROLLER_PORT="$controller_port" HOST=localhost \
  BROKER_PASSWORD="$broker_password" BROKER_PEM="$work/broker.pem" CA_PEM="$work/ca.pem"
render "$repo/configs/native/log4j.properties.in" "$work/log4j.properties" LEVEL=WARN

java=(java -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Dlog4j.configuration=file:$work/log4j.properties"
  -cp "$(part_dir kafka)/*")
printf '%s\n' --add-scram "SCRAM-SHA-512=[name=broker,password=$broker_password]" \
  --add-scram "SCRAM-SHA-512=[name=client,password=$client_password]" >"$work/users"
"${java[@]}" kafka.tools.StorageTool format --cluster-id "$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')" \
  --config "$work/server.properties" "@$work/users" >"$work/log" 2>&1
"${java[@]}" kafka.Kafka "$work/server.properties" >"$work/log" 2>&1 &
broker=$!

# as USER PASSWORD COMMAND...: one of our tools, with the settings of SECURITY.md.
as() {
  env BOOTSTRAP_SERVERS="localhost:$port" KAFKA_SECURITY_PROTOCOL="${protocol:-SASL_SSL}" KAFKA_SASL_MECHANISM=SCRAM-SHA-512 \
    KAFKA_SSL_CA="${ca:-$work/ca.pem}" KAFKA_CLIENT_SASL_USERNAME="$1" KAFKA_CLIENT_SASL_PASSWORD="$2" \
    SCHEMA_REGISTRY_URL="http://127.0.0.1:$registry_port" KCH_ENV_FILE=/dev/null "${@:3}"
}
ok() { say "ok    $1"; }
fails() { # WHAT TEXT COMMAND...
  local got
  if got=$("${@:3}" 2>&1); then die "$1: it succeeded: $got"; fi
  [[ $got == *"$2"* ]] || die "$1: expected …$2…, got: $got"
  ok "$1"
}

deadline=$((SECONDS + 60))
until as broker "$broker_password" topic-ctl list >/dev/null 2>&1; do
  kill -0 "$broker" 2>/dev/null || die "the broker ended"
  [ "$SECONDS" -lt "$deadline" ] || die "the broker is not ready after 60 s: $(as broker "$broker_password" topic-ctl list 2>&1)"
  sleep 0.5
done
ok "the broker is up, and its own user is let in"

for topic in words others; do as broker "$broker_password" topic-ctl create "$topic" >/dev/null 2>&1; done
fails "a wrong password is turned away" "credentials" as client wrong topic-ctl describe words
make_other_authority >"$work/openssl.log" 2>&1
ca=$work/other.pem fails "a broker whose authority is not trusted is turned away" "certificate" \
  as client "$client_password" topic-ctl describe words
protocol=SASL_PLAINTEXT fails "without TLS nobody gets in" "" as client "$client_password" topic-ctl describe words
fails "the client may do nothing that is not granted" "" as client "$client_password" topic-ctl describe words

cat >"$work/admin.properties" <<PROPERTIES
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="broker" password="$broker_password";
ssl.truststore.type=PEM
ssl.truststore.location=$work/ca.pem
PROPERTIES
"${java[@]}" kafka.admin.AclCommand --bootstrap-server "localhost:$port" --command-config "$work/admin.properties" \
  --add --allow-principal User:client --operation Read --operation Write --topic words >"$work/acl.log" 2>&1
"${java[@]}" kafka.admin.AclCommand --bootstrap-server "localhost:$port" --command-config "$work/admin.properties" \
  --add --allow-principal User:client --operation Read --group readers >>"$work/acl.log" 2>&1

[ "$(as client "$client_password" topic-ctl list | jq -r .topic)" = words ] || die "the client sees another topic than its own"
ok "the client sees its own topic only"

# A registry with one schema: TLS to the registry is not what is tested here.
python3 - "$registry_port" >"$work/registry.log" 2>&1 <<'PYTHON' &
import http.server, json, sys

SCHEMA = '{"type":"record","name":"Word","fields":[{"name":"word","type":"string"}]}'

class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = json.dumps({"subject": "words-value", "version": 1, "id": 1, "schema": SCHEMA}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Registry).serve_forever()
PYTHON
registry=$!
printf 'hello\nworld\n' | as client "$client_password" avro-produce -t words --format text 2>"$work/said" ||
  die "avro-produce: $(cat "$work/said")"
ok "avro-produce sends"
read_back=$(as client "$client_password" avro-consume -t words -g readers 2>"$work/said") || die "avro-consume: $(cat "$work/said")"
[ "$read_back" = "$(printf '{"word":"hello"}\n{"word":"world"}')" ] || die "avro-consume: $read_back"
ok "avro-consume reads, in its group"
fails "another group is refused" "" as client "$client_password" avro-consume -t words -g strangers
fails "another topic is refused" "" as client "$client_password" avro-consume -t others
