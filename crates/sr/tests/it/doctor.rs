//! `sr doctor`: what is wrong is named, with its cure, and nothing is changed.

use kch_test::live::{self, Service};
use kch_test::wiremock::matchers::{method, path, path_regex, query_param, query_param_is_missing};
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{HttpStub, Outcome, RawServer, Scene};
use serde_json::json;

use crate::V1;
use crate::confluent::Confluent;

fn doctor(url: &str, args: &[&str]) -> Outcome {
    let scene = Scene::new().env("SCHEMA_REGISTRY_URL", url);
    scene.tool("sr").arg("doctor").args(args).run()
}

/// `check of result cure` of all rows that are not ok.
fn wrong(outcome: &Outcome) -> Vec<String> {
    let rows = outcome.json_lines();
    let word = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
    let shown = |row| {
        format!("{} {} {}: {}", word(row, "check"), word(row, "of"), word(row, "result"), word(row, "cure"))
    };
    rows.iter().filter(|row| row["result"] != "ok").map(shown).collect()
}

#[test]
fn a_registry_that_is_well_is_said_to_be_and_left_alone() {
    let registry = Confluent::start();
    registry.put("a-value", V1, &json!([]));
    let outcome = doctor(&registry.stub.url(), &["--strict"]);
    outcome.succeeds().stderr_is("");
    let checks: Vec<String> =
        outcome.json_lines().iter().map(|row| row["check"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        checks,
        ["reachable", "credentials", "mode", "level", "schemas", "references", "lint", "deleted"]
    );
    assert!(registry.stub.request_lines().iter().all(|line| !line.starts_with("POST")));
    let written = doctor(&registry.stub.url(), &["--write"]);
    written.succeeds().stdout_has("a schema was registered, read back and deleted");
    assert_eq!(registry.versions(), ["a-value 1 1"]);
}

#[test]
fn a_reference_is_to_the_subject_of_its_own_context() {
    let registry = Confluent::start();
    let money = r#"{"type":"fixed","name":"ex.M","size":8}"#;
    registry.put("m", money, &json!([]));
    registry.put(":.eu:m", money, &json!([]));
    let user = r#"{"type":"record","name":"U","fields":[{"name":"m","type":"ex.M"}]}"#;
    registry.put(":.eu:u", user, &json!([{"name": "ex.M", "subject": "m", "version": 1}]));
    registry.delete(":.eu:m", 1);
    let outcome = doctor(&registry.stub.url(), &[]);
    assert_eq!(wrong(&outcome), ["references :.eu:u warning: sr undelete :.eu:m 1"]);
}

#[test]
fn what_is_wrong_is_named_with_its_cure() {
    let registry = Confluent::start();
    let user = |name: &str| {
        format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"m","type":"ex.M"}}]}}"#)
    };
    let to = |subject: &str, version| json!([{"name": "ex.M", "subject": subject, "version": version}]);
    registry.put("gone-value", r#"{"type":"fixed","name":"ex.M","size":8}"#, &json!([]));
    registry.put("user-value", &user("U"), &to("gone-value", 1));
    registry.delete("gone-value", 1);
    registry.put("broken-value", &user("B"), &json!([]));
    registry.put("kept-value", V1, &json!([]));
    registry.put("kept-value", &V1.replace("id", "no"), &json!([]));
    registry.delete("kept-value", 1);
    let mistaken =
        r#"{"type":"record","name":"L","fields":[{"name":"at","type":"long","logicalType":"date"}]}"#;
    registry.put("lint-value", mistaken, &json!([]));
    registry.put_as_sent("proto-value", &json!({"schema": "message M {}", "schemaType": "PROTOBUF"}));
    registry.set_level("kept-value", "NONE");
    registry.set_mode("kept-value", "READONLY");
    let url = registry.stub.url();
    let outcome = doctor(&url, &[]);
    outcome.fails_with(1).stderr_is("sr: 1 failed, 4 warnings\n");
    outcome.stdout_has("1 version of 1 subject softly deleted");
    assert_eq!(
        wrong(&outcome),
        [
            "mode kept-value warning: sr mode delete kept-value",
            "level kept-value warning: sr compat delete kept-value",
            "schemas broken-value failed: no client can read its records: register a version that is a schema: \
             sr register broken-value FILE",
            "references user-value warning: sr undelete gone-value 1",
            "lint lint-value warning: sr lint lint-value",
        ]
    );
    // Only some of them, by name or glob.
    let some = doctor(&url, &["lint-value", "prot*"]);
    some.succeeds().stderr_is("sr: 1 warning\n").stdout_has("1 in other languages were not looked into");
    doctor(&url, &["lint-value", "--strict"]).fails_with(1).stderr_is("sr: 0 failed, 1 warning\n");
    doctor(&url, &["lint-valeu"]).fails_with(1).stderr_has("did you mean lint-value?");
    doctor(&url, &["x*"]).fails_with(1).stderr_is("sr: no subject is called x*\n");
}

