//! A snapshot goes into a registry: with its ids and versions through IMPORT mode, or under new ids.

use std::collections::{BTreeMap, BTreeSet};

use kch_cli::{Failure, Messages, Result};
use kch_registry::{Error, Level, Mode, Registry, SubjectVersion, Version, context_alone, is_context};
use serde_json::{Value, json};

use crate::at_once::at_once;
use crate::judged::no_exemption;
use crate::planned;
use crate::put_back::PutBack;
use crate::snapshot::{Entry, Rules, Snapshot, own_rules};

/// How.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct How {
    /// Register the schemas anew: the registry gives them ids of its own, and versions from 1 on
    ///
    /// For registries without IMPORT mode, and where the ids are taken. Records that were written with the old ids need the
    /// old registry. Softly deleted versions are left out, unless something refers to them.
    #[arg(long)]
    pub new_ids: bool,
    /// Print what would be done
    #[arg(long)]
    pub dry_run: bool,
}

/// Where a snapshot goes.
pub(crate) struct Target<'m> {
    pub(crate) registry: Registry,
    /// The same, but no signal interrupts it.
    pub(crate) calm: Registry,
    pub(crate) messages: &'m mut Messages,
}

/// Puts `snapshot` into the target and gives a row for each version, also of those that were done before a failure.
pub(crate) fn restore(snapshot: &Snapshot, target: Target<'_>, how: How) -> (Vec<Value>, Result<()>) {
    let mut rows = Vec::new();
    let outcome = if how.new_ids {
        anew(snapshot, target, how.dry_run, &mut rows)
    } else {
        with_ids(snapshot, target, how.dry_run, &mut rows)
    };
    let rows = rows.into_iter().map(|row| planned(row, how.dry_run)).collect();
    (rows, outcome)
}

fn row(entry: &Entry, created: bool) -> Value {
    let Entry { subject, version, id, deleted, .. } = entry;
    json!({"subject": subject, "version": version, "id": id, "deleted": deleted, "created": created})
}

