//! From a shape to a schema.

use std::collections::HashSet;

use kch_avro::names;
use serde_json::{Map, Value, json};

use super::shape::{Keys, Shape};
use super::text::Form;
use super::{Drafted, Inferring};
use crate::lint::mended;

/// So many keys, each of them rare, are a map's.
const MANY_KEYS: usize = 20;

/// Whole numbers of more digits may not be the same in a `double`.
const DOUBLE_DIGITS: usize = 15;

pub(super) fn write(root: &Shape, inferring: &Inferring) -> Drafted {
    let mut writer = Writer { inferring, names: HashSet::new(), notes: Vec::new() };
    let schema = writer.schema(root, root.nulls > 0, "", &inferring.name);
    Drafted { schema, notes: writer.notes }
}

struct Writer<'i> {
    inferring: &'i Inferring,
    /// Names that are taken.
    names: HashSet<String>,
    notes: Vec<String>,
}

impl Writer<'_> {
    fn note(&mut self, path: &str, text: &str) {
        let at = if path.is_empty() { "a line".to_owned() } else { format!("field \"{path}\"") };
        self.notes.push(format!("{at} {text}"));
    }

    /// The type of a place; a record there gets this name.
    fn schema(&mut self, shape: &Shape, nullable: bool, path: &str, name: &str) -> Value {
        let mut branches = Vec::new();
        if nullable {
            branches.push(json!("null"));
        }
        if shape.booleans > 0 {
            branches.push(json!("boolean"));
        }
        let alone = shape.kinds() == 1;
        branches.extend(self.numbers(shape, path));
        if shape.texts.count > 0 {
            branches.push(self.text(shape, alone, path, name));
        }
        if shape.arrays > 0 {
            branches.push(self.array(shape, path, name));
        }
        if shape.objects > 0 {
            branches.push(self.object(shape, path, name));
        }
        if shape.kinds() == 0 {
            self.note(path, "is always null or empty: taken for a text");
            branches.push(json!("string"));
        }
        if shape.kinds() > 1 {
            self.note(path, "has values of several kinds: it is a union");
        }
        match branches.len() {
            1 => branches.remove(0),
            _ => Value::Array(branches),
        }
    }

    fn numbers(&mut self, shape: &Shape, path: &str) -> Vec<Value> {
        let integers = &shape.integers;
        let mut found = Vec::new();
        if let Some(decimal) = self.decimal(shape, path) {
            return vec![decimal];
        }
        if integers.beyond_long > 0 {
            found.push(json!({"type": "bytes", "logicalType": "decimal", "precision": integers.digits.max(38), "scale": 0}));
        } else if integers.count > 0 && (shape.floats == 0 || integers.digits > DOUBLE_DIGITS) {
            let is_int = self.inferring.ints && integers.beyond_int == 0;
            found.push(json!(if is_int { "int" } else { "long" }));
        }
        if shape.floats > 0 {
            found.insert(found.len().min(usize::from(integers.beyond_long == 0)), json!("double"));
        }
        found
    }

    /// A decimal that has all digits seen, and room for 18.
    fn decimal(&mut self, shape: &Shape, path: &str) -> Option<Value> {
        let fractions = &shape.fractions;
        if !self.inferring.decimals || shape.floats == 0 {
            return None;
        }
        if fractions.exponent {
            self.note(
                path,
                "has a number with an exponent: it is a double, which is not exact, and no decimal",
            );
            return None;
        }
        let precision = (fractions.before.max(shape.integers.digits) + fractions.behind).max(18);
        Some(
            json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": fractions.behind}),
        )
    }

    fn text(&mut self, shape: &Shape, alone: bool, path: &str, name: &str) -> Value {
        let logical = |base: &str, name: String| json!({"type": base, "logicalType": name});
        let unit = |digits| match digits {
            3 => "millis",
            6 => "micros",
            _ => "nanos",
        };
        if let Some(symbols) = shape.texts.symbols(self.inferring.enums).filter(|_| alone) {
            let text = format!("is an enum of {}: any other text is refused", symbols.join(", "));
            self.note(path, &text);
            return json!({"type": "enum", "name": self.free_name(name), "symbols": symbols});
        }
        if let Some(count) = shape.texts.seldom(self.inferring.enums).filter(|_| alone) {
            let text = format!("is no enum: its {count} different texts come less than twice on average");
            self.note(path, &text);
        }
        if !alone || self.inferring.plain_texts {
            return json!("string");
        }
        match shape.texts.form() {
            Form::Any => json!("string"),
            Form::Date => logical("int", "date".to_owned()),
            Form::Uuid => logical("string", "uuid".to_owned()),
            Form::LocalTime(digits) => logical("long", format!("local-timestamp-{}", unit(digits))),
            Form::Time(digits) => {
                if shape.texts.zoned > 0 {
                    self.note(path, "has times in zones: the instant is kept, and the zone is not");
                }
                logical("long", format!("timestamp-{}", unit(digits)))
            }
        }
    }

    fn array(&mut self, shape: &Shape, path: &str, name: &str) -> Value {
        let path = format!("{path}[]");
        let empty = Shape::default();
        let items = shape.items.as_deref().unwrap_or(&empty);
        json!({"type": "array", "items": self.schema(items, items.nulls > 0, &path, name)})
    }

    fn object(&mut self, shape: &Shape, path: &str, name: &str) -> Value {
        let keys = &shape.keys;
        if self.is_map(keys, shape.objects, path) {
            let values = keys.merged();
            let path = format!("{path}{{}}");
            return json!({"type": "map", "values": self.schema(&values, values.nulls > 0, &path, name)});
        }
        let name = self.free_name(name);
        let short = names::short(&name).to_owned();
        let mut taken = HashSet::new();
        let mut fields = Vec::with_capacity(keys.all.len());
        for (key, values) in &keys.all {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let mut field_name = mended(key);
            let is_key = |name: &str| keys.all.iter().any(|(other, _)| other == name);
            while field_name != *key && (is_key(&field_name) || taken.contains(&field_name)) {
                field_name.push('_');
            }
            taken.insert(field_name.clone());
            let nullable = values.nulls > 0 || values.count() < shape.objects;
            let inner = self.schema(values, nullable, &path, &format!("{short}{}", pascal(&field_name)));
            let mut field = Map::new();
            field.insert("name".to_owned(), json!(field_name));
            field.insert("type".to_owned(), inner);
            if nullable {
                field.insert("default".to_owned(), Value::Null);
            }
            if field_name != *key {
                self.note(
                    &path,
                    &format!(
                        "has no name that Avro takes: it is \"{field_name}\", with the other as an alias"
                    ),
                );
                field.insert("aliases".to_owned(), json!([key]));
            }
            fields.push(Value::Object(field));
        }
        json!({"type": "record", "name": name, "fields": fields})
    }

    /// Whether objects are maps: said so, or their keys are no names and their values of one kind, or they have many keys of which each
    /// object has few.
    fn is_map(&mut self, keys: &Keys, objects: u64, path: &str) -> bool {
        if self.inferring.maps.iter().any(|map| map == path) || keys.together.is_some() {
            return true;
        }
        if path.is_empty() {
            return false;
        }
        if keys.all.is_empty() {
            return true;
        }
        let values = keys.merged();
        let of_one_kind = values.kinds() <= 1 && values.objects == 0;
        let strange = keys.all.iter().any(|(key, _)| !names::is_name(key));
        let seen: u64 = keys.all.iter().map(|(_, shape)| shape.count()).sum();
        let rare = keys.all.len() > MANY_KEYS && seen < objects.saturating_mul(keys.all.len() as u64) / 2;
        if of_one_kind && (strange || rare) {
            self.note(path, "is taken for a map: its keys look like data");
            return true;
        }
        false
    }

    fn free_name(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut count = 1;
        while !self.names.insert(free.clone()) {
            count += 1;
            free = format!("{name}{count}");
        }
        free
    }
}

/// `unit_price` as `UnitPrice`.
fn pascal(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_ascii_uppercase())
        })
        .collect()
}