#[test]
fn a_registry_that_takes_no_schema_is_found_out_by_writing() {
    let registry = Confluent::start();
    registry.stub.reply("GET", "/never", 200, "");
    let scene = Scene::new().env("SCHEMA_REGISTRY_URL", registry.stub.url());
    scene.tool("sr").args(["mode", "set", "READONLY"]).run().succeeds();
    let outcome = scene.tool("sr").args(["doctor", "--write"]).run();
    outcome.fails_with(1).stderr_is("sr: 1 failed, 1 warning\n").stdout_has("register: ");
    assert_eq!(wrong(&outcome)[0], "mode - warning: sr mode set READWRITE");
    assert!(registry.versions().is_empty());
}

/// From now on, or so many times, what is asked thus is answered with this refusal.
fn refuse(registry: &Confluent, asked: (&str, &str), refusal: (u16, u64, &str), times: u64) {
    let (status, code, message) = refusal;
    let answer = ResponseTemplate::new(status).set_body_json(json!({"error_code": code, "message": message}));
    let mock = Mock::given(method(asked.0)).and(path_regex(asked.1)).respond_with(answer);
    registry.stub.mount(mock.up_to_n_times(times).with_priority(1));
}

#[test]
fn a_subject_that_cannot_be_deleted_is_named_with_the_call_that_deletes_it() {
    let registry = Confluent::start();
    // Its last row says that the subject is left behind, and why; it is.
    let leaves = |why: &str, and: &str| {
        let outcome = doctor(&registry.stub.url(), &["--write"]);
        let row = outcome.fails_with(1).json_lines().pop().unwrap();
        let (subject, detail) = (row["of"].as_str().unwrap(), row["detail"].as_str().unwrap());
        assert!(detail.contains(&format!("{subject} was left behind: ")), "{detail}");
        assert!(detail.contains(why) && detail.contains(and), "{detail}");
        assert_eq!(row["cure"], format!("sr delete {subject} --permanent"));
        assert!(registry.versions().iter().any(|version| version.starts_with(&format!("{subject} 1"))));
        registry.remove(subject);
    };
    let missing = (404, 40401, "Subject not found.");
    refuse(&registry, ("DELETE", "^/subjects/sr-doctor"), missing, 20);
    leaves("does not show it, and may do so later", "");
    registry.stub.reset();
    registry.answer();
    refuse(&registry, ("DELETE", "^/subjects/sr-doctor"), (422, 42298, "no deletion"), 20);
    leaves("no deletion", "");
    // The other failure does not hide it.
    refuse(&registry, ("GET", "^/subjects/sr-doctor.*/versions/1$"), (422, 42299, "no reading"), 20);
    leaves("no deletion", "read back: ");
}

#[test]
fn a_node_that_hears_late_of_the_subject_is_asked_again_to_delete_it() {
    let registry = Confluent::start();
    refuse(&registry, ("DELETE", "^/subjects/sr-doctor"), (404, 40401, "Subject not found."), 2);
    doctor(&registry.stub.url(), &["--write"]).succeeds();
    assert!(registry.versions().is_empty());
    // One that did not even show it after it had been registered.
    refuse(&registry, ("POST", "^/subjects/sr-doctor[^/]*$"), (404, 40401, "Subject not found."), 20);
    refuse(&registry, ("DELETE", "^/subjects/sr-doctor"), (404, 40401, "Subject not found."), 2);
    let outcome = doctor(&registry.stub.url(), &["--write"]);
    outcome.fails_with(1).stdout_has("register: ");
    assert!(!outcome.stdout_text().contains("left behind"));
    assert!(registry.versions().is_empty());
}

