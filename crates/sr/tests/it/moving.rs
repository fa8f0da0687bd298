//! Export, import and copy. With ids and versions: between two registries modelled on Confluent's, since the live one has no
//! IMPORT mode. Under new ids: on the live one.

use std::time::Duration;

use kch_test::live::{self, Service};
use kch_test::wiremock::matchers::{method, path_regex};
use kch_test::wiremock::{Mock, MockBuilder, ResponseTemplate};
use kch_test::{HttpStub, Outcome, RawServer, Scene, Signal};
use serde_json::{Value, json};

use crate::confluent::Confluent;
use crate::{V1, V2};

const MONEY: &str = r#"{"type":"record","name":"Money","fields":[{"name":"cents","type":"long"}]}"#;
const ORDER: &str = r#"{ "type":"record", "name":"Order",  "fields":[{"name":"m","type":"Money"}]}"#;

/// A registry with references, an odd name, a soft deletion, a level and a mode; its ids begin at 41.
pub(crate) fn source() -> Confluent {
    let source = Confluent::start();
    source.count_from(41);
    source.put("z/money", MONEY, &json!([]));
    source.put("a order", ORDER, &json!([{"name": "Money", "subject": "z/money", "version": 1}]));
    source.put(":.eu:x", V1, &json!([]));
    source.put(":.eu:x", V2, &json!([]));
    source.delete(":.eu:x", 1);
    source.set_level("a order", "FULL");
    source.set_mode(":.eu:x", "READONLY");
    source
}

pub(crate) const VERSIONS: [&str; 4] = ["-:.eu:x 1 43", ":.eu:x 2 44", "a order 1 42", "z/money 1 41"];

pub(crate) fn sr(scene: &Scene, at: &Confluent, args: &[&str]) -> Outcome {
    scene.tool("sr").args(args).env("SCHEMA_REGISTRY_URL", at.stub.url()).run()
}

#[test]
fn what_is_exported_and_imported_is_the_same_registry() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    assert_eq!(scene.read("dir/a order.v1.avsc".replace(' ', "%20")), ORDER, "byte for byte");
    assert!(scene.dir().join("dir/%3A.eu%3Ax.v2.avsc").is_file());

    let planned = sr(&scene, &target, &["import", "dir", "--dry-run"]).succeeds().json_lines();
    assert!(planned.len() == 4 && planned.iter().all(|row| row["created"] == true), "{planned:?}");
    assert!(target.versions().is_empty() && target.modes().is_empty());

    sr(&scene, &target, &["import", "dir"]).succeeds().stderr_is("");
    assert_eq!(target.versions(), VERSIONS);
    assert_eq!(target.sent("a order", 1), source.sent("a order", 1));
    assert_eq!((target.levels(), target.modes()), (source.levels(), source.modes()));
    let again = sr(&scene, &target, &["import", "dir"]).succeeds().json_lines();
    assert!(again.iter().all(|row| row["created"] == false), "{again:?}");
    assert_eq!(target.versions(), VERSIONS);

    // A second export is the first, byte for byte, and nothing else stays in the folder.
    let first = scene.read("dir/registry.json");
    sr(&scene, &target, &["export", "dir"]).succeeds();
    assert_eq!(scene.read("dir/registry.json"), first);
    sr(&scene, &target, &["export", "dir", "z/money"]).succeeds();
    assert_eq!(std::fs::read_dir(scene.dir().join("dir")).unwrap().count(), 2);
}

