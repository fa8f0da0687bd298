//! A schema compiled once: an arena of nodes that point at each other by index, so that recursion costs nothing.
//!
//! The one constraint: a plan never changes after [`Plan::compile`]; encoders and decoders only borrow it.

use std::collections::HashMap;
use std::fmt;

use crate::compile;
use crate::decimal::Decimal;
use crate::decode::Decoder;
use crate::time::Time;
use crate::{JsonMode, SchemaError};

/// Place of a node in the arena.
pub(crate) type NodeId = u32;

/// A schema compiled once. `Send + Sync`; share it in an `Arc`.
pub struct Plan {
    pub(crate) nodes: Vec<Node>,
    /// What each node is called in messages, such as `long` or `record ns.Event`.
    pub(crate) titles: Vec<Box<str>>,
    /// The fewest bytes a value of each node takes (a lower bound).
    pub(crate) least: Vec<usize>,
    pub(crate) root: NodeId,
    pub(crate) name: Option<Box<str>>,
    /// What the named types are called, for schema resolution.
    pub(crate) names: HashMap<NodeId, Names>,
}

/// The names of a record, an enum or a fixed, all of them full.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) full: Box<str>,
    pub(crate) aliases: Box<[Box<str>]>,
}

/// One type of the schema.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(Symbols),
    Record(Record),
    Array(NodeId),
    Map(NodeId),
    Union(Union),
    /// `decimal` on `bytes`.
    DecimalBytes(Decimal),
    /// `decimal` on a `fixed` of so many bytes.
    DecimalFixed(Decimal, usize),
    /// `uuid` on `string`.
    UuidString,
    /// `uuid` on a `fixed` of 16.
    UuidFixed,
    /// `duration`, a `fixed` of 12.
    Duration,
    Time(Time),
}

/// An enum's symbols, as written and as JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    pub(crate) names: Box<[Box<str>]>,
    pub(crate) quoted: Box<[Box<[u8]>]>,
    /// What a symbol of another schema is read as, if this one does not have it.
    pub(crate) default: Option<u32>,
}

impl Symbols {
    /// The first few of them, for a hint.
    pub(crate) fn listed(&self) -> String {
        const FEW: usize = 8;
        let names: Vec<&str> = self.names.iter().take(FEW).map(|name| &**name).collect();
        let more = if self.names.len() > FEW { ", …" } else { "" };
        format!("its symbols are {}{more}", names.join(", "))
    }
}

/// A record's fields.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) fields: Box<[Field]>,
    /// Names and unambiguous aliases, sorted, with the index of their field.
    pub(crate) lookup: Box<[(Box<[u8]>, u32)]>,
}

/// One field of a record.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    /// `{"name":` for the first field and `,"name":` for the others, as compact JSON has it.
    pub(crate) opening: Box<[u8]>,
    pub(crate) node: NodeId,
    pub(crate) default: DefaultValue,
}

/// A field's default.
#[derive(Clone, Debug)]
pub(crate) enum DefaultValue {
    None,
    /// JSON text, while the plan is being compiled.
    Text(Box<str>),
    /// Avro bytes.
    Bytes(Box<[u8]>),
    /// One that does not fit the field's type. The registry lets some of these in, so it is an error only where it is needed.
    Unfit,
}

/// A union's branches and how to choose among them.
#[derive(Clone, Debug)]
pub(crate) struct Union {
    pub(crate) branches: Box<[Branch]>,
    /// Which branches take which kind of JSON value, by [`crate::reader::Kind`].
    pub(crate) picks: [Pick; 6],
    /// Branches that take numbers, in the order int, long, float, double, decimal.
    pub(crate) numbers: Box<[u32]>,
}

/// Which branches of a union take a kind of JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    None,
    One(u32),
    Many,
}

/// One branch of a union.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) node: NodeId,
    /// The full name, or the name of the unnamed type: the key of a tag.
    pub(crate) tag: Box<str>,
    /// The name without its namespace, if no other branch ends so; for primitive logical types goavro's `long.timestamp-millis`.
    pub(crate) loose_tag: Option<Box<str>>,
    /// `{"tag":`
    pub(crate) opening: Box<[u8]>,
    /// Whether another branch may take an object whose only key is this tag.
    pub(crate) contested: bool,
    /// Whether every value of this branch that is no object reads back from its bare form as this branch.
    pub(crate) bare: bool,
}

