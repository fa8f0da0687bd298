//! Which records are printed: by key, header, schema id, and by what is in them.

use std::str::FromStr;

use kch_envelope::{Codec, Fault, KeyFormat, for_each_header};
use kch_kafka::{BorrowedMessage, Message as _};
use serde_json::Value;

use crate::args::FilterArgs;
use crate::condition::Condition;

/// `--header`: a name, and perhaps a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderTest {
    name: String,
    value: Option<String>,
}

impl FromStr for HeaderTest {
    type Err = String;

    fn from_str(text: &str) -> Result<HeaderTest, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("expected NAME or NAME=VALUE".to_owned());
        }
        Ok(HeaderTest { name: name.to_owned(), value })
    }
}

/// What `--key` asks for.
#[derive(Debug)]
enum Key {
    /// These bytes.
    Bytes(Vec<u8>),
    /// This JSON, once the key is decoded.
    Json(Value),
}

/// All conditions together: a record has to meet each.
#[derive(Debug)]
pub(crate) struct Filter {
    key: Option<Key>,
    /// Whether any record had it.
    found_key: bool,
    headers: Vec<HeaderTest>,
    schema_ids: Vec<u32>,
    condition: Option<Condition>,
}

impl Filter {
    /// Fails when `--key` is no JSON and keys are.
    pub(crate) fn new(args: &FilterArgs, key_format: KeyFormat) -> Result<Filter, String> {
        let key = match (&args.key, key_format) {
            (None, _) => None,
            (Some(key), KeyFormat::Avro | KeyFormat::Json) => {
                let key =
                    serde_json::from_str(key).map_err(|error| format!("--key {key}: not JSON: {error}"))?;
                Some(Key::Json(key))
            }
            (Some(key), _) => Some(Key::Bytes(key.clone().into_bytes())),
        };
        let FilterArgs { header, schema_id, condition, .. } = args;
        Ok(Filter {
            key,
            found_key: false,
            headers: header.clone(),
            schema_ids: schema_id.clone(),
            condition: condition.clone(),
        })
    }

    /// The bytes of the key that is asked for, if they are known: such keys are in one partition.
    pub(crate) fn key_bytes(&self) -> Option<&[u8]> {
        match &self.key {
            Some(Key::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Whether a record may be meant, before it is decoded.
    pub(crate) fn takes(&mut self, record: &BorrowedMessage<'_>, codec: &mut Codec) -> Result<bool, Fault> {
        if !self.takes_key(record, codec)? {
            return Ok(false);
        }
        self.found_key = true;
        Ok(self.takes_headers(record) && self.takes_schema(record, codec)?)
    }

    /// Whether a key is asked for that no record had.
    pub(crate) fn misses_key(&self) -> bool {
        self.key.is_some() && !self.found_key
    }

    /// Whether the condition holds for what is in it.
    pub(crate) fn holds(&mut self, line: &[u8]) -> bool {
        self.condition.as_mut().is_none_or(|condition| condition.holds(line))
    }

    /// The paths of the condition that no record had.
    pub(crate) fn never_found(&self) -> Vec<String> {
        self.condition.as_ref().map(Condition::never_found).unwrap_or_default()
    }

    fn takes_key(&self, record: &BorrowedMessage<'_>, codec: &mut Codec) -> Result<bool, Fault> {
        let (Some(wanted), key) = (&self.key, record.key()) else { return Ok(true) };
        let Some(key) = key else { return Ok(false) };
        match wanted {
            Key::Bytes(bytes) => Ok(key == bytes),
            Key::Json(wanted) => {
                if let Ok(found) = serde_json::from_slice::<Value>(key) {
                    return Ok(found == *wanted);
                }
                let mut text = Vec::new();
                match codec.decode_key(record, key, &mut text) {
                    Ok(_) => Ok(serde_json::from_slice::<Value>(&text).is_ok_and(|found| found == *wanted)),
                    // A key that is something else is not the one.
                    Err(Fault::Record(..)) => Ok(false),
                    Err(stop) => Err(stop),
                }
            }
        }
    }

    fn takes_headers(&self, record: &BorrowedMessage<'_>) -> bool {
        self.headers.iter().all(|test| {
            let mut found = false;
            // A name that is no text ends the search; what came before it counts.
            let _ = for_each_header(record, |name, value| {
                found |= name == test.name
                    && test.value.as_ref().is_none_or(|wanted| value == Some(wanted.as_bytes()));
            });
            found
        })
    }

    fn takes_schema(&self, record: &BorrowedMessage<'_>, codec: &mut Codec) -> Result<bool, Fault> {
        if self.schema_ids.is_empty() {
            return Ok(true);
        }
        match codec.value_schema_id(record) {
            Ok(id) => Ok(id.is_some_and(|id| self.schema_ids.contains(&id))),
            // What has no schema id has not this one.
            Err(Fault::Record(..)) => Ok(false),
            Err(stop) => Err(stop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_and_perhaps_a_value() {
        let test = |text: &str| text.parse::<HeaderTest>();
        assert_eq!(test("a").unwrap(), HeaderTest { name: "a".into(), value: None });
        assert_eq!(test("a=").unwrap(), HeaderTest { name: "a".into(), value: Some(String::new()) });
        assert_eq!(test("a=b=c").unwrap(), HeaderTest { name: "a".into(), value: Some("b=c".into()) });
        assert!(test("=b").is_err() && test("").is_err());
    }
}
