//! Topics: create, list, describe, delete.

mod everywhere;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigSource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError as RdError;
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::types::RDKafkaErrorCode as Code;

use self::everywhere::{addresses, wait_for_every_broker};
use crate::error::classify;
use crate::watch::{CONNECT_DEADLINE, Watch, creation_error};
use crate::{KafkaConfig, KafkaError};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// A topic to create. `None` leaves the choice to the brokers.
#[derive(Clone, Debug)]
pub struct NewTopicSpec {
    /// Its name.
    pub name: String,
    /// Number of partitions.
    pub partitions: Option<i32>,
    /// Replicas of each partition.
    pub replication_factor: Option<i32>,
    /// Topic settings, as `cleanup.policy` = `compact`.
    pub config: Vec<(String, String)>,
}

/// A topic as the cluster's metadata shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicInfo {
    /// Its name.
    pub name: String,
    /// Its partitions, in order of their number.
    pub partitions: Vec<PartitionInfo>,
}

/// One partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Its number.
    pub id: i32,
    /// The broker that leads it; -1 for none.
    pub leader: i32,
    /// The brokers that have a copy.
    pub replicas: Vec<i32>,
    /// Those of them whose copy is up to date.
    pub in_sync: Vec<i32>,
}

/// The shared watch of the two clients behind [`Admin`].
#[derive(Clone, Debug, Default)]
struct Shared(Arc<Watch>);

impl ClientContext for Shared {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, text: &str) {
        self.0.log(level, facility, text);
    }

    fn error(&self, error: RdError, reason: &str) {
        Watch::error(&self.0, &error, reason);
    }
}

impl ConsumerContext for Shared {}

