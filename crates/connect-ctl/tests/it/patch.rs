//! `patch` and `clone`: what is sent of a configuration that is there already.

use crate::{MISSING, ctl, scene, with_connectors};
use kch_test::wiremock::matchers::{body_string_contains, method, path};
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{HttpStub, Scene};

/// A worker with `a-1` and `a-2`, both with a password in clear, as Connect hands it out.
fn two() -> (HttpStub, Scene) {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("a-1", "RUNNING", "RUNNING"), ("a-2", "RUNNING", "RUNNING")]);
    for name in ["a-1", "a-2"] {
        let config = format!(
            r#"{{"name":"{name}","connector.class":"X","tasks.max":"1","password":"hunter2","note":"$$1"}}"#
        );
        worker.reply("GET", &format!("/connectors/{name}/config"), 200, &config);
        worker.reply("PUT", &format!("/connectors/{name}/config"), 200, "{}");
    }
    (worker, scene)
}

fn puts(worker: &HttpStub) -> Vec<String> {
    let is_put = |request: &&kch_test::wiremock::Request| {
        request.method.as_str() == "PUT" && request.url.path().starts_with("/connectors/")
    };
    let requests = worker.requests();
    requests
        .iter()
        .filter(is_put)
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect()
}

/// The class knows nothing of what it hands on to a client, so that its settings tell no password there.
#[test]
fn a_private_key_of_a_client_is_masked() {
    let (worker, scene) = two();
    worker.reply("PUT", "/connector-plugins/X/config/validate", 200, r#"{"configs":[]}"#);
    for setting in ["producer.override.ssl.keystore.key", "value.converter.note"] {
        let pair = format!("{setting}=-----BEGIN PRIVATE KEY-----\nhunter2");
        ctl(&scene, &["patch", "a-1", "-s", &pair, "--dry-run"])
            .succeeds()
            .never_says("hunter2")
            .stdout_has(format!("{{\"setting\":\"{setting}\",\"from\":null,\"to\":\"********\"}}"));
    }
}

#[test]
fn a_patch_sends_the_whole_configuration_with_its_difference_and_prints_that_masked() {
    let (worker, scene) = two();
    let patch = |args: &[&str]| ctl(&scene, &[&["patch", "a-1"], args].concat());
    worker.reply("PUT", "/connector-plugins/X/config/validate", 200, r#"{"configs":[]}"#);
    let args = ["-s", "tasks.max=2", "--unset", "note", "--set", "url=http://h/?a=b"];
    let changes = r#""changes":[{"setting":"note","from":"$$1","to":null},{"setting":"tasks.max","from":"1","to":"2"},{"setting":"url","from":null,"to":"http://h/?a=b"}]}"#;
    let dry = patch(&[&args[..], &["--dry-run"]].concat());
    dry.succeeds()
        .never_says("hunter2")
        .stdout_has(r#"{"name":"a-1","dry_run":true,"result":"updated","config":{"#);
    assert!(puts(&worker).is_empty());
    patch(&args)
        .succeeds()
        .never_says("hunter2")
        .stdout_is(format!("{{\"name\":\"a-1\",\"result\":\"updated\",{changes}\n"));
    assert_eq!(
        puts(&worker),
        [
            r#"{"connector.class":"X","name":"a-1","password":"hunter2","tasks.max":"2","url":"http://h/?a=b"}"#
        ]
    );
    let nothing = patch(&["-s", "tasks.max=1", "--unset", "notes"]);
    nothing
        .succeeds()
        .stdout_is("{\"name\":\"a-1\",\"result\":\"unchanged\",\"changes\":[]}\n")
        .stderr_is("connect-ctl: note: a-1 has no setting notes; did you mean note?\n");
    assert_eq!(puts(&worker).len(), 1);
}

#[test]
fn a_patch_takes_globs_and_fills_variables() {
    let (worker, scene) = two();
    scene.file(".env", "SINK_PASSWORD='oth\"er2'\n");
    let outcome = ctl(&scene, &["patch", "a-*", "-s", "pin=${SINK_PASSWORD}", "-s", "note=$$1"]);
    outcome.succeeds().never_says("er2");
    let pin = r#"{"setting":"pin","from":null,"to":"********"}"#;
    assert_eq!(outcome.stdout_text().matches(pin).count(), 2);
    assert_eq!(
        puts(&worker)
            .iter()
            .filter(|body| body.contains(r#""note":"$1","password":"hunter2","pin":"oth\"er2""#))
            .count(),
        2
    );
}

#[test]
fn a_patch_that_cannot_be_meant_is_a_usage_failure_before_anything_is_asked() {
    let (worker, scene) = two();
    for (args, said) in [
        (&["a-1"][..], "nothing to change"),
        (&["a-1", "-s", "a=1", "--unset", "a"], "a is both set and unset"),
        (&["a-1", "-s", "name=b"], "a connector's name cannot be changed"),
        (&["a-1", "-s", "a=${NOT_THERE}"], "--set: NOT_THERE is not set"),
        (&["a-1", "-s", "password=********"], "--set: password is a mask, not a value"),
        (&["-s", "a=1"], "no connector given"),
        (&["a-1", "-s", "a"], "write it as KEY=VALUE"),
    ] {
        ctl(&scene, &[&["patch"], args].concat()).fails_with(2).stderr_has(said);
    }
    assert!(worker.request_lines().is_empty());
}

#[test]
fn a_patch_waits_until_the_connector_runs() {
    let (worker, scene) = two();
    let looks = || worker.request_lines().iter().filter(|line| line.ends_with("/a-1/status")).count();
    ctl(&scene, &["patch", "a-1", "-s", "a=1", "--wait", "60s"])
        .succeeds()
        .stdout_has("\"result\":\"updated\"");
    assert!(looks() > 2, "it is looked at before the change and after it");
}

/// A rebalance may take longer than one waits.
#[test]
fn a_change_that_no_task_has_in_time_is_late() {
    let (worker, scene) = two();
    let config = r#"{"name":"a-1","connector.class":"X","tasks.max":"1","password":"hunter2","note":"$1"}"#;
    let task =
        format!(r#"[{{"id":{{"connector":"a-1","task":0}},"config":{}}}]"#, config.replace("$1", "$$1"));
    worker.reply("GET", "/connectors/a-1/tasks", 200, &task);
    for change in ["tasks.max=2", "another=1"] {
        ctl(&scene, &["patch", "a-1", "-s", change, "--wait", "1s"])
            .fails_with(3)
            .stdout_has("\"result\":\"updated\"")
            .stderr_is("connect-ctl: connector a-1: its tasks do not have the change after 1 s\n");
    }
}

#[test]
fn a_clone_is_the_same_but_for_what_is_said_and_never_overwrites() {
    let (worker, scene) = two();
    worker.reply("GET", "/connectors/b/config", 404, MISSING);
    worker.reply("PUT", "/connectors/b/config", 201, "{}");
    let clone = |args: &[&str]| ctl(&scene, &[&["clone"], args].concat());
    clone(&["a-1", "b", "--set", "tasks.max=3", "--unset", "note"])
        .succeeds()
        .never_says("hunter2")
        .stdout_has("{\"name\":\"b\",\"result\":\"created\",\"changes\":[");
    assert_eq!(puts(&worker), [r#"{"connector.class":"X","name":"b","password":"hunter2","tasks.max":"3"}"#]);
    clone(&["a-1", "a-2"]).succeeds().stdout_has("\"result\":\"unchanged\"");
    clone(&["a-1", "a-2", "-s", "tasks.max=3"]).fails_with(1).stdout_is("").stderr_is(
        "connect-ctl: connector a-2 exists already, with another configuration\n\
         hint: connect-ctl patch a-2 --set KEY=VALUE changes it\n",
    );
    worker.reply("GET", "/connectors/x/config", 404, MISSING);
    clone(&["x", "b"]).fails_with(1).stderr_has("connector x does not exist");
    assert_eq!(puts(&worker).len(), 1);
}

#[test]
fn what_is_created_stopped_is_posted_and_what_is_there_keeps_its_state() {
    let (worker, scene) = two();
    for name in ["b", "late", "old"] {
        worker.reply("GET", &format!("/connectors/{name}/config"), 404, MISSING);
    }
    let post = |name: &str, status: u16, body: &str| {
        let asked = Mock::given(method("POST"))
            .and(path("/connectors"))
            .and(body_string_contains(format!("\"{name}\"")));
        let answer = ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/json");
        worker.mount(asked.respond_with(answer));
    };
    post("b", 201, "{}");
    post("late", 409, r#"{"error_code":409,"message":"Connector late already exists"}"#);
    post("old", 500, r#"{"error_code":500,"message":"Unrecognized field \"initial_state\""}"#);
    let clone =
        |name: &str, args: &[&str]| ctl(&scene, &[&["clone", "a-1", name, "--stopped"], args].concat());
    worker.reply("GET", "/connectors/b/status", 200, &crate::status("b", "STOPPED", ""));
    clone("b", &["--wait", "60s"]).succeeds().never_says("hunter2").stdout_has("\"result\":\"created\"");
    let sent = worker.requests().into_iter().find(|request| request.method.as_str() == "POST").unwrap();
    assert_eq!(
        String::from_utf8_lossy(&sent.body),
        r#"{"name":"b","config":{"connector.class":"X","name":"b","note":"$$1","password":"hunter2","tasks.max":"1"},"initial_state":"STOPPED"}"#
    );
    clone("late", &[])
        .fails_with(1)
        .stderr_is("connect-ctl: connector late was created by someone else meanwhile\n");
    clone("old", &[]).fails_with(1).stderr_has("Connect 3.7 and later can\nhint: connect-ctl info");
    let config = r#"{"connector.class":"X","tasks.max":"2"}"#;
    let applied = scene.tool("connect-ctl").args(["apply", "a-1", "--stopped"]).stdin(config).run();
    applied.succeeds().stdout_has("\"result\":\"updated\"");
    assert_eq!(puts(&worker).len(), 1);
}
