//! `avro-produce` from the outside: the binary, on an in-process broker and a stub registry, and on the real stack.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod broker;
mod envelopes;
mod failures;
mod flow;
mod formats;
mod help;
mod keys;
mod lines;
mod live;
mod meta;
mod options;
mod schemas;
mod signals;
mod transactions;

use std::time::{Duration, Instant};

use kch_test::kafka::Mock;
use kch_test::{HttpStub, Scene};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Message as _, OwnedMessage};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

pub(crate) const EVENT: &str = r#"{"type":"record","name":"KafkaEvent","namespace":"example","fields":[
    {"name":"id","type":"long"},{"name":"source","type":"string"},
    {"name":"ts","type":"string"},{"name":"payload","type":"string"}]}"#;

/// A broker with the topic `t`, a registry whose subject `t-value` has [`EVENT`] as id 7, and a scene that knows both.
pub(crate) struct Desk {
    pub(crate) mock: Mock,
    pub(crate) registry: HttpStub,
    pub(crate) scene: Scene,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let mock = Mock::start(1);
        mock.create_topic("t", 1, 1);
        let registry = HttpStub::start();
        let schema = json_string(EVENT);
        let latest = format!(r#"{{"subject":"t-value","version":1,"id":7,"schema":{schema}}}"#);
        registry.reply("GET", "/subjects/t-value/versions/latest", 200, &latest);
        let scene = mock.scene().env("SCHEMA_REGISTRY_URL", registry.url());
        Desk { mock, registry, scene }
    }

    /// Values of all records of `t`, waiting until there are `count`.
    pub(crate) fn values(&self, count: usize) -> Vec<Vec<u8>> {
        let records = self.records("t", count);
        records.iter().map(|record| record.payload().expect("a value").to_vec()).collect()
    }

    /// All records of a topic in order of their partitions, waiting until there are `count`.
    pub(crate) fn records(&self, topic: &str, count: usize) -> Vec<OwnedMessage> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.mock.bootstrap())
            .set("group.id", "test")
            .create()
            .expect("a consumer");
        let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(10)).expect("metadata");
        let mut list = TopicPartitionList::new();
        for partition in metadata.topics()[0].partitions() {
            list.add_partition_offset(topic, partition.id(), Offset::Beginning).expect("an offset");
        }
        consumer.assign(&list).expect("an assignment");
        let (mut records, deadline) = (Vec::new(), Instant::now() + Duration::from_secs(20));
        while records.len() < count && Instant::now() < deadline {
            if let Some(record) = consumer.poll(Duration::from_millis(100)) {
                records.push(record.expect("a record").detach());
            }
        }
        // One more look, so that a record too many is seen.
        assert!(consumer.poll(Duration::from_millis(200)).is_none(), "more than {count} records");
        assert_eq!(records.len(), count, "records of {topic}");
        records.sort_by_key(|record| (record.partition(), record.offset()));
        records
    }

    /// Waits until `t` holds so many records.
    pub(crate) fn wait_for_count(&self, count: i64) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.count() < count {
            assert!(Instant::now() < deadline, "{} of {count} records", self.count());
        }
    }

    /// How many records `t` holds.
    pub(crate) fn count(&self) -> i64 {
        let consumer: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", self.mock.bootstrap()).create().expect("a consumer");
        consumer.fetch_watermarks("t", 0, Duration::from_secs(10)).expect("offsets").1
    }
}

/// A value of [`EVENT`] with schema id 7, byte by byte from the Avro specification.
pub(crate) fn event(id: i64, source: &str, ts: &str, payload: &str) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 7];
    bytes.push(u8::try_from(id << 1).expect("a small id"));
    for text in [source, ts, payload] {
        bytes.push(u8::try_from(text.len() << 1).expect("a short text"));
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

pub(crate) fn json_string(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
