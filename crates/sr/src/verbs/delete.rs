//! `sr delete`.

use std::collections::BTreeSet;

use kch_cli::{ConfirmArgs, Exit, Result};
use kch_registry::{Error, Registry, Version};
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
Deleting what is softly deleted already succeeds; --permanent takes both steps from any state. What other schemas refer \
to is not deleted: they are named, with exit code 1, by --dry-run too.

Examples:
  sr delete orders-value 3
  sr delete orders-value --permanent --dry-run
  sr subjects --prefix test- -o raw | xargs -n1 sr delete --permanent";

/// What to delete, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Delete {
    /// The subject
    pub subject: String,
    /// Only this version: a number, or latest
    pub version: Option<Version>,
    /// For good. Otherwise its schemas can still be read by id, and `sr undelete` brings them back
    #[arg(long, visible_alias = "hard")]
    pub permanent: bool,
    /// Whether to ask, with --permanent
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    /// Print what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

impl Delete {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        if self.permanent && !self.dry_run {
            self.confirm.ask(desk.io, "delete for good", || self.shown(&registry))?;
        }
        let versions = match self.dry_run {
            true if !self.permanent && self.is_deleted(&registry)? => self.already(desk),
            true => self.would_delete(&registry)?,
            false => self.delete(&registry, desk)?,
        };
        let rows: Vec<Value> = versions.iter().map(|&version| self.row(version)).collect();
        desk.rows(&rows)
    }

    fn shown(&self, registry: &Registry) -> Result<Vec<String>> {
        let versions = self.would_delete(registry)?;
        Ok(versions.iter().map(|version| format!("{} version {version}", self.subject)).collect())
    }

    /// What the registry would refuse is refused here too.
    fn would_delete(&self, registry: &Registry) -> Result<Vec<u32>> {
        let Delete { subject, version, permanent, .. } = self;
        let versions = match version {
            // Apicurio lists the versions of a subject that is deleted as a whole, and shows none of them.
            Some(Version::Number(number)) if *permanent => {
                let known = registry.versions_with_deleted(subject)?;
                if !known.contains(number) {
                    let version = Version::Number(*number);
                    return Err(Error::VersionNotFound { subject: subject.clone(), version, known }.into());
                }
                vec![*number]
            }
            Some(version) => vec![registry.subject_version(subject, *version)?.version],
            None if *permanent => registry.versions_with_deleted(subject)?,
            None => registry.versions(subject)?,
        };
        registry.ensure_writable(subject)?;
        let mut by = BTreeSet::new();
        for &version in &versions {
            match registry.referring(subject, version) {
                // Softly deleted: its users were looked at then.
                Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => {}
                users => by.extend(users?.into_iter().map(|(user, _)| user)),
            }
        }
        if by.is_empty() {
            return Ok(versions);
        }
        let what = match version {
            Some(_) => format!("{subject} version {}", versions[0]),
            None => format!("subject {subject}"),
        };
        Err(Error::Referenced { what, by: by.into_iter().collect() }.into())
    }

    fn delete(&self, registry: &Registry, desk: &mut Desk<'_>) -> Result<Vec<u32>> {
        let Delete { subject, version, permanent, .. } = self;
        let deletion = match version {
            Some(version) => registry.delete_version(subject, *version, *permanent)?,
            None => registry.delete_subject(subject, *permanent)?,
        };
        Ok(if deletion.already { self.already(desk) } else { deletion.versions })
    }

    /// Whether it is there, and softly deleted.
    fn is_deleted(&self, registry: &Registry) -> Result<bool> {
        let Delete { subject, version, .. } = self;
        let live = registry.live_versions(subject)?;
        let all = registry.versions_with_deleted(subject)?;
        Ok(match version {
            Some(Version::Number(number)) => all.contains(number) && !live.contains(number),
            Some(Version::Latest) => false,
            None => live.is_empty(),
        })
    }

    fn already(&self, desk: &mut Desk<'_>) -> Vec<u32> {
        let Delete { subject, version, .. } = self;
        let what =
            version.map_or_else(|| subject.to_owned(), |version| format!("{subject} version {version}"));
        desk.io.messages.say(&format!("{what} was softly deleted before; --permanent deletes it for good"));
        Vec::new()
    }

    fn row(&self, version: u32) -> Value {
        json!({"subject": self.subject, "version": version, "permanent": self.permanent})
    }
}
