//! Every field of a schema, wherever it stands, with the words in which it could be looked for.

use serde_json::Value;

use crate::{Field, Kind, NodeId, Schema};

/// A field, or the schema itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot<'s> {
    /// Its place: `address.lines[].text`, as in a [`crate::Change`]. Empty for the schema itself.
    pub path: String,
    /// Its name and its aliases. None for the schema itself.
    pub names: Vec<&'s str>,
    /// Its type in words; an enum with its symbols.
    pub title: String,
    /// The words of the type: that of each branch, item and value, the names and aliases of those that have one, symbols.
    pub types: Vec<String>,
    /// Its documentation, and that of the type where it has none.
    pub doc: Option<&'s str>,
}

/// The schema itself, and then its fields in their order, those of records inside behind the field that holds them. A
/// record inside of itself is not gone into again.
#[must_use]
pub fn spots(schema: &Schema) -> Vec<Spot<'_>> {
    let mut walk = Walk { schema, open: Vec::new(), found: Vec::new() };
    let root = walk.spot(String::new(), None, schema.root());
    walk.found.push(root);
    walk.inside("", schema.root());
    walk.found
}

struct Walk<'s> {
    schema: &'s Schema,
    /// The records that this place is inside of.
    open: Vec<NodeId>,
    found: Vec<Spot<'s>>,
}

impl<'s> Walk<'s> {
    fn inside(&mut self, path: &str, id: NodeId) {
        match self.schema.kind(id) {
            Kind::Record { fields, .. } if !self.open.contains(&id) => {
                self.open.push(id);
                for field in fields {
                    let path =
                        if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
                    let spot = self.spot(path.clone(), Some(field), field.node);
                    self.found.push(spot);
                    self.inside(&path, field.node);
                }
                self.open.pop();
            }
            Kind::Array(items) => self.inside(&format!("{path}[]"), *items),
            Kind::Map(values) => self.inside(&format!("{path}{{}}"), *values),
            Kind::Union(branches) => branches.iter().for_each(|&branch| self.inside(path, branch)),
            _ => {}
        }
    }

    fn spot(&self, path: String, field: Option<&'s Field>, id: NodeId) -> Spot<'s> {
        let names = field.map(|field| std::iter::once(&field.name).chain(&field.aliases));
        let mut types = Vec::new();
        self.types(id, &mut types);
        Spot {
            path,
            names: names.into_iter().flatten().map(String::as_str).collect(),
            title: self.title(id),
            types,
            doc: field.and_then(|field| field.doc.as_deref()).or_else(|| self.doc_of(id)),
        }
    }

    /// The words of a type and of what is directly in it; records stay closed.
    fn types(&self, id: NodeId, into: &mut Vec<String>) {
        let node = self.schema.node(id);
        into.push(self.schema.title(id));
        match &node.kind {
            Kind::Array(inner) | Kind::Map(inner) => self.types(*inner, into),
            Kind::Union(branches) => branches.iter().for_each(|&branch| self.types(branch, into)),
            kind => {
                into.push(kind.word().to_owned());
                if let Some(name) = kind.name() {
                    let aliases = name.aliases.iter().map(String::as_str);
                    into.extend([&name.full, name.short()].into_iter().chain(aliases).map(str::to_owned));
                }
            }
        }
        if let Kind::Enum { symbols, .. } = &node.kind {
            into.extend(symbols.iter().cloned());
        }
    }

    /// As [`Schema::title`], an enum with its symbols.
    fn title(&self, id: NodeId) -> String {
        let title = self.schema.title(id);
        let (others, _) = self.schema.branches(id);
        match others.as_slice() {
            [only] => match self.schema.kind(*only) {
                Kind::Enum { symbols, .. } => format!("{title} ({})", symbols.join(", ")),
                _ => title,
            },
            _ => title,
        }
    }

    /// The documentation of the one named type that a place is, may be, or is a list of.
    fn doc_of(&self, id: NodeId) -> Option<&'s str> {
        let schema = self.schema;
        match schema.kind(id) {
            Kind::Array(inner) | Kind::Map(inner) => self.doc_of(*inner),
            Kind::Union(_) => match schema.branches(id).0.as_slice() {
                [only] => self.doc_of(*only),
                _ => None,
            },
            _ => schema.fragment(&schema.node(id).place)?.get("doc").and_then(Value::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_once_at_each_place() {
        let schema = Schema::parse(
            r#"{"type":"record","name":"shop.Order","doc":"one order","fields":[
            {"name":"id","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"when","aliases":["no"]},
            {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","doc":"a line","fields":[
                {"name":"state","type":["null",{"type":"enum","name":"State","symbols":["OPEN","SHUT"]}]},
                {"name":"of","type":["null","Order"]}]}}}]}"#,
        )
        .unwrap();
        let spots = spots(&schema);
        let shown: Vec<String> = spots
            .iter()
            .map(|spot| format!("{}|{}|{}", spot.path, spot.title, spot.doc.unwrap_or("-")))
            .collect();
        assert_eq!(
            shown,
            [
                "|record shop.Order|one order",
                "id|timestamp-millis|when",
                "lines|array of record shop.Line|a line",
                "lines[].state|null or enum shop.State (OPEN, SHUT)|-",
                "lines[].of|null or record shop.Order|one order",
            ]
        );
        assert_eq!(spots[1].names, ["id", "no"]);
        assert!(spots[1].types.contains(&"long".to_owned()) && spots[3].types.contains(&"SHUT".to_owned()));
        assert!(spots[4].types.contains(&"shop.Order".to_owned()));
    }
}
