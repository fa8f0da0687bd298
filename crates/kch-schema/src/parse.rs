//! From texts to a [`Schema`]: the codec says whether they are valid, and a walk over their JSON keeps the rest.

use std::collections::HashMap;

use kch_avro::names::{defined_name, namespace_of, qualified};
use kch_avro::{Plan, SchemaError};
use serde_json::{Map, Value};

use crate::extent::ensure_bounded;
use crate::{Field, Kind, Logical, Name, Node, NodeId, Place, Schema};

pub(crate) fn parse(text: &str, references: &[String]) -> Result<Schema, SchemaError> {
    let plan = Plan::compile_with_references(text, references)?;
    let texts = references.iter().map(String::as_str).chain([text]);
    let documents = texts.map(kch_avro::schema_json).collect::<Result<Vec<_>, _>>()?;
    let mut walk = Walk::default();
    for document in &documents {
        walk.define(document, "");
    }
    let mut root = NodeId(0);
    for (document, value) in documents.iter().enumerate() {
        root = walk.schema(value, "", &Place { document, pointer: String::new() });
    }
    let schema = Schema { documents, nodes: walk.nodes, root, plan };
    ensure_bounded(&schema)?;
    Ok(schema)
}

/// What the names are first found for and then built from.
#[derive(Default)]
struct Walk {
    nodes: Vec<Node>,
    /// The node of each full name, and whether its definition has been built.
    names: HashMap<String, (NodeId, bool)>,
}

impl Walk {
    /// Finds the names that a schema defines, so that a use may come before its definition.
    fn define(&mut self, value: &Value, namespace: &str) {
        match value {
            Value::Array(branches) => branches.iter().for_each(|branch| self.define(branch, namespace)),
            Value::Object(object) => {
                if let Some(full) = defined_name(object, namespace) {
                    let id = NodeId(self.nodes.len());
                    if !self.names.contains_key(&full) {
                        self.names.insert(full.clone(), (id, false));
                        self.push(Kind::Null, &Place { document: 0, pointer: String::new() });
                    }
                    for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
                        if let Some(inner) = field.get("type") {
                            self.define(inner, namespace_of(&full));
                        }
                    }
                }
                for inner in ["type", "items", "values"].iter().filter_map(|&key| object.get(key)) {
                    self.define(inner, namespace);
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, kind: Kind, place: &Place) -> NodeId {
        self.nodes.push(Node { kind, logical: None, place: place.clone() });
        NodeId(self.nodes.len() - 1)
    }

    fn schema(&mut self, value: &Value, namespace: &str, place: &Place) -> NodeId {
        match value {
            Value::String(name) => self.by_name(name, namespace, place),
            Value::Array(branches) => {
                let branches = branches.iter().enumerate();
                let nodes = branches
                    .map(|(index, branch)| self.schema(branch, namespace, &place.at(&index.to_string())));
                let nodes = nodes.collect();
                self.push(Kind::Union(nodes), place)
            }
            Value::Object(object) => self.object(object, namespace, place),
            _ => self.push(Kind::Null, place),
        }
    }

    fn by_name(&mut self, name: &str, namespace: &str, place: &Place) -> NodeId {
        if let Some(kind) = primitive(name) {
            return self.push(kind, place);
        }
        let known = self.names.get(&qualified(name, namespace)).or_else(|| self.names.get(name));
        match known {
            Some(&(id, _)) => id,
            None => self.push(Kind::Null, place),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str, place: &Place) -> NodeId {
        if let Some(full) = defined_name(object, namespace) {
            return self.definition(&full, object, place);
        }
        match object.get("type") {
            Some(Value::String(word)) if word == "array" || word == "map" => {
                let part = if word == "array" { "items" } else { "values" };
                let inner = self.schema(&object[part], namespace, &place.at(part));
                self.push(if word == "array" { Kind::Array(inner) } else { Kind::Map(inner) }, place)
            }
            Some(Value::String(name)) => {
                let id = self.by_name(name, namespace, place);
                if primitive(name).is_some() {
                    self.nodes[id.0].logical = Logical::of(&self.nodes[id.0].kind, object);
                }
                id
            }
            Some(inner) => self.schema(inner, namespace, &place.at("type")),
            None => self.push(Kind::Null, place),
        }
    }

    fn definition(&mut self, full: &str, object: &Map<String, Value>, place: &Place) -> NodeId {
        let (id, built) = self.names[full];
        if built {
            return id;
        }
        self.names.insert(full.to_owned(), (id, true));
        let namespace = namespace_of(full);
        let aliases = strings(object.get("aliases"));
        let aliases = aliases.iter().map(|alias| qualified(alias, namespace)).collect();
        let name = Name { full: full.to_owned(), aliases };
        let kind = match object["type"].as_str() {
            Some("enum") => Kind::Enum {
                name,
                symbols: strings(object.get("symbols")),
                default: object.get("default").and_then(Value::as_str).map(str::to_owned),
            },
            Some("fixed") => {
                let size = object.get("size").and_then(Value::as_u64).unwrap_or_default();
                Kind::Fixed { name, size: usize::try_from(size).unwrap_or_default() }
            }
            _ => {
                let fields = object.get("fields").and_then(Value::as_array).into_iter().flatten();
                let fields = fields
                    .enumerate()
                    .map(|(index, field)| self.field(field, namespace, &place.at(&format!("fields/{index}"))))
                    .collect();
                Kind::Record { name, fields }
            }
        };
        let logical = Logical::of(&kind, object);
        self.nodes[id.0] = Node { kind, logical, place: place.clone() };
        id
    }

    fn field(&mut self, field: &Value, namespace: &str, place: &Place) -> Field {
        let text = |key: &str| field.get(key).and_then(Value::as_str).map(str::to_owned);
        Field {
            name: text("name").unwrap_or_default(),
            aliases: strings(field.get("aliases")),
            doc: text("doc").filter(|doc| !doc.trim().is_empty()),
            default: field.get("default").cloned(),
            node: self.schema(field.get("type").unwrap_or(&Value::Null), namespace, &place.at("type")),
            place: place.clone(),
        }
    }
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let all = list.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn primitive(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "string" => Kind::String,
        _ => return None,
    })
}
