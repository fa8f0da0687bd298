//! Versions that come back, normalizing, and a level set together with a schema: on the live registry, which is asked.

use kch_test::Scene;
use kch_test::live::{self, Service};
use kch_test::wiremock::matchers::{method, path as path_is, query_param};
use kch_test::wiremock::{Mock, ResponseTemplate};
use serde_json::json;

use crate::confluent::Confluent;
use crate::{V1, V2, scene, sr, version};

#[test]
fn what_was_softly_deleted_comes_back_with_its_id_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let subject = stack.unique_subject("sr-undelete");
    let scene = stack.scene();
    scene.file("v1.avsc", V1);
    scene.file("v2.avsc", V2.replace("\"string\"", "\"string\",\"default\":\"\""));
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    let first = sr(&["register", &subject, "v1.avsc"]).succeeds().json_lines()[0]["id"].clone();
    sr(&["register", &subject, "v2.avsc"]).succeeds();
    sr(&["undelete", &subject]).succeeds().stdout_is("").stderr_has("nothing of ");
    sr(&["undelete", &subject, "1"]).fails_with(1).stderr_has("version 1 is not deleted");

    sr(&["delete", &subject, "1"]).succeeds();
    let versions = sr(&["versions", &subject, "--deleted"]).succeeds().json_lines();
    assert_eq!((&versions[0]["deleted"], &versions[1]["deleted"]), (&true.into(), &false.into()));
    sr(&["get", &subject, "1"]).fails_with(1);
    sr(&["get", &subject, "1", "--deleted", "--raw"]).succeeds().stdout_is(format!("{V1}\n"));
    sr(&["lookup", &subject, "v1.avsc"]).fails_with(1);
    sr(&["lookup", &subject, "v1.avsc", "--deleted"]).succeeds().stdout_has("\"version\":1");

    let row = |version: &str| format!("\"version\":{version},\"id\":{first},\"was\":1");
    let warning = format!("warning: what was version 1 is the latest of {subject} then, before version 2: ");
    sr(&["undelete", &subject, "--dry-run"]).succeeds().stdout_has(row("null")).stderr_has(&warning);
    assert_eq!(stack.registry("GET", &format!("/subjects/{subject}/versions"), None).1, "[2]", "a dry run");
    sr(&["undelete", &subject]).succeeds().stdout_has(row("3")).stderr_has(&warning);
    assert_eq!(stack.registry("GET", &format!("/subjects/{subject}/versions"), None).1, "[2,3]");
    sr(&["undelete", &subject]).succeeds().stdout_is("").stderr_has("nothing of ");

    sr(&["delete", &subject]).succeeds();
    let listed = sr(&["subjects", "--deleted", "--prefix", &subject]).succeeds().json_lines();
    assert_eq!(listed[0]["deleted"], true);
    // Apicurio lists the versions of a subject that is deleted as a whole, and does not show them.
    let outcome = sr(&["undelete", &subject]);
    if outcome.stderr_text().contains("no longer shows it") {
        outcome
            .fails_with(1)
            .stderr_has(format!("hint: the same text comes back under its old id: sr register {subject}"));
        sr(&["register", &subject, "v1.avsc"])
            .succeeds()
            .stdout_has(format!("\"id\":{first},\"created\":true"));
    } else {
        outcome.succeeds();
    }
    sr(&["delete", &subject]).succeeds();
    // Confluent's registry forgets a deleted version once its schema is back under another number.
    let versions = sr(&["versions", &subject, "--deleted"]).succeeds().json_lines();
    let last = versions[versions.len() - 1]["version"].to_string();
    let row = format!("\"version\":{last},");
    sr(&["delete", &subject, &last, "--hard", "--dry-run"]).succeeds().stdout_has(row);
    sr(&["delete", &subject, &last, "--hard"]).succeeds();
    let missing = format!("has no version {last}");
    sr(&["delete", &subject, &last, "--hard", "--dry-run"]).fails_with(1).stderr_has(missing);
    sr(&["delete", &subject, "--hard"]).succeeds();
    sr(&["undelete", &subject]).fails_with(1).stderr_has("does not exist");
}

