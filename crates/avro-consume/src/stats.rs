//! `--stats`: how many records of which schema, in each partition.

use std::collections::BTreeMap;
use std::io;

use kch_cli::Output;
use kch_envelope::{Kind, Stamp, string};
use kch_kafka::{BorrowedMessage, Message as _};

/// What a record turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// Decoded with the schema of this id.
    Avro(u32),
    /// A tombstone.
    Tombstone,
    /// Not to be decoded.
    Error(Kind),
}

#[derive(Debug, Default)]
struct Count {
    records: u64,
    bytes: u64,
    first: Option<i64>,
    last: Option<i64>,
}

/// Counts by topic, partition and what was found.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    topics: BTreeMap<String, BTreeMap<(i32, Found), Count>>,
}

impl Stats {
    pub(crate) fn count(&mut self, topic: &str, record: &BorrowedMessage<'_>, found: Found) {
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.to_owned(), BTreeMap::new());
        }
        let Some(counts) = self.topics.get_mut(topic) else { return };
        let count = counts.entry((record.partition(), found)).or_default();
        let len = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len) as u64;
        count.records += 1;
        count.bytes += len(record.key()) + len(record.payload());
        if let Some(time) = record.timestamp().to_millis() {
            count.first = Some(count.first.map_or(time, |first| first.min(time)));
            count.last = Some(count.last.map_or(time, |last| last.max(time)));
        }
    }

    /// One line for each count.
    pub(crate) fn print(&self, output: &mut Output) -> io::Result<()> {
        let mut stamp = Stamp::default();
        for (topic, counts) in &self.topics {
            for ((partition, found), count) in counts {
                let mut line = b"{\"topic\":".to_vec();
                string(topic, &mut line);
                let (id, error, tombstone) = match found {
                    Found::Avro(id) => (id.to_string(), "null".to_owned(), false),
                    Found::Tombstone => ("null".to_owned(), "null".to_owned(), true),
                    Found::Error(kind) => ("null".to_owned(), format!("\"{}\"", kind.name()), false),
                };
                let Count { records, bytes, first, last } = count;
                let text = format!(
                    ",\"partition\":{partition},\"schema_id\":{id},\"tombstone\":{tombstone},\"error\":{error},\
                     \"records\":{records},\"bytes\":{bytes},\"first\":"
                );
                line.extend_from_slice(text.as_bytes());
                stamp.print(*first, &mut line);
                line.extend_from_slice(b",\"last\":");
                stamp.print(*last, &mut line);
                line.push(b'}');
                output.line(&line)?;
            }
        }
        Ok(())
    }
}
