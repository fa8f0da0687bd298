//! What could be lost in silence: by a prune, a move to another registry, or what is put back after one.

use kch_test::Scene;
use kch_test::wiremock::matchers::{body_json, method, path, path_regex, query_param};
use kch_test::wiremock::{Mock, ResponseTemplate};
use serde_json::{Value, json};

use crate::confluent::Confluent;
use crate::moving::{VERSIONS, source, sr};
use crate::{V1, V2};

fn deletions(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter(|row| row["action"] == "delete").filter_map(|row| row["subject"].as_str()).collect()
}

#[test]
fn a_prune_keeps_to_the_contexts_of_the_folder_or_of_the_prefix() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    for subject in ["a", "b", ":.eu:b", ":.us:b"] {
        registry.put(subject, V1, &json!([]));
    }
    scene.file("d/a.avsc", V1);
    // A level of a context makes none of its subjects unwanted.
    scene.file("d/registry.json", r#"{"subjects":{":.us:":{"compatibility":"FULL"}}}"#);
    let plan = |args: &[&str]| {
        let args = [&["apply", "d", "--prune", "--plan"][..], args].concat();
        sr(&scene, &registry, &args).succeeds().json_lines()
    };
    assert_eq!(deletions(&plan(&[])), ["b"]);
    assert_eq!(deletions(&plan(&["--prefix", ":"])), [""; 0]);
    assert_eq!(deletions(&plan(&["--prefix", ":.eu:"])), [":.eu:b"]);
    scene.file("d/%3A.eu%3Ac.avsc", V1);
    assert_eq!(deletions(&plan(&[])), [":.eu:b", "b"]);
    // The default context may be named.
    scene.file("d/%3A.%3Ab.avsc", V1);
    assert_eq!(deletions(&plan(&[])), [":.eu:b"]);
}

#[test]
fn a_version_that_is_to_be_deleted_is_so_on_a_node_that_hears_of_it_late() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    let missing = json!({"error_code": 40401, "message": "Subject not found."});
    let listing = || Mock::given(method("GET")).and(path("/subjects/:.eu:x/versions"));
    let late = ResponseTemplate::new(404).set_body_json(&missing);
    target.stub.mount(listing().respond_with(late.clone()).with_priority(1));
    let deletion = Mock::given(method("DELETE")).and(path("/subjects/:.eu:x/versions/1"));
    target.stub.mount(deletion.respond_with(late).up_to_n_times(2).with_priority(1));
    sr(&scene, &target, &["import", "dir"]).succeeds();
    assert_eq!(target.versions(), VERSIONS);
}

#[test]
fn a_version_that_cannot_be_deleted_as_it_is_to_be_is_told() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    let no = json!({"error_code": 42205, "message": "not today"});
    let deletion = Mock::given(method("DELETE")).and(path_regex("^/subjects/"));
    target.stub.mount(deletion.respond_with(ResponseTemplate::new(422).set_body_json(no)).with_priority(1));
    sr(&scene, &target, &["import", "dir"])
        .fails_with(1)
        .stderr_has("sr: :.eu:x version 1 is not deleted as it is to be: ")
        .stderr_has("not today");
}

#[test]
fn two_schemas_with_one_id_do_not_go_into_one_context() {
    let (registry, target, scene) = (Confluent::start(), Confluent::start(), Scene::new());
    registry.put("a", V1, &json!([]));
    registry.count_from(1);
    registry.put(":.eu:b", V2, &json!([]));
    sr(&scene, &registry, &["export", "d"]).succeeds();
    let to = target.stub.url();
    for args in
        [&["import", "d"][..], &["import", "d", "--dry-run"], &["copy", "--from", &registry.stub.url()]]
    {
        let outcome = sr(&scene, &target, &[args, &["--to-context", "us"]].concat());
        outcome.fails_with(1).stdout_is("").stderr_is(
            "sr: :.us:b version 1 and :.us:a version 1 would both have the id 1, and differ\n\
             hint: --new-ids gives them ids of their own; --prefix takes the subjects of one context\n",
        );
        assert!(target.versions().is_empty());
    }
    sr(&scene, &registry, &["copy", "--to", &to, "--to-context", "us", "--new-ids"]).succeeds();
    assert_eq!(target.versions().len(), 2);
}

