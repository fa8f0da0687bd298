//! `sr versions`.

use kch_cli::{Exit, Result};
use kch_registry::{Error, Registry, Version};
use serde_json::json;

use crate::Desk;
use crate::at_once::at_once;

const EXAMPLES: &str = "\
Examples:
  sr versions smoke-avro-value -o table
  sr versions smoke-avro-value | jq -s 'map(.version) | max'
  sr versions smoke-avro-value -q id
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
            let rows = at_once(&registry.versions(subject)?, |&version| {
                let id = id(&registry, subject, version)?;
                Ok(Some(json!({"subject": subject, "version": version, "id": id})))
            })?;
            return desk.rows(&rows);
        }
        let all = registry.versions_with_deleted(subject)?;
        let live = registry.live_versions(subject)?;
        let rows = at_once(&all, |version| {
            let deleted = !live.contains(version);
            if self.only_deleted && !deleted {
                return Ok(None);
            }
            let id = id(&registry, subject, *version)?;
            Ok(Some(json!({"subject": subject, "version": version, "id": id, "deleted": deleted})))
        })?;
        desk.rows(&rows)
    }
}

/// The schema's id; none where the registry shows no more of the version than its number.
fn id(registry: &Registry, subject: &str, version: u32) -> Result<Option<u32>> {
    match registry.subject_version_even_deleted(subject, Version::Number(version)) {
        Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => Ok(None),
        found => Ok(Some(found?.schema.id)),
    }
}
