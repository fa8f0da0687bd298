//! Transactions on the in-process broker, for what can go wrong; on the real stack for what readers see.

use std::time::{Duration, Instant};

use kch_test::Signal;
use kch_test::kafka::{RDKafkaApiKey, RDKafkaRespErr};
use kch_test::live::{self, Service, Stack};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use crate::{Desk, EVENT};

const LINES: &str = "1\n2\n3\n4\n5\n";

#[test]
fn all_or_some_at_a_time_are_committed() {
    let desk = Desk::new();
    for transaction in ["all", "2", "5", "100"] {
        let args = ["-t", "t", "--transaction", transaction, "--report"];
        let outcome = desk.scene.tool("avro-produce").args(args).stdin(LINES).run();
        assert_eq!(outcome.succeeds().stderr_is("").json_lines().len(), 5);
    }
    desk.scene.tool("avro-produce").args(["-t", "t", "--transaction", "all"]).stdin("").run().succeeds();
    assert_eq!(desk.count(), 20);
    let wrong = desk.scene.tool("avro-produce").args(["-t", "t", "--transaction", "0"]);
    wrong.run().fails_with(2).stderr_has("expected all, or a number of records");
}

#[test]
fn a_bad_line_takes_its_transaction_back_and_the_account_says_from_where() {
    let desk = Desk::new();
    let run = |args: &[&str]| {
        desk.scene
            .tool("avro-produce")
            .args(["-t", "t", "--report"])
            .args(args)
            .stdin("1\n2\n3\noops\n5\n")
            .run()
    };
    let said = "avro-produce: stdin:4: not JSON\nhint: --format text sends lines as they are\n";
    run(&["--transaction", "all"]).fails_with(1).stdout_is("").stderr_is(format!(
        "{said}avro-produce: 0 records committed, 3 taken back with the transaction; every line before 1 is in, nothing from it on is\n"
    ));
    let outcome = run(&["--transaction", "2"]);
    outcome.fails_with(1).stderr_is(format!(
        "{said}avro-produce: 2 records committed, 1 taken back with the transaction; every line before 3 is in, nothing from it on is\n"
    ));
    assert_eq!(outcome.json_lines().len(), 2, "receipts of what is committed, and of nothing else");
    run(&["--transaction", "all", "--on-error", "skip"])
        .fails_with(1)
        .stderr_has("4 records committed, 1 line refused\n");
}

#[test]
fn a_signal_takes_all_back_and_commits_a_part() {
    for (transaction, account) in [
        ("all", "0 records committed, 3 taken back with the transaction; every line before 1 is in"),
        ("100", "3 records committed; every line before 4 is in, nothing from it on was sent"),
    ] {
        let desk = Desk::new();
        let tool =
            desk.scene.tool("avro-produce").args(["-t", "t", "--transaction", transaction]).stdin_open();
        let mut running = tool.spawn();
        running.write("1\n2\n3\n");
        desk.wait_for_count(3);
        running.signal(Signal::Interrupt);
        running.wait().fails_with(130).stderr_has(account);
    }
}

#[test]
fn a_transaction_of_some_is_committed_while_stdin_is_idle() {
    let desk = Desk::new();
    let tool =
        desk.scene.tool("avro-produce").args(["-t", "t", "--transaction", "100", "--report"]).stdin_open();
    let mut running = tool.spawn();
    running.write("1\n2\n");
    // A receipt is printed when its transaction is committed.
    running.until_stdout("\"offset\":1");
    running.close_stdin();
    running.wait().succeeds();
}

#[test]
fn a_transaction_of_some_is_committed_in_time_while_records_trickle_in() {
    let desk = Desk::new();
    let run = |more: &[&str]| {
        let args = ["-t", "t", "--transaction", "1000000", "--report", "--timeout", "5"];
        let tool = desk.scene.tool("avro-produce").args(args).args(["-X", "transaction.timeout.ms=8000"]);
        tool.args(more).stdin_with(|stdin| {
            // Never idle for as long as a second. Ends when the tool stops reading.
            (1..).try_for_each(|n: u64| {
                std::thread::sleep(Duration::from_millis(30));
                writeln!(stdin, "{n}").and_then(|()| stdin.flush())
            })
        })
    };
    // With a rate: while the second record waits for its turn.
    for more in [&[][..], &["--repeat", "1000000", "--rate", "1/m"]] {
        let mut running = run(more).spawn();
        running.until_stdout("\"line\":1,");
        running.signal(Signal::Interrupt);
        running.wait().fails_with(130).stderr_has("committed; every line before");
    }
}

#[test]
fn a_coordinator_that_refuses_the_commit_ends_the_run_with_nothing_in() {
    let desk = Desk::new();
    desk.mock.fail_requests(RDKafkaApiKey::EndTxn, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_TXN_STATE; 1]);
    let args = ["-t", "t", "--transaction", "all", "--timeout", "5"];
    let outcome = desk.scene.tool("avro-produce").args(args).stdin(LINES).run();
    assert_ne!(outcome.code, 0);
    outcome.stderr_has("cannot commit the transaction: ");
    outcome.stderr_has("0 records committed, 5 taken back with the transaction; every line before 1 is in");
}

