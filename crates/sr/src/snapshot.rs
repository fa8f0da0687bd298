//! All of a registry, or of some of its subjects, in memory: what `export` writes, `import` reads, and `copy` passes on.

use std::collections::{BTreeMap, BTreeSet};

use kch_cli::{Messages, Result};
use kch_registry::{Error, Level, Mode, NewSchema, Reference, Registry, Version, context_alone, context_of};

use crate::at_once::at_once;

/// How often a subject is looked at again that changes while it is read.
const LOOKS: u32 = 5;

/// One version of one subject.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) subject: String,
    pub(crate) version: u32,
    pub(crate) id: u32,
    pub(crate) schema: NewSchema,
    /// Softly: records that were written with it can still be read.
    pub(crate) deleted: bool,
}

impl Entry {
    /// What it refers to, with the contexts.
    pub(crate) fn needs(&self) -> impl Iterator<Item = Reference> {
        self.schema.references.iter().map(|reference| reference.seen_from(context_of(&self.subject)))
    }
}

/// What a subject has besides its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) compatibility: Option<Level>,
    pub(crate) mode: Option<Mode>,
}

/// Subjects and their versions.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// The registry's own.
    pub(crate) rules: Rules,
    /// Contexts too, as `:.eu:`, that have a level or a mode of their own.
    pub(crate) subjects: BTreeMap<String, Rules>,
    pub(crate) entries: Vec<Entry>,
}

/// Which subjects.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Selection {
    /// Only these subjects, and those that they refer to; by default all
    #[arg(value_name = "SUBJECT")]
    pub subjects: Vec<String>,
    /// Only those whose names begin so, and those that they refer to
    #[arg(long)]
    pub prefix: Option<String>,
}

impl Selection {
    fn of(&self, registry: &Registry) -> Result<BTreeSet<String>> {
        if !self.subjects.is_empty() {
            return Ok(self.subjects.iter().cloned().collect());
        }
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let all = registry.subjects(true)?;
        Ok(all.into_iter().filter(|subject| subject.starts_with(prefix)).collect())
    }
}

impl Snapshot {
    /// Reads the selected subjects, with their softly deleted versions, from a registry.
    pub(crate) fn take(
        registry: &Registry,
        selection: &Selection,
        messages: &mut Messages,
    ) -> Result<Snapshot> {
        let has_modes = registry.has_modes()?;
        let mode = if has_modes { Some(registry.mode(None)?) } else { None };
        let rules = Rules { compatibility: Some(registry.compatibility(None)?.0), mode };
        let mut snapshot = Snapshot { rules, ..Snapshot::default() };
        let mut open: Vec<String> = selection.of(registry)?.into_iter().collect();
        while !open.is_empty() {
            // What nobody has named may go while it is read, or be gone although others refer to it.
            let taken = at_once(&open, |subject| match Taken::of(registry, subject, has_modes) {
                Err(Error::SubjectNotFound { .. }) if !selection.subjects.contains(subject) => Ok(None),
                outcome => Ok(Some(outcome?)),
            })?;
            let from = snapshot.entries.len();
            for Taken { subject, rules, entries, hidden } in taken {
                for version in hidden {
                    messages.say(&format!(
                        "left out: {subject} version {version} is deleted and no longer shown"
                    ));
                }
                snapshot.entries.extend(entries);
                snapshot.subjects.insert(subject, rules);
            }
            let needed = snapshot.entries[from..].iter().flat_map(Entry::needs);
            let needed: BTreeSet<String> = needed.map(|reference| reference.subject).collect();
            open = needed.into_iter().filter(|name| !snapshot.subjects.contains_key(name)).collect();
        }
        let contexts: BTreeSet<String> =
            snapshot.subjects.keys().filter_map(|subject| context_alone(subject)).collect();
        for context in contexts {
            let rules = own_rules(registry, &context, has_modes)?;
            if rules != Rules::default() {
                snapshot.subjects.insert(context, rules);
            }
        }
        snapshot.leave_out_broken(messages);
        Ok(snapshot)
    }

    /// Whether what is referred to is one of the entries.
    pub(crate) fn has(&self, needed: &Reference) -> bool {
        self.entries.iter().any(|entry| entry.subject == needed.subject && entry.version == needed.version)
    }

    /// A softly deleted version may refer to what was deleted for good: no registry takes it.
    fn leave_out_broken(&mut self, messages: &mut Messages) {
        let broken = |snapshot: &Snapshot| {
            let deleted = snapshot.entries.iter().enumerate().filter(|(_, entry)| entry.deleted);
            { deleted }
                .find_map(|(at, entry)| Some((at, entry.needs().find(|needed| !snapshot.has(needed))?)))
        };
        while let Some((at, Reference { subject, version, .. })) = broken(self) {
            let entry = self.entries.remove(at);
            messages.say(&format!(
                "left out: {} version {} is deleted and refers to {subject} version {version}, which is not there",
                entry.subject, entry.version
            ));
        }
    }

