//! `offsets`: read, set, forgotten, and the connector put back into its state.

use kch_test::wiremock::matchers::{method, path};
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{HttpStub, Signal};

use crate::{ctl, scene, status, until};

const SINK: &str = r#"{"offsets":[{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":7}},
    {"partition":{"kafka_topic":"t","kafka_partition":1},"offset":{"kafka_offset":9}}]}"#;
const SOURCE: &str = r#"{"offsets":[{"partition":{"filename":"/f"},"offset":{"position":5}}]}"#;

/// A connector in this state, which stops when it is asked to.
fn with_connector(worker: &HttpStub, own: &str, offsets: &str) {
    let answer = |body: &str| ResponseTemplate::new(200).set_body_raw(body.to_owned(), "application/json");
    let of_status = || Mock::given(method("GET")).and(path("/connectors/c/status"));
    worker.mount(of_status().respond_with(answer(&status("c", own, own))).up_to_n_times(2));
    worker.mount(of_status().respond_with(answer(&status("c", "STOPPED", ""))));
    worker.reply("GET", "/connectors/c/offsets", 200, offsets);
    for verb in ["stop", "resume", "pause"] {
        worker.reply("PUT", &format!("/connectors/c/{verb}"), 202, "");
    }
}

fn changes(worker: &HttpStub) -> Vec<String> {
    let lines = worker.request_lines();
    lines
        .into_iter()
        .filter(|line| !line.starts_with("GET "))
        .map(|line| line.replace("/connectors/c", ""))
        .collect()
}

#[test]
fn a_sinks_are_short_and_a_sources_are_its_own() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/offsets", 200, SINK);
    worker.reply("GET", "/connectors/d/offsets", 200, SOURCE);
    ctl(&scene, &["offsets", "get", "c"]).succeeds().stdout_is(
        "{\"topic\":\"t\",\"partition\":0,\"offset\":7}\n{\"topic\":\"t\",\"partition\":1,\"offset\":9}\n",
    );
    ctl(&scene, &["offsets", "get", "d"])
        .succeeds()
        .stdout_is("{\"partition\":{\"filename\":\"/f\"},\"offset\":{\"position\":5}}\n");
}

