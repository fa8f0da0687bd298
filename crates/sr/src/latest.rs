//! The latest schemas of many subjects, asked for a few at a time: a registry far away would else be waited for once a
//! subject.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use kch_avro::SchemaError;
use kch_cli::{Exit, Explain as _, Failure, Result};
use kch_registry::{Error, Registry, SchemaType};
use kch_schema::Schema;

/// So many requests are on their way at once.
const AT_ONCE: usize = 8;

/// A subject's latest version.
pub(crate) struct Latest {
    pub(crate) subject: String,
    pub(crate) version: u32,
    pub(crate) schema: std::result::Result<Schema, Unread>,
}

/// Why a version cannot be looked at.
pub(crate) enum Unread {
    /// Its language is another.
    Language(SchemaType),
    /// What it refers to is not there.
    Reference(Error),
    /// It is no schema.
    Schema(SchemaError),
}

impl Unread {
    pub(crate) fn text(&self) -> String {
        match self {
            Unread::Language(language) => format!("its language is {language}, not Avro"),
            Unread::Reference(error) => format!("what it refers to cannot be read: {error}"),
            Unread::Schema(error) => format!("not an Avro schema: {error}"),
        }
    }
}

/// The latest version of each subject, in their order. One that was deleted meanwhile is left out.
///
/// # Errors
/// A registry that cannot be reached, or refuses.
pub(crate) fn latest(registry: &Registry, subjects: &[String]) -> Result<Vec<Latest>> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None::<Failure>);
    let is_over = || failed.lock().unwrap_or_else(PoisonError::into_inner).is_some();
    let ask = || {
        let mut found = Vec::new();
        while !is_over() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(subject) = subjects.get(index) else { break };
            match of(registry, subject) {
                Ok(latest) => found.extend(latest.map(|latest| (index, latest))),
                Err(failure) => {
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    failed.get_or_insert(failure);
                }
            }
        }
        found
    };
    let mut found: Vec<(usize, Latest)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE.min(subjects.len())).map(|_| scope.spawn(ask)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    if let Some(failure) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(failure);
    }
    found.sort_unstable_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, latest)| latest).collect())
}

fn of(registry: &Registry, subject: &str) -> Result<Option<Latest>> {
    let registered = match registry.latest(subject) {
        Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => return Ok(None),
        outcome => outcome?,
    };
    let read = |schema: std::result::Result<Schema, Unread>| {
        Some(Latest { subject: subject.to_owned(), version: registered.version, schema })
    };
    if registered.schema.schema_type != SchemaType::Avro {
        return Ok(read(Err(Unread::Language(registered.schema.schema_type.clone()))));
    }
    let references = match registry.resolved(&registered.schema) {
        Ok(references) => references,
        Err(error) if error.exit() == Exit::Refused => return Ok(read(Err(Unread::Reference(error)))),
        Err(error) => return Err(error.into()),
    };
    let schema = Schema::parse_with_references(&registered.schema.text, &references);
    Ok(read(schema.map_err(Unread::Schema)))
}
