//! On the real stack: a real broker with passwords, a real registry.

use kch_test::live::{self, Service};

use crate::EVENT;

#[test]
fn sends_to_a_real_cluster_and_registers_only_when_asked_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let topic = stack.create_topic("produce", 3);
    stack.delete_subject_later(&format!("{topic}-value"));
    let scene = stack.scene();
    scene.file("e.avsc", EVENT);
    let run =
        |args: &[&str]| scene.tool("avro-produce").args(["-t", &topic]).args(args).stdin("1\n2\n3\n").run();
    run(&[]).fails_with(2).stderr_has("hint: ");
    run(&["--schema", "e.avsc"]).fails_with(2).stderr_has("hint: --register registers it");
    run(&["--schema", "e.avsc", "--register"]).succeeds().stderr_is("");
    run(&["--schema", "e.avsc"]).succeeds();
    run(&[]).succeeds();
    let (status, body) = stack.registry("GET", &format!("/subjects/{topic}-value/versions"), None);
    assert_eq!((status, body.as_str()), (200, "[1]"));
    let consumed = scene.tool("avro-consume").args(["-t", &topic]).run();
    assert_eq!(consumed.succeeds().json_lines().len(), 9);
}

#[test]
fn a_wrong_password_is_a_settings_error_that_names_the_user_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let topic = stack.create_topic("password", 1);
    let scene = stack.scene();
    scene.file("e.avsc", EVENT);
    stack.delete_subject_later(&format!("{topic}-value"));
    let tool = scene.tool("avro-produce").args(["-t", &topic, "--schema", "e.avsc", "--register"]);
    let outcome = tool.env("KAFKA_CLIENT_SASL_PASSWORD", "hunter2").stdin("1\n").run();
    outcome.fails_with(2).never_says("hunter2");
    outcome.stderr_is(
        "avro-produce: Kafka at localhost:19092,localhost:29092,localhost:39092 rejected the credentials of user \"client\": [..]\n\
         hint: check KAFKA_CLIENT_SASL_USERNAME, [..]\n",
    );
}

#[test]
fn a_bad_line_in_the_middle_leaves_exactly_what_was_said_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let topic = stack.create_topic("middle", 1);
    let scene = stack.scene();
    scene.file("e.avsc", EVENT);
    stack.delete_subject_later(&format!("{topic}-value"));
    let mut lines: Vec<String> = (1..=10_000).map(|n| n.to_string()).collect();
    lines[7_000] = "seven thousand and one".to_owned();
    let tool = scene.tool("avro-produce").args(["-t", &topic, "--schema", "e.avsc", "--register"]);
    tool.stdin(lines.join("\n")).run().fails_with(1).stderr_is(
        "avro-produce: stdin:7001: not JSON\nhint: --format text sends lines as they are\n\
         avro-produce: 7000 records acknowledged; every line before 7001 is in, nothing from it on was sent\n",
    );
    let read = scene.tool("avro-consume").args(["-t", &topic]).run();
    let ids: Vec<_> = read.succeeds().json_lines().iter().map(|line| line["id"].as_i64()).collect();
    assert!(ids.len() == 7_000 && ids.iter().copied().eq((1..=7_000).map(Some)), "{} ids", ids.len());
}
