//! What an import meets and leaves as it is: other contexts, modes that close, what belongs to a schema. Seen on Confluent's
//! registry 7.7 and 8.1.

use kch_test::Scene;
use serde_json::json;

use crate::V1;
use crate::confluent::Confluent;
use crate::moving::{VERSIONS, source, sr};

#[test]
fn properties_tags_and_rules_go_with_their_schema() {
    let (source, scene) = (Confluent::start(), Scene::new());
    let sent = json!({"schema": V1, "metadata": {"properties": {"owner": "me"}},
        "ruleSet": {"domainRules": [{"name": "r", "kind": "CONDITION", "expr": "message.id > 1"}]}});
    source.put_as_sent("s", &sent);
    sr(&scene, &source, &["export", "dir"]).succeeds();
    for args in [&[][..], &["--new-ids"]] {
        let target = Confluent::start();
        sr(&scene, &target, &[&["import", "dir"], args].concat()).succeeds();
        assert_eq!(target.sent("s", 1), sent);
    }
    sr(&scene, &source, &["get", "s"])
        .succeeds()
        .stdout_has("\"metadata\":{\"properties\":{\"owner\":\"me\"}}");
    sr(&scene, &source, &["delete", "s"]).succeeds();
    sr(&scene, &source, &["undelete", "s"]).succeeds();
    assert_eq!(source.sent("s", 2), sent);
}

#[test]
fn ids_and_names_of_another_context_are_free() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    target.count_from(41);
    target.put(":.us:z/money", V1, &json!([]));
    target.put("b", V1, &json!([]));
    assert_eq!(target.versions(), [":.us:z/money 1 41", "b 1 42"]);
    // 42 is taken in the default context, 41 in one that does not matter, as its z/money does not.
    sr(&scene, &target, &["import", "dir", ":.eu:x"]).fails_with(2);
    sr(&scene, &target, &["import", "dir"])
        .fails_with(1)
        .stderr_has("a order version 1: its id 42 is another schema's there");
    target.remove("b");
    sr(&scene, &target, &["import", "dir"]).succeeds();
    let all = [&[":.us:z/money 1 41"], &VERSIONS[..]].concat();
    let mut versions = target.versions();
    versions.retain(|version| all.contains(&version.as_str()));
    assert_eq!(versions.len(), all.len(), "{:?}", target.versions());
}

#[test]
fn a_schema_that_only_another_context_has_is_registered() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    scene.file("v1.avsc", V1);
    registry.put(":.eu:s", V1, &json!([]));
    sr(&scene, &registry, &["register", "s", "v1.avsc", "--dry-run"])
        .succeeds()
        .stdout_has("\"created\":true");
    sr(&scene, &registry, &["lookup", "s", "v1.avsc"]).fails_with(1);
    sr(&scene, &registry, &["register", "s", "v1.avsc"]).succeeds().stdout_has("\"created\":true");
    assert_eq!(registry.versions(), [":.eu:s 1 1", "s 1 2"]);
}

#[test]
fn a_registry_that_is_read_only_takes_no_import() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    target.set_mode("a order", "READONLY");
    for args in [&[][..], &["--dry-run"], &["--new-ids", "--dry-run"]] {
        sr(&scene, &target, &[&["import", "dir"], args].concat()).fails_with(1).stdout_has("").stderr_has(
            "sr: subject a order takes no changes: its mode is READONLY\nhint: sr mode set a order READWRITE\n",
        );
        assert!(target.versions().is_empty(), "{:?}", target.versions());
        assert_eq!(target.modes(), ["a order=READONLY"]);
    }
}

#[test]
fn a_deleted_version_that_lacks_what_it_refers_to_is_left_out_of_an_export() {
    let (source, scene) = (source(), Scene::new());
    for args in [&["delete", "a order"][..], &["delete", "z/money", "--permanent"]] {
        sr(&scene, &source, args).succeeds();
    }
    let outcome = sr(&scene, &source, &["export", "dir"]);
    outcome.succeeds().stderr_is(
        "sr: left out: a order version 1 is deleted and refers to z/money version 1, which is not there\n",
    );
    let target = Confluent::start();
    sr(&scene, &target, &["import", "dir"]).succeeds();
    assert_eq!(target.versions(), &VERSIONS[..2]);
}
