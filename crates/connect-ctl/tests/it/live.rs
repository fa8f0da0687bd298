//! Against a real worker, which is asked afterwards.

use kch_test::live::{self, Service};

#[test]
fn a_connector_lives_fails_and_is_cured_live() {
    let Some(stack) = live::need(&[Service::Connect, Service::Kafka]) else { return };
    let name = stack.unique("ctl-life");
    let scene = stack.scene();
    let ctl = |args: &[&str], stdin: &str| scene.tool("connect-ctl").args(args).stdin(stdin).run();
    let config = |file: &str| {
        format!(
            r#"{{"connector.class":"FileStreamSink","topics":"kafka-events","file":"{file}","secret.note":"${{NOTE:-hunter2}}",
                "key.converter":"org.apache.kafka.connect.storage.StringConverter",
                "value.converter":"org.apache.kafka.connect.converters.ByteArrayConverter"}}"#
        )
    };
    let bad = config("/no/such/directory/out");
    let good = config(&scene.dir().join("out").display().to_string());

    ctl(&["apply", &name, "--dry-run"], &bad).succeeds().never_says("hunter2");
    assert_eq!(stack.connect("GET", &format!("/connectors/{name}"), None).0, 404);

    let applied = ctl(&["apply", &name, "--wait", "30s"], &bad);
    applied.fails_with(1).stdout_has("\"result\":\"created\"").never_says("hunter2");
    applied.stderr_has("task 0: NoSuchFileException: /no/such/directory/out");
    ctl(&["status", &name], "").fails_with(1).stdout_has("\"state\":\"FAILED\"");

    ctl(&["apply", &name, "--wait", "30s"], &good).succeeds().stdout_has("\"result\":\"updated\"");
    ctl(&["apply", &name], &good).succeeds().stdout_has("\"result\":\"unchanged\"");
    let (_, status) = stack.connect("GET", &format!("/connectors/{name}/status"), None);
    assert!(!status.contains("FAILED"), "{status}");
    assert!(stack.connect("GET", &format!("/connectors/{name}/config"), None).1.contains("hunter2"));

    ctl(&["restart", &name, "--all"], "").succeeds();
    ctl(&["wait", &name, "--timeout", "30s"], "").succeeds();
    ctl(&["delete", &name], "").succeeds();
    assert_eq!(stack.connect("GET", &format!("/connectors/{name}"), None).0, 404);
    ctl(&["delete", &name], "").fails_with(1);
}

#[test]
fn a_wrong_configuration_is_explained_live() {
    let Some(stack) = live::need(&[Service::Connect]) else { return };
    let name = stack.unique("ctl-wrong");
    let scene = stack.scene();
    let ctl = |verb: &[&str], stdin: &str| scene.tool("connect-ctl").args(verb).stdin(stdin).run();
    ctl(&["apply", &name], r#"{"connector.class":"FileStreamSnk"}"#)
        .fails_with(1)
        .stderr_has("hint: did you mean org.apache.kafka.connect.file.FileStreamSinkConnector?");
    ctl(&["apply", &name], r#"{"connector.class":"FileStreamSink","tasks.max":"x"}"#)
        .fails_with(1)
        .stderr_has("is invalid:\n  Invalid value x for configuration tasks.max");
    ctl(&["validate"], r#"{"connector.class":"FileStreamSink","topcs":"x"}"#)
        .fails_with(1)
        .stdout_has("no such setting; did you mean topics?");
    assert_eq!(stack.connect("GET", &format!("/connectors/{name}"), None).0, 404);
}