/// Admin requests. Metadata comes through a consumer handle, since only its callbacks tell a wrong password from a
/// slow broker.
pub struct Admin {
    client: AdminClient<Shared>,
    metadata: BaseConsumer<Shared>,
    watch: Arc<Watch>,
    config: KafkaConfig,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Admin {
    /// Connects: a wrong address or password is told here.
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn connect(mut config: KafkaConfig) -> Result<Admin, KafkaError> {
        config.default("allow.auto.create.topics", "false").default("group.id", "kch-no-group");
        let shared = Shared::default();
        let watch = Arc::clone(&shared.0);
        let metadata = config.client().create_with_context(shared.clone()).map_err(creation_error)?;
        let client = config.client().create_with_context(shared).map_err(creation_error)?;
        let admin = Admin { client, metadata, watch, config };
        admin.topics()?;
        Ok(admin)
    }

    /// All topics, in order of their names.
    ///
    /// # Errors
    /// When the cluster cannot be reached.
    pub fn topics(&self) -> Result<Vec<TopicInfo>, KafkaError> {
        self.cluster().map(|metadata| topic_infos(&metadata))
    }

    fn cluster(&self) -> Result<Metadata, KafkaError> {
        let began = Instant::now();
        loop {
            let answer = self.metadata.fetch_metadata(None, Duration::from_millis(500));
            let _ = self.metadata.poll(Duration::ZERO);
            if let Ok(metadata) = answer {
                return Ok(metadata);
            }
            self.watch.ensure_worth_waiting(&self.config, began)?;
        }
    }

    /// One topic.
    ///
    /// # Errors
    /// [`KafkaError::TopicMissing`], with the nearest name.
    pub fn topic(&self, name: &str) -> Result<TopicInfo, KafkaError> {
        let topics = self.topics()?;
        let nearest = kch_cli::nearest(name, topics.iter().map(|t| t.name.as_str())).map(str::to_owned);
        topics.into_iter().find(|t| t.name == name).ok_or_else(|| self.missing(name, nearest))
    }

    fn missing(&self, topic: &str, nearest: Option<String>) -> KafkaError {
        KafkaError::TopicMissing {
            topic: topic.to_owned(),
            brokers: self.config.brokers().to_owned(),
            nearest,
        }
    }

    /// The offsets of the first record and behind the last one of a partition.
    ///
    /// # Errors
    /// When the leader does not answer.
    pub fn watermarks(&self, topic: &str, partition: i32) -> Result<(i64, i64), KafkaError> {
        self.metadata.fetch_watermarks(topic, partition, CONNECT_DEADLINE).map_err(|error| {
            self.error(&format!("topic {topic:?}: offsets of partition {partition}"), &error)
        })
    }

    /// The settings of a topic that differ from the brokers' defaults, in order of their names.
    ///
    /// # Errors
    /// When the request fails.
    pub fn topic_config(&self, topic: &str) -> Result<Vec<(String, String)>, KafkaError> {
        let what = format!("topic {topic:?}: configuration");
        let resource = ResourceSpecifier::Topic(topic);
        let answers = pollster::block_on(self.client.describe_configs([&resource], &options()))
            .map_err(|error| self.error(&what, &error))?;
        let mut config = Vec::new();
        for answer in answers {
            let answer = answer.map_err(|code| classify(code, &what, self.config.user()))?;
            let own = answer.entries.into_iter().filter(|e| e.source == ConfigSource::DynamicTopic);
            config.extend(own.map(|entry| (entry.name, entry.value.unwrap_or_default())));
        }
        config.sort();
        Ok(config)
    }

    /// Creates a topic and waits until every broker shows it. False when it was there already.
    ///
    /// # Errors
    /// When the brokers refuse (an unknown setting, a replication factor above the number of brokers), or when one of
    /// them does not show it within `patience`.
    pub fn create(&self, spec: &NewTopicSpec, patience: Duration) -> Result<bool, KafkaError> {
        let what = format!("cannot create topic {:?}", spec.name);
        let replication = TopicReplication::Fixed(spec.replication_factor.unwrap_or(-1));
        let mut topic = NewTopic::new(&spec.name, spec.partitions.unwrap_or(-1), replication);
        for (key, value) in &spec.config {
            topic = topic.set(key, value);
        }
        let answers = pollster::block_on(self.client.create_topics([&topic], &options()))
            .map_err(|error| self.error(&what, &error))?;
        let created = match answers.into_iter().next() {
            Some(Err((_, Code::TopicAlreadyExists))) => false,
            Some(Err((_, code))) => return Err(self.refusal(&what, code, spec)),
            _ => true,
        };
        // Another one may have created it a moment ago. A topic of old may have lost a leader: that is another matter.
        let is_ready = |topic: &TopicInfo| !created || topic.partitions.iter().all(|p| p.leader >= 0);
        let done = format!("topic {:?} is created", spec.name);
        self.wait_until(&done, patience, |topics| {
            topics.iter().any(|topic| topic.name == spec.name && is_ready(topic))
        })?;
        Ok(created)
    }

    /// The brokers' reason, with what librdkafka's code leaves out.
    fn refusal(&self, what: &str, code: Code, spec: &NewTopicSpec) -> KafkaError {
        let reason = match code {
            Code::InvalidReplicationFactor => {
                format!(
                    "replication factor {} is more than the brokers there are",
                    spec.replication_factor.unwrap_or(-1)
                )
            }
            Code::InvalidPartitions => {
                format!("{} is not a number of partitions", spec.partitions.unwrap_or(-1))
            }
            Code::InvalidConfig => {
                let pairs: Vec<String> = spec.config.iter().map(|(k, v)| format!("{k}={v}")).collect();
                format!("a topic setting is unknown or out of range: {}", pairs.join(", "))
            }
            Code::InvalidTopic => {
                "a name has letters, digits, dot, underscore and hyphen, 249 at most".to_owned()
            }
            _ => return classify(code, what, self.config.user()),
        };
        KafkaError::Refused { what: what.to_owned(), reason }
    }

    fn wait_until(
        &self,
        done: &str,
        patience: Duration,
        seen: impl Fn(&[TopicInfo]) -> bool,
    ) -> Result<(), KafkaError> {
        let alive = || self.cluster().map(|metadata| addresses(&metadata));
        wait_for_every_broker(&self.config, done, patience, alive, seen)
    }

    /// Deletes a topic and waits until no broker shows it any more. False when it was not there.
    ///
    /// # Errors
    /// When the brokers refuse, or when one of them shows it still after `patience`.
    pub fn delete(&self, name: &str, patience: Duration) -> Result<bool, KafkaError> {
        let what = format!("cannot delete topic {name:?}");
        let answers = pollster::block_on(self.client.delete_topics(&[name], &options()))
            .map_err(|error| self.error(&what, &error))?;
        match answers.into_iter().next() {
            Some(Err((_, Code::UnknownTopicOrPartition))) => Ok(false),
            Some(Err((_, code))) => Err(classify(code, &what, self.config.user())),
            _ => {
                let done = format!("topic {name:?} is deleted");
                self.wait_until(&done, patience, |topics| topics.iter().all(|topic| topic.name != name))?;
                Ok(true)
            }
        }
    }

    fn error(&self, what: &str, error: &RdError) -> KafkaError {
        match error.rdkafka_error_code() {
            Some(code) => classify(code, what, self.config.user()),
            None => KafkaError::Failed { what: what.to_owned(), reason: error.to_string() },
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)).operation_timeout(Some(REQUEST_TIMEOUT))
}

/// The topics of an answer, in order of their names.
fn topic_infos(metadata: &Metadata) -> Vec<TopicInfo> {
    let mut topics: Vec<TopicInfo> = metadata.topics().iter().map(topic_info).collect();
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    topics
}

fn topic_info(topic: &MetadataTopic) -> TopicInfo {
    let mut partitions: Vec<PartitionInfo> = topic
        .partitions()
        .iter()
        .map(|p| PartitionInfo {
            id: p.id(),
            leader: p.leader(),
            replicas: p.replicas().to_vec(),
            in_sync: p.isr().to_vec(),
        })
        .collect();
    partitions.sort_by_key(|p| p.id);
    TopicInfo { name: topic.name().to_owned(), partitions }
}
