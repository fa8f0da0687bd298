//! A folder that is applied: to a registry modelled on Confluent's, and to the live one, which is asked afterwards.

use kch_test::live::{self, Service};
use kch_test::{Outcome, Scene};
use serde_json::{Value, json};

use crate::confluent::Confluent;
use crate::{V1, V2};

const MONEY: &str = r#"{"type":"record","name":"ex.Money","fields":[{"name":"cents","type":"long"}]}"#;
const ORDER: &str = r#"{"type":"record","name":"ex.Order","fields":[{"name":"m","type":"ex.Money"}]}"#;

fn sr(scene: &Scene, at: &Confluent, args: &[&str]) -> Outcome {
    scene.tool("sr").args(args).env("SCHEMA_REGISTRY_URL", at.stub.url()).run()
}

fn actions(rows: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let action =
        |row: &Value| format!("{} {} {}", text(&row["action"]), text(&row["what"]), text(&row["subject"]));
    rows.iter().map(action).collect()
}

#[test]
fn a_folder_is_applied_once_and_then_nothing_is_left_to_do() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    scene.file("d/a-order.avsc", ORDER);
    scene.file("d/money.v1.avsc", MONEY);
    scene.file("d/plain.v1.avsc", V1);
    scene.file("d/plain.v2.avsc", V2);
    let rules = json!({"compatibility": "FULL", "subjects": {
        "plain": {"compatibility": "NONE", "mode": "READONLY"}, "later": {"compatibility": "FORWARD"}}});
    scene.file("d/registry.json", rules.to_string());
    let expected = [
        "update compatibility -",
        "update compatibility later",
        "update compatibility plain",
        "create schema money",
        "create schema a-order",
        "create schema plain",
        "create schema plain",
        "update mode plain",
    ];
    let planned = sr(&scene, &registry, &["apply", "d", "--plan"]).succeeds().json_lines();
    assert_eq!(actions(&planned), expected);
    assert!(planned.iter().all(|row| row["dry_run"] == true), "{planned:?}");
    sr(&scene, &registry, &["apply", "d", "--plan", "--exit-code"]).fails_with(1).stderr_is("");
    sr(&scene, &registry, &["apply", "d", "--exit-code"]).fails_with(2);
    assert!(registry.versions().is_empty() && registry.levels().is_empty() && registry.modes().is_empty());

    let done = sr(&scene, &registry, &["apply", "d"]).succeeds().json_lines();
    assert_eq!(actions(&done), expected);
    assert_eq!(registry.versions(), ["a-order 1 2", "money 1 1", "plain 1 3", "plain 2 4"]);
    assert_eq!(registry.levels(), ["later=FORWARD", "plain=NONE"]);
    assert_eq!(registry.modes(), ["plain=READONLY"]);
    assert_eq!(
        registry.sent("a-order", 1)["references"],
        json!([{"name": "ex.Money", "subject": "money", "version": 1}])
    );

    assert!(done.iter().all(|row| row.get("dry_run").is_none()), "{done:?}");
    sr(&scene, &registry, &["apply", "d", "--plan", "--exit-code"]).succeeds();
    let again = sr(&scene, &registry, &["apply", "d"]).succeeds().json_lines();
    assert!(again.len() == 4 && again.iter().all(|row| row["action"] == "unchanged"), "{again:?}");
}

#[test]
fn an_export_can_be_applied_where_the_versions_are_others() {
    let (source, target, scene) = (Confluent::start(), Confluent::start(), Scene::new());
    source.put("money", MONEY, &json!([]));
    source.put("order", ORDER, &json!([{"name": "ex.Money", "subject": "money", "version": 1}]));
    target.put("money", V1, &json!([]));
    sr(&scene, &source, &["export", "d"]).succeeds();
    sr(&scene, &target, &["apply", "d"]).succeeds();
    assert_eq!(target.sent("order", 1)["references"][0]["version"], 2);
}

#[test]
fn what_the_folder_lacks_goes_only_when_asked_users_first() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("a-money", MONEY, &json!([]));
    registry.put("z-order", ORDER, &json!([{"name": "ex.Money", "subject": "a-money", "version": 1}]));
    registry.put("z-keep", V1, &json!([]));
    scene.file("d/z-keep.avsc", V1);
    sr(&scene, &registry, &["apply", "d"]).succeeds();
    let planned = sr(&scene, &registry, &["apply", "d", "--prune", "--dry-run"]).succeeds().json_lines();
    assert_eq!(
        actions(&planned),
        ["unchanged schema z-keep", "delete subject a-money", "delete subject z-order"]
    );
    // A variable that is not set must not prune everything.
    sr(&scene, &registry, &["apply", "d", "--prune", "--prefix", ""]).fails_with(2).stderr_has("--prefix");
    assert!(registry.versions().iter().all(|version| !version.starts_with('-')));
    // What stays and refers to it is found before anything is changed.
    scene.file("d/new.avsc", V1);
    for plan in [&["--plan"][..], &[]] {
        let pruned = [&["apply", "d", "--prune", "--prefix", "a-"][..], plan].concat();
        sr(&scene, &registry, &pruned)
            .fails_with(1)
            .stderr_has("subject a-money is referenced by z-order version 1");
    }
    assert!(registry.versions().iter().all(|version| !version.starts_with("new ")));
    std::fs::remove_file(scene.dir().join("d/new.avsc")).unwrap();
    registry.set_mode("z-order", "READONLY");
    sr(&scene, &registry, &["apply", "d", "--prune", "--plan"])
        .fails_with(1)
        .stderr_has("subject z-order takes no changes: its mode is READONLY");
    registry.set_mode("z-order", "READWRITE");
    let done = sr(&scene, &registry, &["apply", "d", "--prune"]).succeeds().json_lines();
    assert_eq!(
        actions(&done),
        ["unchanged schema z-keep", "delete subject z-order", "delete subject a-money"]
    );
    assert_eq!(registry.versions(), ["-a-money 1 1", "z-keep 1 3", "-z-order 1 2"]);
}

