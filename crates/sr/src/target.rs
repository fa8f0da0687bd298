//! What is to be deleted: subjects by name or by glob, or single versions. All of it is looked for first, so that a slip in one
//! name deletes none of the others.

use std::collections::BTreeSet;

use kch_cli::{Failure, Result, is_glob, matches_glob};
use kch_registry::{Error, Registry, SubjectVersion, Version, at_version, split_context};

/// A subject, or one version of it, that is there in some state.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) subject: String,
    /// Only this version.
    pub(crate) version: Option<u32>,
    /// All versions of the subject, softly deleted ones too.
    pub(crate) all: Vec<u32>,
}

impl Target {
    /// Whether a version is part of it.
    pub(crate) fn has(&self, SubjectVersion { subject, version }: &SubjectVersion) -> bool {
        self.subject == *subject && self.version.is_none_or(|only| only == *version)
    }
}

/// What was looked for.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    pub(crate) found: Vec<Target>,
    /// Names of what is not there, and globs that match nothing, each with the refusal.
    pub(crate) missing: Vec<(String, Failure)>,
}

/// Looks for what the names mean. Globs match softly deleted subjects only if asked for.
pub(crate) fn find(registry: &Registry, names: &[String], deleted: bool) -> Result<Targets> {
    let asked = split(names)?;
    let mut list = Vec::new();
    if asked.iter().any(|(name, _)| is_glob(name)) {
        list = registry.subjects(deleted)?;
        list.sort_unstable();
    }
    let mut targets = Targets::default();
    for (name, version) in asked {
        if !is_glob(name) || list.iter().any(|subject| subject == name) {
            match look(registry, name, version) {
                Ok(target) => targets.found.push(target),
                Err(error @ (Error::SubjectNotFound { .. } | Error::VersionNotFound { .. })) => {
                    targets.missing.push((name.to_owned(), error.into()));
                }
                Err(error) => return Err(error.into()),
            }
            continue;
        }
        let matching: Vec<&String> = list.iter().filter(|subject| is_meant(name, subject)).collect();
        if matching.is_empty() {
            let why = Failure::refused(format!("no subject matches {name:?}"));
            targets.missing.push((name.to_owned(), why));
        }
        for subject in matching {
            let all = registry.all_versions(subject)?;
            targets.found.push(Target { subject: subject.clone(), version: None, all });
        }
    }
    targets.each_once();
    Ok(targets)
}

/// The names, with the version that stands behind a single one.
fn split(names: &[String]) -> Result<Vec<(&str, Option<Version>)>> {
    if let [subject, version] = names
        && let Ok(version) = version.parse()
        && !is_glob(subject)
        && at_version(subject).is_none()
    {
        return Ok(vec![(subject, Some(version))]);
    }
    match names.iter().skip(1).find(|name| name.parse::<Version>().is_ok()) {
        Some(version) => Err(Failure::usage(format!("of which subject is {version} the version?"))
            .hint(format!("write SUBJECT@{version}"))),
        None => Ok(names.iter().map(|name| (name.as_str(), None)).collect()),
    }
}

fn look(registry: &Registry, name: &str, version: Option<Version>) -> std::result::Result<Target, Error> {
    let (subject, version) = match at_version(name) {
        // A name may look like that by itself.
        Some((subject, version)) if registry.all_versions(name)?.is_empty() => (subject, Some(version)),
        _ => (name, version),
    };
    let all = registry.versions_with_deleted(subject)?;
    let version = match version {
        Some(Version::Latest) => Some(registry.latest(subject)?.version),
        Some(version @ Version::Number(number)) if !all.contains(&number) => {
            return Err(Error::VersionNotFound { subject: subject.to_owned(), version, known: all });
        }
        Some(Version::Number(number)) => Some(number),
        None => None,
    };
    Ok(Target { subject: subject.to_owned(), version, all })
}

/// Whether a glob means a subject: those of a context only where it names one.
fn is_meant(glob: &str, subject: &str) -> bool {
    split_context(glob).0.is_some() == split_context(subject).0.is_some() && matches_glob(glob, subject)
}

impl Targets {
    /// A version goes with its subject, and nothing goes twice.
    fn each_once(&mut self) {
        let whole: BTreeSet<String> = { self.found.iter() }
            .filter(|target| target.version.is_none())
            .map(|target| target.subject.clone())
            .collect();
        let mut seen = BTreeSet::new();
        self.found.retain(|target| {
            (target.version.is_none() || !whole.contains(&target.subject))
                && seen.insert((target.subject.clone(), target.version))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_stands_behind_one_subject_or_at_each() {
        let split = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            let split = split(&names).map_err(|failure| failure.text().to_owned())?;
            Ok(split.iter().map(|(name, version)| format!("{name} {version:?}")).collect::<Vec<_>>())
        };
        let unclear = |version: u32| Err(format!("of which subject is {version} the version?"));
        assert_eq!(split(&["s", "3"]), Ok(vec!["s Some(Number(3))".to_owned()]));
        assert_eq!(split(&["3"]), Ok(vec!["3 None".to_owned()]));
        assert_eq!(split(&["s@3", "t"]), Ok(vec!["s@3 None".to_owned(), "t None".to_owned()]));
        assert_eq!(split(&["s", "3", "t"]), unclear(3));
        assert_eq!(split(&["s@3", "4"]), unclear(4));
        assert_eq!(split(&["s*", "3"]), unclear(3));
    }

    #[test]
    fn a_glob_keeps_to_the_context_that_it_names() {
        assert!(is_meant("test-*", "test-a") && is_meant(":.eu:*", ":.eu:a"));
        assert!(!is_meant("*", ":.eu:a") && !is_meant(":.eu:*", "a"));
    }
}
