//! What has been seen at one place of the lines.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::BadLine;
use super::text::Texts;

/// Deeper than this the codec does not go.
const DEEPEST: usize = 120;

/// Keys that one place may have before they are taken for a map's, so that memory has a bound.
const MOST_KEYS: usize = 2_000;

/// What has been seen at one place.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) nulls: u64,
    pub(super) booleans: u64,
    pub(super) integers: Integers,
    /// Numbers with a fraction or an exponent.
    pub(super) floats: u64,
    pub(super) fractions: Fractions,
    pub(super) texts: Texts,
    pub(super) arrays: u64,
    pub(super) items: Option<Box<Shape>>,
    pub(super) objects: u64,
    pub(super) keys: Keys,
}

/// Whole numbers.
#[derive(Debug, Default)]
pub(super) struct Integers {
    pub(super) count: u64,
    /// Those that are no `int`.
    pub(super) beyond_int: u64,
    /// Those that are no `long`.
    pub(super) beyond_long: u64,
    /// Digits of the longest.
    pub(super) digits: usize,
}

/// Numbers with a fraction, as they are written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fractions {
    /// Digits before the point, at most.
    pub(super) before: usize,
    /// Digits behind it, at most.
    pub(super) behind: usize,
    /// One was written with an exponent.
    pub(super) exponent: bool,
}

/// The keys of objects, in the order in which they came up.
#[derive(Debug, Default)]
pub(super) struct Keys {
    index: HashMap<String, usize>,
    pub(super) all: Vec<(String, Shape)>,
    /// All values together, once there were too many keys.
    pub(super) together: Option<Box<Shape>>,
}

impl Shape {
    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many values have been seen here.
    pub(super) fn count(&self) -> u64 {
        self.nulls
            + self.booleans
            + self.integers.count
            + self.floats
            + self.texts.count
            + self.arrays
            + self.objects
    }

    /// Kinds of values that are not null, whole numbers and others being one kind.
    pub(super) fn kinds(&self) -> usize {
        let numbers = self.integers.count + self.floats;
        [self.booleans, numbers, self.texts.count, self.arrays, self.objects]
            .iter()
            .filter(|n| **n > 0)
            .count()
    }

    pub(super) fn see(&mut self, json: &str, depth: usize) -> Result<(), BadLine> {
        let json = json.trim_ascii();
        if depth > DEEPEST {
            return Err(BadLine { reason: format!("nests deeper than {DEEPEST} levels") });
        }
        match json.bytes().next() {
            Some(b'{') => self.see_object(json, depth)?,
            Some(b'[') => {
                let items: Vec<&RawValue> = parse(json)?;
                self.arrays += 1;
                let shape = self.items.get_or_insert_default();
                for item in items {
                    shape.see(item.get(), depth + 1)?;
                }
            }
            Some(b'"') => self.texts.see(&parse::<String>(json)?),
            Some(b't' | b'f') => {
                parse::<bool>(json)?;
                self.booleans += 1;
            }
            Some(b'n') => {
                parse::<()>(json)?;
                self.nulls += 1;
            }
            _ => {
                parse::<&RawValue>(json)?;
                self.see_number(json)?;
            }
        }
        Ok(())
    }

    fn see_object(&mut self, json: &str, depth: usize) -> Result<(), BadLine> {
        let Entries(entries) = parse(json)?;
        self.objects += 1;
        let mut seen = std::collections::HashSet::with_capacity(entries.len());
        for (key, value) in &entries {
            if !seen.insert(key) {
                return Err(BadLine { reason: format!("key \"{key}\" is there twice") });
            }
            self.keys.shape(key).see(value.get(), depth + 1)?;
        }
        Ok(())
    }

