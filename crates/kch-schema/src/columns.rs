//! The ClickHouse columns that fit a record, and what each of them cannot keep.
//!
//! The types are those that ClickHouse's AvroConfluent format reads into ([`Route::Avro`]), those that its Kafka Connect sink
//! can write ([`Route::Sink`]), or those that take what `avro-consume` prints ([`Route::Json`]). The one constraint: nothing
//! is lost in silence. Whatever a column cannot keep, or cannot be fed with, is a [`Note`].

mod mapper;
mod sink;

use std::fmt;

use serde_json::Value;

use crate::column_type::quote_text;
use crate::{ColumnType, Field, Kind, NodeId, Schema};
use mapper::Mapper;

/// How records get into the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// ClickHouse reads Avro itself: the AvroConfluent format.
    #[default]
    Avro,
    /// The official ClickHouse sink of Kafka Connect, behind an Avro converter.
    Sink,
    /// JSON lines, as `avro-consume` prints them.
    Json,
}

/// What to choose where there is a choice.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// How records get into the table.
    pub route: Route,
    /// `Enum8` and `Enum16` for enums. Otherwise `String`: a symbol that a later schema adds then needs no `ALTER TABLE`.
    pub enums: bool,
    /// `FixedString` for fixeds, where records come as Avro. Otherwise `String`, which keeps their bytes too.
    pub sizes: bool,
    /// Columns to make `LowCardinality`.
    pub low_cardinality: Vec<String>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name: the field's.
    pub name: String,
    /// The field's type in words, such as `null or timestamp-millis`.
    pub avro: String,
    /// Its type.
    pub column_type: ColumnType,
    /// The field's default as an SQL literal, where it differs from what ClickHouse fills in by itself.
    pub default: Option<String>,
    /// The field's documentation.
    pub doc: Option<String>,
}

/// The columns of a record and what to know about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The columns in schema order, without those that cannot be.
    pub columns: Vec<Column>,
    /// What they cannot keep.
    pub notes: Vec<Note>,
}

/// Something that a table does not keep as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The field: `address.lines[].text`; `[]` is an array's item and `{}` a map's value.
    pub path: String,
    /// What kind of loss.
    pub kind: NoteKind,
    /// The sentence, to go behind the path.
    pub text: &'static str,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// All is kept, in a form to know about.
    Form,
    /// Values that differ in Avro become one in the table, or change.
    Lossy,
    /// Values that are no rarities come back as others, in silence: a null, a branch of a union.
    Lost,
    /// There is no column for it.
    LeftOut,
    /// Records do not get into the table for it: all of them, or those that the text names.
    Refused,
}

/// One line for each sentence, the worst first, with the fields that it is about: `lossy: day, at: years …`.
#[must_use]
pub fn sentences(notes: &[Note]) -> Vec<String> {
    let mut lines: Vec<(NoteKind, &str, Vec<&str>)> = Vec::new();
    for note in notes {
        match lines.iter_mut().find(|(kind, text, _)| (*kind, *text) == (note.kind, note.text)) {
            Some((.., paths)) => paths.push(&note.path),
            None => lines.push((note.kind, note.text, vec![&note.path])),
        }
    }
    lines.sort_by_key(|(kind, ..)| std::cmp::Reverse(*kind));
    let sentence = |(kind, text, paths): (NoteKind, &str, Vec<&str>)| {
        let kind = match kind {
            NoteKind::Form => "note",
            NoteKind::Lossy => "lossy",
            NoteKind::Lost => "lost",
            NoteKind::LeftOut => "left out",
            NoteKind::Refused => "refused",
        };
        format!("{kind}: {}: {text}", paths.join(", "))
    };
    lines.into_iter().map(sentence).collect()
}

/// Why a schema has no columns as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoColumns {
    /// It is no record.
    NotARecord {
        /// What it is instead, in words.
        found: String,
    },
    /// Nothing of it can be kept.
    Empty,
    /// A column that shall be `LowCardinality` is not there.
    Unknown {
        /// Its name.
        name: String,
    },
    /// A column that shall be `LowCardinality` is no text.
    NotText {
        /// Its name.
        name: String,
        /// Its type.
        column_type: ColumnType,
    },
}

