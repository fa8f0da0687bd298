//! A schema that the command line names: a file, or a subject of the registry.

use kch_cli::{Failure, Result};
use kch_envelope::KnownSchema;
use kch_registry::{Registry, Version, at_version, means_file};

/// Reads and compiles `FILE`, `SUBJECT[:VERSION]` or `SUBJECT@VERSION`, for the flag called `flag`.
pub(crate) fn named(flag: &str, name: &str, registry: &Registry) -> Result<KnownSchema> {
    let refused = |error: kch_avro::SchemaError| Failure::usage(format!("{flag} {name}: {error}"));
    // No subject is called so, and a path that is wrong is better told than a subject that is not there.
    if means_file(name) || name.starts_with(['/', '.']) {
        let text = match name {
            "-" => std::io::read_to_string(std::io::stdin()),
            path => std::fs::read_to_string(path),
        };
        let text = text.map_err(|error| Failure::usage(format!("{flag} {name}: cannot read it: {error}")))?;
        return KnownSchema::new(&text, &[]).map_err(refused);
    }
    let (subject, version) = subject_and_version(name);
    let schema = registry.subject_version(subject, version)?.schema;
    let references = registry.resolved(&schema)?;
    KnownSchema::new(&schema.text, &references).map_err(refused)
}

/// The version is what stands behind an `@`, or behind the last colon, if that is one; a subject may have colons of its own.
fn subject_and_version(name: &str) -> (&str, Version) {
    let behind_colon = || {
        let (subject, version) = name.rsplit_once(':')?;
        Some((subject, version.parse().ok()?))
    };
    match at_version(name).or_else(behind_colon) {
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
        assert_eq!(subject_and_version("s@3"), ("s", Version::Number(3)));
        assert_eq!(subject_and_version("s:latest"), ("s", Version::Latest));
        assert_eq!(subject_and_version(":.eu:s"), (":.eu:s", Version::Latest));
        assert_eq!(subject_and_version(":.eu:s:2"), (":.eu:s", Version::Number(2)));
    }
}
