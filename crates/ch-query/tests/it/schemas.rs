//! `ch-query check` on tables that `sr ddl` made: clean as they are, whoever wrote the schema, and of each damage it says
//! what it does.

use kch_test::live::{self, Service, Stack};
use kch_test::{Scene, foreign_file, foreign_schemas};
use serde_json::Value;

/// What a field of every kind becomes when its column is another: the field, the column, what is said of it.
const DAMAGES: &[(&str, &str, &str)] = &[
    ("id", "Int32", "numbers beyond Int32 wrap in silence"),
    ("big", "Float64", "numbers beyond 2^53 are rounded: the column is Float64"),
    (
        "ms",
        "DateTime64(6, 'UTC')",
        "ClickHouse takes the milliseconds of Avro for microseconds: the column is DateTime64(6, 'UTC')",
    ),
    ("at", "DateTime", "ClickHouse takes the milliseconds of Avro for seconds: the column is DateTime"),
    (
        "us",
        "DateTime64(3)",
        "ClickHouse takes the microseconds of Avro for milliseconds: the column is DateTime64(3)",
    ),
    ("day", "DateTime", "ClickHouse takes the days of Avro for seconds: the column is DateTime"),
    ("price", "String", "the column is String, and Decimal(10, 2) would fit"),
    ("cost", "Decimal(12, 2)", "precision and scale must be the same from Avro: (10, 2), not (12, 2)"),
    ("kind", "Enum8('A' = 0, 'B' = 1)", "the column's enum lacks C"),
    ("note", "String", "null becomes the type's default, or is refused: the column is not Nullable"),
    ("ratio", "Float32", "digits are lost: the column is narrower than a double"),
    ("fixed", "FixedString(8)", "the column has 8 bytes and the values 4"),
    ("list", "Array(Int64)", "null becomes the type's default, or is refused: the column is not Nullable"),
    ("pairs", "Map(String, Int16)", "numbers beyond Int16 wrap in silence"),
    ("part", "Tuple(a Int64)", "the tuple has no b"),
    (
        "either",
        "Variant(Bool, Int64, String)",
        "the variant has types that the union lacks, which ClickHouse refuses from Avro",
    ),
    ("made", "Int64 MATERIALIZED 1", "the column is MATERIALIZED"),
    ("gone", "", "there is no such column: the field is passed over in silence"),
];

const SCHEMA: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"id","type":"long"}, {"name":"big","type":"long"},
    {"name":"ms","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"us","type":{"type":"long","logicalType":"timestamp-micros"}},
    {"name":"day","type":{"type":"int","logicalType":"date"}},
    {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
    {"name":"cost","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
    {"name":"kind","type":{"type":"enum","name":"E","symbols":["A","B","C"]}},
    {"name":"note","type":["null","string"]}, {"name":"ratio","type":"double"},
    {"name":"fixed","type":{"type":"fixed","name":"F","size":4}},
    {"name":"list","type":{"type":"array","items":["null","long"]}}, {"name":"pairs","type":{"type":"map","values":"int"}},
    {"name":"part","type":{"type":"record","name":"P","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"}]}},
    {"name":"either","type":["string","long"]}, {"name":"made","type":"long"}, {"name":"gone","type":"string"}]}"#;

/// Registers a schema, and makes the table that `sr ddl` says.
#[track_caller]
fn make(stack: &Stack, scene: &Scene, schema: &str, route: &str) -> Option<(String, String)> {
    let (subject, table) = (stack.unique_subject("schemas"), stack.unique_table("schemas"));
    scene.file("one.avsc", schema);
    scene.tool("sr").args(["register", &subject, "one.avsc"]).run().succeeds();
    let ddl = scene.tool("sr").args(["ddl", &subject, "--table", &table, "--via", route]).run();
    if ddl.code == 1 && ddl.stderr_text().contains("a table needs a record") {
        return None;
    }
    scene.tool("ch-query").stdin(ddl.succeeds().stdout_text()).run().succeeds();
    Some((table, subject))
}

/// What is lost, as `field: why`.
#[track_caller]
fn lost(scene: &Scene, table: &str, subject: &str, route: &str) -> Vec<String> {
    let run = scene.tool("ch-query").args(["check", table, subject, "--route", route]).run();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = run.json_lines();
    let lost: Vec<String> = rows
        .iter()
        .filter(|row| row["verdict"] == "lost")
        .map(|row| format!("{}: {}", text(&row["field"]), text(&row["why"])))
        .collect();
    assert_eq!(run.code, i32::from(!lost.is_empty()), "{run:?}");
    lost
}

