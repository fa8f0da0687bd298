//! `sr delete`.

use std::collections::BTreeSet;

use kch_cli::{ConfirmArgs, Exit, Failure, Result, is_glob};
use kch_registry::complete::subjects;
use kch_registry::{Deletion, Error, Registry, SubjectVersion, Version};
use serde_json::{Value, json};

use crate::target::{self, Target, Targets};
use crate::{Desk, planned};

const EXAMPLES: &str = "\
All of it is looked at first: where one is not there, or is referred to by another schema, none is deleted, and --dry-run \
says so too, with exit code 1. Deleting what is softly deleted already succeeds; --permanent takes both steps from any state.

Examples:
  sr delete orders-value 3
  sr delete orders-value@4 orders-value@5
  sr delete orders-value --permanent --dry-run
  sr delete 'test-*' --permanent --if-exists";

/// What to delete, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Delete {
    /// Subjects, by name or by glob (in quotes), or SUBJECT@VERSIONs; behind a single one, its version: a number, or latest
    #[arg(required = true, value_name = "SUBJECT", add = subjects())]
    pub names: Vec<String>,
    /// For good. Otherwise its schemas can still be read by id, and `sr undelete` brings them back; on Apicurio, not a whole subject
    #[arg(long, visible_alias = "hard")]
    pub permanent: bool,
    /// Succeed if it is not there
    #[arg(long)]
    pub if_exists: bool,
    /// Whether to ask, where nothing brings it back
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    /// Print what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

