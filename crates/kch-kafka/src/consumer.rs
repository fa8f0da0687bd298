//! Reads records of topics between a start and an end.
//!
//! The end is the one that the topic had when reading began, told by offsets and by end-of-partition events (which
//! also come behind control records and compacted ones), or none with [`Range::Follow`].

mod group;
mod merge;
pub(crate) mod murmur2;
mod progress;
mod range;
mod read;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use merge::Merge;
pub use range::{Bound, Range, Selection, Span};
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError as RdError;
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use self::group::Group;
use self::progress::{Partition, Progress};
pub(crate) use self::range::Watermarks;
use crate::error::classify;
use crate::watch::{CONNECT_DEADLINE, LISTEN, creation_error, ensure_topic};
use crate::{KafkaConfig, KafkaError};

/// How long the cluster may be out of reach before reading gives up.
const LOST_DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks at queues that are all empty.
const PAUSE: Duration = Duration::from_millis(1);
/// Records from the queues between two looks at librdkafka's callbacks.
const CALLBACKS_EVERY: u32 = 1024;

/// In which order records of different partitions come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they arrive.
    #[default]
    Arrival,
    /// The oldest first, through [`Consumer::by_time`].
    Time,
}

/// What [`Consumer::next`] found.
#[derive(Debug)]
pub enum Next<'a> {
    /// A record, with the slot of its partition: see [`Consumer::place`].
    Record(usize, BorrowedMessage<'a>),
    /// Nothing within the wait.
    Idle,
    /// The end of the range.
    End,
}

