//! `ch-query check`: a table of the real ClickHouse against a schema of the real registry.

use kch_test::live::{self, Service};
use kch_test::wiremock::matchers::{body_string_contains, path_regex};
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{HttpStub, Scene};
use serde_json::{Value, json};

fn schema() -> String {
    let nullable = |kind: &str| json!(["null", kind]);
    let logical = |kind: &str, logical: &str| json!({"type": kind, "logicalType": logical});
    json!({"type": "record", "name": "Order", "fields": [
        {"name": "id", "type": "long"},
        {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
        {"name": "at", "type": logical("long", "timestamp-micros")},
        {"name": "note", "type": nullable("string"), "default": null},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "extra", "type": "string"},
    ]})
    .to_string()
}

#[test]
fn a_table_is_compared_with_a_schema_field_by_field_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry]) else { return };
    let (scene, table, subject) = (stack.scene(), stack.unique_table("check"), stack.unique_subject("check"));
    let body = json!({"schema": schema()}).to_string();
    let (status, said) = stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body));
    assert_eq!(status, 200, "{said}");
    stack.clickhouse(&format!(
        "CREATE TABLE {table} (id Int32, amount Decimal(10, 2), at DateTime64(3, 'UTC'), note String, \
         tags Array(LowCardinality(String)), seen DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY id"
    ));
    let run = scene.tool("ch-query").args(["check", &table, &subject, "--route", "json"]).run();
    run.fails_with(1).stderr_is("");
    let said = |rows: &[Value], verdict: &str| {
        let rows = rows.iter().filter(|row| row["verdict"] == verdict && !row["avro"].is_null());
        rows.map(|row| format!("{}: {}", row["field"].as_str().unwrap(), row["why"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    let rows = run.json_lines();
    assert_eq!(said(&rows, "kept"), ["amount: ", "tags: "]);
    assert_eq!(
        said(&rows, "lost"),
        [
            "id: numbers beyond Int32 are refused",
            "at: 3 of 6 digits of a second are kept",
            "note: null is refused: the column is not Nullable",
            "extra: there is no such column: insert refuses the line",
        ]
    );
    // The cure of what is missing, or too narrow, is a statement that runs. What a table is sorted by stays as it is.
    let cures: Vec<&str> = rows.iter().filter_map(|row| row["cure"].as_str()).collect();
    assert_eq!(cures.len(), 2, "{cures:?}");
    cures.iter().for_each(|cure| _ = scene.tool("ch-query").arg(cure).run().succeeds());
    let again =
        scene.tool("ch-query").args(["check", &table, &subject, "--route", "json"]).run().json_lines();
    assert_eq!(said(&again, "kept"), ["amount: ", "note: ", "tags: ", "extra: "]);
    stack.clickhouse(&format!("ALTER TABLE {table} DROP COLUMN extra, DROP COLUMN note"));
    stack.clickhouse(&format!("ALTER TABLE {table} ADD COLUMN note String AFTER at"));
    let unfilled = rows.iter().find(|row| row["column"] == "seen DateTime").unwrap();
    assert_eq!(unfilled["why"], "no field fills it: it gets its own default");

    // The sink of Connect casts no number, and refuses a batch for what others lose.
    let run = scene.tool("ch-query").args(["check", &table, &subject, "--route", "sink"]).run();
    assert_eq!(
        said(&run.fails_with(1).json_lines(), "lost"),
        [
            "id: every record is refused: the sink writes no Int64 into Int32",
            "at: the sink may write the number as it is: DateTime64(6) is sure to keep the time",
            "note: null is refused, and its batch with it: the column is not Nullable",
            "extra: there is no such column: the field is passed over in silence",
        ]
    );

    // One that fits, and holds what was sent.
    let fitting = stack.unique_table("fitting");
    stack.clickhouse(&format!(
        "CREATE TABLE {fitting} (id Int64, amount Decimal(10, 2), at DateTime64(6, 'UTC'), note Nullable(String), \
         tags Array(String), extra String) ENGINE = MergeTree ORDER BY id"
    ));
    for route in ["json", "sink"] {
        let run = scene.tool("ch-query").args(["check", &fitting, &subject, "--route", route]).run();
        run.succeeds().stderr_is("");
    }
    scene
        .tool("ch-query")
        .args(["check", &fitting, &subject, "-o", "table"])
        .run()
        .succeeds()
        .stdout_has("verdict");
    let line = "{\"id\":9007199254740993,\"amount\":\"12345678.90\",\"at\":\"2026-11-22T10:00:00.123456Z\",\"note\":null,\
                \"tags\":[\"a\"],\"extra\":\"x\"}\n";
    scene.tool("ch-query").args(["insert", &fitting]).stdin(line).run().succeeds();
    let kept = stack.clickhouse(&format!("SELECT * FROM {fitting} FORMAT TSV"));
    assert_eq!(kept, "9007199254740993\t12345678.9\t2026-11-22 10:00:00.123456\t\\N\t['a']\tx\n");
}

/// What ClickHouse does with a record whose schema lacks a column, and what becomes of a null that no column takes.
#[test]
fn what_is_said_of_avro_is_what_clickhouse_does_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry]) else { return };
    let (scene, table, subject) = (stack.scene(), stack.unique_table("avro"), stack.unique_subject("avro"));
    let schema = json!({"type": "record", "name": "R", "fields": [
        {"name": "id", "type": "long"}, {"name": "list", "type": ["null", {"type": "array", "items": "long"}]}
    ]});
    let body = json!({"schema": schema.to_string()}).to_string();
    let (status, said) = stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body));
    assert_eq!(status, 200, "{said}");
    let id = serde_json::from_str::<Value>(&said).unwrap()["id"].as_u64().unwrap();
    // One record: id 1, list null.
    let read = |columns: &str, settings: &str| {
        let sql = format!(
            "SELECT * FROM format('AvroConfluent', '{columns}', unhex('00{id:08x}0200')) \
             SETTINGS format_avro_schema_registry_url = '{}'{settings}",
            stack.setting("SCHEMA_REGISTRY_URL")
        );
        scene.tool("ch-query").arg(sql).run()
    };
    read("id Int64, list Array(Int64)", "").succeeds().stdout_is("{\"id\":1,\"list\":[]}\n");
    let more = "id Int64, list Array(Int64), more String";
    read(more, "").fails_with(1).stderr_has("Field more not found");
    let allowed = ", input_format_avro_allow_missing_fields = 1";
    read(more, allowed).succeeds().stdout_is("{\"id\":1,\"list\":[],\"more\":\"\"}\n");

    let check = |engine: &str| {
        stack.clickhouse(&format!("CREATE OR REPLACE TABLE {table} ({more}) ENGINE = {engine}"));
        let run = scene.tool("ch-query").args(["check", &table, &subject]).run();
        let rows = run.fails_with(1).json_lines();
        let said = |row: &Value| (row["verdict"].clone(), row["why"].as_str().unwrap().to_owned());
        rows.iter().filter(|row| row["verdict"] != "kept").map(said).collect::<Vec<_>>()
    };
    let null = (json!("lost"), "null becomes an empty array".to_owned());
    let merged = check("MergeTree ORDER BY id");
    assert_eq!(merged[0], null);
    assert_eq!(merged[1].0, "note");
    assert!(merged[1].1.contains("an INSERT of AvroConfluent is refused"), "{merged:?}");
    let queue = "Kafka('localhost:1', 'none', 'none', 'AvroConfluent')";
    let refused =
        "no field fills it: every record is refused, unless input_format_avro_allow_missing_fields = 1";
    assert_eq!(check(queue), [null, (json!("lost"), refused.to_owned())]);
}

