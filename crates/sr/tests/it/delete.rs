//! `sr delete`: of many at once, by globs, and of what is not there.

use kch_test::live::{self, Service};
use kch_test::{Outcome, Scene};
use serde_json::json;

use crate::V1;
use crate::confluent::Confluent;

const MONEY: &str = r#"{"type":"record","name":"ex.Money","fields":[{"name":"cents","type":"long"}]}"#;
const ORDER: &str = r#"{"type":"record","name":"ex.Order","fields":[{"name":"m","type":"ex.Money"}]}"#;

fn registry() -> Confluent {
    let registry = Confluent::start();
    registry.put("test-a-money", MONEY, &json!([]));
    let reference = json!([{"name": "ex.Money", "subject": "test-a-money", "version": 1}]);
    registry.put("test-order", ORDER, &reference);
    registry.put("test-two", V1, &json!([]));
    registry.put("test-two", MONEY, &json!([]));
    registry.put("kept", V1, &json!([]));
    registry.put(":.eu:test-x", V1, &json!([]));
    registry
}

fn delete(registry: &Confluent, args: &[&str]) -> Outcome {
    let scene = Scene::new().env("SCHEMA_REGISTRY_URL", registry.stub.url());
    scene.tool("sr").arg("delete").args(args).run()
}

#[test]
fn a_glob_deletes_all_that_it_matches_who_refers_first() {
    let registry = registry();
    let before = registry.versions();
    let expected = [("test-a-money", 1), ("test-order", 1), ("test-two", 1), ("test-two", 2)];
    let rows = delete(&registry, &["test-*", "--permanent", "--dry-run"]).succeeds().json_lines();
    let row = |(subject, version): (&str, u32)| {
        json!({"subject": subject, "version": version, "permanent": true,
        "deleted": true, "dry_run": true})
    };
    assert_eq!(rows, expected.map(row));
    assert_eq!(registry.versions(), before);
    // The order is none of those to go.
    delete(&registry, &["*money", "kept", "--permanent"])
        .fails_with(1)
        .stderr_has("is referenced by test-order version 1");
    let rows = delete(&registry, &["test-*", "--permanent"]).succeeds().json_lines();
    let of = |subject: &str| rows.iter().position(|row| row["subject"] == subject).unwrap();
    assert!(of("test-order") < of("test-a-money") && rows.len() == 4, "{rows:?}");
    assert!(rows.iter().all(|row| row["deleted"] == true && row.get("dry_run").is_none()));
    assert_eq!(registry.versions(), [":.eu:test-x 1 4", "kept 1 3"]);
}

#[test]
fn one_that_is_not_there_keeps_the_others_unless_that_is_allowed() {
    let registry = registry();
    let before = registry.versions();
    for args in [&["kept", "gone-*", "kpt"][..], &["kept", "gone-*", "kpt", "--dry-run"]] {
        delete(&registry, args).fails_with(1).stdout_is("").stderr_is(
            "sr: no subject matches \"gone-*\"\nsr: subject kpt does not exist\nhint: did you mean kept?\n",
        );
        assert_eq!(registry.versions(), before);
    }
    delete(&registry, &["kept@7"]).fails_with(1).stderr_is("sr: subject kept has no version 7, only 1\n");
    let missing = "{\"subject\":\"kpt\",\"version\":null,\"permanent\":false,\"deleted\":false}\n";
    let gone = "{\"subject\":\"kept\",\"version\":1,\"permanent\":false,\"deleted\":true}\n";
    delete(&registry, &["kept", "gone-*", "kpt", "--if-exists"])
        .succeeds()
        .stdout_is(format!("{missing}{gone}"))
        .stderr_is("");
    delete(&registry, &["kpt", "--if-exists"]).succeeds().stdout_is(missing);
    delete(&registry, &["gone-*", "--if-exists"]).succeeds().stdout_is("");
}

#[test]
fn a_version_is_named_behind_its_subject_or_at_it() {
    let registry = registry();
    let two =
        || registry.versions().into_iter().filter(|version| version.contains("two")).collect::<Vec<_>>();
    delete(&registry, &["test-two", "1", "kept"])
        .fails_with(2)
        .stderr_is("sr: of which subject is 1 the version?\nhint: write SUBJECT@1\n");
    delete(&registry, &["test-two@latest"]).succeeds().stdout_has("\"version\":2");
    assert_eq!(two(), ["test-two 1 3", "-test-two 2 1"]);
    delete(&registry, &["test-two@2", "test-two@1", "test-two@2", "--permanent"]).succeeds();
    assert!(two().is_empty());
    // A name may look like a version of another.
    registry.put("s@1", V1, &json!([]));
    registry.put("s", V1, &json!([]));
    delete(&registry, &["s@1"]).succeeds().stdout_has("\"subject\":\"s@1\"");
    assert!(registry.versions().iter().any(|version| version.starts_with("s 1")));
}

#[test]
fn many_are_deleted_at_once_and_their_ids_are_what_is_left_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let scene = stack.scene();
    scene.file("v1.avsc", V1);
    let prefix = stack.unique("sr-delete-");
    let [one, two] = ["one", "two"].map(|name| format!("{prefix}-{name}"));
    for subject in [&one, &two] {
        stack.delete_subject_later(subject);
        scene.tool("sr").args(["register", subject, "v1.avsc"]).run().succeeds();
    }
    let glob = format!("{prefix}-*");
    let delete = |args: &[&str]| scene.tool("sr").arg("delete").arg(&glob).args(args).run();
    let subjects = || stack.registry("GET", "/subjects?deleted=true", None).1;
    let shows =
        |subject: &str| stack.registry("GET", &format!("/subjects/{subject}/versions/1"), None).0 == 200;
    assert_eq!(delete(&["--dry-run"]).succeeds().json_lines().len(), 2);
    assert!(shows(&one) && shows(&two));
    let outcome = delete(&[]);
    assert_eq!(outcome.succeeds().json_lines().len(), 2);
    assert!(!shows(&one) && !shows(&two));
    // Apicurio's registry, which has no modes, shows neither of them again.
    if stack.registry("PUT", "/mode", Some("{}")).0 == 405 {
        outcome.stderr_has(format!(
            "sr: this registry does not show {one} again, and `sr undelete` cannot; version 1 is id "
        ));
        scene.tool("sr").args(["undelete", &one]).run().fails_with(1).stderr_has("no longer shows it");
    }
    delete(&["--permanent"]).succeeds();
    assert!(!subjects().contains(&prefix));
    delete(&["--permanent"]).fails_with(1).stdout_is("").stderr_has("no subject matches");
    delete(&["--permanent", "--if-exists"]).succeeds().stdout_is("");
}
