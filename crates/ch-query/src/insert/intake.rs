//! Pieces to batches: when one is full, when its time has come, and which rows belong to one that is sent again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::batch::{Batch, Ranges, Row, Sealed};
use super::journal::Pending;
use super::lines::{Partition, Piece};

/// How large batches get, and what they are called.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) rows: usize,
    pub(super) bytes: usize,
    /// How long the first row of a batch waits for others; never, for a load that has a name.
    pub(super) flush: Option<Duration>,
    /// The name of the load.
    pub(super) name: Option<String>,
}

/// Fills batches.
#[derive(Debug)]
pub(super) struct Intake {
    limits: Limits,
    run: Uuid,
    count: u64,
    filling: Batch,
    /// When its first row came.
    since: Option<Instant>,
    ready: VecDeque<Sealed>,
    again: Vec<Again>,
    partitions: Vec<Partition>,
}

/// A batch of an earlier run that was on its way when that ended: its rows are gathered anew.
#[derive(Debug)]
struct Again {
    pending: Pending,
    /// By this run's slots; a partition that has not come yet is not in it.
    ranges: Ranges,
    /// The slots whose range has come to its end.
    complete: Vec<usize>,
    batch: Batch,
}

impl Intake {
    pub(super) fn new(limits: Limits, pending: impl Iterator<Item = Pending>) -> Intake {
        let again = pending.map(|pending| Again {
            pending,
            ranges: Ranges::new(),
            complete: Vec::new(),
            batch: Batch::default(),
        });
        Intake {
            limits,
            run: Uuid::new_v4(),
            count: 0,
            filling: Batch::default(),
            since: None,
            ready: VecDeque::new(),
            again: again.collect(),
            partitions: Vec::new(),
        }
    }

    pub(super) fn partition(&self, slot: usize) -> &Partition {
        &self.partitions[slot]
    }

    /// Whether more rows can be taken before a batch has gone.
    pub(super) fn has_room(&self) -> bool {
        self.ready.is_empty()
    }

    /// Takes the rows of a piece.
    pub(super) fn absorb(&mut self, piece: &Piece) {
        for partition in &piece.partitions {
            let slot = self.partitions.len();
            self.partitions.push(partition.clone());
            for again in &mut self.again {
                again.learn(slot, partition);
            }
        }
        let mut from = 0;
        for row in &piece.rows {
            let line = &piece.bytes[from..row.end];
            from = row.end;
            if self.again.is_empty() || !self.belongs_to_earlier(*row, line) {
                self.add(*row, line);
            }
        }
    }

    fn add(&mut self, row: Row, line: &[u8]) {
        let Limits { rows, bytes, .. } = self.limits;
        if !self.filling.is_empty() && self.filling.bytes() + line.len() > bytes {
            self.seal();
        }
        if self.filling.is_empty() {
            self.since = Some(Instant::now());
        }
        self.filling.push(row, line);
        if self.filling.rows() >= rows {
            self.seal();
        }
    }

    fn seal(&mut self) {
        self.count += 1;
        let mut sealed = self.filling.seal_in_order(String::new(), &self.partitions);
        sealed.token = match &self.limits.name {
            // The lines themselves are in the token: another load under an old name must not be taken for that one.
            Some(name) => {
                format!("{name}-{}-{:08x}-{}", self.count, checksum(&sealed.data), sealed.data.len())
            }
            None => format!("{}-{}", self.run.simple(), self.count),
        };
        self.since = None;
        self.ready.push_back(sealed);
    }

    /// Whether a batch of an earlier run has taken the row.
    fn belongs_to_earlier(&mut self, row: Row, line: &[u8]) -> bool {
        let Some(record) = row.record else { return false };
        let mut taken = false;
        for again in &mut self.again {
            let Some(&(from, to)) = again.ranges.get(&record.slot) else { continue };
            if record.offset >= from && record.offset < to {
                again.batch.push(row, line);
                taken = true;
            }
            if record.offset + 1 >= to && !again.complete.contains(&record.slot) {
                again.complete.push(record.slot);
            }
        }
        let whole = self.again.extract_if(.., |again| again.is_whole());
        let partitions = &self.partitions;
        let sealed = whole.map(|mut again| again.batch.seal_in_order(again.pending.token, partitions));
        self.ready.extend(sealed);
        taken
    }

    /// The next batch that can go. At the end of the input, whatever there is.
    pub(super) fn next_ready(&mut self, ended: bool) -> Option<Sealed> {
        let is_due = self.deadline().is_some_and(|deadline| Instant::now() >= deadline);
        if self.ready.is_empty() && !self.filling.is_empty() && (ended || is_due) {
            self.seal();
        }
        self.ready.pop_front()
    }

