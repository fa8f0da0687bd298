//! `sr undelete`.

use kch_cli::{Exit, Failure, Result};
use kch_registry::{Error, NewSchema, Registry, Version};
use serde_json::{Value, json};

use crate::Desk;
use crate::judged::Judged;

const EXAMPLES: &str = "\
A registry takes no deletion back. It is given the same schema again: the id stays, the version is the next one, and the \
subject's compatibility level counts. What was deleted for good is gone.

Examples:
  sr undelete orders-value
  sr undelete orders-value 3 --dry-run
  sr versions orders-value --deleted";

/// What to bring back.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Undelete {
    /// The subject
    pub subject: String,
    /// Only this version; by default all that are softly deleted, in their order
    pub version: Option<u32>,
    /// Print what would come back
    #[arg(long)]
    pub dry_run: bool,
}

impl Undelete {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let mut rows = Vec::new();
        let outcome = self.bring_back(&registry, &mut rows);
        if outcome.is_ok() && rows.is_empty() {
            let subject = &self.subject;
            desk.io.messages.say(&format!("nothing of {subject} is deleted that is not there again"));
        }
        desk.rows_of(&rows, outcome)
    }

    /// A row for each version that came back, or would, also before a failure.
    fn bring_back(&self, registry: &Registry, rows: &mut Vec<Value>) -> Result<()> {
        let Undelete { subject, dry_run, .. } = self;
        for was in self.deleted(registry)? {
            let found = match registry.subject_version_even_deleted(subject, Version::Number(was)) {
                Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => {
                    return Err(hidden(subject, was));
                }
                outcome => outcome?,
            };
            let id = found.schema.id;
            let schema = NewSchema::from(found.schema);
            if *dry_run {
                // It may be there under a later number.
                if registry.live_versions(subject)?.is_empty() || registry.lookup(subject, &schema)?.is_none()
                {
                    rows.push(json!({"subject": subject, "version": null, "id": id, "was": was}));
                }
                continue;
            }
            let back = match registry.register(subject, &schema) {
                Err(Error::Incompatible { messages, .. }) => {
                    let judged = Judged::explain(registry, subject, Version::Latest, &schema, messages)?;
                    return Err(judged.failure(subject, &format!("deleted version {was}")));
                }
                outcome => outcome?,
            };
            if back.created {
                rows.push(
                    json!({"subject": subject, "version": back.version, "id": back.schema.id, "was": was}),
                );
            }
        }
        Ok(())
    }

    /// The versions that are softly deleted.
    fn deleted(&self, registry: &Registry) -> Result<Vec<u32>> {
        let Undelete { subject, version, .. } = self;
        let live = registry.live_versions(subject)?;
        let mut all = registry.versions_with_deleted(subject)?;
        match version {
            Some(version) if live.contains(version) => {
                Err(Failure::refused(format!("{subject} version {version} is not deleted")))
            }
            Some(version) if !all.contains(version) => Err(Error::VersionNotFound {
                subject: subject.clone(),
                version: Version::Number(*version),
                known: all,
            }
            .into()),
            Some(version) => Ok(vec![*version]),
            None => {
                all.retain(|version| !live.contains(version));
                Ok(all)
            }
        }
    }
}

/// Apicurio's registry lists the versions of a subject that is deleted as a whole, and shows none of them.
fn hidden(subject: &str, version: u32) -> Failure {
    Failure::refused(format!("{subject} version {version} is deleted, and this registry no longer shows it"))
        .hint(format!("the same text comes back under its old id: sr register {subject} FILE"))
}
