//! What can be said of an Avro schema without asking a server: whether one may follow another and why not ([`judge`],
//! [`diff`]), its mistakes ([`lint`]), the ClickHouse table that fits it ([`columns`]), its JSON Schema
//! ([`json_schema`]), samples of it ([`Sampler`]), and a draft of one from lines of JSON ([`Draft`]).
//!
//! It is a crate of its own, beside `kch-avro`, because the two read a schema for different ends. The codec compiles it to a plan
//! for bytes and forgets names, aliases, documentation and where each part stood; an analysis is about exactly those,
//! and must not make the hot crate longer. What is valid, and how defaults and logical types count, is still the
//! codec's word: [`Schema::parse`] compiles the plan first.
//!
//! The one constraint it keeps: it is pure. No I/O, no async, no clock.

#![deny(missing_docs)]

mod canonical;
mod column_type;
mod columns;
mod diff;
mod extent;
mod fault;
mod fit;
mod infer;
mod json_schema;
mod lint;
mod logical;
mod parse;
mod resolve;
mod sample;
mod schema;
mod spots;
mod table;

pub use canonical::{Fingerprints, canonical};
pub use column_type::{ColumnType, quote_name, quote_text};
pub use columns::{Column, Columns, Mapping, NoColumns, Note, NoteKind, Route, columns, sentences};
pub use diff::{Change, Diff, What, diff};
pub use fault::{Direction, Fault, Mismatch};
pub use infer::{BadLine, Draft, Drafted, Inferring};
pub use json_schema::json_schema;
pub use lint::{Finding, Severity, broken, lint, refused, twice};
pub use logical::Logical;
pub use resolve::{Comparison, Rules, Shift, compare, judge, read};
pub use sample::{NoValues, Sampler};
pub use schema::{Field, Kind, Name, Node, NodeId, Place, Schema};
pub use spots::{Spot, spots};
pub use table::{OrderError, Table, table_name};
