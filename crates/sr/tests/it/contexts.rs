//! Contexts: which there are, deleting one, and moving subjects into one.

use kch_test::live::{self, Service};
use kch_test::{Outcome, Scene};
use serde_json::json;

use crate::V1;
use crate::confluent::Confluent;

const MONEY: &str = r#"{"type":"fixed","name":"ex.Money","size":8}"#;
const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"m","type":"ex.Money"}]}"#;

fn sr(scene: &Scene, registry: &Confluent, args: &[&str]) -> Outcome {
    scene.tool("sr").args(args).env("SCHEMA_REGISTRY_URL", registry.stub.url()).run()
}

#[test]
fn contexts_are_listed_and_only_an_empty_one_is_deleted() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("a", V1, &json!([]));
    registry.put(":.eu:b", V1, &json!([]));
    registry.put_context(".test");
    let sr = |args: &[&str]| sr(&scene, &registry, args);
    sr(&["contexts", "list"]).succeeds().stdout_is(
        "{\"context\":\".\",\"subjects\":1}\n{\"context\":\".eu\",\"subjects\":1}\n\
         {\"context\":\".test\",\"subjects\":0}\n",
    );
    let hint = "hint: `sr subjects --prefix :.eu: --deleted` lists what is in it\n";
    for args in [&["contexts", "delete", "eu"][..], &["contexts", "delete", ":.eu:", "--dry-run"]] {
        sr(args).fails_with(1).stderr_is(format!("sr: context .eu is not empty\n{hint}"));
    }
    sr(&["contexts", "delete", ".tes"]).fails_with(1).stderr_has("did you mean .test?");
    sr(&["contexts", "delete", "."]).fails_with(2);
    sr(&["contexts", "delete", "a:b"]).fails_with(2).stderr_has("like eu or .eu");
    sr(&["contexts", "delete", "test", "--dry-run"]).succeeds().stdout_has("\"dry_run\":true");
    sr(&["contexts", "list", "-q", "context"]).succeeds().stdout_is(".\n.eu\n.test\n");
    sr(&["contexts", "delete", "test"]).succeeds().stdout_is("{\"context\":\".test\",\"deleted\":true}\n");
    sr(&["contexts", "list", "-q", "context"]).succeeds().stdout_is(".\n.eu\n");
}

#[test]
fn subjects_go_into_another_context_with_what_they_refer_to() {
    let (registry, other, scene) = (Confluent::start(), Confluent::start(), Scene::new());
    registry.put("money", MONEY, &json!([]));
    registry.put("order", ORDER, &json!([{"name": "ex.Money", "subject": "money", "version": 1}]));
    sr(&scene, &registry, &["export", "d"]).succeeds();
    sr(&scene, &other, &["import", "d", "--to-context", "eu", "--dry-run"])
        .succeeds()
        .stdout_has(":.eu:order");
    assert!(other.versions().is_empty());
    sr(&scene, &other, &["import", "d", "--to-context", "eu"]).succeeds();
    assert_eq!(other.versions(), [":.eu:money 1 1", ":.eu:order 1 2"]);
    // A reference without a context is to the schema's own.
    assert_eq!(other.sent(":.eu:order", 1)["references"][0]["subject"], "money");
    assert!(other.modes().is_empty());
    let other_url = other.stub.url();
    let back = ["copy", "--from", &other_url, "--prefix", ":.eu:", "--to-context", ".", "--new-ids"];
    let third = Confluent::start();
    third.put("money", MONEY, &json!([]));
    sr(&scene, &third, &back).succeeds();
    assert_eq!(third.versions(), ["money 1 1", "order 1 2"]);
    sr(&scene, &other, &["import", "d", "--to-context", "a:b"]).fails_with(2).stderr_has("like eu or .eu");
}

#[test]
fn the_live_registry_lists_its_contexts_and_deletes_none_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let scene = stack.scene();
    let (_, said) = stack.registry("GET", "/contexts", None);
    let said: Vec<String> = serde_json::from_str(&said).unwrap();
    let shown = scene.tool("sr").args(["contexts", "list", "-q", "context"]).run().succeeds().stdout_text();
    let shown: Vec<&str> = shown.lines().collect();
    assert_eq!(shown, said.iter().map(|name| name.trim_matches(':')).collect::<Vec<_>>());
    let none_such = scene.tool("sr").args(["contexts", "delete", "none-such"]).run();
    none_such.fails_with(1).stderr_has("there is no context .none-such");
}
