//! How a run goes: limits, repeats, pace, topics made on the way, and what happens while stdin is idle.

use std::time::{Duration, Instant};

use kch_test::kafka::{RDKafkaApiKey, RDKafkaRespErr};
use kch_test::live::{self, Service};
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::{Desk, event};

fn line(id: u8) -> String {
    format!("{{\"id\":{id},\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\"}}\n")
}

#[test]
fn a_limit_stops_an_endless_input_and_that_is_no_error() {
    let desk = Desk::new();
    let endless = desk.scene.tool("avro-produce").args(["-t", "t", "--limit", "3"]).stdin_with(|stdin| {
        // Ends when the tool stops reading.
        (1..).try_for_each(|n: u64| writeln!(stdin, "{n}"))
    });
    endless.run().succeeds().stderr_is("");
    assert_eq!(desk.count(), 3);
    desk.scene.tool("avro-produce").args(["-t", "t", "--limit", "0"]).stdin("1\n").run().succeeds();
    assert_eq!(desk.count(), 3);
}

#[test]
fn repeat_sends_each_line_so_often_with_values_of_its_own() {
    let desk = Desk::new();
    let args = ["-t", "t", "--repeat", "3", "--limit", "5", "--set", "source=@seq"];
    let lines = "{\"id\":1,\"ts\":\"t\",\"payload\":\"p\"}\n{\"id\":2,\"ts\":\"t\",\"payload\":\"p\"}\n";
    desk.scene.tool("avro-produce").args(args).stdin(lines).run().succeeds();
    let expected = [(1, "1"), (1, "2"), (1, "3"), (2, "4"), (2, "5")];
    assert_eq!(desk.values(5), expected.map(|(id, seq)| event(id, seq, "t", "p")));
    // A bad line is refused once, not three times.
    let args = ["-t", "t", "--repeat", "3", "--on-error", "skip", "--rejects", "bad.jsonl"];
    desk.scene.tool("avro-produce").args(args).stdin("oops\n").run().fails_with(1);
    assert_eq!(desk.scene.read("bad.jsonl").lines().count(), 1);
}

#[test]
fn how_many_are_out_is_said_on_a_terminal() {
    let desk = Desk::new();
    let lines: String = (1..=30).map(|n| format!("{n}\n")).collect();
    let run = |flags: &[&str]| {
        let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--rate", "20"]).args(flags);
        tool.stdin(lines.clone()).at_terminal().run().succeeds().stdout_text()
    };
    assert!(run(&[]).contains(" records, "));
    assert_eq!(run(&["--no-progress"]), "");
}

#[test]
fn a_rate_spreads_records_over_time() {
    let desk = Desk::new();
    let began = Instant::now();
    desk.scene
        .tool("avro-produce")
        .args(["-t", "t", "--rate", "20"])
        .stdin("1\n2\n3\n4\n5\n")
        .run()
        .succeeds();
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
    assert_eq!(desk.count(), 5);
    desk.scene
        .tool("avro-produce")
        .args(["-t", "t", "--rate", "0"])
        .run()
        .fails_with(2)
        .stderr_has("30/m, 100/h");
}

#[test]
fn a_signal_ends_the_wait_for_the_next_record_that_is_due() {
    let desk = Desk::new();
    let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--rate", "1/h"]).stdin("1\n2\n");
    let mut running = tool.spawn();
    assert_eq!(desk.values(1).len(), 1);
    running.signal(kch_test::Signal::Interrupt);
    running.wait().fails_with(130).stderr_has("1 record acknowledged; every line before 2 is in");
}

#[test]
fn a_signal_between_the_copies_of_a_line_counts_them() {
    let desk = Desk::new();
    let args = ["-t", "t", "--repeat", "3", "--rate", "1/h", "--report"];
    let mut running = desk.scene.tool("avro-produce").args(args).stdin("1\n2\n").spawn();
    running.until_stdout("\"offset\":0");
    running.signal(kch_test::Signal::Interrupt);
    running.wait().fails_with(130).stderr_has(
        "1 record acknowledged; every line before 1 is in, and 1 of the 3 copies of line 1, nothing more was sent\n",
    );
}

#[test]
fn topics_are_made_when_asked_and_only_then_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let (topic, bad) = (stack.unique_topic("fresh"), stack.unique_topic("fresh-bad"));
    let scene = stack.scene();
    scene.file("e.avsc", crate::EVENT);
    let run = |args: &[&str]| {
        let tool = scene.tool("avro-produce").args(["-t", &topic, "--schema", "e.avsc", "--register"]);
        tool.args(args).stdin(format!("{}oops\n", line(1))).run()
    };
    run(&["--dry-run", "--create-topic=3:1"]).fails_with(2).stderr_has("--dry-run registers nothing");
    run(&[]).fails_with(1).stderr_has("does not exist");
    run(&["--dry-run", "--create-topic=3:1"]).fails_with(1);
    run(&[]).fails_with(1).stderr_has("does not exist");
    let create = ["--create-topic=3:2", "--on-error", "dlq", "--dlq-topic", &bad];
    run(&create)
        .fails_with(1)
        .stderr_has("1 record acknowledged, 1 line refused, 1 on the dead-letter topic");
    run(&create).fails_with(1);
    let consumer: BaseConsumer = stack.kafka_config().create().expect("a consumer");
    for name in [&topic, &bad] {
        let metadata = consumer.fetch_metadata(Some(name), Duration::from_secs(30)).expect("metadata");
        let partitions = metadata.topics()[0].partitions();
        assert!(partitions.len() == 3 && partitions.iter().all(|partition| partition.replicas().len() == 2));
    }
    let read = scene.tool("avro-consume").args(["-t", &topic]).run();
    assert_eq!(read.succeeds().json_lines().len(), 2);
}

#[test]
fn a_topic_to_create_needs_a_name_and_sensible_numbers() {
    let scene = Desk::new().scene;
    let envelope = scene.tool("avro-produce").args(["--envelope", "--create-topic"]);
    envelope.run().fails_with(2).stderr_has("--create-topic needs -t");
    let wrong = scene.tool("avro-produce").args(["-t", "x", "--create-topic=0"]);
    wrong.run().fails_with(2).stderr_has("expected PARTITIONS or PARTITIONS:REPLICAS, as 6:3");
}

#[test]
fn a_receipt_comes_while_stdin_is_idle() {
    let desk = Desk::new();
    let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--report"]).stdin_open();
    let mut running = tool.spawn();
    running.write("1\n");
    running.until_stdout("\"offset\":0");
    running.write("2\n");
    running.until_stdout("\"offset\":1");
    running.close_stdin();
    running.wait().succeeds();
}

#[test]
fn a_record_refused_while_stdin_is_idle_ends_the_run() {
    let desk = Desk::new();
    desk.mock
        .fail_requests(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE; 10]);
    let mut running = desk.scene.tool("avro-produce").args(["-t", "t"]).stdin_open().spawn();
    running.write("1\n");
    running.wait().fails_with(1).stderr_has("stdin:1: not acknowledged: ");
}
