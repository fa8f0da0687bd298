//! Reads records of one topic between a start and an end.
//!
//! The end is the one that the topic had when reading began, told by offsets and by end-of-partition events (which
//! also come behind control records and compacted ones), or none with [`Range::Follow`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError as RdError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::error::classify;
use crate::watch::{CONNECT_DEADLINE, Watch, creation_error, ensure_topic};
use crate::{KafkaConfig, KafkaError};

/// How long the cluster may be out of reach before reading gives up.
const LOST_DEADLINE: Duration = Duration::from_secs(30);

/// Where reading starts, in every partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The first record that the partition still has.
    Beginning,
    /// Behind the last record.
    End,
    /// This offset.
    Offset(i64),
}

/// Where reading stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The end that the topic had when reading began.
    ToEnd,
    /// Never.
    Follow,
}

/// What [`Consumer::next`] found.
#[derive(Debug)]
pub enum Next<'a> {
    /// A record.
    Record(BorrowedMessage<'a>),
    /// Nothing within the wait.
    Idle,
    /// The end of the range.
    End,
}

/// Partitions that the group gave us and took away, kept from the rebalance callback.
#[derive(Debug, Default)]
struct Group {
    watch: Watch,
    changes: Mutex<Vec<(bool, Vec<i32>)>>,
}

impl ClientContext for Group {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: RdError, reason: &str) {
        self.watch.error(&error, reason);
    }
}

impl ConsumerContext for Group {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let (given, list) = match rebalance {
            Rebalance::Assign(list) => (true, list),
            Rebalance::Revoke(list) => (false, list),
            Rebalance::Error(_) => return,
        };
        let partitions = list.elements().iter().map(|element| element.partition()).collect();
        self.changes().push((given, partitions));
    }
}

impl Group {
    fn changes(&self) -> std::sync::MutexGuard<'_, Vec<(bool, Vec<i32>)>> {
        self.changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// One partition being read.
#[derive(Clone, Copy, Debug)]
struct Partition {
    id: i32,
    /// Offset behind the last record to read, if there is an end.
    end: Option<i64>,
    done: bool,
}

#[derive(Debug, Default)]
struct Progress {
    partitions: Vec<Partition>,
    assigned: bool,
    lost_since: Option<Instant>,
    /// Offset behind the last record written, by partition: what a commit says.
    written: BTreeMap<i32, i64>,
}

/// A consumer of one topic.
pub struct Consumer {
    inner: BaseConsumer<Group>,
    topic: String,
    config: KafkaConfig,
    range: Range,
    group: bool,
    started: Instant,
    progress: RefCell<Progress>,
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer")
            .field("topic", &self.topic)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl Consumer {
    /// Reads all partitions of `topic` from `start`, without a group.
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn assign(
        config: KafkaConfig,
        topic: &str,
        start: Start,
        range: Range,
    ) -> Result<Consumer, KafkaError> {
        // A group id is demanded by the library and never used: nothing is committed. Records that are gone must be an
        // error here, not a silent jump.
        let consumer = Consumer::create(config, topic, range, "kch-no-group", "error", false)?;
        let ids = consumer.ensure_topic()?;
        let mut list = TopicPartitionList::new();
        for id in ids {
            let (low, high) = consumer.watermarks(id)?;
            let offset = match start {
                Start::Beginning => low,
                Start::End => high,
                Start::Offset(offset) if offset > high => {
                    let topic = topic.to_owned();
                    return Err(KafkaError::OffsetPastEnd { topic, partition: id, offset, end: high });
                }
                Start::Offset(offset) => offset.max(low),
            };
            let end = (range == Range::ToEnd).then_some(high);
            let done = end.is_some_and(|end| offset >= end);
            consumer.progress.borrow_mut().partitions.push(Partition { id, end, done });
            if !done {
                list.add_partition_offset(topic, id, Offset::Offset(offset))
                    .map_err(|e| consumer.error("assign", &e))?;
            }
        }
        consumer.progress.borrow_mut().assigned = true;
        consumer.inner.assign(&list).map_err(|error| consumer.error("assign", &error))?;
        Ok(consumer)
    }

    /// Joins `group` and reads the partitions that it gives, from where the group is; a new group starts at the
    /// beginning.
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn join(config: KafkaConfig, topic: &str, group: &str, range: Range) -> Result<Consumer, KafkaError> {
        let consumer = Consumer::create(config, topic, range, group, "earliest", true)?;
        consumer.ensure_topic()?;
        consumer.inner.subscribe(&[topic]).map_err(|error| consumer.error("subscribe", &error))?;
        Ok(consumer)
    }

    fn create(
        mut config: KafkaConfig,
        topic: &str,
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
        let (topic, started) = (topic.to_owned(), Instant::now());
        Ok(Consumer { inner, topic, config, range, group, started, progress: RefCell::default() })
    }

    fn ensure_topic(&self) -> Result<Vec<i32>, KafkaError> {
        let watch = &self.inner.context().watch;
        ensure_topic(self.inner.client(), &self.topic, watch, &self.config, || {
            // Nothing is assigned yet: this serves error events only.
            let _ = self.inner.poll(Duration::ZERO);
        })
    }

    /// The offsets of the first record and behind the last one.
    fn watermarks(&self, partition: i32) -> Result<(i64, i64), KafkaError> {
        self.inner
            .fetch_watermarks(&self.topic, partition, CONNECT_DEADLINE)
            .map_err(|error| self.error(&format!("offsets of partition {partition}"), &error))
    }

    fn error(&self, what: &str, error: &RdError) -> KafkaError {
        let what = format!("topic {:?}: {what}", self.topic);
        match error.rdkafka_error_code() {
            Some(code) => classify(code, &what, self.config.user()),
            None => KafkaError::Refused { what, reason: error.to_string() },
        }
    }

    /// The next record, waiting at most `wait` for it.
    ///
    /// # Errors
    /// When the cluster refuses to give records, or is out of reach for 30 s.
    pub fn next(&self, wait: Duration) -> Result<Next<'_>, KafkaError> {
        loop {
            self.take_rebalances()?;
            if self.is_done() {
                return Ok(Next::End);
            }
            match self.inner.poll(wait) {
                None => {
                    self.ensure_reachable()?;
                    return Ok(Next::Idle);
                }
                Some(Ok(record)) => {
                    if self.accept(record.partition(), record.offset()) {
                        return Ok(Next::Record(record));
                    }
                }
                Some(Err(RdError::PartitionEOF(id))) => self.reached_end(id),
                Some(Err(error)) => self.poll_error(&error)?,
            }
        }
    }

