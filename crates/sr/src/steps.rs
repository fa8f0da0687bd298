//! From what is wanted to what is to be done: the steps of `sr apply`, found without changing anything, then taken.

use std::collections::{BTreeMap, BTreeSet};

use kch_cli::{Failure, Result};
use kch_registry::{
    Error, Level, Mode, NewSchema, Registry, SubjectVersion, Version, context_alone, context_of,
    split_context,
};
use serde_json::{Value, json};

use crate::desired::title;
use crate::judged::{Judged, no_exemption};
use crate::snapshot::{Entry, Rules, Snapshot};

/// One thing to do, or found done.
pub(crate) enum Step<'s> {
    /// A level, of a subject or of the registry.
    Level { subject: Option<&'s str>, from: Option<Level>, to: &'s Level },
    /// A mode, of a subject or of the registry.
    Mode { subject: Option<&'s str>, from: Option<Mode>, to: &'s Mode },
    /// A schema, and its version if it is there.
    Schema { entry: &'s Entry, version: Option<u32> },
    /// A subject that nobody wants.
    Delete { subject: String },
}

/// Which subjects are to go.
pub(crate) struct Prune<'a> {
    pub(crate) prefix: &'a str,
}

impl Prune<'_> {
    /// Those that nobody wants, in the context that the prefix names, or else in those that something is wanted in.
    fn unwanted(&self, all: Vec<String>, wanted: &Snapshot) -> Vec<String> {
        fn parts(subject: &str) -> (Option<&str>, &str) {
            (context_of(subject), split_context(subject).1)
        }
        let wanted: BTreeSet<_> = wanted.subjects.keys().map(|subject| parts(subject)).collect();
        let contexts: BTreeSet<_> =
            wanted.iter().filter(|(_, name)| !name.is_empty()).map(|(context, _)| context).collect();
        let names_context = split_context(self.prefix).0.is_some();
        let goes = |subject: &String| {
            subject.starts_with(self.prefix)
                && !wanted.contains(&parts(subject))
                && (names_context || contexts.contains(&context_of(subject)))
        };
        all.into_iter().filter(goes).collect()
    }
}

/// What is to be done, in order, and what the registry would refuse.
pub(crate) struct Steps<'s> {
    pub(crate) steps: Vec<Step<'s>>,
    pub(crate) refused: Vec<Failure>,
}

