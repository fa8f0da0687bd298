# shellcheck shell=bash disable=SC2154  # $work is test_sink_connect.sh's
# A new topic on its way to ClickHouse in the README's three lines, schema by schema.

rows_of_schema=${ROWS:-200}

# The README's lines themselves.
test_readme() {
  topic-ctl create orders --replication-factor 3 >/dev/null
  printf '%s\n' '{"id":1,"at":"2026-11-22T10:00:00Z","price":9.5}' '{"id":2,"at":"2026-11-22T10:00:01.5Z","note":"x"}' >"$work/orders.jsonl"
  grep -A 2 '^sr infer --name shop.Order < orders.jsonl' README.md >"$work/three_lines"
  (cd "$work" && bash -o pipefail -eu three_lines >said 2>&1) || die "the README's three lines: $(<"$work/said")"
  avro-produce -t orders <"$work/orders.jsonl" 2>/dev/null
  arrive orders 2
  equal "the README's three lines bring a new topic to ClickHouse" \
    '{"id":1,"at":"2026-11-22T10:00:00.000Z","price":9.5,"note":null} {"id":2,"at":"2026-11-22T10:00:01.500Z","price":null,"note":"x"}' \
    "$(ch-query 'SELECT * FROM orders ORDER BY id' | paste -sd' ')"
  connect-ctl delete clickhouse-orders --yes >/dev/null
}

# What is in the table, sent once more as records of the schema: our codec then says whether values are equal, however
# ClickHouse writes them. Only bytes and times without a zone need a word.
read_back() { # TOPIC TABLE
  local replace
  replace=$(sr ddl "$1-value" --via sink -o json 2>/dev/null | jq -r '"`\(.column)`" as $name |
    if .type | test("String") | not then if .avro | test("local-timestamp") then
      "replaceOne(toString(\($name)), \u0027 \u0027, \u0027T\u0027) AS \($name)" else empty end
    elif .avro | test("(^| )(bytes|fixed)") then "base64Encode(\($name)) AS \($name)" else empty end' | paste -sd,)
  topic-ctl create "$1-back" --replication-factor 3 >/dev/null
  ch-query -s output_format_json_quote_decimals=1 -s output_format_json_quote_denormals=1 \
    "SELECT * ${replace:+REPLACE ($replace)} FROM \`$2\`" |
    avro-produce -t "$1-back" --subject "$1-value" 2>"$work/said" || die "the rows of $2 are no records: $(<"$work/said")"
}
sorted() { avro-consume -t "$1" 2>/dev/null | jq -cS . | sort; }

# try_schema TOPIC SCHEMA [DDL-FLAG...]: one of three ends, and no other: no table, since it is no record; the records do
# not come in, as was said; or they are all there.
try_schema() {
  local topic=$1 table=${1//[^A-Za-z0-9_]/_} name
  name=$(basename "$2" .avsc)
  if ! sr ddl "$2" --via sink --table "$table" >/dev/null 2>"$work/said"; then
    grep -q "needs a record" "$work/said" || die "$name: $(<"$work/said")"
    ok "$name: no table, and sr ddl says why: $(sed 's/.*: //' "$work/said" | head -n 1)"
    return
  fi
  three_lines "$topic" "$2" "${@:3}"
  sr sample "$topic-value" -n "$rows_of_schema" | avro-produce -t "$topic" 2>"$work/said" || die "$name: $(<"$work/said")"
  if grep -q "refused: .*every record is refused" "$work/template"; then
    within 60 "$name: the dead letters" has_dead_letters "clickhouse-$topic" "$rows_of_schema"
    if ch-query check "$table" "$topic-value" --route sink >"$work/said" 2>&1; then die "$name: ch-query check finds nothing"; fi
    ok "$name: no record comes in, as template and check say: $(sed -n 's/.*refused: \([^:]*\): .*/\1/p' "$work/template" | head -n 1)"
    return
  fi
  arrive "$table" "$rows_of_schema" "clickhouse-$topic"
  read_back "$topic" "$table"
  sorted "$topic" >"$work/wanted"
  sorted "$topic-back" >"$work/got"
  diff "$work/wanted" "$work/got" >"$work/difference" ||
    die "$name: the table holds something else" "$(head -n 4 "$work/difference" | cut -c1-1000)"
  ok "$name: $(wc -l <"$work/got") rows, $(sr ddl "$topic-value" -o json 2>/dev/null | wc -l) columns, all as sent"
}

# The tables are made by the README's line for ClickHouse's own reading of Avro too: both are the same for all but unions.
test_folders() {
  local file n=0
  for file in $(for folder in ${SCHEMAS:-configs/schemas}; do ls "$folder"/*.avsc; done); do
    n=$((n + 1))
    try_schema "schema.$n" "$file"
    connect-ctl delete "clickhouse-schema.$n" --if-exists --yes >/dev/null
  done
}

# unfit NAME TYPE SAID CAUSE JSON...: values of a type that the sink does not take. template says so, and it is so.
unfit() {
  local topic=unfit.$1 line
  printf '{"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"v","type":%s}]}' "$2" >"$work/$1.avsc"
  three_lines "$topic" "$work/$1.avsc" --via sink
  says "$work/template" "$3" "$1: template says it: $3"
  for line in "${@:5}"; do printf '{"id":1,"v":%s}\n' "$line"; done | avro-produce -t "$topic" 2>/dev/null
  within 60 "$1: the dead letters" has_dead_letters "clickhouse-$topic" 1
  causes "clickhouse-$topic" >"$work/said"
  says "$work/said" "$4" "$1: and the dead letter too"
  connect-ctl delete "clickhouse-$topic" --yes >/dev/null
}

test_unfit_types() {
  local record='{"type":"record","name":"P","fields":[{"name":"n","type":"int"}]}' refused="a record with null here is refused"
  unfit map '["null",{"type":"map","values":"int"}]' "$refused" 'NullPointerException' null
  unfit record "[\"null\",$record]" "$refused" "write null into not nullable column 'v'" null
  unfit items '{"type":"array","items":"bytes"}' "bytes as a field, not as an item" 'HeapByteBuffer' '["AQ=="]'
  unfit null '"null"' "knows no type null" 'Standalone null schemas' null
  unfit decimal '{"type":"fixed","name":"D","size":8,"logicalType":"decimal","precision":9,"scale":2}' \
    "a decimal in bytes fits both" 'Mismatched names' '"1.50"'
}

# A branch that the sink passes over in silence is the worst of them: nothing fails.
test_silent_loss() {
  printf '%s' '{"type":"record","name":"U","fields":[{"name":"id","type":"long"},
    {"name":"v","type":["string","long",{"type":"array","items":"string"}]}]}' >"$work/union.avsc"
  three_lines union "$work/union.avsc" --via sink
  says "$work/ddl" "v<array of string>: the sink writes NULL" "a branch of a union that the sink loses is told by sr ddl"
  says "$work/template" "v<array of string>: the sink writes NULL" "and by connect-ctl template"
  printf '%s\n' '{"id":1,"v":"a"}' '{"id":2,"v":2}' '{"id":3,"v":["b"]}' | avro-produce -t union 2>/dev/null
  arrive union 3
  equal "and so it is" '"a" 2 null' "$(ch-query 'SELECT v FROM union ORDER BY id' | jq -c .v | paste -sd' ')"
}

part_schemas() {
  test_readme
  try_schema every-type scripts/sink/types.avsc --via sink
  connect-ctl delete clickhouse-every-type --yes >/dev/null
  test_folders
  test_unfit_types
  test_silent_loss
}
