//! All mistakes of a text that is no schema. A parser stops at the first one; here each is noted, something that stands in for it
//! is put into its place, and what comes out, which is a schema, is looked through like any other.

use std::collections::BTreeSet;

use kch_avro::names::{PRIMITIVES, defined_name, is_primitive, namespace_of, qualified, short};
use kch_avro::{SchemaError, schema_json};
use serde_json::{Map, Value, json};

use super::{Finding, lint, nearest, order, refused, shorten};
use crate::Schema;

/// What no schema has in it: names of what stands in for mistakes.
const STAND_IN: &str = "_stands_in_for_a_mistake_";

/// The findings in a text that was refused with `error`; the texts are those that it refers to.
#[must_use]
pub fn broken(text: &str, references: &[String], error: &SchemaError) -> Vec<Finding> {
    let Ok(mut document) = schema_json(text) else { return vec![refused(error)] };
    let mut mending = Mending::default();
    for reference in references.iter().filter_map(|text| schema_json(text).ok()) {
        mending.define(&reference, "");
    }
    mending.define(&document, "");
    mending.schema(&mut document, &Spot::default());
    let Mending { mut found, mended, .. } = mending;
    if found.is_empty() {
        return vec![refused(error)];
    }
    match Schema::parse_with_references(&document.to_string(), references) {
        // A default of what is not known fits nothing.
        Ok(schema) => found.extend(lint(&schema).into_iter().filter(|finding| {
            let of_stand_in =
                [&finding.at, &finding.message, &finding.cure].iter().any(|text| text.contains(STAND_IN));
            let of_mended = finding.pointer.strip_suffix("/default").is_some_and(|owner| {
                let parts = ["type", "symbols"].map(|part| format!("{owner}/{part}"));
                mended.iter().any(|place| parts.iter().any(|part| place.starts_with(part)))
            });
            !of_stand_in && !of_mended
        })),
        Err(SchemaError::TooDeep { .. } | SchemaError::TooLarge { .. }) => found.push(refused(error)),
        Err(next) => found.push(refused(&next)),
    }
    found.sort_by_cached_key(|finding| order(&finding.pointer));
    found
}

/// Where the walk is.
#[derive(Clone, Default)]
struct Spot {
    pointer: String,
    namespace: String,
    /// Full names and field names; nothing at the top.
    at: String,
}

impl Spot {
    fn step(&self, step: &str) -> Spot {
        Spot { pointer: format!("{}/{step}", self.pointer), ..self.clone() }
    }

    fn at(&self) -> String {
        if self.at.is_empty() { "schema".to_owned() } else { self.at.clone() }
    }
}

#[derive(Default)]
struct Mending {
    found: Vec<Finding>,
    /// Places that hold a stand-in.
    mended: Vec<String>,
    /// All names that are defined somewhere.
    known: BTreeSet<String>,
    /// Those that the walk has passed.
    passed: BTreeSet<String>,
}

