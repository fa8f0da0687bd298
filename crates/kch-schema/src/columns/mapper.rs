//! From an Avro type to a ClickHouse type. What was tried out against ClickHouse 26.7 is said where it matters.

use super::{Mapping, Note, NoteKind, Route};
use crate::extent::parts;
use crate::{ColumnType, Kind, Logical, NodeId, Schema};

/// Maps the types of one record, and keeps the notes.
pub(super) struct Mapper<'s> {
    schema: &'s Schema,
    mapping: &'s Mapping,
    /// The records around this place: one that holds itself has no type of its own in ClickHouse.
    open: Vec<NodeId>,
    /// Inside a `Variant` that is read from Avro, ClickHouse takes only the very types that it would have chosen.
    in_variant: bool,
    pub(super) notes: Vec<Note>,
}

const YEARS: &str = "years outside 1900 to 2299 are not kept";

impl<'s> Mapper<'s> {
    pub(super) fn new(schema: &'s Schema, mapping: &'s Mapping) -> Mapper<'s> {
        Mapper { schema, mapping, open: vec![schema.root()], in_variant: false, notes: Vec::new() }
    }

    fn note(&mut self, path: &str, kind: NoteKind, text: &'static str) {
        self.notes.push(Note { path: path.to_owned(), kind, text });
    }

    /// The type for a node; `None`, with a note, when there is none.
    pub(super) fn map(&mut self, id: NodeId, path: &str) -> Option<ColumnType> {
        let json = self.mapping.route == Route::Json;
        let node = self.schema.node(id);
        if let Some(logical) = node.logical {
            return self.logical(logical, &node.kind, path);
        }
        match &node.kind {
            Kind::Null => self.nothing(path),
            Kind::Boolean => Some(ColumnType::Bool),
            Kind::Int => Some(ColumnType::Int32),
            Kind::Long => Some(ColumnType::Int64),
            Kind::Float => Some(ColumnType::Float32),
            Kind::Double => Some(ColumnType::Float64),
            Kind::String => Some(ColumnType::String),
            Kind::Bytes | Kind::Fixed { .. } if json => {
                self.note(path, NoteKind::Form, "is kept as base64 text");
                Some(ColumnType::String)
            }
            Kind::Bytes => Some(ColumnType::String),
            Kind::Fixed { size: 0, .. } => {
                self.note(path, NoteKind::LeftOut, "has no bytes to keep");
                None
            }
            Kind::Fixed { size, .. } => Some(ColumnType::FixedString(*size)),
            Kind::Enum { symbols, .. } if (self.mapping.enums || self.in_variant) && !symbols.is_empty() => {
                Some(ColumnType::Enum(symbols.clone()))
            }
            Kind::Enum { .. } => Some(ColumnType::String),
            Kind::Array(items) => {
                let items = *items;
                Some(ColumnType::Array(Box::new(self.map(items, &format!("{path}[]"))?)))
            }
            Kind::Map(values) => {
                let values = *values;
                Some(ColumnType::Map(Box::new(self.map(values, &format!("{path}{{}}"))?)))
            }
            Kind::Record { .. } => self.record(id, path),
            Kind::Union(_) => self.union(id, path),
        }
    }

    fn logical(&mut self, logical: Logical, kind: &Kind, path: &str) -> Option<ColumnType> {
        let json = self.mapping.route == Route::Json;
        Some(match logical {
            Logical::Decimal { precision, scale } if precision <= 76 => ColumnType::Decimal(precision, scale),
            Logical::Decimal { .. } if json => {
                self.note(path, NoteKind::Form, "has more than ClickHouse's 76 digits and is kept as text");
                ColumnType::String
            }
            Logical::Decimal { .. } => {
                self.note(path, NoteKind::LeftOut, "ClickHouse has no decimal of more than 76 digits");
                return None;
            }
            Logical::Uuid if json || matches!(kind, Kind::String) => ColumnType::Uuid,
            Logical::Uuid => {
                self.note(path, NoteKind::Form, "is kept as the 16 bytes of the UUID");
                ColumnType::FixedString(16)
            }
            Logical::Date => {
                self.note(path, NoteKind::Lossy, YEARS);
                ColumnType::Date32
            }
            Logical::Timestamp(9) | Logical::LocalTimestamp(_) if self.in_variant => {
                self.note(path, NoteKind::Form, "is kept as a number since 1970");
                ColumnType::Int64
            }
            Logical::Timestamp(digits) if self.in_variant => {
                self.note(path, NoteKind::Lossy, YEARS);
                ColumnType::ServerDateTime64(digits)
            }
            Logical::Timestamp(9) | Logical::LocalTimestamp(9) => {
                self.note(path, NoteKind::Lossy, "times outside 1900 to 2262 are not kept");
                ColumnType::DateTime64(9)
            }
            Logical::Timestamp(digits) => {
                self.note(path, NoteKind::Lossy, YEARS);
                ColumnType::DateTime64(digits)
            }
            Logical::LocalTimestamp(digits) => {
                self.note(path, NoteKind::Lossy, YEARS);
                self.note(path, NoteKind::Form, "is a clock's time without a zone, kept as if it were UTC");
                ColumnType::DateTime64(digits)
            }
            Logical::Time(_) if json => {
                self.note(path, NoteKind::Form, "is kept as text");
                ColumnType::String
            }
            Logical::Time(3) => {
                self.note(path, NoteKind::Form, "is kept as milliseconds since midnight");
                ColumnType::Int32
            }
            Logical::Time(_) => {
                self.note(path, NoteKind::Form, "is kept as microseconds since midnight");
                ColumnType::Int64
            }
            Logical::Duration if json => {
                let part = |name: &str| (name.to_owned(), ColumnType::Int64);
                ColumnType::Tuple(vec![part("months"), part("days"), part("millis")])
            }
            Logical::Duration => {
                self.note(path, NoteKind::Form, "is kept as its 12 bytes");
                ColumnType::FixedString(12)
            }
        })
    }

    fn record(&mut self, id: NodeId, path: &str) -> Option<ColumnType> {
        let Kind::Record { fields, .. } = self.schema.kind(id) else { return None };
        let json = self.mapping.route == Route::Json;
        if self.open.contains(&id) || self.holds_itself(id) {
            if json {
                self.note(path, NoteKind::Form, "holds itself and is kept as JSON text");
                return Some(ColumnType::String);
            }
            self.note(path, NoteKind::LeftOut, "holds itself, which ClickHouse cannot read from Avro");
            return None;
        }
        self.open.push(id);
        let mut parts = Vec::with_capacity(fields.len());
        for field in fields {
            if let Some(part) = self.map(field.node, &format!("{path}.{}", field.name)) {
                parts.push((field.name.clone(), part));
            }
        }
        self.open.pop();
        if json && parts.is_empty() {
            self.note(path, NoteKind::Form, "has no fields and is kept as JSON text");
            return Some(ColumnType::String);
        }
        if parts.len() < fields.len() || parts.is_empty() {
            self.note(path, NoteKind::LeftOut, "cannot be read from Avro without one of its fields");
            return None;
        }
        Some(ColumnType::Tuple(parts))
    }

    fn union(&mut self, id: NodeId, path: &str) -> Option<ColumnType> {
        let (branches, nullable) = self.schema.branches(id);
        if let [only] = branches[..] {
            let inner = self.map(only, path)?;
            if !nullable {
                return Some(inner);
            }
            if inner.can_be_nullable() {
                return Some(ColumnType::Nullable(Box::new(inner)));
            }
            if !matches!(inner, ColumnType::Variant(_) | ColumnType::Nullable(_)) {
                self.note(
                    path,
                    NoteKind::Lossy,
                    match inner {
                        ColumnType::Array(_) => "null becomes an empty array",
                        ColumnType::Map(_) => "null becomes an empty map",
                        _ => "null becomes a tuple of defaults",
                    },
                );
            }
            return Some(inner);
        }
        if branches.is_empty() {
            return self.nothing(path);
        }
        if self.mapping.route == Route::Json {
            self.json_union(&branches, path)
        } else {
            self.avro_union(&branches, path)
        }
    }

    /// ClickHouse reads a union as a `Variant` of as many different types, each the one that it would have chosen.
    fn avro_union(&mut self, branches: &[NodeId], path: &str) -> Option<ColumnType> {
        let was_in_variant = std::mem::replace(&mut self.in_variant, true);
        let mut types: Vec<ColumnType> = Vec::with_capacity(branches.len());
        for &branch in branches {
            let branch_path = format!("{path}<{}>", self.schema.title(branch));
            types.extend(self.map(branch, &branch_path).filter(|found| !types.contains(found)));
        }
        self.in_variant = was_in_variant;
        if types.len() < branches.len() {
            self.note(
                path,
                NoteKind::LeftOut,
                "cannot be read from Avro: its branches are not as many types in ClickHouse",
            );
            return None;
        }
        Some(ColumnType::Variant(types))
    }

    /// What `avro-consume` prints bare goes into a `Variant` if its JSON tells the branches apart; else the text is kept.
    fn json_union(&mut self, branches: &[NodeId], path: &str) -> Option<ColumnType> {
        let mut forms: Vec<_> = branches.iter().map(|&branch| json_form(self.schema, branch)).collect();
        forms.sort_unstable();
        forms.dedup();
        if forms.len() < branches.len() {
            self.note(path, NoteKind::Form, "is kept as JSON text");
            return Some(ColumnType::String);
        }
        let known = self.notes.len();
        let types: Vec<ColumnType> = branches
            .iter()
            .filter_map(|&branch| self.map(branch, &format!("{path}<{}>", self.schema.title(branch))))
            .collect();
        if types.len() < branches.len() || types.iter().enumerate().any(|(at, one)| types[..at].contains(one))
        {
            self.notes.truncate(known);
            self.note(path, NoteKind::Form, "is kept as JSON text");
            return Some(ColumnType::String);
        }
        self.note(
            path,
            NoteKind::Lossy,
            "ClickHouse guesses the branch: a text that looks like a number becomes one",
        );
        Some(ColumnType::Variant(types))
    }

    /// A column that is always null. In Avro the field can be passed over; a line of JSON has it.
    fn nothing(&mut self, path: &str) -> Option<ColumnType> {
        if self.mapping.route == Route::Avro {
            self.note(path, NoteKind::LeftOut, "is always null");
            return None;
        }
        self.note(path, NoteKind::Form, "is always null");
        Some(ColumnType::Nullable(Box::new(ColumnType::String)))
    }

    /// Whether a record leads back to itself.
    fn holds_itself(&self, target: NodeId) -> bool {
        let mut seen = vec![target];
        let mut open = parts(self.schema, target);
        while let Some(id) = open.pop() {
            if id == target {
                return true;
            }
            if !seen.contains(&id) {
                seen.push(id);
                open.extend(parts(self.schema, id));
            }
        }
        false
    }
}

/// Which kind of JSON value a type is printed as.
fn json_form(schema: &Schema, id: NodeId) -> &'static str {
    let node = schema.node(id);
    match (&node.kind, node.logical) {
        (_, Some(Logical::Duration)) | (Kind::Record { .. } | Kind::Map(_), _) => "object",
        (_, Some(_)) => "string",
        (Kind::Null, _) => "null",
        (Kind::Boolean, _) => "boolean",
        (Kind::Int | Kind::Long | Kind::Float | Kind::Double, _) => "number",
        (Kind::Array(_) | Kind::Union(_), _) => "array",
        (Kind::Bytes | Kind::String | Kind::Fixed { .. } | Kind::Enum { .. }, _) => "string",
    }
}
