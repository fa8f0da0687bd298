//! Which records of a topic: a start and an end for every partition, told by offset, by distance or by time.
//!
//! The constraint it keeps: what a bound means is settled once, before reading begins, against the offsets that the
//! partition had then.

use std::collections::BTreeMap;

use crate::KafkaError;

/// A place in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The first record that the partition still has.
    Start,
    /// Behind the last record.
    End,
    /// This offset.
    Offset(i64),
    /// So many offsets behind the first record.
    FromStart(i64),
    /// So many offsets before the end.
    FromEnd(i64),
    /// The first record that is not older than this, in milliseconds since 1970.
    Time(i64),
}

/// From one place up to, and without, another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first record to read.
    pub from: Bound,
    /// The first record not to read; the end of the whole range if there is none.
    pub to: Option<Bound>,
}

impl Span {
    /// All there is from this place on.
    #[must_use]
    pub fn from(from: Bound) -> Span {
        Span { from, to: None }
    }
}

/// Where reading stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The end that the topic had when reading began.
    ToEnd,
    /// Never.
    Follow,
}

/// The span of every partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// For the partitions without one of their own; without it those are not read.
    pub all: Option<Span>,
    /// By number, in every topic.
    pub partitions: BTreeMap<i32, Span>,
    /// Where an earlier run stopped, by topic and partition; goes before the others' start.
    pub resume: BTreeMap<(String, i32), i64>,
    /// Of each topic only the partition that Java's partitioner, and ours, gives to this key.
    pub key: Option<Vec<u8>>,
}

impl Selection {
    /// The same span in every partition.
    #[must_use]
    pub fn all(span: Span) -> Selection {
        Selection { all: Some(span), partitions: BTreeMap::new(), resume: BTreeMap::new(), key: None }
    }

    /// Whether the start of this partition was given for it alone.
    pub(super) fn is_own(&self, topic: &str, id: i32) -> bool {
        self.partitions.contains_key(&id) || self.resume.contains_key(&(topic.to_owned(), id))
    }

    /// The span of one partition, if it is to be read.
    pub(super) fn span(&self, topic: &str, id: i32) -> Option<Span> {
        let span = self.partitions.get(&id).copied().or(self.all)?;
        let resumed = if self.resume.is_empty() { None } else { self.resume.get(&(topic.to_owned(), id)) };
        Some(Span { from: resumed.map_or(span.from, |offset| Bound::Offset(*offset)), ..span })
    }
}

/// The offsets of a partition's first record and behind its last one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watermarks {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl Watermarks {
    /// The offset that a bound means, within what the partition has. `offset_at` finds the first record of a time.
    pub(crate) fn resolve(
        self,
        bound: Bound,
        offset_at: impl FnOnce(i64) -> Result<Option<i64>, KafkaError>,
    ) -> Result<i64, KafkaError> {
        let Watermarks { low, high } = self;
        let offset = match bound {
            Bound::Start => low,
            Bound::End => high,
            Bound::Offset(offset) => offset,
            Bound::FromStart(count) => low.saturating_add(count),
            Bound::FromEnd(count) => high.saturating_sub(count),
            Bound::Time(time) => offset_at(time)?.unwrap_or(high),
        };
        Ok(offset.clamp(low, high.max(low)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_stays_within_what_the_partition_has() {
        let marks = Watermarks { low: 10, high: 20 };
        let resolve = |bound| marks.resolve(bound, |time| Ok((time < 1000).then_some(time))).unwrap();
        for (bound, offset) in [
            (Bound::Start, 10),
            (Bound::End, 20),
            (Bound::Offset(3), 10),
            (Bound::Offset(13), 13),
            (Bound::FromStart(4), 14),
            (Bound::FromStart(400), 20),
            (Bound::FromEnd(4), 16),
            (Bound::FromEnd(i64::MAX), 10),
            (Bound::Time(15), 15),
            (Bound::Time(5000), 20),
        ] {
            assert_eq!(resolve(bound), offset, "{bound:?}");
        }
    }

    #[test]
    fn a_partitions_own_span_goes_before_the_one_for_all_and_a_resumed_start_before_both() {
        let mut selection = Selection::all(Span::from(Bound::End));
        selection.partitions.insert(1, Span { from: Bound::Start, to: Some(Bound::Offset(9)) });
        selection.resume.insert(("t".to_owned(), 1), 5);
        assert_eq!(selection.span("t", 0), Some(Span::from(Bound::End)));
        assert_eq!(selection.span("t", 1), Some(Span { from: Bound::Offset(5), to: Some(Bound::Offset(9)) }));
        assert_eq!(selection.span("u", 1), Some(Span { from: Bound::Start, to: Some(Bound::Offset(9)) }));
        selection.all = None;
        assert_eq!(selection.span("t", 0), None);
    }
}
