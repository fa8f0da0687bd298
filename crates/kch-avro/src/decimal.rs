//! The logical type `decimal`: two's complement big endian bytes and a scale (specification, "Decimal").
//!
//! The one constraint: exact both ways. A value that would need rounding, or more digits than the precision, is refused.

use num_bigint::{BigInt, Sign};

use crate::number::{Fault, Parts};

/// What the schema says of a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) precision: usize,
    pub(crate) scale: usize,
}

/// Longer decimals than this, in bytes, are not printed: the time to print one grows with the square of its length.
const LONGEST: usize = 4096;

/// A schema that asks for more digits than this is beyond us, and its logical type is ignored; they fit into [`LONGEST`].
pub(crate) const MOST_DIGITS: usize = 9_800;

impl Decimal {
    /// The unscaled value of a number's text, as the fewest two's complement bytes.
    ///
    /// `Fault::Fraction` for digits beyond the scale, `Fault::Range` for more digits than the precision.
    pub(crate) fn parse(self, text: &[u8]) -> Result<Bytes, Fault> {
        let Parts { negative, digits, exponent } = Parts::of(text);
        if digits.is_empty() {
            return Ok(Bytes::of(0));
        }
        let shift = exponent + self.scale as i64;
        if shift < 0 {
            return Err(Fault::Fraction);
        }
        if digits.len() as i64 + shift > self.precision as i64 {
            return Err(Fault::Range);
        }
        let zeros = std::iter::repeat_n(b'0', shift as usize);
        if digits.len() + shift as usize <= 38 {
            let value =
                digits.into_iter().chain(zeros).fold(0i128, |value, b| value * 10 + i128::from(b - b'0'));
            return Ok(Bytes::of(if negative { -value } else { value }));
        }
        let all: Vec<u8> = digits.into_iter().chain(zeros).collect();
        let value = BigInt::parse_bytes(&all, 10).ok_or(Fault::Range)?;
        Ok(Bytes::Big((if negative { -value } else { value }).to_signed_bytes_be()))
    }

    /// Appends the exact text of an unscaled value, such as `-0.50`; false if there are no bytes or far too many.
    pub(crate) fn print(self, unscaled: &[u8], out: &mut Vec<u8>) -> bool {
        let Some(first) = unscaled.first() else { return false };
        let negative = first & 0x80 != 0;
        if unscaled.len() <= 16 {
            let mut wide = if negative { [0xff; 16] } else { [0; 16] };
            wide[16 - unscaled.len()..].copy_from_slice(unscaled);
            let value = i128::from_be_bytes(wide);
            let mut buffer = itoa::Buffer::new();
            self.place_point(negative, buffer.format(value.unsigned_abs()).as_bytes(), out);
            return true;
        }
        if unscaled.len() > LONGEST {
            return false;
        }
        let value = BigInt::from_signed_bytes_be(unscaled);
        self.place_point(value.sign() == Sign::Minus, value.magnitude().to_string().as_bytes(), out);
        true
    }

    fn place_point(self, negative: bool, digits: &[u8], out: &mut Vec<u8>) {
        if negative {
            out.push(b'-');
        }
        let whole = digits.len().saturating_sub(self.scale);
        if whole == 0 {
            out.push(b'0');
        }
        out.extend_from_slice(&digits[..whole]);
        if self.scale > 0 {
            out.push(b'.');
            out.extend(std::iter::repeat_n(b'0', self.scale.saturating_sub(digits.len())));
            out.extend_from_slice(&digits[whole..]);
        }
    }

    /// The most decimal digits that `size` bytes hold for certain.
    pub(crate) fn digits_of_size(size: usize) -> usize {
        // floor(log10(2^(8 size - 1) - 1)); log10(2) = 0.30103, a little less so that the result is never too big.
        ((8 * size as u128).saturating_sub(1) * 301_029_995_663 / 1_000_000_000_000) as usize
    }
}

/// Two's complement bytes, big endian, as few as possible, at least one.
#[derive(Debug)]
pub(crate) enum Bytes {
    Small([u8; 16], usize),
    Big(Vec<u8>),
}

impl Bytes {
    fn of(value: i128) -> Self {
        let bytes = value.to_be_bytes();
        let fill = if value < 0 { 0xff } else { 0 };
        let mut from = bytes.iter().take_while(|b| **b == fill).count().min(15);
        if from > 0 && (bytes[from] ^ fill) & 0x80 != 0 {
            from -= 1;
        }
        Bytes::Small(bytes, from)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Small(bytes, from) => &bytes[*from..],
            Bytes::Big(bytes) => bytes,
        }
    }

    /// Appends the value sign-extended to `size` bytes; false if it has more.
    pub(crate) fn extend_to(&self, size: usize, out: &mut Vec<u8>) -> bool {
        let bytes = self.as_slice();
        let Some(missing) = size.checked_sub(bytes.len()) else { return false };
        let fill = if bytes[0] & 0x80 != 0 { 0xff } else { 0 };
        out.extend(std::iter::repeat_n(fill, missing));
        out.extend_from_slice(bytes);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(precision: usize, scale: usize, text: &str) -> Result<String, Fault> {
        let decimal = Decimal { precision, scale };
        let bytes = decimal.parse(text.as_bytes())?;
        let mut out = Vec::new();
        assert!(decimal.print(bytes.as_slice(), &mut out));
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn exact_both_ways() {
        for (text, printed) in [
            ("0", "0.00"),
            ("40.2", "40.20"),
            ("-0.5", "-0.50"),
            ("-0.01", "-0.01"),
            ("1e3", "1000.00"),
            ("1.28", "1.28"),
            ("-1.28", "-1.28"),
            ("-1.29", "-1.29"),
            ("12.340", "12.34"),
        ] {
            assert_eq!(there_and_back(10, 2, text).as_deref(), Ok(printed));
        }
        assert_eq!(there_and_back(4, 0, "-128").as_deref(), Ok("-128"));
        let long = "-1234567890123456789012345678901234567890123456789.5";
        assert_eq!(there_and_back(60, 1, long).as_deref(), Ok(long));
        let edge = "99999999999999999999999999999999999999";
        assert_eq!(there_and_back(38, 0, edge).as_deref(), Ok(edge));
    }

    #[test]
    fn refuses_rounding_and_overflow() {
        assert_eq!(there_and_back(10, 2, "0.001"), Err(Fault::Fraction));
        assert_eq!(there_and_back(4, 2, "100"), Err(Fault::Range));
        assert_eq!(there_and_back(4, 2, "1e1000000000"), Err(Fault::Range));
        assert_eq!(there_and_back(4, 2, "99.99").as_deref(), Ok("99.99"));
    }

    #[test]
    fn the_fewest_bytes() {
        let bytes = |text: &str| {
            Decimal { precision: 30, scale: 0 }.parse(text.as_bytes()).unwrap().as_slice().to_vec()
        };
        assert_eq!(bytes("0"), [0]);
        assert_eq!(bytes("-1"), [0xff]);
        assert_eq!(bytes("127"), [0x7f]);
        assert_eq!(bytes("128"), [0, 0x80]);
        assert_eq!(bytes("-128"), [0x80]);
        assert_eq!(bytes("-129"), [0xff, 0x7f]);
    }

    #[test]
    fn digits_that_fit_a_fixed() {
        for (size, digits) in [(1, 2), (2, 4), (4, 9), (8, 18), (16, 38)] {
            assert_eq!(Decimal::digits_of_size(size), digits);
        }
    }
}