impl<'s> Steps<'s> {
    /// Compares what is wanted with what there is.
    pub(crate) fn find(
        registry: &Registry,
        wanted: &'s Snapshot,
        prune: Option<&Prune<'_>>,
    ) -> Result<Steps<'s>> {
        let mut found = Steps { steps: Vec::new(), refused: Vec::new() };
        let has_modes = registry.has_modes()?;
        let subjects = wanted.subjects.iter().map(|(subject, rules)| (Some(subject.as_str()), rules));
        let mut modes = Vec::new();
        for (subject, rules) in subjects.chain([(None, &wanted.rules)]) {
            modes.extend(found.mode(registry, subject, rules, has_modes)?);
        }
        // READWRITE is the first thing and READONLY the last: it refuses all else.
        let (open, close): (Vec<_>, Vec<_>) =
            modes.into_iter().partition(|step| matches!(step, Step::Mode { to: Mode::ReadWrite, .. }));
        let opened: BTreeSet<Option<&str>> = open.iter().filter_map(Step::changes_mode_of).collect();
        let locked = |subject: &str| match registry.ensure_writable(subject) {
            Err(Error::ReadOnly { mode, .. }) if is_opened(registry, subject, &mode, &opened)? => Ok(None),
            Err(locked @ Error::ReadOnly { .. }) => Ok(Some(Failure::from(locked))),
            Err(error) => Err(Failure::from(error)),
            Ok(()) => Ok(None),
        };
        found.level(registry, None, &wanted.rules)?;
        let global = match &wanted.rules.compatibility {
            Some(level) => level.clone(),
            None => registry.compatibility(None)?.0,
        };
        let mut changed = BTreeSet::new();
        for (subject, rules) in &wanted.subjects {
            if !has_modes && rules.compatibility == Some(Level::None) && global != Level::None {
                found.refused.push(no_exemption(subject, &global));
            }
            if found.level(registry, Some(subject), rules)? {
                changed.insert(subject.as_str());
            }
        }
        found.schemas(registry, wanted, &changed, locked)?;
        if let Some(prune) = prune {
            let gone = prune.unwanted(registry.subjects(false)?, wanted);
            for subject in &gone {
                found.refused.extend(match locked(subject)? {
                    Some(failure) => Some(failure),
                    None => needed(registry, subject, &gone)?,
                });
            }
            found.steps.extend(gone.into_iter().map(|subject| Step::Delete { subject }));
        }
        found.steps = open.into_iter().chain(found.steps).chain(close).collect();
        Ok(found)
    }

    fn level(&mut self, registry: &Registry, subject: Option<&'s str>, rules: &'s Rules) -> Result<bool> {
        let Some(to) = &rules.compatibility else { return Ok(false) };
        let from = match subject {
            Some(subject) => registry.own_compatibility(subject)?,
            None => Some(registry.compatibility(None)?.0),
        };
        let differs = from.as_ref() != Some(to);
        if differs {
            self.steps.push(Step::Level { subject, from, to });
        }
        Ok(differs)
    }

    fn mode(
        &mut self,
        registry: &Registry,
        subject: Option<&'s str>,
        rules: &'s Rules,
        has_modes: bool,
    ) -> Result<Option<Step<'s>>> {
        let Some(to) = &rules.mode else { return Ok(None) };
        let from = match subject {
            // Without modes, all is as it is with this one.
            _ if !has_modes => Some(Mode::ReadWrite),
            Some(subject) => registry.own_mode(subject)?,
            None => Some(registry.mode(None)?),
        };
        if from.as_ref() == Some(to) {
            return Ok(None);
        }
        if !has_modes {
            let what =
                format!("the schema registry at {} has no modes, so {to} cannot be set", registry.url());
            self.refused.push(Failure::refused(what).hint("take it out of registry.json"));
        }
        Ok(Some(Step::Mode { subject, from, to }))
    }

    fn schemas(
        &mut self,
        registry: &Registry,
        wanted: &'s Snapshot,
        changed: &BTreeSet<&str>,
        locked: impl Fn(&str) -> Result<Option<Failure>>,
    ) -> Result<()> {
        let mut known = Known::default();
        let mut growing: BTreeSet<&str> = BTreeSet::new();
        for entry in wanted.in_order() {
            let subject = entry.subject.as_str();
            let schema = known.current(entry, wanted);
            let there = match &schema {
                Some(schema) => registry.lookup(subject, schema)?,
                None => None,
            };
            let version = there.map(|there| there.version);
            match (version, &schema) {
                (Some(version), _) => known.is_now(entry, version),
                // Only what would be the next version can be judged, and only by a level that is not to change.
                (None, Some(schema)) if !growing.contains(subject) && !changed.contains(subject) => {
                    self.refused.extend(refusal(registry, entry, schema)?);
                }
                _ => {}
            }
            if version.is_none() && growing.insert(subject) {
                self.refused.extend(locked(subject)?);
            }
            self.steps.push(Step::Schema { entry, version });
        }
        Ok(())
    }
}

/// Why a subject cannot go: others refer to it, which do not go with it.
fn needed(registry: &Registry, subject: &str, gone: &[String]) -> Result<Option<Failure>> {
    let mut by = BTreeSet::new();
    for version in registry.live_versions(subject)? {
        match registry.referring(subject, version) {
            // It has gone meanwhile.
            Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => {}
            users => by.extend(users?.into_iter().map(|(user, _)| user)),
        }
    }
    by.retain(|user| !gone.contains(&user.subject));
    if by.is_empty() {
        return Ok(None);
    }
    let what = format!("subject {subject}");
    Ok(Some(Error::Referenced { what, by: by.into_iter().collect() }.into()))
}

/// Whether one of the steps to READWRITE ends the mode that closes a subject now: the registry's counts before all others, or
/// else the subject's own does.
fn is_opened(
    registry: &Registry,
    subject: &str,
    mode: &Mode,
    opened: &BTreeSet<Option<&str>>,
) -> Result<bool> {
    if *mode == Mode::ReadOnlyOverride {
        return Ok(opened.contains(&None));
    }
    if opened.contains(&Some(subject)) {
        return Ok(true);
    }
    let context = context_alone(subject);
    let above = opened.contains(&None) || context.is_some_and(|context| opened.contains(&Some(&context)));
    Ok(above && registry.own_mode(subject)?.is_none())
}

/// The registry's versions of the folder's.
#[derive(Default)]
struct Known(BTreeMap<SubjectVersion, u32>);

impl Known {
    fn is_now(&mut self, entry: &Entry, version: u32) {
        self.0.insert(SubjectVersion { subject: entry.subject.clone(), version: entry.version }, version);
    }

    /// Its schema with the registry's versions in its references; none if one of them is not there yet.
    fn current(&self, entry: &Entry, wanted: &Snapshot) -> Option<NewSchema> {
        let mut schema = entry.schema.clone();
        for (reference, needed) in schema.references.iter_mut().zip(entry.needs()) {
            let old = SubjectVersion { subject: needed.subject, version: needed.version };
            match self.0.get(&old) {
                Some(version) => reference.version = *version,
                // A subject that the folder does not have is the registry's own.
                None if wanted.entries.iter().all(|entry| entry.subject != old.subject) => {}
                None => return None,
            }
        }
        Some(schema)
    }
}

