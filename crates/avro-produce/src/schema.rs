//! Which schema the records are written with, and the id that goes in front of each.

use std::path::Path;

use kch_avro::Plan;
use kch_avro::names::name_of;
use kch_cli::{Exit, Explain as _, Failure, Result};
use kch_registry::{Error, NewSchema, Part, Reference, Registry, Version, in_context};

use crate::args::{KeyArgs, Register, SchemaArgs};

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
        compile(&self.text, &self.references, &self.origin)
    }
}

/// Chooses schemas for the records of one topic.
#[derive(Debug)]
pub(crate) struct Chooser<'a> {
    pub(crate) args: &'a SchemaArgs,
    pub(crate) topic: &'a str,
    pub(crate) registry: &'a Registry,
    /// Nothing is registered in a rehearsal.
    pub(crate) dry_run: bool,
}

/// A schema in a file, and the subject that it is looked for under.
struct SchemaFile<'a> {
    path: &'a Path,
    text: String,
    references: &'a [Reference],
}

impl Chooser<'_> {
    /// The latest schema of the value's subject, or the one that the flags name.
    ///
    /// # Errors
    /// A missing subject or schema is a usage failure that says how to make one; registry trouble keeps its own code.
    pub(crate) fn value(&self) -> Result<ChosenSchema> {
        let args = self.args;
        let file = args.file.as_deref().map(|path| SchemaFile::read(path, &args.references)).transpose()?;
        if let Some(id) = args.schema_id {
            return self.of_id(id);
        }
        let subject = self.subject(args.subject.as_deref(), Part::Value, file.as_ref())?;
        match (file, args.schema_version) {
            (Some(file), _) => self.of_file(&file, &subject),
            (None, Some(version)) => of_subject(self.registry, &subject, Version::Number(version)),
            (None, None) => of_subject(self.registry, &subject, Version::Latest),
        }
    }

    /// The same for the key.
    ///
    /// # Errors
    /// As [`Chooser::value`].
    pub(crate) fn key(&self, args: &KeyArgs) -> Result<ChosenSchema> {
        let file = args.key_schema.as_deref().map(|path| SchemaFile::read(path, &[])).transpose()?;
        let subject = self.subject(args.key_subject.as_deref(), Part::Key, file.as_ref())?;
        match file {
            Some(file) => self.of_file(&file, &subject),
            None => of_subject(self.registry, &subject, Version::Latest),
        }
    }

    /// The subject that was named, or that the strategy names, in its context.
    fn subject(&self, named: Option<&str>, part: Part, file: Option<&SchemaFile<'_>>) -> Result<String> {
        let strategy = self.args.subject_strategy;
        let subject = match (named, file, &self.args.record) {
            (Some(named), ..) => named.to_owned(),
            (None, Some(file), _) => {
                strategy.subject(self.topic, part, name_of(&file.text).as_deref()).map_err(usage)?
            }
            (None, None, Some(record)) if part == Part::Value => {
                strategy.subject(self.topic, part, Some(record)).map_err(usage)?
            }
            _ if strategy.needs_schema() => {
                let hint = if part == Part::Key {
                    "--key-schema FILE or --key-subject"
                } else {
                    "--schema FILE or --record NAME"
                };
                let what = format!(
                    "the {strategy} strategy names a subject after the {part}'s record, and none is named"
                );
                return Err(Failure::usage(what).hint(hint));
            }
            _ => strategy.subject(self.topic, part, None).map_err(usage)?,
        };
        Ok(match &self.args.context {
            Some(context) => in_context(context, &subject),
            None => subject,
        })
    }

    fn of_id(&self, id: u32) -> Result<ChosenSchema> {
        let schema = match &self.args.context {
            // Each context counts its ids by itself.
            Some(context) => {
                let subject = in_context(context, &format!("{}-value", self.topic));
                self.registry.schema_by_id_of(id, &subject)?
            }
            None => self.registry.schema_by_id(id)?.as_ref().clone(),
        };
        let references = self.registry.resolved(&schema)?;
        Ok(ChosenSchema { id, text: schema.text, references, origin: format!("schema id {id}") })
    }

    fn of_file(&self, file: &SchemaFile<'_>, subject: &str) -> Result<ChosenSchema> {
        let origin = file.path.display().to_string();
        let references = self.registry.references(file.references, subject)?;
        // Compiled before anything is registered: a broken file must not get that far.
        compile(&file.text, &references, &origin)?;
        let schema = NewSchema::avro(&file.text).with_references(file.references.to_vec());
        let schema = schema.normalized(self.args.normalize);
        let id = match (self.registry.lookup(subject, &schema)?, self.args.register) {
            (Some(found), _) => found.schema.id,
            (None, Register::IfMissing) if self.dry_run => {
                return Err(Failure::usage(format!(
                    "subject {subject} does not have the schema of {origin}"
                ))
                .hint("--dry-run registers nothing; without it, --register does"));
            }
            (None, Register::IfMissing) => self.registry.register(subject, &schema)?.schema.id,
            (None, Register::Never) => {
                return Err(Failure::usage(format!(
                    "subject {subject} does not have the schema of {origin}"
                ))
                .hint("--register registers it"));
            }
        };
        Ok(ChosenSchema { id, text: file.text.clone(), references, origin })
    }
}

impl<'a> SchemaFile<'a> {
    fn read(path: &'a Path, references: &'a [Reference]) -> Result<SchemaFile<'a>> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        Ok(SchemaFile { path, text, references })
    }
}

fn compile(text: &str, references: &[String], origin: &str) -> Result<Plan> {
    Plan::compile_with_references(text, references)
        .map_err(|error| Failure::usage(error.to_string()).context(origin))
}

/// The latest schema of a subject.
///
/// # Errors
/// As [`Chooser::value`].
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

/// A schema that gives no subject its name is a wrong setting, not a refusal.
fn usage(error: Error) -> Failure {
    if error.exit() != Exit::Refused {
        return error.into();
    }
    let failure = Failure::usage(error.to_string());
    error.hint().into_iter().fold(failure, Failure::hint)
}

fn explain_missing(error: Error, subject: &str) -> Failure {
    let no_subject = matches!(error, Error::SubjectNotFound { nearest: None, .. });
    let failure = Failure::from(error);
    let file = if subject.ends_with("-key") { "--key-schema" } else { "--schema" };
    let cure = format!("register a schema: sr register {subject} FILE, or {file} FILE --register");
    if no_subject { failure.hint(cure) } else { failure }
}
