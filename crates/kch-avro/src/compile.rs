//! From schema texts to a [`Plan`]: types, names, logical types (specification, "Schema Declaration" and "Names").
//!
//! The schema's JSON is walked here and not by apache-avro: that parser refuses schemas which registries hold (an unfit default,
//! types used before the text that defines them). The one constraint: a name may be used before it is defined,
//! so that the order of references never matters.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::decimal::{Decimal, MOST_DIGITS};
use crate::error::SchemaError;
use crate::names::{PRIMITIVES, defined_name, is_primitive, namespace_of, qualified, short};
use crate::plan::{DefaultValue, Field, Names, Node, NodeId, Plan, Record, Symbols};
use crate::reader::shorten;
use crate::schema_text::schema_json;
use crate::time::{Time, Unit};
use crate::{finish, text};

pub(crate) fn compile(schema: &str, references: &[String]) -> Result<Plan, SchemaError> {
    let mut compiler = Compiler::default();
    for text in references {
        compiler.read(text)?;
    }
    let root = compiler.read(schema)?;
    compiler.resolve()?;
    let Compiler { nodes, names, moved, mut aliases, .. } = compiler;
    let name = names.iter().find(|(_, named)| named.id == root).map(|(name, _)| name.as_str().into());
    let mut full: HashMap<NodeId, String> = names.into_iter().map(|(name, named)| (named.id, name)).collect();
    full.extend(moved);
    let mut plan = finish::finish(nodes, &full, root, name)?;
    plan.names = full
        .into_iter()
        .map(|(id, full)| (id, Names { full: full.into(), aliases: aliases.remove(&id).unwrap_or_default() }))
        .collect();
    Ok(plan)
}

/// Where the walk is.
struct Place<'a> {
    namespace: &'a str,
    at: &'a str,
}

/// A named type.
struct Named {
    id: NodeId,
    /// None while it is only used; else the text that defines it, and the definition.
    defined: Option<(usize, Value)>,
    /// Where it was used first, for the failure.
    used_at: String,
    /// The name without the namespace it was put into, if it was put into one.
    bare: Option<String>,
}

#[derive(Default)]
struct Compiler {
    nodes: Vec<Node>,
    names: HashMap<String, Named>,
    /// Names that turned out to be in no namespace.
    moved: HashMap<NodeId, String>,
    aliases: HashMap<NodeId, Box<[Box<str>]>>,
    /// Number of the text that is being read.
    text: usize,
}

impl Compiler {
    /// Reads a text; gives the node of the type that it is.
    fn read(&mut self, text: &str) -> Result<NodeId, SchemaError> {
        let value = schema_json(text)?;
        self.text += 1;
        self.schema(&value, &Place { namespace: "", at: "schema" })
    }

    fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        (self.nodes.len() - 1) as NodeId
    }

    fn schema(&mut self, value: &Value, place: &Place<'_>) -> Result<NodeId, SchemaError> {
        match value {
            Value::String(name) => Ok(self.by_name(name, place)),
            Value::Array(branches) => {
                let nodes = branches
                    .iter()
                    .map(|branch| self.schema(branch, place))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(self.add(Node::Union(finish::union_of(nodes))))
            }
            Value::Object(object) => self.object(object, value, place),
            _ => Err(malformed(place.at, "a type name, an object or an array", value)),
        }
    }

    fn by_name(&mut self, name: &str, place: &Place<'_>) -> NodeId {
        if let Some(node) = primitive(name) {
            return self.add(node);
        }
        let full = qualified(name, place.namespace);
        let bare = (!name.contains('.') && full != name).then(|| name.to_owned());
        self.named(full, bare, place.at)
    }

    /// The node of a name, which may be defined later.
    fn named(&mut self, full: String, bare: Option<String>, at: &str) -> NodeId {
        if let Some(named) = self.names.get(&full) {
            return named.id;
        }
        let id = self.add(Node::Null);
        self.names.insert(full, Named { id, defined: None, used_at: at.to_owned(), bare });
        id
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<NodeId, SchemaError> {
        let kind = match object.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(inner @ (Value::Object(_) | Value::Array(_))) => return self.schema(inner, place),
            Some(other) => return Err(malformed(place.at, "a type", other)),
            None => return Err(malformed(place.at, "an object with a \"type\"", value)),
        };
        match kind {
            "record" | "error" | "enum" | "fixed" => self.definition(kind, object, value, place),
            "array" | "map" => {
                let key = if kind == "array" { "items" } else { "values" };
                let inner = object.get(key).ok_or_else(|| {
                    let expected =
                        if kind == "array" { "an array with \"items\"" } else { "a map with \"values\"" };
                    malformed(place.at, expected, value)
                })?;
                let inner = self.schema(inner, place)?;
                Ok(self.add(if kind == "array" { Node::Array(inner) } else { Node::Map(inner) }))
            }
            name => {
                let id = self.by_name(name, place);
                if let Some(node) = logical(&self.nodes[id as usize], object).filter(|_| is_primitive(name)) {
                    self.nodes[id as usize] = node;
                }
                Ok(id)
            }
        }
    }

    fn definition(
        &mut self,
        kind: &str,
        object: &Map<String, Value>,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<NodeId, SchemaError> {
        let Some(full) = defined_name(object, place.namespace) else {
            return Err(malformed(place.at, "a named type with a \"name\"", value));
        };
        if is_primitive(&full) {
            return Err(malformed(place.at, "a name that is no primitive type", &Value::String(full)));
        }
        let id = self.named(full.clone(), None, place.at);
        if let Some(named) = self.names.get_mut(&full) {
            match &named.defined {
                // The same definition reaches us twice when two references share a third.
                Some((text, other)) if *text != self.text && other == value => return Ok(id),
                Some(_) => return Err(SchemaError::Redefined { name: full }),
                None => named.defined = Some((self.text, value.clone())),
            }
        }
        let namespace = namespace_of(&full);
        self.aliases.insert(id, aliases(object, namespace));
        let place = Place { namespace, at: &full };
        let node = match kind {
            "enum" => enumeration(object, value, &place)?,
            "fixed" => {
                let size = object.get("size").and_then(Value::as_u64).filter(|size| *size <= i32::MAX as u64);
                let size = size.ok_or_else(|| malformed(&full, "a fixed with a \"size\"", value))?;
                let node = Node::Fixed(size as usize);
                logical(&node, object).unwrap_or(node)
            }
            _ => self.record(object, value, &place)?,
        };
        self.nodes[id as usize] = node;
        Ok(id)
    }

    fn record(
        &mut self,
        object: &Map<String, Value>,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Node, SchemaError> {
        let Some(list) = object.get("fields").and_then(Value::as_array) else {
            return Err(malformed(place.at, "a record with \"fields\"", value));
        };
        let mut fields: Vec<Field> = Vec::with_capacity(list.len());
        let mut names: HashMap<&str, usize> = HashMap::new();
        for (index, entry) in list.iter().enumerate() {
            let Some(name) = entry.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
                return Err(malformed(place.at, "a field with a \"name\"", entry));
            };
            if names.insert(name, index).is_some() {
                return Err(SchemaError::Duplicate { at: place.at.to_owned(), name: name.to_owned() });
            }
            let at = format!("{}.{name}", place.at);
            let inner = entry.get("type").ok_or_else(|| malformed(&at, "a field with a \"type\"", entry))?;
            let node = self.schema(inner, &Place { namespace: place.namespace, at: &at })?;
            let default =
                entry.get("default").map_or(DefaultValue::None, |v| DefaultValue::Text(v.to_string().into()));
            let mut opening = vec![if index == 0 { b'{' } else { b',' }];
            text::write_string(name, &mut opening);
            opening.push(b':');
            fields.push(Field { name: name.into(), opening: opening.into(), node, default });
        }
        let mut lookup: Vec<(Box<[u8]>, u32)> = names
            .iter()
            .map(|(name, index)| (*name, *index))
            .chain(unambiguous_aliases(list, &names))
            .map(|(name, index)| (name.as_bytes().into(), index as u32))
            .collect();
        lookup.sort();
        Ok(Node::Record(Record { fields: fields.into(), lookup: lookup.into() }))
    }

    /// Every name must be defined by now. One that is not in its namespace may be in none (as Java resolves it).
    fn resolve(&mut self) -> Result<(), SchemaError> {
        let mut open: Vec<String> = self
            .names
            .iter()
            .filter(|(_, named)| named.defined.is_none())
            .map(|(name, _)| name.clone())
            .collect();
        open.sort();
        for name in open {
            let named = &self.names[&name];
            let found = named
                .bare
                .as_ref()
                .and_then(|bare| self.names.get(bare))
                .filter(|other| other.defined.is_some());
            if let Some(other) = found {
                self.moved.insert(named.id, named.bare.clone().unwrap_or_default());
                self.nodes[named.id as usize] = self.nodes[other.id as usize].clone();
                let aliases = self.aliases.get(&other.id).cloned().unwrap_or_default();
                self.aliases.insert(named.id, aliases);
            } else {
                let defined = self
                    .names
                    .iter()
                    .filter(|(_, named)| named.defined.is_some())
                    .map(|(name, _)| name.as_str());
                let nearest = nearest_type(&name, defined).map(str::to_owned);
                return Err(SchemaError::UnknownType { at: named.used_at.clone(), name, nearest });
            }
        }
        Ok(())
    }
}

