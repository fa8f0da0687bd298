//! Which types meet: promotions, names and aliases, and the branch of a reader's union.

use super::{Maker, Step, Symbol};
use crate::names::short;
use crate::plan::{DefaultValue, Node, NodeId, Record, Union};
use crate::time::{Time, Unit};

/// A number that the writer wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Int,
    Long,
    Float,
}

/// What it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promotion {
    Float,
    Double,
}

/// A type without its logical type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum,
    Record,
    Array,
    Map,
    Union,
}

fn base(node: &Node) -> Base {
    match node {
        Node::Null => Base::Null,
        Node::Boolean => Base::Boolean,
        Node::Int => Base::Int,
        Node::Long => Base::Long,
        Node::Float => Base::Float,
        Node::Double => Base::Double,
        Node::Bytes | Node::DecimalBytes(_) => Base::Bytes,
        Node::String | Node::UuidString => Base::String,
        Node::Fixed(size) | Node::DecimalFixed(_, size) => Base::Fixed(*size),
        Node::UuidFixed => Base::Fixed(16),
        Node::Duration => Base::Fixed(12),
        Node::Time(time) => {
            if time.is_int() {
                Base::Int
            } else {
                Base::Long
            }
        }
        Node::Enum(_) => Base::Enum,
        Node::Record(_) => Base::Record,
        Node::Array(_) => Base::Array,
        Node::Map(_) => Base::Map,
        Node::Union(_) => Base::Union,
    }
}

/// Whether both count in the same unit: the bytes would be taken for another value otherwise.
fn same_unit(from: &Node, to: &Node) -> bool {
    let unit = |time: &Time| match time {
        Time::Date => (0, None),
        Time::OfDay(unit) => (1, Some(*unit)),
        Time::Timestamp(unit) | Time::Local(unit) => (2, Some::<Unit>(*unit)),
    };
    match (from, to) {
        (Node::Time(from), Node::Time(to)) => unit(from) == unit(to),
        (
            Node::DecimalBytes(from) | Node::DecimalFixed(from, _),
            Node::DecimalBytes(to) | Node::DecimalFixed(to, _),
        ) => from.scale == to.scale && from.precision <= to.precision,
        (Node::String | Node::UuidString, Node::DecimalBytes(_)) => false,
        _ => true,
    }
}

/// For each field of the reader's, the writer's field that it is read from: the one of its name, else the first one that has
/// one of its aliases.
pub(super) fn sources(record: &Record, wanted: &Record) -> Vec<Option<usize>> {
    let mut sources = vec![None; wanted.fields.len()];
    let named = |at: usize, name: &str| *wanted.fields[at].name == *name;
    for by_name in [true, false] {
        for (at, field) in record.fields.iter().enumerate() {
            if let Some(taker) = wanted.find(field.name.as_bytes())
                && named(taker, &field.name) == by_name
                && sources[taker].is_none()
            {
                sources[taker] = Some(at);
            }
        }
    }
    sources
}

impl Maker<'_> {
    /// The step for two types that are neither unions nor both containers of the same kind.
    pub(super) fn leaf(&self, writer: NodeId, reader: NodeId) -> Step {
        let (from, to) = (self.writer.node(writer), self.reader.node(reader));
        if !same_unit(from, to) {
            return self.never(writer, reader);
        }
        match (base(from), base(to)) {
            (Base::Null, Base::Null)
            | (Base::Boolean, Base::Boolean)
            | (Base::Int, Base::Int | Base::Long)
            | (Base::Long, Base::Long)
            | (Base::Float, Base::Float)
            | (Base::Double, Base::Double)
            | (Base::Bytes | Base::String, Base::Bytes) => Step::Copy(writer),
            (Base::Bytes | Base::String, Base::String) => Step::Text,
            (Base::Int, Base::Float) => Step::Promote(Number::Int, Promotion::Float),
            (Base::Int, Base::Double) => Step::Promote(Number::Int, Promotion::Double),
            (Base::Long, Base::Float) => Step::Promote(Number::Long, Promotion::Float),
            (Base::Long, Base::Double) => Step::Promote(Number::Long, Promotion::Double),
            (Base::Float, Base::Double) => Step::Promote(Number::Float, Promotion::Double),
            (Base::Fixed(size), Base::Fixed(wanted)) if size == wanted && self.same_name(writer, reader) => {
                Step::Copy(writer)
            }
            (Base::Enum, Base::Enum) if self.same_name(writer, reader) => self.symbols(from, to),
            _ => self.never(writer, reader),
        }
    }

    fn symbols(&self, from: &Node, to: &Node) -> Step {
        let (Node::Enum(from), Node::Enum(to)) = (from, to) else { return Step::Never("".into()) };
        let symbol = |name: &str| {
            let own = to.names.iter().position(|other| **other == *name).map(|at| at as u32);
            match own.or(to.default) {
                Some(at) => Symbol::Is(at),
                None => Symbol::Unknown(
                    format!("the reader's enum has no symbol \"{name}\", and no default").into(),
                ),
            }
        };
        Step::Enum(from.names.iter().map(|name| symbol(name)).collect())
    }

    /// Whether two named types are one: by name without namespace, or by an alias of the reader's.
    fn same_name(&self, writer: NodeId, reader: NodeId) -> bool {
        let (Some(from), Some(to)) = (self.writer.names.get(&writer), self.reader.names.get(&reader)) else {
            return true;
        };
        short(&from.full) == short(&to.full) || self.same_full_name(writer, reader)
    }

    fn same_full_name(&self, writer: NodeId, reader: NodeId) -> bool {
        let (Some(from), Some(to)) = (self.writer.names.get(&writer), self.reader.names.get(&reader)) else {
            return true;
        };
        from.full == to.full || to.aliases.contains(&from.full)
    }

    /// The branch of a reader's union for values of a writer's type: the type itself, for named ones by full name, then by name
    /// without namespace; else the first one that such a value can become. So does Java.
    pub(super) fn branch_for(&self, writer: NodeId, union: &Union) -> Option<usize> {
        let from = self.writer.node(writer);
        let meets = |reader: NodeId| {
            let to = self.reader.node(reader);
            base(from) == base(to) && same_unit(from, to)
        };
        let find = |good: &dyn Fn(NodeId) -> bool| union.branches.iter().position(|branch| good(branch.node));
        find(&|reader| meets(reader) && self.same_full_name(writer, reader))
            .or_else(|| find(&|reader| meets(reader) && self.same_name(writer, reader)))
            .or_else(|| find(&|reader| self.can_become(writer, reader)))
    }

    /// Whether a value may be read as a type of another name or kind. Of records: whether none of the reader's fields is missing.
    fn can_become(&self, writer: NodeId, reader: NodeId) -> bool {
        match (self.writer.node(writer), self.reader.node(reader)) {
            (Node::Record(record), Node::Record(wanted)) => {
                let mut fields = wanted.fields.iter().zip(sources(record, wanted));
                fields.all(|(field, source)| {
                    source.is_some() || matches!(field.default, DefaultValue::Bytes(_))
                })
            }
            (Node::Array(_), Node::Array(_)) | (Node::Map(_), Node::Map(_)) => true,
            _ => !matches!(self.leaf(writer, reader), Step::Never(_)),
        }
    }
}
