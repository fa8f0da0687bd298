//! Offsets: what partitions have, and where groups are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::KafkaError as RdError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode as Code;

use super::{Admin, REQUEST_TIMEOUT, options};
use crate::consumer::Watermarks;
use crate::error::classify;
use crate::watch::creation_error;
use crate::{Bound, KafkaError};

/// A topic and the number of a partition.
pub type Place = (String, i32);

/// So many groups keep the client that speaks for them.
const SPEAKERS: usize = 32;

/// The clients that speak for groups, by group.
#[derive(Default)]
pub(super) struct Speakers(Mutex<HashMap<String, Arc<BaseConsumer>>>);

impl Drop for Speakers {
    /// Each takes its time to end: they end together.
    fn drop(&mut self) {
        let kept = std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
        std::thread::scope(|scope| {
            for speaker in kept.into_values() {
                scope.spawn(move || drop(speaker));
            }
        });
    }
}

/// Which offset of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Of the first record that it still has.
    Start,
    /// Behind the last record.
    End,
    /// Of the first record that is not older than this, in milliseconds since 1970; behind the last one if there is
    /// none.
    Time(i64),
}

impl Admin {
    /// An offset of each of these partitions, in their order. One request for each broker, not one for each partition.
    ///
    /// # Errors
    /// When a leader does not answer. A partition without one is not to be asked for.
    pub fn offsets(&self, places: &[Place], at: At) -> Result<Vec<i64>, KafkaError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let raw = match at {
            At::Start => Offset::Beginning,
            At::End => Offset::End,
            At::Time(time) => Offset::Offset(time),
        };
        let error = |error| self.error("offsets", &error);
        let mut list = TopicPartitionList::with_capacity(places.len());
        for (topic, partition) in places {
            list.add_partition_offset(topic, *partition, raw).map_err(error)?;
        }
        let found = self.metadata.offsets_for_times(list, REQUEST_TIMEOUT).map_err(error)?;
        let mut offsets = Vec::with_capacity(places.len());
        for element in found.elements() {
            if let Err(error) = element.error() {
                let what =
                    format!("topic {:?}: offsets of partition {}", element.topic(), element.partition());
                return Err(self.error(&what, &error));
            }
            offsets.push(match element.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            });
        }
        // No record is so young.
        let ends = if offsets.contains(&None) && at != At::End {
            self.offsets(places, At::End)?
        } else {
            Vec::new()
        };
        let known = offsets.into_iter().enumerate();
        Ok(known.map(|(at, offset)| offset.or(ends.get(at).copied()).unwrap_or_default()).collect())
    }

    /// The offset that a bound means in each of these partitions, in their order, within what the partition has.
    ///
    /// # Errors
    /// [`KafkaError::OffsetPastEnd`], and as [`Admin::offsets`].
    pub fn resolve(&self, places: &[Place], bound: Bound) -> Result<Vec<i64>, KafkaError> {
        let starts = self.offsets(places, At::Start)?;
        let ends = self.offsets(places, At::End)?;
        let times = match bound {
            Bound::Time(time) => self.offsets(places, At::Time(time))?,
            _ => Vec::new(),
        };
        let mut resolved = Vec::with_capacity(places.len());
        for (at, (topic, partition)) in places.iter().enumerate() {
            let marks = Watermarks { low: starts[at], high: ends[at] };
            if let Bound::Offset(offset) = bound
                && offset > marks.high
            {
                let (topic, partition) = (topic.clone(), *partition);
                return Err(KafkaError::OffsetPastEnd { topic, partition, offset, end: marks.high });
            }
            resolved.push(marks.resolve(bound, |_| Ok(times.get(at).copied()))?);
        }
        Ok(resolved)
    }

    /// Where a group is in each of these partitions, in their order; `None` where it has committed nothing.
    ///
    /// # Errors
    /// When the group's coordinator does not answer.
    pub fn committed(&self, group: &str, places: &[Place]) -> Result<Vec<Option<i64>>, KafkaError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        // Many groups are asked one after the other.
        self.config.ensure_not_interrupted()?;
        let what = format!("offsets of group {group:?}");
        let mut list = TopicPartitionList::with_capacity(places.len());
        for (topic, partition) in places {
            list.add_partition(topic, *partition);
        }
        let found = self
            .speaker_for(group)?
            .committed_offsets(list, REQUEST_TIMEOUT)
            .map_err(|error| self.error(&what, &error))?;
        let offset =
            |element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| match element.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            };
        Ok(found.elements().iter().map(offset).collect())
    }

    /// Sets where a group is. The coordinator refuses while the group has members.
    ///
    /// # Errors
    /// When it refuses or does not answer.
    pub fn commit(&self, group: &str, offsets: &[(Place, i64)]) -> Result<(), KafkaError> {
        let what = format!("cannot set the offsets of group {group:?}");
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for ((topic, partition), offset) in offsets {
            list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
                .map_err(|error| self.error(&what, &error))?;
        }
        match self.speaker_for(group)?.commit(&list, CommitMode::Sync) {
            Ok(()) => Ok(()),
            // What a coordinator says to one who is no member while there are some.
            Err(error) => match error.rdkafka_error_code() {
                Some(Code::UnknownMemberId | Code::IllegalGeneration | Code::RebalanceInProgress) => {
                    let reason = "it has members that are reading".to_owned();
                    Err(KafkaError::Refused { what, reason })
                }
                Some(code) => Err(classify(code, &what, self.config.user())),
                None => Err(self.error(&what, &error)),
            },
        }
    }

    /// Deletes the records of each partition that are before an offset, and gives the partitions' new first offsets, in
    /// their order. Records that are gone already are no error. The brokers decide for each partition by itself: one that
    /// refuses, as where records are compacted, does not keep the others from it.
    ///
    /// # Errors
    /// When the request cannot be made or answered at all. What became of one partition is its own result.
    pub fn delete_records(
        &self,
        before: &[(Place, i64)],
    ) -> Result<Vec<Result<i64, KafkaError>>, KafkaError> {
        let mut list = TopicPartitionList::with_capacity(before.len());
        for ((topic, partition), offset) in before {
            list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
                .map_err(|error| self.error("cannot delete records", &error))?;
        }
        let done = pollster::block_on(self.client.delete_records(&list, &options()))
            .map_err(|error| self.error("cannot delete records", &error))?;
        let result = |((topic, partition), _): &(Place, i64)| {
            let what = format!("cannot delete records of topic {topic:?} partition {partition}");
            let element = done.find_partition(topic, *partition);
            match element.as_ref().map(|element| (element.error(), element.offset())) {
                Some((Ok(()), Offset::Offset(start))) => Ok(start),
                Some((Err(RdError::OffsetFetch(Code::PolicyViolation)), _)) => {
                    let reason = "its cleanup.policy does not have \"delete\"".to_owned();
                    Err(KafkaError::Refused { what, reason })
                }
                Some((Err(error), _)) => Err(self.error(&what, &error)),
                // Nobody knows whether they are gone.
                _ => Err(KafkaError::Failed { what, reason: "the brokers' answer does not say".to_owned() }),
            }
        };
        Ok(before.iter().map(result).collect())
    }

    /// A client that speaks for the group and never joins it, since it subscribes to nothing. It takes its time to connect:
    /// those of some groups are kept for the next question.
    fn speaker_for(&self, group: &str) -> Result<Arc<BaseConsumer>, KafkaError> {
        let mut kept = self.speakers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(speaker) = kept.get(group) {
            // What it has logged since then is dropped.
            let _ = speaker.poll(Duration::ZERO);
            return Ok(Arc::clone(speaker));
        }
        let mut config = self.config.clone();
        config.force("group.id", group).force("enable.auto.commit", "false");
        let speaker: Arc<BaseConsumer> = Arc::new(config.client().create().map_err(creation_error)?);
        if kept.len() < SPEAKERS {
            kept.insert(group.to_owned(), Arc::clone(&speaker));
        }
        Ok(speaker)
    }
}