#[test]
fn a_field_that_no_column_can_hold_is_lost() {
    let stub = HttpStub::start();
    let answer = |body: &str| {
        ResponseTemplate::new(200).insert_header("X-ClickHouse-Query-Id", "q").set_body_string(body)
    };
    let table = answer(r#"{"engine":"MergeTree","engine_full":"MergeTree ORDER BY id"}"#);
    let column = answer(r#"{"name":"id","type":"Int64","default_kind":""}"#);
    stub.mount(Mock::given(body_string_contains("SELECT engine")).respond_with(table));
    stub.mount(Mock::given(body_string_contains("SELECT name, type")).respond_with(column));
    let huge = json!({"name": "huge", "type": {"type": "bytes", "logicalType": "decimal", "precision": 77}});
    for (subject, field) in [("harmless", json!({"name": "nothing", "type": "null"})), ("huge", huge)] {
        let fields = json!([{"name": "id", "type": "long"}, field]);
        let schema = json!({"type": "record", "name": "R", "fields": fields}).to_string();
        let registered = json!({"subject": subject, "version": 1, "id": 1, "schema": schema});
        let found = ResponseTemplate::new(200).set_body_json(registered);
        stub.mount(Mock::given(path_regex(format!("^/subjects/{subject}/versions/"))).respond_with(found));
    }
    let scene = Scene::new().env("CLICKHOUSE_HTTP", stub.url()).env("SCHEMA_REGISTRY_URL", stub.url());
    scene.tool("ch-query").args(["check", "t", "harmless"]).run().succeeds().stderr_is("");
    let run = scene.tool("ch-query").args(["check", "t", "huge"]).run();
    run.fails_with(1).stderr_is("");
    let rows = run.json_lines();
    let huge = rows.iter().find(|row| row["field"] == "huge").unwrap();
    assert_eq!(huge["verdict"], "lost");
    assert_eq!(huge["why"], "ClickHouse has no decimal of more than 76 digits");
}

#[test]
fn a_subject_or_table_that_is_not_there_is_named_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry]) else { return };
    let run = stack.scene().tool("ch-query").args(["check", "t", "no-such-subject-of-anybody"]).run();
    run.fails_with(1).stdout_is("").stderr_has("no-such-subject-of-anybody");
}

