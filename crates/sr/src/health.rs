//! What can be wrong with a registry and with what is in it, each with its cure. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Instant;

use kch_cli::{Failure, Result, count};
use kch_registry::{Level, Mode, Registry, context_of};
use kch_schema::{Severity, lint};

use crate::at_once::at_once;
use crate::latest::{Latest, Unread, latest_of};
use crate::snapshot::{Rules, own_rules};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    Ok,
    Warning,
    Failed,
}

/// One check, or what it found about one node or subject.
pub(crate) struct Finding {
    pub(crate) check: &'static str,
    pub(crate) of: Option<String>,
    pub(crate) grade: Grade,
    pub(crate) detail: String,
    pub(crate) cure: Option<String>,
}

impl Finding {
    pub(crate) fn new(check: &'static str, grade: Grade, detail: impl Into<String>) -> Finding {
        Finding { check, of: None, grade, detail: detail.into(), cure: None }
    }

    pub(crate) fn of(mut self, of: &str) -> Finding {
        self.of = Some(of.to_owned());
        self
    }

    pub(crate) fn cure(mut self, cure: impl Into<String>) -> Finding {
        self.cure = Some(cure.into());
        self
    }

    pub(crate) fn failure(check: &'static str, failure: &Failure) -> Finding {
        let cure = failure.hint_text().map(str::to_owned);
        Finding { cure, ..Finding::new(check, Grade::Failed, failure.text()) }
    }
}

/// Whether a node answers as a registry does, to us; if not, the failure too.
pub(crate) fn reachable(registry: &Registry) -> (Finding, Option<Failure>) {
    let begin = Instant::now();
    match registry.subjects(false) {
        Ok(subjects) => {
            let time = begin.elapsed().as_millis();
            let about = registry.about().unwrap_or_else(|| "a schema registry".to_owned());
            let detail = format!("{about}, {}, answers in {time} ms", count(subjects.len(), "subject"));
            (Finding::new("reachable", Grade::Ok, detail).of(registry.url()), None)
        }
        Err(error) => {
            let failure = Failure::from(error);
            (Finding::failure("reachable", &failure).of(registry.url()), Some(failure))
        }
    }
}

/// Whether credentials are sent, and where they can be read on the way.
pub(crate) fn credentials(registry: &Registry) -> Finding {
    let finding = |grade, detail| Finding::new("credentials", grade, detail);
    let url = registry.url();
    let at_home = is_at_home(url);
    match registry.has_credentials() {
        false => finding(Grade::Ok, "none are sent, and none are wanted"),
        true if url.starts_with("http:") && !at_home => {
            finding(Grade::Warning, "accepted, and sent over http, where they can be read on the way")
                .cure("use https in SCHEMA_REGISTRY_URL, if the registry has it")
        }
        true => finding(Grade::Ok, "accepted"),
    }
}

