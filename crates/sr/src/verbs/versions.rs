//! `sr versions`.

use kch_cli::{Exit, Result};
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
Examples:
  sr versions smoke-avro-value -o table
  sr versions smoke-avro-value | jq -s 'map(.version) | max'";

/// Whose versions to list.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Versions {
    /// The subject
    pub subject: String,
}

impl Versions {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let Versions { subject } = self;
        let versions = desk.registry()?.versions(subject)?;
        let row = |version: &u32| json!({"subject": subject, "version": version});
        let rows: Vec<Value> = versions.iter().map(row).collect();
        desk.rows(&rows)
    }
}
