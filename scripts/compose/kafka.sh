# shellcheck shell=bash disable=SC2034,SC2016,SC2154  # dollars as they are in the files; $work and $native are test_compose.sh's, which shows $step
# Kafka: what runs first in its containers, and their health check.

test_kafka_secrets() {
  local secrets=$work/secrets hard='a"b\c$d&e@CLIENT_USERNAME@'
  mkdir "$secrets"
  local start=(env SECRETS_FROM="$repo/configs/kafka/secrets" SECRETS_TO="$secrets" START=true
    CLIENT_USERNAME=someone CLIENT_PASSWORD="$hard" INTERNAL_PASSWORD=inside bash "$repo/configs/kafka/bin/start.sh")
  expect "filling them in" "" "${start[@]}" broker_jaas.conf client_jaas.conf client.properties
  expect "the client's password, escaped once" '  password="a\"b\\c$d&e@CLIENT_USERNAME@";' \
    grep '^  password=' "$secrets/client_jaas.conf"
  expect "the client's password, escaped twice" 1 grep -cF 'password="a\\"b\\\\c$d&e@CLIENT_USERNAME@"' "$secrets/client.properties"
  expect "the broker's users" 2 grep -cE '^  user_(internal="inside"|someone=".*";)' "$secrets/broker_jaas.conf"
  expect "nobody else reads them" "600 600 600" bash -c "stat -c %a '$secrets'/* | paste -sd ' '"
  refused "an empty password" "INTERNAL_PASSWORD is empty" "${start[@]:0:6}" INTERNAL_PASSWORD= \
    bash "$repo/configs/kafka/bin/start.sh" broker_jaas.conf
}

test_kafka_health() {
  local conf=$native/conf/kafka-broker-1.properties password
  local health=(env KAFKA_PROCESS_ROLES=broker KAFKA_NODE_ID=101 HEALTH_ADDRESS=127.0.0.1/1 INTERNAL_PASSWORD=x
    bash "$repo/configs/kafka/bin/health.sh")
  refused "nobody listens" "Connection refused" "${health[@]}"
  if ! answers_tcp 19092 || ! [ -e "$conf" ]; then
    say "      (the native stack does not run: the health check of a broker at work is not tested)"
    return
  fi
  password=$(sed -n 's/.*username="internal" password="\([^"]*\)".*/\1/p' "$conf" | head -n 1)
  expect "a broker" "" env KAFKA_PROCESS_ROLES=broker KAFKA_NODE_ID=101 HEALTH_ADDRESS=127.0.0.1/19092 \
    INTERNAL_PASSWORD="$password" "$repo/configs/kafka/bin/health.sh"
  expect "a controller" "" env KAFKA_PROCESS_ROLES=controller KAFKA_NODE_ID=1 HEALTH_ADDRESS=127.0.0.1/19094 \
    INTERNAL_PASSWORD="$password" "$repo/configs/kafka/bin/health.sh"
  refused "a node that has not joined" "node 9 has not joined" env KAFKA_PROCESS_ROLES=broker KAFKA_NODE_ID=9 \
    HEALTH_ADDRESS=127.0.0.1/19092 INTERNAL_PASSWORD="$password" "$repo/configs/kafka/bin/health.sh"
  refused "a wrong password" "refused the login" env KAFKA_PROCESS_ROLES=broker KAFKA_NODE_ID=101 \
    HEALTH_ADDRESS=127.0.0.1/19092 INTERNAL_PASSWORD=wrong "$repo/configs/kafka/bin/health.sh"
}