#[test]
fn a_change_stops_the_connector_and_puts_it_back() {
    for (own, back) in [("RUNNING", Some("PUT /resume")), ("PAUSED", Some("PUT /pause")), ("STOPPED", None)] {
        let (worker, scene) = scene();
        with_connector(&worker, own, SINK);
        // The tasks are still leaving their group.
        let busy = ResponseTemplate::new(500).set_body_string(
            r#"{"error_code":500,"message":"Failed to alter consumer group offsets for connector c either because its tasks haven't stopped completely yet or the resources used by the connector are still being cleaned up"}"#,
        );
        let patch = || Mock::given(method("PATCH")).and(path("/connectors/c/offsets"));
        worker.mount(patch().respond_with(busy).up_to_n_times(1));
        worker.reply("PATCH", "/connectors/c/offsets", 200, r#"{"message":"altered"}"#);
        let lines = "{\"topic\":\"t\",\"partition\":0,\"offset\":3}\n{\"topic\":\"t\",\"partition\":1,\"offset\":null}\n";
        let set = |args: &[&str]| {
            scene.tool("connect-ctl").args(["offsets", "set", "c"]).args(args).stdin(lines).run()
        };
        set(&[]).succeeds().stdout_is(
            "{\"topic\":\"t\",\"partition\":0,\"offset\":3,\"from\":7}\n\
             {\"topic\":\"t\",\"partition\":1,\"offset\":null,\"from\":9}\n",
        );
        let mut expected = vec!["PUT /stop", "PATCH /offsets", "PATCH /offsets"];
        expected.extend(back);
        assert_eq!(changes(&worker), expected);
        let body = &worker.request_bodies()
            [worker.request_lines().iter().position(|line| line.starts_with("PATCH")).unwrap()];
        assert_eq!(
            body,
            r#"{"offsets":[{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":3}},{"partition":{"kafka_topic":"t","kafka_partition":1},"offset":null}]}"#
        );
        set(&["--dry-run"]).succeeds().stdout_has("\"from\":7,\"dry_run\":true}");
        assert_eq!(changes(&worker).len(), expected.len());
    }
}

#[test]
fn a_refused_change_and_a_signal_leave_the_connector_as_it_was() {
    let (worker, scene) = scene();
    with_connector(&worker, "RUNNING", SOURCE);
    let refusal = r#"{"error_code":400,"message":"The offset position must be a number"}"#;
    worker.reply("PATCH", "/connectors/c/offsets", 400, refusal);
    let line = r#"{"partition":{"filename":"/f"},"offset":{"position":"x"}}"#;
    let set = || scene.tool("connect-ctl").args(["offsets", "set", "c"]).stdin(line);
    set()
        .run()
        .fails_with(1)
        .stdout_is("")
        .stderr_is("connect-ctl: connector c: The offset position must be a number\n");
    assert_eq!(changes(&worker), ["PUT /stop", "PATCH /offsets", "PUT /resume"]);

    worker.reset();
    with_connector(&worker, "RUNNING", SOURCE);
    let slow = r#"{"error_code":500,"message":"its tasks haven't stopped completely yet"}"#;
    worker.reply("PATCH", "/connectors/c/offsets", 500, slow);
    let mut running = set().spawn();
    until("the change", || changes(&worker).iter().any(|line| line.starts_with("PATCH")));
    running.signal(Signal::Interrupt);
    running.wait().fails_with(130).stdout_is("");
    assert_eq!(changes(&worker).pop().unwrap(), "PUT /resume");
}

#[test]
fn a_stop_whose_answer_does_not_come_is_put_back_too() {
    let (worker, scene) = scene();
    let slow = ResponseTemplate::new(202).set_delay(std::time::Duration::from_secs(90));
    worker.mount(Mock::given(method("PUT")).and(path("/connectors/c/stop")).respond_with(slow));
    with_connector(&worker, "PAUSED", SINK);
    let mut running = scene.tool("connect-ctl").args(["offsets", "reset", "c"]).spawn();
    until("the stop", || !changes(&worker).is_empty());
    running.signal(Signal::Interrupt);
    running.wait().fails_with(130).stdout_is("");
    assert_eq!(changes(&worker), ["PUT /stop", "PUT /pause"]);

    let (worker, scene) = crate::scene();
    let failure = r#"{"error_code":500,"message":"Request timed out"}"#;
    worker.reply("PUT", "/connectors/c/stop", 500, failure);
    with_connector(&worker, "RUNNING", SINK);
    ctl(&scene, &["offsets", "reset", "c"]).fails_with(3).stderr_has("Request timed out");
    assert_eq!(changes(&worker), ["PUT /stop", "PUT /resume"]);

    let (worker, scene) = crate::scene();
    worker.reply("PUT", "/connectors/c/stop", 500, failure);
    worker.reply("PUT", "/connectors/c/resume", 500, failure);
    with_connector(&worker, "RUNNING", SINK);
    ctl(&scene, &["offsets", "reset", "c"])
        .fails_with(3)
        .stderr_has("connector c may be STOPPED, and was RUNNING: ")
        .stderr_has("hint: connect-ctl resume c");
}

#[test]
fn a_reset_forgets_all() {
    let (worker, scene) = scene();
    with_connector(&worker, "STOPPED", SINK);
    worker.reply("DELETE", "/connectors/c/offsets", 200, r#"{"message":"reset"}"#);
    let dry = ctl(&scene, &["offsets", "reset", "c", "--dry-run"]);
    dry.succeeds()
        .stdout_has("{\"topic\":\"t\",\"partition\":1,\"offset\":null,\"from\":9,\"dry_run\":true}");
    assert!(changes(&worker).is_empty());
    ctl(&scene, &["offsets", "reset", "c"]).succeeds();
    assert_eq!(changes(&worker), ["PUT /stop", "DELETE /offsets"]);
}

#[test]
fn what_is_no_offset_is_named_with_its_line_and_an_old_worker_with_its_version() {
    let (worker, scene) = scene();
    with_connector(&worker, "RUNNING", SINK);
    let set = |text: &str| scene.tool("connect-ctl").args(["offsets", "set", "c"]).stdin(text).run();
    set("{\"topic\":\"t\",\"partition\":0,\"offset\":3}\n{\"topic\":\"t\"}\n")
        .fails_with(2)
        .stderr_has("stdin:2: not an offset\nhint: ");
    set(r#"{"topic":"t","partition":0,"offset":-1}"#).fails_with(2).stderr_has("stdin:1: not an offset");
    set("").fails_with(2).stderr_is("connect-ctl: stdin is empty\n");
    assert!(changes(&worker).is_empty());
    worker.reset().reply(
        "GET",
        "/connectors/c/offsets",
        404,
        r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#,
    );
    ctl(&scene, &["offsets", "get", "c"])
        .fails_with(1)
        .stderr_has("this worker cannot do that, Connect 3.5 and later can");
}
