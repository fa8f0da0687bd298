//! What `avro-consume --envelope` prints, taken apart without building a tree: place and value, as slices of the line.
//!
//! The fields up to the value are looked for in the order that they are printed in; a line with another order, such as
//! one that went through `jq -S`, takes the slower way through serde.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::scan::Rest;

/// Where a record was, and its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    pub(super) topic: Cow<'a, str>,
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// JSON; `null` is a tombstone.
    pub(super) value: &'a [u8],
}

/// Reads a line.
///
/// # Errors
/// In words, when it is no envelope.
pub(super) fn parse(line: &[u8]) -> Result<Envelope<'_>, String> {
    match fast(line) {
        Some(envelope) => Ok(envelope),
        None => slow(line),
    }
}

fn fast(line: &[u8]) -> Option<Envelope<'_>> {
    let mut rest = Rest(line);
    rest.literal(b"{\"topic\":\"")?;
    // Topics have no characters that JSON would escape.
    let end = memchr::memchr2(b'"', b'\\', rest.0)?;
    let topic = std::str::from_utf8(&rest.0[..end]).ok()?;
    rest.0 = &rest.0[end..];
    rest.literal(b"\",\"partition\":")?;
    let partition = rest.integer()?.try_into().ok()?;
    rest.literal(b",\"offset\":")?;
    let offset = rest.integer()?;
    rest.literal(b",\"timestamp\":")?;
    rest.value()?;
    rest.literal(b",\"key\":")?;
    rest.value()?;
    rest.literal(b",\"value\":")?;
    let value = rest.value()?;
    // What follows is ours as well: headers and schema ids.
    (rest.0.starts_with(b",\"headers\":") && rest.0.ends_with(b"}")).then_some(Envelope {
        topic: topic.into(),
        partition,
        offset,
        value,
    })
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
    partition: i32,
    offset: i64,
    #[serde(borrow)]
    value: &'a RawValue,
}

fn slow(line: &[u8]) -> Result<Envelope<'_>, String> {
    let fields: Fields<'_> =
        serde_json::from_slice(line).map_err(|error| format!("not an envelope of avro-consume: {error}"))?;
    let Fields { topic, partition, offset, value } = fields;
    Ok(Envelope { topic, partition, offset, value: value.get().as_bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(key: &str, value: &str) -> String {
        format!(
            "{{\"topic\":\"t\",\"partition\":3,\"offset\":7,\"timestamp\":\"2026-11-22T10:00:00.123Z\",\"key\":{key},\
             \"value\":{value},\"headers\":[],\"key_schema_id\":null,\"value_schema_id\":2}}"
        )
    }

    #[test]
    fn the_fast_and_the_slow_way_agree() {
        for (key, value) in [
            ("null", "null"),
            ("\"k\"", "{\"id\":1,\"s\":\"a\\\"},{\\\\\"}"),
            ("{\"id\":1,\"value\":2}", "{\"a\":[{\"b\":[1,\"]\"]}]}"),
            ("{\"base64\":\"/w==\"}", "17"),
            ("\",\\\"value\\\":1\"", "\"text\""),
        ] {
            let line = line(key, value);
            let quick = fast(line.as_bytes()).unwrap();
            assert_eq!(quick, slow(line.as_bytes()).unwrap(), "{line}");
            assert_eq!(String::from_utf8_lossy(quick.value), value);
            assert_eq!((quick.partition, quick.offset), (3, 7));
        }
    }

    #[test]
    fn another_order_of_fields_is_read_and_what_is_no_envelope_is_not() {
        let sorted = br#"{"key":null,"offset":7,"partition":3,"timestamp":null,"topic":"t","value":{"a":1}}"#;
        assert_eq!(parse(sorted).unwrap().value, b"{\"a\":1}");
        for broken in ["", "{}", "{\"id\":1}", "[1]", &line("null", "{\"a\":1")[..60]] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
