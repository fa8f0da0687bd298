//! A schema as its author wrote it: named types once each, and for every part the place it stood at.

use kch_avro::{Plan, SchemaError, names};
use serde_json::Value;

use crate::Logical;
use crate::parse;

/// Place of a [`Node`] in its [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) usize);

/// A schema with the texts that it refers to.
#[derive(Debug)]
pub struct Schema {
    pub(crate) documents: Vec<Value>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    pub(crate) plan: Plan,
}

/// One type. A named type is one node, however often it is used.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The logical type, if one counts.
    pub logical: Option<Logical>,
    /// Where it is written.
    pub place: Place,
}

/// Where a part of a schema stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Which text: the references in their order, and then the schema itself.
    pub document: usize,
    /// JSON pointer (RFC 6901) into that text; empty for all of it.
    pub pointer: String,
}

impl Place {
    /// The place of a part: each step is a key or an index.
    #[must_use]
    pub fn at(&self, steps: &str) -> Place {
        Place { document: self.document, pointer: format!("{}/{steps}", self.pointer) }
    }
}

/// What a type is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `null`
    Null,
    /// `boolean`
    Boolean,
    /// `int`, 32 bits
    Int,
    /// `long`, 64 bits
    Long,
    /// `float`
    Float,
    /// `double`
    Double,
    /// `bytes`
    Bytes,
    /// `string`
    String,
    /// `fixed`
    Fixed {
        /// Its name.
        name: Name,
        /// In bytes.
        size: usize,
    },
    /// `enum`
    Enum {
        /// Its name.
        name: Name,
        /// The symbols in their order.
        symbols: Vec<String>,
        /// What a reader takes a symbol for that it does not know.
        default: Option<String>,
    },
    /// `record`
    Record {
        /// Its name.
        name: Name,
        /// The fields in their order.
        fields: Vec<Field>,
    },
    /// `array` of this
    Array(NodeId),
    /// `map` from strings to this
    Map(NodeId),
    /// `union` of these
    Union(Vec<NodeId>),
}

/// The name of a record, an enum or a fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// With its namespace.
    pub full: String,
    /// Other names that a reader answers to, with their namespaces.
    pub aliases: Vec<String>,
}

impl Name {
    /// The name without its namespace.
    #[must_use]
    pub fn short(&self) -> &str {
        names::short(&self.full)
    }
}

/// A field of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Names in other schemas that it is the same as.
    pub aliases: Vec<String>,
    /// Its documentation.
    pub doc: Option<String>,
    /// Its default, as written. Whether it fits the type is for [`kch_avro`] or a lint to say.
    pub default: Option<Value>,
    /// Its type.
    pub node: NodeId,
    /// Where it is written.
    pub place: Place,
}

impl Schema {
    /// Reads a schema that refers to nothing.
    ///
    /// # Errors
    /// Those of [`Plan::compile`]; a schema deeper or larger than the analyses go.
    pub fn parse(text: &str) -> Result<Schema, SchemaError> {
        Schema::parse_with_references(text, &[])
    }

    /// Reads a schema that uses named types of other texts. Their order does not matter.
    ///
    /// # Errors
    /// As [`Schema::parse`], for any of the texts.
    pub fn parse_with_references(text: &str, references: &[String]) -> Result<Schema, SchemaError> {
        parse::parse(text, references)
    }

    /// The schema's own type.
    #[must_use]
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// A type.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// What a type is.
    #[must_use]
    pub fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// The same schema, compiled for the codec.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The full name of the schema's own type, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.kind(self.root).name().map(|name| name.full.as_str())
    }

    /// The JSON that stands at a place.
    #[must_use]
    pub fn fragment(&self, place: &Place) -> Option<&Value> {
        self.documents.get(place.document)?.pointer(&place.pointer)
    }

    /// A type in words: `string`, `timestamp-millis`, `null or long`, `array of string`, `record ns.Name`, `fixed ns.Hash(16)`.
    #[must_use]
    pub fn title(&self, id: NodeId) -> String {
        let node = self.node(id);
        if let Some(logical) = node.logical {
            return logical.to_string();
        }
        match &node.kind {
            Kind::Array(items) => format!("array of {}", self.title(*items)),
            Kind::Map(values) => format!("map of {}", self.title(*values)),
            Kind::Union(branches) if branches.is_empty() => "empty union".to_owned(),
            Kind::Union(branches) => {
                branches.iter().map(|&branch| self.title(branch)).collect::<Vec<_>>().join(" or ")
            }
            Kind::Fixed { name, size } => format!("fixed {}({size})", name.full),
            kind => match kind.name() {
                Some(name) => format!("{} {}", kind.word(), name.full),
                None => kind.word().to_owned(),
            },
        }
    }

    /// The branches of a union that are not null, and whether there is a null beside them. What is no union is its own branch.
    #[must_use]
    pub fn branches(&self, id: NodeId) -> (Vec<NodeId>, bool) {
        match self.kind(id) {
            Kind::Union(all) => {
                let is_null = |&branch: &NodeId| matches!(self.kind(branch), Kind::Null);
                let others = all.iter().copied().filter(|branch| !is_null(branch)).collect();
                (others, all.iter().any(is_null))
            }
            _ => (vec![id], false),
        }
    }
}

impl Kind {
    /// The name, if it is a record, an enum or a fixed.
    #[must_use]
    pub fn name(&self) -> Option<&Name> {
        match self {
            Kind::Fixed { name, .. } | Kind::Enum { name, .. } | Kind::Record { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The word for it in a schema; `union` for a union.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Fixed { .. } => "fixed",
            Kind::Enum { .. } => "enum",
            Kind::Record { .. } => "record",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
        }
    }
}
