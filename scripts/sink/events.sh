# shellcheck shell=bash disable=SC2154,SC2034  # $work, $balancer and $plugin are test_sink_connect.sh's
# The connector of configs/connect/clickhouse-sink.json (but for addresses and converter), through HAProxy with the cluster's
# own configuration: the smoke test, records that are no event, and an outage of ClickHouse.

dead_letters=kafka-events-dlq

# The rows of one test: how many, and how many different ones.
rows() { ch-query -o raw -p source="$1" 'SELECT count(), uniqExact(payload) FROM kafka_events WHERE source = {source:String}'; }
has_rows() { [ "$(rows "$1" | cut -f2)" = "$2" ]; }
dead() { avro-consume -t "$dead_letters" --envelope --on-error emit 2>/dev/null || true; }
has_dead() { [ "$(dead | wc -l)" = "$1" ]; }
header() { jq -r --arg key "__connect.errors.$1" '.headers[] | select(.key == $key).value'; }
failed() { { connect-ctl status clickhouse-sink 2>/dev/null || true; } | jq -e '.tasks[0].state == "FAILED"' >/dev/null; }
running() { connect-ctl status clickhouse-sink 2>/dev/null | jq -e '[.state, .tasks[].state] | unique == ["RUNNING"]' >/dev/null; }
events() { avro-produce -t kafka-events --set source="$1" --set payload=@line 2>/dev/null; }

# The cluster's HAProxy, with both of its nodes in one place.
start_balancer() {
  balancer_port=$(free_ports 1)
  sed -e "s/bind :8123/bind 127.0.0.1:$balancer_port/; s/clickhouse-[12]:8123/127.0.0.1:$(ports clickhouse | cut -d' ' -f1)/" \
    -e 's/^  server clickhouse-.*/& init-addr none/; /^resolvers/,/^$/d; s/ resolvers docker//' \
    configs/haproxy/haproxy.cfg >"$work/haproxy.cfg"
  haproxy -q -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 &
  balancer=$!
  within 30 "the balancer answers" answers_http "http://127.0.0.1:$balancer_port/ping"
}

# The cluster's connector: other addresses, and the worker's own converters.
connector() {
  jq --arg port "$balancer_port" 'with_entries(select(.key | contains(".converter") or startswith("key.converter") or
    startswith("value.converter") | not)) | .hostname = "localhost" | .port = $port' configs/connect/clickhouse-sink.json
}

test_smoke() {
  scripts/smoke_test.sh >"$work/rows" 2>"$work/said" || die "the smoke test failed: $(tail -n 5 "$work/said")"
  equal "the smoke test ends with its five rows" 5 "$(wc -l <"$work/rows")"
}

test_cluster_connector() {
  connector >"$work/sink.json"
  connect-ctl apply clickhouse-sink "$work/sink.json" --dry-run >"$work/applied"
  connect-ctl validate "$work/sink.json" >"$work/said" || die "the connector does not validate: $(<"$work/said")"
  ok "connect-ctl validate finds nothing wrong with it"
  connect-ctl apply clickhouse-sink "$work/sink.json" --wait 60s >"$work/applied"
  equal "its user is the writer, and its password is masked" "writer ********" \
    "$(connect-ctl get clickhouse-sink | jq -r '.config // . | "\(.username) \(.password)"')"
  seq 10 | events balancer
  within 60 "rows through the balancer" has_rows balancer 10
  equal "the cluster's connector writes through the balancer" "$(printf '10\t10')" "$(rows balancer)"
}

# stranger NAME FIELDS JSON: a record of another schema on the topic.
stranger() {
  printf '{"type":"record","name":"%s","fields":[%s]}' "$1" "$2" >"$work/$1.avsc"
  avro-produce -t kafka-events --schema "$work/$1.avsc" --register --subject "$1-value" <<<"$3" 2>/dev/null
}