    /// When the batch that is being filled has waited long enough.
    pub(super) fn deadline(&self) -> Option<Instant> {
        Some(self.since? + self.limits.flush?)
    }

    /// The first line that was read and has not been sent.
    pub(super) fn first_waiting(&self) -> Option<u64> {
        self.ready.front().map(|batch| batch.span().0).or_else(|| self.filling.first_line())
    }

    /// The first batch of an earlier run whose records have not all come again.
    pub(super) fn missing(&self) -> Option<&Pending> {
        self.again.first().map(|again| &again.pending)
    }
}

impl Again {
    fn learn(&mut self, slot: usize, (topic, partition): &Partition) {
        if let Some(&range) = self.pending.ranges.get(topic).and_then(|ranges| ranges.get(partition)) {
            self.ranges.insert(slot, range);
        }
    }

    fn is_whole(&self) -> bool {
        self.complete.len() == self.pending.ranges.values().map(|ranges| ranges.len()).sum::<usize>()
    }
}

/// CRC-32, as gzip has it.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::super::batch::Record;
    use super::*;

    fn limits(rows: usize, bytes: usize, name: Option<&str>) -> Limits {
        Limits { rows, bytes, flush: None, name: name.map(str::to_owned) }
    }

    fn piece(records: &[(usize, i64)]) -> Piece {
        let mut piece = Piece::default();
        for (number, &(slot, offset)) in (1..).zip(records) {
            piece.bytes.extend_from_slice(format!("{slot}:{offset}\n").as_bytes());
            let record = Some(Record { slot, offset });
            piece.rows.push(Row { number, at: 0, end: piece.bytes.len(), record });
        }
        piece
    }

    fn drain(intake: &mut Intake) -> Vec<(String, String)> {
        let text = |sealed: Sealed| (String::from_utf8_lossy(&sealed.data).replace('\n', " "), sealed.token);
        std::iter::from_fn(|| intake.next_ready(true)).map(text).collect()
    }

    #[test]
    fn a_batch_ends_at_its_rows_or_bytes() {
        let mut intake = Intake::new(limits(3, 100, None), std::iter::empty());
        intake.absorb(&piece(&[(0, 1), (0, 2), (0, 3), (0, 4)]));
        let batches: Vec<String> = drain(&mut intake).into_iter().map(|(text, _)| text).collect();
        assert_eq!(batches, ["0:1 0:2 0:3 ", "0:4 "]);
        let mut intake = Intake::new(limits(100, 8, None), std::iter::empty());
        intake.absorb(&piece(&[(0, 1), (0, 2), (0, 123_456_789), (0, 4)]));
        let batches: Vec<String> = drain(&mut intake).into_iter().map(|(text, _)| text).collect();
        assert_eq!(batches, ["0:1 0:2 ", "0:123456789 ", "0:4 "]);
    }

    #[test]
    fn a_named_load_has_the_same_tokens_every_time_and_another_one_has_not() {
        let tokens = |name, records: &[(usize, i64)]| {
            let mut intake = Intake::new(limits(2, 100, Some(name)), std::iter::empty());
            intake.absorb(&piece(records));
            drain(&mut intake).into_iter().map(|(_, token)| token).collect::<Vec<_>>()
        };
        let rows = [(0, 1), (0, 2), (0, 3)];
        assert_eq!(tokens("x", &rows), tokens("x", &rows));
        assert_ne!(tokens("x", &rows)[1], tokens("x", &[(0, 1), (0, 2), (0, 4)])[1]);
        assert_ne!(tokens("x", &rows), tokens("y", &rows));
    }

    #[test]
    fn a_batch_of_an_earlier_run_is_made_again_with_exactly_its_records() {
        let pending = r#"{"token":"old","ranges":{"t":{"0":[2,4],"1":[7,9]}}}"#;
        let pending: Pending = serde_json::from_str(pending).unwrap();
        let mut intake = Intake::new(limits(100, 1000, None), std::iter::once(pending));
        let partitions = vec![("t".to_owned(), 1), ("t".to_owned(), 0)];
        // Slot 0 is partition 1 now, and the two are interleaved in another way; offset 8 is a gap.
        let records = [(0, 7), (1, 2), (1, 3), (1, 4), (0, 9)];
        intake.absorb(&Piece { partitions, ..piece(&records) });
        let batches = drain(&mut intake);
        assert_eq!(batches[0], ("1:2 1:3 0:7 ".to_owned(), "old".to_owned()));
        assert_eq!(batches[1].0, "1:4 0:9 ");
        assert!(intake.missing().is_none());
    }
}
