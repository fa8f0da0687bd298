//! JSON Schema (draft 2020-12) of the lines that `avro-produce` takes for a schema, in its plain mode.
//!
//! It says no to nothing that the codec takes. The reverse does not hold: JSON Schema cannot count a decimal's digits.

use serde_json::{Map, Value, json};

use crate::{Field, Kind, Logical, NodeId, Schema};

/// The JSON Schema of a schema's lines. Named types are under `$defs`, by their full names.
#[must_use]
pub fn json_schema(schema: &Schema) -> Value {
    let mut defs = Map::new();
    let root = describe(schema, schema.root(), &mut defs);
    let mut out = Map::new();
    out.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    if let Some(name) = schema.name() {
        out.insert("title".to_owned(), json!(name));
    }
    if let Value::Object(root) = root {
        out.extend(root);
    }
    if !defs.is_empty() {
        out.insert("$defs".to_owned(), Value::Object(defs));
    }
    Value::Object(out)
}

fn describe(schema: &Schema, id: NodeId, defs: &mut Map<String, Value>) -> Value {
    let node = schema.node(id);
    let Some(name) = node.kind.name() else { return anonymous(schema, id, defs) };
    if !defs.contains_key(&name.full) {
        // There before its parts are, for types that hold themselves.
        defs.insert(name.full.clone(), Value::Null);
        let mut described = named(schema, id, defs);
        if let Some(doc) =
            schema.fragment(&node.place).and_then(|part| part.get("doc")).filter(|doc| doc.is_string())
        {
            described["description"] = doc.clone();
        }
        defs.insert(name.full.clone(), described);
    }
    json!({"$ref": format!("#/$defs/{}", name.full.replace('~', "~0").replace('/', "~1"))})
}

fn named(schema: &Schema, id: NodeId, defs: &mut Map<String, Value>) -> Value {
    let node = schema.node(id);
    if let Some(logical) = node.logical {
        return of_logical(logical);
    }
    match &node.kind {
        Kind::Record { fields, .. } => record(schema, fields, defs),
        Kind::Enum { symbols, .. } => json!({"enum": symbols}),
        Kind::Fixed { size, .. } => {
            let length = size.div_ceil(3) * 4;
            json!({"type": "string", "contentEncoding": "base64", "minLength": length, "maxLength": length})
        }
        _ => json!({}),
    }
}

fn record(schema: &Schema, fields: &[Field], defs: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let mut property = describe(schema, field.node, defs);
        if let Some(doc) = &field.doc {
            property["description"] = json!(doc);
        }
        if let Some(default) = field.default.as_ref().filter(|_| has_plain_default(schema, field)) {
            property["default"] = default.clone();
        }
        for alias in &field.aliases {
            properties
                .entry(alias.clone())
                .or_insert_with(|| json!({"description": format!("alias of {}", field.name)}));
        }
        properties.insert(field.name.clone(), property);
        let nullable = schema.branches(field.node).1 || matches!(schema.kind(field.node), Kind::Null);
        if field.default.is_none() && !nullable && field.aliases.is_empty() {
            required.push(&field.name);
        }
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// Whether a default looks the same in Avro's JSON and in ours.
fn has_plain_default(schema: &Schema, field: &Field) -> bool {
    let (branches, _) = schema.branches(field.node);
    field.default == Some(Value::Null)
        || branches.first().is_some_and(|&first| {
            let node = schema.node(first);
            node.logical.is_none()
                && !matches!(node.kind, Kind::Bytes | Kind::Fixed { .. } | Kind::Record { .. })
        })
}

fn anonymous(schema: &Schema, id: NodeId, defs: &mut Map<String, Value>) -> Value {
    let node = schema.node(id);
    if let Some(logical) = node.logical {
        return of_logical(logical);
    }
    match &node.kind {
        Kind::Null => json!({"type": "null"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Int => json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX}),
        Kind::Long => json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX}),
        Kind::Float | Kind::Double => {
            json!({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]})
        }
        Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        Kind::String => json!({"type": "string"}),
        Kind::Array(items) => json!({"type": "array", "items": describe(schema, *items, defs)}),
        Kind::Map(values) => {
            json!({"type": "object", "additionalProperties": describe(schema, *values, defs)})
        }
        Kind::Union(branches) => union(schema, branches, defs),
        Kind::Fixed { .. } | Kind::Enum { .. } | Kind::Record { .. } => json!({}),
    }
}

/// Each branch bare; with several that are not null, each of them with its tag too.
fn union(schema: &Schema, branches: &[NodeId], defs: &mut Map<String, Value>) -> Value {
    let bare: Vec<Value> = branches.iter().map(|&branch| describe(schema, branch, defs)).collect();
    let is_null = |branch: &NodeId| matches!(schema.kind(*branch), Kind::Null);
    let tagged = branches.iter().zip(&bare).filter(|(branch, _)| !is_null(branch)).map(|(branch, described)| {
        let kind = schema.kind(*branch);
        let tag = kind.name().map_or(kind.word(), |name| &name.full);
        json!({"type": "object", "properties": {tag: described}, "required": [tag], "additionalProperties": false})
    });
    let tagged: Vec<Value> = tagged.collect();
    let mut any = bare;
    if tagged.len() > 1 {
        any.extend(tagged);
    }
    json!({"anyOf": any})
}

fn of_logical(logical: Logical) -> Value {
    let text_or_integer = |text: Value| json!({"anyOf": [text, {"type": "integer"}]});
    match logical {
        Logical::Decimal { .. } => {
            let text = json!({"type": "string", "pattern": "^[+-]?[0-9]*\\.?[0-9]*([eE][+-]?[0-9]+)?$"});
            json!({"anyOf": [text, {"type": "number"}]})
        }
        Logical::Uuid => json!({"type": "string", "format": "uuid"}),
        Logical::Date => text_or_integer(json!({"type": "string", "format": "date"})),
        Logical::Time(_) => text_or_integer(json!({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}"})),
        Logical::Timestamp(_) => text_or_integer(json!({"type": "string", "format": "date-time"})),
        Logical::LocalTimestamp(_) => {
            text_or_integer(json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"}))
        }
        Logical::Duration => {
            let part = json!({"type": "integer", "minimum": 0, "maximum": u32::MAX});
            let names = ["months", "days", "millis"];
            let parts: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), part.clone())).collect();
            json!({"type": "object", "properties": parts, "required": names, "additionalProperties": false})
        }
    }
}
