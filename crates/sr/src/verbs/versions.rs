//! `sr versions`.

use kch_cli::{Exit, Result};
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
    /// Only those that are softly deleted
    #[arg(long, conflicts_with = "deleted")]
    pub only_deleted: bool,
}

impl Versions {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let subject = &self.subject;
        let registry = desk.registry()?;
        if !self.deleted && !self.only_deleted {
            let row = |version: &u32| json!({"subject": subject, "version": version});
            return desk.rows(&registry.versions(subject)?.iter().map(row).collect::<Vec<Value>>());
        }
        let all = registry.versions_with_deleted(subject)?;
        let live = registry.live_versions(subject)?;
        let shown = all.iter().filter(|version| !self.only_deleted || !live.contains(version));
        let row = |version: &u32| json!({"subject": subject, "version": version, "deleted": !live.contains(version)});
        desk.rows(&shown.map(row).collect::<Vec<Value>>())
    }
}
