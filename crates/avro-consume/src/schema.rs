//! A schema that the command line names: a file, or a subject of the registry.

use std::path::Path;

use kch_cli::{Failure, Result};
use kch_envelope::KnownSchema;
use kch_registry::{Registry, Version};

/// Reads and compiles `FILE` or `SUBJECT[:VERSION]`, for the flag called `flag`. What is there as a file is a file.
pub(crate) fn named(flag: &str, name: &str, registry: &Registry) -> Result<KnownSchema> {
    let refused = |error: kch_avro::SchemaError| Failure::usage(format!("{flag} {name}: {error}"));
    let path = Path::new(name);
    if path.exists() || looks_like_a_file(name) {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{flag} {name}: cannot read it: {error}")))?;
        return KnownSchema::new(&text, &[]).map_err(refused);
    }
    let (subject, version) = subject_and_version(name);
    let schema = registry.subject_version(subject, version)?.schema;
    let references = registry.resolved(&schema)?;
    KnownSchema::new(&schema.text, &references).map_err(refused)
}

fn looks_like_a_file(name: &str) -> bool {
    name.ends_with(".avsc") || name.ends_with(".json") || name.starts_with(['/', '.'])
}

/// The version is what stands behind the last colon, if that is one; a subject may have colons of its own.
fn subject_and_version(name: &str) -> (&str, Version) {
    match name.rsplit_once(':').and_then(|(subject, version)| Some((subject, version.parse().ok()?))) {
        Some((subject, version)) if !subject.is_empty() => (subject, version),
        _ => (name, Version::Latest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_may_have_a_version_and_colons_of_its_own() {
        assert_eq!(subject_and_version("s"), ("s", Version::Latest));
        assert_eq!(subject_and_version("s:3"), ("s", Version::Number(3)));
        assert_eq!(subject_and_version("s:latest"), ("s", Version::Latest));
        assert_eq!(subject_and_version(":.eu:s"), (":.eu:s", Version::Latest));
        assert_eq!(subject_and_version(":.eu:s:2"), (":.eu:s", Version::Number(2)));
        assert!(looks_like_a_file("./s") && looks_like_a_file("e.avsc") && !looks_like_a_file("a.b-value"));
    }
}
