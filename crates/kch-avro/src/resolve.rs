//! Schema resolution: bytes that were written with one schema become bytes of another (specification, "Schema Resolution").
//!
//! What has to be done is settled once, when the [`Resolver`] is made: a step for each pair of types that meet. The one
//! constraint: what comes out is what a writer with the reader's schema could have written.

mod fit;
mod run;
mod skip;

use std::collections::HashMap;
use std::fmt;

use self::fit::{Number, Promotion};
use crate::plan::{DefaultValue, Node, NodeId, Plan, Record, Union};

/// Place of a step in the list of them.
type StepId = u32;

/// Turns data of a writer's schema into data of a reader's, both compiled. `Send + Sync`.
///
/// It does what the specification says, and what Java does where that is silent: int is read as long, float and double, long as
/// float and double, float as double, string and bytes as each other; a reader's union takes the branch of the writer's own
/// type first, then the first one that the value can be promoted to; records that are not in a union need not have the
/// same name; aliases of the reader's fields and types count, and so does the default of a reader's enum.
/// Stricter than the specification: two logical types that count in different units do not meet.
///
/// ```
/// use kch_avro::{Plan, Resolver};
///
/// let writer = Plan::compile(r#"{"type":"record","name":"E","fields":[{"name":"a","type":"int"},{"name":"b","type":"string"}]}"#)?;
/// let reader = Plan::compile(r#"{"type":"record","name":"E","fields":[{"name":"b","type":"string"},{"name":"c","type":"int","default":7}]}"#)?;
/// let mut out = Vec::new();
/// Resolver::new(writer, &reader).resolve(&[2, 4, b'h', b'i'], &mut out)?;
/// assert_eq!(out, [4, b'h', b'i', 14]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Resolver {
    writer: Plan,
    steps: Vec<Step>,
    root: StepId,
}

/// What is done with a value of the writer's.
#[derive(Clone, Debug)]
enum Step {
    /// Both write it alike.
    Copy(NodeId),
    /// A string or bytes that become a string.
    Text,
    /// A number that changes its kind.
    Promote(Number, Promotion),
    /// The reader's index of each of the writer's symbols.
    Enum(Box<[Symbol]>),
    Array {
        items: StepId,
        least: usize,
    },
    Map {
        values: StepId,
        least: usize,
    },
    Record(Fields),
    /// The writer's union: a step for each branch.
    Branches(Box<[StepId]>),
    /// The reader's union: the branch to say, and the value in it.
    Into(u32, StepId),
    /// There is no way, and why.
    Never(Box<str>),
}

/// A symbol of the writer's enum.
#[derive(Clone, Debug)]
enum Symbol {
    /// The reader's index, its default included.
    Is(u32),
    /// The reader does not have it.
    Unknown(Box<str>),
}

/// A record: the writer's fields in their order, and how the reader's are put together from them.
#[derive(Clone, Debug)]
struct Fields {
    reads: Box<[Read]>,
    /// The reader's fields in their order.
    layout: Box<[Part]>,
    /// Whether the fields that are kept come in the reader's order.
    ordered: bool,
}

/// What is done with one field of the writer's.
#[derive(Clone, Debug)]
struct Read {
    name: Box<str>,
    /// None for a field that the reader does not have.
    step: Option<StepId>,
    node: NodeId,
}

/// Where a field of the reader's comes from.
#[derive(Clone, Debug)]
enum Part {
    /// The so many-th of the writer's fields.
    Field(usize),
    Default(Box<[u8]>),
}

impl Resolver {
    /// Settles how data of `writer` are read as `reader`. It never fails: types that do not meet are an error of the values
    /// that have them, since a branch that cannot be read may never be written.
    #[must_use]
    pub fn new(writer: Plan, reader: &Plan) -> Resolver {
        let root = (writer.root, reader.root);
        let mut maker =
            Maker { writer: &writer, reader, steps: Vec::new(), known: HashMap::new(), open: Vec::new() };
        let root = maker.step(root.0, root.1);
        while let Some((id, writer, reader)) = maker.open.pop() {
            maker.steps[id as usize] = maker.make(writer, reader);
        }
        let steps = maker.steps;
        Resolver { writer, steps, root }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("writer", &self.writer).field("steps", &self.steps.len()).finish()
    }
}

/// Makes the steps, each pair of types once. It keeps a list of what is to be done instead of recursing, since a schema may be
/// a long chain of names.
struct Maker<'m> {
    writer: &'m Plan,
    reader: &'m Plan,
    steps: Vec<Step>,
    known: HashMap<(NodeId, NodeId), StepId>,
    open: Vec<(StepId, NodeId, NodeId)>,
}

impl Maker<'_> {
    /// The step for a pair of types, made later if it is new.
    fn step(&mut self, writer: NodeId, reader: NodeId) -> StepId {
        if let Some(&id) = self.known.get(&(writer, reader)) {
            return id;
        }
        let id = self.steps.len() as StepId;
        self.steps.push(Step::Never("".into()));
        self.known.insert((writer, reader), id);
        self.open.push((id, writer, reader));
        id
    }

    fn make(&mut self, writer: NodeId, reader: NodeId) -> Step {
        let (from, to) = (self.writer.node(writer), self.reader.node(reader));
        match (from, to) {
            (Node::Union(union), _) => {
                Step::Branches(union.branches.iter().map(|branch| self.step(branch.node, reader)).collect())
            }
            (_, Node::Union(union)) => self.union_branch(writer, reader, union),
            (Node::Array(items), Node::Array(wanted)) => {
                Step::Array { items: self.step(*items, *wanted), least: self.writer.least[*items as usize] }
            }
            (Node::Map(values), Node::Map(wanted)) => {
                let least = self.writer.least[*values as usize].saturating_add(1);
                Step::Map { values: self.step(*values, *wanted), least }
            }
            (Node::Record(record), Node::Record(wanted)) => self.record(record, wanted),
            _ => self.leaf(writer, reader),
        }
    }

    fn union_branch(&mut self, writer: NodeId, reader: NodeId, union: &Union) -> Step {
        match self.branch_for(writer, union) {
            Some(at) => Step::Into(at as u32, self.step(writer, union.branches[at].node)),
            None => self.never(writer, reader),
        }
    }

    fn never(&self, writer: NodeId, reader: NodeId) -> Step {
        Step::Never(
            format!("{} cannot be read as {}", self.writer.title(writer), self.reader.title(reader)).into(),
        )
    }

    fn record(&mut self, record: &Record, wanted: &Record) -> Step {
        let sources = fit::sources(record, wanted);
        let mut layout = Vec::with_capacity(wanted.fields.len());
        for (field, source) in wanted.fields.iter().zip(&sources) {
            layout.push(match (source, &field.default) {
                (Some(at), _) => Part::Field(*at),
                (None, DefaultValue::Bytes(bytes)) => Part::Default(bytes.clone()),
                (None, default) => {
                    let why = match default {
                        DefaultValue::None => "it has no default",
                        _ => "its default does not fit its type",
                    };
                    let name = &field.name;
                    return Step::Never(format!("the writer has no field \"{name}\", and {why}").into());
                }
            });
        }
        let mut reads = Vec::with_capacity(record.fields.len());
        for (at, field) in record.fields.iter().enumerate() {
            let taker = sources.iter().position(|source| *source == Some(at));
            let step = taker.map(|taker| self.step(field.node, wanted.fields[taker].node));
            reads.push(Read { name: field.name.clone(), step, node: field.node });
        }
        let ordered = sources.iter().flatten().is_sorted();
        Step::Record(Fields { reads: reads.into(), layout: layout.into(), ordered })
    }
}
