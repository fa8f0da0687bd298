//! Which numbers a type keeps. A value is JSON: numbers come bare or in quotes.

use std::cmp::Ordering;
use std::fmt;

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

/// Whether a number is finite in a type of 32 or 64 bits. Names of infinity are what they are.
pub(super) fn finite(value: &str, bits: u32) -> bool {
    let text = unquoted(value);
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return true;
    }
    match bits {
        32 => text.parse::<f32>().map_or(true, f32::is_finite),
        _ => text.parse::<f64>().map_or(true, f64::is_finite),
    }
}

/// Whether no digit but 0 stands behind the last place of a decimal.
pub(super) fn decimal(value: &str, scale: usize) -> bool {
    let text = unquoted(value);
    let (digits, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()),
        None => (text, Some(0)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches(['-', '+']);
    // What has no digits at all, an empty text, a dash, is read as 0.
    if whole.is_empty() && fraction.is_empty() {
        return false;
    }
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

pub(super) fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}
