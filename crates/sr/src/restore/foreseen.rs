//! What a registry without modes would refuse of a snapshot that is registered anew: there no subject can be exempted from the
//! global level, so that history is judged once more.

use std::collections::BTreeMap;

use kch_cli::Result;
use kch_registry::{Level, Registry};
use kch_schema::Schema;

use super::is_live;
use crate::desired::texts_needed;
use crate::explain;
use crate::judged::{Judged, followed};
use crate::snapshot::{Entry, Snapshot};

/// The versions that a dry run would have registered so far.
pub(super) struct Foreseen<'s> {
    snapshot: &'s Snapshot,
    /// The registry's own level.
    global: &'s Level,
    by_subject: BTreeMap<&'s str, Vec<(u32, Schema)>>,
}

impl<'s> Foreseen<'s> {
    pub(super) fn new(snapshot: &'s Snapshot, global: &'s Level) -> Foreseen<'s> {
        Foreseen { snapshot, global, by_subject: BTreeMap::new() }
    }

    /// The version comes next, unless the level forbids it. What we cannot read for lack of a reference, or of another language,
    /// is for the registry to judge.
    pub(super) fn take(&mut self, registry: &Registry, entry: &'s Entry) -> Result<()> {
        let Entry { subject, version, schema, .. } = entry;
        let texts = texts_needed(self.snapshot, entry);
        let new = texts.and_then(|texts| Schema::parse_with_references(&schema.text, &texts).ok());
        let Some(new) = new else { return Ok(()) };
        let before = self.by_subject.entry(subject).or_default();
        let transitive = explain::rules(self.global).transitive;
        if (transitive || before.is_empty()) && is_live(registry, subject)? {
            for there in followed(registry, subject, self.global)? {
                let found = registry.subject_version(subject, there)?;
                let old =
                    Schema::parse_with_references(&found.schema.text, &registry.resolved(&found.schema)?);
                if let Ok(old) = old {
                    judge(entry, (found.version, &old), &new, self.global)?;
                }
            }
        }
        let skipped = if transitive { 0 } else { before.len().saturating_sub(1) };
        for (version, old) in &before[skipped..] {
            judge(entry, (*version, old), &new, self.global)?;
        }
        before.push((*version, new));
        Ok(())
    }
}

fn judge(entry: &Entry, old: (u32, &Schema), new: &Schema, global: &Level) -> Result<()> {
    let judged = Judged::ours(Some(old.0), old.1, new, global);
    let Entry { subject, version, .. } = entry;
    if judged.compatible {
        return Ok(());
    }
    Err(judged.failure(subject, &format!("{subject} version {version}")))
}
