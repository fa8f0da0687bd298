//! On the real stack: what goes in comes out, byte for byte, and groups are the brokers' own.

use std::time::Duration;

use kch_test::live::{self, Service};
use kch_test::{Outcome, Scene, Signal};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

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
        .fails_with(1)
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

/// The keys of the envelopes on stdout, in one text.
fn keys(outcome: &Outcome) -> String {
    outcome.succeeds().json_lines().iter().filter_map(|line| line["key"].as_str()).collect()
}

fn tombstone<'a>(topic: &'a str, partition: i32, key: &'a str) -> BaseRecord<'a, str, [u8]> {
    BaseRecord::to(topic).partition(partition).key(key)
}

#[test]
fn times_find_their_records_live() {
    let Some(stack) = live::need(&[Service::Kafka]) else { return };
    let (scene, topic) = (stack.scene(), stack.create_topic("times", 2));
    let producer = stack.producer();
    let ten = 1_795_341_600_000;
    for (minute, key) in (0..6).zip(["a", "b", "c", "d", "e", "f"]) {
        let record = tombstone(&topic, minute % 2, key).timestamp(ten + i64::from(minute) * 60_000);
        producer.send(record).map_err(|(error, _)| error).expect("a record in the queue");
    }
    producer.flush(Duration::from_secs(20)).expect("acknowledgements");
    let read = |range: &str| {
        let args = ["-t", &topic, "--envelope", "--order", "time", "-o", range];
        keys(&scene.tool("avro-consume").args(args).run())
    };
    assert_eq!(read("@2026-11-22T10:02:00Z"), "cdef");
    assert_eq!(read("@2026-11-22T10:02:00.001Z"), "def");
    assert_eq!(read("@2026-11-22T10:01:00Z:2026-11-22T10:04:00Z"), "bcd");
    assert_eq!(read("@2026-11-22T11:01:00+01:00:end"), "bcdef");
    assert_eq!(read(":@1795341720000"), "ab");
    assert_eq!(read("@2026-11-22"), "abcdef");
    assert_eq!(read("@2026-11-23"), "");
    assert_eq!(read("1=@2026-11-22T10:02:00Z"), "df");
}

#[test]
fn control_records_at_the_end_are_no_records_live() {
    let Some(stack) = live::need(&[Service::Kafka]) else { return };
    let scene = stack.scene();
    let topics = [stack.create_topic("txn-a", 1), stack.create_topic("txn-b", 1)];
    let mut config = stack.kafka_config();
    let producer: BaseProducer =
        config.set("transactional.id", stack.unique("txn")).create().expect("a producer");
    let wait = Duration::from_secs(30);
    producer.init_transactions(wait).expect("a transactional producer");
    for (number, key) in ["a", "b", "c", "d", "e", "f"].iter().enumerate() {
        producer.begin_transaction().expect("a transaction");
        let record = tombstone(&topics[number % 2], 0, key).timestamp(1_000 * (1 + number as i64));
        producer.send(record).map_err(|(error, _)| error).expect("a record in the queue");
        producer.flush(wait).expect("acknowledgements");
        if *key == "e" { producer.abort_transaction(wait) } else { producer.commit_transaction(wait) }
            .expect("the end of the transaction");
    }
    let read = |args: &[&str]| {
        let tool = scene.tool("avro-consume").args(["-t", &topics[0], "--envelope"]).args(args);
        keys(&tool.run())
    };
    assert_eq!(read(&[]), "ac");
    assert_eq!(read(&["--last", "2"]), "ac");
    assert_eq!(read(&["-t", &topics[1], "--order", "time"]), "abcdf");
    assert_eq!(read(&["-t", &topics[1], "--last", "3"]), "cdf");
    let mut both: Vec<char> = read(&["-t", &topics[1]]).chars().collect();
    both.sort_unstable();
    assert_eq!(both.iter().collect::<String>(), "abcdf");

    // A group that has read all has no lag: it stands behind the markers, also those of what was aborted.
    let stands = |group: &str, topics: &[String]| {
        let consumer: BaseConsumer =
            stack.kafka_config().set("group.id", group).create().expect("a consumer");
        let mut list = TopicPartitionList::new();
        for topic in topics {
            list.add_partition(topic, 0);
        }
        let committed = consumer.committed_offsets(list, wait).expect("committed offsets");
        topics.iter().all(|topic| {
            let (_, end) = consumer.fetch_watermarks(topic, 0, wait).expect("the end");
            let place = committed.find_partition(topic, 0).expect("the partition");
            end == 6 && place.offset() == Offset::Offset(end)
        })
    };
    let (one, two) = (stack.unique("txn-one"), stack.unique("txn-two"));
    assert_eq!(read(&["-g", &one]), "ac");
    assert!(stands(&one, &topics[..1]));
    let _ = read(&["-g", &two, "-t", &topics[1]]);
    assert!(stands(&two, &topics));
    // One that stopped before the last record stands there.
    let short = stack.unique("txn-short");
    assert_eq!(read(&["-g", &short, "-n", "1"]), "a");
    assert!(!stands(&short, &topics[..1]));
    assert_eq!(read(&["-g", &short]), "c");
    assert!(stands(&short, &topics[..1]));
}