    /// The entries so that each comes after the one before it in its subject and after all that it refers to.
    pub(crate) fn in_order(&self) -> Vec<&Entry> {
        let mut by_subject: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.entries {
            by_subject.entry(&entry.subject).or_default().push(entry);
        }
        by_subject.values_mut().for_each(|entries| entries.sort_by_key(|entry| entry.version));
        let mut order = Order { by_subject: &by_subject, seen: BTreeSet::new(), ordered: Vec::new() };
        for (subject, entries) in &by_subject {
            order.up_to(subject, entries.last().map_or(0, |entry| entry.version));
        }
        order.ordered
    }
}

/// One subject of a registry.
struct Taken {
    subject: String,
    rules: Rules,
    entries: Vec<Entry>,
    /// Versions that are softly deleted and not shown: Apicurio's registry, where the whole subject is deleted.
    hidden: Vec<u32>,
}

impl Taken {
    /// Looks again when a version goes while it is read.
    fn of(registry: &Registry, subject: &str, has_modes: bool) -> std::result::Result<Taken, Error> {
        for _ in 0..LOOKS {
            match Taken::at_a_look(registry, subject, has_modes) {
                Err(Error::VersionNotFound { .. }) => {}
                outcome => return outcome,
            }
        }
        Taken::at_a_look(registry, subject, has_modes)
    }

    fn at_a_look(registry: &Registry, subject: &str, has_modes: bool) -> std::result::Result<Taken, Error> {
        let live = registry.live_versions(subject)?;
        let (mut entries, mut hidden) = (Vec::new(), Vec::new());
        for version in registry.versions_with_deleted(subject)? {
            let deleted = !live.contains(&version);
            let found = match registry.subject_version_even_deleted(subject, Version::Number(version)) {
                Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) if deleted => {
                    hidden.push(version);
                    continue;
                }
                outcome => outcome?,
            };
            let (id, schema) = (found.schema.id, NewSchema::from(found.schema));
            entries.push(Entry { subject: subject.to_owned(), version, id, schema, deleted });
        }
        let rules = own_rules(registry, subject, has_modes)?;
        Ok(Taken { subject: subject.to_owned(), rules, entries, hidden })
    }
}

struct Order<'m, 'a> {
    by_subject: &'m BTreeMap<&'a str, Vec<&'a Entry>>,
    seen: BTreeSet<(&'a str, u32)>,
    ordered: Vec<&'a Entry>,
}

impl Order<'_, '_> {
    fn up_to(&mut self, subject: &str, version: u32) {
        let Some(entries) = self.by_subject.get(subject) else { return };
        for &entry in entries.iter().take_while(|entry| entry.version <= version) {
            // Seen before what it needs is looked at: a circle, which no registry has, ends.
            if self.seen.insert((entry.subject.as_str(), entry.version)) {
                for reference in entry.needs() {
                    self.up_to(&reference.subject, reference.version);
                }
                self.ordered.push(entry);
            }
        }
    }
}

/// The subject's own level and mode. Apicurio's registry has no modes, and says `NONE` for a subject without a level.
pub(crate) fn own_rules(
    registry: &Registry,
    subject: &str,
    has_modes: bool,
) -> std::result::Result<Rules, Error> {
    let compatibility =
        registry.own_compatibility(subject)?.filter(|level| has_modes || *level != Level::None);
    let mode = if has_modes { registry.own_mode(subject)? } else { None };
    Ok(Rules { compatibility, mode })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_referred_to_comes_first_and_versions_stay_in_order() {
        let entry = |subject: &str, version, needs: &[(&str, u32)]| {
            let references = needs.iter().map(|&(subject, version)| Reference {
                name: subject.to_owned(),
                subject: subject.to_owned(),
                version,
            });
            let schema = NewSchema::avro("").with_references(references.collect());
            Entry { subject: subject.to_owned(), version, id: 1, schema, deleted: false }
        };
        let entries = vec![
            entry("a", 2, &[("z", 2)]),
            entry("a", 1, &[]),
            entry("z", 2, &[("m", 1)]),
            entry("z", 1, &[]),
            entry("m", 1, &[("not there", 1)]),
        ];
        let snapshot = Snapshot { entries, ..Snapshot::default() };
        let order: Vec<(&str, u32)> =
            snapshot.in_order().iter().map(|entry| (entry.subject.as_str(), entry.version)).collect();
        assert_eq!(order, [("a", 1), ("z", 1), ("m", 1), ("z", 2), ("a", 2)]);
    }
}
