//! A topic copied by `avro-consume --envelope | avro-produce --envelope` is the same topic: written and compared by librdkafka
//! and apache-avro, with nothing of ours in between.

use std::time::{Duration, Instant};

use apache_avro::types::Value;
use kch_test::live::{self, Service, Stack};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

const PARTITIONS: i32 = 3;

/// How many records, unless `KCH_COPY_RECORDS` says it.
const RECORDS: usize = 3_000;

const EVENT: &str = r#"{"type":"record","name":"Event","namespace":"copy","fields":[{"name":"id","type":"long"},{"name":"text","type":"string"}]}"#;
const WIDE: &str = r#"{"type":"record","name":"Wide","namespace":"copy","fields":[
    {"name":"u","type":["null","int","string",{"type":"enum","name":"Kind","symbols":["A","B"]}]},
    {"name":"b","type":"bytes"},{"name":"f","type":"double"},
    {"name":"t","type":{"type":"long","logicalType":"timestamp-micros"}},
    {"name":"l","type":{"type":"array","items":["null","long"]}}]}"#;

/// A record as the brokers have it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Raw {
    partition: i32,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
    timestamp: i64,
}

/// Schemas with the ids that the registry gave them.
struct Schemas {
    event: (u32, apache_avro::Schema),
    wide: (u32, apache_avro::Schema),
    null: u32,
    key: u32,
}

impl Schemas {
    fn register(stack: &Stack) -> Schemas {
        let register = |name: &str, text: &str| -> u32 {
            let subject = stack.unique_subject(name);
            let body = serde_json::json!({ "schema": text }).to_string();
            let (status, reply) =
                stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body));
            assert_eq!(status, 200, "{reply}");
            let reply: serde_json::Value = serde_json::from_str(&reply).expect("JSON");
            u32::try_from(reply["id"].as_u64().expect("an id")).expect("a small id")
        };
        let parse = |text: &str| apache_avro::Schema::parse_str(text).expect("a schema");
        Schemas {
            event: (register("copy-event", EVENT), parse(EVENT)),
            wide: (register("copy-wide", WIDE), parse(WIDE)),
            null: register("copy-null", "[\"null\",\"string\"]"),
            key: register("copy-key", "\"long\""),
        }
    }

    fn value(&self, n: usize) -> Option<Vec<u8>> {
        let framed = |id: u32, avro: Vec<u8>| Some([&[0], &id.to_be_bytes()[..], &avro].concat());
        let fields = |fields: Vec<(&str, Value)>| {
            Value::Record(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
        };
        let encode = |(id, schema): &(u32, apache_avro::Schema), value| {
            let writer =
                apache_avro::writer::datum::GenericDatumWriter::builder(schema).build().expect("a writer");
            framed(*id, writer.write_value_to_vec(value).expect("a datum"))
        };
        let long = n as i64;
        match n % 7 {
            0 => None,
            1 => framed(self.null, vec![0]),
            2 | 3 => {
                let text = ["", "é\u{1f600}", "\"\\\n\u{0}\u{7f}\u{2028}", "a rather long text"][n / 7 % 4];
                encode(
                    &self.event,
                    fields(vec![("id", Value::Long(long << (n % 50))), ("text", Value::String(text.into()))]),
                )
            }
            _ => {
                let union = match n % 4 {
                    0 => Value::Union(0, Value::Null.into()),
                    1 => Value::Union(1, Value::Int(-5).into()),
                    2 => Value::Union(2, Value::String("A".into()).into()),
                    _ => Value::Union(3, Value::Enum(0, "A".into()).into()),
                };
                let double = [0.1, -0.0, f64::NAN, f64::NEG_INFINITY, 5e-324, 9_007_199_254_740_993.0][n % 6];
                let items =
                    [Value::Union(0, Value::Null.into()), Value::Union(1, Value::Long(i64::MIN).into())];
                encode(
                    &self.wide,
                    fields(vec![
                        ("u", union),
                        ("b", Value::Bytes((0..n % 9).map(|at| (at * 37) as u8).collect())),
                        ("f", Value::Double(double)),
                        ("t", Value::TimestampMicros(long * 1_000_003 - 1_000_000_000)),
                        ("l", Value::Array(items[..n % 3].to_vec())),
                    ]),
                )
            }
        }
    }

    fn record(&self, n: usize) -> Raw {
        let key = match n % 6 {
            0 => None,
            1 => Some(Vec::new()),
            2 => Some(format!("key {n} \"é").into_bytes()),
            3 => Some(vec![0xff, 0, n as u8]),
            4 => Some(b"{\"base64\":\"/w==\"}".to_vec()),
            _ => Some([&[0], &self.key.to_be_bytes()[..], &[(n % 60) as u8 * 2]].concat()),
        };
        let header = |name: &str, value: Option<&[u8]>| (name.to_owned(), value.map(<[u8]>::to_vec));
        let headers = match n % 5 {
            0 => vec![],
            1 => vec![header("h", Some(b"v"))],
            2 => vec![header("twice", Some(b"1")), header("twice", Some(b"2")), header("", Some(b""))],
            3 => vec![header("null", None), header("raw", Some(&[0xfe, 0xff, 0]))],
            _ => vec![header("é", Some("é\n".as_bytes())), header("twice", None), header("twice", None)],
        };
        let now = 1_795_341_600_000;
        // Not 0: librdkafka takes it for "no time" and writes its own.
        let timestamp = [now + n as i64, now, now + 123, 1, 999, 1_001, 253_402_300_800_000][n % 7];
        Raw { partition: n as i32 % PARTITIONS, key, value: self.value(n), headers, timestamp }
    }
}

