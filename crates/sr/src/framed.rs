//! A record's bytes, and what names their schema: a frame in front of them, or a header beside them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kch_avro::frame::{self, SchemaRef};
use kch_cli::{Failure, Result};
use kch_registry::guid_text;
use serde_json::Value;

use crate::verbs::Half;

/// What names a record's schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// An id or a GUID of a registry.
    Registered(SchemaRef),
    /// The schema's Rabin fingerprint, in Avro's single-object encoding.
    Fingerprint([u8; 8]),
}

impl Named {
    pub(crate) fn text(self) -> String {
        match self {
            Named::Registered(SchemaRef::Id(id)) => id.to_string(),
            Named::Registered(SchemaRef::Guid(guid)) => guid_text(&guid),
            Named::Fingerprint(fingerprint) => to_hex(&fingerprint),
        }
    }
}

/// Bytes, and the header that names their schema, if one does.
pub(crate) struct Framed {
    bytes: Vec<u8>,
    header: Option<(&'static str, Vec<u8>)>,
}

impl Framed {
    /// Bytes with a frame in front.
    pub(crate) fn alone(bytes: Vec<u8>) -> Framed {
        Framed { bytes, header: None }
    }

    /// The value, or the key, of a line of `avro-consume --envelope`.
    pub(crate) fn of_envelope(line: &str, half: Half) -> Result<Framed> {
        let (part, header) = match half {
            Half::Key => ("key", "__key_schema_id"),
            Half::Value => ("value", "__value_schema_id"),
        };
        let record: Value =
            serde_json::from_str(line).map_err(|error| Failure::refused(format!("not JSON: {error}")))?;
        let bytes = match record.get(part) {
            None => return Err(Failure::refused(format!("no envelope: it has no {part}"))),
            Some(Value::Null) => return Err(Failure::refused(format!("its {part} is null: nothing to decode"))),
            Some(found) => bytes(found).ok_or_else(|| {
                Failure::refused(format!("its {part} is decoded already"))
                    .hint("avro-consume --on-error emit prints the bytes of what it cannot decode, as {\"base64\": …}")
            })?,
        };
        let named = |one: &&Value| one.get("key").and_then(Value::as_str) == Some(header);
        // The last one, as the record's consumers take it.
        let header_of = record.get("headers").and_then(Value::as_array).into_iter().flatten().rfind(named);
        let value = header_of.and_then(bytes_of_header);
        Ok(Framed { bytes, header: value.map(|value| (header, value)) })
    }

    /// What the schema is, and the Avro bytes.
    pub(crate) fn split(&self) -> Result<(Named, &[u8])> {
        if let (None, [0xc3, 0x01, rest @ ..]) = (&self.header, self.bytes.as_slice())
            && let Some((fingerprint, datum)) = rest.split_first_chunk()
        {
            return Ok((Named::Fingerprint(*fingerprint), datum));
        }
        self.split_framed().map(|(schema, datum)| (Named::Registered(schema), datum))
    }

    fn split_framed(&self) -> Result<(SchemaRef, &[u8])> {
        let refused = |error: frame::FrameError| Failure::refused(error.to_string());
        let Some((name, header)) = &self.header else { return frame::read_any(&self.bytes).map_err(refused) };
        match frame::read_any(header) {
            Ok((schema, [])) => Ok((schema, &self.bytes)),
            Ok(_) => Err(Failure::refused(format!("header {name}: more than a schema's id is in it"))),
            Err(error) => Err(refused(error).context(format!("header {name}"))),
        }
    }
}

fn bytes_of_header(header: &Value) -> Option<Vec<u8>> {
    bytes(header.get("value")?)
}

/// Bytes as an envelope has them: text, or base64 where they are none.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(parts) if parts.len() == 1 => STANDARD.decode(parts.get("base64")?.as_str()?).ok(),
        _ => None,
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hexadecimal digits; `0x` in front, and spaces, colons and `\x` between them are passed over.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").unwrap_or(text).replace("\\x", "");
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b':')).collect();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}