impl Delete {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let Targets { found, missing } = target::find(&registry, &self.names, self.permanent)?;
        if !self.if_exists {
            none_missing(&missing, desk)?;
        }
        let named = missing.iter().filter(|(name, _)| !is_glob(name));
        let mut rows: Vec<Value> = named.map(|(name, _)| self.row(name, None, false)).collect();
        let outcome = match self.dry_run {
            true => self.plan(&registry, &found, &mut rows, desk),
            false => self.delete(&registry, &found, &mut rows, desk),
        };
        desk.rows_of(&rows, outcome)
    }

    fn plan(
        &self,
        registry: &Registry,
        targets: &[Target],
        rows: &mut Vec<Value>,
        desk: &mut Desk<'_>,
    ) -> Result<()> {
        for target in targets {
            if !self.permanent && is_deleted(registry, target)? {
                rows.push(self.already(target, desk));
                continue;
            }
            let versions = self.would_delete(registry, target, targets)?;
            rows.extend(versions.iter().map(|&version| self.row(&target.subject, Some(version), true)));
        }
        Ok(())
    }

    /// What the registry would refuse is refused here too. What refers to it and goes as well is no obstacle.
    fn would_delete(&self, registry: &Registry, target: &Target, targets: &[Target]) -> Result<Vec<u32>> {
        let Target { subject, version, all } = target;
        let versions = match version {
            Some(version) => vec![*version],
            None if self.permanent => all.clone(),
            None => registry.live_versions(subject)?,
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
        by.retain(|user| !targets.iter().any(|target| target.has(user)));
        if by.is_empty() {
            return Ok(versions);
        }
        let what = match version {
            Some(version) => format!("{subject} version {version}"),
            None => format!("subject {subject}"),
        };
        Err(Error::Referenced { what, by: by.into_iter().collect() }.into())
    }

    fn delete(
        &self,
        registry: &Registry,
        targets: &[Target],
        rows: &mut Vec<Value>,
        desk: &mut Desk<'_>,
    ) -> Result<()> {
        let lost = if self.permanent { BTreeSet::new() } else { never_shown_again(registry, targets)? };
        let what = match self.permanent {
            true => "delete for good",
            false => "delete what this registry does not show again",
        };
        let asked_about = |target: &&Target| self.permanent || lost.contains(target.subject.as_str());
        self.confirm
            .ask(desk.io, what, || self.shown(registry, targets.iter().filter(asked_about), targets))?;
        if targets.len() > 1 {
            // One that the registry would not let go keeps the others too.
            self.shown(registry, targets.iter(), targets)?;
        }
        let mut open: Vec<&Target> = targets.iter().collect();
        while !open.is_empty() {
            let (mut waiting, mut why) = (Vec::new(), None);
            for &target in &open {
                let lost = lost.contains(target.subject.as_str());
                let ids = if lost { ids(registry, target) } else { Vec::new() };
                match self.delete_one(registry, target) {
                    Ok(Deletion { already: true, .. }) => rows.push(self.already(target, desk)),
                    Ok(Deletion { versions, .. }) => {
                        let row = |&version: &u32| self.row(&target.subject, Some(version), true);
                        rows.extend(versions.iter().map(row));
                        tell_ids(&target.subject, &ids, desk);
                    }
                    // Until what refers to it is gone.
                    Err(error @ Error::Referenced { .. }) => {
                        waiting.push(target);
                        why = Some(error);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            match why {
                Some(error) if waiting.len() == open.len() => return Err(error.into()),
                _ => open = waiting,
            }
        }
        Ok(())
    }

    fn delete_one(&self, registry: &Registry, target: &Target) -> std::result::Result<Deletion, Error> {
        let Target { subject, version, .. } = target;
        match version {
            Some(version) => registry.delete_version(subject, Version::Number(*version), self.permanent),
            None => registry.delete_subject(subject, self.permanent),
        }
    }

    fn shown<'t>(
        &self,
        registry: &Registry,
        some: impl Iterator<Item = &'t Target>,
        targets: &[Target],
    ) -> Result<Vec<String>> {
        let mut shown = Vec::new();
        for target in some {
            let versions = self.would_delete(registry, target, targets)?;
            shown.extend(versions.iter().map(|version| format!("{} version {version}", target.subject)));
        }
        Ok(shown)
    }

    fn already(&self, target: &Target, desk: &mut Desk<'_>) -> Value {
        let Target { subject, version, .. } = target;
        let what = version.map_or_else(|| subject.clone(), |version| format!("{subject} version {version}"));
        desk.io.messages.say(&format!("{what} was softly deleted before; --permanent deletes it for good"));
        self.row(subject, *version, false)
    }

    fn row(&self, subject: &str, version: Option<u32>, deleted: bool) -> Value {
        let row =
            json!({"subject": subject, "version": version, "permanent": self.permanent, "deleted": deleted});
        planned(row, self.dry_run)
    }
}

/// All that is not there is told; the last one is how the tool ends.
fn none_missing(missing: &[(String, Failure)], desk: &mut Desk<'_>) -> Result<()> {
    let Some(((_, last), others)) = missing.split_last() else { return Ok(()) };
    others.iter().for_each(|(_, failure)| desk.io.messages.failure(failure));
    Err(last.clone())
}

/// Whether it is softly deleted.
fn is_deleted(registry: &Registry, Target { subject, version, .. }: &Target) -> Result<bool> {
    let live = registry.live_versions(subject)?;
    Ok(version.map_or(live.is_empty(), |version| !live.contains(&version)))
}

/// Subjects of which nothing is left that is live: Apicurio's registry, which has no modes, shows none of their versions then, and
/// takes none of them back.
fn never_shown_again<'t>(registry: &Registry, targets: &'t [Target]) -> Result<BTreeSet<&'t str>> {
    let mut lost = BTreeSet::new();
    if targets.is_empty() || registry.has_modes()? {
        return Ok(lost);
    }
    for Target { subject, .. } in targets {
        let live = registry.live_versions(subject)?;
        let goes = |version: &u32| {
            let version = SubjectVersion { subject: subject.clone(), version: *version };
            targets.iter().any(|target| target.has(&version))
        };
        if !live.is_empty() && live.iter().all(goes) {
            lost.insert(subject.as_str());
        }
    }
    Ok(lost)
}

/// The ids of what is there to be deleted; whatever cannot be found out is left out.
fn ids(registry: &Registry, Target { subject, version, all }: &Target) -> Vec<(u32, u32)> {
    let versions = version.map_or_else(|| all.clone(), |version| vec![version]);
    let found = versions.into_iter().filter_map(|version| {
        let found = registry.subject_version(subject, Version::Number(version)).ok()?;
        Some((version, found.schema.id))
    });
    found.collect()
}

/// Where `sr undelete` finds nothing, the ids are what is left.
fn tell_ids(subject: &str, ids: &[(u32, u32)], desk: &mut Desk<'_>) {
    let Some((_, first)) = ids.first() else { return };
    let ids: Vec<String> = ids.iter().map(|(version, id)| format!("version {version} is id {id}")).collect();
    desk.io.messages.say(&format!(
        "this registry does not show {subject} again, and `sr undelete` cannot; {}: sr get --id {first} --raw",
        ids.join(", ")
    ));
}
