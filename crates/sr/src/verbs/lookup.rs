//! `sr lookup`.

use kch_cli::{Exit, Failure, Result};
use serde_json::json;

use crate::{Desk, SchemaArgs, input};

const EXAMPLES: &str = "\
Exit code 1 when it is not registered.

Examples:
  sr lookup orders-value v2.avsc | jq .id
  sr lookup orders-value v2.avsc --normalize --deleted";

/// What to find, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Lookup {
    /// The subject
    pub subject: String,
    /// The schema
    #[command(flatten)]
    pub schema: SchemaArgs,
    /// Whatever its spaces and the order of its attributes are
    #[arg(long)]
    pub normalize: bool,
    /// Among the softly deleted versions too
    #[arg(long)]
    pub deleted: bool,
}

impl Lookup {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let Lookup { subject, schema, normalize, deleted } = self;
        let registry = desk.registry()?;
        let name = input::name(&schema.file);
        let schema = input::read(schema, subject, &registry, desk.io)?.normalized(*normalize);
        let found = match deleted {
            true => registry.lookup_even_deleted(subject, &schema)?,
            false => registry.lookup(subject, &schema)?,
        };
        let found = found.ok_or_else(|| {
            Failure::refused(format!("the schema in {name} is not registered under {subject}"))
        })?;
        desk.row(json!({"subject": subject, "version": found.version, "id": found.schema.id}))
    }
}
