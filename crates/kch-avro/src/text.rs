//! JSON strings on their way out, and the nearest name.
//!
//! The one constraint: what is written is valid JSON on one line; control characters are always escaped.

use std::str::Utf8Error;

use crate::scan::{is_plain_ascii, plain_run};

/// Appends a quoted JSON string.
#[inline]
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let run = plain_run(bytes);
    out.extend_from_slice(&bytes[..run]);
    if run < bytes.len() {
        write_escaped(&bytes[run..], out);
    }
    out.push(b'"');
}

/// Appends bytes that should be UTF-8 as a quoted JSON string.
///
/// Most are plain ASCII: then one look tells that they are UTF-8 and need no escape.
#[inline]
pub(crate) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Utf8Error> {
    if is_plain_ascii(bytes) {
        out.reserve(bytes.len() + 2);
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
    } else {
        write_string(std::str::from_utf8(bytes)?, out);
    }
    Ok(())
}

#[cold]
fn write_escaped(mut bytes: &[u8], out: &mut Vec<u8>) {
    while let Some((&byte, rest)) = bytes.split_first() {
        write_escape(byte, out);
        let run = plain_run(rest);
        out.extend_from_slice(&rest[..run]);
        bytes = &rest[run..];
    }
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\t' => b't',
        b'\r' => b'r',
        8 => b'b',
        12 => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends bytes as a quoted JSON string of one character per byte (the Avro JSON encoding of bytes).
pub(crate) fn write_latin1(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' | 0..0x20 => write_escape(byte, out),
            0x80.. => out.extend_from_slice(char::from(byte).encode_utf8(&mut [0; 2]).as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// The name most like `name`, if any is alike enough to be meant.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let short: String = name.chars().take(200).collect();
    let likeness = |other: &str| {
        let case = other.eq_ignore_ascii_case(&short);
        if case { 1.0 } else { strsim::jaro_winkler(other, &short) }
    };
    names
        .map(|other| (likeness(other), other))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_json_asks_for_and_nothing_else() {
        let mut out = Vec::new();
        write_string("plain é \u{1F600} \u{7f} and a longer run, then \"\\\n\u{1}\u{1f}/ end", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "\"plain é \u{1F600} \u{7f} and a longer run, then \\\"\\\\\\n\\u0001\\u001f/ end\""
        );
    }

    #[test]
    fn latin1_has_one_character_a_byte() {
        let mut out = Vec::new();
        write_latin1(&[0, b'a', b'"', 0xe9, 0xff], &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\"\\u0000a\\\"éÿ\"");
    }

    #[test]
    fn nearest_needs_some_likeness() {
        let names = ["ts", "source", "payload"];
        assert_eq!(nearest("sorce", names.into_iter()), Some("source"));
        assert_eq!(nearest("TS", names.into_iter()), Some("ts"));
        assert_eq!(nearest("zzz", names.into_iter()), None);
    }
}
