//! Which numbers and days a type keeps. A value is JSON: numbers come bare or in quotes.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::{Date, date};

/// Integers between two bounds, by their decimal digits: the widest have 78.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    /// The digits of the lowest one, without its sign.
    lowest: &'static str,
    pub(super) highest: &'static str,
}

/// Type, lowest without its sign, highest.
const WHOLE: [(&str, &str, &str); 12] = [
    ("UInt8", "0", "255"),
    ("UInt16", "0", "65535"),
    ("UInt32", "0", "4294967295"),
    ("UInt64", "0", "18446744073709551615"),
    ("UInt128", "0", "340282366920938463463374607431768211455"),
    ("UInt256", "0", "115792089237316195423570985008687907853269984665640564039457584007913129639935"),
    ("Int8", "128", "127"),
    ("Int16", "32768", "32767"),
    ("Int32", "2147483648", "2147483647"),
    ("Int64", "9223372036854775808", "9223372036854775807"),
    ("Int128", "170141183460469231731687303715884105728", "170141183460469231731687303715884105727"),
    (
        "Int256",
        "57896044618658097711785492504343953926634992332820282019728792003956564819968",
        "57896044618658097711785492504343953926634992332820282019728792003956564819967",
    ),
];

impl Whole {
    pub(super) fn named(name: &str) -> Option<Whole> {
        let (_, lowest, highest) = WHOLE.iter().find(|(known, ..)| *known == name)?;
        Some(Whole { lowest, highest })
    }

    /// What is wrong with a number that is beyond the bounds, or with an empty text, which is read as 0. Any other text is
    /// refused by ClickHouse.
    pub(super) fn fault(&self, value: &str) -> Option<&'static str> {
        let text = unquoted(value);
        let (bound, digits) = match text.strip_prefix('-') {
            Some(digits) => (self.lowest, digits),
            None => (self.highest, text.strip_prefix('+').unwrap_or(text)),
        };
        if text.is_empty() {
            return Some("is no");
        }
        if !are_digits(digits) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        let beyond = digits.len().cmp(&bound.len()).then_with(|| digits.cmp(bound)) == Ordering::Greater;
        beyond.then_some("does not fit")
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.lowest == "0" { "" } else { "-" };
        write!(f, "{sign}{} to {}", self.lowest, self.highest)
    }
}

/// Whether a number is finite in a type with this largest value. Names of infinity are what they are.
pub(super) fn finite(value: &str, largest: f64) -> bool {
    let text = unquoted(value);
    let number = text.bytes().any(|byte| byte.is_ascii_digit()).then(|| text.parse::<f64>());
    number.is_none_or(|parsed| parsed.map_or(true, |number| number.abs() <= largest))
}

/// Whether no digit but 0 stands behind the last place of a decimal.
pub(super) fn decimal(value: &str, scale: usize) -> bool {
    let text = unquoted(value);
    // An empty text is read as 0.
    if text.is_empty() {
        return false;
    }
    let (digits, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()),
        None => (text, Some(0)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches(['-', '+']);
    let Some(exponent) = exponent else { return true };
    if !(are_digits(whole) && are_digits(fraction)) {
        return true;
    }
    let up_to_last = |digits: &str| digits.trim_end_matches('0').len() as i64;
    // How many places behind the point the last digit that is not 0 stands; in front of it, less than none.
    let last = match (up_to_last(whole), up_to_last(fraction)) {
        (0, 0) => return true,
        (place, 0) => place - whole.len() as i64,
        (_, place) => place,
    };
    last.saturating_sub(exponent) <= scale as i64
}

/// Types whose range of days is limited in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    Date,
    Date32,
    DateTime,
}

impl Days {
    fn range(self) -> (Date, Date) {
        match self {
            Days::Date => (date(1970, 1, 1), date(2149, 6, 6)),
            Days::Date32 => (date(1900, 1, 1), date(2299, 12, 31)),
            Days::DateTime => (date(1970, 1, 1), date(2106, 2, 7)),
        }
    }

    /// What is wrong with a text that begins with a day, or with a number of days or seconds since 1970.
    pub(super) fn fault(self, value: &str) -> Option<String> {
        let (first, last) = self.range();
        let outside = || format!("is outside of {first} to {last}, which the column keeps");
        if !value.starts_with('"') {
            let number = value.parse::<i64>().ok()?;
            let kept = match self {
                Days::Date => 0..=i64::from(u16::MAX),
                Days::DateTime => 0..=i64::from(u32::MAX),
                Days::Date32 => -25_567..=120_529,
            };
            return (!kept.contains(&number)).then(outside);
        }
        let (year, month, day) = leading_day(unquoted(value))?;
        let (lowest, highest) = match self {
            // A day more at each end: the zone decides.
            Days::DateTime => (date(1969, 12, 31), date(2106, 2, 8)),
            Days::Date | Days::Date32 => (first, last),
        };
        match Date::new(year, month, day) {
            // ClickHouse refuses a time on such a day itself.
            Err(_) if self == Days::DateTime => None,
            Err(_) => Some("is no day".to_owned()),
            Ok(day) => (day < lowest || day > highest).then(outside),
        }
    }
}

/// Year, month and day of `2026-11-25…`, `2026/1/5…` or `20261125`.
fn leading_day(text: &str) -> Option<(i16, i8, i8)> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = digits(year)?;
    let (month, day) = match rest.split_at_checked(4) {
        Some((both, "")) if are_digits(both) => both.split_at(2),
        _ => {
            let separator = rest.chars().next().filter(|first| first.is_ascii_punctuation())?;
            let (month, rest) = rest[1..].split_once(separator)?;
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            (month, &rest[..length])
        }
    };
    Some((year, digits(month)?, digits(day)?))
}

fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    are_digits(text).then(|| text.parse().ok()).flatten()
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}
