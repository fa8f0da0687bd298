//! Rows on their way: a batch that is filled, and one that is sealed and can be sent, again and in parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::lines::Partition;

/// One line that is to become a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The line's number on stdin, from 1.
    pub(super) number: u64,
    /// The offset of its first byte on stdin.
    pub(super) at: u64,
    /// Where it ends in the bytes it is kept in, its newline included.
    pub(super) end: usize,
    /// The record of an envelope.
    pub(super) record: Option<Record>,
}

/// Where a record was: which partition, by its number in this run, and its offset there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) slot: usize,
    pub(super) offset: i64,
}

/// The offsets of a batch in each partition: from, and the first one behind it.
pub(super) type Ranges = BTreeMap<usize, (i64, i64)>;

/// Rows that belong together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: BytesMut,
    rows: Vec<Row>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The number of its first line.
    pub(super) fn first_line(&self) -> Option<u64> {
        self.rows.first().map(|row| row.number)
    }

    /// Adds a row; `line` has its newline.
    pub(super) fn push(&mut self, row: Row, line: &[u8]) {
        self.bytes.put_slice(line);
        self.rows.push(Row { end: self.bytes.len(), ..row });
    }

    /// What was filled, under this token; the batch is empty again.
    pub(super) fn seal(&mut self, token: String) -> Sealed {
        let rows = std::mem::take(&mut self.rows);
        let room = self.bytes.len();
        let data = std::mem::take(&mut self.bytes).freeze();
        self.bytes.reserve(room);
        Sealed { token, data, rows: rows.into() }
    }

    /// As [`Batch::seal`], with the records in an order that does not depend on how partitions were interleaved: a batch
    /// that is made again after a restart, and cut, is then cut into the same parts.
    pub(super) fn seal_in_order(&mut self, token: String, partitions: &[Partition]) -> Sealed {
        let arrived = self.seal(token);
        let slot = |row: &Row| row.record.map(|record| record.slot);
        if arrived.rows.windows(2).all(|pair| slot(&pair[0]) == slot(&pair[1])) {
            return arrived;
        }
        let mut order: Vec<usize> = (0..arrived.rows.len()).collect();
        let place = |row: &Row| row.record.map(|record| (&partitions[record.slot], record.offset));
        order.sort_by(|&one, &other| place(&arrived.rows[one]).cmp(&place(&arrived.rows[other])));
        let mut ordered = Batch::default();
        order.into_iter().for_each(|index| ordered.push(arrived.rows[index], &arrived.line(index)));
        ordered.seal(arrived.token)
    }
}

/// A batch that can be sent. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    /// What the server knows it by.
    pub(super) token: String,
    /// All lines.
    pub(super) data: Bytes,
    /// One for each line.
    pub(super) rows: Arc<[Row]>,
}

impl Sealed {
    /// The line of a row, with its newline.
    pub(super) fn line(&self, index: usize) -> Bytes {
        let from = index.checked_sub(1).map_or(0, |before| self.rows[before].end);
        self.data.slice(from..self.rows[index].end)
    }

    /// The lines of these rows.
    pub(super) fn lines(&self, indexes: &[usize]) -> Bytes {
        if indexes.len() == self.rows.len() {
            return self.data.clone();
        }
        let mut some = BytesMut::new();
        indexes.iter().for_each(|&index| some.extend_from_slice(&self.line(index)));
        some.freeze()
    }

    /// The token of a part of the batch. No two different parts that are ever sent have the same.
    pub(super) fn token_of(&self, indexes: &[usize]) -> String {
        match indexes {
            [first, .., last] if indexes.len() < self.rows.len() => {
                format!("{}-{first}-{last}-{}", self.token, indexes.len())
            }
            [only] if self.rows.len() > 1 => format!("{}-{only}", self.token),
            _ => self.token.clone(),
        }
    }

    /// Which offsets it covers.
    pub(super) fn ranges(&self) -> Ranges {
        let mut ranges = Ranges::new();
        for record in self.rows.iter().filter_map(|row| row.record) {
            let range = ranges.entry(record.slot).or_insert((record.offset, record.offset + 1));
            *range = (range.0.min(record.offset), range.1.max(record.offset + 1));
        }
        ranges
    }

    /// The numbers of its first and its last line.
    pub(super) fn span(&self) -> (u64, u64) {
        (self.rows.first().map_or(0, |row| row.number), self.rows.last().map_or(0, |row| row.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(records: &[(usize, i64)]) -> Sealed {
        let mut batch = Batch::default();
        for (number, &(slot, offset)) in (1..).zip(records) {
            let record = Some(Record { slot, offset });
            batch.push(Row { number, at: 0, end: 0, record }, format!("{offset}\n").as_bytes());
        }
        batch.seal("t".to_owned())
    }

    #[test]
    fn parts_have_their_lines_and_tokens_of_their_own() {
        let batch = batch(&[(0, 5), (0, 6), (0, 9)]);
        assert_eq!(batch.lines(&[0, 1, 2]), "5\n6\n9\n");
        assert_eq!(batch.lines(&[0, 2]), "5\n9\n");
        let tokens = [&[0, 1, 2][..], &[0, 2], &[0, 1], &[1], &[2]].map(|part| batch.token_of(part));
        assert_eq!(tokens, ["t", "t-0-2-2", "t-0-1-2", "t-1", "t-2"]);
        assert_eq!((batch.ranges(), batch.span()), ([(0, (5, 10))].into(), (1, 3)));
    }

    #[test]
    fn the_order_of_rows_does_not_depend_on_how_partitions_came() {
        // Slots are numbered as partitions come: the same partition is another slot in another run.
        let partition = |id| ("t".to_owned(), id);
        let sealed = |records: &[(usize, i64)], partitions: [i32; 2]| {
            let mut batch = Batch::default();
            for (number, &(slot, offset)) in (1..).zip(records) {
                let record = Some(Record { slot, offset });
                let line = format!("{}:{offset} ", partitions[slot]);
                batch.push(Row { number, at: 0, end: 0, record }, line.as_bytes());
            }
            batch.seal_in_order("t".to_owned(), &partitions.map(partition)).data
        };
        assert_eq!(sealed(&[(0, 7), (1, 1), (0, 8), (1, 2)], [5, 3]), "3:1 3:2 5:7 5:8 ");
        assert_eq!(sealed(&[(0, 1), (0, 2), (1, 7), (1, 8)], [3, 5]), "3:1 3:2 5:7 5:8 ");
    }
}