#[cfg(test)]
mod tests {
    use kch_cli::Settings;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::DefaultProducerContext;

    use super::*;
    use crate::{KafkaArgs, KafkaConfig};

    #[test]
    fn who_speaks_for_a_group_is_kept_for_the_next_question() {
        let cluster: MockCluster<'static, DefaultProducerContext> = MockCluster::new(1).unwrap();
        cluster.create_topic("orders", 1, 1).unwrap();
        let args = KafkaArgs {
            brokers: Some(cluster.bootstrap_servers()),
            properties: vec!["security.protocol=PLAINTEXT".into()],
            ..KafkaArgs::default()
        };
        let config = KafkaConfig::resolve(&args, &mut Settings::from_pairs([])).unwrap();
        let admin = Admin::connect(config).unwrap();
        let place = ("orders".to_owned(), 0);
        admin.commit("nightly", &[(place.clone(), 7)]).unwrap();
        let first = admin.speaker_for("nightly").unwrap();
        assert_eq!(admin.committed("nightly", std::slice::from_ref(&place)).unwrap(), [Some(7)]);
        assert!(Arc::ptr_eq(&first, &admin.speaker_for("nightly").unwrap()));
        assert_eq!(admin.committed("hourly", &[place]).unwrap(), [None]);
        // Each has threads of its own: not all of a great cluster's groups are kept.
        for number in 0..SPEAKERS {
            admin.speaker_for(&format!("group-{number}")).unwrap();
        }
        assert_eq!(admin.speakers.0.lock().unwrap().len(), SPEAKERS);
    }
}
