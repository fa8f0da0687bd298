//! The verbs that look at schemas look at those of the registry too, with what they refer to.

use kch_avro::{Encoder, JsonMode, Plan};
use kch_test::live::{self, Service};
use serde_json::Value;

use crate::Pair;

const MONEY: &str = r#"{"type":"record","name":"ex.Money","fields":[{"name":"cents","type":"long"}]}"#;
const ORDER: &str = r#"{"type":"record","name":"ex.Order","fields":[{"name":"id","type":"long"},{"name":"total","type":"ex.Money"},
    {"name":"note","type":["null","string"]}]}"#;

#[test]
fn a_subject_with_references_is_looked_at_from_all_sides_live() {
    let Some(stack) = live::need(&[Service::Registry, Service::ClickHouse]) else { return };
    let scene = stack.scene();
    let Pair { order, money, id } = Pair::register(&stack, &scene, MONEY, ORDER);
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();

    let line = sr(&["sample", &order, "-n", "1"]).succeeds().stdout_text();
    let sample: Value = serde_json::from_str(&line).unwrap();
    assert!(sample["total"]["cents"].is_i64(), "{line}");

    let plan = Plan::compile_with_references(ORDER, &[MONEY.to_owned()]).unwrap();
    let mut frame = Vec::new();
    kch_avro::frame::write(id, &mut frame);
    Encoder::new(&plan, JsonMode::Plain).encode(line.trim().as_bytes(), &mut frame).unwrap();
    let decoded = scene.tool("sr").arg("decode").stdin(frame).run();
    decoded
        .succeeds()
        .stdout_is(format!("{{\"magic\":0,\"id\":{id},\"name\":\"ex.Order\",\"value\":{}}}\n", line.trim()));

    let table = stack.unique_table("sr_look");
    let ddl = sr(&["ddl", &format!("{order}@1"), "--table", &table]).succeeds().stdout_text();
    stack.clickhouse(ddl.trim_end().trim_end_matches(';'));
    let types = stack.clickhouse(&format!(
        "SELECT name, type FROM system.columns WHERE table = '{table}' ORDER BY position"
    ));
    assert_eq!(types, "id\tInt64\ntotal\tTuple(cents Int64)\nnote\tNullable(String)\n");

    sr(&["lint", &order]).succeeds().stdout_has("nullable-without-default").stderr_is("sr: 1 warning\n");
    let described = sr(&["jsonschema", &order, "-o", "json"]).succeeds().json_lines();
    assert!(described[0]["$defs"]["ex.Money"].is_object());
    sr(&["diff", &order, "order.avsc", "--with", "money.avsc"]).succeeds().stdout_is("");
    scene.file("v2.avsc", ORDER.replace("\"id\",\"type\":\"long\"", "\"id\",\"type\":\"int\""));
    sr(&["check", &order, "v2.avsc", "--reference", &format!("ex.Money={money}:1")])
        .fails_with(1)
        .stderr_has("field \"id\" was long and is now int");
    sr(&["check", "--old", &order, "--new", "v2.avsc", "--with", "money.avsc", "--level", "FORWARD"])
        .succeeds();
    sr(&["ddl", &format!("{order}@9")]).fails_with(1).stderr_has("has no version 9");
}
