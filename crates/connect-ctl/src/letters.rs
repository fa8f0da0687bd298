//! The records that sinks gave up: with `errors.tolerance=all` they are behind a sink as the others are, so that no state
//! and no lag tells of them.

use std::collections::BTreeMap;

use kch_cli::{Messages, Result};
use kch_kafka::{Admin, At, KafkaError, Place};

use crate::worker::{Config, Worker};

/// The setting that names the topic.
pub(crate) const SETTING: &str = "errors.deadletterqueue.topic.name";

/// The topic that a configuration names for what the sink cannot take.
pub(crate) fn topic_of(config: &Config) -> Option<&str> {
    config.get(SETTING).map(String::as_str).filter(|topic| !topic.is_empty())
}

/// The dead-letter topics of sinks.
pub(crate) struct Letters {
    /// By the sink's name.
    topics: BTreeMap<String, String>,
    /// How many records each had when it was looked at last, if it was.
    seen: Option<BTreeMap<String, i64>>,
    told: bool,
}

impl Letters {
    pub(crate) fn of(sinks: &[String], worker: &Worker) -> Result<Letters> {
        let mut topics = BTreeMap::new();
        for name in sinks {
            let config = worker.config(name)?.unwrap_or_default();
            topics.extend(topic_of(&config).map(|topic| (name.clone(), topic.to_owned())));
        }
        Ok(Letters { topics, seen: None, told: false })
    }

    /// Counts, so that those which come from now on are told as new.
    pub(crate) fn begin(&mut self, admin: &Admin) {
        self.seen = Some(self.counted(admin));
    }

    /// Tells of all that are there; the next time, when there are more.
    pub(crate) fn tell(&mut self, admin: &Admin, messages: &mut Messages) {
        let now = self.counted(admin);
        let count =
            |counts: &BTreeMap<String, i64>, topic: &str| counts.get(topic).copied().unwrap_or_default();
        for (name, topic) in &self.topics {
            let all = count(&now, topic);
            let new = self.seen.as_ref().map_or(0, |seen| all - count(seen, topic));
            if all == 0 || self.told && new <= 0 {
                continue;
            }
            let new = if new > 0 { format!(", {new} of them new") } else { String::new() };
            messages
                .say(&format!("note: {name} has {all} dead letters in {topic}{new}: connect-ctl dlq {name}"));
        }
        (self.seen, self.told) = (Some(now), true);
    }

    /// What cannot be counted is not told: the lag is what was asked for.
    fn counted(&self, admin: &Admin) -> BTreeMap<String, i64> {
        self.count(admin).unwrap_or_default()
    }

    fn count(&self, admin: &Admin) -> std::result::Result<BTreeMap<String, i64>, KafkaError> {
        if self.topics.is_empty() {
            return Ok(BTreeMap::new());
        }
        let is_meant = |name: &str| self.topics.values().any(|topic| topic == name);
        let places: Vec<Place> = admin
            .topics()?
            .iter()
            .filter(|topic| is_meant(&topic.name))
            .flat_map(|topic| topic.partitions.iter().map(|partition| (topic.name.clone(), partition.id)))
            .collect();
        let (starts, ends) = (admin.offsets(&places, At::Start)?, admin.offsets(&places, At::End)?);
        let mut counts = BTreeMap::new();
        for ((topic, _), (start, end)) in places.into_iter().zip(starts.into_iter().zip(ends)) {
            *counts.entry(topic).or_default() += end - start;
        }
        Ok(counts)
    }
}
