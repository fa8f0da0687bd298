//! With the ids and versions that it has, through IMPORT mode.

use std::collections::BTreeSet;

use kch_cli::{Failure, Messages, Result};
use kch_registry::{Error, Mode, Registry, Version, context_alone, is_context};
use serde_json::{Value, json};

use super::{Target, has_live, is_live, same};
use crate::at_once::at_once;
use crate::put_back::PutBack;
use crate::snapshot::{Entry, Rules, Snapshot, own_rules};

pub(super) fn with_ids(
    snapshot: &Snapshot,
    target: Target<'_>,
    dry_run: bool,
    rows: &mut Vec<Value>,
) -> Result<()> {
    let Target { registry, calm, messages } = target;
    if !registry.has_modes()? {
        return Err(Failure::refused(format!(
            "the schema registry at {} has no IMPORT mode, so it cannot take ids and versions as they are",
            registry.url()
        ))
        .hint("--new-ids registers the schemas under ids of its own"));
    }
    let import = Import::plan(&registry, snapshot)?;
    rows.extend(import.there.iter().map(|entry| row(entry, false)));
    for (subject, version) in &import.revived {
        messages.say(&format!("{subject} version {version} is softly deleted there, and comes back"));
    }
    import.ensure_writable()?;
    let leftover = import.left_in_import()?;
    if dry_run {
        for subject in leftover {
            messages
                .say(&format!("{subject} is in IMPORT mode with nothing left to import, which would end"));
        }
        rows.extend(import.todo.iter().map(|entry| row(entry, true)));
        return Ok(());
    }
    let mut put_back = PutBack::new(calm);
    let outcome = (|| -> Result<()> {
        import.end(&leftover, &mut put_back, messages)?;
        import.send(&mut put_back, rows)?;
        import.delete_again()?;
        import.take_rules(&mut put_back)
    })();
    put_back.finish(outcome, messages)
}

fn row(entry: &Entry, created: bool) -> Value {
    let Entry { subject, version, id, deleted, .. } = entry;
    json!({"subject": subject, "version": version, "id": id, "deleted": deleted, "created": created})
}

/// The name of a version.
fn key(entry: &Entry) -> (&str, u32) {
    (&entry.subject, entry.version)
}

/// What an import has to do.
struct Import<'s> {
    registry: &'s Registry,
    snapshot: &'s Snapshot,
    /// All of it; what others refer to is before them.
    order: Vec<&'s Entry>,
    known: Known<'s>,
    /// Those of `order` that the registry has already.
    there: Vec<&'s Entry>,
    /// Those that are sent.
    todo: Vec<&'s Entry>,
    /// Those of them that the registry has softly deleted.
    revived: BTreeSet<(&'s str, u32)>,
    /// The subjects of those that are sent.
    subjects: BTreeSet<&'s str>,
}

impl<'s> Import<'s> {
    /// Compares the snapshot with what the registry has, and changes nothing.
    fn plan(registry: &'s Registry, snapshot: &'s Snapshot) -> Result<Import<'s>> {
        let order = snapshot.in_order();
        let known = Known::find(registry, &order)?;
        let is_there = at_once(&order, |entry| is_there(registry, entry, &known).map(Some))?;
        let (mut there, mut todo, mut revived) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (&entry, is_there) in order.iter().zip(is_there) {
            if !is_there {
                todo.push(entry);
            } else if entry.deleted || known.live.contains(&key(entry)) {
                there.push(entry);
            } else {
                todo.push(entry);
                revived.insert(key(entry));
            }
        }
        let subjects = todo.iter().map(|entry| entry.subject.as_str()).collect();
        Ok(Import { registry, snapshot, order, known, there, todo, revived, subjects })
    }

    /// IMPORT mode would open what somebody has closed there, unless it is closed where it comes from too.
    fn ensure_writable(&self) -> Result<()> {
        let own = |name: &str| self.snapshot.subjects.get(name).and_then(|rules| rules.mode.as_ref());
        let is_closed = |subject: &str| {
            own(subject).or_else(|| own(&context_alone(subject)?)).is_some_and(Mode::is_read_only)
        };
        let open: Vec<&str> = self.subjects.iter().copied().filter(|subject| !is_closed(subject)).collect();
        at_once(&open, |subject| Ok(Some(self.registry.ensure_writable(subject)?)))?;
        Ok(())
    }

    /// Subjects of an import that was killed: all of theirs is there, and they still take ids.
    fn left_in_import(&self) -> Result<Vec<&'s str>> {
        let mut left = Vec::new();
        for (subject, rules) in &self.snapshot.subjects {
            let is_done = !self.subjects.contains(subject.as_str())
                && rules.mode != Some(Mode::Import)
                && !is_context(subject);
            if is_done && self.registry.own_mode(subject)? == Some(Mode::Import) {
                left.push(subject.as_str());
            }
        }
        Ok(left)
    }

    /// Ends what [`Import::left_in_import`] has found: the mode of the snapshot is put in its place at the end.
    fn end(&self, leftover: &[&str], put_back: &mut PutBack, messages: &mut Messages) -> Result<()> {
        for &subject in leftover {
            messages.say(&format!("{subject} was left in IMPORT mode, which ends now"));
            let mode = self.snapshot.subjects.get(subject).and_then(|rules| rules.mode.clone());
            put_back.begin_import(subject, mode, true)?;
        }
        Ok(())
    }

    /// Sends what is to be sent.
    fn send(&self, put_back: &mut PutBack, rows: &mut Vec<Value>) -> Result<()> {
        for &subject in &self.subjects {
            let was = self.registry.own_mode(subject)?.filter(|mode| *mode != Mode::Import);
            put_back.begin_import(subject, was, self.known.has_any(subject))?;
        }
        for &entry in &self.todo {
            let Entry { subject, version, id, schema, .. } = entry;
            self.registry
                .import(subject, *version, *id, schema)
                .map_err(|error| Failure::from(error).context(format!("{subject} version {version}")))?;
            if self.revived.contains(&key(entry)) {
                ensure_live(self.registry, entry)?;
            }
            rows.push(row(entry, true));
        }
        Ok(())
    }

    /// Deletes softly what is so in the snapshot. Users first, or the deletion is refused.
    fn delete_again(&self) -> Result<()> {
        let came: BTreeSet<(&str, u32)> = self.todo.iter().copied().map(key).collect();
        for entry in self.order.iter().rev().filter(|entry| entry.deleted) {
            if came.contains(&key(entry)) || has_live(self.registry, entry)? {
                delete(self.registry, entry)?;
            }
        }
        Ok(())
    }

    /// Gives the subjects their levels and modes. Contexts last: one that is closed then closes its subjects.
    fn take_rules(&self, put_back: &mut PutBack) -> Result<()> {
        let (contexts, others): (Vec<_>, Vec<_>) =
            self.snapshot.subjects.iter().partition(|(subject, _)| is_context(subject));
        for (subject, rules) in others.into_iter().chain(contexts) {
            take_rules(self.registry, subject, rules, self.subjects.contains(subject.as_str()), put_back)?;
        }
        Ok(())
    }
}

