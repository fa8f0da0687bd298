//! Topics and consumer groups of the live brokers.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::types::RDKafkaErrorCode;

use super::Stack;

/// How long a slow machine may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Stack {
    /// librdkafka's settings for the stack's brokers.
    #[must_use]
    pub fn kafka_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (name, variable) in [
            ("bootstrap.servers", "BOOTSTRAP_SERVERS"),
            ("security.protocol", "KAFKA_SECURITY_PROTOCOL"),
            ("sasl.mechanism", "KAFKA_SASL_MECHANISM"),
            ("sasl.username", "KAFKA_CLIENT_SASL_USERNAME"),
            ("sasl.password", "KAFKA_CLIENT_SASL_PASSWORD"),
        ] {
            config.set(name, self.setting(variable));
        }
        config
    }

    /// A producer to the stack's brokers whose records are there once, however often a request is tried again.
    ///
    /// # Panics
    /// When librdkafka refuses the settings.
    #[must_use]
    pub fn producer(&self) -> BaseProducer {
        self.kafka_config().set("enable.idempotence", "true").create().expect("a producer")
    }

    /// Creates a topic with a name of its own and replication factor 3; it and its subject are deleted at the end.
    ///
    /// # Panics
    /// When the brokers refuse.
    #[must_use]
    #[track_caller]
    pub fn create_topic(&self, name: &str, partitions: i32) -> String {
        let topic = self.unique_topic(name);
        let new = NewTopic::new(&topic, partitions, TopicReplication::Fixed(3));
        // Tests send records of any age, and the brokers look every five minutes for those that are too old.
        let new = new.set("retention.ms", "-1");
        let made = block_on(admin(self).create_topics([&new], &options())).expect("the brokers answer");
        for result in made {
            result.unwrap_or_else(|(topic, error)| panic!("{topic}: {error}"));
        }
        self.wait_for_topic(&topic);
        topic
    }

    /// Waits until every broker shows the topic with its leaders: each hears of it at its own time, and a tool may
    /// ask any of them. Each is asked by a client that knows no other.
    #[track_caller]
    fn wait_for_topic(&self, topic: &str) {
        let ask = |client: &BaseProducer| client.client().fetch_metadata(None, Duration::from_secs(1));
        let cluster: BaseProducer = self.kafka_config().create().expect("a client");
        let began = Instant::now();
        let metadata = loop {
            match ask(&cluster) {
                Ok(metadata) => break metadata,
                Err(error) => assert!(began.elapsed() < PATIENCE, "brokers: {error}"),
            }
        };
        for broker in metadata.brokers() {
            let address = format!("{}:{}", broker.host(), broker.port());
            let client: BaseProducer =
                self.kafka_config().set("bootstrap.servers", &address).create().expect("a client");
            while !ask(&client).is_ok_and(|metadata| metadata.topics().iter().any(|t| is_ready(t, topic))) {
                assert!(began.elapsed() < PATIENCE, "broker {address} does not show topic {topic}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// A topic name of its own, for a topic that the test makes; it and its subject are deleted at the end.
    #[must_use]
    pub fn unique_topic(&self, name: &str) -> String {
        let topic = self.unique(&format!("test-{name}-"));
        self.topics.borrow_mut().push(topic.clone());
        self.delete_subject_later(&format!("{topic}-value"));
        topic
    }

    /// Deletes a consumer group at the end, when its members have left.
    pub fn delete_group_later(&self, group: &str) {
        self.groups.borrow_mut().push(group.to_owned());
    }
}

pub(super) fn delete_groups(stack: &Stack, mut groups: Vec<String>) {
    let began = Instant::now();
    while !groups.is_empty() && began.elapsed() < PATIENCE {
        let names: Vec<&str> = groups.iter().map(String::as_str).collect();
        let Ok(results) = block_on(admin(stack).delete_groups(&names, &options())) else { return };
        let has_members = |result| match result {
            Err((group, RDKafkaErrorCode::NonEmptyGroup)) => Some(group),
            _ => None,
        };
        groups = results.into_iter().filter_map(has_members).collect();
        std::thread::sleep(Duration::from_millis(if groups.is_empty() { 0 } else { 100 }));
    }
}

pub(super) fn delete(stack: &Stack, topics: &[String]) {
    if !topics.is_empty() {
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        let _ = block_on(admin(stack).delete_topics(&topics, &options()));
    }
}

fn is_ready(topic: &MetadataTopic, name: &str) -> bool {
    topic.name() == name
        && !topic.partitions().is_empty()
        && topic.partitions().iter().all(|p| p.leader() >= 0)
}

fn admin(stack: &Stack) -> AdminClient<DefaultClientContext> {
    stack.kafka_config().create().expect("an admin client")
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a tokio runtime").block_on(future)
}
