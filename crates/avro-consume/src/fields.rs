//! `--fields`: some fields of a line instead of all.

use std::borrow::Cow;

use kch_envelope::string;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields to keep, and which of them were in any record.
#[derive(Debug)]
pub(crate) struct Fields {
    paths: Vec<Path>,
    /// Whether there was any object to look into.
    asked: bool,
}

#[derive(Debug)]
struct Path {
    /// As typed: the name in the output.
    text: String,
    steps: Vec<String>,
    found: bool,
}

/// A path is names with dots between them.
pub(crate) fn parse_path(text: &str) -> Result<String, String> {
    let good = text.split('.').all(|step| !step.is_empty());
    if good { Ok(text.to_owned()) } else { Err("expected names with dots between them, a.b".to_owned()) }
}

impl Fields {
    /// `None` when all fields are wanted.
    pub(crate) fn new(paths: &[String]) -> Option<Fields> {
        let path = |text: &String| Path {
            text: text.clone(),
            steps: text.split('.').map(str::to_owned).collect(),
            found: false,
        };
        let paths: Vec<Path> = paths.iter().map(path).collect();
        (!paths.is_empty()).then_some(Fields { paths, asked: false })
    }

    /// The object with only these fields; what is no object stays as it is.
    pub(crate) fn project(&mut self, line: &mut Vec<u8>) {
        let Ok(object) = serde_json::from_slice::<Object<'_>>(line) else { return };
        self.asked = true;
        let mut out = Vec::with_capacity(line.len());
        for (at, path) in self.paths.iter_mut().enumerate() {
            out.push(if at == 0 { b'{' } else { b',' });
            string(&path.text, &mut out);
            out.push(b':');
            let value = object.find(&path.steps);
            path.found |= value.is_some();
            out.extend_from_slice(value.map_or("null", RawValue::get).as_bytes());
        }
        out.push(b'}');
        *line = out;
    }

    /// The paths that no record had, if there were records.
    pub(crate) fn never_found(&self) -> Vec<&str> {
        self.paths.iter().filter(|path| self.asked && !path.found).map(|path| path.text.as_str()).collect()
    }
}

/// An object's fields in their order, the values unread.
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Object<'a> {
    /// The value at a path; a number leads into an array.
    pub(crate) fn find(&self, steps: &[String]) -> Option<&'a RawValue> {
        let (first, rest) = steps.split_first()?;
        let value = self.0.iter().find(|(name, _)| name == first)?.1;
        below(value, rest)
    }
}

fn below<'a>(value: &'a RawValue, steps: &[String]) -> Option<&'a RawValue> {
    let Some((first, rest)) = steps.split_first() else { return Some(value) };
    if value.get().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        return below(items.get(first.parse::<usize>().ok()?)?, rest);
    }
    serde_json::from_str::<Object<'_>>(value.get()).ok()?.find(steps)
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_objects_and_keep_the_text_of_numbers() {
        let paths = ["b.c.d", "b.c.d.1", "a", "b", "x.y", "é"].map(str::to_owned);
        let mut fields = Fields::new(&paths).unwrap();
        let mut line = br#"{"a":1.0e0,"b":{"c":{"d":[1,2]}},"x":5,"\u00e9":"\n"}"#.to_vec();
        fields.project(&mut line);
        let expected = r#"{"b.c.d":[1,2],"b.c.d.1":2,"a":1.0e0,"b":{"c":{"d":[1,2]}},"x.y":null,"é":"\n"}"#;
        assert_eq!(String::from_utf8(line).unwrap(), expected);
        assert_eq!(fields.never_found(), ["x.y"]);
        let mut tombstone = b"null".to_vec();
        fields.project(&mut tombstone);
        assert_eq!(tombstone, b"null");
    }

    #[test]
    fn a_path_has_no_empty_step() {
        assert!(parse_path("a.b").is_ok());
        for bad in ["", ".", "a.", ".a", "a..b"] {
            assert!(parse_path(bad).is_err(), "{bad}");
        }
    }
}