/// Gives a subject the level and mode that it has in the snapshot; an import that was cut short may not have come to it.
fn take_rules(
    registry: &Registry,
    subject: &str,
    rules: &Rules,
    importing: bool,
    put_back: &mut PutBack,
) -> Result<()> {
    let Rules { compatibility, mode } = rules;
    let own = own_rules(registry, subject, true)?;
    let differs = compatibility.is_some() && *compatibility != own.compatibility;
    if differs && (is_context(subject) || is_live(registry, subject)?) {
        compatibility.iter().try_for_each(|level| registry.set_compatibility(Some(subject), level))?;
    }
    if importing {
        put_back.instead(subject, mode.as_ref(), None);
    } else if let Some(mode) = mode.as_ref().filter(|mode| own.mode.as_ref() != Some(mode)) {
        registry.set_mode(Some(subject), mode, true)?;
    }
    Ok(())
}

/// The versions that the registry has of the subjects to come.
struct Known<'s> {
    all: BTreeSet<(&'s str, u32)>,
    live: BTreeSet<(&'s str, u32)>,
}

impl<'s> Known<'s> {
    fn find(registry: &Registry, order: &[&'s Entry]) -> Result<Known<'s>> {
        let subjects: BTreeSet<&str> = order.iter().map(|entry| entry.subject.as_str()).collect();
        let subjects: Vec<&str> = subjects.into_iter().collect();
        let found = at_once(&subjects, |&subject| {
            let all = registry.all_versions(subject)?;
            let live = if all.is_empty() { Vec::new() } else { registry.live_versions(subject)? };
            Ok(Some((subject, all, live)))
        })?;
        let mut known = Known { all: BTreeSet::new(), live: BTreeSet::new() };
        for (subject, all, live) in found {
            known.all.extend(all.into_iter().map(|version| (subject, version)));
            known.live.extend(live.into_iter().map(|version| (subject, version)));
        }
        Ok(known)
    }

    fn has_any(&self, subject: &str) -> bool {
        self.all.range((subject, 0)..).next().is_some_and(|(next, _)| *next == subject)
    }
}

/// Whether the registry has this very version. One that has another schema there, or under the id, is refused before
/// anything is changed.
fn is_there(registry: &Registry, entry: &Entry, known: &Known<'_>) -> Result<bool> {
    let Entry { subject, version, id, schema, .. } = entry;
    let conflict =
        |what: String| Err(Failure::refused(what).hint("--new-ids gives them ids and versions of their own"));
    if known.all.contains(&key(entry)) {
        let found = registry.subject_version_even_deleted(subject, Version::Number(*version))?;
        if found.schema.id == *id && same(&found.schema.text, &schema.text) {
            return Ok(true);
        }
        return conflict(format!(
            "{subject} version {version} is another schema there, with id {}",
            found.schema.id
        ));
    }
    match registry.schema_by_id_of(*id, subject) {
        Ok(found) if !same(&found.text, &schema.text) => {
            conflict(format!("{subject} version {version}: its id {id} is another schema's there"))
        }
        Ok(_) | Err(Error::SchemaNotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A registry may have taken a version that it had softly deleted, and left it so.
fn ensure_live(registry: &Registry, entry: &Entry) -> Result<()> {
    let Entry { subject, version, .. } = entry;
    // A node of the registry may hear of it later.
    if registry.until_shown(|| has_live(registry, entry))? {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "{subject} version {version} did not come back: it is still softly deleted"
    ))
    .hint("--new-ids registers it as a new version"))
}

/// Deletes softly what was just sent, or is shown: a node that has not heard of it yet is asked again.
fn delete(registry: &Registry, entry: &Entry) -> Result<()> {
    let Entry { subject, version, .. } = entry;
    let mut outcome = Ok(());
    registry.until_shown(|| {
        outcome = registry.delete_version(subject, Version::Number(*version), false).map(|_| ());
        Ok::<bool, Failure>(!matches!(
            outcome,
            Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. })
        ))
    })?;
    outcome.map_err(|error| {
        Failure::from(error).context(format!("{subject} version {version} is not deleted as it is to be"))
    })
}