    fn see_number(&mut self, json: &str) -> Result<(), BadLine> {
        if json.contains(['.', 'e', 'E']) {
            if !json.parse::<f64>().is_ok_and(f64::is_finite) {
                return Err(BadLine { reason: format!("{json} is more than a double holds") });
            }
            self.floats += 1;
            let (before, behind) = json.split_once('.').unwrap_or((json, ""));
            let fractions = &mut self.fractions;
            fractions.before = fractions.before.max(before.trim_start_matches('-').len());
            fractions.behind = fractions.behind.max(behind.len());
            fractions.exponent |= json.contains(['e', 'E']);
            return Ok(());
        }
        let integers = &mut self.integers;
        integers.count += 1;
        integers.digits = integers.digits.max(json.trim_start_matches('-').len());
        match json.parse::<i64>() {
            Ok(number) => integers.beyond_int += u64::from(i32::try_from(number).is_err()),
            Err(_) => {
                integers.beyond_int += 1;
                integers.beyond_long += 1;
            }
        }
        Ok(())
    }

    /// Adds what another place has seen.
    pub(super) fn merge(&mut self, other: Shape) {
        self.nulls += other.nulls;
        self.booleans += other.booleans;
        self.integers.count += other.integers.count;
        self.integers.beyond_int += other.integers.beyond_int;
        self.integers.beyond_long += other.integers.beyond_long;
        self.integers.digits = self.integers.digits.max(other.integers.digits);
        self.floats += other.floats;
        self.fractions.before = self.fractions.before.max(other.fractions.before);
        self.fractions.behind = self.fractions.behind.max(other.fractions.behind);
        self.fractions.exponent |= other.fractions.exponent;
        self.texts.merge(&other.texts);
        self.arrays += other.arrays;
        if let Some(items) = other.items {
            self.items.get_or_insert_default().merge(*items);
        }
        self.objects += other.objects;
        if let Some(together) = other.keys.together {
            self.keys.put_together().merge(*together);
        }
        for (key, shape) in other.keys.all {
            self.keys.shape(&key).merge(shape);
        }
    }
}

impl Clone for Shape {
    fn clone(&self) -> Shape {
        let mut copy = Shape {
            nulls: self.nulls,
            booleans: self.booleans,
            integers: Integers { ..self.integers },
            floats: self.floats,
            fractions: self.fractions,
            texts: self.texts.clone(),
            arrays: self.arrays,
            items: self.items.clone(),
            objects: self.objects,
            keys: Keys { together: self.keys.together.clone(), ..Keys::default() },
        };
        for (key, shape) in &self.keys.all {
            copy.keys.index.insert(key.clone(), copy.keys.all.len());
            copy.keys.all.push((key.clone(), shape.clone()));
        }
        copy
    }
}

impl Keys {
    /// The shape of a key's values.
    fn shape(&mut self, key: &str) -> &mut Shape {
        if self.all.len() >= MOST_KEYS && !self.index.contains_key(key) {
            self.put_together();
        }
        if self.together.is_some() {
            return self.together.get_or_insert_default();
        }
        let index = *self.index.entry(key.to_owned()).or_insert_with(|| {
            self.all.push((key.to_owned(), Shape::default()));
            self.all.len() - 1
        });
        &mut self.all[index].1
    }

    /// Makes all values one shape.
    fn put_together(&mut self) -> &mut Shape {
        let together = self.together.get_or_insert_default();
        for (_, shape) in self.all.drain(..) {
            together.merge(shape);
        }
        self.index.clear();
        together
    }

    /// All values as one shape.
    pub(super) fn merged(&self) -> Shape {
        let mut all = self.together.as_deref().cloned().unwrap_or_default();
        for (_, shape) in &self.all {
            all.merge(shape.clone());
        }
        all
    }
}

fn parse<'j, T: Deserialize<'j>>(json: &'j str) -> Result<T, BadLine> {
    serde_json::from_str(json).map_err(|error| {
        let text = error.to_string();
        let why = text.split(" at line ").next().unwrap_or_default();
        BadLine { reason: format!("not JSON: {why}") }
    })
}

/// An object's entries in their order, its values as text.
struct Entries<'j>(Vec<(String, &'j RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}
