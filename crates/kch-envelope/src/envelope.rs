//! A whole record as one JSON object: `avro-produce --envelope` reads exactly this back.
//!
//! The constraint it keeps: nothing of a record is lost. Null and empty differ, bytes that are not UTF-8 are base64, and
//! a key that was decoded is told from a text by its schema id. Only the frames go, in front of the bytes or in a header: the ids say
//! what they said.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kch_kafka::{BorrowedMessage, Message as _};
use serde_json::value::RawValue;

use crate::headers::{self, KEY_SCHEMA, VALUE_SCHEMA};
use crate::{Codec, Fault, Kind, Stamp};

/// What keys are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyFormat {
    /// Avro if the registry knows the frame's schema and the key fits it; else text; else base64
    #[default]
    Auto,
    /// Text, or base64 where it is not UTF-8
    String,
    /// Avro with a registry frame
    Avro,
    /// JSON, printed as it is
    Json,
    /// {"base64":"…"}, whatever it is
    Base64,
    /// Left out: null
    None,
}

/// The schemas that a record was written with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// The key's.
    pub key: Option<u32>,
    /// The value's.
    pub value: Option<u32>,
}

/// Prints envelopes.
#[derive(Debug, Default)]
pub struct Envelope {
    key_format: KeyFormat,
    stamp: Stamp,
}

impl Envelope {
    /// A printer that takes keys for this.
    #[must_use]
    pub fn new(key_format: KeyFormat) -> Envelope {
        Envelope { key_format, stamp: Stamp::default() }
    }

    /// Appends the envelope of a record. On a fault `out` holds a part of it.
    ///
    /// # Errors
    /// As [`Codec::decode_value`], for the value and the key.
    pub fn print(
        &mut self,
        topic: &str,
        record: &BorrowedMessage<'_>,
        codec: &mut Codec,
        out: &mut Vec<u8>,
    ) -> Result<Ids, Fault> {
        self.place(topic, record, out);
        let key = self.key(record, codec, out)?;
        out.extend_from_slice(b",\"value\":");
        let value = match record.payload() {
            None => {
                out.extend_from_slice(b"null");
                None
            }
            Some(payload) => codec.decode_value(record, payload, out)?,
        };
        let ids = Ids { key, value };
        headers::print(record, &frames(ids), out)?;
        print_ids(ids, out);
        out.push(b'}');
        Ok(ids)
    }

    /// Appends the envelope of a record that could not be decoded: its value as bytes, and what is wrong with it.
    pub fn print_undecoded(
        &mut self,
        topic: &str,
        record: &BorrowedMessage<'_>,
        error: &str,
        codec: &mut Codec,
        out: &mut Vec<u8>,
    ) {
        self.place(topic, record, out);
        let key = self.key(record, codec, out).unwrap_or_else(|_| {
            text_or_base64(record.key(), out);
            None
        });
        out.extend_from_slice(b",\"value\":");
        match record.payload() {
            None => out.extend_from_slice(b"null"),
            Some(bytes) => base64(bytes, out),
        }
        if headers::print(record, &[], out).is_err() {
            out.extend_from_slice(b",\"headers\":[]");
        }
        print_ids(Ids { key, value: None }, out);
        out.extend_from_slice(b",\"error\":");
        string(error, out);
        out.push(b'}');
    }

    /// All up to the key's value.
    fn place(&mut self, topic: &str, record: &BorrowedMessage<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"topic\":");
        string(topic, out);
        out.extend_from_slice(b",\"partition\":");
        integer(record.partition(), out);
        out.extend_from_slice(b",\"offset\":");
        integer(record.offset(), out);
        out.extend_from_slice(b",\"timestamp\":");
        self.stamp.print(record.timestamp().to_millis(), out);
        out.extend_from_slice(b",\"key\":");
    }

    fn key(
        &self,
        record: &BorrowedMessage<'_>,
        codec: &mut Codec,
        out: &mut Vec<u8>,
    ) -> Result<Option<u32>, Fault> {
        let key = record.key();
        let Some(bytes) = key else {
            out.extend_from_slice(b"null");
            return Ok(None);
        };
        match self.key_format {
            KeyFormat::None => out.extend_from_slice(b"null"),
            KeyFormat::String => text_or_base64(key, out),
            KeyFormat::Json => json(bytes, out)?,
            KeyFormat::Base64 => base64(bytes, out),
            KeyFormat::Avro => {
                return codec.decode_key(record, bytes, out).map(Some).map_err(|fault| match fault {
                    Fault::Record(_, text) => Fault::Record(Kind::Key, format!("key: {text}")),
                    stop => stop,
                });
            }
            KeyFormat::Auto => {
                // Only these bytes can begin a frame: other keys do not cost a try, unless a header may say what they are.
                if matches!(bytes.first(), Some(0 | 1)) || record.headers().is_some() {
                    match codec.decode_key(record, bytes, out) {
                        Ok(id) => return Ok(Some(id)),
                        Err(Fault::Record(..)) => {}
                        Err(stop) => return Err(stop),
                    }
                }
                text_or_base64(key, out);
            }
        }
        Ok(None)
    }
}

fn print_ids(ids: Ids, out: &mut Vec<u8>) {
    for (name, id) in [(",\"key_schema_id\":", ids.key), (",\"value_schema_id\":", ids.value)] {
        out.extend_from_slice(name.as_bytes());
        match id {
            Some(id) => integer(id, out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

/// The headers that stood for a frame: what they said is in the ids, and a copy has a frame of its own.
fn frames(ids: Ids) -> [Option<&'static str>; 2] {
    [ids.key.map(|_| KEY_SCHEMA), ids.value.map(|_| VALUE_SCHEMA)]
}

fn integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

pub(crate) fn text_or_base64(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => out.extend_from_slice(b"null"),
        Some((_, Ok(text))) => string(text, out),
        Some((bytes, Err(_))) => base64(bytes, out),
    }
}

/// Appends a JSON string.
pub fn string(text: &str, out: &mut Vec<u8>) {
    // A Vec takes all that is written, and a string has no other way to fail.
    let _ = serde_json::to_writer(out, text);
}

fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"base64\":\"");
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    // The buffer is long enough, so this cannot fail.
    let len = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + len);
    out.extend_from_slice(b"\"}");
}

/// Appends JSON as it is, on one line: outside of strings, where a line may end, its end is but white space.
fn json(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let text: &RawValue = serde_json::from_slice(bytes)
        .map_err(|error| Fault::Record(Kind::Key, format!("key: not JSON: {error}")))?;
    out.extend(text.get().bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        print(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn null_empty_text_and_bytes_are_told_apart() {
        let text = |bytes: Option<&[u8]>| printed(|out| text_or_base64(bytes, out));
        assert_eq!(text(None), "null");
        assert_eq!(text(Some(b"")), "\"\"");
        assert_eq!(text(Some("é\"\n\u{0}".as_bytes())), "\"é\\\"\\n\\u0000\"");
        assert_eq!(text(Some(&[0xff])), "{\"base64\":\"/w==\"}");
        assert_eq!(text(Some(&[0xff, 0, 1])), "{\"base64\":\"/wAB\"}");
    }

    #[test]
    fn json_keys_stay_on_one_line_and_keep_their_text() {
        assert_eq!(printed(|out| json(b"{\n\"a\": 1.0\r\n}", out).unwrap()), "{ \"a\": 1.0  }");
        assert!(json(b"{", &mut Vec::new()).is_err());
        assert!(json(b"", &mut Vec::new()).is_err());
    }
}
