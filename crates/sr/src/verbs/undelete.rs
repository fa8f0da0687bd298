//! `sr undelete`.

use kch_cli::{Exit, Failure, Messages, Result};
use kch_registry::complete::subjects;
use kch_registry::{Error, NewSchema, Registry, Version, named};
use serde_json::{Value, json};

use crate::judged::Judged;
use crate::{Desk, planned};

const EXAMPLES: &str = "\
A registry takes no deletion back. It is given the same schema again: the id stays, the version is the next one, and so the \
latest, which producers take; the subject's compatibility level counts. What was deleted for good is gone.

Examples:
  sr undelete orders-value
  sr undelete orders-value 3 --dry-run
  sr versions orders-value --deleted";

/// What to bring back.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Undelete {
    /// The subject, or SUBJECT@VERSION
    #[arg(add = subjects())]
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
        let (subject, version) = match named(&self.subject, self.version.map(Version::Number)) {
            (_, Some(Version::Latest)) => {
                return Err(Failure::usage("the latest version is not a deleted one"));
            }
            (subject, Some(Version::Number(version))) => (subject.to_owned(), Some(version)),
            (subject, None) => (subject.to_owned(), None),
        };
        Undelete { subject, version, ..*self }.run_on(&registry, desk)
    }

    fn run_on(&self, registry: &Registry, desk: &mut Desk<'_>) -> Result<Exit> {
        let mut rows = Vec::new();
        let outcome = self.bring_back(registry, &mut rows, &mut desk.io.messages);
        if outcome.is_ok() && rows.is_empty() {
            let subject = &self.subject;
            desk.io.messages.say(&format!("nothing of {subject} is deleted that is not there again"));
        }
        desk.rows_of(&rows, outcome)
    }

    /// A row for each version that came back, or would, also before a failure.
    fn bring_back(&self, registry: &Registry, rows: &mut Vec<Value>, messages: &mut Messages) -> Result<()> {
        let Undelete { subject, dry_run, .. } = self;
        let newest = registry.live_versions(subject)?.into_iter().max();
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
                    rows.push(planned(
                        json!({"subject": subject, "version": null, "id": id, "was": was}),
                        true,
                    ));
                    warn_if_overtaken(subject, was, newest, messages);
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
                warn_if_overtaken(subject, was, newest, messages);
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

/// Who takes the latest schema goes back to an old one.
fn warn_if_overtaken(subject: &str, was: u32, newest: Option<u32>, messages: &mut Messages) {
    if let Some(newest) = newest.filter(|newest| *newest > was) {
        messages.say(&format!(
            "warning: what was version {was} is the latest of {subject} then, before version {newest}: \
             producers that take the latest schema go back to it"
        ));
    }
}

/// Apicurio's registry lists the versions of a subject that is deleted as a whole, and shows none of them.
fn hidden(subject: &str, version: u32) -> Failure {
    Failure::refused(format!("{subject} version {version} is deleted, and this registry no longer shows it"))
        .hint(format!("the same text comes back under its old id: sr register {subject} FILE"))
}
