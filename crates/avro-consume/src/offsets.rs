//! What `-o` takes: where to start and stop, in all partitions or in one.

use std::str::FromStr;

use jiff::Timestamp;
use kch_kafka::place::{bound, time};
use kch_kafka::{Bound, Selection, Span};

/// One `-o`: `[PARTITION=]SPAN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetArg {
    /// The one partition that it is for.
    pub partition: Option<i32>,
    /// From where to where.
    pub span: Span,
}

const GRAMMAR: &str = "expected start, end, N (an offset), +N (behind the start), -N (before the end), @TIME, FROM:TO or \
    :TO (TO itself is not read), with P= in front for the partition P; \
    TIME is 2026-11-22T10:00:00Z, 2026-11-22 (UTC), milliseconds since 1970, or -30m, -1h, -2d from now";

/// What is said of no offset: what was meant where that is plain, else the grammar.
fn expected(text: &str) -> String {
    let time =
        |sign: &str| text.strip_prefix(sign).filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()));
    match (time("s@"), time("e@"), time("@")) {
        (Some(from), ..) => format!("kcat's s@{from} is @{from} here, and both of its ends @FROM:TO"),
        (_, Some(to), _) => format!("kcat's e@{to} is :@{to} here, and both of its ends @FROM:TO"),
        (.., Some(seconds)) if seconds.len() == 10 => format!("a time is in milliseconds: @{seconds}000"),
        _ => GRAMMAR.to_owned(),
    }
}

impl FromStr for OffsetArg {
    type Err = String;

    fn from_str(text: &str) -> Result<OffsetArg, String> {
        let (partition, rest) = match text.split_once('=') {
            Some((partition, rest)) => {
                (Some(partition.parse().ok().filter(|p| *p >= 0).ok_or(GRAMMAR)?), rest)
            }
            None => (None, text),
        };
        let span = span(rest, Timestamp::now()).ok_or_else(|| expected(rest))?;
        match (span.from, span.to) {
            (Bound::Offset(from), Some(Bound::Offset(to))) if to < from => {
                Err(format!("{to} comes before {from}: write FROM:TO"))
            }
            (Bound::Time(from), Some(Bound::Time(to))) if to < from => {
                Err("the second time comes before the first".to_owned())
            }
            _ => Ok(OffsetArg { partition, span }),
        }
    }
}

fn span(text: &str, now: Timestamp) -> Option<Span> {
    if let Some(times) = text.strip_prefix('@') {
        return time_span(times, now);
    }
    match text.split_once(':') {
        None => bound(text, now).map(Span::from),
        Some((from, to)) => {
            let from = if from.is_empty() { Bound::Start } else { bound(from, now)? };
            let to = if to.is_empty() { None } else { Some(bound(to, now)?) };
            Some(Span { from, to })
        }
    }
}

/// `T1:T2`. Times have colons of their own, so each colon is tried.
fn time_span(text: &str, now: Timestamp) -> Option<Span> {
    if let Some(from) = time(text, now) {
        return Some(Span::from(Bound::Time(from)));
    }
    text.match_indices(':').find_map(|(at, _)| {
        let from = Bound::Time(time(&text[..at], now)?);
        let to = match text[at + 1..].trim_start_matches('@') {
            "" => None,
            "end" => Some(Bound::End),
            to => Some(Bound::Time(time(to, now)?)),
        };
        Some(Span { from, to })
    })
}

/// All `-o` and `-p` together. A partition without its own `-o` takes the one without a number; if there are only such with
/// numbers, or partitions are named, the other partitions are not read.
pub(crate) fn selection(args: &[OffsetArg], partitions: &[i32]) -> Result<Selection, String> {
    let mut selection = Selection { all: None, ..Selection::all(Span::from(Bound::Start)) };
    for arg in args {
        let taken = match arg.partition {
            Some(partition) => selection.partitions.insert(partition, arg.span),
            None => selection.all.replace(arg.span),
        };
        if taken.is_some() {
            let whose = arg.partition.map_or("all partitions".to_owned(), |id| format!("partition {id}"));
            return Err(format!("-o is given twice for {whose}"));
        }
    }
    if args.is_empty() {
        selection.all = Some(Span::from(Bound::Start));
    }
    if !partitions.is_empty() {
        if let Some(other) = selection.partitions.keys().find(|named| !partitions.contains(named)) {
            return Err(format!("-o names partition {other}, and -p does not"));
        }
        let rest = selection.all.take().unwrap_or(Span::from(Bound::Start));
        let named = of(partitions, rest).partitions;
        selection.partitions = named.into_iter().chain(selection.partitions).collect();
    }
    Ok(selection)
}