#[test]
fn a_context_s_own_mode_and_level_are_found() {
    let registry = Confluent::start();
    registry.put("a", V1, &json!([]));
    registry.put(":.eu:b", V1, &json!([]));
    registry.set_mode(":.eu:", "READONLY");
    registry.set_level(":.eu:", "NONE");
    let found = ["mode :.eu: warning: sr mode delete :.eu:", "level :.eu: warning: sr compat delete :.eu:"];
    assert_eq!(wrong(&doctor(&registry.stub.url(), &[])), found);
    // Only the contexts of what is asked for.
    doctor(&registry.stub.url(), &["a", "--strict"]).succeeds();
}

#[test]
fn a_registry_that_overrides_all_modes_takes_no_schema() {
    let registry = Confluent::start();
    let body = json!({"mode": "READONLY_OVERRIDE"});
    let answer = ResponseTemplate::new(200).set_body_json(body);
    registry.stub.mount(Mock::given(method("GET")).and(path("/mode")).respond_with(answer).with_priority(1));
    let outcome = doctor(&registry.stub.url(), &[]);
    outcome.succeeds().stdout_has("READONLY_OVERRIDE: no schema can be registered");
    assert_eq!(wrong(&outcome), ["mode - warning: sr mode set READWRITE"]);
}

#[test]
fn what_a_registry_refuses_to_tell_is_not_taken_for_nothing() {
    for (asked, deleted) in
        [("/subjects/a/versions", None), ("/subjects/a/versions", Some("true")), ("/mode", None)]
    {
        let registry = Confluent::start();
        registry.put("a", V1, &json!([]));
        let body = json!({"error_code": 42298, "message": "not now, on purpose"});
        let mock = Mock::given(method("GET")).and(path(asked));
        let mock = match deleted {
            Some(value) => mock.and(query_param("deleted", value)),
            None => mock.and(query_param_is_missing("deleted")),
        };
        let answer = ResponseTemplate::new(422).set_body_json(body);
        registry.stub.mount(mock.respond_with(answer).with_priority(1));
        doctor(&registry.stub.url(), &[]).fails_with(1).stderr_has("not now, on purpose");
    }
}

#[test]
fn a_node_that_is_away_credentials_and_another_service_are_told_apart() {
    let nobody = format!("http://{}", RawServer::nobody());
    let away = doctor(&nobody, &[]);
    away.fails_with(3).stderr_has("cannot be reached");
    assert_eq!(away.json_lines().len(), 1);

    let registry = Confluent::start();
    let one_of_two = doctor(&format!("{nobody},{}", registry.stub.url()), &[]);
    one_of_two.fails_with(1).stderr_is("sr: 1 failed, 0 warnings\n");
    assert!(wrong(&one_of_two)[0].starts_with(&format!("reachable {nobody} failed: ")));

    let closed = HttpStub::start();
    closed.reply("GET", "/subjects", 401, r#"{"error_code":401,"message":"Unauthorized"}"#);
    doctor(&closed.url(), &[]).fails_with(2).stdout_has("wants credentials");
    let other = HttpStub::start();
    other.reply("GET", "/subjects", 200, "<html>");
    doctor(&other.url(), &[]).fails_with(2).stdout_has("not JSON");
}

#[test]
fn the_registry_is_well_and_is_left_as_it_was_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let (subject, scene) = (stack.unique_subject("sr-doctor"), stack.scene());
    let body = json!({"schema": V1}).to_string();
    let (status, said) = stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body));
    assert_eq!(status, 200, "{said}");
    let outcome = scene.tool("sr").args(["doctor", &subject, "--write", "--strict"]).run();
    outcome.succeeds().stderr_is("");
    outcome.stdout_has("Registry ").stdout_has("a schema was registered, read back and deleted");
    let written = outcome.json_lines().pop().unwrap();
    let own = written["of"].as_str().unwrap();
    let (status, _) = stack.registry("GET", &format!("/subjects/{own}/versions?deleted=true"), None);
    assert_eq!(status, 404, "{own} was left behind");
    let (status, _) = stack.registry("GET", &format!("/subjects/{subject}/versions/1"), None);
    assert_eq!(status, 200);
}
