//! `apply` and its relatives: what is sent, and what is shown of it.

use kch_test::wiremock::matchers::{method, path};
use kch_test::wiremock::{Mock, ResponseTemplate};

use crate::{MISSING, ctl, scene, status, until};

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
    worker.reply("GET", "/connectors/c/status", 200, &status("c", "RUNNING", "RUNNING"));
    apply(r#"{"a":2,"connector.class":"X"}"#, &["-o", "table"])
        .succeeds()
        .stdout_is("name  result\nc     updated\n~ a: 1 -> 2\n");
    worker.reset();
    worker.reply("GET", "/connectors/c/config", 200, r#"{"name":"c","connector.class":"X","a":"1"}"#);
    worker.reply("PUT", "/connector-plugins/X/config/validate", 200, r#"{"configs":[]}"#);
    apply(r#"{"connector.class":"X"}"#, &["--dry-run", "-o", "table"])
        .succeeds()
        .stdout_is("name  dry_run  result\nc     true     updated\n- a: 1\n");
    assert!(!worker.request_lines().iter().any(|line| line == "PUT /connectors/c/config"));
}

/// More than a pipe holds, so that the reader is known to have gone.
#[test]
fn a_reader_that_goes_away_changes_neither_the_work_nor_the_verdict() {
    let (worker, scene) = scene();
    let long = "x".repeat(200_000);
    let mut wanted = String::new();
    for name in ["a", "b", "c"] {
        let place = format!("/connectors/{name}/config");
        worker.reply("GET", &place, 200, &format!(r#"{{"name":"{name}","connector.class":"X"}}"#));
        worker.reply("PUT", &place, 200, "{}");
        wanted += &format!(
            "{{\"name\":\"{name}\",\"config\":{{\"connector.class\":\"X\",\"note\":\"{long}\"}}}}\n"
        );
    }
    let unread =
        |args: &[&str]| scene.tool("connect-ctl").args(args).stdin(wanted.as_str()).pipe_to(&["true"]).run();
    unread(&["diff", "-f", "-"]).fails_with(1).stderr_is("");
    unread(&["apply", "-f", "-"]).succeeds().stderr_is("");
    let put: Vec<String> =
        worker.request_lines().into_iter().filter(|line| line.starts_with("PUT /connectors/")).collect();
    assert_eq!(put, ["a", "b", "c"].map(|name| format!("PUT /connectors/{name}/config")));
}

/// What real workers answer while their group changes, or while its leader is gone.
#[test]
fn a_rebalance_is_waited_for() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 404, MISSING);
    let put = || Mock::given(method("PUT")).and(path("/connectors/c/config"));
    for (status, message) in [
        (409, "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"),
        (500, "Request cannot be completed because a rebalance is expected"),
        (500, "IO Error trying to forward REST request: java.net.ConnectException: Connection refused"),
    ] {
        let body = format!(r#"{{"error_code":{status},"message":"{message}"}}"#);
        worker
            .mount(put().respond_with(ResponseTemplate::new(status).set_body_string(body)).up_to_n_times(1));
    }
    worker.mount(put().respond_with(ResponseTemplate::new(201).set_body_string("{}")));
    scene.tool("connect-ctl").args(["apply", "c"]).stdin(r#"{"connector.class":"X"}"#).run().succeeds();
    let puts = worker.request_lines().iter().filter(|line| *line == "PUT /connectors/c/config").count();
    assert_eq!(puts, 4);
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
         hint: output of `connect-ctl get` has no secrets in it; `connect-ctl export` puts ${VARIABLE} there\n",
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
    apply("{\n\"a\": 1,\n").fails_with(2).stderr_has("connect-ctl: stdin:3: not a JSON object: EOF");
    apply("").fails_with(2).stderr_is("connect-ctl: stdin is empty\n");
}

/// What a class says: it knows these settings, and refuses `tasks.max`.
const VALIDATED: &str = r#"{"configs":[
    {"value":{"name":"topics","errors":[],"recommended_values":[]}},
    {"value":{"name":"connector.class","errors":[]}},
    {"value":{"name":"name","errors":[]}},
    {"value":{"name":"tasks.max","value":"x","errors":["Invalid value x for configuration tasks.max: Not a number"],
        "recommended_values":["1","2"]}}]}"#;

#[test]
fn unknown_settings_are_told_with_the_nearest_and_do_not_stop_apply() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 404, MISSING);
    worker.reply("PUT", "/connectors/c/config", 201, "{}");
    worker.reply("PUT", "/connector-plugins/X/config/validate", 200, VALIDATED);
    let config = r#"{"connector.class":"X","topcs":"t","transforms.a.topcs":"x"}"#;
    let apply = |args: &[&str]| scene.tool("connect-ctl").args(["apply", "c"]).args(args).stdin(config).run();
    let warning = "connect-ctl: warning: c: topcs: no such setting; did you mean topics?\n";
    apply(&[]).succeeds().stderr_is(warning).stdout_has("\"result\":\"created\"");
    // Strict, nothing is sent that nobody knows.
    let sent = || worker.request_lines().iter().filter(|line| line.starts_with("PUT /connectors/")).count();
    let before = sent();
    apply(&["--strict"]).fails_with(1).stdout_is("").stderr_is(
        "connect-ctl: the configuration of c has settings that nobody knows:\n  topcs: no such setting; did you mean topics?\n",
    );
    assert_eq!(sent(), before);
    // A dry run is as strict as Connect itself.
    let dry = apply(&["--dry-run"]);
    dry.fails_with(1).stdout_is("").stderr_is(format!(
        "{warning}connect-ctl: the configuration of c is invalid:\n  \
         Invalid value x for configuration tasks.max: Not a number\n"
    ));
}

#[test]
fn validate_prints_errors_recommended_values_and_slips_only() {
    let (worker, scene) = scene();
    worker.reply("PUT", "/connector-plugins/X/config/validate", 200, VALIDATED);
    let config =
        r#"{"connector.class":"X","topcs":"t","tasks.max":"x","own.word":"y","value.converter.z":"1"}"#;
    let validate = |args: &[&str]| scene.tool("connect-ctl").arg("validate").args(args).stdin(config).run();
    let error = "{\"setting\":\"tasks.max\",\"value\":\"x\",\"error\":\"Invalid value x for configuration tasks.max: \
                 Not a number\",\"recommended\":[\"1\",\"2\"]}\n";
    let slip =
        "{\"setting\":\"topcs\",\"value\":\"t\",\"error\":\"no such setting; did you mean topics?\"}\n";
    validate(&[])
        .fails_with(1)
        .stdout_is(format!("{error}{slip}"))
        .stderr_is("connect-ctl: 2 settings are wrong\n");
    let strict = validate(&["--strict"]);
    strict
        .fails_with(1)
        .stdout_has("\"setting\":\"own.word\"")
        .stderr_is("connect-ctl: 3 settings are wrong\n");
}

#[test]
fn several_connectors_come_as_lines_as_properties_and_as_a_folder() {
    let (worker, scene) = scene();
    for name in ["a", "b", "c"] {
        worker.reply("GET", &format!("/connectors/{name}/config"), 404, MISSING);
        worker.reply("PUT", &format!("/connectors/{name}/config"), 201, "{}");
    }
    let created = |names: &[&str]| {
        let line = |name: &&str| format!("{{\"name\":\"{name}\",\"result\":\"created\",\"changes\":[..]}}\n");
        names.iter().map(line).collect::<String>()
    };
    let a = r#"{"name":"a","config":{"connector.class":"X"}}"#;
    let b = "name=b\nconnector.class=X\nfile=/tmp/x\n";
    let lines = format!("{a}\n{}\n", r#"{"name":"c","connector.class":"X"}"#);
    scene.tool("connect-ctl").arg("apply").stdin(lines).run().succeeds().stdout_is(created(&["a", "c"]));
    scene.tool("connect-ctl").arg("apply").stdin(b).run().succeeds().stdout_is(created(&["b"]));
    scene.file("dir/a.json", a);
    scene.file("dir/b.properties", b);
    scene.file("dir/notes.txt", "not read");
    scene.file("c.json", r#"{"connector.class":"X"}"#);
    ctl(&scene, &["apply", "-f", "dir"]).succeeds().stdout_is(created(&["a", "b"]));
    assert!(
        worker.request_bodies().contains(&r#"{"connector.class":"X","file":"/tmp/x","name":"b"}"#.to_owned())
    );
    ctl(&scene, &["apply", "c", "c.json"]).succeeds().stdout_is(created(&["c"]));
    ctl(&scene, &["apply", "-f", "c.json"]).fails_with(2).stderr_is(
        "connect-ctl: c.json: the configuration has no name in it\nhint: give the connector's name before the file\n",
    );
    ctl(&scene, &["apply", "c.json"]).fails_with(2).stderr_has("c.json is a file, not a connector's name");
    ctl(&scene, &["apply", "-f", "dir", "-f", "dir/a.json"])
        .fails_with(2)
        .stderr_has("a second configuration of a");
}

#[test]
fn one_that_is_refused_does_not_keep_the_others_out() {
    let (worker, scene) = scene();
    for (name, status) in [("a", 201), ("b", 400), ("c", 201)] {
        worker.reply("GET", &format!("/connectors/{name}/config"), 404, MISSING);
        let body = r#"{"error_code":400,"message":"Connector configuration is invalid"}"#;
        worker.reply("PUT", &format!("/connectors/{name}/config"), status, body);
    }
    let lines: String = ["a", "b", "c"]
        .iter()
        .map(|name| format!("{{\"name\":\"{name}\",\"connector.class\":\"X\"}}\n"))
        .collect();
    let outcome = scene.tool("connect-ctl").arg("apply").stdin(lines).run();
    outcome.fails_with(1).stderr_is(
        "connect-ctl: Connect refused the configuration of b: Connector configuration is invalid\n",
    );
    assert_eq!(outcome.json_lines().len(), 2);
    // A line that is none is found before anything is sent.
    worker.reset();
    scene
        .tool("connect-ctl")
        .arg("apply")
        .stdin("{\"name\":\"a\"}\n{oops\n")
        .run()
        .fails_with(2)
        .stderr_has("stdin:2:2: ");
    assert!(worker.request_lines().is_empty());
}

#[test]
fn a_diff_is_exit_1_and_masks_what_the_class_calls_a_password() {
    let (worker, scene) = scene();
    worker.reply(
        "GET",
        "/connectors/c/config",
        200,
        r#"{"name":"c","connector.class":"X","a":"1","pin.code":"old"}"#,
    );
    worker.reply("GET", "/connector-plugins/X/config", 200, r#"[{"name":"pin.code","type":"PASSWORD"}]"#);
    let diff = |config: &str, args: &[&str]| {
        scene.tool("connect-ctl").args(["diff", "c"]).args(args).stdin(config).run()
    };
    diff(r#"{"connector.class":"X","a":1,"pin.code":"old"}"#, &[]).succeeds().stdout_is("");
    let changed = r#"{"connector.class":"X","b":"2","pin.code":"hunter2"}"#;
    diff(changed, &[]).fails_with(1).stderr_is("").never_says("hunter2").stdout_is(
        "{\"name\":\"c\",\"setting\":\"a\",\"from\":\"1\",\"to\":null}\n\
         {\"name\":\"c\",\"setting\":\"b\",\"from\":null,\"to\":\"2\"}\n\
         {\"name\":\"c\",\"setting\":\"pin.code\",\"from\":\"********\",\"to\":\"********\"}\n",
    );
    diff(changed, &["-o", "table"])
        .fails_with(1)
        .stdout_is("c: updated\n- a: 1\n+ b: 2\n~ pin.code: ******** -> ********\n");
    assert!(worker.request_lines().iter().all(|line| line.starts_with("GET ")));
}

#[test]
fn a_rebalance_that_does_not_end_is_a_service_that_is_away_and_never_a_connector_that_exists() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 404, MISSING);
    let busy = r#"{"error_code":409,"message":"Cannot complete request because of a conflicting operation (e.g. worker rebalance)"}"#;
    worker.reply("PUT", "/connectors/c/config", 409, busy);
    let mut running =
        scene.tool("connect-ctl").args(["apply", "c"]).stdin(r#"{"connector.class":"X"}"#).spawn();
    let puts = || worker.request_lines().iter().filter(|line| *line == "PUT /connectors/c/config").count();
    until("a third try", || puts() >= 3);
    running.signal(kch_test::Signal::Interrupt);
    running.wait().fails_with(130).stdout_is("").never_says("exist");
}
