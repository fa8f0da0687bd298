//! The latest schemas of many subjects, each looked at as far as that goes.

use kch_avro::SchemaError;
use kch_cli::{Exit, Explain as _, Result};
use kch_registry::{Error, Reference, Registry, SchemaType};
use kch_schema::Schema;

use crate::at_once::at_once;

/// A subject's latest version.
pub(crate) struct Latest {
    pub(crate) subject: String,
    pub(crate) version: u32,
    pub(crate) references: Vec<Reference>,
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
    at_once(subjects, |subject| latest_of(registry, subject))
}

/// The latest version of one; none when it is not there.
///
/// # Errors
/// As [`latest`].
pub(crate) fn latest_of(registry: &Registry, subject: &str) -> Result<Option<Latest>> {
    let registered = match registry.latest(subject) {
        Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => return Ok(None),
        outcome => outcome?,
    };
    let (version, stored) = (registered.version, registered.schema);
    let references = stored.needs().collect();
    let schema = if stored.schema_type == SchemaType::Avro {
        match registry.resolved(&stored) {
            Ok(texts) => Schema::parse_with_references(&stored.text, &texts).map_err(Unread::Schema),
            Err(error) if error.exit() == Exit::Refused => Err(Unread::Reference(error)),
            Err(error) => return Err(error.into()),
        }
    } else {
        Err(Unread::Language(stored.schema_type))
    };
    Ok(Some(Latest { subject: subject.to_owned(), version, references, schema }))
}
