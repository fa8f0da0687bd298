//! A schema and the texts that it refers to as one text, for places that have no registry beside them, such as an Avro file.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::SchemaError;
use crate::names::{defined_name, is_primitive, namespace_of, qualified};
use crate::schema_text::{SCHEMA_DEPTH, schema_json};

/// The schema with every named type of `references` that it uses written out where it is used first. Names become full
/// names; all else, documentation and foreign attributes too, stays as it is. Without references the text stays as it is.
///
/// # Errors
/// When one of the texts is no JSON, or the one text would nest deeper than a schema may. That they are Avro is for
/// [`Plan`](crate::Plan) to say.
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
    Ok(inliner.schema(&value, "", 0)?.to_string())
}

/// Notes every definition, with the namespace that it stands in.
fn collect(value: &Value, namespace: &str, types: &mut HashMap<String, (Value, String)>) {
    match value {
        Value::Array(branches) => branches.iter().for_each(|branch| collect(branch, namespace, types)),
        Value::Object(object) => {
            let full = defined_name(object, namespace);
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
    /// The part with its names written out; `depth` levels of JSON are around it.
    fn schema(&mut self, value: &Value, namespace: &str, depth: usize) -> Result<Value, SchemaError> {
        match value {
            Value::String(name) if !is_primitive(name) => self.named(name, namespace, depth),
            Value::Array(branches) => {
                ensure_shallow(depth + 1)?;
                branches.iter().map(|branch| self.schema(branch, namespace, depth + 1)).collect()
            }
            Value::Object(object) => self.object(object, namespace, depth),
            other => Ok(other.clone()),
        }
    }

    fn named(&mut self, name: &str, namespace: &str, depth: usize) -> Result<Value, SchemaError> {
        let inside = qualified(name, namespace);
        let known = self.types.contains_key(&inside) || self.written.contains(&inside);
        // As Java resolves it, a name that is not in its namespace is in none.
        let full = if known { inside } else { qualified(name, "") };
        match self.types.get(&full) {
            Some((definition, namespace)) if !self.written.contains(&full) => {
                let (definition, namespace) = (definition.clone(), namespace.clone());
                self.schema(&definition, &namespace, depth)
            }
            _ => Ok(Value::String(full)),
        }
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<Value, SchemaError> {
        ensure_shallow(depth + 1)?;
        let full = defined_name(object, namespace);
        if let Some(full) = &full
            && !self.written.insert(full.clone())
        {
            return Ok(Value::String(full.clone()));
        }
        let namespace = full.as_deref().map_or(namespace, namespace_of).to_owned();
        let mut out = Map::new();
        for (key, value) in object {
            let value = match (key.as_str(), &full) {
                ("name", Some(full)) => Value::String(full.clone()),
                ("namespace", Some(_)) => continue,
                ("type", None) | ("items" | "values", _) => self.schema(value, &namespace, depth + 1)?,
                ("fields", _) => self.fields(value, &namespace, depth + 1)?,
                _ => value.clone(),
            };
            out.insert(key.clone(), value);
        }
        if full.is_some() && namespace.is_empty() {
            out.insert("namespace".to_owned(), Value::String(String::new()));
        }
        Ok(Value::Object(out))
    }

    /// A list of fields: a level, and another one for each field.
    fn fields(&mut self, fields: &Value, namespace: &str, depth: usize) -> Result<Value, SchemaError> {
        ensure_shallow(depth + 2)?;
        let mut fields = fields.clone();
        for field in fields.as_array_mut().into_iter().flatten() {
            if let Some(kind) = field.get_mut("type") {
                *kind = self.schema(kind, namespace, depth + 2)?;
            }
        }
        Ok(fields)
    }
}

/// No reader of the text would follow deeper.
fn ensure_shallow(depth: usize) -> Result<(), SchemaError> {
    if depth > SCHEMA_DEPTH { Err(SchemaError::TooDeep { limit: SCHEMA_DEPTH }) } else { Ok(()) }
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

    #[test]
    fn a_chain_of_references_ends_where_no_reader_of_the_text_would_follow() {
        let record = |name: &str, of: &str| {
            format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"f","type":{of}}}]}}"#)
        };
        let chain = |links: usize| {
            let link = |i: usize| record(&format!("C{i}"), &format!("\"C{}\"", i + 1));
            (0..links).map(link).chain([record(&format!("C{links}"), "\"int\"")]).collect::<Vec<_>>()
        };
        let deepest = inline("\"C0\"", &chain(41)).unwrap();
        Plan::compile(&deepest).unwrap();
        for links in [42, 20_000] {
            let refused = inline("\"C0\"", &chain(links));
            assert_eq!(refused, Err(SchemaError::TooDeep { limit: SCHEMA_DEPTH }), "{links}");
        }
    }
}
