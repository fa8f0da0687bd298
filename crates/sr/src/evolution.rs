//! Why one Avro schema may not follow another, in words for people: which field, and what about it.
//!
//! It explains a registry's verdict and never makes one: what it does not understand it leaves out.

use std::collections::HashMap;

use kch_registry::Level;
use serde_json::Value;

/// The reasons against `new` after `old` under `level`.
pub(crate) fn reasons(old: &str, new: &str, level: &Level) -> Vec<String> {
    let (Ok(old), Ok(new)) = (serde_json::from_str(old), serde_json::from_str(new)) else {
        return Vec::new();
    };
    let (old, new) = (Names::of(&old), Names::of(&new));
    let mut found = Vec::new();
    if level.reads_old_records() {
        let mut walk = Walk { reader: &new, writer: &old, reader_is_new: true, depth: 0, found: &mut found };
        walk.schemas("", new.root, old.root);
    }
    if level.lets_old_readers_read() {
        let mut walk = Walk { reader: &old, writer: &new, reader_is_new: false, depth: 0, found: &mut found };
        walk.schemas("", old.root, new.root);
    }
    found.dedup();
    found
}

/// A schema and the named types in it, by their short names: a change of namespace is no reason by itself.
struct Names<'s> {
    root: &'s Value,
    types: HashMap<&'s str, &'s Value>,
}