#[test]
fn a_coordinator_that_is_busy_is_asked_again() {
    let desk = Desk::new();
    let busy = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS; 3];
    desk.mock.fail_requests(RDKafkaApiKey::InitProducerId, &busy).fail_requests(RDKafkaApiKey::EndTxn, &busy);
    let args = ["-t", "t", "--transaction", "all"];
    desk.scene.tool("avro-produce").args(args).stdin(LINES).run().succeeds().stderr_is("");
    assert_eq!(desk.count(), 5);
}

#[test]
fn a_record_that_the_brokers_refuse_takes_its_transaction_back_even_under_skip() {
    let desk = Desk::new();
    desk.mock
        .fail_requests(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE; 10]);
    let args = ["-t", "t", "--transaction", "all", "--on-error", "skip", "--timeout", "5"];
    let outcome = desk.scene.tool("avro-produce").args(args).stdin(LINES).run();
    outcome.fails_with(1).stderr_has("stdin:1: not acknowledged: ");
    outcome.stderr_has("0 records committed, 5 taken back with the transaction; every line before 1 is in");
}

/// What a reader of a topic's one partition sees up to its end: how many records.
fn seen(stack: &Stack, topic: &str, isolation: &str) -> usize {
    let mut config = stack.kafka_config();
    config.set("group.id", "test").set("isolation.level", isolation).set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Beginning).expect("an offset");
    consumer.assign(&list).expect("an assignment");
    let (mut count, deadline) = (0, Instant::now() + Duration::from_secs(30));
    while Instant::now() < deadline {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(record)) => count += usize::from(record.payload().is_some()),
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => return count,
            _ => {}
        }
    }
    panic!("no end of {topic} in 30 s")
}

#[test]
fn readers_of_committed_records_see_a_transaction_whole_or_not_at_all_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let topic = stack.create_topic("transaction", 1);
    let scene = stack.scene();
    scene.file("e.avsc", EVENT);
    let lines: String = (1..=5000).map(|n| format!("{n}\n")).collect();
    let tool = |args: &[&str]| {
        let tool = scene.tool("avro-produce").args(["-t", &topic, "--schema", "e.avsc", "--register"]);
        tool.args(args)
    };
    // Aborted: the records are there, and readers of committed ones see none of them.
    tool(&["--transaction", "all"]).stdin(format!("{lines}oops\n")).run().fails_with(1).stderr_has(
        "0 records committed, 5000 taken back with the transaction; every line before 1 is in, nothing from it on is",
    );
    assert_eq!(seen(&stack, &topic, "read_committed"), 0);
    assert!(seen(&stack, &topic, "read_uncommitted") <= 5000);
    // Open: what is acknowledged and not committed is not seen.
    let mut running = tool(&["--transaction", "all", "-X", "linger.ms=0"]).stdin_open().spawn();
    running.write(&lines);
    let deadline = Instant::now() + Duration::from_secs(30);
    while seen(&stack, &topic, "read_uncommitted") < 4000 {
        assert!(Instant::now() < deadline, "nothing arrives");
    }
    assert_eq!(seen(&stack, &topic, "read_committed"), 0);
    // Committed: all at once.
    running.close_stdin();
    running.wait().succeeds();
    assert_eq!(seen(&stack, &topic, "read_committed"), 5000);
    // In parts: those before the bad line's own part.
    let bad = format!("{lines}oops\n");
    tool(&["--transaction", "700"]).stdin(bad).run().fails_with(1).stderr_has(
        "4900 records committed, 100 taken back with the transaction; every line before 4901 is in, nothing from it on is",
    );
    assert_eq!(seen(&stack, &topic, "read_committed"), 9900);
    // The same run goes on where it said.
    tool(&["--transaction", "700", "--resume-from", "4901"]).stdin(lines).run().succeeds();
    assert_eq!(seen(&stack, &topic, "read_committed"), 10_000);
}

#[test]
fn a_second_producer_with_the_same_id_fences_the_first_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let topic = stack.create_topic("fenced", 1);
    let scene = stack.scene();
    scene.file("e.avsc", EVENT);
    let id = format!("transactional.id={}", stack.unique("fence"));
    let tool = || {
        let tool = scene.tool("avro-produce").args(["-t", &topic, "--schema", "e.avsc", "--register"]);
        tool.args(["--transaction", "all", "-X", &id])
    };
    let mut first = tool().stdin_open().spawn();
    first.write("1\n2\n");
    let deadline = Instant::now() + Duration::from_secs(30);
    while seen(&stack, &topic, "read_uncommitted") < 2 {
        assert!(Instant::now() < deadline, "nothing arrives");
    }
    tool().stdin("3\n").run().succeeds();
    first.close_stdin();
    let outcome = first.wait();
    assert!(matches!(outcome.code, 1 | 3), "{}", outcome.code);
    outcome.stderr_has("cannot commit the transaction: ");
    assert_eq!(seen(&stack, &topic, "read_committed"), 1);
}
