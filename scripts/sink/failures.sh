# shellcheck shell=bash disable=SC2154  # $work is test_sink_connect.sh's
# Connectors that fail, what connect-ctl says of it, and how it is mended.

schema_v1='{"type":"record","name":"Reading","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"}]}'
schema_v2='{"type":"record","name":"Reading","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},
  {"name":"note","type":["null","string"],"default":null}]}'

readings() { # TOPIC FROM TO
  seq "$2" "$3" | jq -c '{id: ., name: "n\(.)"}' | avro-produce -t "$1" 2>/dev/null
}
counts() { ch-query -o raw "SELECT count(), uniqExact(id) FROM $1" | tr '\t' ' '; }
# apply_strict TOPIC NAME [--set KEY=VALUE...]: a connector that stops at the first failure; $work/said has what was said.
# Each has a name of its own: one with a name that was there before goes on where that was.
apply_strict() {
  connect-ctl template --subject "$1-value" --name "$2" --set errors.tolerance=none "${@:3}" >"$work/$2.json" 2>/dev/null
  connect-ctl apply -f "$work/$2.json" --wait 60s >/dev/null 2>"$work/said"
}
# fails_with TOPIC NAME CAUSE [--set KEY=VALUE...]: apply ends with 1 and the cause, or runs and fails at its first record.
fails_with() {
  local code=0
  apply_strict "$1" "$2" "${@:4}" || code=$?
  if [ "$code" = 0 ]; then
    within 60 "$2 is FAILED" is_failed "$2"
    connect-ctl apply -f "$work/$2.json" --wait 60s >/dev/null 2>"$work/said" || code=$?
  fi
  [ "$code" = 1 ] || die "apply --wait of $2 ends with $code"
  says "$work/said" "$3" "apply --wait tells the cause: $3"
  if grep -q "Tolerance exceeded" "$work/said"; then die "and not the wrapper around it"; fi
  connect-ctl status "$2" >"$work/said" 2>/dev/null && die "status of $2 ends with 0"
  says "$work/said" "$3" "and so does status"
}
is_failed() { [[ "$(state_of "$1")" == *FAILED* ]]; }

test_missing_table() {
  topic-ctl create readings --replication-factor 3 -p 3 >/dev/null
  sr register readings-value - <<<"$schema_v1" >/dev/null
  readings readings 1 10
  # In a database without any table the sink does not even begin.
  ch-query 'CREATE TABLE IF NOT EXISTS other (id Int64) ENGINE = MergeTree ORDER BY id'
  connect-ctl template --subject readings-value 2>"$work/said" >"$work/readings.json"
  says "$work/said" "ClickHouse has no table readings yet" "template warns of a table that is not there"
  # shellcheck disable=SC2016
  fails_with readings no-table 'Table `default`.`readings` does not exist'
  sr ddl readings-value --via sink 2>/dev/null | ch-query
  connect-ctl restart no-table --failed --wait 60s >/dev/null
  arrive readings 10 no-table
  equal "restart --failed, once the table is there, brings all of them" "10 10" "$(counts readings)"
  connect-ctl delete no-table --yes >/dev/null
  ch-query 'TRUNCATE TABLE readings'
}

test_wrong_password() {
  CLICKHOUSE_WRITER_PASSWORD=wrong fails_with readings no-login "it does not answer, refuses the user or the password"
  equal "apply with the right one is the cure" updated "$(connect-ctl apply -f "$work/no-login.json" --wait 60s | jq -r .result)"
  connect-ctl delete no-login --yes >/dev/null
  ch-query 'TRUNCATE TABLE readings'
}

test_wrong_converter() {
  fails_with readings no-json "the record is not the JSON that its converter expects" \
    --set value.converter=org.apache.kafka.connect.json.JsonConverter
  connect-ctl delete no-json --yes >/dev/null
}

# The table and the schema disagree: check knows before, and the cause afterwards.
test_wrong_columns() {
  ch-query 'CREATE OR REPLACE TABLE readings (id Int32, name String) ENGINE = MergeTree ORDER BY id'
  check_says "the sink writes no Int64 into Int32"
  # shellcheck disable=SC2016
  fails_with readings no-cast 'Failed to write column `id`'
  connect-ctl delete no-cast --yes >/dev/null
  ch-query 'CREATE OR REPLACE TABLE readings (id Int64, name String, must Int64) ENGINE = MergeTree ORDER BY id'
  check_says "no field fills it: the sink refuses every record"
  fails_with readings no-field "Data schema validation failed"
  ch-query 'ALTER TABLE readings DROP COLUMN must'
  connect-ctl restart no-field --failed --wait 60s >/dev/null
  arrive readings 10 no-field
  ok "without the column they come in"
  connect-ctl delete no-field --yes >/dev/null
  ch-query 'TRUNCATE TABLE readings'
}
check_says() {
  if ch-query check readings readings-value --route sink >"$work/said" 2>&1; then die "ch-query check finds nothing"; fi
  says "$work/said" "$1" "ch-query check says it beforehand: $1"
}

