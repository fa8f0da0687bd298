//! `sr jsonschema`: JSON Schema of the lines that avro-produce takes.

use kch_cli::{Exit, Result};
use kch_schema::json_schema;

use crate::Desk;
use crate::source::SourceArgs;

const EXAMPLES: &str = "\
Draft 2020-12, for the plain JSON of avro-produce and avro-consume.

Examples:
  sr jsonschema kafka-events-value
  sr jsonschema configs/schemas/kafka-events-value.avsc -o json | jq .required";

/// Which schema.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct JsonSchema {
    /// The schema
    #[command(flatten)]
    pub source: SourceArgs,
}

impl JsonSchema {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let schema = desk.source(&self.source)?.schema()?;
        desk.document(&json_schema(&schema))
    }
}
