//! `partition`: where a producer puts a key.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::consumer::Consumer as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::{Desk, PATIENCE, wait_until};

#[test]
fn keys_are_answered_as_they_come() {
    let mock = kch_test::kafka::Mock::start(1);
    mock.create_topic("orders", 3, 1);
    let lookup = |args: &[&str]| {
        mock.scene().tool("topic-ctl").args(["partition", "orders", "-"]).args(args).stdin_open().spawn()
    };
    let mut asking = lookup(&["-q", "key"]);
    asking.write("first\n").until_stdout("first\n");
    asking.write("second\n").until_stdout("second\n");
    asking.wait().succeeds().stdout_is("first\nsecond\n");
    // A table is one, whose columns fit all keys.
    let mut asking = lookup(&["-o", "table"]);
    asking.write("a\nlong-key\n");
    let table = asking.wait().succeeds().stdout_text();
    assert_eq!(table.lines().count(), 3, "{table}");
}

#[test]
fn a_key_is_looked_up_where_a_producer_put_it_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("keys", 5);
    let keys: Vec<String> =
        (1..=30).map(|number| format!("customer-{number}")).chain(["Zürich".into()]).collect();
    let producer: BaseProducer =
        desk.stack.kafka_config().set("partitioner", "murmur2_random").create().unwrap();
    for key in &keys {
        producer.send(BaseRecord::to(&topic).key(key).payload("x")).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();

    let consumer = desk.consumer("test-keys");
    let mut list = TopicPartitionList::new();
    (0..5).for_each(|id| list.add_partition_offset(&topic, id, Offset::Beginning).unwrap());
    consumer.assign(&list).unwrap();
    let mut found = BTreeMap::new();
    wait_until("all keys are read", || {
        if let Some(Ok(record)) = consumer.poll(Duration::from_millis(100)) {
            let key = String::from_utf8(record.key().unwrap().to_vec()).unwrap();
            found.insert(key, i64::from(record.partition()));
        }
        found.len() == keys.len()
    });

    let lines = keys.join("\n");
    let told = desk.scene.tool("topic-ctl").args(["partition", &topic, "-"]).stdin(lines).run();
    let told: BTreeMap<String, i64> = told
        .succeeds()
        .json_lines()
        .iter()
        .map(|row| (row["key"].as_str().unwrap().to_owned(), row["partition"].as_i64().unwrap()))
        .collect();
    assert_eq!(told, found);
    desk.run(&["partition", &topic, "customer-1", "--partitions", "1"])
        .succeeds()
        .stdout_is(format!("{{\"topic\":\"{topic}\",\"key\":\"customer-1\",\"partition\":0}}\n"));
    let bad =
        desk.scene.tool("topic-ctl").args(["partition", &topic, "-"]).stdin(b"a\n\xff\n".to_vec()).run();
    let first = desk.run(&["partition", &topic, "a"]).succeeds().stdout_text();
    bad.fails_with(1).stdout_is(first).stderr_is("topic-ctl: stdin:2: the key is not UTF-8\n");
    desk.run(&["partition", &topic, "a", "-"]).fails_with(2).stderr_has("no other key stands beside it");
    desk.run(&["partition", &topic, "k", "-p", "0"]).fails_with(2).stderr_has("write a number from 1");
    desk.run(&["partition", &topic, "k", "-p", "4294967296"]).fails_with(2).stderr_has("to 2147483647");
    desk.run(&["partition", &topic, "k", "-p", "2147483647"]).succeeds();
}
