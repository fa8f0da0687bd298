//! The names that an Avro schema defines, and those that it uses without defining them.

use std::collections::BTreeSet;

use kch_avro::names::{defined_name, is_primitive, namespace_of, qualified};
use kch_avro::schema_json;
use serde_json::Value;

/// The full names in one schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// That of the schema itself.
    pub(crate) own: Option<String>,
    /// All that it defines.
    pub(crate) defined: BTreeSet<String>,
    used: BTreeSet<String>,
}

impl Names {
    /// The names in a schema's text. Text that is no schema has none.
    pub(crate) fn of(text: &str) -> Names {
        let mut names = Names::default();
        if let Ok(schema) = schema_json(text) {
            names.walk(&schema, "");
            names.own = schema.as_object().and_then(|object| defined_name(object, ""));
        }
        names
    }

    /// What another schema has to define.
    pub(crate) fn wanted(&self) -> Vec<String> {
        self.used.difference(&self.defined).cloned().collect()
    }

    fn walk(&mut self, schema: &Value, namespace: &str) {
        match schema {
            Value::String(name) if !is_primitive(name) => {
                self.used.insert(qualified(name, namespace));
            }
            Value::Array(branches) => branches.iter().for_each(|branch| self.walk(branch, namespace)),
            Value::Object(parts) => match parts.get("type").and_then(Value::as_str) {
                Some("record" | "error" | "enum" | "fixed") => {
                    let Some(name) = defined_name(parts, namespace) else { return };
                    let inner = namespace_of(&name).to_owned();
                    self.defined.insert(name);
                    for field in parts.get("fields").and_then(Value::as_array).into_iter().flatten() {
                        self.walk(&field["type"], &inner);
                    }
                }
                Some("array") => self.walk(&schema["items"], namespace),
                Some("map") => self.walk(&schema["values"], namespace),
                _ => self.walk(&schema["type"], namespace),
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_and_not_defined_is_wanted() {
        let names = Names::of(
            r#"// A comment, which Java's parser takes too.
              {"type":"record","name":"Order","namespace":"ex","fields":[
                {"name":"a","type":["null","Money"]},
                {"name":"b","type":{"type":"array","items":"other.Place"}},
                {"name":"c","type":{"type":"record","name":"x.Line","fields":[{"name":"n","type":"Size"}]}},
                {"name":"d","type":{"type":"map","values":"x.Line"}},
                {"name":"e","type":{"type":"long","logicalType":"timestamp-millis"}},
                {"name":"f","type":["null","Order"]}]}"#,
        );
        assert_eq!(names.own.as_deref(), Some("ex.Order"));
        assert_eq!(names.wanted(), ["ex.Money", "other.Place", "x.Size"]);
        assert!(Names::of("\"long\"").wanted().is_empty());
    }
}
