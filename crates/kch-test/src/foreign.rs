//! Schemas and data that nobody here wrote, in `../shared/data` beside the checkout. They are no part of the project:
//! where they are not, there is nothing to try, which is said on stderr.

use std::path::{Path, PathBuf};

use crate::live::say;

/// The Avro schemas (`*.avsc`) of these folders, sorted.
#[must_use]
pub fn foreign_schemas(folders: &[&str]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| foreign_file(folder)?.read_dir().ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "avsc"))
        .collect();
    files.sort();
    files
}

/// One file or folder, if it is there.
#[must_use]
pub fn foreign_file(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    let is_there = path.exists();
    if !is_there {
        say(&format!("skipped: {} is not there", path.display()));
    }
    is_there.then_some(path)
}
