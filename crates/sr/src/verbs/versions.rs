//! `sr versions`.

use kch_cli::{Exit, Result};
use kch_registry::Error;
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
Examples:
  sr versions smoke-avro-value -o table
  sr versions smoke-avro-value | jq -s 'map(.version) | max'
  sr versions smoke-avro-value --deleted";

/// Whose versions to list.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Versions {
    /// The subject
    pub subject: String,
    /// Those that are softly deleted too, with a column that says so
    #[arg(long)]
    pub deleted: bool,
}

impl Versions {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let Versions { subject, deleted } = self;
        let registry = desk.registry()?;
        let rows: Vec<Value> = if *deleted {
            let all = registry.versions_with_deleted(subject)?;
            let live = match registry.versions(subject) {
                Err(Error::SubjectNotFound { .. }) => Vec::new(),
                outcome => outcome?,
            };
            let row = |version: &u32| json!({"subject": subject, "version": version, "deleted": !live.contains(version)});
            all.iter().map(row).collect()
        } else {
            let row = |version: &u32| json!({"subject": subject, "version": version});
            registry.versions(subject)?.iter().map(row).collect()
        };
        desk.rows(&rows)
    }
}
