//! A record's key, out of a field of its line.

use std::fmt;

use kch_avro::{Encoder, JsonMode, Plan, frame};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::args::KeyFormat;
use crate::fault::Fault;

/// Makes keys. One buffer is reused for all of them.
#[derive(Debug)]
pub(crate) struct KeyMaker<'p> {
    field: String,
    format: KeyFormat,
    /// Plan and id of the key's schema, for Avro keys.
    schema: Option<(&'p Plan, u32)>,
    json: JsonMode,
    bytes: Vec<u8>,
}

impl<'p> KeyMaker<'p> {
    pub(crate) fn new(
        field: String,
        format: KeyFormat,
        schema: Option<(&'p Plan, u32)>,
        json: JsonMode,
    ) -> Self {
        KeyMaker { field, format, schema, json, bytes: Vec::new() }
    }

    /// The key of a line; `None` when the field is null.
    ///
    /// # Errors
    /// A line that is no JSON object, a field that is missing or does not fit the format.
    pub(crate) fn make(&mut self, line: &[u8]) -> Result<Option<&[u8]>, Fault> {
        self.bytes.clear();
        let field = pick(line, &self.field).map_err(|got| Fault::Key { field: self.field.clone(), got })?;
        let text = field.get();
        if text == "null" {
            return Ok(None);
        }
        match (self.format, self.schema) {
            (KeyFormat::Avro, Some((plan, id))) => {
                frame::write(id, &mut self.bytes);
                Encoder::new(plan, self.json)
                    .encode(text.as_bytes(), &mut self.bytes)
                    .map_err(|error| Fault::Encode { key: true, error: Box::new(error) })?;
            }
            (KeyFormat::Json | KeyFormat::Avro, _) => self.bytes.extend_from_slice(text.as_bytes()),
            (KeyFormat::String, _) => match text.as_bytes().first() {
                Some(b'"') => {
                    let text: String = serde_json::from_str(text).map_err(|_| Fault::NotJson)?;
                    self.bytes.extend_from_slice(text.as_bytes());
                }
                Some(b'{') => return Err(Fault::Key { field: self.field.clone(), got: "an object" }),
                Some(b'[') => return Err(Fault::Key { field: self.field.clone(), got: "an array" }),
                _ => self.bytes.extend_from_slice(text.as_bytes()),
            },
        }
        Ok(Some(&self.bytes))
    }
}

/// The text of the field at a path with dots, without building the rest of the line.
fn pick<'a>(line: &'a [u8], path: &str) -> Result<&'a RawValue, &'static str> {
    let mut found: &RawValue = serde_json::from_slice(line).map_err(|_| "no JSON")?;
    for name in path.split('.') {
        let mut deserializer = serde_json::Deserializer::from_str(found.get());
        found = Pick(name).deserialize(&mut deserializer).map_err(|_| "no object")?.ok_or("no value")?;
    }
    Ok(found)
}

/// Reads an object and keeps the text of one field.
struct Pick<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_it) = map.next_key_seed(Is(self.0))? {
            if is_it {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Compares a key with a name, without a copy.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(line: &str, field: &str, format: KeyFormat) -> Result<Option<Vec<u8>>, String> {
        let mut maker = KeyMaker::new(field.to_owned(), format, None, JsonMode::Plain);
        let made = maker.make(line.as_bytes()).map(|key| key.map(<[u8]>::to_vec));
        made.map_err(|fault| fault.failure().text().to_owned())
    }

    #[test]
    fn a_key_is_the_text_of_a_field_however_deep() {
        let line = r#"{"id":12345678901234567890,"a":{"b":"x\n\"é"},"n":null,"o":{"p":1}}"#;
        assert_eq!(key(line, "id", KeyFormat::String), Ok(Some(b"12345678901234567890".to_vec())));
        assert_eq!(key(line, "a.b", KeyFormat::String), Ok(Some("x\n\"é".as_bytes().to_vec())));
        assert_eq!(key(line, "a.b", KeyFormat::Json), Ok(Some(r#""x\n\"é""#.as_bytes().to_vec())));
        assert_eq!(key(line, "o", KeyFormat::Json), Ok(Some(br#"{"p":1}"#.to_vec())));
        assert_eq!(key(line, "n", KeyFormat::String), Ok(None));
    }

    #[test]
    fn a_missing_or_unfit_field_is_named() {
        let said = |line, field| key(line, field, KeyFormat::String).unwrap_err();
        assert_eq!(
            said("{}", "a.b"),
            r#"key field "a.b": expected a string, number or boolean, found no value"#
        );
        assert!(said(r#"{"a":1}"#, "a.b").ends_with("found no object"));
        assert!(said(r#"{"a":{}}"#, "a").ends_with("found an object"));
        assert!(said("5", "a").ends_with("found no object"));
    }
}