impl<'s> Names<'s> {
    fn of(root: &'s Value) -> Names<'s> {
        let mut types = HashMap::new();
        let mut open = vec![root];
        while let Some(schema) = open.pop() {
            match schema {
                Value::Object(parts) => {
                    if let Some(name) = parts.get("name").and_then(Value::as_str)
                        && parts
                            .get("type")
                            .is_some_and(|kind| kind == "record" || kind == "enum" || kind == "fixed")
                    {
                        types.insert(short(name), schema);
                    }
                    open.extend(
                        ["type", "items", "values", "fields"].iter().filter_map(|&part| parts.get(part)),
                    );
                }
                Value::Array(all) => open.extend(all),
                _ => {}
            }
        }
        Names { root, types }
    }

    /// The definition behind a name, and `{"type": X}` taken as X.
    fn definition(&self, schema: &'s Value) -> &'s Value {
        match schema {
            Value::String(name) => self.types.get(short(name)).copied().unwrap_or(schema),
            Value::Object(parts) => match parts.get("type") {
                Some(inner @ (Value::Object(_) | Value::Array(_))) => self.definition(inner),
                _ => schema,
            },
            _ => schema,
        }
    }
}

struct Walk<'w, 's> {
    reader: &'w Names<'s>,
    writer: &'w Names<'s>,
    reader_is_new: bool,
    depth: usize,
    found: &'w mut Vec<String>,
}

impl<'s> Walk<'_, 's> {
    fn schemas(&mut self, path: &str, reader: &'s Value, writer: &'s Value) {
        // Types that hold themselves are compared once around.
        if self.depth == 32 {
            return;
        }
        self.depth += 1;
        self.compare(path, self.reader.definition(reader), self.writer.definition(writer));
        self.depth -= 1;
    }

    fn compare(&mut self, path: &str, reader: &'s Value, writer: &'s Value) {
        match (reader, writer) {
            (Value::Array(_), Value::Array(branches)) => {
                for branch in branches {
                    self.compare(path, reader, self.writer.definition(branch));
                }
            }
            (Value::Array(branches), _) => {
                let reads = |branch: &'s Value| reads(kind(self.reader.definition(branch)), kind(writer));
                if !branches.iter().any(reads) {
                    self.changed(path, reader, writer);
                }
            }
            (_, Value::Array(branches)) => {
                for branch in branches {
                    self.compare(path, reader, self.writer.definition(branch));
                }
            }
            _ if !reads(kind(reader), kind(writer)) => self.changed(path, reader, writer),
            _ => match kind(reader) {
                "record" => self.records(path, reader, writer),
                "enum" => self.enums(path, reader, writer),
                "array" => self.schemas(&format!("{path}[]"), &reader["items"], &writer["items"]),
                "map" => self.schemas(&format!("{path}{{}}"), &reader["values"], &writer["values"]),
                "fixed" if reader["size"] != writer["size"] => self.changed(path, reader, writer),
                _ => {}
            },
        }
    }

    fn records(&mut self, path: &str, reader: &'s Value, writer: &'s Value) {
        for field in fields(reader) {
            let Some(name) = field["name"].as_str() else { continue };
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            let aliases = field["aliases"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let names: Vec<&str> = std::iter::once(name).chain(aliases).collect();
            let written = fields(writer).find(|f| f["name"].as_str().is_some_and(|n| names.contains(&n)));
            match written {
                Some(written) => self.schemas(&path, &field["type"], &written["type"]),
                None if field.get("default").is_some() => {}
                None if self.reader_is_new => self.found.push(format!(
                    "field \"{path}\" is new and has no default, so old records cannot be read with the new schema"
                )),
                None => self.found.push(format!(
                    "field \"{path}\" is gone and had no default, so new records cannot be read with the old schema"
                )),
            }
        }
    }

    fn enums(&mut self, path: &str, reader: &'s Value, writer: &'s Value) {
        let empty = Vec::new();
        let symbols = |schema: &'s Value| schema["symbols"].as_array();
        let known = symbols(reader).unwrap_or(&empty);
        let unknown = symbols(writer).unwrap_or(&empty).iter().filter(|symbol| !known.contains(symbol));
        let unknown: Vec<_> = unknown.filter_map(Value::as_str).collect();
        if !unknown.is_empty() && reader.get("default").is_none() {
            let change = if self.reader_is_new { "lost" } else { "gained" };
            self.found.push(format!("enum {} {change} {}", at(path), unknown.join(", ")));
        }
    }

    fn changed(&mut self, path: &str, reader: &'s Value, writer: &'s Value) {
        let (old, new) = if self.reader_is_new { (writer, reader) } else { (reader, writer) };
        let reason = match (self.reader_is_new, describe(old), describe(new)) {
            (_, old, new) if old == new => format!("{} changed its size", at(path)),
            (true, old, new) => {
                format!("{} was {old} and is now {new}, which cannot read it", at(path))
            }
            (false, old, new) => {
                format!("{} was {old} and is now {new}, which old readers cannot read", at(path))
            }
        };
        self.found.push(reason);
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { "the schema".to_owned() } else { format!("field \"{path}\"") }
}

fn fields(record: &Value) -> impl Iterator<Item = &Value> {
    record["fields"].as_array().into_iter().flatten()
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// `record`, `long`, …; `union` for an array.
fn kind(schema: &Value) -> &str {
    match schema {
        Value::String(name) => name,
        Value::Array(_) => "union",
        other => other["type"].as_str().unwrap_or_default(),
    }
}

fn describe(schema: &Value) -> String {
    match schema {
        Value::Array(branches) => {
            let branches: Vec<_> = branches.iter().map(describe).collect();
            format!("a union of {}", branches.join(" and "))
        }
        other => kind(other).to_owned(),
    }
}

/// The specification's rules of schema resolution for types that are not the same.
fn reads(reader: &str, writer: &str) -> bool {
    reader == writer
        || matches!(
            (writer, reader),
            ("int", "long" | "float" | "double")
                | ("long", "float" | "double")
                | ("float", "double")
                | ("string", "bytes")
                | ("bytes", "string")
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &str) -> String {
        format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
    }

    #[track_caller]
    fn explains(old: &str, new: &str, level: &Level, expected: &[&str]) {
        assert_eq!(reasons(&record(old), &record(new), level), expected);
    }

    const ID: &str = r#"{"name":"id","type":"long"}"#;

    #[test]
    fn a_new_field_without_default_breaks_reading_old_records_only() {
        let both = format!(r#"{ID},{{"name":"s","type":"string"}}"#);
        let reason =
            "field \"s\" is new and has no default, so old records cannot be read with the new schema";
        explains(ID, &both, &Level::Backward, &[reason]);
        explains(ID, &both, &Level::Forward, &[]);
        let reason =
            "field \"s\" is gone and had no default, so new records cannot be read with the old schema";
        explains(&both, ID, &Level::Full, &[reason]);
        explains(ID, &format!(r#"{ID},{{"name":"s","type":"string","default":""}}"#), &Level::Full, &[]);
    }

    #[test]
    fn a_changed_type_is_named_with_its_path() {
        let nested = |kind: &str| {
            format!(
                r#"{{"name":"a","type":{{"type":"array","items":{{"type":"record","name":"I","fields":[{{"name":"n","type":"{kind}"}}]}}}}}}"#
            )
        };
        explains(
            &nested("long"),
            &nested("int"),
            &Level::Backward,
            &["field \"a[].n\" was long and is now int, which cannot read it"],
        );
        explains(&nested("int"), &nested("long"), &Level::Backward, &[]);
        explains(
            &nested("int"),
            &nested("long"),
            &Level::Forward,
            &["field \"a[].n\" was int and is now long, which old readers cannot read"],
        );
    }

    #[test]
    fn unions_read_each_branch_and_enums_each_symbol() {
        let field = |kind: &str| format!(r#"{{"name":"f","type":{kind}}}"#);
        explains(&field(r#""int""#), &field(r#"["null","long"]"#), &Level::Backward, &[]);
        explains(
            &field(r#"["null","int"]"#),
            &field(r#""int""#),
            &Level::Backward,
            &["field \"f\" was null and is now int, which cannot read it"],
        );
        let symbols = |all: &str| field(&format!(r#"{{"type":"enum","name":"E","symbols":[{all}]}}"#));
        explains(&symbols(r#""A","B""#), &symbols(r#""A""#), &Level::Backward, &["enum field \"f\" lost B"]);
    }

    #[test]
    fn a_type_that_holds_itself_ends() {
        let node = r#"{"name":"next","type":["null","R"]}"#;
        explains(node, node, &Level::Full, &[]);
    }
}
