//! Which days a type keeps. A value is JSON: a text, or a number of days or seconds since 1970.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;

use super::numbers::{are_digits, unquoted};

/// Types that ClickHouse reads days into, changed in silence where they are none or out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    Date,
    Date32,
    DateTime,
    DateTime64,
}

/// The seconds of a `DateTime`.
const SECONDS: RangeInclusive<i64> = 0..=u32::MAX as i64;
/// Days on which a `DateTime` is kept at some times and not at others, and those that are a part of them in some zone.
const EDGES: [Date; 4] = [date(1969, 12, 31), date(1970, 1, 1), date(2106, 2, 7), date(2106, 2, 8)];

impl Days {
    /// The first and the last day. Those of `DateTime64` depend on its digits, and are far away.
    fn range(self) -> Option<(Date, Date)> {
        match self {
            Days::Date => Some((date(1970, 1, 1), date(2149, 6, 6))),
            Days::Date32 => Some((date(1900, 1, 1), date(2299, 12, 31))),
            Days::DateTime => Some((date(1970, 1, 1), date(2106, 2, 7))),
            Days::DateTime64 => None,
        }
    }

    fn has_time(self) -> bool {
        matches!(self, Days::DateTime | Days::DateTime64)
    }

    /// Why a value is not kept.
    pub(super) fn fault(self, value: &str) -> Option<String> {
        let text = unquoted(value);
        if !value.starts_with('"') {
            return self.outside(|_| !self.keeps_number(text));
        }
        // Seconds in quotes, and behind them thousandths of a second, and of those.
        if self.has_time() && matches!(text.len(), 9 | 10 | 13 | 16 | 19) && are_digits(text) {
            return self.outside(|_| !self.keeps_number(&text[..text.len().min(10)]));
        }
        let Some((year, month, day)) = leading_day(text) else {
            // A time in another form: `25 Dec 2150 10:00`, `12/25/2150`.
            return self.outside(|(first, last)| {
                self.has_time() && years(text).any(|year| year < first.year() || year > last.year())
            });
        };
        match Date::new(year, month, day) {
            // ClickHouse refuses a time on the 30th of February itself, and takes a month or a day 0 for another.
            Err(_) if self.has_time() && month != 0 && day != 0 => None,
            Err(_) => Some("is no day".to_owned()),
            Ok(day) if self == Days::DateTime && EDGES.contains(&day) => self.outside(|(first, last)| {
                !instant(text).map_or(first <= day && day <= last, |at| SECONDS.contains(&at))
            }),
            Ok(day) => self.outside(|(first, last)| day < first || day > last),
        }
    }

    fn keeps_number(self, text: &str) -> bool {
        let kept = match self {
            Days::Date => 0..=i64::from(u16::MAX),
            Days::Date32 => -25_567..=120_529,
            Days::DateTime => SECONDS,
            Days::DateTime64 => return true,
        };
        match text.parse() {
            Ok(number) => kept.contains(&number),
            Err(_) => !are_digits(text.trim_start_matches('-')),
        }
    }

    /// That the range does not hold a value, if so.
    fn outside(self, is_outside: impl FnOnce((Date, Date)) -> bool) -> Option<String> {
        let range @ (first, last) = self.range()?;
        is_outside(range).then(|| format!("is outside of {first} to {last}, which the column keeps"))
    }
}

/// Year, month and day of `2026-11-25…`, `2026/1/5…`, `20261125` or `20261125100000`.
fn leading_day(text: &str) -> Option<(i16, i8, i8)> {
    let (year, rest) = text.split_at_checked(4).filter(|(year, _)| are_digits(year))?;
    let (month, day) = match leading_digits(rest).len() {
        4 | 10 => (&rest[..2], &rest[2..4]),
        _ => {
            let rest = behind_separator(rest)?;
            let month = leading_digits(rest);
            (month, leading_digits(behind_separator(&rest[month.len()..])?))
        }
    };
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

fn leading_digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// ClickHouse takes any character between the numbers of a day.
fn behind_separator(text: &str) -> Option<&str> {
    let mut characters = text.chars();
    characters.next().filter(|first| !first.is_ascii_digit())?;
    Some(characters.as_str())
}

/// Four digits that are no zone's offset.
fn years(text: &str) -> impl Iterator<Item = i16> {
    let runs = text.split(|character: char| !character.is_ascii_digit()).filter(|run| run.len() == 4);
    runs.filter_map(|run| run.parse().ok()).filter(|&year| year > 1400)
}

/// Seconds since 1970; a time without a zone is taken for UTC's.
fn instant(text: &str) -> Option<i64> {
    let in_utc = || Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    text.parse::<Timestamp>().ok().or_else(in_utc).map(Timestamp::as_second)
}
