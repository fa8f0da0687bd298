//! Keys that an object of a schema has twice. A parser takes one of the two, the last as a rule, and says nothing; so this
//! looks at the text.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Finding, Severity};

/// The keys that are there twice, each with its place. Text that is no JSON has none: [`super::refused`] says what it is.
#[must_use]
pub fn twice(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Ok(text) = kch_avro::without_comments(text) {
        let mut json = serde_json::Deserializer::from_str(&text);
        let part = Part { pointer: String::new(), at: "schema".to_owned(), found: &mut found };
        // What was found before the text breaks off is true all the same.
        let _ = part.deserialize(&mut json);
    }
    found
}

/// One part of the text, on the way to which `at` is the last name that was passed.
struct Part<'f> {
    pointer: String,
    at: String,
    found: &'f mut Vec<Finding>,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Part { pointer, mut at, found } = self;
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let step = key.replace('~', "~0").replace('/', "~1");
            let inner = format!("{pointer}/{step}");
            if !seen.insert(key.clone()) {
                found.push(Finding {
                    severity: Severity::Error,
                    rule: "key-twice",
                    at: at.clone(),
                    pointer: inner.clone(),
                    message: format!("\"{key}\" is there twice, and one of the two is ignored"),
                    cure: "take one of them away".to_owned(),
                });
            }
            if key == "name" {
                let value = map.next_value::<serde_json::Value>()?;
                at = value.as_str().map_or(at, str::to_owned);
            } else if key == "default" {
                // Data, whose keys are its own.
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Part { pointer: inner, at: at.clone(), found: &mut *found })?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Part { pointer, at, found } = self;
        for index in 0.. {
            let part = Part { pointer: format!("{pointer}/{index}"), at: at.clone(), found: &mut *found };
            if seq.next_element_seed(part)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
