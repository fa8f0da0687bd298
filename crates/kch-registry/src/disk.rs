//! What a registry said of ids and versions, on disk, for the time that it cannot be reached.
//!
//! The registry is always asked first: one that was made anew at the same address gives old ids to new schemas. That an id is
//! unknown is never kept. Nothing here fails: what cannot be read or written is as if it were not there.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use kch_cli::{Settings, vars};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::WireSchema;
use crate::naming::split_context;

/// What a file's name may hold unencoded. No dot: neither `..` nor a hidden file comes out of a subject.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A folder for one registry, or none.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    folder: Option<PathBuf>,
}

impl Disk {
    /// The folder that `KCH_SCHEMA_CACHE` names, else one below the user's cache, for the registry at `url`.
    pub(crate) fn from_settings(settings: &Settings, url: &str) -> kch_cli::Result<Disk> {
        let root = match settings.text(&vars::KCH_SCHEMA_CACHE)? {
            Some(off) if off.eq_ignore_ascii_case("off") => None,
            Some(folder) => Some(PathBuf::from(folder)),
            None => user_cache(settings)?.map(|cache| cache.join("kafka-clickhouse/schemas")),
        };
        Ok(Disk { folder: root.map(|root| root.join(encoded(url))) })
    }

    /// Where it keeps them.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub(crate) fn schema(&self, id: u32) -> Option<WireSchema> {
        self.read(&by_id(id)).filter(|kept| kept.id == Some(id))
    }

    pub(crate) fn version(&self, subject: &str, version: u32) -> Option<WireSchema> {
        self.read(&by_version(subject, version))
            .filter(|kept| kept.subject.as_deref() == Some(subject) && kept.version == Some(version))
    }

    /// Keeps what the registry said, as an id's schema and, where it has a subject and version, as that version. The id
    /// of another context is another schema's here.
    pub(crate) fn keep(&self, said: &WireSchema) {
        let Some(id) = said.id else { return };
        if said.subject.as_deref().and_then(|subject| split_context(subject).0).is_none() {
            self.write(&by_id(id), &WireSchema { subject: None, version: None, ..said.clone() });
        }
        if let (Some(subject), Some(version)) = (&said.subject, said.version) {
            self.write(&by_version(subject, version), said);
        }
    }

    fn read(&self, name: &Path) -> Option<WireSchema> {
        let bytes = fs::read(self.folder.as_ref()?.join(name)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Whole or not at all: written aside, then renamed.
    fn write(&self, name: &Path, said: &WireSchema) {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)) else { return };
        let Ok(bytes) = serde_json::to_vec(said) else { return };
        if fs::read(&path).is_ok_and(|kept| kept == bytes) {
            return;
        }
        let Some(parent) = path.parent() else { return };
        // A schema may be nobody else's business.
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(parent);
        let aside = path.with_extension(format!("{}.tmp", std::process::id()));
        if made.and_then(|()| fs::write(&aside, &bytes)).and_then(|()| fs::rename(&aside, &path)).is_err() {
            let _ = fs::remove_file(&aside);
        }
    }
}

/// `XDG_CACHE_HOME`, else `~/.cache`. The specification wants a relative path to be ignored.
fn user_cache(settings: &Settings) -> kch_cli::Result<Option<PathBuf>> {
    let folder = |name| -> kch_cli::Result<Option<PathBuf>> {
        Ok(settings.lookup(name)?.map(|(path, _)| PathBuf::from(path)).filter(|path| path.is_absolute()))
    };
    Ok(match folder("XDG_CACHE_HOME")? {
        Some(cache) => Some(cache),
        None => folder("HOME")?.map(|home| home.join(".cache")),
    })
}

fn by_id(id: u32) -> PathBuf {
    PathBuf::from(format!("ids/{id}.json"))
}

fn by_version(subject: &str, version: u32) -> PathBuf {
    PathBuf::from(format!("versions/{}/{version}.json", encoded(subject)))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(pairs: &[(&str, &str)]) -> Disk {
        Disk::from_settings(&Settings::from_pairs(pairs.iter().copied()), "http://h:1/p").unwrap()
    }

    #[test]
    fn the_folder_is_the_users_cache_unless_a_setting_says_otherwise() {
        let folder = |pairs| disk(pairs).folder().map(|path| path.display().to_string());
        let name = "http%3A%2F%2Fh%3A1%2Fp";
        let below = |root: &str| Some(format!("{root}/{name}"));
        assert_eq!(folder(&[("HOME", "/home/me")]), below("/home/me/.cache/kafka-clickhouse/schemas"));
        assert_eq!(
            folder(&[("HOME", "/home/me"), ("XDG_CACHE_HOME", "/c")]),
            below("/c/kafka-clickhouse/schemas")
        );
        assert_eq!(folder(&[("HOME", "/home/me"), ("KCH_SCHEMA_CACHE", "/mine")]), below("/mine"));
        assert_eq!(folder(&[("HOME", "/home/me"), ("KCH_SCHEMA_CACHE", "off")]), None);
        assert_eq!(folder(&[]), None);
    }

    #[test]
    fn a_broken_file_is_as_if_it_were_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(&[("KCH_SCHEMA_CACHE", folder.path().to_str().unwrap())]);
        let text = r#"{"id":7,"subject":"../s","version":1,"schema":"\"long\""}"#;
        disk.keep(&serde_json::from_str(text).unwrap());
        assert_eq!(disk.schema(7).unwrap().schema.unwrap(), "\"long\"");
        assert_eq!(disk.version("../s", 1).unwrap().id, Some(7));
        assert!(disk.version("../s", 2).is_none());
        for broken in ["", "{\"id\":7,\"sch", r#"{"id":8,"schema":"\"int\""}"#] {
            fs::write(disk.folder().unwrap().join("ids/7.json"), broken).unwrap();
            assert!(disk.schema(7).is_none(), "{broken}");
        }
        assert_eq!(
            fs::read_dir(disk.folder().unwrap().join("ids")).unwrap().count(),
            1,
            "nothing is left aside"
        );
    }
}
