//! What the ClickHouse sink of Kafka Connect makes of Avro, where it is not what ClickHouse itself would read. All of it
//! was tried out: sink v1.5.0 behind Confluent's AvroConverter 7.7.7 and Apicurio's 2.6.13, into ClickHouse 26.7.
//!
//! A record that the sink cannot write becomes a dead letter together with the batch that it came in, so what may be refused
//! is said as loudly as what is lost.

use super::mapper::Mapper;
use super::{Note, NoteKind};
use crate::{ColumnType, Kind, Logical, NodeId};

pub(super) const NO_NULL_TYPE: &str =
    "every record is refused: Connect's Avro converter knows no type null; take the field out of the schema";
pub(super) const NO_FIXED_DECIMAL: &str = "every record is refused behind Apicurio's Avro converter, though not behind Confluent's: a decimal in bytes fits both";
pub(super) const NO_BYTES_IN_ITEMS: &str =
    "a record with one is refused, and its batch with it: the sink writes bytes as a field, not as an item";
const NULL_IS_REFUSED: &str = "a record with null here is refused, and its batch with it";
const NULL_SPOILS: &str =
    "null here spoils its batch: the sink writes nothing for it, and what follows is read as something else";
const DEFAULT_IS_FOR_NULL: &str =
    "a record without it gets null, not its default: the sink would write the default for null too";

impl Mapper<'_> {
    /// What becomes of null where the column has no place for it; `true` when that is an empty array.
    pub(super) fn null_for_the_sink(&mut self, inner: &ColumnType, path: &str) -> bool {
        match inner {
            ColumnType::Array(_) if !self.in_item => return true,
            ColumnType::Array(_) => self.note(path, NoteKind::Refused, NULL_SPOILS),
            ColumnType::Nullable(_) => {}
            ColumnType::Variant(_) if !self.in_item => {}
            _ => self.note(path, NoteKind::Refused, NULL_IS_REFUSED),
        }
        false
    }

    /// Connect makes a structure of a union, and the sink writes the part that is set: into a `Variant` if the part's own
    /// type is among the types there, by name. Texts and bytes may share a `String`.
    pub(super) fn sink_union(
        &mut self,
        branches: &[NodeId],
        nullable: bool,
        path: &str,
    ) -> Option<ColumnType> {
        if nullable && self.in_item {
            self.note(path, NoteKind::Refused, NULL_IS_REFUSED);
        }
        if branches.iter().all(|&branch| self.is_text_or_bytes(branch)) {
            self.note(path, NoteKind::Form, "is kept without which branch it was");
            return Some(if nullable {
                ColumnType::Nullable(Box::new(ColumnType::String))
            } else {
                ColumnType::String
            });
        }
        let known = self.notes.len();
        let mut types: Vec<ColumnType> = Vec::with_capacity(branches.len());
        for &branch in branches {
            let branch_path = format!("{path}<{}>", self.schema.title(branch));
            match self.part_of_variant(branch, &branch_path) {
                Some(found) if types.contains(&found) => {}
                Some(found) => types.push(found),
                None => self.note(
                    &branch_path,
                    NoteKind::Lost,
                    "the sink writes NULL for this branch of a union, in silence",
                ),
            }
        }
        if types.is_empty() {
            self.notes.truncate(known);
            self.note(path, NoteKind::LeftOut, "is a union of which the sink writes no branch");
            return None;
        }
        Some(ColumnType::Variant(types))
    }

    fn is_text_or_bytes(&self, id: NodeId) -> bool {
        let node = self.schema.node(id);
        let is_number = matches!(node.logical, Some(Logical::Decimal { .. }));
        matches!(node.kind, Kind::String | Kind::Enum { .. } | Kind::Bytes | Kind::Fixed { .. }) && !is_number
    }

    /// The type that Connect's word for the branch names in ClickHouse too.
    fn part_of_variant(&mut self, id: NodeId, path: &str) -> Option<ColumnType> {
        let node = self.schema.node(id);
        if matches!(node.logical, Some(Logical::Timestamp(_) | Logical::LocalTimestamp(_))) {
            self.note(path, NoteKind::Form, "is kept as a number since 1970");
        }
        match node.kind {
            // Days since 1970 would be written as milliseconds.
            Kind::Int if node.logical == Some(Logical::Date) => None,
            Kind::Boolean => Some(ColumnType::Bool),
            Kind::Int => Some(ColumnType::Int32),
            Kind::Long => Some(ColumnType::Int64),
            Kind::Float => Some(ColumnType::Float32),
            Kind::Double => Some(ColumnType::Float64),
            Kind::String | Kind::Enum { .. } => Some(ColumnType::String),
            _ => None,
        }
    }
}

/// The default of a column, which the sink must not have where null is a value of its own.
pub(super) fn without_default(
    column: &str,
    column_type: &ColumnType,
    default: Option<String>,
    notes: &mut Vec<Note>,
) -> Option<String> {
    if default.is_some() && matches!(column_type, ColumnType::Nullable(_)) {
        notes.push(Note { path: column.to_owned(), kind: NoteKind::Lossy, text: DEFAULT_IS_FOR_NULL });
        return None;
    }
    default
}
