//! A folder with schemas: `registry.json` says what is what, and each version is a file as it was registered.
//!
//! ```text
//! registry.json               {"compatibility":"BACKWARD","subjects":{"orders-value":{"versions":[{"version":1,"id":7,…}]}}}
//! orders-value.v1.avsc
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kch_cli::{Failure, Result};
use kch_registry::{Contract, NewSchema, Reference, SchemaType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::file_name;
use crate::snapshot::{Entry, Rules, Snapshot};

/// The name of the file that says what is what.
pub(crate) const MANIFEST: &str = "registry.json";

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compatibility: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<String>,
    #[serde(default)]
    pub(crate) subjects: BTreeMap<String, ManifestSubject>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestSubject {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compatibility: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) versions: Vec<ManifestVersion>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestVersion {
    pub(crate) version: u32,
    pub(crate) id: u32,
    pub(crate) file: String,
    #[serde(default, rename = "type", skip_serializing_if = "is_avro")]
    pub(crate) schema_type: SchemaType,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) references: Vec<Reference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Value>,
    #[serde(default, rename = "ruleSet", skip_serializing_if = "Option::is_none")]
    pub(crate) rule_set: Option<Value>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deleted: bool,
}

impl ManifestVersion {
    /// The schema whose text this is.
    pub(crate) fn schema(&self, text: String) -> NewSchema {
        NewSchema {
            schema_type: self.schema_type.clone(),
            references: self.references.clone(),
            contract: Contract { metadata: self.metadata.clone(), rule_set: self.rule_set.clone() },
            ..NewSchema::avro(text)
        }
    }
}

fn is_avro(schema_type: &SchemaType) -> bool {
    *schema_type == SchemaType::Avro
}

/// Writes a snapshot into a folder that is empty, or not there, or holds an older one, which is replaced.
pub(crate) fn write(snapshot: &Snapshot, folder: &Path) -> Result<()> {
    let cannot =
        |error: std::io::Error| Failure::refused(format!("cannot write into {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(cannot)?;
    forget_older(folder)?;
    let mut manifest = Manifest::default();
    let Rules { compatibility, mode } = &snapshot.rules;
    manifest.compatibility = compatibility.as_ref().map(ToString::to_string);
    manifest.mode = mode.as_ref().map(ToString::to_string);
    for (subject, rules) in &snapshot.subjects {
        let subject = manifest.subjects.entry(subject.clone()).or_default();
        subject.compatibility = rules.compatibility.as_ref().map(ToString::to_string);
        subject.mode = rules.mode.as_ref().map(ToString::to_string);
    }
    for entry in &snapshot.entries {
        let Entry { subject, version, id, schema, deleted } = entry;
        let extension = match schema.schema_type {
            SchemaType::Avro => "avsc",
            SchemaType::Protobuf => "proto",
            _ => "json",
        };
        let file = file_name::of_version(subject, *version, extension);
        // Byte for byte: what is registered again must be the same schema.
        fs::write(folder.join(&file), &schema.text).map_err(cannot)?;
        manifest.subjects.entry(subject.clone()).or_default().versions.push(ManifestVersion {
            version: *version,
            id: *id,
            file,
            schema_type: schema.schema_type.clone(),
            references: schema.references.clone(),
            metadata: schema.contract.metadata.clone(),
            rule_set: schema.contract.rule_set.clone(),
            deleted: *deleted,
        });
    }
    // The last of all: a folder without it is no whole export.
    let mut text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    text.push('\n');
    fs::write(folder.join(MANIFEST), text).map_err(cannot)
}

/// Removes the files of an older export, and nothing else. A folder with other things in it is refused.
fn forget_older(folder: &Path) -> Result<()> {
    let cannot =
        |error: std::io::Error| Failure::refused(format!("cannot use {}: {error}", folder.display()));
    if let Some(manifest) = manifest(folder)? {
        for version in manifest.subjects.values().flat_map(|subject| &subject.versions) {
            let _ = fs::remove_file(folder.join(&version.file));
        }
        return fs::remove_file(folder.join(MANIFEST)).map_err(cannot);
    }
    if fs::read_dir(folder).map_err(cannot)?.next().is_some() {
        return Err(Failure::usage(format!("{} is not empty, and no export is in it", folder.display()))
            .hint("name a folder that is empty or not there"));
    }
    Ok(())
}

/// What `registry.json` says, if it is there.
pub(crate) fn manifest(folder: &Path) -> Result<Option<Manifest>> {
    let path = folder.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::usage(format!("cannot read {}: {error}", path.display()))),
    };
    let bad = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    // A folder from elsewhere must not make us read, send or remove what is outside of it.
    let files = manifest.subjects.values().flat_map(|subject| &subject.versions).map(|version| &version.file);
    for file in files {
        if file.contains('/') || file == ".." {
            return Err(bad(format!("{file} is not the name of a file in this folder")));
        }
    }
    Ok(Some(manifest))
}

/// Reads the snapshot that `write` wrote.
pub(crate) fn read(folder: &Path) -> Result<Snapshot> {
    let Some(manifest) = manifest(folder)? else {
        return Err(Failure::usage(format!("{} has no {MANIFEST}", folder.display()))
            .hint("`sr export DIR` makes one; a folder of .avsc files alone is for `sr apply DIR`"));
    };
    let rules = rules(folder, manifest.compatibility.as_deref(), manifest.mode.as_deref())?;
    let mut snapshot = Snapshot { rules, ..Snapshot::default() };
    for (subject, said) in manifest.subjects {
        for version in said.versions {
            let path = folder.join(&version.file);
            let text = fs::read_to_string(&path)
                .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
            let (schema, ManifestVersion { version, id, deleted, .. }) = (version.schema(text), version);
            snapshot.entries.push(Entry { subject: subject.clone(), version, id, schema, deleted });
        }
        let rules = self::rules(folder, said.compatibility.as_deref(), said.mode.as_deref())?;
        snapshot.subjects.insert(subject, rules);
    }
    Ok(snapshot)
}

/// The level and the mode that a manifest names.
pub(crate) fn rules(folder: &Path, compatibility: Option<&str>, mode: Option<&str>) -> Result<Rules> {
    let bad = |why: String| Failure::usage(format!("{}: {why}", folder.join(MANIFEST).display()));
    let compatibility = compatibility.map(str::parse).transpose().map_err(bad)?;
    let mode = mode.map(str::parse).transpose().map_err(bad)?;
    Ok(Rules { compatibility, mode })
}
