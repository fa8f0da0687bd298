//! The analyses, a file per topic.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod columns;
mod diff;
mod infer;
mod lint;
mod parse;
mod resolve;
mod sample;

use kch_schema::Schema;

/// A schema that must be one.
#[track_caller]
pub(crate) fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A record `ns.R` with these fields.
#[track_caller]
pub(crate) fn record(fields: &str) -> Schema {
    schema(&format!(r#"{{"type":"record","name":"R","namespace":"ns","fields":[{fields}]}}"#))
}