test_poison() {
  local jaas
  jaas="org.apache.kafka.common.security.plain.PlainLoginModule required username=\"$KAFKA_CLIENT_SASL_USERNAME\""
  printf '%s\n' security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN \
    "sasl.jaas.config=$jaas password=\"$KAFKA_CLIENT_SASL_PASSWORD\";" >"$work/client.properties"
  # All of them wait for the sink as one batch: a paused one may have read the first of them already.
  connect-ctl stop clickhouse-sink --wait 30s >/dev/null
  seq 1 3 | events poison
  java -Xmx128m -cp "$(part_dir kafka)/*" kafka.tools.ConsoleProducer --bootstrap-server "${BOOTSTRAP_SERVERS%%,*}" \
    --producer.config "$work/client.properties" --topic kafka-events <<<"not Avro" >"$work/producer.log" 2>&1
  seq 4 6 | events poison
  stranger Stranger '{"name":"colour","type":"string"}' '{"colour":"red"}'
  stranger Letters '{"name":"id","type":"string"},{"name":"source","type":"string"},{"name":"ts","type":"string"},{"name":"payload","type":"string"}' \
    '{"id":"seven","source":"poison","ts":"t","payload":"p"}'
  seq 7 9 | events poison
  connect-ctl resume clickhouse-sink >/dev/null
  within 60 "the good ones among bad ones" has_rows poison 9
  within 60 "the bad ones in $dead_letters" has_dead 3
  equal "records that are no event do not keep the others" "$(printf '9\t9')" "$(rows poison)"
  equal "they are in $dead_letters, with where they failed" "VALUE_CONVERTER TRANSFORMATION TRANSFORMATION" \
    "$(dead | header stage | paste -sd ' ')"
  equal "and with what they were" '{"base64":"bm90IEF2cm8="} {"colour":"red"} "seven"' \
    "$(dead | jq -c '.value | .id? // .' | paste -sd ' ')"
  within 30 "RUNNING" running
  ok "the connector is RUNNING all the same"
}

# A null where the table has none is found in the batch, and takes it along; the good ones can be sent again.
test_send_again() {
  connect-ctl stop clickhouse-sink --wait 30s >/dev/null
  seq 1 3 | events again
  stranger Null '{"name":"id","type":["null","long"]},{"name":"source","type":"string"},{"name":"ts","type":"string"},{"name":"payload","type":"string"}' \
    '{"id":null,"source":"again","ts":"t","payload":"p"}'
  connect-ctl resume clickhouse-sink >/dev/null
  within 60 "the batch in $dead_letters" has_dead 7
  bash -o pipefail -c "$(grep "^connect-ctl dlq clickhouse-sink .*| avro-produce" README.md)" 2>"$work/said" ||
    die "the README's line for dead letters: $(cat "$work/said")"
  within 60 "the good ones of the dead letters" has_rows again 3
  equal "the README's line sends the good dead letters again" "$(printf '3\t3')" "$(rows again)"
}

balancer_sees_clickhouse() { answers_http "http://127.0.0.1:$balancer_port/ping"; }

test_outage() {
  local outage=${OUTAGE:-30} n=0 ends letters
  letters=$(dead | wc -l)
  seq 100 | events outage
  within 60 "rows before the outage" has_rows outage 100
  scripts/native_down.sh clickhouse 2>/dev/null
  ends=$((SECONDS + outage))
  while [ "$SECONDS" -lt "$ends" ]; do
    n=$((n + 1))
    seq $((n * 100 + 1)) $((n * 100 + 100)) | events outage
    sleep 2
  done
  running || die "the connector is not RUNNING while ClickHouse is away"
  scripts/native_up.sh 2>/dev/null
  local back=$SECONDS
  within 120 "the rows of the outage" has_rows outage $((n * 100 + 100))
  say "      $outage s away; all $((n * 100 + 100)) rows are there $((SECONDS - back)) s after its return, $(($(rows outage | cut -f1) - n * 100 - 100)) of them twice"
  within 30 "RUNNING" running
  ok "after an outage every row is there"
  equal "and none of them became a dead letter" "$letters" "$(dead | wc -l)"
}

test_start_without_clickhouse() {
  scripts/native_down.sh clickhouse 2>/dev/null
  connect-ctl restart clickhouse-sink >/dev/null
  within 120 "FAILED" failed
  ok "a sink that starts while ClickHouse is away is FAILED: $(connect-ctl status clickhouse-sink 2>/dev/null | jq -r '.tasks[0].cause')"
  scripts/native_up.sh 2>/dev/null
  # A task that starts before the balancer has found the node again fails like the one before.
  within 60 "the balancer sees ClickHouse again" balancer_sees_clickhouse
  connect-ctl restart clickhouse-sink >/dev/null
  within 60 "RUNNING" running
  ok "and connect-ctl restart is the cure"
}

part_events() {
  test_smoke
  start_balancer
  test_cluster_connector
  test_poison
  test_send_again
  test_outage
  test_start_without_clickhouse
}
