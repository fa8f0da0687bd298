//! `topic-ctl` from the outside: on an in-process broker where it must fail, and on the real stack, which is asked
//! afterwards.

mod alter;
mod brokers;
mod check;
mod completions;
mod configs;
mod confirm;
mod failures;
mod globs;
mod groups;
mod help;
mod key;
mod lag;
mod live;
mod trim;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kch_test::live::{Service, Stack};
use kch_test::{Outcome, Scene};
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// How long a slow machine may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The real brokers, a scene that knows them, and what asks them past our tools.
pub(crate) struct Desk {
    pub(crate) stack: Stack,
    pub(crate) scene: Scene,
}

impl Desk {
    pub(crate) fn new() -> Option<Desk> {
        let stack = kch_test::live::need(&[Service::Kafka])?;
        Some(Desk { scene: stack.scene(), stack })
    }

    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        self.scene.tool("topic-ctl").args(args).run()
    }

    /// Sends so many records to a partition; the first one is of the time 1000, the next one of 2000, … The topic keeps
    /// them: by default, the brokers delete what is so old within five minutes.
    pub(crate) fn fill(&self, topic: &str, partition: i32, count: i64) {
        let kept = AlterConfig::new(ResourceSpecifier::Topic(topic)).set("retention.ms", "-1");
        let options = AdminOptions::new().request_timeout(Some(PATIENCE));
        let kept = pollster::block_on(self.admin().alter_configs([&kept], &options)).expect("an answer");
        assert!(kept.iter().all(Result::is_ok), "{kept:?}");
        let producer = self.stack.producer();
        for number in 1..=count {
            let record: BaseRecord<'_, [u8], [u8]> =
                BaseRecord::to(topic).partition(partition).payload(&b"x"[..]).timestamp(number * 1000);
            producer.send(record).map_err(|(error, _)| error).expect("a record in the queue");
        }
        producer.flush(PATIENCE).expect("acknowledgements");
    }

    /// A consumer of the group, with nothing to read yet.
    pub(crate) fn consumer(&self, group: &str) -> BaseConsumer {
        self.stack.kafka_config().set("group.id", group).create().expect("a consumer")
    }

    /// Where the brokers say that a group is in the partitions 0, 1, … of a topic.
    pub(crate) fn committed(&self, group: &str, topic: &str, partitions: i32) -> Vec<Option<i64>> {
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, partitions - 1);
        let found = self.consumer(group).committed_offsets(list, PATIENCE).expect("committed offsets");
        let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
        found.elements().iter().map(|element| offset(element.offset())).collect()
    }

    pub(crate) fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.stack.kafka_config().create().expect("an admin client")
    }

    /// What the brokers say of some settings.
    pub(crate) fn settings(&self, of: &ResourceSpecifier<'_>) -> BTreeMap<String, String> {
        let options = AdminOptions::new().request_timeout(Some(PATIENCE));
        let answers = pollster::block_on(self.admin().describe_configs([of], &options)).expect("an answer");
        let answer = answers.into_iter().next().expect("one answer").expect("settings");
        answer.entries.into_iter().map(|e| (e.name, e.value.unwrap_or_default())).collect()
    }

    /// How many partitions the brokers say that a topic has.
    pub(crate) fn partitions(&self, topic: &str) -> usize {
        let admin = self.admin();
        let metadata = admin.inner().fetch_metadata(Some(topic), PATIENCE).expect("metadata");
        metadata.topics()[0].partitions().len()
    }
}

/// Waits until it is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
