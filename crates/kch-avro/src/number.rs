//! From a number's text to a number, exactly.
//!
//! The one constraint: no float on the way to an integer. `1.0` and `1e3` are integers (JavaScript and pandas write them so);
//! `1.5` is not, and is never rounded.

/// Why a number's text does not become the number that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Fraction,
    Range,
    /// An integer that the float type cannot hold and that no float was printed as.
    Precision,
}

/// A number's text taken apart: digits without leading or trailing zeros, times ten to the `exponent`.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) negative: bool,
    /// ASCII digits; empty for zero.
    pub(crate) digits: Vec<u8>,
    pub(crate) exponent: i64,
}

impl Parts {
    /// Takes a text apart that the JSON grammar allows. Exponents too big to mean anything are cut at ±10^12.
    pub(crate) fn of(text: &[u8]) -> Self {
        let (negative, text) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, power) = match text.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(at) => (&text[..at], power(&text[at + 1..])),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.iter().position(|b| *b == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &[][..]),
        };
        let mut exponent = power - fraction.len() as i64;
        let mut digits: Vec<u8> = whole.iter().chain(fraction).copied().skip_while(|b| *b == b'0').collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
            exponent += 1;
        }
        Parts { negative, digits, exponent }
    }
}

fn power(text: &[u8]) -> i64 {
    let (negative, text) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let value = text.iter().fold(0i64, |value, b| (value * 10 + i64::from(b - b'0')).min(1_000_000_000_000));
    if negative { -value } else { value }
}

/// An exact 64 bit integer.
pub(crate) fn long(text: &[u8]) -> Result<i64, Fault> {
    let Parts { negative, digits, exponent } = Parts::of(text);
    if digits.is_empty() {
        return Ok(0);
    }
    if exponent < 0 {
        return Err(Fault::Fraction);
    }
    if digits.len() as i64 + exponent > 19 {
        return Err(Fault::Range);
    }
    let zeros = std::iter::repeat_n(&b'0', exponent as usize);
    let value = digits.iter().chain(zeros).fold(0i128, |value, b| value * 10 + i128::from(b - b'0'));
    i64::try_from(if negative { -value } else { value }).map_err(|_| Fault::Range)
}

/// The nearest `double`. An integer must be exact, or short enough (17 digits) to be what some double prints as.
pub(crate) fn double(text: &[u8], integral: bool) -> Result<f64, Fault> {
    let value: f64 = as_str(text).parse().map_err(|_| Fault::Range)?;
    if !value.is_finite() {
        return Err(Fault::Range);
    }
    if integral && text.len() > 15 && Parts::of(text).digits.len() > 17 && !is_exactly(value, text) {
        return Err(Fault::Precision);
    }
    Ok(value)
}

/// The nearest `float`, in one step (not by way of a double). An integer must be exact.
pub(crate) fn float(text: &[u8], integral: bool) -> Result<f32, Fault> {
    let value: f32 = as_str(text).parse().map_err(|_| Fault::Range)?;
    if !value.is_finite() {
        return Err(Fault::Range);
    }
    if integral && text.len() > 7 && !is_exactly(f64::from(value), text) {
        return Err(Fault::Precision);
    }
    Ok(value)
}

/// Whether an integer's text is exactly this value. Printing a float without a fraction prints all its digits.
fn is_exactly(value: f64, text: &[u8]) -> bool {
    format!("{value:.0}").as_bytes() == text
}

/// The float values that JSON numbers cannot say, as the strings that stand for them, and as ClickHouse prints them.
pub(crate) fn named_float(text: &[u8]) -> Option<f64> {
    match text {
        b"NaN" | b"nan" => Some(f64::NAN),
        b"Infinity" | b"inf" => Some(f64::INFINITY),
        b"-Infinity" | b"-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn as_str(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact() {
        assert_eq!(long(b"9223372036854775807"), Ok(i64::MAX));
        assert_eq!(long(b"-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(long(b"9223372036854775808"), Err(Fault::Range));
        assert_eq!(long(b"9007199254740993"), Ok(9_007_199_254_740_993));
        assert_eq!(long(b"1.0"), Ok(1));
        assert_eq!(long(b"-1.50e1"), Ok(-15));
        assert_eq!(long(b"1e3"), Ok(1000));
        assert_eq!(long(b"1.5"), Err(Fault::Fraction));
        assert_eq!(long(b"1e-1"), Err(Fault::Fraction));
        assert_eq!(long(b"0e99999999999999999999"), Ok(0));
        assert_eq!(long(b"1e99999999999999999999"), Err(Fault::Range));
        assert_eq!(long(b"1e-99999999999999999999"), Err(Fault::Fraction));
    }

    #[test]
    fn floats_refuse_integers_they_would_change() {
        assert_eq!(float(b"16777216", true), Ok(16_777_216.0));
        assert_eq!(float(b"16777217", true), Err(Fault::Precision));
        assert_eq!(float(b"0.1", false), Ok(0.1));
        assert_eq!(float(b"1e39", false), Err(Fault::Range));
        assert_eq!(double(b"1e400", false), Err(Fault::Range));
        assert_eq!(double(b"9007199254740993", true), Ok(9_007_199_254_740_992.0));
        assert_eq!(double(b"12345678901234567891", true), Err(Fault::Precision));
        assert_eq!(double(b"12345678901234567000", true), Ok(12_345_678_901_234_567_000.0));
        assert_eq!(double(b"9223372036854775808", true), Ok(9_223_372_036_854_775_808.0));
        assert_eq!(double(b"-0", true).map(f64::to_bits), Ok((-0.0f64).to_bits()));
    }
}
