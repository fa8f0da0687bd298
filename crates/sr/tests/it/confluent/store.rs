//! What the registry keeps, and what it permits.

use std::collections::BTreeMap;
use std::time::Duration;

use kch_registry::{context_of, split_context};
use serde_json::{Value, json};

/// One version: what was sent, its id, whether it is softly deleted.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) id: u64,
    pub(super) sent: Value,
    pub(super) deleted: bool,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) subjects: BTreeMap<String, BTreeMap<u64, Kept>>,
    pub(super) modes: BTreeMap<String, String>,
    pub(super) levels: BTreeMap<String, String>,
    pub(super) mode: Option<String>,
    pub(super) level: Option<String>,
    pub(super) next_id: u64,
    /// Contexts that once had subjects.
    pub(super) empty_contexts: Vec<String>,
    /// Registrations after this many take this long, or fail when there is no time.
    pub(super) trouble: Option<(usize, Option<Duration>)>,
    pub(super) registrations: usize,
}

pub(super) type Answer = Result<Value, (u16, u64, &'static str)>;

pub(super) const NO_SUBJECT: (u16, u64, &str) = (404, 40401, "Subject not found.");
const NO_VERSION: (u16, u64, &str) = (404, 40402, "Version not found.");
pub(super) const NO_SCHEMA: (u16, u64, &str) = (404, 40403, "Schema not found");

impl State {
    pub(super) fn mode_of(&self, subject: &str) -> &str {
        self.modes.get(subject).or(self.mode.as_ref()).map_or("READWRITE", String::as_str)
    }

    pub(super) fn versions(
        &self,
        subject: &str,
        deleted: bool,
    ) -> Result<Vec<u64>, (u16, u64, &'static str)> {
        let all = self.subjects.get(subject).ok_or(NO_SUBJECT)?;
        let shown: Vec<u64> =
            all.iter().filter(|(_, kept)| deleted || !kept.deleted).map(|(&version, _)| version).collect();
        if shown.is_empty() { Err(NO_SUBJECT) } else { Ok(shown) }
    }

    fn show(subject: &str, version: u64, kept: &Kept) -> Value {
        let mut shown = kept.sent.clone();
        shown["subject"] = json!(subject);
        shown["version"] = json!(version);
        shown["id"] = json!(kept.id);
        shown
    }

    /// A subject without a context is looked for in all of them.
    fn anywhere<'s>(&'s self, subject: &'s str) -> &'s str {
        let elsewhere =
            |known: &&String| split_context(known) != (None, known) && split_context(known).1 == subject;
        match self.subjects.get(subject) {
            Some(_) => subject,
            None => self.subjects.keys().find(elsewhere).map_or(subject, String::as_str),
        }
    }

    pub(super) fn version(&self, subject: &str, version: &str, deleted: bool) -> Answer {
        let subject = self.anywhere(subject);
        let shown = self.versions(subject, deleted)?;
        let number = if version == "latest" { *shown.last().unwrap() } else { version.parse().unwrap() };
        if !shown.contains(&number) {
            return Err(NO_VERSION);
        }
        Ok(Self::show(subject, number, &self.subjects[subject][&number]))
    }

    pub(super) fn lookup(&self, subject: &str, sent: &Value, deleted: bool) -> Answer {
        let subject = self.anywhere(subject);
        self.ensure_referred(sent)?;
        let all = self.subjects.get(subject).ok_or(NO_SUBJECT)?;
        let same = |kept: &Kept| (deleted || !kept.deleted) && kept.sent["schema"] == sent["schema"];
        let found = all.iter().find(|(_, kept)| same(kept)).ok_or(NO_SCHEMA)?;
        Ok(Self::show(subject, *found.0, found.1))
    }

    /// Each context counts its ids by itself: that of `subject`.
    pub(super) fn with_id(&self, id: u64, subject: &str) -> impl Iterator<Item = (&String, u64, &Kept)> {
        let context = context_of(subject).map(str::to_owned);
        let all = self.subjects.iter().flat_map(|(subject, versions)| {
            versions.iter().map(move |(&version, kept)| (subject, version, kept))
        });
        all.filter(move |(subject, _, kept)| kept.id == id && context_of(subject) == context.as_deref())
    }

    fn ensure_referred(&self, sent: &Value) -> Result<(), (u16, u64, &'static str)> {
        for reference in sent["references"].as_array().into_iter().flatten() {
            let version = reference["version"].to_string();
            let there = self.version(reference["subject"].as_str().unwrap(), &version, true);
            there.map_err(|_| (422, 42201, "No schema reference found for subject and version"))?;
        }
        Ok(())
    }

    pub(super) fn register(&mut self, subject: &str, sent: &Value) -> Answer {
        let mode = self.mode_of(subject).to_owned();
        let (id, version) = (sent["id"].as_u64(), sent["version"].as_u64());
        match mode.as_str() {
            "READONLY" => return Err((422, 42205, "Subject is in read-only mode")),
            "IMPORT" if id.is_none() => return Err((422, 42205, "Subject is not in read-write mode")),
            "READWRITE" if id.is_some() => return Err((422, 42205, "Subject is not in import mode")),
            _ => {}
        }
        self.ensure_referred(sent)?;
        let schema = &sent["schema"];
        let here = self.subjects.iter().filter(|(known, _)| context_of(known) == context_of(subject));
        let known =
            here.flat_map(|(_, versions)| versions.values()).find(|kept| kept.sent["schema"] == *schema);
        let id = id.or(known.map(|kept| kept.id)).unwrap_or(self.next_id);
        if self.with_id(id, subject).any(|(_, _, kept)| kept.sent["schema"] != *schema) {
            return Err((422, 42205, "Overwrite new schema with id is not permitted."));
        }
        self.next_id = self.next_id.max(id + 1);
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        let next = versions.keys().next_back().map_or(1, |last| last + 1);
        let mut sent = sent.clone();
        sent.as_object_mut().unwrap().retain(|name, _| name != "id" && name != "version");
        versions.insert(version.unwrap_or(next), Kept { id, sent, deleted: false });
        Ok(json!({"id": id}))
    }

    pub(super) fn referring(&self, subject: &str, version: u64) -> Vec<u64> {
        let refers = |kept: &&Kept| {
            let mut references = kept.sent["references"].as_array().into_iter().flatten();
            references.any(|to| to["subject"] == subject && to["version"] == version)
        };
        let live = self.subjects.values().flat_map(BTreeMap::values).filter(|kept| !kept.deleted);
        live.filter(refers).map(|kept| kept.id).collect()
    }

    pub(super) fn soft_delete(&mut self, subject: &str, version: Option<u64>) -> Answer {
        if self.mode_of(subject) == "READONLY" {
            return Err((422, 42205, "Subject is in read-only mode"));
        }
        let shown = self.versions(subject, false)?;
        let gone: Vec<u64> =
            shown.into_iter().filter(|number| version.is_none_or(|v| v == *number)).collect();
        if gone.iter().any(|&number| !self.referring(subject, number).is_empty()) {
            return Err((422, 42206, "One or more references exist to the schema"));
        }
        for number in &gone {
            self.subjects.get_mut(subject).unwrap().get_mut(number).unwrap().deleted = true;
        }
        // With the last version, the subject's mode and level go.
        if self.versions(subject, false).is_err() {
            self.modes.remove(subject);
            self.levels.remove(subject);
        }
        Ok(version.map_or_else(|| json!(gone), |version| json!(version)))
    }

    pub(super) fn hard_delete(&mut self, subject: &str, version: Option<u64>) -> Answer {
        let all = self.subjects.get_mut(subject).ok_or(NO_SUBJECT)?;
        let gone: Vec<u64> =
            all.keys().copied().filter(|&number| version.is_none_or(|v| v == number)).collect();
        if gone.iter().any(|number| !all[number].deleted) {
            return Err((404, 40405, "Subject was not deleted first before being permanently deleted"));
        }
        all.retain(|number, _| !gone.contains(number));
        if all.is_empty() {
            self.subjects.remove(subject);
        }
        Ok(version.map_or_else(|| json!(gone), |version| json!(version)))
    }
}