#[test]
fn each_damage_of_a_table_is_named_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry]) else { return };
    let scene = stack.scene();
    let (table, subject) = make(&stack, &scene, SCHEMA, "avro").expect("a table");
    assert_eq!(lost(&scene, &table, &subject, "avro"), [""; 0]);
    let damaged = stack.unique_table("damaged");
    let columns: Vec<String> = DAMAGES
        .iter()
        .filter(|(_, column, _)| !column.is_empty())
        .map(|(field, column, _)| format!("{field} {column}"))
        .collect();
    stack.clickhouse(&format!(
        "CREATE TABLE {damaged} ({}) ENGINE = MergeTree ORDER BY tuple() SETTINGS allow_suspicious_variant_types = 1",
        columns.join(", ")
    ));
    let expected: Vec<String> = DAMAGES.iter().map(|(field, _, why)| format!("{field}: {why}")).collect();
    assert_eq!(lost(&scene, &damaged, &subject, "avro"), expected);
}

#[test]
fn schemas_of_others_become_tables_that_are_clean_and_hold_their_records_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry]) else { return };
    let scene = stack.scene();
    let mut count = 0;
    for file in foreign_schemas(&["datagen", "avro"]) {
        let schema = std::fs::read_to_string(&file).expect("a schema");
        let Some((table, subject)) = make(&stack, &scene, &schema, "json") else { continue };
        assert_eq!(lost(&scene, &table, &subject, "json"), [""; 0], "{}", file.display());
        let line = format!("sr sample {subject} -n 20 | ch-query insert {table}");
        scene.shell(&line).run().succeeds().stderr_is("");
        let rows = stack.clickhouse(&format!("SELECT count() FROM {table}"));
        assert_eq!(rows, "20\n", "{}", file.display());
        count += 1;
    }
    assert!(count > 20 || foreign_schemas(&["datagen"]).is_empty(), "{count} schemas");
}

/// The whole way, for a record with an array and a map.
#[test]
fn records_of_a_schema_of_others_go_through_kafka_into_the_table_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry, Service::Kafka]) else { return };
    let Some(file) = foreign_file("datagen/users_array_map_schema.avsc") else { return };
    let (scene, topic, table) = (stack.scene(), stack.unique("test-schemas-"), stack.unique_table("through"));
    let subject = format!("{topic}-value");
    stack.delete_subject_later(&subject);
    scene.shell(&format!("topic-ctl create {topic} --partitions 1")).run().succeeds();
    scene.file("one.avsc", std::fs::read_to_string(file).expect("a schema"));
    scene.tool("sr").args(["register", &subject, "one.avsc"]).run().succeeds();
    for line in [
        format!("sr ddl {subject} --table {table} --via json | ch-query"),
        format!("sr sample {subject} -n 50 > lines && avro-produce -t {topic} < lines"),
        format!("avro-consume -t {topic} --envelope | ch-query insert {table} --envelope"),
    ] {
        scene.shell(&line).run().succeeds();
    }
    scene.shell(&format!("topic-ctl delete {topic}")).run().succeeds();
    assert_eq!(lost(&scene, &table, &subject, "json"), [""; 0]);
    let settings =
        "output_format_json_quote_64bit_integers = 0, output_format_json_map_as_array_of_tuples = 0";
    let rows = stack.clickhouse(&format!("SELECT * FROM {table} SETTINGS {settings} FORMAT JSONEachRow"));
    let parsed = |text: &str| {
        let mut rows: Vec<String> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a row").to_string())
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(parsed(&rows), parsed(&scene.read("lines")));
}

/// What `ch-query` prints, `avro-produce` takes: times with their zone, numbers that JSON has no words for.
#[test]
fn rows_go_back_into_a_topic_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry, Service::Kafka]) else { return };
    let (scene, table, topic) = (stack.scene(), stack.unique_table("back"), stack.unique("test-back-"));
    stack.delete_subject_later(&format!("{topic}-value"));
    stack.clickhouse(&format!(
        "CREATE TABLE {table} (id Int64, at DateTime64(3, 'Europe/Berlin'), x Float64, note Nullable(String)) \
         ENGINE = MergeTree ORDER BY id"
    ));
    stack.clickhouse(&format!(
        "INSERT INTO {table} VALUES (9007199254740993, '2026-04-10 15:36:30.235', nan, NULL), (2, 0, -inf, 'ü')"
    ));
    let schema = r#"{"type":"record","name":"Back","fields":[{"name":"id","type":"long"},
        {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
        {"name":"x","type":"double"},{"name":"note","type":["null","string"]}]}"#;
    scene.file("back.avsc", schema);
    let select = format!("SELECT * FROM {table} ORDER BY id DESC");
    let line = format!(
        "ch-query '{select}' | avro-produce -t {topic} --create-topic=1:3 --schema back.avsc --register"
    );
    scene.shell(&line).run().succeeds();
    scene.tool("avro-consume").args(["-t", &topic]).run().succeeds().stdout_is(
        "{\"id\":9007199254740993,\"at\":\"2026-04-10T13:36:30.235Z\",\"x\":\"NaN\",\"note\":null}\n\
         {\"id\":2,\"at\":\"1970-01-01T00:00:00.000Z\",\"x\":\"-Infinity\",\"note\":\"ü\"}\n",
    );
    scene.shell(&format!("topic-ctl delete {topic}")).run().succeeds();
}