fn with_ids(snapshot: &Snapshot, target: Target<'_>, dry_run: bool, rows: &mut Vec<Value>) -> Result<()> {
    let Target { registry, calm, messages } = target;
    if !registry.has_modes()? {
        return Err(Failure::refused(format!(
            "the schema registry at {} has no IMPORT mode, so it cannot take ids and versions as they are",
            registry.url()
        ))
        .hint("--new-ids registers the schemas under ids of its own"));
    }
    let order = snapshot.in_order();
    let there = There::find(&registry, &order)?;
    let is_there = at_once(&order, |entry| is_there(&registry, entry, &there).map(Some))?;
    let (mut todo, mut revived) = (Vec::new(), BTreeSet::new());
    for (&entry, is_there) in order.iter().zip(is_there) {
        let is_live = there.live.contains(&(entry.subject.as_str(), entry.version));
        if !is_there {
            todo.push(entry);
        } else if entry.deleted || is_live {
            rows.push(row(entry, false));
        } else {
            todo.push(entry);
            revived.insert((entry.subject.as_str(), entry.version));
        }
    }
    for (subject, version) in &revived {
        messages.say(&format!("{subject} version {version} is softly deleted there, and comes back"));
    }
    let subjects: BTreeSet<&str> = todo.iter().map(|entry| entry.subject.as_str()).collect();
    // IMPORT mode would open what somebody has closed there, unless it is closed where it comes from too.
    let own = |name: &str| snapshot.subjects.get(name).and_then(|rules| rules.mode.as_ref());
    let is_closed = |subject: &str| {
        own(subject).or_else(|| own(&context_alone(subject)?)).is_some_and(Mode::is_read_only)
    };
    let open: Vec<&str> = subjects.iter().copied().filter(|subject| !is_closed(subject)).collect();
    at_once(&open, |subject| Ok(Some(registry.ensure_writable(subject)?)))?;
    let leftover: Vec<&str> = left_in_import(&registry, snapshot, &subjects)?;
    if dry_run {
        for subject in leftover {
            messages
                .say(&format!("{subject} is in IMPORT mode with nothing left to import, which would end"));
        }
        rows.extend(todo.iter().map(|entry| row(entry, true)));
        return Ok(());
    }
    let mut put_back = PutBack::new(calm);
    let outcome = (|| -> Result<()> {
        for &subject in &leftover {
            messages.say(&format!("{subject} was left in IMPORT mode, which ends now"));
            let mode = snapshot.subjects.get(subject).and_then(|rules| rules.mode.clone());
            put_back.begin_import(subject, mode, true)?;
        }
        for &subject in &subjects {
            let was = registry.own_mode(subject)?.filter(|mode| *mode != Mode::Import);
            put_back.begin_import(subject, was, there.has_any(subject))?;
        }
        for &entry in &todo {
            let Entry { subject, version, id, schema, .. } = entry;
            registry
                .import(subject, *version, *id, schema)
                .map_err(|error| Failure::from(error).context(format!("{subject} version {version}")))?;
            if revived.contains(&(subject.as_str(), *version)) {
                ensure_live(&registry, entry)?;
            }
            rows.push(row(entry, true));
        }
        let came: BTreeSet<(&str, u32)> =
            todo.iter().map(|entry| (entry.subject.as_str(), entry.version)).collect();
        // Users first, or the deletion is refused.
        for entry in order.iter().rev().filter(|entry| entry.deleted) {
            if came.contains(&(entry.subject.as_str(), entry.version)) || has_live(&registry, entry)? {
                delete(&registry, entry)?;
            }
        }
        // Contexts last: one that is closed then closes its subjects.
        let (contexts, others): (Vec<_>, Vec<_>) =
            snapshot.subjects.iter().partition(|(subject, _)| is_context(subject));
        for (subject, rules) in others.into_iter().chain(contexts) {
            take_rules(&registry, subject, rules, subjects.contains(subject.as_str()), &mut put_back)?;
        }
        Ok(())
    })();
    put_back.finish(outcome, messages)
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

/// Subjects of an import that was killed: all of theirs is there, and they still take ids.
fn left_in_import<'s>(
    registry: &Registry,
    snapshot: &'s Snapshot,
    todo: &BTreeSet<&str>,
) -> Result<Vec<&'s str>> {
    let mut left = Vec::new();
    for (subject, rules) in &snapshot.subjects {
        let done =
            !todo.contains(subject.as_str()) && rules.mode != Some(Mode::Import) && !is_context(subject);
        if done && registry.own_mode(subject)? == Some(Mode::Import) {
            left.push(subject.as_str());
        }
    }
    Ok(left)
}