impl Mending {
    fn define(&mut self, value: &Value, namespace: &str) {
        match value {
            Value::Array(parts) => parts.iter().for_each(|part| self.define(part, namespace)),
            Value::Object(object) => {
                let full = defined_name(object, namespace);
                let namespace = full.as_deref().map_or(namespace, namespace_of).to_owned();
                self.known.extend(full);
                for part in ["type", "items", "values", "fields"].iter().filter_map(|key| object.get(*key)) {
                    self.define(part, &namespace);
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, error: &SchemaError, pointer: &str) {
        self.found.push(Finding { pointer: pointer.to_owned(), ..refused(error) });
    }

    fn malformed(&mut self, spot: &Spot, expected: &'static str, found: &Value) {
        let error = SchemaError::Malformed { at: spot.at(), expected, found: shorten(found) };
        self.note(&error, &spot.pointer);
    }

    fn name(&mut self) -> String {
        format!("{STAND_IN}{}", self.found.len())
    }

    /// A type that is like no other, in place of one that is none.
    fn stand_in(&mut self, value: &mut Value, spot: &Spot) {
        self.mended.push(spot.pointer.clone());
        *value = json!({"type": "fixed", "name": self.name(), "namespace": "", "size": 1});
    }

    fn schema(&mut self, value: &mut Value, spot: &Spot) {
        match value {
            Value::String(name) => {
                if let Some(error) = self.unknown(name, spot) {
                    self.note(&error, &spot.pointer);
                    self.stand_in(value, spot);
                }
            }
            Value::Array(branches) => self.union(branches, spot),
            Value::Object(object) => match object.get_mut("type") {
                Some(Value::String(_)) => self.object(object, spot),
                Some(inner) => self.schema(inner, &spot.step("type")),
                None => {
                    self.malformed(spot, "an object with a \"type\"", value);
                    self.stand_in(value, spot);
                }
            },
            _ => {
                self.malformed(spot, "a type name, an object or an array", value);
                self.stand_in(value, spot);
            }
        }
    }

    fn unknown(&self, name: &str, spot: &Spot) -> Option<SchemaError> {
        let full = qualified(name, &spot.namespace);
        if is_primitive(name) || self.known.contains(&full) || self.known.contains(name) {
            return None;
        }
        let near = |known: &&str| nearest(short(name), std::iter::once(short(known))).is_some();
        let mut known = PRIMITIVES.into_iter().chain(self.known.iter().map(String::as_str));
        let nearest = known.find(near).map(str::to_owned);
        Some(SchemaError::UnknownType { at: spot.at(), name: full, nearest })
    }

    fn union(&mut self, branches: &mut [Value], spot: &Spot) {
        let mut tags = BTreeSet::new();
        for (index, branch) in branches.iter_mut().enumerate() {
            let spot = spot.step(&index.to_string());
            let union = is_union(branch).then(|| branch.clone());
            let tag = tag(branch, &spot.namespace);
            self.schema(branch, &spot);
            if let Some(written) = union {
                self.malformed(&spot, "no union directly inside a union", &written);
                self.stand_in(branch, &spot);
            } else if let Some(name) = tag.filter(|tag| !tags.insert(tag.clone())) {
                self.note(&SchemaError::Duplicate { at: spot.at(), name }, &spot.pointer);
                self.stand_in(branch, &spot);
            }
        }
    }

    /// An object whose type is a word.
    fn object(&mut self, object: &mut Map<String, Value>, spot: &Spot) {
        let kind = object["type"].as_str().unwrap_or_default().to_owned();
        let (key, expected) = match kind.as_str() {
            "record" | "error" | "enum" | "fixed" => return self.definition(&kind, object, spot),
            "array" => ("items", "an array with \"items\""),
            "map" => ("values", "a map with \"values\""),
            _ => return self.schema(&mut object["type"], &spot.step("type")),
        };
        if !object.contains_key(key) {
            self.malformed(spot, expected, &Value::Object(object.clone()));
        }
        let is_there = object.contains_key(key);
        let inner = object.entry(key).or_insert(Value::Null);
        match is_there {
            true => self.schema(inner, &spot.step(key)),
            false => self.stand_in(inner, &spot.step(key)),
        }
    }

    fn definition(&mut self, kind: &str, object: &mut Map<String, Value>, spot: &Spot) {
        // As it is written, for what is said of it.
        let whole = Value::Object(object.clone());
        let full = defined_name(object, &spot.namespace);
        let error = match &full {
            None => Some(SchemaError::Malformed {
                at: spot.at(),
                expected: "a named type with a \"name\"",
                found: shorten(&whole),
            }),
            Some(full) if is_primitive(full) => Some(SchemaError::Malformed {
                at: spot.at(),
                expected: "a name that is no primitive type",
                found: shorten(&json!(full)),
            }),
            Some(full) if !self.passed.insert(full.clone()) => {
                Some(SchemaError::Redefined { name: full.clone() })
            }
            Some(_) => None,
        };
        if let Some(error) = error {
            let pointer = if full.is_some() { spot.step("name").pointer } else { spot.pointer.clone() };
            self.note(&error, &pointer);
            object.insert("name".to_owned(), json!(self.name()));
        }
        let inner = match full {
            Some(full) => Spot { namespace: namespace_of(&full).to_owned(), at: full, ..spot.clone() },
            None => spot.clone(),
        };
        let (key, expected) = match kind {
            "enum" => ("symbols", "an enum with \"symbols\""),
            "fixed" => ("size", "a fixed with a \"size\""),
            _ => ("fields", "a record with \"fields\""),
        };
        let fits = |part: &Value| match kind {
            "fixed" => part.as_u64().is_some_and(|size| size <= i32::MAX as u64),
            _ => part.is_array(),
        };
        if !object.get(key).is_some_and(fits) {
            self.malformed(&inner, expected, &whole);
            let stand_in = match kind {
                "enum" => json!([self.name()]),
                "fixed" => json!(1),
                _ => json!([]),
            };
            object.insert(key.to_owned(), stand_in);
            self.mended.push(inner.step(key).pointer);
        }
        match object.get_mut(key) {
            Some(Value::Array(fields)) if key == "fields" => self.fields(fields, &inner),
            Some(Value::Array(symbols)) if key == "symbols" => self.symbols(symbols, &inner),
            _ => {}
        }
    }

    fn fields(&mut self, fields: &mut [Value], spot: &Spot) {
        let mut names = BTreeSet::new();
        for (index, field) in fields.iter_mut().enumerate() {
            let place = spot.step("fields").step(&index.to_string());
            let written = field.clone();
            let name = field.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
            let Some(name) = name.map(str::to_owned) else {
                self.malformed(&place, "a field with a \"name\"", field);
                *field = json!({"name": self.name(), "type": "null"});
                continue;
            };
            if !names.insert(name.clone()) {
                let error = SchemaError::Duplicate { at: spot.at(), name: name.clone() };
                self.note(&error, &place.step("name").pointer);
                field["name"] = json!(self.name());
            }
            let place = Spot { at: format!("{}.{name}", spot.at), ..place };
            match field.get_mut("type") {
                Some(inner) => self.schema(inner, &place.step("type")),
                None => {
                    self.malformed(&place, "a field with a \"type\"", &written);
                    let mut inner = Value::Null;
                    self.stand_in(&mut inner, &place.step("type"));
                    field["type"] = inner;
                }
            }
        }
    }

    fn symbols(&mut self, symbols: &mut [Value], spot: &Spot) {
        let mut names = BTreeSet::new();
        for (index, symbol) in symbols.iter_mut().enumerate() {
            let place = spot.step("symbols").step(&index.to_string());
            let error = match symbol.as_str() {
                None => SchemaError::Malformed {
                    at: spot.at(),
                    expected: "a symbol as a string",
                    found: shorten(symbol),
                },
                Some(name) if !names.insert(name.to_owned()) => {
                    SchemaError::Duplicate { at: spot.at(), name: name.to_owned() }
                }
                Some(_) => continue,
            };
            self.note(&error, &place.pointer);
            *symbol = json!(self.name());
        }
    }
}

/// A list of branches, also as the type of an object.
fn is_union(value: &Value) -> bool {
    value.is_array() || value.as_object().and_then(|object| object.get("type")).is_some_and(is_union)
}

/// What makes a branch another one than its neighbours: the word for its kind, or its full name.
fn tag(branch: &Value, namespace: &str) -> Option<String> {
    match branch {
        Value::String(name) if is_primitive(name) => Some(name.clone()),
        Value::String(name) => Some(qualified(name, namespace)),
        Value::Object(object) => match defined_name(object, namespace) {
            Some(full) => Some(full),
            None => match object.get("type")? {
                Value::String(kind) if kind == "array" || kind == "map" => Some(kind.clone()),
                inner => tag(inner, namespace),
            },
        },
        _ => None,
    }
}
