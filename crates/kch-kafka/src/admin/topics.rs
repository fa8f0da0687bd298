//! Topics: list, create, add partitions, delete.

use std::time::Duration;

use rdkafka::admin::{NewPartitions, NewTopic, TopicReplication};
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::types::RDKafkaErrorCode as Code;

use super::everywhere::wait_for_every_broker;
use super::{Admin, Change, Resource, options, options_for};
use crate::KafkaError;
use crate::error::classify;

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

impl TopicInfo {
    /// Whether the brokers keep it for themselves, as `__consumer_offsets`.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.name.starts_with("__")
    }

    fn has_leaders(&self) -> bool {
        self.partitions.iter().all(|partition| partition.leader >= 0)
    }
}

impl Admin {
    /// All topics, in order of their names.
    ///
    /// # Errors
    /// When the cluster cannot be reached.
    pub fn topics(&self) -> Result<Vec<TopicInfo>, KafkaError> {
        self.cluster().map(|metadata| topic_infos(&metadata))
    }

    /// One topic.
    ///
    /// # Errors
    /// [`KafkaError::TopicMissing`], with the nearest name.
    pub fn topic(&self, name: &str) -> Result<TopicInfo, KafkaError> {
        let topics = self.topics()?;
        let nearest = kch_cli::nearest(name, topics.iter().map(|t| t.name.as_str())).map(str::to_owned);
        topics.into_iter().find(|t| t.name == name).ok_or_else(|| KafkaError::TopicMissing {
            topic: name.to_owned(),
            brokers: self.config.brokers().to_owned(),
            nearest,
        })
    }