/// The aliases of a record's fields, each with the index of its field: those that are no field's name, nor two fields' alias.
fn unambiguous_aliases<'v>(
    fields: &'v [Value],
    names: &HashMap<&str, usize>,
) -> impl Iterator<Item = (&'v str, usize)> {
    let mut found: HashMap<&str, Option<usize>> = HashMap::new();
    for (index, field) in fields.iter().enumerate() {
        let aliases = field.get("aliases").and_then(Value::as_array).into_iter().flatten();
        for alias in aliases.filter_map(Value::as_str).filter(|alias| !names.contains_key(alias)) {
            let only = found.entry(alias).or_insert(Some(index));
            *only = only.filter(|other| *other == index);
        }
    }
    found.into_iter().filter_map(|(alias, index)| Some((alias, index?)))
}

/// The type that is meant: names are compared without their namespaces, which are alike as a rule.
fn nearest_type<'n>(name: &str, defined: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let known: Vec<&str> = PRIMITIVES.into_iter().chain(defined).collect();
    let near = text::nearest(short(name), known.iter().map(|known| short(known)))?;
    known.into_iter().find(|known| short(known) == near)
}

/// A type's aliases; one without a namespace is in the type's own.
fn aliases(object: &Map<String, Value>, namespace: &str) -> Box<[Box<str>]> {
    let aliases = object.get("aliases").and_then(Value::as_array).into_iter().flatten();
    aliases.filter_map(Value::as_str).map(|alias| qualified(alias, namespace).into()).collect()
}

fn enumeration(object: &Map<String, Value>, value: &Value, place: &Place<'_>) -> Result<Node, SchemaError> {
    let Some(list) = object.get("symbols").and_then(Value::as_array) else {
        return Err(malformed(place.at, "an enum with \"symbols\"", value));
    };
    let mut names: Vec<Box<str>> = Vec::with_capacity(list.len());
    let mut seen = std::collections::HashSet::new();
    for symbol in list {
        let name = symbol.as_str().ok_or_else(|| malformed(place.at, "a symbol as a string", symbol))?;
        if !seen.insert(name) {
            return Err(SchemaError::Duplicate { at: place.at.to_owned(), name: name.to_owned() });
        }
        names.push(name.into());
    }
    let quoted = names.iter().map(|name| {
        let mut quoted = Vec::new();
        text::write_string(name, &mut quoted);
        quoted.into_boxed_slice()
    });
    // A default that is no symbol is as good as none; the registry lets some of these in.
    let default = object.get("default").and_then(Value::as_str);
    let default = default.and_then(|default| names.iter().position(|name| **name == *default));
    let (quoted, default) = (quoted.collect(), default.map(|at| at as u32));
    Ok(Node::Enum(Symbols { names: names.into(), quoted, default }))
}

fn primitive(name: &str) -> Option<Node> {
    Some(match name {
        "null" => Node::Null,
        "boolean" => Node::Boolean,
        "int" => Node::Int,
        "long" => Node::Long,
        "float" => Node::Float,
        "double" => Node::Double,
        "bytes" => Node::Bytes,
        "string" => Node::String,
        _ => return None,
    })
}

/// The logical type of an object, if it fits the type; the specification says to ignore it otherwise.
fn logical(base: &Node, object: &Map<String, Value>) -> Option<Node> {
    let name = object.get("logicalType")?.as_str()?;
    let number = |key: &str| object.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let time = |time| Some(Node::Time(time));
    match (name, base) {
        ("decimal", Node::Bytes | Node::Fixed(_)) => {
            let scale = if object.contains_key("scale") { number("scale")? } else { 0 };
            let precision = number("precision")?;
            if precision == 0 || scale > precision || precision > MOST_DIGITS {
                return None;
            }
            let decimal = Decimal { precision, scale };
            match base {
                Node::Fixed(size) if precision > Decimal::digits_of_size(*size) => None,
                Node::Fixed(size) => Some(Node::DecimalFixed(decimal, *size)),
                _ => Some(Node::DecimalBytes(decimal)),
            }
        }
        ("uuid", Node::String) => Some(Node::UuidString),
        ("uuid", Node::Fixed(16)) => Some(Node::UuidFixed),
        ("duration", Node::Fixed(12)) => Some(Node::Duration),
        ("date", Node::Int) => time(Time::Date),
        ("time-millis", Node::Int) => time(Time::OfDay(Unit::Millis)),
        ("time-micros", Node::Long) => time(Time::OfDay(Unit::Micros)),
        ("timestamp-millis", Node::Long) => time(Time::Timestamp(Unit::Millis)),
        ("timestamp-micros", Node::Long) => time(Time::Timestamp(Unit::Micros)),
        ("timestamp-nanos", Node::Long) => time(Time::Timestamp(Unit::Nanos)),
        ("local-timestamp-millis", Node::Long) => time(Time::Local(Unit::Millis)),
        ("local-timestamp-micros", Node::Long) => time(Time::Local(Unit::Micros)),
        ("local-timestamp-nanos", Node::Long) => time(Time::Local(Unit::Nanos)),
        _ => None,
    }
}

fn malformed(at: &str, expected: &'static str, found: &Value) -> SchemaError {
    SchemaError::Malformed { at: at.to_owned(), expected, found: shorten(&found.to_string()) }
}
