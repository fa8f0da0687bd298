//! How far each partition has been read.
//!
//! A partition keeps its slot, a small number, as long as the consumer lives: what is kept of a partition elsewhere is
//! kept in a vector by slot.

use std::time::Instant;

use rdkafka::message::{BorrowedMessage, Message as _};

/// One partition of one topic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partition {
    /// The topic's place in the consumer's list.
    pub(super) topic: usize,
    pub(super) id: i32,
    /// The first offset that the partition had, and the first one to read.
    pub(super) low: i64,
    pub(super) start: i64,
    /// Offset behind the last record that was read; 0 where a group gave the partition and none was read since.
    pub(super) next: i64,
    /// For a group: offset behind the last record that was written out, and the one that was committed last; 0 for none.
    pub(super) written: i64,
    pub(super) committed: i64,
    /// Offset behind the last record to read, if there is an end.
    pub(super) end: Option<i64>,
    pub(super) done: bool,
    /// Ours to read now; a group takes and gives.
    pub(super) ours: bool,
}

impl Partition {
    /// What is to be committed, if it is more than was. Where all that was read is written out, that is the client's own
    /// position: it lies behind the markers that end a transaction, too, which are no records.
    pub(super) fn to_commit(self, position: Option<i64>) -> Option<i64> {
        let is_all_written = self.written == self.next;
        let reached = position.filter(|_| is_all_written).unwrap_or_default().max(self.written);
        (self.ours && reached > self.committed).then_some(reached)
    }

    /// One that is not read yet.
    pub(super) fn idle(topic: usize, id: i32) -> Partition {
        Partition {
            topic,
            id,
            low: 0,
            start: 0,
            next: 0,
            written: 0,
            committed: 0,
            end: None,
            done: false,
            ours: false,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) partitions: Vec<Partition>,
    pub(super) assigned: bool,
    /// When the group took the last partition; it gives others soon.
    pub(super) revoked_at: Option<Instant>,
    pub(super) lost_since: Option<Instant>,
}

impl Progress {
    pub(super) fn is_done(&self) -> bool {
        self.assigned && self.partitions.iter().all(|partition| partition.done || !partition.ours)
    }

    /// After the group gave or took partitions. Nothing left is no end: a rebalance takes all before it gives again. Given
    /// nothing is one, since others have the partitions.
    pub(super) fn rebalanced(&mut self, given: bool) {
        self.assigned = given || self.partitions.iter().any(|partition| partition.ours);
        if !self.assigned {
            self.revoked_at = Some(Instant::now());
        }
    }

    /// The slot of a record. Most topics have all their partitions in order, so that the first look finds it.
    pub(super) fn slot_of(&mut self, record: &BorrowedMessage<'_>, topics: &[String]) -> usize {
        let id = record.partition();
        if let [_] = topics
            && let Ok(slot) = usize::try_from(id)
            && self.partitions.get(slot).is_some_and(|partition| partition.id == id)
        {
            return slot;
        }
        let topic = match topics {
            [_] => 0,
            _ => topics.iter().position(|topic| topic == record.topic()).unwrap_or(0),
        };
        self.slot(topic, id)
    }

    /// The slot of a partition, a new one if it has none.
    pub(super) fn slot(&mut self, topic: usize, id: i32) -> usize {
        let found = self.partitions.iter().position(|p| p.topic == topic && p.id == id);
        found.unwrap_or_else(|| {
            self.partitions.push(Partition::idle(topic, id));
            self.partitions.len() - 1
        })
    }

    /// Notes that the record at `offset` was read; false when it lies behind the end of the range.
    pub(super) fn accept(&mut self, slot: usize, offset: i64) -> bool {
        self.lost_since = None;
        let Some(partition) = self.partitions.get_mut(slot) else { return true };
        partition.next = offset + 1;
        let Some(end) = partition.end else { return true };
        partition.done = offset + 1 >= end;
        offset < end
    }

    pub(super) fn reached_end(&mut self, slot: usize) {
        self.lost_since = None;
        if let Some(partition) = self.partitions.get_mut(slot) {
            partition.done = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(id: i32) -> Partition {
        Partition { ours: true, ..Partition::idle(0, id) }
    }

    #[test]
    fn a_member_whose_partitions_are_all_taken_waits_for_others() {
        let mut progress = Progress { partitions: vec![ours(0), ours(1)], ..Progress::default() };
        progress.rebalanced(true);
        assert!(progress.assigned && !progress.is_done());
        progress.partitions[0].ours = false;
        progress.rebalanced(false);
        assert!(progress.assigned && !progress.is_done(), "one is left, as a cooperative group does it");
        progress.partitions[1].ours = false;
        progress.rebalanced(false);
        assert!(!progress.assigned && !progress.is_done());
        assert!(progress.revoked_at.is_some(), "the wait begins here");
        progress.partitions[0].ours = true;
        progress.rebalanced(true);
        assert!(!progress.is_done());
        progress.reached_end(0);
        assert!(progress.is_done());
    }

    #[test]
    fn what_was_read_and_not_written_is_not_committed_and_what_lies_behind_the_last_record_is() {
        let at = |next, written, committed| Partition { next, written, committed, ..ours(0) };
        assert_eq!(at(10, 10, 0).to_commit(Some(11)), Some(11), "the marker of a transaction");
        assert_eq!(at(10, 7, 0).to_commit(Some(11)), Some(7));
        assert_eq!(at(10, 10, 11).to_commit(Some(11)), None);
        assert_eq!(at(0, 0, 0).to_commit(Some(11)), Some(11), "a marker, and no record since");
        assert_eq!(at(0, 0, 0).to_commit(None), None);
        assert_eq!(Partition { ours: false, ..at(10, 10, 0) }.to_commit(Some(11)), None);
    }

    #[test]
    fn a_member_that_is_given_nothing_is_done() {
        let mut progress = Progress { partitions: vec![Partition::idle(0, 0)], ..Progress::default() };
        progress.rebalanced(true);
        assert!(progress.is_done());
    }
}
