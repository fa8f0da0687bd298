//! `avro-consume` from the outside: the binary, on an in-process broker and a stub registry, and on the real stack.

mod copy_live;
mod envelope;
mod failures;
mod faults;
mod filters;
mod help;
mod limits;
mod live;
mod order;
mod output;
mod ranges;
mod schemas;
mod state;

use std::time::Duration;

use kch_test::kafka::Mock;
use kch_test::{HttpStub, Scene, Tool};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

/// A broker with the topic `t` of two partitions, a registry that knows id 7, and a scene that knows both.
pub(crate) struct Desk {
    pub(crate) mock: Mock,
    pub(crate) registry: HttpStub,
    pub(crate) scene: Scene,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let mock = Mock::start(1);
        mock.create_topic("t", 2, 1);
        let registry = HttpStub::start();
        let schema = r#"{"schema":"{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"s\",\"type\":\"string\"}]}"}"#;
        registry.reply("GET", "/schemas/ids/7", 200, schema);
        let scene = mock.scene().env("SCHEMA_REGISTRY_URL", registry.url());
        Desk { mock, registry, scene }
    }

    /// Puts records into a partition of `t`; `None` is a tombstone.
    pub(crate) fn put(&self, partition: i32, values: &[Option<&[u8]>]) {
        let records: Vec<Put<'_>> = values.iter().map(|&value| Put { value, ..Put::default() }).collect();
        self.put_records("t", partition, &records);
    }

    /// Puts whole records into a partition.
    pub(crate) fn put_records(&self, topic: &str, partition: i32, records: &[Put<'_>]) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", self.mock.bootstrap()).create().expect("a producer");
        for put in records {
            let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic).partition(partition);
            (record.key, record.payload, record.timestamp) = (put.key, put.value, put.timestamp);
            if !put.headers.is_empty() {
                let add = |headers: OwnedHeaders, &(key, value): &(&str, Option<&'static [u8]>)| {
                    headers.insert(Header { key, value })
                };
                record.headers = Some(put.headers.iter().fold(OwnedHeaders::new(), add));
            }
            producer.send(record).map_err(|(error, _)| error).expect("a record in the queue");
        }
        producer.flush(Duration::from_secs(10)).expect("acknowledgements");
    }

    /// Puts events with these ids and times, in seconds, into a partition.
    pub(crate) fn put_timed(&self, topic: &str, partition: i32, events: &[(u8, i64)]) {
        for (id, second) in events {
            let value = event(*id);
            let put = Put { value: Some(&value), timestamp: Some(second * 1000), ..Put::default() };
            self.put_records(topic, partition, &[put]);
        }
    }

    /// Puts events with these ids into a partition.
    pub(crate) fn put_events(&self, partition: i32, ids: std::ops::RangeInclusive<u8>) {
        let values: Vec<Vec<u8>> = ids.map(event).collect();
        self.put(partition, &values.iter().map(|value| Some(value.as_slice())).collect::<Vec<_>>());
    }

    pub(crate) fn consume(&self, args: &[&str]) -> Tool {
        self.scene.tool("avro-consume").args(["-t", "t"]).args(args)
    }
}

/// A record to put.
#[derive(Default)]
pub(crate) struct Put<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) timestamp: Option<i64>,
    pub(crate) headers: &'a [(&'a str, Option<&'static [u8]>)],
}

/// `{"id":ID,"s":"é"}` with schema id 7, byte by byte from the Avro specification. Ids below 64 only.
pub(crate) fn event(id: u8) -> Vec<u8> {
    vec![0, 0, 0, 0, 7, id << 1, 4, 0xc3, 0xa9]
}

/// What [`event`] prints.
pub(crate) fn line(id: u8) -> String {
    format!("{{\"id\":{id},\"s\":\"é\"}}\n")
}

pub(crate) fn lines(ids: impl IntoIterator<Item = u8>) -> String {
    ids.into_iter().map(line).collect()
}