#[test]
fn a_mode_that_does_not_begin_by_itself_is_put_back() {
    let (source, target, scene) = (Confluent::start(), Confluent::start(), Scene::new());
    for registry in [&source, &target] {
        registry.put("s", V1, &json!([]));
    }
    source.put("s", V2, &json!([]));
    target.set_mode("s", "FORWARD");
    let forward = json!({"mode": "FORWARD"});
    let mode = Mock::given(method("PUT")).and(path("/mode/s")).and(body_json(&forward));
    let forced = mode.and(query_param("force", "true"));
    // Without force, it is refused.
    target
        .stub
        .mount(forced.respond_with(ResponseTemplate::new(200).set_body_json(&forward)).with_priority(1));
    sr(&scene, &source, &["copy", "--to", &target.stub.url()]).succeeds().stderr_is("");
    assert_eq!(target.stub.request_bodies().last().map(String::as_str), Some(r#"{"mode":"FORWARD"}"#));
}

#[test]
fn only_the_mode_that_closes_a_subject_opens_it() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    scene.file("d/s.avsc", V1);
    let apply = |modes: &str| {
        scene.file("d/registry.json", modes);
        sr(&scene, &registry, &["apply", "d", "--plan"])
    };
    // The registry's READWRITE opens no subject that is closed by itself.
    registry.set_mode("s", "READONLY");
    sr(&scene, &registry, &["mode", "set", "READONLY"]).succeeds();
    apply(r#"{"mode":"READWRITE"}"#).fails_with(1).stderr_has("sr mode set s READWRITE");
    apply(r#"{"subjects":{"s":{"mode":"READWRITE"}}}"#).succeeds();
    // READONLY_OVERRIDE counts before all others.
    let closed = ResponseTemplate::new(200).set_body_json(json!({"mode": "READONLY_OVERRIDE"}));
    registry
        .stub
        .mount(Mock::given(method("GET")).and(path_regex("^/mode")).respond_with(closed).with_priority(1));
    apply(r#"{"subjects":{"s":{"mode":"READWRITE"}}}"#)
        .fails_with(1)
        .stderr_has("sr: subject s takes no changes: its mode is READONLY_OVERRIDE\n");
    apply(r#"{"mode":"READWRITE"}"#).succeeds();
}

#[test]
fn a_dry_run_does_not_call_the_level_that_would_go_the_default() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    sr(&scene, &registry, &["compat", "set", "FULL"]).succeeds();
    sr(&scene, &registry, &["compat", "delete", "--dry-run"]).succeeds().stdout_is(
        "{\"subject\":null,\"compatibility\":null,\"source\":\"global\",\"was\":\"FULL\",\"dry_run\":true}\n",
    );
    sr(&scene, &registry, &["compat", "get"]).succeeds().stdout_has("FULL");
}

#[test]
fn a_level_that_was_set_for_a_schema_stays_with_it_when_no_node_shows_it_yet() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("s", V1, &json!([]));
    scene.file("v2.avsc", V2);
    let no = ResponseTemplate::new(404).set_body_json(json!({"error_code": 40403, "message": "no"}));
    registry
        .stub
        .mount(Mock::given(method("POST")).and(path("/subjects/s")).respond_with(no).with_priority(1));
    sr(&scene, &registry, &["register", "s", "v2.avsc", "--set-compat", "NONE"])
        .fails_with(3)
        .stdout_is("")
        .stderr_has("sr: s is registered with id 2, but the schema registry at ")
        .stderr_has("hint: `sr get s` shows it once all nodes have heard of it");
    assert_eq!(registry.levels(), ["s=NONE"]);
}

/// A registry that is in use.
#[test]
fn what_goes_while_it_is_read_is_left_out_unless_it_was_named() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("stays", V1, &json!([]));
    let listed = ResponseTemplate::new(200).set_body_json(json!(["goes", "stays"]));
    registry
        .stub
        .mount(Mock::given(method("GET")).and(path("/subjects")).respond_with(listed).with_priority(1));
    let rows = sr(&scene, &registry, &["export", "dir"]).succeeds().stderr_is("").json_lines();
    assert!(rows.len() == 1 && rows[0]["subject"] == "stays", "{rows:?}");
    sr(&scene, &registry, &["export", "other", "goes"])
        .fails_with(1)
        .stderr_has("subject goes does not exist");
}

/// As Apicurio's registry, which has no modes, takes NONE.
#[test]
fn a_level_that_the_target_cannot_keep_is_told() {
    let (source, target, scene) = (Confluent::start(), Confluent::start(), Scene::new());
    source.put("s", V1, &json!([]));
    source.set_level("s", "NONE");
    sr(&scene, &source, &["export", "dir"]).succeeds();
    let no_modes = Mock::given(method("PUT")).and(path("/mode"));
    target.stub.mount(no_modes.respond_with(ResponseTemplate::new(405)).with_priority(1));
    for args in [&["import", "dir", "--new-ids", "--dry-run"][..], &["import", "dir", "--new-ids"]] {
        sr(&scene, &target, args).succeeds().stderr_has("sr: s cannot have the level NONE of its own: ");
    }
    assert!(target.versions().len() == 1 && target.levels().is_empty());
}

#[test]
fn contexts_keep_their_levels_and_modes() {
    let (source, scene) = (source(), Scene::new());
    source.set_level(":.eu:", "FULL");
    source.set_mode(":.eu:", "READONLY");
    let expected = (source.levels(), source.modes());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    sr(&scene, &source, &["export", "default", "z/money"]).succeeds();
    assert!(!scene.read("default/registry.json").contains(":.eu:"), "only those of the selection");
    let target = Confluent::start();
    sr(&scene, &target, &["import", "dir"]).succeeds().stderr_is("");
    assert_eq!(
        (target.versions(), target.levels(), target.modes()),
        (VERSIONS.map(str::to_owned).to_vec(), expected.0, expected.1)
    );
    // What comes later from a context that is closed on both sides is taken too.
    source.put(":.eu:y", V1, &json!([]));
    sr(&scene, &source, &["copy", ":.eu:y", "--to", &target.stub.url()]).succeeds();
    assert_eq!(target.modes(), source.modes());
    let other = Confluent::start();
    sr(&scene, &other, &["import", "dir", "--to-context", "us"])
        .succeeds()
        .stderr_is("sr: left out: the level and mode of .eu itself, since .us has its own\n");
    assert_eq!(
        (other.levels(), other.modes()),
        (vec![":.us:a order=FULL".to_owned()], vec![":.us:x=READONLY".to_owned()])
    );
    let anew = Confluent::start();
    sr(&scene, &anew, &["import", "dir", "--new-ids"]).succeeds();
    assert_eq!(anew.levels(), [":.eu:=FULL", "a order=FULL"]);
}

#[test]
fn subjects_that_are_not_there_yet_cost_no_list_of_all_subjects() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    let lists = |registry: &Confluent| {
        registry
            .stub
            .request_lines()
            .iter()
            .filter(|line| line.starts_with("GET /subjects?") || *line == "GET /subjects")
            .count()
    };
    assert_eq!(lists(&source), 1);
    sr(&scene, &target, &["import", "dir"]).succeeds();
    assert_eq!(lists(&target), 0);
    scene.file("d/new.avsc", V1);
    sr(&scene, &target, &["apply", "d"]).succeeds();
    assert_eq!(lists(&target), 0);
    sr(&scene, &target, &["versions", "z/mony"]).fails_with(1).stderr_has("did you mean z/money?");
}