    /// Creates a topic. False when it was there already.
    ///
    /// # Errors
    /// When the brokers refuse (an unknown setting, a replication factor above the number of brokers), or when one of
    /// them does not show it in time.
    pub fn create(&self, spec: &NewTopicSpec, change: Change) -> Result<bool, KafkaError> {
        let what = format!("cannot create topic {:?}", spec.name);
        let replication = TopicReplication::Fixed(spec.replication_factor.unwrap_or(-1));
        let mut topic = NewTopic::new(&spec.name, spec.partitions.unwrap_or(-1), replication);
        for (key, value) in &spec.config {
            topic = topic.set(key, value);
        }
        let answers = pollster::block_on(self.client.create_topics([&topic], &options_for(change)))
            .map_err(|error| self.error(&what, &error))?;
        let created = match answers.into_iter().next() {
            Some(Err((_, Code::TopicAlreadyExists))) => false,
            Some(Err((_, code))) => return Err(self.refusal(&what, code, spec)),
            _ => true,
        };
        // Another one may have created it a moment ago. A topic of old may have lost a leader: that is another matter.
        let is_ready = |topic: &TopicInfo| topic.name == spec.name && (!created || topic.has_leaders());
        let done = format!("topic {:?} is created", spec.name);
        self.wait(&done, change, |topics| topics.iter().any(is_ready))?;
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
            Code::InvalidConfig => return self.bad_setting(what, &spec.config),
            Code::InvalidTopic if let Some(other) = self.namesake(&spec.name) => {
                format!("topic {other:?} is there, and Kafka takes dot and underscore for the same")
            }
            Code::InvalidTopic => {
                "a name has letters, digits, dot, underscore and hyphen, 249 at most".to_owned()
            }
            _ => return classify(code, what, self.config.user()),
        };
        KafkaError::Refused { what: what.to_owned(), reason }
    }

    /// A topic whose name differs in dots and underscores only.
    fn namesake(&self, name: &str) -> Option<String> {
        let alike = |name: &str| name.replace('.', "_");
        let topics = self.topics().ok()?;
        topics.into_iter().map(|topic| topic.name).find(|other| alike(other) == alike(name))
    }

    /// The brokers do not say which setting they refuse: a name that no topic has is found here, with the nearest, and
    /// a value by asking for each alone.
    fn bad_setting(&self, what: &str, config: &[(String, String)]) -> KafkaError {
        let any = self.topics().ok().and_then(|topics| topics.into_iter().next());
        let known = any.and_then(|topic| self.configs(&Resource::Topic(topic.name)).ok()).unwrap_or_default();
        for (key, value) in config {
            if !known.is_empty() && known.iter().all(|setting| setting.name != *key) {
                return KafkaError::setting_unknown(what, key, &known);
            }
            if self.refuses_settings(&[(key.clone(), value.clone())]) {
                let reason = format!("{value:?} is no value of {key}");
                return KafkaError::Refused { what: what.to_owned(), reason };
            }
        }
        let pairs: Vec<String> = config.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let reason = format!("these settings do not go together: {}", pairs.join(", "));
        KafkaError::Refused { what: what.to_owned(), reason }
    }

    /// Whether no topic can have these settings, told by asking for one that has them, without making it. When the
    /// brokers do not answer that, nothing is known against them.
    fn refuses_settings(&self, config: &[(String, String)]) -> bool {
        let name = format!("kch-settings-{}", std::process::id());
        let topic = NewTopic::new(&name, 1, TopicReplication::Fixed(1));
        let topic = config.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
        let answers = pollster::block_on(self.client.create_topics([&topic], &options_for(Change::Validate)));
        let answer = answers.ok().and_then(|answers| answers.into_iter().next());
        matches!(answer, Some(Err((_, Code::InvalidConfig))))
    }

    /// An error when no topic can have these settings.
    pub(super) fn ensure_settings(&self, what: &str, config: &[(String, String)]) -> Result<(), KafkaError> {
        if self.refuses_settings(config) { Err(self.bad_setting(what, config)) } else { Ok(()) }
    }

    /// Gives a topic so many partitions in all.
    ///
    /// # Errors
    /// When the brokers refuse, or when one of them does not show them in time.
    pub fn add_partitions(&self, topic: &str, total: i32, change: Change) -> Result<(), KafkaError> {
        let what = format!("topic {topic:?}: cannot have {total} partitions");
        let new = NewPartitions::new(topic, usize::try_from(total).unwrap_or_default());
        let answers = pollster::block_on(self.client.create_partitions([&new], &options_for(change)))
            .map_err(|error| self.error(&what, &error))?;
        if let Some(Err((_, code))) = answers.into_iter().next() {
            return Err(classify(code, &what, self.config.user()));
        }
        let has_all = |t: &TopicInfo| t.name == topic && t.partitions.len() as i64 >= i64::from(total);
        let done = format!("topic {topic:?} has {total} partitions");
        self.wait(&done, change, |topics| topics.iter().any(|t| has_all(t) && t.has_leaders()))
    }

    /// Deletes a topic. False when it was not there.
    ///
    /// # Errors
    /// When the brokers refuse, or when one of them shows it still after `patience`.
    pub fn delete(&self, name: &str, patience: Duration) -> Result<bool, KafkaError> {
        let what = format!("cannot delete topic {name:?}");
        let answers = pollster::block_on(self.client.delete_topics(&[name], &options()))
            .map_err(|error| self.error(&what, &error))?;
        let deleted = match answers.into_iter().next() {
            Some(Err((_, Code::UnknownTopicOrPartition))) => false,
            Some(Err((_, code))) => return Err(classify(code, &what, self.config.user())),
            _ => true,
        };
        let done = format!("topic {name:?} is deleted");
        self.wait(&done, Change::Make(patience), |topics| topics.iter().all(|topic| topic.name != name))?;
        Ok(deleted)
    }

    /// Waits until every broker shows the change, if one was made.
    fn wait(
        &self,
        done: &str,
        change: Change,
        seen: impl Fn(&[TopicInfo]) -> bool + Sync,
    ) -> Result<(), KafkaError> {
        match change {
            Change::Validate => Ok(()),
            Change::Make(patience) => {
                wait_for_every_broker(&self.config, done, patience, || self.brokers(), seen)
            }
        }
    }
}

/// The topics of an answer, in order of their names.
pub(super) fn topic_infos(metadata: &Metadata) -> Vec<TopicInfo> {
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