/// The same span of these partitions, or of all of them if none is named.
pub(crate) fn of(partitions: &[i32], span: Span) -> Selection {
    let all = Selection::all(span);
    if partitions.is_empty() {
        return all;
    }
    Selection { all: None, partitions: partitions.iter().map(|&id| (id, span)).collect(), ..all }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T10:00:00Z";
    const TEN: i64 = 1_795_341_600_000;

    fn parsed(text: &str) -> Option<Span> {
        span(text, NOW.parse().unwrap())
    }

    #[test]
    fn every_form_is_read() {
        use Bound::{End, FromEnd, FromStart, Offset, Start, Time};
        let hour = 3_600_000;
        for (text, from, to) in [
            ("start", Start, None),
            ("beginning", Start, None),
            ("end", End, None),
            ("0", Offset(0), None),
            ("42", Offset(42), None),
            ("-5", FromEnd(5), None),
            ("+5", FromStart(5), None),
            ("3:9", Offset(3), Some(Offset(9))),
            ("3:3", Offset(3), Some(Offset(3))),
            ("3:", Offset(3), None),
            (":9", Start, Some(Offset(9))),
            (":end", Start, Some(End)),
            (":-1", Start, Some(FromEnd(1))),
            ("-10:-5", FromEnd(10), Some(FromEnd(5))),
            ("+1:end", FromStart(1), Some(End)),
            (":@2026-11-22", Start, Some(Time(TEN - 10 * hour))),
            ("5:@-1h", Offset(5), Some(Time(TEN - hour))),
            ("@2026-11-22T10:00:00Z", Time(TEN), None),
            ("@2026-11-22T11:30:00.5+01:00", Time(TEN + hour / 2 + 500), None),
            ("@2026-11-22", Time(TEN - 10 * hour), None),
            ("@1795341600000", Time(TEN), None),
            ("@-1h", Time(TEN - hour), None),
            ("@-30m", Time(TEN - hour / 2), None),
            ("@-2d", Time(TEN - 48 * hour), None),
            ("@-90s", Time(TEN - 90_000), None),
            ("@-2h:-1h", Time(TEN - 2 * hour), Some(Time(TEN - hour))),
            ("@-2h:@-1h", Time(TEN - 2 * hour), Some(Time(TEN - hour))),
            ("@-2h:end", Time(TEN - 2 * hour), Some(End)),
            ("@-2h:", Time(TEN - 2 * hour), None),
            ("@2026-11-22T09:00:00Z:2026-11-22T10:00:00Z", Time(TEN - hour), Some(Time(TEN))),
            ("@2026-11-21:2026-11-22", Time(TEN - 34 * hour), Some(Time(TEN - 10 * hour))),
            ("@1795338000000:1795341600000", Time(TEN - hour), Some(Time(TEN))),
        ] {
            assert_eq!(parsed(text), Some(Span { from, to }), "{text}");
        }
    }

    #[test]
    fn what_is_no_offset_is_refused_with_the_grammar() {
        for text in [
            "",
            "middle",
            "1.5",
            "--5",
            "+-5",
            "1e3",
            "@",
            "@2026-13-01",
            "@2026-11-22T10:00:00",
            "@5",
            "@-5",
            "@yesterday",
            "1:2:3",
            "x:5",
            "5:x",
            "=5",
            "x=5",
            "-1=5",
            "0=",
            "99999999999999999999",
        ] {
            let error = text.parse::<OffsetArg>().unwrap_err();
            assert!(error.starts_with("expected start, end, N"), "{text}: {error}");
        }
        assert_eq!("9:3".parse::<OffsetArg>().unwrap_err(), "3 comes before 9: write FROM:TO");
        assert!("@-1h:-2h".parse::<OffsetArg>().unwrap_err().contains("comes before"));
    }

    #[test]
    fn partitions_have_their_own() {
        let arg = |text: &str| text.parse::<OffsetArg>().unwrap();
        let selection = |args: &[OffsetArg]| selection(args, &[]);
        let chosen = selection(&[arg("0=5"), arg("1=end"), arg("-3")]).unwrap();
        assert_eq!(chosen.all, Some(Span::from(Bound::FromEnd(3))));
        assert_eq!(chosen.partitions[&0], Span::from(Bound::Offset(5)));
        assert_eq!(chosen.partitions[&1], Span::from(Bound::End));
        assert_eq!(selection(&[arg("0=5")]).unwrap().all, None);
        assert_eq!(selection(&[]).unwrap().all, Some(Span::from(Bound::Start)));
        assert_eq!(selection(&[arg("1"), arg("2")]).unwrap_err(), "-o is given twice for all partitions");
        assert_eq!(selection(&[arg("7=1"), arg("7=2")]).unwrap_err(), "-o is given twice for partition 7");
    }
    #[test]
    fn partitions_that_are_named_are_the_only_ones() {
        let arg = |text: &str| text.parse::<OffsetArg>().unwrap();
        let chosen = |args: &[OffsetArg], partitions: &[i32]| selection(args, partitions).unwrap();
        let starts = chosen(&[], &[0, 2]);
        assert_eq!((starts.all, starts.partitions.len()), (None, 2));
        assert_eq!(starts.partitions[&2], Span::from(Bound::Start));
        let other = selection(&[arg("1=end")], &[0]).unwrap_err();
        assert_eq!(other, "-o names partition 1, and -p does not");
        let mixed = chosen(&[arg("-5"), arg("1=end")], &[0, 1]);
        assert_eq!(mixed.all, None);
        assert_eq!(mixed.partitions[&0], Span::from(Bound::FromEnd(5)));
        assert_eq!(mixed.partitions[&1], Span::from(Bound::End));
        assert_eq!(of(&[], Span::from(Bound::End)).all, Some(Span::from(Bound::End)));
    }

    #[test]
    fn times_as_kcat_takes_them_are_told_how_to_write() {
        let said = |text: &str| text.parse::<OffsetArg>().unwrap_err();
        assert!(said("s@1795341600000").starts_with("kcat's s@1795341600000 is @1795341600000 here"));
        assert!(said("e@1795341600000").starts_with("kcat's e@1795341600000 is :@1795341600000 here"));
        assert_eq!(said("@1795341600"), "a time is in milliseconds: @1795341600000");
        assert!(said("s@x").starts_with("expected start, end"));
    }
}