test_apply() {
  connect-ctl template --subject readings-value >"$work/readings.json"
  jq '.config.pasword = .config.password' "$work/readings.json" >"$work/slip.json"
  if connect-ctl validate "$work/slip.json" >"$work/said" 2>&1; then die "validate finds no slip"; fi
  says "$work/said" "did you mean password?" "validate has the nearest name for a slip"
  equal "apply creates" created "$(connect-ctl apply -f "$work/readings.json" --wait 60s | jq -r .result)"
  equal "apply again changes nothing" "unchanged []" \
    "$(connect-ctl apply -f "$work/readings.json" --wait 60s | jq -r '"\(.result) \(.changes)"')"
  arrive readings 10
  equal "apply tells what it changes" '[{"setting":"tasks.max","from":"1","to":"3"}]' \
    "$(jq '.config."tasks.max" = "3"' "$work/readings.json" | connect-ctl apply --wait 60s | jq -c .changes)"
  equal "and waits for all three tasks" "RUNNING RUNNING RUNNING RUNNING" "$(state_of clickhouse-readings)"
  readings readings 11 1000
  arrive readings 1000
  equal "each row once" "1000 1000" "$(counts readings)"
  within 90 "lag 0" no_lag
  ok "lag goes to 0"
}
no_lag() { [ "$(connect-ctl lag clickhouse-readings | jq -s 'map(.lag) | add')" = 0 ]; }

test_states() {
  local verb
  for verb in pause stop; do
    connect-ctl "$verb" clickhouse-readings --wait 60s >/dev/null
    readings readings 1001 1010
    connect-ctl status clickhouse-readings >"$work/said" 2>/dev/null || true
    equal "nothing comes in after $verb" 1000 "$(ch-query -o raw 'SELECT count() FROM readings')"
    connect-ctl resume clickhouse-readings --wait 60s >/dev/null
    arrive readings 1010
    ok "and all of it after resume"
    ch-query 'ALTER TABLE readings DELETE WHERE id > 1000 SETTINGS mutations_sync = 2'
  done
}

# At least once: reading again is writing again.
test_offsets() {
  connect-ctl offsets set clickhouse-readings --to start >/dev/null
  arrive readings 2020
  equal "offsets set --to start reads all of it again: the delivery is at least once" "2020 1010" "$(counts readings)"
}

test_evolution() {
  sr register readings-value - <<<"$schema_v2" >/dev/null
  jq -nc '{id: 2001, name: "new", note: "seen"}' | avro-produce -t readings 2>/dev/null
  arrive readings 2021
  check_says "the field is passed over in silence"
  ch-query 'ALTER TABLE readings ADD COLUMN note Nullable(String)'
  jq -nc '{id: 2002, name: "new", note: "seen"}' | avro-produce -t readings 2>/dev/null
  arrive readings 2022
  equal "a new field is in the table once that has its column, without a restart" 'null "seen"' \
    "$(ch-query 'SELECT note FROM readings WHERE id > 2000 ORDER BY id' | jq -c .note | paste -sd' ')"
  equal "and the connector ran all the time" "RUNNING RUNNING RUNNING RUNNING" "$(state_of clickhouse-readings)"
}

# Dead letters of a table that was away, mended with jq and sent back.
test_dead_letters() {
  ch-query 'DROP TABLE readings SYNC'
  connect-ctl restart clickhouse-readings --wait 60s >/dev/null
  readings readings 3001 3003
  within 60 "the dead letters" has_dead_letters clickhouse-readings 3
  # shellcheck disable=SC2016
  equal "RUNNING says nothing of them; dlq has the cause" 'RuntimeException: Table `default`.`readings` does not exist' \
    "$(causes clickhouse-readings)"
  sr ddl readings-value --via sink 2>/dev/null | ch-query
  connect-ctl dlq clickhouse-readings | jq -c '.value.note = "mended"' | avro-produce --envelope 2>/dev/null
  arrive readings 3
  equal "mended with jq and sent back, they are in the table" "3 mended" \
    "$(ch-query -o raw 'SELECT count(), any(note) FROM readings' | tr '\t' ' ')"
}

part_failures() {
  test_missing_table
  test_wrong_password
  test_wrong_converter
  test_wrong_columns
  test_apply
  test_states
  test_offsets
  test_evolution
  test_dead_letters
}
