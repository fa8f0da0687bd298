//! On the real stack: a real broker with passwords, a real registry.

use std::time::Duration;

use kch_test::live::{self, Service};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

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
    run(&[]).fails_with(1).stderr_has("hint: ");
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

/// One bad line among many: everything else is delivered, in order, and the reject says which line it was.
/// `KCH_MILLION=1` makes it a million.
#[test]
fn one_bad_line_among_many_is_the_only_one_that_is_missing_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let count: u64 = if std::env::var_os("KCH_MILLION").is_some() { 1_000_000 } else { 100_000 };
    let bad = count / 3;
    let topic = stack.create_topic("one-bad", 1);
    let scene = stack.scene();
    scene.file("e.avsc", EVENT);
    let args =
        ["-t", &topic, "--schema", "e.avsc", "--register", "--on-error", "skip", "--rejects", "bad.jsonl"];
    let tool = scene.tool("avro-produce").args(args).stdin_with(move |stdin| {
        (1..=count).try_for_each(|id| {
            let id = if id == bad { "\"bad\"".to_owned() } else { id.to_string() };
            writeln!(stdin, "{{\"id\":{id},\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\"}}")
        })
    });
    let said = format!("avro-produce: {} records acknowledged, 1 line refused\n", count - 1);
    tool.run().fails_with(1).stderr_is(said);
    let reject: serde_json::Value = serde_json::from_str(&scene.read("bad.jsonl")).expect("one line of JSON");
    assert_eq!(
        (&reject["line"], &reject["pointer"], &reject["got"]),
        (&bad.into(), &"/id".into(), &"string \"bad\"".into())
    );
    assert_eq!(reject["raw"], "{\"id\":\"bad\",\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\"}");
    // Read by librdkafka, past our own tools.
    let mut config = stack.kafka_config();
    let consumer: BaseConsumer =
        config.set("group.id", "test").set("enable.partition.eof", "true").create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&topic, 0, Offset::Beginning).expect("an offset");
    consumer.assign(&list).expect("an assignment");
    let mut wanted = (1..=count).filter(|id| *id != bad);
    loop {
        match consumer.poll(Duration::from_secs(30)).expect("a record within 30 s") {
            Ok(record) => {
                // Behind the frame comes the id: zigzag, seven bits a byte.
                let bytes = record.payload().expect("a value");
                let shifted = bytes[5..].iter().take_while(|byte| **byte & 0x80 != 0).count();
                let zigzag = bytes[5..=5 + shifted]
                    .iter()
                    .rev()
                    .fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
                assert_eq!(Some(zigzag >> 1), wanted.next());
            }
            Err(rdkafka::error::KafkaError::PartitionEOF(_)) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(wanted.next(), None);
}
