//! The table that `sr ddl` prints takes the records of its schema, and has them afterwards: read from Avro by ClickHouse
//! itself, and as JSON lines.

use kch_avro::{Encoder, JsonMode, Plan};
use kch_test::live::{self, Service, Stack};
use kch_test::{Scene, foreign_schemas};
use serde_json::{Value, json};

const EVERYTHING: &str = r#"{"type":"record","name":"Every","namespace":"test","fields":[
    {"name":"id","type":"long","doc":"the 'key'"},
    {"name":"b","type":"boolean","default":true}, {"name":"i","type":"int","default":7}, {"name":"f","type":"float"},
    {"name":"d","type":["null","double"],"default":null}, {"name":"s","type":"string","default":"it's"}, {"name":"y","type":"bytes"},
    {"name":"x","type":{"type":"fixed","name":"X","size":4}}, {"name":"xn","type":["null","X"]},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
    {"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
    {"name":"dec_null","type":["null",{"type":"bytes","logicalType":"decimal","precision":60,"scale":3}]},
    {"name":"df","type":{"type":"fixed","name":"DF","size":5,"logicalType":"decimal","precision":10,"scale":1}},
    {"name":"huge","type":{"type":"bytes","logicalType":"decimal","precision":80}},
    {"name":"u","type":{"type":"string","logicalType":"uuid"}},
    {"name":"uf","type":{"type":"fixed","name":"UF","size":16,"logicalType":"uuid"}},
    {"name":"day","type":{"type":"int","logicalType":"date"}},
    {"name":"t","type":{"type":"int","logicalType":"time-millis"}}, {"name":"tu","type":{"type":"long","logicalType":"time-micros"}},
    {"name":"ms","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"us","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
    {"name":"ns","type":{"type":"long","logicalType":"timestamp-nanos"}},
    {"name":"lt","type":{"type":"long","logicalType":"local-timestamp-millis"}},
    {"name":"du","type":{"type":"fixed","name":"DU","size":12,"logicalType":"duration"}},
    {"name":"a","type":{"type":"array","items":["null","long"]}}, {"name":"an","type":["null",{"type":"array","items":"string"}]},
    {"name":"m","type":{"type":"map","values":{"type":"array","items":"string"}}}, {"name":"mn","type":["null",{"type":"map","values":["null","int"]}]},
    {"name":"r","type":{"type":"record","name":"In","fields":[{"name":"n","type":["null","int"]},{"name":"order","type":"string"}]}},
    {"name":"rn","type":["null","In"]}, {"name":"ra","type":{"type":"array","items":"In"}},
    {"name":"v","type":["null","string","long"]}, {"name":"v2","type":["int","long"]}, {"name":"v3","type":["string","bytes"]},
    {"name":"v4","type":["string",{"type":"record","name":"W","fields":[{"name":"e","type":"E"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}]},
    {"name":"v5","type":["boolean",{"type":"long","logicalType":"local-timestamp-micros"},{"type":"array","items":"bytes"}]},
    {"name":"nothing","type":"null"},
    {"name":"tree","type":{"type":"record","name":"Tree","fields":[{"name":"v","type":"int"},{"name":"of","type":{"type":"array","items":"Tree"}}]}},
    {"name":"index","type":"string"}, {"name":"primary","type":"int"}]}"#;

const ROWS: usize = 40;

/// Creates both tables for a schema, fills them with samples, and gives their rows: from Avro, and from JSON lines.
#[track_caller]
fn fill(stack: &Stack, scene: &Scene, name: &str, schema: &str) -> (Vec<Value>, Vec<Value>) {
    scene.file("one.avsc", schema);
    let sample = scene.tool("sr").args(["sample", "one.avsc", "-n", &ROWS.to_string()]).run();
    let lines = sample.succeeds().stdout_text();
    (fill_from_avro(stack, scene, name, schema, &lines), fill_from_json(stack, scene, name, &lines))
}

#[track_caller]
fn create(stack: &Stack, scene: &Scene, name: &str, via: &str) -> (String, Vec<String>) {
    let table = stack.unique_table(name);
    let ddl = |more: &[&str]| {
        scene.tool("sr").args(["ddl", "one.avsc", "--table", &table, "--via", via]).args(more).run()
    };
    stack.clickhouse(ddl(&[]).succeeds().stdout_text().trim_end().trim_end_matches(';'));
    let columns = ddl(&["-o", "json"]).succeeds().json_lines();
    let columns = columns.iter().map(|column| {
        format!("`{}` {}", column["column"].as_str().unwrap(), column["type"].as_str().unwrap())
    });
    (table, columns.collect())
}

#[track_caller]
fn fill_from_avro(stack: &Stack, scene: &Scene, name: &str, schema: &str, lines: &str) -> Vec<Value> {
    let subject = stack.unique_subject("sr-fits");
    let registered = scene.tool("sr").args(["register", &subject, "one.avsc"]).run().succeeds().json_lines();
    let id = u32::try_from(registered[0]["id"].as_u64().unwrap()).unwrap();
    let plan = Plan::compile(schema).unwrap();
    let mut hex = String::new();
    for line in lines.lines() {
        let mut message = Vec::new();
        kch_avro::frame::write(id, &mut message);
        Encoder::new(&plan, JsonMode::Plain).encode(line.as_bytes(), &mut message).unwrap();
        hex.extend(message.iter().map(|byte| format!("{byte:02x}")));
    }
    let (table, columns) = create(stack, scene, name, "avro");
    let structure = columns.join(", ").replace('\\', "\\\\").replace('\'', "\\'");
    stack.clickhouse(&format!(
        "INSERT INTO {table} SELECT * FROM format('AvroConfluent', '{structure}', unhex('{hex}')) \
         SETTINGS format_avro_schema_registry_url = '{}', allow_suspicious_variant_types = 1, max_query_size = 10000000",
        stack.setting("SCHEMA_REGISTRY_URL")
    ));
    rows(stack, &table)
}

#[track_caller]
fn fill_from_json(stack: &Stack, scene: &Scene, name: &str, lines: &str) -> Vec<Value> {
    let (table, _) = create(stack, scene, name, "json");
    stack.clickhouse(&format!(
        "INSERT INTO {table} SETTINGS input_format_skip_unknown_fields = 0 FORMAT JSONEachRow {lines}"
    ));
    rows(stack, &table)
}

fn rows(stack: &Stack, table: &str) -> Vec<Value> {
    let settings = "output_format_json_quote_64bit_integers = 0, output_format_json_quote_decimals = 1";
    let text = stack.clickhouse(&format!("SELECT * FROM {table} SETTINGS {settings} FORMAT JSONEachRow"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_table_for_every_type_holds_the_records_by_both_ways_live() {
    let Some(stack) = live::need(&[Service::Registry, Service::ClickHouse]) else { return };
    let scene = stack.scene();
    let (mut from_avro, mut from_json) = fill(&stack, &scene, "sr_every", EVERYTHING);
    assert_eq!((from_avro.len(), from_json.len()), (ROWS, ROWS));
    let by_id = |row: &Value| row["id"].as_i64();
    from_avro.sort_by_key(by_id);
    from_json.sort_by_key(by_id);
    // What both tables keep in the same form is the same.
    let same = [
        "id", "b", "i", "f", "d", "s", "e", "dec", "dec_null", "df", "u", "day", "ms", "us", "ns", "lt", "a",
        "an", "m", "mn", "r", "rn", "ra", "index", "primary",
    ];
    for (avro, json) in from_avro.iter().zip(&from_json) {
        for column in same {
            assert_eq!(avro[column], json[column], "{column}\n{avro}\n{json}");
        }
    }
    for absent in ["nothing", "tree", "v3", "huge"] {
        assert!(from_avro[0].get(absent).is_none() && from_json[0].get(absent).is_some(), "{absent}");
    }
    let tree: Value = serde_json::from_str(from_json[0]["tree"].as_str().unwrap()).unwrap();
    assert!(tree["v"].is_i64());
}

#[test]
fn a_draft_from_lines_becomes_a_table_that_has_them_live() {
    let Some(stack) = live::need(&[Service::Registry, Service::ClickHouse]) else { return };
    let scene = stack.scene();
    let lines = concat!(
        r#"{"id":1,"at":"2026-11-22T10:00:00.123456Z","user-id":"11223344-5566-7788-99aa-bbccddeeff00","price":1.5,"big":18446744073709551615,"#,
        r#""tags":["a"],"at_day":"2026-11-22","ship":{"city":"Z\u00fcrich","zip":null},"hits":{"2026-11-22":3}}"#,
        "\n",
        r#"{"id":2,"at":"2026-11-22T11:00:00+01:00","user-id":"11223344-5566-7788-99aa-bbccddeeff01","price":2,"big":3,"#,
        r#""tags":[],"at_day":"2026-11-23","ship":{"city":"Bern","zip":3000},"hits":{},"note":"x"}"#,
    );
    let draft =
        scene.tool("sr").args(["infer", "--name", "shop.Order"]).stdin(lines).run().succeeds().stdout_text();
    scene.file("one.avsc", &draft);
    let rows = fill_from_avro(&stack, &scene, "sr_draft", &draft, lines);
    let expected = json!({"id": 1, "at": "2026-11-22 10:00:00.123456", "user_id": "11223344-5566-7788-99aa-bbccddeeff00",
        "price": 1.5, "big": "18446744073709551615", "tags": ["a"], "at_day": "2026-11-22",
        "ship": {"city": "Zürich", "zip": null}, "hits": {"2026-11-22": 3}, "note": null});
    assert_eq!(rows[0], expected);
    assert_eq!((&rows[1]["at"], &rows[1]["note"]), (&json!("2026-11-22 10:00:00.000000"), &json!("x")));
}

#[test]
fn a_table_that_knows_blocks_again_takes_none_twice_live() {
    let Some(stack) = live::need(&[Service::ClickHouse]) else { return };
    let scene = stack.scene();
    scene.file("one.avsc", crate::V1);
    let count = |flags: &[&str]| {
        let table = stack.unique_table("sr_dedup");
        let ddl =
            scene.tool("sr").args(["ddl", "one.avsc", "--via", "json", "--table", &table]).args(flags).run();
        stack.clickhouse(ddl.succeeds().stdout_text().trim_end().trim_end_matches(';'));
        for _ in 0..2 {
            stack.clickhouse(&format!("INSERT INTO {table} VALUES (1)"));
        }
        stack.clickhouse(&format!("SELECT count() FROM {table}")).trim().to_owned()
    };
    assert_eq!(count(&["--deduplicate"]), "1");
    assert_eq!(count(&[]), "2");
}

#[test]
fn real_schemas_become_tables_that_hold_their_records_live() {
    let Some(stack) = live::need(&[Service::Registry, Service::ClickHouse]) else { return };
    let scene = stack.scene();
    for file in foreign_schemas(&["datagen"]) {
        let schema = std::fs::read_to_string(&file).unwrap();
        let (from_avro, from_json) = fill(&stack, &scene, "sr_real", &schema);
        assert_eq!((from_avro.len(), from_json.len()), (ROWS, ROWS), "{}", file.display());
    }
}
