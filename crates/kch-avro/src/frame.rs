//! The schema registry's frame: one zero byte, the schema id in four bytes big endian, then the Avro bytes. Newer clients may
//! write a one and a GUID of 16 bytes instead, or put either into a header, in front of no Avro bytes at all.
//!
//! Source: Confluent's wire format. The one constraint: this module never looks at the Avro bytes.

use thiserror::Error;

/// The bytes before the Avro datum: magic and schema id.
pub const LEN: usize = 5;

/// What a frame says of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchemaRef {
    /// Its number in the registry.
    Id(u32),
    /// Its GUID, the same in every registry.
    Guid([u8; 16]),
}

/// Why bytes do not start with a registry frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// There are no bytes at all.
    #[error("the message is empty")]
    Empty,
    /// The first byte is the magic, but the schema id is cut off.
    #[error("the message has {len} bytes, a registry frame alone has 5")]
    TooShort {
        /// Bytes there are.
        len: usize,
    },
    /// The first byte is not the magic.
    #[error("the first byte is 0x{first:02x}, not 0x00: no registry frame ({guess})")]
    NotFramed {
        /// The byte found.
        first: u8,
        /// What the bytes look like instead, see [`guess`].
        guess: &'static str,
    },
}

/// Appends the frame of `schema_id` (5 bytes); the Avro bytes follow it.
pub fn write(schema_id: u32, out: &mut Vec<u8>) {
    let [a, b, c, d] = schema_id.to_be_bytes();
    out.extend_from_slice(&[0, a, b, c, d]);
}

/// Splits a message into its schema id and its Avro bytes.
///
/// # Errors
/// When the bytes are empty, too short, or start with another byte than the magic.
pub fn read(bytes: &[u8]) -> Result<(u32, &[u8]), FrameError> {
    match bytes {
        [] => Err(FrameError::Empty),
        [0, a, b, c, d, rest @ ..] => Ok((u32::from_be_bytes([*a, *b, *c, *d]), rest)),
        [0, ..] => Err(FrameError::TooShort { len: bytes.len() }),
        [first, ..] => Err(FrameError::NotFramed { first: *first, guess: guess(bytes) }),
    }
}

/// Splits a message into what it says of its schema, an id or a GUID, and its Avro bytes.
///
/// # Errors
/// As [`read`].
pub fn read_any(bytes: &[u8]) -> Result<(SchemaRef, &[u8]), FrameError> {
    match bytes {
        [1, rest @ ..] if rest.len() >= 16 => {
            let (guid, avro) = rest.split_at(16);
            Ok((SchemaRef::Guid(guid.try_into().unwrap_or([0; 16])), avro))
        }
        _ => read(bytes).map(|(id, avro)| (SchemaRef::Id(id), avro)),
    }
}

/// A short guess at what unframed bytes are, for an error text or a hint.
#[must_use]
pub fn guess(bytes: &[u8]) -> &'static str {
    let Some(&first) = bytes.first() else { return "empty" };
    if bytes.starts_with(&[0xc3, 0x01]) && bytes.len() >= 10 {
        return "Avro's single-object encoding";
    }
    if bytes.starts_with(b"Obj\x01") {
        return "an Avro file";
    }
    if first == 1 && bytes.len() >= 17 {
        return "a frame with a GUID schema id (magic 1)";
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let text = text.trim();
        if serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() {
            return "plain JSON";
        }
        if !text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
            return "UTF-8 text";
        }
    }
    if looks_like_protobuf(bytes) { "maybe protobuf" } else { "binary data" }
}

/// Whether the bytes parse as a run of protobuf fields to their very end.
fn looks_like_protobuf(mut bytes: &[u8]) -> bool {
    fn varint(bytes: &mut &[u8]) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = bytes.split_first()?;
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
    while !bytes.is_empty() {
        let Some(key) = varint(&mut bytes) else { return false };
        if key >> 3 == 0 || key >> 3 > 0x1fff_ffff {
            return false;
        }
        let skip = match key & 7 {
            0 => {
                if varint(&mut bytes).is_none() {
                    return false;
                }
                0
            }
            1 => 8,
            2 => match varint(&mut bytes) {
                Some(len) => usize::try_from(len).unwrap_or(usize::MAX),
                None => return false,
            },
            5 => 4,
            _ => return false,
        };
        let Some(rest) = bytes.get(skip..) else { return false };
        bytes = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back() {
        let mut out = Vec::new();
        write(0x0102_0304, &mut out);
        out.push(42);
        assert_eq!(out, [0, 1, 2, 3, 4, 42]);
        assert_eq!(read(&out), Ok((0x0102_0304, &[42u8][..])));
        assert_eq!(out.len() - 1, LEN);
    }

    #[test]
    fn a_frame_may_hold_no_avro_bytes() {
        assert_eq!(read(&[0, 0, 0, 0, 7]), Ok((7, &[][..])));
    }

    #[test]
    fn a_guid_may_stand_for_the_id() {
        let framed: Vec<u8> = (1..=18).collect();
        let guid = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17];
        assert_eq!(read_any(&framed), Ok((SchemaRef::Guid(guid), &[18u8][..])));
        assert_eq!(read_any(&[0, 0, 0, 0, 7]), Ok((SchemaRef::Id(7), &[][..])));
        assert!(matches!(read_any(&framed[..16]), Err(FrameError::NotFramed { first: 1, .. })));
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(read(&[]), Err(FrameError::Empty));
        assert_eq!(read(&[0, 1]), Err(FrameError::TooShort { len: 2 }));
        let error = read(b"{\"a\":1}").unwrap_err();
        assert_eq!(error.to_string(), "the first byte is 0x7b, not 0x00: no registry frame (plain JSON)");
    }

    #[test]
    fn guesses() {
        assert_eq!(guess(b""), "empty");
        assert_eq!(guess(b"[1,2]\n"), "plain JSON");
        assert_eq!(guess(b"hello there"), "UTF-8 text");
        assert_eq!(guess(&[1; 20]), "a frame with a GUID schema id (magic 1)");
        assert_eq!(guess(b"\xc3\x0112345678"), "Avro's single-object encoding");
        assert_eq!(guess(b"Obj\x01\x04"), "an Avro file");
        assert_eq!(guess(&[0x08, 0x96, 0x01]), "maybe protobuf");
        assert_eq!(guess(&[0x0a, 0x02, 0xff, 0xfe]), "maybe protobuf");
        assert_eq!(guess(&[0xff, 0xfe, 0x07]), "binary data");
    }
}
