//! Who refers to what, and references that are found by themselves.

use kch_test::live::{self, Service, Stack};
use kch_test::{Outcome, Scene};

use crate::confluent::Confluent;
use crate::sr;

const MONEY: &str =
    r#"{"type":"record","name":"Money","namespace":"ex","fields":[{"name":"cents","type":"long"}]}"#;
const LINE: &str =
    r#"{"type":"record","name":"Line","namespace":"ex","fields":[{"name":"price","type":"Money"}]}"#;
const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"ex",
    "fields":[{"name":"lines","type":{"type":"array","items":"Line"}},{"name":"paid","type":["null","Money"]}]}"#;

/// Files that are named after subjects of this test alone.
struct Shop {
    scene: Scene,
    money: String,
    line: String,
    order: String,
}

impl Shop {
    fn new(stack: &Stack) -> Shop {
        let scene = stack.scene();
        // Deleted in this order at the end: users first.
        let order = stack.unique_subject("sr-auto-order");
        let line = stack.unique_subject("sr-auto-line");
        let money = stack.unique_subject("sr-auto-money");
        scene.file(format!("schemas/{money}.v1.avsc"), MONEY);
        scene.file(format!("schemas/{line}.avsc"), LINE);
        scene.file("schemas/order.avsc", ORDER);
        Shop { scene, money, line, order }
    }

    fn sr(&self, args: &[&str]) -> Outcome {
        self.scene.tool("sr").args(args).run()
    }
}

#[test]
fn references_are_found_beside_the_file_and_registered_first_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let shop = Shop::new(&stack);
    let Shop { money, line, order, .. } = &shop;
    let register = ["register", order, "schemas/order.avsc", "--references", "auto"];
    shop.sr(&["lookup", order, "schemas/order.avsc", "--references", "auto"])
        .fails_with(1)
        .stderr_has("is needed and not registered under");

    let planned = shop.sr(&[&register[..], &["--dry-run"]].concat());
    let subjects: Vec<String> = planned
        .succeeds()
        .json_lines()
        .iter()
        .map(|row| row["subject"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(subjects, [money.as_str(), line, order]);
    assert_eq!(stack.registry("GET", &format!("/subjects/{money}/versions"), None).0, 404, "a dry run");

    let rows = shop.sr(&register).succeeds().json_lines();
    assert!(rows.iter().all(|row| row["created"] == true && row["version"] == 1), "{rows:?}");
    let (_, text) = stack.registry("GET", &format!("/subjects/{order}/versions/1"), None);
    assert!(text.contains(money) && text.contains(line), "{text}");
    let again = shop.sr(&register).succeeds().json_lines();
    assert_eq!((again.len(), &again[0]["created"]), (1, &false.into()));
    shop.sr(&["lookup", order, "schemas/order.avsc", "--references", "auto"]).succeeds();

    let users = shop.sr(&["refs", money]).succeeds().json_lines();
    let users: Vec<&str> = users.iter().map(|row| row["subject"].as_str().unwrap()).collect();
    assert_eq!(users, [line.as_str(), order]);
    let needs = shop.sr(&["refs", order, "--needs"]).succeeds().json_lines();
    let needs: Vec<&str> = needs.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(needs, ["ex.Money", "ex.Line"]);

    let id = rows[0]["id"].to_string();
    let found = shop.sr(&["id", &id]).succeeds().json_lines();
    assert!(found.iter().any(|row| row["subject"] == money.as_str() && row["version"] == 1), "{found:?}");

    let refusal = format!("sr: subject {money} is referenced by {line} version 1, {order} version 1\n");
    shop.sr(&["delete", money, "--dry-run"]).fails_with(1).stderr_has(&refusal);
    shop.sr(&["delete", money]).fails_with(1).stderr_has(&refusal);
    assert_eq!(stack.registry("GET", &format!("/subjects/{money}/versions"), None).0, 200);
}

#[test]
fn what_was_registered_before_a_failure_is_printed_and_nothing_is_for_a_schema_that_is_none() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    let scene = scene.env("SCHEMA_REGISTRY_URL", registry.stub.url());
    scene.file("shop/money.avsc", MONEY);
    scene.file("shop/line.avsc", LINE);
    scene.file("shop/order.avsc", ORDER.replace("paid", "lines"));
    let register = || sr(&scene, &["register", "order", "shop/order.avsc", "--references", "auto"]);
    register().fails_with(1).stdout_is("").stderr_has("order.avsc: not an Avro schema");
    assert!(registry.versions().is_empty());

    scene.file("shop/order.avsc", ORDER);
    registry.trouble_after(1, None);
    let money = "{\"subject\":\"money\",\"version\":1,\"id\":1,\"created\":true}\n";
    register().fails_with(1).stdout_is(money).stderr_has("no valid schema");
    registry.trouble_after(1, None);
    register().fails_with(1).stdout_is(money.replace("money", "line").replace("\"id\":1", "\"id\":2"));
    registry.no_trouble();
    register().succeeds().stdout_is(money.replace("money", "order").replace("\"id\":1", "\"id\":3"));
}

#[test]
fn a_name_that_no_file_defines_is_said_and_a_circle_is_seen() {
    let (_registry, scene) = crate::scene();
    scene.file("lone/order.avsc", ORDER);
    let register = |file: &str| sr(&scene, &["register", "s", file, "--references", "auto"]);
    register("lone/order.avsc").fails_with(1).stderr_is(
        "sr: no schema file in lone defines ex.Line\nhint: say where it is: --reference ex.Line=SUBJECT:VERSION\n",
    );
    let record = |name: &str, other: &str| {
        format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"f","type":"{other}"}}]}}"#)
    };
    scene.file("round/a.avsc", record("A", "B"));
    scene.file("round/b.avsc", record("B", "C"));
    scene.file("round/c.avsc", record("C", "B"));
    register("round/a.avsc").fails_with(1).stderr_has("refers to itself over others");
    let piped = scene.tool("sr").args(["register", "s", "-", "--references", "auto"]).stdin(ORDER).run();
    piped.fails_with(2).stderr_has("stdin has no folder");
}
