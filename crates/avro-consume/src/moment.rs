//! Times in texts: the same moment can be written with more digits or in another zone, and compares as what it is.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};

/// A text that is a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// With a zone, as timestamps are printed.
    Instant(Timestamp),
    /// Without one, as local timestamps are.
    Local(DateTime),
    /// Of any day.
    Day(Time),
}

impl Moment {
    /// A day alone is none: it is a prefix, and compares as a text.
    pub(crate) fn of(text: &str) -> Option<Moment> {
        match text.as_bytes() {
            [_, _, b':', ..] => text.parse().map(Moment::Day).ok(),
            _ if text.contains('T') => {
                let instant = text.parse().map(Moment::Instant);
                instant.or_else(|_| text.parse().map(Moment::Local)).ok()
            }
            _ => None,
        }
    }

    /// How two of a kind stand to each other.
    pub(crate) fn compare(self, other: Moment) -> Option<Ordering> {
        match (self, other) {
            (Moment::Instant(one), Moment::Instant(other)) => Some(one.cmp(&other)),
            (Moment::Local(one), Moment::Local(other)) => Some(one.cmp(&other)),
            (Moment::Day(one), Moment::Day(other)) => Some(one.cmp(&other)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_one_however_it_is_written() {
        let order = |one: &str, other: &str| Moment::of(one)?.compare(Moment::of(other)?);
        for same in [
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000Z"),
            ("2026-11-22T10:00:00Z", "2026-11-22T14:00:00.000000+04:00"),
            ("2026-11-22T10:00:00", "2026-11-22T10:00:00.000"),
            ("10:00:00", "10:00:00.000000"),
        ] {
            assert_eq!(order(same.0, same.1), Some(Ordering::Equal), "{same:?}");
        }
        assert_eq!(order("2026-11-22T10:00:00.5Z", "2026-11-22T10:00:00Z"), Some(Ordering::Greater));
        for different in
            [("2026-11-22T10:00:00Z", "2026-11-22T10:00:00"), ("2026-11-22", "2026-11-22"), ("T", "x")]
        {
            assert_eq!(order(different.0, different.1), None, "{different:?}");
        }
    }
}