/// As Confluent's registry shows it.
#[test]
fn a_whole_subject_comes_back() {
    let (registry, scene) = scene();
    let gone = r#"{"error_code":40401,"message":"no"}"#;
    let deleted = |path: &str| Mock::given(path_is(path)).and(query_param("deleted", "true"));
    let ok = |body: &str| ResponseTemplate::new(200).set_body_raw(body.to_owned(), "application/json");
    registry.mount(deleted("/subjects/s/versions").respond_with(ok("[1]")));
    registry.mount(deleted("/subjects/s/versions/1").respond_with(ok(&version(1, V1))));
    registry.reply("GET", "/subjects/s/versions", 404, gone);
    registry.reply("GET", "/subjects/s/versions/1", 404, gone);
    registry.reply("GET", "/subjects", 200, "[]");
    registry.mount(
        Mock::given(method("POST"))
            .and(path_is("/subjects/s"))
            .respond_with(ResponseTemplate::new(404).set_body_raw(gone, "application/json"))
            .up_to_n_times(1),
    );
    registry.reply("POST", "/subjects/s/versions", 200, r#"{"id":11}"#);
    registry.reply("POST", "/subjects/s", 200, &version(2, V1));
    sr(&scene, &["undelete", "s"])
        .succeeds()
        .stdout_is("{\"subject\":\"s\",\"version\":2,\"id\":12,\"was\":1}\n")
        .stderr_is("");
}

#[test]
fn what_came_back_before_a_failure_is_printed() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    let scene = scene.env("SCHEMA_REGISTRY_URL", registry.stub.url());
    for schema in [V1, V2] {
        registry.put("s", schema, &json!([]));
    }
    registry.delete("s", 1);
    registry.delete("s", 2);
    registry.trouble_after(1, None);
    sr(&scene, &["undelete", "s"])
        .fails_with(1)
        .stdout_is("{\"subject\":\"s\",\"version\":3,\"id\":1,\"was\":1}\n")
        .stderr_has("no valid schema");
}

#[test]
fn a_normalized_schema_makes_no_new_version_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let subject = stack.unique_subject("sr-normalize");
    let scene = stack.scene();
    scene.file("v1.avsc", V1);
    scene.file("same.avsc", r#"{ "fields":[ {"type":"long","name":"id"} ], "name":"R", "type":"record" }"#);
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    sr(&["register", &subject, "v1.avsc", "--normalize", "--set-compat", "FULL"])
        .succeeds()
        .stdout_has("\"created\":true,\"compatibility\":\"FULL\"");
    let (_, level) = stack.registry("GET", &format!("/config/{subject}"), None);
    assert!(level.contains("\"FULL\""), "{level}");
    sr(&["lookup", &subject, "same.avsc", "--normalize"]).succeeds().stdout_has("\"version\":1");
    sr(&["register", &subject, "same.avsc", "--normalize"]).succeeds().stdout_has("\"created\":false");
    let (_, versions) = stack.registry("GET", &format!("/subjects/{subject}/versions"), None);
    assert_eq!(versions, "[1]");

    scene.file("v2.avsc", V2);
    sr(&["register", &subject, "v2.avsc", "--dry-run"]).fails_with(1).stderr_has("is incompatible with");
    scene.file("v2.avsc", V2.replace("\"string\"", "\"string\",\"default\":\"\""));
    sr(&["register", &subject, "v2.avsc", "--dry-run"]).succeeds().stdout_has("\"id\":null,\"created\":true");
    let (_, versions) = stack.registry("GET", &format!("/subjects/{subject}/versions"), None);
    assert_eq!(versions, "[1]", "a dry run");
    sr(&["compat", "set", &subject, "FORWARD", "--dry-run"]).succeeds().stdout_has("FORWARD");
    sr(&["compat", "delete", &subject, "--dry-run"]).succeeds().stdout_has("\"source\":\"global\"");
    let (_, level) = stack.registry("GET", &format!("/config/{subject}"), None);
    assert!(level.contains("\"FULL\""), "{level}");
    sr(&["compat", "delete", &subject]).succeeds();
    // Apicurio says NONE, Confluent's registry that there is none.
    let (_, level) = stack.registry("GET", &format!("/config/{subject}"), None);
    assert!(!level.contains("\"FULL\""), "{level}");
}