/// A consumer of one topic or more.
pub struct Consumer {
    /// A queue for each slot. With one topic and no order there are none: all records come through one queue, which is
    /// fastest. Before `inner`, so that they are gone when that one closes.
    queues: Vec<PartitionQueue<Group>>,
    inner: Arc<BaseConsumer<Group>>,
    topics: Vec<String>,
    config: KafkaConfig,
    range: Range,
    group: bool,
    /// Partitions that are not read, since the key that is looked for is in another one.
    without_key: usize,
    started: Instant,
    progress: RefCell<Progress>,
    /// The slot whose queue had the last record, and records since the callbacks were served.
    turn: Cell<usize>,
    since_callbacks: Cell<u32>,
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer")
            .field("topics", &self.topics)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl Consumer {
    /// Reads the selected partitions of `topics`, without a group.
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn assign(
        config: KafkaConfig,
        topics: &[String],
        selection: &Selection,
        range: Range,
        order: Order,
    ) -> Result<Consumer, KafkaError> {
        // A group id is demanded by the library and never used: nothing is committed. Records that are gone must be an
        // error here, not a silent jump.
        let mut consumer = Consumer::create(config, topics, range, "kch-no-group", "error", false)?;
        let mut list = TopicPartitionList::new();
        let mut partitions = Vec::new();
        let mut past_end = Vec::new();
        for (topic, name) in topics.iter().enumerate() {
            let ids = consumer.ensure_topic(name)?;
            let only = selection.key.as_ref().map(|key| murmur2::partition_of(key, ids.len()));
            for id in ids {
                let Some(span) = selection.span(name, id) else { continue };
                if only.is_some_and(|only| only != id) {
                    consumer.without_key += 1;
                    continue;
                }
                let partition = match consumer.resolve(topic, id, span) {
                    // One offset for all partitions: those that do not have it yet have nothing to read.
                    Err(error @ KafkaError::OffsetPastEnd { .. }) if !selection.is_own(name, id) => {
                        past_end.push(error);
                        consumer.resolve(topic, id, Span::from(Bound::End))?
                    }
                    resolved => resolved?,
                };
                if !partition.done {
                    list.add_partition_offset(name, id, Offset::Offset(partition.start))
                        .map_err(|error| consumer.error(topic, "assign", &error))?;
                }
                partitions.push(partition);
            }
        }
        if past_end.len() == partitions.len()
            && let Some(error) = past_end.into_iter().next()
        {
            return Err(error);
        }
        consumer.ensure_selected(&partitions, selection)?;
        *consumer.progress.borrow_mut() = Progress { partitions, assigned: true, ..Progress::default() };
        if order == Order::Time || topics.len() > 1 {
            consumer.split_queues();
        }
        consumer.inner.assign(&list).map_err(|error| consumer.error(0, "assign", &error))?;
        Ok(consumer)
    }

    /// Joins `group` and reads the partitions that it gives, from where the group is; a new group starts at the
    /// beginning.
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn join(
        config: KafkaConfig,
        topics: &[String],
        group: &str,
        range: Range,
    ) -> Result<Consumer, KafkaError> {
        let mut consumer = Consumer::create(config, topics, range, group, "earliest", true)?;
        for (topic, name) in topics.iter().enumerate() {
            let partitions = consumer.ensure_topic(name)?.into_iter().map(|id| Partition::idle(topic, id));
            consumer.progress.borrow_mut().partitions.extend(partitions);
        }
        if topics.len() > 1 {
            consumer.split_queues();
        }
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.inner.subscribe(&names).map_err(|error| consumer.error(0, "subscribe", &error))?;
        Ok(consumer)
    }

    fn create(
        mut config: KafkaConfig,
        topics: &[String],
        range: Range,
        group_id: &str,
        reset: &str,
        group: bool,
    ) -> Result<Consumer, KafkaError> {
        config
            .force("group.id", group_id)
            .force("enable.auto.commit", "false")
            .force("enable.auto.offset.store", "false")
            .force("enable.partition.eof", "true")
            .default("auto.offset.reset", reset)
            .default("allow.auto.create.topics", "false")
            // Memory: what waits to be decoded.
            .default("queued.max.messages.kbytes", "32768")
            // When that is full, librdkafka looks again after this time; its default of a second halves the speed.
            .default("fetch.queue.backoff.ms", "5");
        let inner = config.client().create_with_context(Group::default()).map_err(creation_error)?;
        Ok(Consumer {
            queues: Vec::new(),
            inner: Arc::new(inner),
            topics: topics.to_vec(),
            config,
            range,
            group,
            without_key: 0,
            started: Instant::now(),
            progress: RefCell::default(),
            turn: Cell::new(0),
            since_callbacks: Cell::new(0),
        })
    }

    /// Gives each slot a queue. Before anything is assigned, so that no record goes past it; with several topics it is
    /// also what tells which of them ended, since the event has the partition's number only.
    fn split_queues(&mut self) {
        let queue = |p: &Partition| self.inner.split_partition_queue(&self.topics[p.topic], p.id);
        self.queues = self.progress.borrow().partitions.iter().filter_map(queue).collect();
    }

    fn ensure_topic(&self, topic: &str) -> Result<Vec<i32>, KafkaError> {
        let watch = &self.inner.context().watch;
        ensure_topic(self.inner.client(), topic, watch, &self.config, || {
            // Nothing is assigned yet: this serves error events only.
            let _ = self.inner.poll(LISTEN);
        })
    }

    /// A partition that was asked for by number must be there.
    fn ensure_selected(&self, partitions: &[Partition], selection: &Selection) -> Result<(), KafkaError> {
        let missing = selection.partitions.keys().find(|id| partitions.iter().all(|p| p.id != **id));
        match missing {
            None => Ok(()),
            Some(&partition) => {
                Err(KafkaError::PartitionMissing { topic: self.topics.join(", "), partition })
            }
        }
    }

    /// Settles where reading starts and stops in one partition.
    fn resolve(&self, topic: usize, id: i32, span: Span) -> Result<Partition, KafkaError> {
        let marks = self.watermarks(topic, id)?;
        if let Bound::Offset(offset) = span.from
            && offset > marks.high
        {
            let topic = self.topics[topic].clone();
            return Err(KafkaError::OffsetPastEnd { topic, partition: id, offset, end: marks.high });
        }
        let start = marks.resolve(span.from, |time| self.offset_at(topic, id, time))?;
        let end = match self.range {
            Range::Follow => None,
            Range::ToEnd => {
                let to = span.to.unwrap_or(Bound::End);
                Some(marks.resolve(to, |time| self.offset_at(topic, id, time))?)
            }
        };
        let done = end.is_some_and(|end| start >= end);
        let idle = Partition::idle(topic, id);
        Ok(Partition { low: marks.low, start, next: start, end, done, ours: true, ..idle })
    }

    fn watermarks(&self, topic: usize, id: i32) -> Result<Watermarks, KafkaError> {
        match self.inner.fetch_watermarks(&self.topics[topic], id, CONNECT_DEADLINE) {
            Ok((low, high)) => Ok(Watermarks { low, high }),
            Err(error) => Err(self.error(topic, &format!("offsets of partition {id}"), &error)),
        }
    }

    /// The offset of the first record that is not older than `time`, if there is one.
    fn offset_at(&self, topic: usize, id: i32, time: i64) -> Result<Option<i64>, KafkaError> {
        let error =
            |error: RdError| self.error(topic, &format!("offset of a time in partition {id}"), &error);
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topics[topic], id, Offset::Offset(time)).map_err(error)?;
        let found = self.inner.offsets_for_times(list, CONNECT_DEADLINE).map_err(error)?;
        Ok(match found.elements().first().map(|element| element.offset()) {
            Some(Offset::Offset(offset)) if offset >= 0 => Some(offset),
            _ => None,
        })
    }

    fn error(&self, topic: usize, what: &str, error: &RdError) -> KafkaError {
        self.error_of(&self.topics[topic], what, error)
    }

    fn error_of(&self, topic: &str, what: &str, error: &RdError) -> KafkaError {
        let what = format!("topic {topic:?}: {what}");
        match error.rdkafka_error_code() {
            Some(code) => classify(code, &what, self.config.user()),
            None => KafkaError::Refused { what, reason: error.to_string() },
        }
    }
}
