//! The fields of an input line: by a path in JSON, by a column in CSV.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::csv::Row;

/// An input line, to take fields from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fields<'a> {
    /// JSON text.
    Json(&'a [u8]),
    /// Text that has no fields: the line as a whole.
    Text(&'a str),
    /// The cells of a row.
    Row(Row<'a>),
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picked<'a> {
    /// Null, or an empty cell.
    Null,
    /// JSON text that is not null.
    Json(&'a str),
    /// Plain text.
    Text(&'a str),
}

impl<'a> Fields<'a> {
    /// The field at a path with dots, or of that column; `None` if there is no such field.
    ///
    /// # Errors
    /// What the line is instead of an object.
    pub(crate) fn pick(self, path: &str) -> Result<Option<Picked<'a>>, &'static str> {
        match self {
            Fields::Json(line) => Ok(pick(line, path)?.map(Picked::of_json)),
            Fields::Text(_) => Err("text without fields"),
            Fields::Row(row) => Ok(row.cell(path).map(Picked::of_cell)),
        }
    }

    /// The line itself, as one value.
    ///
    /// # Errors
    /// What it is instead.
    pub(crate) fn whole(self) -> Result<Picked<'a>, &'static str> {
        match self {
            Fields::Json(line) => {
                let value: &RawValue = serde_json::from_slice(line).map_err(|_| "no JSON")?;
                Ok(Picked::of_json(value.get()))
            }
            Fields::Text(text) => Ok(Picked::Text(text)),
            Fields::Row(_) => Err("a row"),
        }
    }
}

impl<'a> Picked<'a> {
    fn of_json(text: &'a str) -> Picked<'a> {
        if text == "null" { Picked::Null } else { Picked::Json(text) }
    }

    fn of_cell(text: &'a str) -> Picked<'a> {
        if text.is_empty() { Picked::Null } else { Picked::Text(text) }
    }

    /// Appends the text of a string, number or boolean; a null has none.
    ///
    /// # Errors
    /// What it is instead.
    pub(crate) fn append_text(self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        match self {
            Picked::Null => {}
            Picked::Text(text) => out.extend_from_slice(text.as_bytes()),
            Picked::Json(text) => match text.as_bytes().first() {
                Some(b'"') => {
                    let text: String = serde_json::from_str(text).map_err(|_| "no JSON")?;
                    out.extend_from_slice(text.as_bytes());
                }
                Some(b'{') => return Err("an object"),
                Some(b'[') => return Err("an array"),
                _ => out.extend_from_slice(text.as_bytes()),
            },
        }
        Ok(())
    }

    /// Appends the value as JSON; plain text becomes a string.
    pub(crate) fn append_json(self, out: &mut Vec<u8>) {
        match self {
            Picked::Null => out.extend_from_slice(b"null"),
            Picked::Json(text) => out.extend_from_slice(text.as_bytes()),
            Picked::Text(text) => out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes()),
        }
    }
}

/// The text of the field at a path with dots. The line is read once, and nothing is built of the rest of it.
fn pick<'a>(line: &'a [u8], path: &str) -> Result<Option<&'a str>, &'static str> {
    let mut names = path.split('.');
    let mut found = pick_one(serde_json::Deserializer::from_slice(line), names.next().unwrap_or_default())?;
    for name in names {
        let Some(object) = found else { break };
        found = pick_one(serde_json::Deserializer::from_str(object.get()), name)?;
    }
    Ok(found.map(RawValue::get))
}

/// The value of one field of an object.
fn pick_one<'a>(
    mut object: serde_json::Deserializer<impl serde_json::de::Read<'a>>,
    name: &str,
) -> Result<Option<&'a RawValue>, &'static str> {
    let found = Pick(name).deserialize(&mut object);
    let found = found.map_err(|error| if error.is_data() { "no object" } else { "no JSON" })?;
    object.end().map_err(|_| "no JSON")?;
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

    #[test]
    fn a_field_is_found_however_deep() {
        let line =
            Fields::Json(br#"{"id":12345678901234567890,"a":{"b":"x\n\"\u00e9"},"n":null,"o":{"p":1}}"#);
        let text = |path| {
            let mut out = Vec::new();
            line.pick(path).unwrap().unwrap().append_text(&mut out).map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(text("id"), Ok("12345678901234567890".to_owned()));
        assert_eq!(text("a.b"), Ok("x\n\"\u{e9}".to_owned()));
        assert_eq!(text("o"), Err("an object"));
        assert_eq!(line.pick("n"), Ok(Some(Picked::Null)));
        assert_eq!(line.pick("o.q"), Ok(None));
        assert_eq!(line.pick("id.x"), Err("no object"));
        assert_eq!(line.pick("o.q.r"), Ok(None));
        for broken in ["{", "{\"x\":1} y", "{\"x\":1,}", "{\"x\":tru}"] {
            assert_eq!(Fields::Json(broken.as_bytes()).pick("x"), Err("no JSON"), "{broken}");
        }
        assert_eq!(Fields::Json(b"[1]").pick("x"), Err("no object"));
    }
}
