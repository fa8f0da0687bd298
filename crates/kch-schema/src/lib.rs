//! What can be said of an Avro schema without asking a server: whether one may follow another and why not, the
//! ClickHouse table that fits it, and the like.
//!
//! It is a crate of its own, beside `kch-avro`, because the two read a schema for different ends. The codec compiles it to a plan
//! for bytes and forgets names, aliases, documentation and where each part stood; an analysis is about exactly those,
//! and must not make the hot crate longer. What is valid, and how defaults and logical types count, is still the
//! codec's word: [`Schema::parse`] compiles the plan first.
//!
//! The one constraint it keeps: it is pure. No I/O, no async, no clock.

#![deny(missing_docs)]

mod column_type;
mod columns;
mod logical;
mod parse;
mod schema;
mod table;

pub use column_type::{ColumnType, quote_name, quote_text};
pub use columns::{Column, Columns, Mapping, NoColumns, Note, NoteKind, Route, columns};
pub use logical::Logical;
pub use schema::{Field, Kind, Name, Node, NodeId, Place, Schema};
pub use table::{OrderError, Table, table_name};
