//! Which schema the records are written with, and the id that goes in front of each.

use std::path::Path;

use kch_avro::Plan;
use kch_cli::{Exit, Explain as _, Failure, Result};
use kch_registry::{Error, NewSchema, Registry, Version};

use crate::args::SchemaArgs;

/// A schema that the registry knows.
#[derive(Debug)]
pub(crate) struct ChosenSchema {
    pub(crate) id: u32,
    text: String,
    references: Vec<String>,
    /// Where it is from, for people.
    pub(crate) origin: String,
}

impl ChosenSchema {
    /// Compiles it.
    ///
    /// # Errors
    /// A usage failure when it is no valid Avro schema.
    pub(crate) fn plan(&self) -> Result<Plan> {
        Plan::compile_with_references(&self.text, &self.references)
            .map_err(|error| Failure::usage(error.to_string()).context(&self.origin))
    }
}

/// The latest schema of the subject, or the one of `--schema`, which is registered only when asked.
///
/// # Errors
/// A missing subject or schema is a usage failure that says how to make one; registry trouble keeps its own code.
pub(crate) fn choose(args: &SchemaArgs, topic: &str, registry: &Registry) -> Result<ChosenSchema> {
    let subject = args.subject.clone().unwrap_or_else(|| format!("{topic}-value"));
    match (&args.file, args.schema_id, args.schema_version) {
        (Some(path), _, _) => of_file(path, args.register, &subject, registry),
        (None, Some(id), _) => of_id(registry, id),
        (None, None, Some(version)) => of_subject(registry, &subject, Version::Number(version)),
        (None, None, None) => latest(registry, &subject),
    }
}

fn of_id(registry: &Registry, id: u32) -> Result<ChosenSchema> {
    let schema = registry.schema_by_id(id).map_err(usage)?;
    let references = registry.resolved(&schema)?;
    Ok(ChosenSchema { id, text: schema.text.clone(), references, origin: format!("schema id {id}") })
}

/// The latest schema of a subject.
///
/// # Errors
/// As [`choose`].
pub(crate) fn latest(registry: &Registry, subject: &str) -> Result<ChosenSchema> {
    of_subject(registry, subject, Version::Latest)
}

fn of_subject(registry: &Registry, subject: &str, version: Version) -> Result<ChosenSchema> {
    let found =
        registry.subject_version(subject, version).map_err(|error| explain_missing(error, subject))?;
    let references = registry.resolved(&found.schema)?;
    let origin = format!("subject {subject:?} version {}", found.version);
    Ok(ChosenSchema { id: found.schema.id, text: found.schema.text, references, origin })
}

/// The plan of the schema with this id, as an envelope names it.
///
/// # Errors
/// An unknown id is refused, as a fault of the line; registry trouble keeps its own code.
pub(crate) fn by_id(registry: &Registry, id: u32) -> Result<Plan> {
    let schema = registry.schema_by_id(id)?;
    let references = registry.resolved(&schema)?;
    Plan::compile_with_references(&schema.text, &references)
        .map_err(|error| Failure::refused(format!("schema id {id}: {error}")))
}

fn of_file(path: &Path, register: bool, subject: &str, registry: &Registry) -> Result<ChosenSchema> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    let origin = path.display().to_string();
    // Compiled before anything is registered: a broken file must not get that far.
    Plan::compile(&text).map_err(|error| Failure::usage(error.to_string()).context(&origin))?;
    let schema = NewSchema::avro(&text);
    let id = if register {
        registry.register(subject, &schema)?.schema.id
    } else {
        match registry.lookup(subject, &schema)? {
            Some(found) => found.schema.id,
            None => {
                return Err(Failure::usage(format!(
                    "subject {subject} does not have the schema of {origin}"
                ))
                .hint("--register registers it"));
            }
        }
    };
    Ok(ChosenSchema { id, text, references: Vec::new(), origin })
}

/// Here a missing subject, version or id is a wrong setting, not a refusal: no work was done yet.
fn usage(error: Error) -> Failure {
    if error.exit() != Exit::Refused {
        return error.into();
    }
    let failure = Failure::usage(error.to_string());
    error.hint().into_iter().fold(failure, Failure::hint)
}

fn explain_missing(error: Error, subject: &str) -> Failure {
    let no_subject = matches!(error, Error::SubjectNotFound { nearest: None, .. });
    let failure = usage(error);
    let cure = format!("register a schema: sr register {subject} FILE, or --schema FILE --register");
    if no_subject { failure.hint(cure) } else { failure }
}