#[test]
fn a_schema_may_be_a_file_or_a_version_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry]) else { return };
    let (scene, table, subject) = (stack.scene(), stack.unique_table("file"), stack.unique_subject("file"));
    stack.clickhouse(&format!("CREATE TABLE {table} (id Int64, part Tuple(n Int32)) ENGINE = Memory"));
    let part = r#"{"type":"record","name":"Part","fields":[{"name":"n","type":"int"}]}"#;
    let whole = r#"{"type":"record","name":"Whole","fields":[{"name":"id","type":"long"},{"name":"part","type":"Part"}]}"#;
    scene.file("part.avsc", part);
    scene.file("whole.avsc", whole);
    let check = |args: &[&str]| scene.tool("ch-query").args(["check", &table]).args(args);
    for file in ["whole.avsc", "-"] {
        let run = check(&[file, "--with", "part.avsc"]).stdin(whole).run();
        assert_eq!(run.succeeds().json_lines().len(), 2);
    }
    check(&["whole.avsc"]).run().fails_with(1).stderr_has("whole.avsc: ").stderr_has("unknown type \"Part\"");
    check(&["nowhere.avsc"]).run().fails_with(2).stderr_has("nowhere.avsc: ");
    check(&["whole.avsc", "--schema-version", "1"]).run().fails_with(2).stderr_has("--schema-version");
    for fields in [
        r#"{"name":"id","type":"long"}"#,
        r#"{"name":"id","type":"long"},{"name":"x","type":["null","int"],"default":null}"#,
    ] {
        let body =
            json!({"schema": format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)}).to_string();
        let (status, said) = stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body));
        assert_eq!(status, 200, "{said}");
    }
    let first = check(&[&format!("{subject}@1")]).run().json_lines();
    let latest = check(&[&subject]).run().json_lines();
    let has_x = |rows: &[Value]| rows.iter().any(|row| row["field"] == "x");
    assert_eq!((has_x(&first), has_x(&latest)), (false, true));
}