fn refusal(registry: &Registry, entry: &Entry, schema: &NewSchema) -> Result<Option<Failure>> {
    let subject = entry.subject.as_str();
    match registry.check_next(subject, schema) {
        Ok(verdict) if !verdict.compatible => {
            let judged = Judged::explain(registry, subject, Version::Latest, schema, verdict.messages)?;
            Ok(Some(judged.failure(subject, &title(entry))))
        }
        Ok(_) | Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => Ok(None),
        Err(error) => Err(Failure::from(error).context(title(entry))),
    }
}

impl Step<'_> {
    /// Whose mode it changes: a subject's, or, without one, the registry's.
    fn changes_mode_of(&self) -> Option<Option<&str>> {
        if let Step::Mode { subject, .. } = self { Some(*subject) } else { None }
    }

    /// The subject that it deletes.
    pub(crate) fn deletes(&self) -> Option<&str> {
        if let Step::Delete { subject } = self { Some(subject) } else { None }
    }

    /// Whether there is anything to do.
    pub(crate) fn changes(&self) -> bool {
        !matches!(self, Step::Schema { version: Some(_), .. })
    }

    /// What it is, for a plan.
    pub(crate) fn row(&self) -> Value {
        match self {
            Step::Level { subject, from, to } => rule(*subject, "compatibility", from.as_ref(), to),
            Step::Mode { subject, from, to } => rule(*subject, "mode", from.as_ref(), to),
            Step::Schema { entry, version } => {
                let action = if version.is_some() { "unchanged" } else { "create" };
                json!({"subject": entry.subject, "what": "schema", "action": action, "from": version, "to": version})
            }
            Step::Delete { subject } => {
                json!({"subject": subject, "what": "subject", "action": "delete", "from": null, "to": null})
            }
        }
    }
}

fn rule<T: ToString>(subject: Option<&str>, what: &str, from: Option<&T>, to: &T) -> Value {
    json!({"subject": subject, "what": what, "action": "update", "from": from.map(T::to_string),
        "to": to.to_string()})
}

/// Takes all steps, and gives a row for each that was taken, also when a later one fails.
pub(crate) fn take(registry: &Registry, wanted: &Snapshot, steps: &[Step<'_>]) -> (Vec<Value>, Result<()>) {
    let mut rows = Vec::new();
    let outcome = take_all(registry, wanted, steps, &mut rows);
    (rows, outcome)
}

fn take_all(registry: &Registry, wanted: &Snapshot, steps: &[Step<'_>], rows: &mut Vec<Value>) -> Result<()> {
    let mut known = Known::default();
    let mut unwanted = Vec::new();
    for step in steps {
        let mut row = step.row();
        match step {
            Step::Level { subject, to, .. } => registry.set_compatibility(*subject, to)?,
            Step::Mode { subject, to, .. } => {
                // Before the last word: what is to go may be refused afterwards.
                delete_all(registry, &mut unwanted, rows)?;
                registry.set_mode(*subject, to, false)?;
            }
            Step::Schema { entry, version: Some(version) } => known.is_now(entry, *version),
            Step::Schema { entry, version: None } => {
                let schema = known.current(entry, wanted).unwrap_or_else(|| entry.schema.clone());
                let made = register(registry, entry, &schema)?;
                known.is_now(entry, made);
                row["to"] = json!(made);
            }
            Step::Delete { subject } => {
                unwanted.push(subject.as_str());
                continue;
            }
        }
        rows.push(row);
    }
    delete_all(registry, &mut unwanted, rows)
}

fn register(registry: &Registry, entry: &Entry, schema: &NewSchema) -> Result<u32> {
    match registry.register(&entry.subject, schema) {
        Ok(made) => Ok(made.version),
        Err(Error::Incompatible { messages, .. }) => {
            let judged = Judged::explain(registry, &entry.subject, Version::Latest, schema, messages)?;
            Err(judged.failure(&entry.subject, &title(entry)))
        }
        Err(error) => Err(Failure::from(error).context(title(entry))),
    }
}

/// Softly, those that refer to others first: whatever is still referred to waits for the next round.
fn delete_all(registry: &Registry, unwanted: &mut Vec<&str>, rows: &mut Vec<Value>) -> Result<()> {
    while !unwanted.is_empty() {
        let mut waiting = Vec::new();
        let mut last = None;
        for &subject in unwanted.iter() {
            match registry.delete_subject(subject, false) {
                Ok(_) => rows.push(Step::Delete { subject: subject.to_owned() }.row()),
                Err(error @ Error::Referenced { .. }) => {
                    waiting.push(subject);
                    last = Some(error);
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(error) = last.filter(|_| waiting.len() == unwanted.len()) {
            return Err(error.into());
        }
        *unwanted = waiting;
    }
    Ok(())
}
