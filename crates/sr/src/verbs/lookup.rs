//! `sr lookup`.

use kch_cli::{Exit, Failure, Result};
use serde_json::json;

use crate::{Desk, SchemaArgs, input};

const EXAMPLES: &str = "\
Exit code 1 when it is not registered.

Examples:
  sr lookup orders-value v2.avsc | jq .id";

/// What to find, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Lookup {
    /// The subject
    pub subject: String,
    /// The schema
    #[command(flatten)]
    pub schema: SchemaArgs,
}

impl Lookup {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let Lookup { subject, schema } = self;
        let registry = desk.registry()?;
        let name = input::name(&schema.file);
        let schema = input::read(schema, &registry, desk.io)?;
        let found = registry.lookup(subject, &schema)?.ok_or_else(|| {
            Failure::refused(format!("the schema in {name} is not registered under {subject}"))
        })?;
        desk.row(json!({"subject": subject, "version": found.version, "id": found.schema.id}))
    }
}
