//! A schema and the texts that it refers to as one text, for places that have no registry beside them, such as an Avro file.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::SchemaError;
use crate::compile::is_primitive;
use crate::schema_text::schema_json;

/// The schema with every named type of `references` that it uses written out where it is used first. Names become full
/// names; all else, documentation and foreign attributes too, stays as it is. Without references the text stays as it is.
///
/// # Errors
/// When one of the texts is no JSON. That they are Avro is for [`Plan`](crate::Plan) to say.
pub fn inline(schema: &str, references: &[String]) -> Result<String, SchemaError> {
    let value = schema_json(schema)?;
    if references.is_empty() {
        return Ok(value.to_string());
    }
    let mut types = HashMap::new();
    for text in references {
        collect(&schema_json(text)?, "", &mut types);
    }
    let mut inliner = Inliner { types, written: HashSet::new() };
    Ok(inliner.schema(&value, "").to_string())
}

/// The full name of a definition, and the namespace of what is inside.
fn full_name(object: &Map<String, Value>, namespace: &str) -> Option<String> {
    let named = matches!(object.get("type")?.as_str()?, "record" | "error" | "enum" | "fixed");
    let name = object.get("name")?.as_str().filter(|_| named)?;
    let namespace = object.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
    Some(if name.contains('.') || namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}.{name}")
    })
}

fn namespace_of(full: &str) -> &str {
    full.rsplit_once('.').map_or("", |(namespace, _)| namespace)
}

/// Notes every definition, with the namespace that it stands in.
fn collect(value: &Value, namespace: &str, types: &mut HashMap<String, (Value, String)>) {
    match value {
        Value::Array(branches) => branches.iter().for_each(|branch| collect(branch, namespace, types)),
        Value::Object(object) => {
            let full = full_name(object, namespace);
            let inner = full.as_deref().map_or(namespace, namespace_of);
            for part in ["type", "items", "values"] {
                object.get(part).into_iter().for_each(|value| collect(value, inner, types));
            }
            for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
                field.get("type").into_iter().for_each(|value| collect(value, inner, types));
            }
            if let Some(full) = &full {
                types.insert(full.clone(), (value.clone(), namespace.to_owned()));
            }
        }
        _ => {}
    }
}

struct Inliner {
    types: HashMap<String, (Value, String)>,
    /// Types that the text has defined by now.
    written: HashSet<String>,
}

impl Inliner {
    fn schema(&mut self, value: &Value, namespace: &str) -> Value {
        match value {
            Value::String(name) if !is_primitive(name) => self.named(name, namespace),
            Value::Array(branches) => branches.iter().map(|branch| self.schema(branch, namespace)).collect(),
            Value::Object(object) => self.object(object, namespace),
            other => other.clone(),
        }
    }

    fn named(&mut self, name: &str, namespace: &str) -> Value {
        let inside = format!("{namespace}.{name}");
        let known = |full: &str| self.types.contains_key(full) || self.written.contains(full);
        let full = if !name.contains('.') && !namespace.is_empty() && known(&inside) {
            inside
        } else {
            name.to_owned()
        };
        match self.types.get(&full) {
            Some((definition, namespace)) if !self.written.contains(&full) => {
                let (definition, namespace) = (definition.clone(), namespace.clone());
                self.schema(&definition, &namespace)
            }
            _ => Value::String(full),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str) -> Value {
        let full = full_name(object, namespace);
        if let Some(full) = &full
            && !self.written.insert(full.clone())
        {
            return Value::String(full.clone());
        }
        let namespace = full.as_deref().map_or(namespace, namespace_of).to_owned();
        let mut out = Map::new();
        for (key, value) in object {
            let value = match (key.as_str(), &full) {
                ("name", Some(full)) => Value::String(full.clone()),
                ("namespace", Some(_)) => continue,
                ("type", None) | ("items" | "values", _) => self.schema(value, &namespace),
                ("fields", _) => self.fields(value, &namespace),
                _ => value.clone(),
            };
            out.insert(key.clone(), value);
        }
        if full.is_some() && namespace.is_empty() {
            out.insert("namespace".to_owned(), Value::String(String::new()));
        }
        Value::Object(out)
    }

    fn fields(&mut self, fields: &Value, namespace: &str) -> Value {
        let mut fields = fields.clone();
        for field in fields.as_array_mut().into_iter().flatten() {
            if let Some(kind) = field.get_mut("type") {
                *kind = self.schema(kind, namespace);
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plan;

    #[test]
    fn referenced_types_are_written_out_once_and_where_they_are_used_first() {
        let money = r#"{"type":"record","name":"Money","namespace":"ex","doc":"d","fields":[{"name":"c","type":"Currency"}]}"#;
        let currency = r#"{"type":"enum","name":"Currency","namespace":"ex","symbols":["EUR"],"x":1}"#;
        let order = r#"{"type":"record","name":"Order","namespace":"ex","fields":[
            {"name":"a","type":["null","Money"],"default":null},{"name":"b","type":{"type":"array","items":"ex.Money"}}]}"#;
        let references = [currency.to_owned(), money.to_owned()];
        let whole = inline(order, &references).unwrap();
        assert_eq!(
            whole,
            r#"{"type":"record","name":"ex.Order","fields":[{"name":"a","type":["null",{"type":"record","name":"ex.Money","doc":"d","fields":[{"name":"c","type":{"type":"enum","name":"ex.Currency","symbols":["EUR"],"x":1}}]}],"default":null},{"name":"b","type":{"type":"array","items":"ex.Money"}}]}"#
        );
        Plan::compile(&whole).unwrap();
        assert_eq!(
            inline("\"ex.Currency\"", &references).unwrap(),
            r#"{"type":"enum","name":"ex.Currency","symbols":["EUR"],"x":1}"#
        );
        assert_eq!(inline(r#"{"type" : "long"}"#, &[]).unwrap(), r#"{"type":"long"}"#);
    }
}
