//! The way of a consumer from record to record: polling, the end, a cluster that goes away, and what a group commits.

use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError as RdError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::progress::Partition;
use super::{CALLBACKS_EVERY, Consumer, LOST_DEADLINE, Next, PAUSE, Range};
use crate::KafkaError;

/// How long a question on the side may take.
const ASIDE: Duration = Duration::from_secs(3);

impl Consumer {
    /// Whether it reads for a group.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.group
    }

    /// Whether it has partitions: a member of a group waits for them first.
    #[must_use]
    pub fn is_assigned(&self) -> bool {
        self.progress.borrow().assigned
    }

    /// The topic and the number of a slot's partition.
    #[must_use]
    pub fn place(&self, slot: usize) -> (&str, i32) {
        match self.progress.borrow().partitions.get(slot) {
            Some(partition) => (&self.topics[partition.topic], partition.id),
            None => ("", -1),
        }
    }

    /// Where reading begins: topic, partition, and the offset of the first record.
    #[must_use]
    pub fn starts(&self) -> Vec<(&str, i32, i64)> {
        let progress = self.progress.borrow();
        progress.partitions.iter().map(|p| (self.topics[p.topic].as_str(), p.id, p.start)).collect()
    }

    /// How many partitions are not read, since [`super::Selection::key`] is in others: where partitions were added later, or
    /// another partitioner placed the keys, records with the key are there as well.
    #[must_use]
    pub fn without_key(&self) -> usize {
        self.without_key
    }

    /// The offset behind the last record that a partition has now; none when it cannot be asked.
    #[must_use]
    pub fn end_now(&self, topic: &str, partition: i32) -> Option<i64> {
        let (_, high) = self.inner.fetch_watermarks(topic, partition, ASIDE).ok()?;
        Some(high)
    }

    /// How many offsets are still to be read, where that is known: not for a group, which is told where it stands record by
    /// record, nor when there is no end.
    #[must_use]
    pub fn to_go(&self) -> Option<u64> {
        if self.group {
            return None;
        }
        let progress = self.progress.borrow();
        let left =
            |p: &Partition| p.end.map(|end| if p.done { 0 } else { (end - p.next).max(0).unsigned_abs() });
        progress.partitions.iter().map(left).sum()
    }

    /// Whether the cluster answers, asked when nothing came for a while.
    ///
    /// # Errors
    /// When it does not.
    pub fn ensure_answers(&self) -> Result<(), KafkaError> {
        match self.inner.fetch_metadata(Some(&self.topics[0]), ASIDE) {
            Err(_) => Err(self.inner.context().watch.unreachable(&self.config)),
            Ok(_) => Ok(()),
        }
    }

    /// For each slot, whether its partition has records before the first one to read.
    #[must_use]
    pub fn begins_late(&self) -> Vec<bool> {
        self.progress.borrow().partitions.iter().map(|p| p.start > p.low).collect()
    }

    /// The next record, waiting at most `wait` for it.
    ///
    /// # Errors
    /// When the cluster refuses to give records, or is out of reach for 30 s.
    pub fn next(&self, wait: Duration) -> Result<Next<'_>, KafkaError> {
        if !self.queues.is_empty() {
            return self.next_of_queues(wait);
        }
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
                Some(polled) => {
                    if let Some(next) = self.take(polled)? {
                        return Ok(next);
                    }
                }
            }
        }
    }

    /// What came through the queue of all partitions.
    fn take<'a>(&self, polled: Result<BorrowedMessage<'a>, RdError>) -> Result<Option<Next<'a>>, KafkaError> {
        let mut progress = self.progress.borrow_mut();
        match polled {
            Ok(record) => {
                let slot = progress.slot_of(&record, &self.topics);
                return Ok(progress.accept(slot, record.offset()).then_some(Next::Record(slot, record)));
            }
            // The event has no topic. Where there are several, each partition has its queue, and this is not used.
            Err(RdError::PartitionEOF(id)) if self.topics.len() == 1 => {
                let slot = progress.slot(0, id);
                progress.reached_end(slot);
            }
            Err(RdError::PartitionEOF(_)) => {}
            Err(error) => {
                drop(progress);
                self.poll_error(&error)?;
            }
        }
        Ok(None)
    }

    fn next_of_queues(&self, wait: Duration) -> Result<Next<'_>, KafkaError> {
        let deadline = Instant::now() + wait;
        loop {
            if self.since_callbacks.get() < CALLBACKS_EVERY
                && let Some(next) = self.next_of_queue(self.turn.get())?
            {
                self.since_callbacks.set(self.since_callbacks.get() + 1);
                return Ok(next);
            }
            self.since_callbacks.set(0);
            if let Some(polled) = self.inner.poll(Duration::ZERO)
                && let Some(next) = self.take(polled)?
            {
                return Ok(next);
            }
            self.take_rebalances()?;
            let after = self.turn.get() + 1;
            for slot in (0..self.queues.len()).map(|step| (after + step) % self.queues.len()) {
                if let Some(next) = self.next_of_queue(slot)? {
                    self.turn.set(slot);
                    return Ok(next);
                }
            }
            if self.is_done() {
                return Ok(Next::End);
            }
            if Instant::now() >= deadline {
                self.ensure_reachable()?;
                return Ok(Next::Idle);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The next record of one slot, if it is there already.
    fn next_of_queue(&self, slot: usize) -> Result<Option<Next<'_>>, KafkaError> {
        while let Some(polled) = self.queues[slot].poll(Duration::ZERO) {
            match polled {
                Ok(record) if self.progress.borrow_mut().accept(slot, record.offset()) => {
                    return Ok(Some(Next::Record(slot, record)));
                }
                Ok(_) => {}
                Err(RdError::PartitionEOF(_)) => self.progress.borrow_mut().reached_end(slot),
                Err(error) => self.poll_error(&error)?,
            }
        }
        Ok(None)
    }

    fn is_done(&self) -> bool {
        self.range == Range::ToEnd && self.progress.borrow().is_done()
    }

    /// Brings in what the group gave and took since the last call.
    fn take_rebalances(&self) -> Result<(), KafkaError> {
        if !self.group {
            return Ok(());
        }
        for (given, places) in self.inner.context().take() {
            for (name, id) in places {
                let topic = self.topics.iter().position(|topic| *topic == name).unwrap_or(0);
                let bounded = given && self.range == Range::ToEnd;
                let end = if bounded { Some(self.watermarks(topic, id)?.high) } else { None };
                let mut progress = self.progress.borrow_mut();
                let slot = progress.slot(topic, id);
                let partition = &mut progress.partitions[slot];
                // Who had it meanwhile may have gone on.
                *partition =
                    Partition { end, done: end == Some(0), ours: given, ..Partition::idle(topic, id) };
            }
            self.progress.borrow_mut().rebalanced(given);
        }
        Ok(())
    }

    /// Errors that librdkafka recovers from by itself only start the clock of [`LOST_DEADLINE`].
    pub(super) fn poll_error(&self, error: &RdError) -> Result<(), KafkaError> {
        match error.rdkafka_error_code() {
            Some(code) if crate::error::is_transient(code) => {
                self.progress.borrow_mut().lost_since.get_or_insert_with(Instant::now);
                self.ensure_reachable()
            }
            _ => Err(self.error_of(&self.topics.join(", "), "cannot read", error)),
        }
    }

    pub(super) fn ensure_reachable(&self) -> Result<(), KafkaError> {
        let watch = &self.inner.context().watch;
        let lost = self.progress.borrow().lost_since.is_some_and(|since| since.elapsed() > LOST_DEADLINE);
        let waiting_since = self.progress.borrow().revoked_at.unwrap_or(self.started);
        let unassigned = !self.progress.borrow().assigned && waiting_since.elapsed() > LOST_DEADLINE * 2;
        if !lost && !unassigned {
            return Ok(());
        }
        match self.inner.fetch_metadata(Some(&self.topics[0]), Duration::from_secs(3)) {
            Ok(_) if lost => {
                self.progress.borrow_mut().lost_since = None;
                Ok(())
            }
            Ok(_) => Err(KafkaError::Failed {
                what: format!("topic {:?}", self.topics.join(", ")),
                reason: "the group gave no partition in time".into(),
            }),
            Err(_) => Err(watch.unreachable(&self.config)),
        }
    }

    /// Notes that this record's line is out: the next [`Consumer::commit`] covers it.
    pub fn mark_written(&self, slot: usize, offset: i64) {
        let mut progress = self.progress.borrow_mut();
        if let Some(partition) = progress.partitions.get_mut(slot).filter(|partition| partition.ours) {
            partition.written = offset + 1;
        }
    }

    /// Commits what was marked since the last commit, and where that is all that was read what follows it without being a
    /// record, so that a group at the end of a topic has no lag. Waits for the answer. Without a group it does nothing.
    ///
    /// # Errors
    /// When the group's coordinator refuses.
    pub fn commit(&self) -> Result<(), KafkaError> {
        if !self.group {
            return Ok(());
        }
        // None is known before the first record, nor after the group took the partitions.
        let positions = self.inner.position().unwrap_or_default();
        let mut list = TopicPartitionList::new();
        for partition in &mut self.progress.borrow_mut().partitions {
            let topic = &self.topics[partition.topic];
            let position = positions.find_partition(topic, partition.id).map(|place| place.offset());
            let position = position.and_then(|at| if let Offset::Offset(at) = at { Some(at) } else { None });
            let Some(offset) = partition.to_commit(position) else { continue };
            list.add_partition_offset(topic, partition.id, Offset::Offset(offset))
                .map_err(|error| self.error(0, "commit", &error))?;
            partition.committed = offset;
        }
        if list.count() == 0 {
            return Ok(());
        }
        self.inner.commit(&list, CommitMode::Sync).map_err(|error| self.error(0, "cannot commit", &error))
    }
}
