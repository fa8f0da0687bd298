//! `apply` and its relatives: what is sent, and what is shown of it.

use kch_test::wiremock::matchers::{method, path};
use kch_test::wiremock::{Mock, ResponseTemplate};

use crate::{ctl, scene};

const MISSING: &str = r#"{"error_code":404,"message":"Connector c not found"}"#;
const SINK: &str = r#"{"name":"c","config":{"connector.class":"X","tasks.max":1,"url":"http://${HOST:-h}:1",
    "password":"${SINK_PASSWORD}","note":"$${HOST} ${file:/s:k}"}}"#;

#[test]
fn variables_are_filled_sent_in_clear_and_shown_masked() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 404, MISSING);
    worker.reply("PUT", "/connectors/c/config", 201, "{}");
    scene.file("c.json", SINK);
    scene.file(".env", "SINK_PASSWORD='hun\"ter2'\n");
    let outcome = ctl(&scene, &["apply", "c", "c.json"]);
    outcome.succeeds().stdout_has(r#"{"name":"c","result":"created","changes":["#).never_says("ter2");
    assert_eq!(
        worker.request_bodies().pop().unwrap(),
        r#"{"connector.class":"X","name":"c","note":"${HOST} ${file:/s:k}","password":"hun\"ter2","tasks.max":"1","url":"http://h:1"}"#
    );
}

#[test]
fn a_missing_variable_is_named_before_anything_is_sent() {
    let (worker, scene) = scene();
    scene.file("c.json", SINK);
    ctl(&scene, &["apply", "c", "c.json"]).fails_with(2).stdout_is("").stderr_is(
        "connect-ctl: c.json: SINK_PASSWORD is not set\n\
         hint: put it into .env or the environment; a dollar that is meant is written $$\n",
    );
    assert!(worker.request_lines().is_empty());
}

#[test]
fn what_is_in_force_is_left_alone_and_a_change_is_shown() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 200, r#"{"name":"c","connector.class":"X","a":"1"}"#);
    worker.reply("PUT", "/connectors/c/config", 200, "{}");
    let apply = |text: &str, args: &[&str]| {
        scene.tool("connect-ctl").args(["apply", "c"]).args(args).stdin(text).run()
    };
    apply(r#"{"a":1,"connector.class":"X"}"#, &[])
        .succeeds()
        .stdout_is("{\"name\":\"c\",\"result\":\"unchanged\",\"changes\":[]}\n");
    assert_eq!(worker.request_lines(), ["GET /connectors/c/config"]);
    apply(r#"{"a":2,"connector.class":"X"}"#, &["-o", "table"])
        .succeeds()
        .stdout_is("name  result\nc     updated\n~ a: 1 -> 2\n");
    worker.reset();
    worker.reply("GET", "/connectors/c/config", 200, r#"{"name":"c","connector.class":"X","a":"1"}"#);
    apply(r#"{"connector.class":"X"}"#, &["--dry-run", "-o", "table"])
        .succeeds()
        .stdout_is("name  dry_run  result\nc     true     updated\n- a: 1\n");
    assert_eq!(worker.request_lines(), ["GET /connectors/c/config"]);
}

#[test]
fn a_rebalance_is_waited_for() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 404, MISSING);
    let busy = r#"{"error_code":409,"message":"Cannot complete request because of a conflicting operation (e.g. worker rebalance)"}"#;
    let put = || Mock::given(method("PUT")).and(path("/connectors/c/config"));
    worker.mount(put().respond_with(ResponseTemplate::new(409).set_body_string(busy)).up_to_n_times(2));
    worker.mount(put().respond_with(ResponseTemplate::new(201).set_body_string("{}")));
    scene.tool("connect-ctl").args(["apply", "c"]).stdin(r#"{"connector.class":"X"}"#).run().succeeds();
    assert_eq!(worker.request_lines().len(), 4);
}

#[test]
fn a_masked_configuration_is_not_applied() {
    let (worker, scene) = scene();
    worker.reply(
        "GET",
        "/connectors/c/config",
        200,
        r#"{"name":"c","connector.class":"X","password":"hunter2"}"#,
    );
    let shown = ctl(&scene, &["get", "c"]);
    shown.succeeds().never_says("hunter2");
    scene.tool("connect-ctl").args(["apply", "c"]).stdin(shown.stdout_text()).run().fails_with(2).stderr_is(
        "connect-ctl: stdin: password is a mask, not a value\n\
         hint: output of `connect-ctl get` has no secrets in it; put ${VARIABLE} there\n",
    );
}

#[test]
fn an_unknown_class_is_named_with_its_nearest() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 404, MISSING);
    let message = "Failed to find any class that implements Connector and which name matches a.ClikHouseSink, available …";
    worker.reply(
        "PUT",
        "/connectors/c/config",
        500,
        &format!(r#"{{"error_code":500,"message":"{message}"}}"#),
    );
    worker.reply(
        "GET",
        "/connector-plugins",
        200,
        r#"[{"class":"com.x.ClickHouseSinkConnector","type":"sink","version":"1"}]"#,
    );
    let config = r#"{"connector.class":"a.ClikHouseSink"}"#;
    scene.tool("connect-ctl").args(["apply", "c"]).stdin(config).run().fails_with(1).stderr_is(
        "connect-ctl: the worker has no connector class a.ClikHouseSink\n\
         hint: did you mean com.x.ClickHouseSinkConnector?\n",
    );
}

#[test]
fn a_configuration_that_is_none_is_refused_with_its_place() {
    let (_worker, scene) = scene();
    let apply = |text: &str| scene.tool("connect-ctl").args(["apply", "c"]).stdin(text).run();
    apply("{\"a\": ${X}}").fails_with(2).stderr_is(
        "connect-ctl: stdin:1:7: not a JSON object: expected value\nhint: write \"${VARIABLE}\" with quotes\n",
    );
    apply("[]").fails_with(2).stderr_has("connect-ctl: stdin: not a JSON object: ");
    apply("").fails_with(2).stderr_is("connect-ctl: stdin is empty\n");
}