#[test]
fn a_group_reads_several_topics_once_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let (scene, topics) =
        (stack.scene(), [stack.create_topic("multi-a", 2), stack.create_topic("multi-b", 1)]);
    for topic in &topics {
        events(&stack, &scene, topic, &ten_thousand());
    }
    let group = stack.unique("multi");
    let member = |extra: &[&str]| {
        let args = ["-t", &topics[0], "-t", &topics[1], "-g", &group];
        scene.tool("avro-consume").args(args).args(extra).run()
    };
    let count = |outcome: &Outcome| outcome.succeeds().json_lines().len();
    assert_eq!(count(&member(&["-n", "7000"])), 7_000);
    assert_eq!(count(&member(&[])), 13_000);
    assert_eq!(count(&member(&[])), 0);
}

#[test]
fn head_commits_what_was_written_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let (scene, topic) = (stack.scene(), stack.create_topic("head", 1));
    events(&stack, &scene, &topic, &ten_thousand());
    let group = stack.unique("head");
    let member = || scene.tool("avro-consume").args(["-t", &topic, "-g", &group]);
    let head = member().pipe_to(&["head", "-1"]).run();
    assert_eq!(head.succeeds().json_lines().len(), 1);
    let first = member().run().succeeds().json_lines().first().and_then(|line| line["id"].as_i64());
    // What fitted into the pipe was written, and is not read again; nothing that was not written is skipped.
    assert!(first.is_none_or(|first| first > 0), "{first:?}");
}

#[test]
fn records_of_two_schemas_are_counted_and_read_as_one_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let (scene, topic) = (stack.scene(), stack.create_topic("evolved", 4));
    events(&stack, &scene, &topic, "{\"id\":1,\"text\":\"one\"}\n{\"id\":2,\"text\":\"two\"}\n");
    let second = r#"{"type":"record","name":"E","fields":[{"name":"id","type":"long"},{"name":"text","type":"string"},{"name":"more","type":["null","string"],"default":null}]}"#;
    scene.file("second.avsc", second);
    let tool = scene.tool("avro-produce").args([
        "-t",
        &topic,
        "--schema",
        "second.avsc",
        "--register",
        "--key-field",
        "text",
    ]);
    let lines: String =
        (3..=40).map(|id| format!("{{\"id\":{id},\"text\":\"key {id}\",\"more\":\"x\"}}\n")).collect();
    tool.stdin(lines).run().succeeds().stderr_is("");
    let read =
        |args: &[&str]| scene.tool("avro-consume").args(["-t", &topic, "--order", "time"]).args(args).run();
    // Who still writes the first schema?
    let counts = read(&["--stats"]).succeeds().json_lines();
    let mut by_schema = std::collections::BTreeMap::new();
    for count in &counts {
        *by_schema.entry(count["schema_id"].as_u64()).or_insert(0) += count["records"].as_u64().unwrap_or(0);
        assert_eq!(count["lag"], 0);
    }
    assert_eq!(by_schema.values().copied().collect::<Vec<u64>>(), [2, 38]);
    let first = by_schema.keys().flatten().next().expect("an id").to_string();
    assert_eq!(read(&["--schema-id", &first]).succeeds().json_lines().len(), 2);
    // All as the one, all as the other.
    let subject = format!("{topic}-value");
    let as_second = read(&["--reader-schema", &subject]).succeeds().json_lines();
    assert!(as_second.len() == 40 && as_second.iter().all(|line| line.get("more").is_some()));
    let as_first = read(&["--reader-schema", &format!("{subject}:1")]).succeeds().json_lines();
    assert!(as_first.len() == 40 && as_first.iter().all(|line| line.get("more").is_none()));
    read(&["--where", "id == 17", "--fields", "text"]).succeeds().stdout_is("{\"text\":\"key 17\"}\n");
    // Each key is in the partition where the reader looks for it.
    for id in 3..=40 {
        let key = format!("key {id}");
        let line = format!("{{\"id\":{id},\"text\":\"{key}\",\"more\":\"x\"}}\n");
        if id % 6 == 0 {
            read(&["--key", &key]).succeeds().stdout_is(line);
        }
    }
    let file = scene.dir().join("all.avro");
    let tool =
        scene.tool("avro-consume").args(["-t", &topic, "--format", "avro", "--reader-schema", &subject]);
    tool.stdout_to(&file).run().succeeds().stderr_is("");
    let bytes = std::fs::read(&file).expect("the file");
    assert_eq!(apache_avro::Reader::new(&bytes[..]).expect("an Avro file").count(), 40);
    // A member of a group that waits for its partitions is not silent yet.
    let group = stack.unique("silence");
    let member = scene.tool("avro-consume").args(["-t", &topic, "-g", &group, "-f", "--timeout", "1s"]);
    assert_eq!(member.run().succeeds().json_lines().len(), 40);
}