/// The versions that the registry has of the subjects to come.
struct There<'s> {
    all: BTreeSet<(&'s str, u32)>,
    live: BTreeSet<(&'s str, u32)>,
}

impl<'s> There<'s> {
    fn find(registry: &Registry, order: &[&'s Entry]) -> Result<There<'s>> {
        let subjects: BTreeSet<&str> = order.iter().map(|entry| entry.subject.as_str()).collect();
        let subjects: Vec<&str> = subjects.into_iter().collect();
        let found = at_once(&subjects, |&subject| {
            let all = registry.all_versions(subject)?;
            let live = if all.is_empty() { Vec::new() } else { registry.live_versions(subject)? };
            Ok(Some((subject, all, live)))
        })?;
        let mut there = There { all: BTreeSet::new(), live: BTreeSet::new() };
        for (subject, all, live) in found {
            there.all.extend(all.into_iter().map(|version| (subject, version)));
            there.live.extend(live.into_iter().map(|version| (subject, version)));
        }
        Ok(there)
    }

    fn has_any(&self, subject: &str) -> bool {
        self.all.range((subject, 0)..).next().is_some_and(|(known, _)| *known == subject)
    }
}

/// Whether the registry has this very version. One that has another schema there, or under the id, is refused before
/// anything is changed.
fn is_there(registry: &Registry, entry: &Entry, there: &There<'_>) -> Result<bool> {
    let Entry { subject, version, id, schema, .. } = entry;
    let conflict =
        |what: String| Err(Failure::refused(what).hint("--new-ids gives them ids and versions of their own"));
    if there.all.contains(&(subject.as_str(), *version)) {
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
    if is_shown(registry, entry)? {
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

/// Registries may print a schema in their own way.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let parse = |text| serde_json::from_str::<Value>(text).ok();
    a == b || parse(a).is_some_and(|a| Some(a) == parse(b))
}

fn anew(snapshot: &Snapshot, target: Target<'_>, dry_run: bool, rows: &mut Vec<Value>) -> Result<()> {
    let Target { registry, calm, messages } = target;
    let has_modes = registry.has_modes()?;
    // Where there are no modes, NONE is no level that a subject can have of its own.
    let global = if has_modes { Level::None } else { registry.compatibility(None)?.0 };
    let needed: BTreeSet<(String, u32)> = snapshot
        .entries
        .iter()
        .filter(|entry| !entry.deleted)
        .flat_map(Entry::needs)
        .map(|reference| (reference.subject, reference.version))
        .collect();
    let mut order = snapshot.in_order();
    order.retain(|entry| !entry.deleted || needed.contains(&(entry.subject.clone(), entry.version)));
    let mut put_back = PutBack::new(calm);
    let outcome = (|| -> Result<()> {
        let mut now: BTreeMap<SubjectVersion, SubjectVersion> = BTreeMap::new();
        let mut open: BTreeSet<&str> = BTreeSet::new();
        for entry in order {
            let Entry { subject, version, id, .. } = entry;
            let mut schema = entry.schema.clone();
            for (reference, needed) in schema.references.iter_mut().zip(entry.needs()) {
                if let Some(new) = now.get(&needed.into()) {
                    reference.version = new.version;
                }
            }
            // A registry refuses to look for what refers to nothing.
            let waits = dry_run
                && entry.needs().any(|needed| snapshot.has(&needed) && !now.contains_key(&needed.into()));
            let found = if waits { None } else { registry.lookup(subject, &schema)? };
            let new = match found {
                Some(found) => Some(found),
                None if dry_run => {
                    registry.ensure_writable(subject)?;
                    None
                }
                None => {
                    // History is not judged again. The first version has nothing to be judged by.
                    if !open.contains(subject.as_str()) && is_live(&registry, subject)? {
                        open.insert(subject);
                        let was = own_rules(&registry, subject, has_modes)?.compatibility;
                        put_back.set_level(subject, &Level::None, was)?;
                    }
                    let made = registry.register(subject, &schema);
                    Some(made.map_err(|error| {
                        Failure::from(error).context(format!("{subject} version {version}"))
                    })?)
                }
            };
            rows.push(json!({"subject": subject, "version": new.as_ref().map(|new| new.version),
                "id": new.as_ref().map(|new| new.schema.id),
                "created": new.as_ref().is_none_or(|new| new.created), "was_version": version, "was_id": id}));
            if let Some(new) = new {
                let old = SubjectVersion { subject: subject.clone(), version: *version };
                now.insert(old, SubjectVersion { subject: new.subject, version: new.version });
            }
        }
        for (subject, rules) in &snapshot.subjects {
            let Some(level) = &rules.compatibility else { continue };
            if *level == Level::None && global != Level::None {
                messages.say(no_exemption(subject, &global).text());
                continue;
            }
            if dry_run {
                continue;
            }
            // A registry without modes is one without contexts.
            let takes_level = match is_context(subject) {
                true => has_modes,
                false => is_live(&registry, subject)?,
            };
            if open.contains(subject.as_str()) {
                put_back.instead(subject, None, Some(level));
            } else if takes_level {
                registry.set_compatibility(Some(subject), level)?;
            }
        }
        Ok(())
    })();
    put_back.finish(outcome, messages)
}

/// Whether a version that was sent is live; a node of the registry may hear of it later.
fn is_shown(registry: &Registry, entry: &Entry) -> Result<bool> {
    registry.until_shown(|| has_live(registry, entry))
}

fn has_live(registry: &Registry, Entry { subject, version, .. }: &Entry) -> Result<bool> {
    Ok(registry.live_versions(subject)?.contains(version))
}

fn is_live(registry: &Registry, subject: &str) -> Result<bool> {
    Ok(!registry.live_versions(subject)?.is_empty())
}
