//! Under ids that the registry gives, and versions from 1 on.

use std::collections::{BTreeMap, BTreeSet};

use kch_cli::{Failure, Messages, Result};
use kch_registry::{Level, NewSchema, Registered, Registry, SubjectVersion, is_context};
use serde_json::{Value, json};

use super::foreseen::Foreseen;
use super::{Target, is_live};
use crate::judged::no_exemption;
use crate::put_back::PutBack;
use crate::snapshot::{Entry, Snapshot, own_rules};

pub(super) fn anew(
    snapshot: &Snapshot,
    target: Target<'_>,
    dry_run: bool,
    rows: &mut Vec<Value>,
) -> Result<()> {
    let Target { registry, calm, messages } = target;
    let has_modes = registry.has_modes()?;
    // Where there are no modes, NONE is no level that a subject can have of its own.
    let global = if has_modes { Level::None } else { registry.compatibility(None)?.0 };
    let mut anew = Anew {
        has_modes,
        global: &global,
        foreseen: Foreseen::new(snapshot, &global),
        registry: &registry,
        snapshot,
        dry_run,
        now: BTreeMap::new(),
        open: BTreeSet::new(),
        put_back: PutBack::new(calm),
    };
    let outcome = anew.run(messages, rows);
    anew.put_back.finish(outcome, messages)
}

struct Anew<'s> {
    registry: &'s Registry,
    snapshot: &'s Snapshot,
    has_modes: bool,
    /// What rules a subject that is to take everything.
    global: &'s Level,
    foreseen: Foreseen<'s>,
    dry_run: bool,
    /// What each version has become.
    now: BTreeMap<SubjectVersion, SubjectVersion>,
    /// The subjects that take everything until the end.
    open: BTreeSet<&'s str>,
    put_back: PutBack,
}

impl<'s> Anew<'s> {
    fn run(&mut self, messages: &mut Messages, rows: &mut Vec<Value>) -> Result<()> {
        for entry in self.order() {
            let Entry { subject, version, id, .. } = entry;
            let new = self.take(entry)?;
            rows.push(json!({"subject": subject, "version": new.as_ref().map(|new| new.version),
                "id": new.as_ref().map(|new| new.schema.id),
                "created": new.as_ref().is_none_or(|new| new.created), "was_version": version, "was_id": id}));
            if let Some(new) = new {
                let old = SubjectVersion { subject: subject.clone(), version: *version };
                self.now.insert(old, SubjectVersion { subject: new.subject, version: new.version });
            }
        }
        self.take_levels(messages)
    }

    /// What is live or needed by what is; what others refer to is before them.
    fn order(&self) -> Vec<&'s Entry> {
        let live = self.snapshot.entries.iter().filter(|entry| !entry.deleted);
        let needed: BTreeSet<(String, u32)> =
            live.flat_map(Entry::needs).map(|reference| (reference.subject, reference.version)).collect();
        let mut order = self.snapshot.in_order();
        order.retain(|entry| !entry.deleted || needed.contains(&(entry.subject.clone(), entry.version)));
        order
    }

    /// Finds a schema in the registry, or registers it. With a dry run there may be none.
    fn take(&mut self, entry: &'s Entry) -> Result<Option<Registered>> {
        let subject = &entry.subject;
        let mut schema = entry.schema.clone();
        for (reference, needed) in schema.references.iter_mut().zip(entry.needs()) {
            if let Some(new) = self.now.get(&needed.into()) {
                reference.version = new.version;
            }
        }
        // A registry refuses to look for what refers to nothing.
        let waits = self.dry_run
            && entry
                .needs()
                .any(|needed| self.snapshot.has(&needed) && !self.now.contains_key(&needed.into()));
        let found = if waits { None } else { self.registry.lookup(subject, &schema)? };
        match found {
            Some(found) => Ok(Some(found)),
            None if self.dry_run => {
                self.registry.ensure_writable(subject)?;
                self.foreseen.take(self.registry, entry)?;
                Ok(None)
            }
            None => self.register(entry, &schema).map(Some),
        }
    }

    fn register(&mut self, entry: &'s Entry, schema: &NewSchema) -> Result<Registered> {
        let Entry { subject, version, .. } = entry;
        // History is not judged again. The first version has nothing to be judged by.
        if !self.open.contains(subject.as_str()) && is_live(self.registry, subject)? {
            self.open.insert(subject);
            let was = own_rules(self.registry, subject, self.has_modes)?.compatibility;
            self.put_back.set_level(subject, &Level::None, was)?;
        }
        let made = self.registry.register(subject, schema);
        made.map_err(|error| Failure::from(error).context(format!("{subject} version {version}")))
    }

    /// Gives the subjects their levels.
    fn take_levels(&mut self, messages: &mut Messages) -> Result<()> {
        let global = self.global;
        for (subject, rules) in &self.snapshot.subjects {
            let Some(level) = &rules.compatibility else { continue };
            if *level == Level::None && *global != Level::None {
                messages.say(no_exemption(subject, global).text());
                continue;
            }
            if self.dry_run {
                continue;
            }
            // A registry without modes is one without contexts.
            let takes_level = match is_context(subject) {
                true => self.has_modes,
                false => is_live(self.registry, subject)?,
            };
            if self.open.contains(subject.as_str()) {
                self.put_back.instead(subject, None, Some(level));
            } else if takes_level {
                self.registry.set_compatibility(Some(subject), level)?;
            }
        }
        Ok(())
    }
}
