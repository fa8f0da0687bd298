//! `--stats`: how many records of which schema, in each partition.

use std::collections::BTreeMap;
use std::io;

use kch_cli::Output;
use kch_envelope::{Kind, Stamp, string};
use kch_kafka::{BorrowedMessage, Message as _};

/// What a record turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// Decoded with the schema of this id; none for a value without a frame.
    Avro(Option<u32>),
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
    topics: BTreeMap<String, Topic>,
}

#[derive(Debug, Default)]
struct Topic {
    counts: BTreeMap<(i32, Found), Count>,
    /// Behind the last record of each partition that was read, counted or not.
    next: BTreeMap<i32, i64>,
}

impl Stats {
    /// Notes a record as read, and counts it unless it was filtered out.
    pub(crate) fn count(&mut self, topic: &str, record: &BorrowedMessage<'_>, found: Option<Found>) {
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.to_owned(), Topic::default());
        }
        let Some(topic) = self.topics.get_mut(topic) else { return };
        topic.next.insert(record.partition(), record.offset() + 1);
        let Some(found) = found else { return };
        let count = topic.counts.entry((record.partition(), found)).or_default();
        let len = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len) as u64;
        count.records += 1;
        count.bytes += len(record.key()) + len(record.payload());
        if let Some(time) = record.timestamp().to_millis() {
            count.first = Some(count.first.map_or(time, |first| first.min(time)));
            count.last = Some(count.last.map_or(time, |last| last.max(time)));
        }
    }

    /// One line for each count. `end_now` gives the end of a partition, for how far behind it the reading stopped.
    pub(crate) fn print(
        &self,
        end_now: impl Fn(&str, i32) -> Option<i64>,
        output: &mut Output,
    ) -> io::Result<()> {
        let mut stamp = Stamp::default();
        for (topic, Topic { counts, next }) in &self.topics {
            let lag = |(partition, next): (&i32, &i64)| {
                (*partition, end_now(topic, *partition).map(|end| (end - next).max(0)))
            };
            let lags: BTreeMap<i32, Option<i64>> = next.iter().map(lag).collect();
            for ((partition, found), count) in counts {
                let mut line = b"{\"topic\":".to_vec();
                string(topic, &mut line);
                let (id, error, tombstone) = match found {
                    Found::Avro(id) => {
                        (id.map_or("null".to_owned(), |id| id.to_string()), "null".to_owned(), false)
                    }
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
                let lag = lags.get(partition).copied().flatten();
                let lag = lag.map_or("null".to_owned(), |lag| lag.to_string());
                line.extend_from_slice(format!(",\"lag\":{lag}}}").as_bytes());
                output.line(&line)?;
            }
        }
        Ok(())
    }
}