#[test]
fn an_import_that_fails_in_the_middle_puts_the_modes_back_and_can_be_run_again() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    target.trouble_after(2, None);
    let outcome = sr(&scene, &target, &["import", "dir"]);
    outcome.fails_with(1).stderr_has("sr: z/money version 1: the registry takes this for no valid schema");
    assert_eq!(target.versions().len(), 2);
    assert!(target.modes().is_empty(), "{:?}", target.modes());
    // Nobody to print for: the failure is said all the same.
    let tool = scene.tool("sr").args(["import", "dir"]).env("SCHEMA_REGISTRY_URL", target.stub.url());
    let outcome = tool.stdout_to("/dev/full").run();
    outcome.fails_with(1).stderr_has("takes this for no valid schema").stderr_has("cannot write to stdout");
    assert!(target.modes().is_empty(), "{:?}", target.modes());
    target.no_trouble();
    sr(&scene, &target, &["import", "dir"]).succeeds();
    assert_eq!((target.versions(), target.modes()), (VERSIONS.map(str::to_owned).to_vec(), source.modes()));
}

#[test]
fn a_signal_in_the_middle_of_an_import_puts_the_modes_back() {
    for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
        let (source, target, scene) = (source(), Confluent::start(), Scene::new());
        sr(&scene, &source, &["export", "dir"]).succeeds();
        target.trouble_after(1, Some(Duration::from_secs(50)));
        let tool = scene.tool("sr").args(["import", "dir"]).env("SCHEMA_REGISTRY_URL", target.stub.url());
        let mut running = tool.spawn();
        let deadline = std::time::Instant::now() + Duration::from_secs(40);
        while target.versions().len() < 2 {
            assert!(std::time::Instant::now() < deadline && running.is_running());
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(target.modes().len(), 3, "all three are in IMPORT mode");
        running.signal(signal);
        running.wait().fails_with(code);
        assert!(target.modes().is_empty(), "{:?}", target.modes());
    }
}

#[test]
fn a_mode_that_a_killed_import_left_behind_is_put_back_by_the_next() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    sr(&scene, &target, &["import", "dir"]).succeeds();
    target.set_mode("z/money", "IMPORT");
    target.set_mode(":.eu:x", "IMPORT");
    sr(&scene, &target, &["import", "dir", "--dry-run"])
        .succeeds()
        .stderr_has("sr: z/money is in IMPORT mode with nothing left to import, which would end\n");
    sr(&scene, &target, &["import", "dir"])
        .succeeds()
        .stderr_is(
        "sr: :.eu:x was left in IMPORT mode, which ends now\nsr: z/money was left in IMPORT mode, which ends now\n",
    );
    assert_eq!(target.modes(), source.modes());
}

#[test]
fn what_is_softly_deleted_there_comes_back() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    sr(&scene, &target, &["import", "dir"]).succeeds();
    for (subject, version) in [("z/money", 1), ("a order", 1), (":.eu:x", 2)] {
        target.delete(subject, version);
    }
    let said = ["z/money version 1", "a order version 1", ":.eu:x version 2"];
    let gone = target.versions();
    for dry_run in [&["import", "dir", "--dry-run"][..], &["import", "dir"]] {
        assert_eq!(target.versions(), gone);
        let outcome = sr(&scene, &target, dry_run);
        for version in said {
            outcome.stderr_has(format!("sr: {version} is softly deleted there, and comes back\n"));
        }
        let rows = outcome.succeeds().json_lines();
        assert_eq!(rows.iter().filter(|row| row["created"] == true).count(), 3, "{rows:?}");
    }
    assert_eq!((target.versions(), target.modes()), (VERSIONS.map(str::to_owned).to_vec(), source.modes()));

    target.delete("z/money", 1);
    let to = target.stub.url();
    sr(&scene, &source, &["copy", "z/money", "--to", &to]).succeeds().stderr_has("comes back");
    assert_eq!(target.versions(), VERSIONS);
    // Under new ids it is registered again.
    target.delete("z/money", 1);
    let rows = sr(&scene, &source, &["copy", "z/money", "--to", &to, "--new-ids"]).succeeds().json_lines();
    assert_eq!((&rows[0]["version"], &rows[0]["created"]), (&json!(2), &json!(true)));
}

