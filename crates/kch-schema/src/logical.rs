//! Logical types: which one counts on which type. A test holds this against the codec's own reading.

use std::fmt;

use serde_json::{Map, Value};

use crate::Kind;

/// A logical type that counts: its name and attributes fit the type under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logical {
    /// `decimal` on bytes or fixed.
    Decimal {
        /// Digits in all.
        precision: usize,
        /// Digits behind the point.
        scale: usize,
    },
    /// `uuid` on a string or a fixed of 16.
    Uuid,
    /// Days since 1970-01-01, in an int.
    Date,
    /// Milliseconds (3), microseconds (6) since midnight.
    Time(u8),
    /// Milliseconds (3), microseconds (6) or nanoseconds (9) since 1970-01-01T00:00:00Z.
    Timestamp(u8),
    /// The same, on the reader's own clock.
    LocalTimestamp(u8),
    /// Months, days and milliseconds, in a fixed of 12.
    Duration,
}

impl Logical {
    /// The logical type that an object's attributes give its type; `None` when they name none, or one that does not
    /// fit, which the specification says to ignore.
    pub(crate) fn of(kind: &Kind, object: &Map<String, Value>) -> Option<Logical> {
        let name = object.get("logicalType")?.as_str()?;
        Some(match (name, kind) {
            ("decimal", Kind::Bytes | Kind::Fixed { .. }) => return decimal(kind, object),
            ("uuid", Kind::String | Kind::Fixed { size: 16, .. }) => Logical::Uuid,
            ("duration", Kind::Fixed { size: 12, .. }) => Logical::Duration,
            ("date", Kind::Int) => Logical::Date,
            ("time-millis", Kind::Int) => Logical::Time(3),
            ("time-micros", Kind::Long) => Logical::Time(6),
            ("timestamp-millis", Kind::Long) => Logical::Timestamp(3),
            ("timestamp-micros", Kind::Long) => Logical::Timestamp(6),
            ("timestamp-nanos", Kind::Long) => Logical::Timestamp(9),
            ("local-timestamp-millis", Kind::Long) => Logical::LocalTimestamp(3),
            ("local-timestamp-micros", Kind::Long) => Logical::LocalTimestamp(6),
            ("local-timestamp-nanos", Kind::Long) => Logical::LocalTimestamp(9),
            _ => return None,
        })
    }
}

/// Digits of the longest decimal that the codec takes.
const MOST_DIGITS: usize = 9_800;

fn decimal(kind: &Kind, object: &Map<String, Value>) -> Option<Logical> {
    let number = |key: &str| object.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let scale = if object.contains_key("scale") { number("scale")? } else { 0 };
    let precision = number("precision")?;
    let most = match kind {
        Kind::Fixed { size, .. } => digits_of_size(*size),
        _ => MOST_DIGITS,
    };
    let fits = precision > 0 && scale <= precision && precision <= most;
    fits.then_some(Logical::Decimal { precision, scale })
}

/// The decimal digits that every number of so many bytes can have: `floor(log10(2^(8 size - 1) - 1))`.
pub(crate) fn digits_of_size(size: usize) -> usize {
    // log10(2) = 0.30103, a little less so that the result is never too big.
    ((8 * size as u128).saturating_sub(1) * 301_029_995_663 / 1_000_000_000_000) as usize
}

impl fmt::Display for Logical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = |digits: &u8| match digits {
            3 => "millis",
            6 => "micros",
            _ => "nanos",
        };
        match self {
            Logical::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Logical::Uuid => f.write_str("uuid"),
            Logical::Date => f.write_str("date"),
            Logical::Time(digits) => write!(f, "time-{}", unit(digits)),
            Logical::Timestamp(digits) => write!(f, "timestamp-{}", unit(digits)),
            Logical::LocalTimestamp(digits) => write!(f, "local-timestamp-{}", unit(digits)),
            Logical::Duration => f.write_str("duration"),
        }
    }
}