    /// Notes the progress of a record; false when it lies behind the end of the range.
    fn accept(&self, id: i32, offset: i64) -> bool {
        let mut progress = self.progress.borrow_mut();
        progress.lost_since = None;
        let Some(partition) = progress.partitions.iter_mut().find(|p| p.id == id) else { return true };
        let Some(end) = partition.end else { return true };
        partition.done = offset + 1 >= end;
        offset < end
    }

    fn reached_end(&self, id: i32) {
        let mut progress = self.progress.borrow_mut();
        progress.lost_since = None;
        if let Some(partition) = progress.partitions.iter_mut().find(|p| p.id == id) {
            partition.done = true;
        }
    }

    fn is_done(&self) -> bool {
        let progress = self.progress.borrow();
        self.range == Range::ToEnd && progress.assigned && progress.partitions.iter().all(|p| p.done)
    }

    /// Brings in what the group gave and took since the last call.
    fn take_rebalances(&self) -> Result<(), KafkaError> {
        if !self.group {
            return Ok(());
        }
        let changes = std::mem::take(&mut *self.inner.context().changes());
        for (given, ids) in changes {
            for id in ids {
                let end =
                    if given && self.range == Range::ToEnd { Some(self.watermarks(id)?.1) } else { None };
                let mut progress = self.progress.borrow_mut();
                progress.partitions.retain(|p| p.id != id);
                if given {
                    progress.partitions.push(Partition { id, end, done: end == Some(0) });
                } else {
                    progress.written.remove(&id);
                }
            }
            self.progress.borrow_mut().assigned |= given;
        }
        Ok(())
    }

    /// Errors that librdkafka recovers from by itself only start the clock of [`LOST_DEADLINE`].
    fn poll_error(&self, error: &RdError) -> Result<(), KafkaError> {
        match error.rdkafka_error_code() {
            Some(code) if crate::error::is_transient(code) => {
                self.progress.borrow_mut().lost_since.get_or_insert_with(Instant::now);
                self.ensure_reachable()
            }
            _ => Err(self.error("cannot read", error)),
        }
    }

    fn ensure_reachable(&self) -> Result<(), KafkaError> {
        let watch = &self.inner.context().watch;
        let lost = self.progress.borrow().lost_since.is_some_and(|since| since.elapsed() > LOST_DEADLINE);
        let unassigned = !self.progress.borrow().assigned && self.started.elapsed() > LOST_DEADLINE * 2;
        if !lost && !unassigned {
            return Ok(());
        }
        match self.inner.fetch_metadata(Some(&self.topic), Duration::from_secs(3)) {
            Ok(_) if lost => {
                self.progress.borrow_mut().lost_since = None;
                Ok(())
            }
            Ok(_) => Err(KafkaError::Failed {
                what: format!("topic {:?}", self.topic),
                reason: "the group gave no partition in time".into(),
            }),
            Err(_) => Err(watch.unreachable(&self.config)),
        }
    }

    /// Notes that this record's line is out: the next [`Consumer::commit`] covers it.
    pub fn mark_written(&self, partition: i32, offset: i64) {
        if self.group {
            self.progress.borrow_mut().written.insert(partition, offset + 1);
        }
    }

    /// Commits what was marked since the last commit, and waits for the answer. Without a group it does nothing.
    ///
    /// # Errors
    /// When the group's coordinator refuses.
    pub fn commit(&self) -> Result<(), KafkaError> {
        let written = std::mem::take(&mut self.progress.borrow_mut().written);
        if written.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        for (partition, offset) in written {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(offset))
                .map_err(|error| self.error("commit", &error))?;
        }
        self.inner.commit(&list, CommitMode::Sync).map_err(|error| self.error("cannot commit", &error))
    }
}