#[test]
fn a_subject_that_is_read_only_is_opened_first_or_refused_before_anything_is_changed() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("s", V1, &json!([]));
    registry.set_mode("s", "READONLY");
    scene.file("d/another.avsc", V1);
    scene.file("d/s.v1.avsc", V1);
    scene.file("d/s.v2.avsc", V2);
    sr(&scene, &registry, &["apply", "d"])
        .fails_with(1)
        .stdout_is("")
        .stderr_is("sr: subject s takes no changes: its mode is READONLY\nhint: sr mode set s READWRITE\n");
    assert_eq!(registry.versions(), ["s 1 1"]);
    scene.file("d/registry.json", r#"{"subjects":{"s":{"mode":"READWRITE"}}}"#);
    let rows = sr(&scene, &registry, &["apply", "d"]).succeeds().json_lines();
    assert_eq!(actions(&rows)[0], "update mode s");
    assert_eq!(registry.versions(), ["another 1 1", "s 1 1", "s 2 2"]);
}

#[test]
fn a_broken_folder_changes_nothing() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    let apply = |folder: &str| sr(&scene, &registry, &["apply", folder]);
    std::fs::create_dir(scene.dir().join("empty")).unwrap();
    apply("empty").fails_with(2).stderr_has("empty has neither .avsc files nor registry.json");
    scene.file("bad/a.avsc", V1);
    scene.file(
        "bad/b.v3.avsc",
        r#"{"type":"record","name":"R","fields":[{"name":"f","type":{"type":"lng"}}]}"#,
    );
    apply("bad").fails_with(1).stderr_has("bad: b version 3 uses lng, and no other file defines it");
    scene.file("json/c.avsc", "{\"type\":\"record\",\n}");
    apply("json").fails_with(1).stderr_has("sr: json/c.avsc:2:1: not JSON: ");
    scene.file("level/registry.json", r#"{"compatibility":"UPWARD"}"#);
    apply("level").fails_with(2).stderr_has("level/registry.json: a level is one of NONE");
    scene.file("typo/registry.json", r#"{"compatability":"FULL"}"#);
    apply("typo").fails_with(2).stderr_has("typo/registry.json: unknown field `compatability`");
    assert!(registry.versions().is_empty());
}

#[test]
fn a_folder_is_applied_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let scene = stack.scene();
    let prefix = stack.unique("sr-apply-");
    let [order, money, events] = ["order", "money", "events"].map(|name| format!("{prefix}-{name}"));
    [&order, &money, &events].into_iter().for_each(|subject| stack.delete_subject_later(subject));
    scene.file(format!("d/{order}.avsc"), ORDER);
    scene.file(format!("d/{money}.avsc"), MONEY);
    scene.file(format!("d/{events}.v1.avsc"), V1);
    scene.file(
        "d/registry.json",
        json!({"subjects": {events.clone(): {"compatibility": "FULL"}}}).to_string(),
    );
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    sr(&["apply", "d", "--plan"]).succeeds();
    assert_eq!(stack.registry("GET", &format!("/subjects/{money}/versions"), None).0, 404, "a plan");
    let rows = sr(&["apply", "d"]).succeeds().json_lines();
    assert_eq!(rows.iter().filter(|row| row["action"] == "create").count(), 3, "{rows:?}");
    let (_, text) = stack.registry("GET", &format!("/subjects/{order}/versions/1"), None);
    assert!(text.contains(&format!("\"subject\":\"{money}\",\"version\":1")), "{text}");
    assert!(stack.registry("GET", &format!("/config/{events}"), None).1.contains("FULL"));
    let again = sr(&["apply", "d"]).succeeds().json_lines();
    assert!(again.iter().all(|row| row["action"] == "unchanged"), "{again:?}");

    scene
        .file("modes/registry.json", json!({"subjects": {events.clone(): {"mode": "READONLY"}}}).to_string());
    let outcome = sr(&["apply", "modes", "--plan"]);
    // Apicurio 2 has no modes.
    if !outcome.stderr_text().is_empty() {
        outcome.fails_with(1).stderr_has("has no modes, so READONLY cannot be set");
    }

    // Incompatible: found before the good one is registered.
    scene.file(format!("d/{events}.v2.avsc"), V2);
    scene.file(format!("d/{prefix}-another.avsc"), V1);
    for args in [&["apply", "d", "--plan"][..], &["apply", "d"]] {
        let refusal = format!("sr: {events} version 2 is incompatible with {events} version 1 (FULL)");
        sr(args).fails_with(1).stderr_has(refusal);
    }
    assert_eq!(stack.registry("GET", &format!("/subjects/{prefix}-another/versions"), None).0, 404);

    for file in [format!("d/{events}.v2.avsc"), format!("d/{prefix}-another.avsc"), format!("d/{order}.avsc")]
    {
        std::fs::remove_file(scene.dir().join(file)).unwrap();
    }
    let rows = sr(&["apply", "d", "--prune", "--prefix", &prefix]).succeeds().json_lines();
    assert_eq!(actions(&rows).last().unwrap(), &format!("delete subject {order}"));
    assert_eq!(stack.registry("GET", &format!("/subjects/{order}/versions"), None).0, 404);
    assert_eq!(stack.registry("GET", &format!("/subjects/{money}/versions"), None).0, 200);
}
