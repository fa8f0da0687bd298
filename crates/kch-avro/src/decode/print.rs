//! Leaf values as JSON text.
//!
//! The one constraint: what is printed here, the encoder reads back to the same value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::time::Time;

#[inline]
pub(super) fn integer(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The shortest text that reads back to the same bits; it always has a fraction or an exponent.
pub(super) fn double(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        named(value, out);
    }
}

/// As [`double`], with the digits that a `float` needs.
pub(super) fn float(value: f32, out: &mut Vec<u8>) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        named(f64::from(value), out);
    }
}

fn named(value: f64, out: &mut Vec<u8>) {
    let name = if value.is_nan() {
        "\"NaN\""
    } else if value > 0.0 {
        "\"Infinity\""
    } else {
        "\"-Infinity\""
    };
    out.extend_from_slice(name.as_bytes());
}

/// RFC 3339 text, or the integer if there is none.
pub(super) fn time(time: Time, value: i64, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'"');
    if time.print(value, out) {
        out.push(b'"');
    } else {
        out.truncate(start);
        integer(value, out);
    }
}

pub(super) fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    // The buffer is long enough, so this cannot fail.
    let len = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + len);
    out.push(b'"');
}

const HEX: &[u8; 16] = b"0123456789abcdef";

pub(super) fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend(bytes.iter().flat_map(|byte| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]));
    out.push(b'"');
}

pub(super) fn uuid(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    out.push(b'"');
}

/// Three numbers of four bytes, little endian (specification, "Duration").
pub(super) fn duration(bytes: &[u8], out: &mut Vec<u8>) {
    for (part, name) in bytes.chunks(4).zip(["{\"months\":", ",\"days\":", ",\"millis\":"]) {
        let value = part.iter().rev().fold(0, |value, byte| value << 8 | i64::from(*byte));
        out.extend_from_slice(name.as_bytes());
        integer(value, out);
    }
    out.push(b'}');
}