#[test]
fn a_version_that_a_registry_leaves_deleted_is_not_called_imported() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir", "z/money"]).succeeds();
    sr(&scene, &target, &["import", "dir"]).succeeds();
    target.delete("z/money", 1);
    target.stub.mount(
        Mock::given(method("POST"))
            .and(path_regex("/subjects/z%2Fmoney/versions"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": 41})))
            .with_priority(1),
    );
    sr(&scene, &target, &["import", "dir"]).fails_with(1).stdout_is("").stderr_has(
        "sr: z/money version 1 did not come back: it is still softly deleted\n\
         hint: --new-ids registers it as a new version\n",
    );
    assert!(target.modes().is_empty(), "{:?}", target.modes());
}

#[test]
fn what_is_taken_is_refused_before_anything_is_changed() {
    let (source, scene) = (source(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    let version_taken = Confluent::start();
    version_taken.put("z/money", V1, &json!([]));
    let id_taken = Confluent::start();
    id_taken.count_from(41);
    id_taken.put("other", V1, &json!([]));
    for (target, why) in [
        (version_taken, "z/money version 1 is another schema there, with id 1"),
        (id_taken, "z/money version 1: its id 41 is another schema's there"),
    ] {
        sr(&scene, &target, &["import", "dir"])
            .fails_with(1)
            .stdout_is("")
            .stderr_is(format!("sr: {why}\nhint: --new-ids gives them ids and versions of their own\n"));
        assert_eq!(target.versions().len(), 1);
        let changes = target.stub.request_lines();
        let changes: Vec<&String> = changes.iter().filter(|line| !line.starts_with("GET")).collect();
        assert_eq!(changes, ["PUT /mode"], "only the question whether there are modes");
    }
}

#[test]
fn copy_takes_some_subjects_and_what_they_refer_to_and_shows_each_side_its_own_credentials() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    let copy = |args: &[&str]| {
        let tool = scene.tool("sr").args(["copy"]).args(args).env("SCHEMA_REGISTRY_URL", source.stub.url());
        tool.env("SCHEMA_REGISTRY_TOKEN", "ours").env("OTHER_REGISTRY_TOKEN", "theirs").run()
    };
    copy(&["a order"]).fails_with(2);
    copy(&["a order", "--to", &target.stub.url(), "--dry-run"]).succeeds();
    assert!(target.versions().is_empty());
    copy(&["a order", "--to", &target.stub.url()]).succeeds();
    assert_eq!(target.versions(), ["a order 1 42", "z/money 1 41"]);
    for (registry, token) in [(&source, "Bearer ours"), (&target, "Bearer theirs")] {
        let requests = registry.stub.requests();
        assert!(
            !requests.is_empty() && requests.iter().all(|request| request.headers["authorization"] == token)
        );
    }
    let back = Confluent::start();
    let tool = scene.tool("sr").args(["copy", "--from", &target.stub.url()]);
    tool.env("SCHEMA_REGISTRY_URL", back.stub.url()).run().succeeds();
    assert_eq!(back.versions(), target.versions());
}

#[test]
fn new_ids_keep_the_references() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    // Money becomes version 2 there.
    target.put("z/money", V2, &json!([]));
    sr(&scene, &source, &["export", "dir", "a order"]).succeeds();
    let planned = sr(&scene, &target, &["import", "dir", "--new-ids", "--dry-run"]).succeeds().json_lines();
    assert_eq!((planned.len(), &planned[1]["created"]), (2, &json!(true)));
    let rows = sr(&scene, &target, &["import", "dir", "--new-ids"]).succeeds().json_lines();
    assert_eq!(
        rows[0],
        json!({"subject": "z/money", "version": 2, "id": 2, "created": true, "was_version": 1, "was_id": 41})
    );
    assert_eq!(target.sent("a order", 1)["references"][0]["version"], 2);
    assert_eq!(target.levels(), ["a order=FULL"]);
}

#[test]
fn a_folder_that_is_no_export_is_neither_read_nor_overwritten() {
    let (source, scene) = (source(), Scene::new());
    scene.file("mine/notes.txt", "keep");
    sr(&scene, &source, &["export", "mine"])
        .fails_with(2)
        .stderr_has("mine is not empty, and no export is in it");
    sr(&scene, &source, &["import", "mine"]).fails_with(2).stderr_has("mine has no registry.json");
    assert_eq!(scene.read("mine/notes.txt"), "keep");
    let nobody = format!("http://{}", RawServer::nobody());
    scene.file("empty/registry.json", "{}");
    scene.tool("sr").args(["import", "empty", "--registry", &nobody]).run().fails_with(3);
}

#[test]
fn one_who_may_not_change_modes_is_told_so() {
    let (source, scene) = (source(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    let stub = HttpStub::start();
    let answer = |matcher: MockBuilder, status, body: &str| {
        let body = ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/json");
        stub.mount(matcher.respond_with(body));
    };
    let no = r#"{"error_code":40301,"message":"not yours"}"#;
    answer(Mock::given(method("PUT")), 403, no);
    let missing = r#"{"error_code":40401,"message":"no"}"#;
    answer(Mock::given(path_regex("/subjects/.+")), 404, missing);
    let missing = r#"{"error_code":40403,"message":"no"}"#;
    answer(Mock::given(path_regex("/schemas/.+")), 404, missing);
    let missing = r#"{"error_code":40409,"message":"no"}"#;
    answer(Mock::given(path_regex("/mode/.+")), 404, missing);
    stub.reply("GET", "/subjects", 200, "[]");
    let outcome = scene.tool("sr").args(["import", "dir", "--registry", &stub.url()]).run();
    outcome.fails_with(2).stdout_is("").stderr_has(": not yours\nhint: no credentials were sent");
    assert!(!stub.request_lines().iter().any(|line| line.starts_with("DELETE") || line.starts_with("POST")));
}

#[test]
fn a_folder_from_elsewhere_cannot_name_files_outside_of_it() {
    let (target, scene) = (Confluent::start(), Scene::new());
    scene.file("secret.txt", "hunter2");
    let version = json!({"version": 1, "id": 1, "file": "../secret.txt"});
    scene.file("dir/registry.json", json!({"subjects": {"s": {"versions": [version]}}}).to_string());
    for verb in ["import", "apply", "export"] {
        let outcome = sr(&scene, &target, &[verb, "dir"]);
        outcome.fails_with(2).stderr_has("../secret.txt is not the name of a file in this folder");
    }
    assert_eq!(scene.read("secret.txt"), "hunter2");
}

#[test]
fn a_terminal_that_is_closed_does_not_end_an_import_in_the_middle() {
    let (source, target, scene) = (source(), Confluent::start(), Scene::new());
    sr(&scene, &source, &["export", "dir"]).succeeds();
    target.trouble_after(1, Some(Duration::from_secs(1)));
    let tool = scene.tool("sr").args(["import", "dir"]).env("SCHEMA_REGISTRY_URL", target.stub.url());
    let running = tool.spawn();
    let deadline = std::time::Instant::now() + Duration::from_secs(40);
    while target.versions().len() < 2 {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    scene.shell(&format!("kill -HUP {}", running.pid())).run().succeeds();
    running.wait().succeeds();
    assert_eq!((target.versions(), target.modes()), (VERSIONS.map(str::to_owned).to_vec(), source.modes()));
}

/// Where there are no modes, no subject can be exempted from the global level.
#[test]
fn a_dry_run_foresees_what_the_global_level_refuses_of_history_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let scene = stack.scene();
    let subject = stack.unique_subject("sr-history");
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    let has_modes =
        !sr(&["mode", "set", &subject, "IMPORT", "--dry-run"]).stderr_text().contains("cannot set a mode");
    if has_modes || sr(&["compat", "get", "-q", "compatibility"]).stdout_text() != "BACKWARD\n" {
        return;
    }
    let version = |number: u32| json!({"version": number, "id": number, "file": format!("v{number}.avsc")});
    let registry = |count: u32| {
        let versions: Vec<Value> = (1..=count).map(version).collect();
        json!({"subjects": {subject.as_str(): {"versions": versions}}}).to_string()
    };
    let record = |fields: &str| format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#);
    let (a, b) = (r#"{"name":"a","type":"long"}"#, r#",{"name":"b","type":"string"}"#);
    let c = r#",{"name":"c","type":"int","default":0}"#;
    scene.file("dir/v1.avsc", record(a));
    scene.file("dir/v2.avsc", record(&format!("{a}{c}")));
    scene.file("dir/v3.avsc", record(&format!("{a}{b}")));
    let import = |args: &[&str]| sr(&[&["import", "dir", "--new-ids"], args].concat());
    scene.file("dir/registry.json", registry(3));
    let said = format!(
        "sr: {subject} version 3 is incompatible with {subject} version 2 (BACKWARD):\n  field \"b\" is new"
    );
    let planned = import(&["--dry-run"]);
    planned.fails_with(1).stderr_has(&said);
    assert_eq!(planned.json_lines().len(), 2);
    assert_eq!(stack.registry("GET", &format!("/subjects/{subject}/versions"), None).0, 404, "a dry run");
    // The run does so too, and behind what it has done the dry run judges by what is there.
    let done = import(&[]);
    done.fails_with(1).stderr_has(format!("{subject} version 3: the schema is incompatible"));
    assert_eq!(done.json_lines().len(), 2);
    import(&["--dry-run"]).fails_with(1).stderr_has(&said);
    scene.file("dir/registry.json", registry(2));
    import(&["--dry-run"]).succeeds();
    import(&[]).succeeds();
}

#[test]
fn export_and_import_under_new_ids_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let scene = stack.scene();
    let order = stack.unique_subject("sr-move-order");
    let money = stack.unique_subject("sr-move/money");
    scene.file("money.avsc", MONEY);
    scene.file("order.avsc", ORDER);
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    sr(&["register", &money, "money.avsc", "--set-compat", "FULL"]).succeeds();
    sr(&["register", &order, "order.avsc", "--reference", &format!("Money={money}:1")]).succeeds();
    let rows = sr(&["export", "dir", &order]).succeeds().json_lines();
    assert_eq!((rows.len(), &rows[0]["subject"]), (2, &json!(money)));

    let outcome = sr(&["import", "dir"]);
    if outcome.stderr_text().contains("has no IMPORT mode") {
        outcome
            .fails_with(1)
            .stdout_is("")
            .stderr_has("hint: --new-ids registers the schemas under ids of its own");
    }
    sr(&["delete", &order, "--hard"]).succeeds();
    sr(&["delete", &money, "--hard"]).succeeds();
    sr(&["import", "dir", "--new-ids", "--dry-run"]).succeeds();
    assert_eq!(stack.registry("GET", &format!("/subjects/{order}/versions"), None).0, 404, "a dry run");
    let rows = sr(&["import", "dir", "--new-ids"]).succeeds().json_lines();
    assert!(rows.len() == 2 && rows.iter().all(|row| row["created"] == true), "{rows:?}");
    let (_, text) = stack.registry("GET", &format!("/subjects/{order}/versions/1"), None);
    assert!(text.contains(&format!("\"subject\":\"{money}\",\"version\":1")), "{text}");
    sr(&["compat", "get", &money]).succeeds().stdout_has("FULL");
    sr(&["compat", "get", &order]).succeeds();
    let again = sr(&["import", "dir", "--new-ids"]).succeeds().json_lines();
    assert!(again.iter().all(|row| row["created"] == false), "{again:?}");
    // From a registry into itself: all is there.
    sr(&["copy", &order, "--to", stack.setting("SCHEMA_REGISTRY_URL"), "--new-ids"]).succeeds();
    sr(&["delete", &order, "--hard"]).succeeds();
    sr(&["delete", &money, "--hard"]).succeeds();
}
