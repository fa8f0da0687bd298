//! Places in a partition as people type them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kch_cli::parse_duration;

use crate::Bound;

const GRAMMAR: &str = "expected start, end, N (an offset), +N (behind the start), -N (before the end) or @TIME; TIME is \
    2026-11-22T10:00:00Z, 2026-11-22 (UTC), milliseconds since 1970, or -30m, -1h, -2d from now";

/// A place on a command line, told from the time now.
///
/// # Errors
/// What is accepted, when it is something else.
pub fn parse_bound(text: &str) -> Result<Bound, String> {
    bound(text, Timestamp::now()).ok_or_else(|| GRAMMAR.to_owned())
}

/// A place as it is typed: `start`, `end`, `N`, `+N`, `-N`, `@TIME`. `now` is what `@-1h` is told from.
#[must_use]
pub fn bound(text: &str, now: Timestamp) -> Option<Bound> {
    let count =
        |digits: &str| digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    Some(match text {
        "start" | "beginning" | "earliest" => Bound::Start,
        "end" | "latest" => Bound::End,
        _ => match text.split_at_checked(1)? {
            ("@", rest) => Bound::Time(time(rest, now)?),
            ("+", rest) => Bound::FromStart(count(rest)?),
            ("-", rest) => Bound::FromEnd(count(rest)?),
            _ => Bound::Offset(count(text)?),
        },
    })
}

/// Milliseconds since 1970. A number of fewer than 12 digits is refused: it means seconds to those who write it, and
/// would start in January 1970.
#[must_use]
pub fn time(text: &str, now: Timestamp) -> Option<i64> {
    if let Some(ago) = text.strip_prefix('-') {
        return Some(now.checked_sub(duration(ago)?).ok()?.as_millisecond());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|_| text.len() >= 12);
    }
    if text.len() == "2026-11-22".len() {
        let date: Date = text.parse().ok()?;
        return Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond());
    }
    Some(text.parse::<Timestamp>().ok()?.as_millisecond())
}

fn duration(text: &str) -> Option<SignedDuration> {
    if let Some(days) = text.strip_suffix('d') {
        return SignedDuration::try_from_hours(days.parse::<u32>().map(i64::from).ok()? * 24);
    }
    // A number alone is no duration here: -5 is five offsets.
    text.ends_with(|c: char| c.is_ascii_alphabetic()).then_some(())?;
    SignedDuration::try_from(parse_duration(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_tools_words_for_both_ends_are_understood() {
        assert_eq!(parse_bound("earliest"), Ok(Bound::Start));
        assert_eq!(parse_bound("latest"), Ok(Bound::End));
        assert_eq!(parse_bound("-5"), Ok(Bound::FromEnd(5)));
        assert!(parse_bound("middle").unwrap_err().starts_with("expected start"));
    }
}