/// One field of a top-level record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldInfo<'p> {
    /// The field's name.
    pub name: &'p str,
    /// Its type as text: `string`, `long`, `timestamp-millis`, `decimal(10,2)`, `null or long`, `array of string`,
    /// `record ns.Name`.
    pub type_name: &'p str,
    /// Neither a default nor null: an object without this field is refused.
    pub required: bool,
    /// Whether the field takes any text: `string`, or a union of null and `string`.
    pub is_string: bool,
}

impl Plan {
    /// Compiles a schema text.
    ///
    /// # Errors
    /// When the text is no JSON, no Avro schema, or uses a type that it does not define.
    pub fn compile(schema: &str) -> Result<Plan, SchemaError> {
        Self::compile_with_references(schema, &[])
    }

    /// Compiles a schema text that uses named types of other texts. Their order does not matter.
    ///
    /// # Errors
    /// As [`Plan::compile`], for any of the texts; also when two texts define one name differently.
    pub fn compile_with_references(schema: &str, references: &[String]) -> Result<Plan, SchemaError> {
        compile::compile(schema, references)
    }

    /// The full name of the schema's own type, if that is a record, an enum or a fixed.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The fields in schema order, if the schema is a record.
    #[must_use]
    pub fn record_fields(&self) -> Option<Vec<FieldInfo<'_>>> {
        let Node::Record(record) = self.node(self.root) else { return None };
        Some(record.fields.iter().map(|field| self.field_info(field)).collect())
    }

    /// The default of a top-level record's field, as plain JSON; `None` for one that has none, or one that does not fit.
    #[must_use]
    pub fn default_of(&self, field: usize) -> Option<String> {
        let Node::Record(record) = self.node(self.root) else { return None };
        let field = record.fields.get(field)?;
        let DefaultValue::Bytes(bytes) = &field.default else { return None };
        let mut json = Vec::new();
        Decoder::new(self, JsonMode::Plain)
            .decode_as(field.node, bytes, &mut json, |from| from.finish())
            .ok()?;
        String::from_utf8(json).ok()
    }

    fn field_info<'p>(&'p self, field: &'p Field) -> FieldInfo<'p> {
        FieldInfo {
            name: &field.name,
            type_name: self.title(field.node),
            required: !matches!(field.default, DefaultValue::Bytes(_))
                && self.null_branch(field.node).is_none(),
            is_string: self.takes_any_text(field.node),
        }
    }

    #[inline]
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(crate) fn title(&self, id: NodeId) -> &str {
        &self.titles[id as usize]
    }

    /// The bytes that stand for null in this type, if it has null: nothing, or the branch.
    pub(crate) fn null_branch(&self, id: NodeId) -> Option<Option<u32>> {
        match self.node(id) {
            Node::Null => Some(None),
            Node::Union(union) => {
                let at = union.branches.iter().position(|b| matches!(self.node(b.node), Node::Null))?;
                Some(Some(at as u32))
            }
            _ => None,
        }
    }

    fn takes_any_text(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::String => true,
            Node::Union(union) => {
                let mut others =
                    union.branches.iter().map(|b| self.node(b.node)).filter(|n| !matches!(n, Node::Null));
                matches!((others.next(), others.next()), (Some(Node::String), None))
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("root", &self.title(self.root))
            .field("nodes", &self.nodes.len())
            .finish()
    }
}

impl Field {
    /// `"name":`
    #[inline]
    pub(crate) fn key(&self) -> &[u8] {
        &self.opening[1..]
    }
}

impl Record {
    /// The field that a key names, by its name or by an alias.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        let at = self.lookup.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        Some(self.lookup[at].1 as usize)
    }
}

impl Union {
    /// The branch of an exact tag.
    #[inline]
    pub(crate) fn tagged(&self, key: &[u8]) -> Option<usize> {
        self.branches.iter().position(|b| b.tag.as_bytes() == key)
    }

    /// The branch of a short or goavro-style tag.
    pub(crate) fn loosely_tagged(&self, key: &[u8]) -> Option<usize> {
        self.branches.iter().position(|b| b.loose_tag.as_ref().is_some_and(|tag| tag.as_bytes() == key))
    }
}
