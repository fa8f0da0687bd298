//! What `sr apply` wants: the schema files of a folder, named after their subjects, and what `registry.json` says besides.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use kch_avro::{Plan, SchemaError};
use kch_cli::{Failure, Result};
use kch_registry::{NewSchema, Reference, SchemaType};

use crate::file_name;
use crate::folder::{self, MANIFEST, ManifestVersion};
use crate::input::not_json;
use crate::names::Names;
use crate::snapshot::{Entry, Snapshot};

/// The version of a file whose name says none: it comes after those that do.
pub(crate) const NEWEST: u32 = u32::MAX;

/// Reads a folder. Versions are those of the files; the registry's may be others.
pub(crate) fn read(folder: &Path) -> Result<Snapshot> {
    let manifest = folder::manifest(folder)?;
    let found = files(folder)?;
    if manifest.is_none() && found.is_empty() {
        return Err(Failure::usage(format!("{} has neither .avsc files nor {MANIFEST}", folder.display())));
    }
    let manifest = manifest.unwrap_or_default();
    let rules = folder::rules(folder, manifest.compatibility.as_deref(), manifest.mode.as_deref())?;
    let mut snapshot = Snapshot { rules, ..Snapshot::default() };
    let mut listed: BTreeMap<String, (String, ManifestVersion)> = BTreeMap::new();
    for (subject, said) in manifest.subjects {
        let rules = folder::rules(folder, said.compatibility.as_deref(), said.mode.as_deref())?;
        listed.extend(said.versions.into_iter().map(|v| (v.file.clone(), (subject.clone(), v))));
        snapshot.subjects.insert(subject, rules);
    }
    let names: BTreeSet<String> = found.into_iter().chain(listed.keys().cloned()).collect();
    let mut unlisted = Vec::new();
    for file in names {
        let path = folder.join(&file);
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        let (subject, version, schema) = match listed.remove(&file) {
            Some((_, version)) if version.deleted => continue,
            Some((subject, said)) => (subject, said.version, said.schema(text)),
            None => {
                unlisted.push(snapshot.entries.len());
                let Some((subject, version)) = file_name::subject(&path) else { continue };
                (subject, version.unwrap_or(NEWEST), NewSchema::avro(text))
            }
        };
        if schema.schema_type == SchemaType::Avro
            && let Err(SchemaError::Json { reason }) = kch_avro::schema_json(&schema.text)
        {
            return Err(not_json(&path.display().to_string(), &reason));
        }
        snapshot.subjects.entry(subject.clone()).or_default();
        snapshot.entries.push(Entry { subject, version, id: 0, schema, deleted: false });
    }
    for at in unlisted {
        let references = references(&snapshot.entries, at, folder)?;
        snapshot.entries[at].schema.references = references;
    }
    ensure_valid(&snapshot, folder)?;
    Ok(snapshot)
}

fn files(folder: &Path) -> Result<Vec<String>> {
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        if let Ok(name) = entry.map_err(cannot)?.file_name().into_string()
            && name.ends_with(".avsc")
            && !name.starts_with('.')
        {
            files.push(name);
        }
    }
    Ok(files)
}

/// The names that the file uses and others define, in their newest versions.
fn references(entries: &[Entry], at: usize, folder: &Path) -> Result<Vec<Reference>> {
    let mut references = Vec::new();
    for name in Names::of(&entries[at].schema.text).wanted() {
        let others = entries.iter().filter(|entry| entry.subject != entries[at].subject);
        let defines = |entry: &&Entry| Names::of(&entry.schema.text).defined.contains(&name);
        let Some(found) = others.filter(defines).max_by_key(|entry| entry.version) else {
            let what = format!("{}: {} uses {name}", folder.display(), title(&entries[at]));
            return Err(Failure::refused(format!("{what}, and no other file defines it"))
                .hint("put the schema that does beside it: sr get SUBJECT > FILE.avsc"));
        };
        references.push(Reference { name, subject: found.subject.clone(), version: found.version });
    }
    Ok(references)
}

/// All Avro schemas compile, so that no file stops the work in the middle.
fn ensure_valid(snapshot: &Snapshot, folder: &Path) -> Result<()> {
    for entry in snapshot.entries.iter().filter(|entry| entry.schema.schema_type == SchemaType::Avro) {
        // What the folder does not have, the registry may.
        if let Some(texts) = texts_needed(snapshot, entry) {
            Plan::compile_with_references(&entry.schema.text, &texts).map_err(|error| {
                Failure::refused(format!("{}: {}: {error}", folder.display(), title(entry)))
            })?;
        }
    }
    Ok(())
}

/// The texts of what an entry refers to, over all steps, what is needed first before; `None` if one is not in the folder.
pub(crate) fn texts_needed(snapshot: &Snapshot, entry: &Entry) -> Option<Vec<String>> {
    let mut needed = Needed { snapshot, texts: Vec::new(), walked: BTreeMap::new() };
    needed.collect(entry).then_some(needed.texts)
}

/// What an entry needs, over all steps.
struct Needed<'s> {
    snapshot: &'s Snapshot,
    /// What is needed first is first.
    texts: Vec<String>,
    /// Whether the folder has all that a version refers to. Not yet, while it is looked at: one that refers to itself stays so.
    walked: BTreeMap<(&'s str, u32), bool>,
}

impl<'s> Needed<'s> {
    /// Collects the texts; `false` if one is not in the folder.
    fn collect(&mut self, entry: &'s Entry) -> bool {
        let key = (entry.subject.as_str(), entry.version);
        if let Some(whole) = self.walked.get(&key) {
            return *whole;
        }
        self.walked.insert(key, false);
        let whole = entry.schema.references.iter().all(|reference| {
            let is_meant =
                |other: &&Entry| other.subject == reference.subject && other.version == reference.version;
            let Some(found) = self.snapshot.entries.iter().find(is_meant) else { return false };
            let whole = self.collect(found);
            if !self.texts.contains(&found.schema.text) {
                self.texts.push(found.schema.text.clone());
            }
            whole
        });
        self.walked.insert(key, whole);
        whole
    }
}

/// What messages call an entry.
pub(crate) fn title(entry: &Entry) -> String {
    match entry.version {
        NEWEST => entry.subject.clone(),
        version => format!("{} version {version}", entry.subject),
    }
}