fn write(stack: &Stack, topic: &str, records: impl Iterator<Item = Raw>) {
    let mut config = stack.kafka_config();
    let producer: BaseProducer =
        config.set("enable.idempotence", "true").set("linger.ms", "20").create().expect("a producer");
    for raw in records {
        let headers = raw.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: value.as_ref() })
        });
        let mut record: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(topic).partition(raw.partition).timestamp(raw.timestamp);
        (record.key, record.payload) = (raw.key.as_deref(), raw.value.as_deref());
        record.headers = (!raw.headers.is_empty()).then_some(headers);
        while let Err((error, again)) = producer.send(record) {
            assert_eq!(
                error.rdkafka_error_code(),
                Some(rdkafka::types::RDKafkaErrorCode::QueueFull),
                "{error}"
            );
            producer.poll(Duration::from_millis(50));
            record = again;
        }
        producer.poll(Duration::ZERO);
    }
    producer.flush(Duration::from_secs(120)).expect("acknowledgements");
}

/// All records of a topic, partition by partition.
fn read(stack: &Stack, topic: &str, count: usize) -> Vec<Vec<Raw>> {
    let mut config = stack.kafka_config();
    let consumer: BaseConsumer = config.set("group.id", "copy-compares").create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    for id in 0..PARTITIONS {
        list.add_partition_offset(topic, id, Offset::Beginning).expect("an offset");
    }
    consumer.assign(&list).expect("an assignment");
    let mut partitions = vec![Vec::new(); PARTITIONS as usize];
    let began = Instant::now();
    while partitions.iter().map(Vec::len).sum::<usize>() < count {
        assert!(began.elapsed() < Duration::from_secs(120), "{topic} has fewer than {count} records");
        let Some(record) = consumer.poll(Duration::from_secs(1)) else { continue };
        let record = record.expect("a record");
        let headers = record.headers().into_iter().flat_map(|headers| headers.iter());
        let headers =
            headers.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect();
        partitions[record.partition() as usize].push(Raw {
            partition: record.partition(),
            key: record.key().map(<[u8]>::to_vec),
            value: record.payload().map(<[u8]>::to_vec),
            headers,
            timestamp: record.timestamp().to_millis().expect("a timestamp"),
        });
    }
    partitions
}

#[expect(clippy::disallowed_methods, reason = "a setting of the test, not of a tool")]
fn records_wanted() -> usize {
    std::env::var("KCH_COPY_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(RECORDS)
}

#[test]
fn a_copy_has_equal_keys_values_headers_and_timestamps_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let count = records_wanted();
    let (topic, copy) = (stack.create_topic("copied", PARTITIONS), stack.create_topic("copy", PARTITIONS));
    let schemas = Schemas::register(&stack);
    write(&stack, &topic, (0..count).map(|n| schemas.record(n)));
    let line = format!("avro-consume -t {topic} --envelope -e | avro-produce -t {copy} --envelope");
    stack.scene().shell(&line).timeout(Duration::from_secs(300)).run().succeeds();
    let (original, copied) = (read(&stack, &topic, count), read(&stack, &copy, count));
    let expected =
        |partition: i32| (0..count).map(|n| schemas.record(n)).filter(move |raw| raw.partition == partition);
    for (partition, (original, copied)) in original.iter().zip(&copied).enumerate() {
        assert!(
            expected(partition as i32).eq(original.iter().cloned()),
            "partition {partition} was not written as meant"
        );
        for (offset, (one, other)) in original.iter().zip(copied).enumerate() {
            assert_eq!(one, other, "partition {partition}, offset {offset}");
        }
        assert_eq!(original.len(), copied.len());
    }
}