/// Whether what is sent to an address stays on this machine.
fn is_at_home(url: &str) -> bool {
    let authority = url.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.split_once(']') {
        Some((address, _)) => address.trim_start_matches('['),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The registry's own mode and level.
pub(crate) fn global(registry: &Registry, has_modes: bool) -> Result<Vec<Finding>> {
    let mode = if !has_modes {
        Finding::new("mode", Grade::Ok, "it has no modes")
    } else {
        match registry.mode(None)? {
            Mode::ReadWrite => Finding::new("mode", Grade::Ok, "READWRITE"),
            mode => mode_warning(&mode, None),
        }
    };
    let level = match registry.compatibility(None)?.0 {
        Level::None => level_warning(None),
        level => Finding::new("level", Grade::Ok, level.to_string()),
    };
    Ok(vec![mode, level])
}

fn mode_warning(mode: &Mode, subject: Option<&str>) -> Finding {
    let what = match mode {
        mode if mode.is_read_only() => format!("{mode}: no schema can be registered"),
        Mode::Import => "IMPORT: schemas without an id of their own are refused".to_owned(),
        other => format!("{other}: schemas may be refused"),
    };
    let cure = match subject {
        Some(subject) => format!("sr mode delete {subject}"),
        None => "sr mode set READWRITE".to_owned(),
    };
    let finding = Finding::new("mode", Grade::Warning, what).cure(cure);
    Finding { of: subject.map(str::to_owned), ..finding }
}

fn level_warning(subject: Option<&str>) -> Finding {
    let cure = match subject {
        Some(subject) => format!("sr compat delete {subject}"),
        None => "sr compat set BACKWARD".to_owned(),
    };
    let what = "NONE: a schema that breaks every reader is taken";
    let finding = Finding::new("level", Grade::Warning, what).cure(cure);
    Finding { of: subject.map(str::to_owned), ..finding }
}

/// Modes and levels of the contexts that these subjects are in; that of the default context is the registry's.
pub(crate) fn contexts(registry: &Registry, subjects: &[String], has_modes: bool) -> Result<Vec<Finding>> {
    let names: BTreeSet<&str> = subjects.iter().filter_map(|subject| context_of(subject)).collect();
    let names: Vec<String> = names.iter().map(|name| format!(":{name}:")).collect();
    let found = at_once(&names, |name| Ok(Some(rules(name, &own_rules(registry, name, has_modes)?))))?;
    Ok(found.into_iter().flatten().collect())
}

/// What the registry says about one subject.
struct Looked {
    latest: Latest,
    rules: Rules,
    /// Versions that are softly deleted.
    deleted: usize,
}

/// Everything about these subjects: modes and levels of their own, schemas, references, mistakes, deleted versions.
pub(crate) fn subjects(registry: &Registry, subjects: &[String], has_modes: bool) -> Result<Vec<Finding>> {
    let looked = at_once(subjects, |subject| {
        let Some(latest) = latest_of(registry, subject)? else { return Ok(None) };
        let rules = own_rules(registry, subject, has_modes)?;
        // The live ones first: one that is registered meanwhile is not taken for deleted.
        let live = registry.live_versions(subject)?.len();
        let deleted = registry.all_versions(subject)?.len().saturating_sub(live);
        Ok(Some(Looked { latest, rules, deleted }))
    })?;
    let mut findings: Vec<Finding> =
        looked.iter().flat_map(|of| rules(&of.latest.subject, &of.rules)).collect();
    findings.extend(schemas(&looked));
    findings.extend(references(registry, &looked)?);
    findings.extend(mistakes(&looked));
    findings.push(deleted(&looked));
    Ok(findings)
}

/// What is wrong with a subject's own mode and level, or a context's.
fn rules(subject: &str, rules: &Rules) -> Vec<Finding> {
    let subject = Some(subject);
    let mode = rules.mode.as_ref().filter(|mode| **mode != Mode::ReadWrite);
    let level = rules.compatibility.as_ref().filter(|level| **level == Level::None);
    mode.map(|mode| mode_warning(mode, subject))
        .into_iter()
        .chain(level.map(|_| level_warning(subject)))
        .collect()
}

fn schemas(looked: &[Looked]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut read, mut others) = (0, 0);
    for Looked { latest, .. } in looked {
        match &latest.schema {
            Ok(_) => read += 1,
            Err(Unread::Language(_)) => others += 1,
            Err(unread) => {
                let cure = match unread {
                    Unread::Reference(_) => {
                        "register what is missing, or a version that does not need it".to_owned()
                    }
                    _ => format!(
                        "no client can read its records: register a version that is a schema: sr register {} FILE",
                        latest.subject
                    ),
                };
                let detail = format!("version {}: {}", latest.version, unread.text());
                findings.push(Finding::new("schemas", Grade::Failed, detail).of(&latest.subject).cure(cure));
            }
        }
    }
    if findings.is_empty() {
        let mut detail = format!("the latest of {} can be read", count(read, "subject"));
        if others > 0 {
            detail.push_str(&format!("; {others} in other languages were not looked into"));
        }
        findings.push(Finding::new("schemas", Grade::Ok, detail));
    }
    findings
}

/// Schemas that refer to a version that is softly deleted: they can be read, and not be built upon.
fn references(registry: &Registry, looked: &[Looked]) -> Result<Vec<Finding>> {
    let mut live: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut total = 0;
    for Looked { latest, .. } in looked {
        for reference in &latest.references {
            total += 1;
            if !live.contains_key(reference.subject.as_str()) {
                let versions = registry.live_versions(&reference.subject)?;
                live.insert(&reference.subject, versions.into_iter().collect());
            }
            let is_live =
                live.get(reference.subject.as_str()).is_some_and(|all| all.contains(&reference.version));
            // One that is not there at all is a schema that cannot be read.
            if !is_live && latest.schema.is_ok() {
                let (subject, version) = (&reference.subject, reference.version);
                let detail = format!("refers to {subject} version {version}, which is softly deleted");
                let cure = format!("sr undelete {subject} {version}");
                findings
                    .push(Finding::new("references", Grade::Warning, detail).of(&latest.subject).cure(cure));
            }
        }
    }
    if findings.is_empty() {
        let detail = if total == 0 {
            "there are none".to_owned()
        } else {
            format!("{} can be followed", count(total, "reference"))
        };
        findings.push(Finding::new("references", Grade::Ok, detail));
    }
    Ok(findings)
}

fn mistakes(looked: &[Looked]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Looked { latest, .. } in looked {
        let Ok(schema) = &latest.schema else { continue };
        let errors = lint(schema).iter().filter(|found| found.severity == Severity::Error).count();
        if errors > 0 {
            let detail = format!("{} in version {}", count(errors, "mistake"), latest.version);
            let cure = format!("sr lint {}", latest.subject);
            findings.push(Finding::new("lint", Grade::Warning, detail).of(&latest.subject).cure(cure));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::new("lint", Grade::Ok, "no mistakes in the latest schemas"));
    }
    findings
}

/// Nothing is wrong with them: their records can still be read.
fn deleted(looked: &[Looked]) -> Finding {
    let subjects = looked.iter().filter(|looked| looked.deleted > 0).count();
    let versions: usize = looked.iter().map(|looked| looked.deleted).sum();
    if versions == 0 {
        return Finding::new("deleted", Grade::Ok, "none of these subjects has a softly deleted version");
    }
    let detail = format!("{} of {} softly deleted", count(versions, "version"), count(subjects, "subject"));
    Finding::new("deleted", Grade::Ok, detail)
        .cure("sr versions SUBJECT --deleted shows them, sr undelete brings them back")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_at_home() {
        for home in
            ["http://localhost:8081", "http://localhost/api", "http://127.1.2.3:80/x", "http://[::1]:8081"]
        {
            assert!(is_at_home(home), "{home}");
        }
        for away in [
            "http://localhost.example.com",
            "http://127.example.com:8081",
            "http://[::2]:80",
            "http://10.0.0.1",
        ] {
            assert!(!is_at_home(away), "{away}");
        }
    }
}
