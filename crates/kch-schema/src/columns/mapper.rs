//! From an Avro type to a ClickHouse type. What was tried out against ClickHouse 26.7 is said where it matters.

use super::{Mapping, Note, NoteKind, Route, sink};
use crate::extent::parts;
use crate::{ColumnType, Kind, Logical, NodeId, Schema};

/// Maps the types of one record, and keeps the notes.
pub(super) struct Mapper<'s> {
    pub(super) schema: &'s Schema,
    mapping: &'s Mapping,
    /// The records around this place: one that holds itself has no type of its own in ClickHouse.
    open: Vec<NodeId>,
    /// Inside a `Variant` that is read from Avro, ClickHouse takes only the very types that it would have chosen.
    in_variant: bool,
    /// An item of an array or a value of a map, for which the sink has fewer ways than for a field.
    pub(super) in_item: bool,
    pub(super) notes: Vec<Note>,
}

/// Arrays, maps and tuples take no null.
const NULL_IN_A_LINE: &str =
    "a line with null here is refused by ch-query insert; an INSERT of your own makes a default of it";
const YEARS: &str = "years outside 1900 to 2299 are not kept";

impl<'s> Mapper<'s> {
    pub(super) fn new(schema: &'s Schema, mapping: &'s Mapping) -> Mapper<'s> {
        let open = vec![schema.root()];
        Mapper { schema, mapping, open, in_variant: false, in_item: false, notes: Vec::new() }
    }

    pub(super) fn note(&mut self, path: &str, kind: NoteKind, text: &'static str) {
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
            Kind::Fixed { size: 0, .. } => {
                self.note(path, NoteKind::LeftOut, "has no bytes to keep");
                None
            }
            Kind::Bytes => Some(self.bytes(None, path)),
            Kind::Fixed { size, .. } => Some(self.bytes(Some(*size), path)),
            Kind::Enum { symbols, .. } if (self.mapping.enums || self.in_variant) && !symbols.is_empty() => {
                Some(ColumnType::Enum(symbols.clone()))
            }
            Kind::Enum { .. } => Some(ColumnType::String),
            Kind::Array(items) => {
                let items = *items;
                Some(ColumnType::Array(Box::new(self.item(items, &format!("{path}[]"))?)))
            }
            Kind::Map(values) => {
                let values = *values;
                Some(ColumnType::Map(Box::new(self.item(values, &format!("{path}{{}}"))?)))
            }
            Kind::Record { .. } => self.record(id, path),
            Kind::Union(_) => self.union(id, path),
        }
    }

    fn item(&mut self, id: NodeId, path: &str) -> Option<ColumnType> {
        let was_in_item = std::mem::replace(&mut self.in_item, true);
        let item = self.map(id, path);
        self.in_item = was_in_item;
        item
    }

    /// A `String` keeps the bytes of a fixed too, whichever way they come; the sink makes text of them for a `FixedString`.
    fn bytes(&mut self, size: Option<usize>, path: &str) -> ColumnType {
        if self.mapping.route == Route::Sink && self.in_item {
            self.note(path, NoteKind::Refused, sink::NO_BYTES_IN_ITEMS);
        }
        let sized = self.in_variant || self.mapping.sizes && self.mapping.route == Route::Avro;
        size.filter(|_| sized).map_or(ColumnType::String, ColumnType::FixedString)
    }

    fn logical(&mut self, logical: Logical, kind: &Kind, path: &str) -> Option<ColumnType> {
        let json = self.mapping.route == Route::Json;
        if self.mapping.route == Route::Sink
            && matches!((logical, kind), (Logical::Decimal { .. }, Kind::Fixed { .. }))
        {
            self.note(path, NoteKind::Refused, sink::NO_FIXED_DECIMAL);
        }
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
                self.bytes(Some(16), path)
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
                self.bytes(Some(12), path)
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
        let was_in_item = std::mem::take(&mut self.in_item);
        let mut parts = Vec::with_capacity(fields.len());
        for field in fields {
            if let Some(part) = self.map(field.node, &format!("{path}.{}", field.name)) {
                parts.push((field.name.clone(), part));
            }
        }
        self.open.pop();
        self.in_item = was_in_item;
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
            let takes_null = matches!(inner, ColumnType::Variant(_) | ColumnType::Nullable(_));
            let becomes_another = match self.mapping.route {
                Route::Sink => self.null_for_the_sink(&inner, path),
                Route::Avro => !takes_null,
                Route::Json => {
                    if !takes_null {
                        self.note(path, NoteKind::Refused, NULL_IN_A_LINE);
                    }
                    false
                }
            };
            if becomes_another {
                self.note(
                    path,
                    NoteKind::Lost,
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
        match self.mapping.route {
            Route::Json => self.json_union(&branches, path),
            Route::Avro => self.avro_union(&branches, path),
            Route::Sink => self.sink_union(&branches, nullable, path),
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
        match self.mapping.route {
            Route::Avro => self.note(path, NoteKind::LeftOut, "is always null"),
            Route::Sink => self.note(path, NoteKind::Refused, sink::NO_NULL_TYPE),
            Route::Json => {
                self.note(path, NoteKind::Form, "is always null");
                return Some(ColumnType::Nullable(Box::new(ColumnType::String)));
            }
        }
        None
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
