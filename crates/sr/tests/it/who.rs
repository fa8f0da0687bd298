//! `sr who`: who has a field, a type, a word.

use kch_test::live::{self, Service};
use kch_test::{Outcome, Scene};
use serde_json::json;

use crate::confluent::Confluent;
use crate::{Pair, V1};

const MONEY: &str = r#"{"type":"record","name":"ex.Money","doc":"An amount","fields":[
    {"name":"cents","type":"long","doc":"Hundredths of a Euro"}]}"#;
const ORDER: &str = r#"{"type":"record","name":"ex.Order","fields":[
    {"name":"id","type":"long","aliases":["orderNumber"]},
    {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
        {"name":"price","type":["null","ex.Money"]},
        {"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","SHUT"]}}]}}}]}"#;

fn found(outcome: &Outcome) -> Vec<String> {
    let word = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
    let rows = outcome.succeeds().json_lines();
    rows.iter()
        .map(|row| format!("{} {} {}", word(row, "subject"), word(row, "path"), word(row, "type")))
        .collect()
}

#[test]
fn fields_are_found_by_name_type_and_documentation() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("money-value", MONEY, &json!([]));
    registry.put(
        "order-value",
        ORDER,
        &json!([{"name": "ex.Money", "subject": "money-value", "version": 1}]),
    );
    registry.put("plain-value", V1, &json!([]));
    let who = |args: &[&str]| {
        scene.tool("sr").arg("who").args(args).env("SCHEMA_REGISTRY_URL", registry.stub.url()).run()
    };
    assert_eq!(found(&who(&["ordernumber"])), ["order-value id long"]);
    assert_eq!(found(&who(&["ID", "--exact"])), ["order-value id long", "plain-value id long"]);
    assert_eq!(found(&who(&["i?"])), ["order-value id long", "plain-value id long"]);
    assert_eq!(found(&who(&["i?", "--prefix", "plain"])), ["plain-value id long"]);
    assert_eq!(
        found(&who(&["hundredths"])),
        ["money-value cents long", "order-value lines[].price.cents long"]
    );
    assert_eq!(found(&who(&["shut"])), ["order-value lines[].state enum ex.State (OPEN, SHUT)"]);
    assert_eq!(
        found(&who(&["ex.money", "-x"])),
        ["money-value  record ex.Money", "order-value lines[].price null or record ex.Money"]
    );
    assert_eq!(
        found(&who(&["amount", "--in", "doc", "--prefix", "money"])),
        ["money-value  record ex.Money"]
    );
    who(&["amount", "--in", "name", "--in", "type"])
        .fails_with(1)
        .stdout_is("")
        .stderr_is("sr: nothing in the latest schemas of 3 subjects has \"amount\"\n");
}

#[test]
fn what_cannot_be_looked_into_is_named_and_the_rest_is_found() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("plain-value", V1, &json!([]));
    registry.put_as_sent("proto-value", &json!({"schema": "message M {}", "schemaType": "PROTOBUF"}));
    registry.put("broken-value", &ORDER.replace("ex.Order", "ex.Broken"), &json!([]));
    let outcome =
        scene.tool("sr").args(["who", "id", "-x"]).env("SCHEMA_REGISTRY_URL", registry.stub.url()).run();
    assert_eq!(found(&outcome), ["plain-value id long"]);
    outcome.stderr_has("sr: proto-value is not looked into: its language is PROTOBUF, not Avro\n");
    outcome.stderr_has("sr: broken-value is not looked into: not an Avro schema: ");
}

#[test]
fn a_registry_that_is_away_is_no_empty_answer() {
    let address = kch_test::RawServer::nobody();
    let scene = Scene::new().env("SCHEMA_REGISTRY_URL", format!("http://{address}"));
    scene.tool("sr").args(["who", "id"]).run().fails_with(3).stdout_is("");
}

#[test]
fn a_field_is_found_with_its_subject_and_version_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let scene = stack.scene();
    let Pair { order, money, .. } = Pair::register(&stack, &scene, MONEY, ORDER);
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    let rows = sr(&["who", "cents", "--prefix", &order]).succeeds().json_lines();
    assert_eq!(
        rows,
        [json!({"subject": order, "version": 1, "path": "lines[].price.cents", "type": "long",
            "doc": "Hundredths of a Euro"})]
    );
    let (status, _) = stack.registry("GET", &format!("/subjects/{order}/versions/1"), None);
    assert_eq!(status, 200);
    // Other tests' subjects come and go meanwhile.
    sr(&["who", "hundredths", "-q", "subject"]).succeeds().stdout_has(&order).stdout_has(&money);
}
