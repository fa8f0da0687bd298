//! A schema to look at, wherever it is: a file, stdin, or a version of a subject. A file needs no registry, so the verbs that only
//! look work offline.

use std::path::Path;

use kch_avro::SchemaError;
use kch_cli::{Failure, Result};
use kch_registry::complete::subjects;
use kch_registry::{Version, at_version, means_file};
use kch_schema::{Finding, Schema};

use crate::Desk;
use crate::input::{self, not_json};

/// Which schema to look at.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// A file, a SUBJECT, or a SUBJECT@VERSION; - is stdin
    #[arg(value_name = "SCHEMA", add = subjects())]
    pub schema: String,
    /// A file that defines types which SCHEMA uses; repeat for more
    #[arg(long = "with", value_name = "FILE")]
    pub with: Vec<String>,
}

/// A schema and where it came from.
pub(crate) struct Source {
    /// What messages call it.
    pub(crate) name: String,
    /// What a table for it may be called after: the subject, or the file without its ending.
    pub(crate) stem: Option<String>,
    /// The subject and version, if it came from the registry.
    pub(crate) registered: Option<(String, u32)>,
    /// The text as it was written.
    pub(crate) text: String,
    references: Vec<String>,
}

impl Source {
    /// The schema, which must be one.
    pub(crate) fn schema(&self) -> Result<Schema> {
        self.parse().map_err(|error| {
            if let SchemaError::Json { reason } = &error {
                return not_json(&self.name, reason);
            }
            let failure = Failure::refused(format!("{}: not an Avro schema: {error}", self.name));
            match error {
                SchemaError::UnknownType { .. } if self.registered.is_none() => {
                    failure.hint("--with FILE names a file that defines it")
                }
                _ => failure,
            }
        })
    }

    /// All that is wrong with what is no schema.
    pub(crate) fn broken(&self, error: &SchemaError) -> Vec<Finding> {
        kch_schema::broken(&self.text, &self.references, error)
    }

    /// The schema, or why it is none.
    pub(crate) fn parse(&self) -> std::result::Result<Schema, SchemaError> {
        Schema::parse_with_references(&self.text, &self.references)
    }
}

impl Desk<'_> {
    /// Reads the schema that the arguments name.
    pub(crate) fn source(&mut self, args: &SourceArgs) -> Result<Source> {
        self.source_of(&args.schema, &args.with)
    }

    /// Reads a schema by its name, with files that define types which it uses.
    pub(crate) fn source_of(&mut self, name: &str, with: &[String]) -> Result<Source> {
        let extra = with.iter().map(|file| input::read_file(file, self.io)).collect::<Result<Vec<_>>>()?;
        if !means_file(name) {
            return self.registered(name, extra);
        }
        let text = input::read_file(name, self.io)?;
        let stem = Path::new(name).file_name().and_then(|file| file.to_str()).filter(|_| name != "-");
        let stem = stem.map(|file| file.split('.').next().unwrap_or(file).to_owned());
        Ok(Source { name: input::name(name).to_owned(), stem, registered: None, text, references: extra })
    }

    fn registered(&self, name: &str, extra: Vec<String>) -> Result<Source> {
        let (subject, version) = subject_at(name);
        let registry = self.registry()?;
        let found = registry.subject_version(subject, version)?;
        let mut references = registry.resolved(&found.schema)?;
        // Files are for what it does not refer to; the registry has its own spelling of the rest.
        if Schema::parse_with_references(&found.schema.text, &references).is_err() {
            references.extend(extra);
        }
        Ok(Source {
            name: format!("{subject} version {}", found.version),
            stem: Some(subject.to_owned()),
            registered: Some((subject.to_owned(), found.version)),
            text: found.schema.text,
            references,
        })
    }
}

/// The parts of SUBJECT@VERSION; without a version, the latest is meant.
pub(crate) fn subject_at(name: &str) -> (&str, Version) {
    at_version(name).unwrap_or((name, Version::Latest))
}