impl fmt::Display for NoColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoColumns::NotARecord { found } => {
                write!(f, "a table needs a record, and the schema is {found}")
            }
            NoColumns::Empty => f.write_str("the schema has nothing that a table could keep"),
            NoColumns::Unknown { name } => write!(f, "there is no column {name}"),
            NoColumns::NotText { name, column_type } => {
                write!(f, "column {name} is {column_type}, and only a text can be LowCardinality")
            }
        }
    }
}

impl std::error::Error for NoColumns {}

/// The columns that fit a record.
///
/// ```
/// use kch_schema::{Mapping, Schema, columns};
///
/// let schema = Schema::parse(r#"{"type":"record","name":"R","fields":[{"name":"n","type":["null","long"]}]}"#)?;
/// let columns = columns(&schema, &Mapping::default())?.columns;
/// assert_eq!(columns[0].column_type.to_string(), "Nullable(Int64)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the schema is no record, nothing of it can be kept, or a column cannot be `LowCardinality`.
pub fn columns(schema: &Schema, mapping: &Mapping) -> Result<Columns, NoColumns> {
    let Kind::Record { fields, .. } = schema.kind(schema.root()) else {
        return Err(NoColumns::NotARecord { found: schema.title(schema.root()) });
    };
    let mut mapper = Mapper::new(schema, mapping);
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        let Some(column_type) = mapper.map(field.node, &field.name) else { continue };
        let mut default = default_literal(schema, field, &column_type);
        if mapping.route == Route::Sink {
            default = sink::without_default(&field.name, &column_type, default, &mut mapper.notes);
        }
        columns.push(Column {
            name: field.name.clone(),
            avro: schema.title(field.node),
            default,
            column_type,
            doc: field.doc.clone(),
        });
    }
    if columns.is_empty() {
        return Err(NoColumns::Empty);
    }
    for name in &mapping.low_cardinality {
        let column = columns.iter_mut().find(|column| column.name == *name);
        let column = column.ok_or_else(|| NoColumns::Unknown { name: name.clone() })?;
        column.column_type = low_cardinality(name, column.column_type.clone())?;
    }
    Ok(Columns { columns, notes: mapper.notes })
}

fn low_cardinality(name: &str, column_type: ColumnType) -> Result<ColumnType, NoColumns> {
    use ColumnType::{FixedString, LowCardinality, Nullable, String};
    let is_text = match &column_type {
        Nullable(inner) => matches!(**inner, String | FixedString(_)),
        other => matches!(other, String | FixedString(_)),
    };
    match is_text {
        true => Ok(LowCardinality(Box::new(column_type))),
        false => Err(NoColumns::NotText { name: name.to_owned(), column_type }),
    }
}

/// The default of a plain column as a literal, where ClickHouse would fill in something else: records of an older schema,
/// which lack the field, are then read with it.
fn default_literal(schema: &Schema, field: &Field, column_type: &ColumnType) -> Option<String> {
    use ColumnType::{Bool, Enum, Float32, Float64, Int32, Int64, Nullable};
    let (inner, nullable) = match column_type {
        Nullable(inner) => (&**inner, true),
        other => (other, false),
    };
    match (inner, field.default.as_ref()?) {
        (Bool, Value::Bool(value)) if *value || nullable => Some(value.to_string()),
        (Int32 | Int64 | Float32 | Float64, Value::Number(number))
            if nullable || number.as_f64() != Some(0.0) =>
        {
            Some(number.to_string())
        }
        // The JSON text of a default of bytes is not what the column holds.
        (ColumnType::String | Enum(_), Value::String(text)) if nullable || !text.is_empty() => {
            let is_text = |&branch: &NodeId| {
                matches!(schema.kind(branch), Kind::String | Kind::Enum { .. })
                    && schema.node(branch).logical.is_none()
            };
            schema.branches(field.node).0.iter().all(is_text).then(|| quote_text(text))
        }
        _ => None,
    }
}
