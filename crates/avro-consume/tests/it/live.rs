//! On the real stack: what goes in comes out, byte for byte, and groups are the brokers' own.

use kch_test::live::{self, Service};
use kch_test::{Scene, Signal};

/// A topic with ten thousand events in three partitions, written by avro-produce.
fn events(stack: &live::Stack, scene: &Scene, topic: &str, lines: &str) {
    scene.file(
        "e.avsc",
        r#"{"type":"record","name":"E","fields":[{"name":"id","type":"long"},{"name":"text","type":"string"}]}"#,
    );
    stack.delete_subject_later(&format!("{topic}-value"));
    let tool = scene.tool("avro-produce").args(["-t", topic, "--schema", "e.avsc", "--register"]);
    tool.stdin(lines).run().succeeds().stderr_is("");
}

fn ten_thousand() -> String {
    (0..10_000)
        .map(|n| format!("{{\"id\":{n},\"text\":\"line {n} \\\"é\\\\ {}\"}}\n", "y".repeat(n % 50)))
        .collect()
}

#[test]
fn what_went_in_comes_out_byte_for_byte_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let (scene, topic) = (stack.scene(), stack.create_topic("round", 1));
    let lines = ten_thousand();
    events(&stack, &scene, &topic, &lines);
    let outcome = scene.tool("avro-consume").args(["-t", &topic]).run();
    assert!(outcome.succeeds().stdout_text() == lines, "the lines differ");
}

#[test]
fn two_members_of_a_group_share_a_topic_and_lose_nothing_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let (scene, topic) = (stack.scene(), stack.create_topic("group", 3));
    events(&stack, &scene, &topic, &ten_thousand());
    let group = stack.unique("group");
    let args = ["-t", &topic, "-g", &group];
    let first = scene.tool("avro-consume").args(args).args(["-n", "4000"]).run();
    assert_eq!(first.succeeds().json_lines().len(), 4_000);
    let members =
        [scene.tool("avro-consume").args(args).spawn(), scene.tool("avro-consume").args(args).spawn()];
    let mut ids: Vec<_> = first.json_lines();
    for member in members {
        ids.extend(member.wait().succeeds().json_lines());
    }
    let mut ids: Vec<_> = ids.iter().map(|line| line["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10_000);
    scene.tool("avro-consume").args(args).run().succeeds().stdout_is("");
}

#[test]
fn a_group_goes_on_behind_the_lines_that_were_written_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let (scene, topic) = (stack.scene(), stack.create_topic("commit", 1));
    let lines = ten_thousand();
    events(&stack, &scene, &topic, &lines);
    let group = stack.unique("commit");
    let member = |extra: &[&str]| scene.tool("avro-consume").args(["-t", &topic, "-g", &group]).args(extra);
    // Lines that were never written are not committed.
    member(&[]).stdout_to("/dev/full").run().fails_with(1);
    let first = member(&["-n", "4000"]).run();
    let rest = member(&[]).run();
    let read = first.succeeds().stdout_text() + &rest.succeeds().stdout_text();
    assert!(read == lines, "the lines differ");
    assert_eq!(first.json_lines().len(), 4000);
}

#[test]
fn a_wrong_password_and_a_missing_topic_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let scene = stack.scene();
    let tool =
        scene.tool("avro-consume").args(["-t", "kafka-events"]).env("KAFKA_CLIENT_SASL_PASSWORD", "hunter2");
    let outcome = tool.run();
    outcome.fails_with(2).never_says("hunter2");
    outcome.stderr_has("rejected the credentials of user \"client\"");
    scene
        .tool("avro-consume")
        .args(["-t", "no-such-topic-here"])
        .run()
        .fails_with(2)
        .stderr_has("topic \"no-such-topic-here\" does not exist");
}

#[test]
fn a_signal_stops_a_follower_whose_lines_are_whole_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let (scene, topic) = (stack.scene(), stack.create_topic("follow", 1));
    let lines = ten_thousand();
    events(&stack, &scene, &topic, &lines);
    let mut running = scene.tool("avro-consume").args(["-t", &topic, "-f"]).spawn();
    running.until_stdout("\"id\":9999,");
    running.signal(Signal::Terminate);
    let outcome = running.wait();
    assert!(outcome.fails_with(143).stdout_text() == lines, "the lines differ");
}
