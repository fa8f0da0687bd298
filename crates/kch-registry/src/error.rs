//! What a registry can refuse. Exit 1, except where the registry cannot be talked to at all, or does not show what it took.

use kch_cli::{Exit, Explain};
use kch_http::{Reply, shorten};

use crate::{Mode, Part, SchemaType, SubjectNameStrategy, SubjectVersion, Version};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable reply.
    #[error(transparent)]
    Http(#[from] kch_http::Error),
    /// The subject has no schema.
    #[error("subject {subject} does not exist")]
    SubjectNotFound {
        /// The subject.
        subject: String,
        /// A subject whose name is near.
        nearest: Option<String>,
    },
    /// The subject is there, this version is not.
    #[error("subject {subject} has no version {version}, only {}", numbers(.known))]
    VersionNotFound {
        /// The subject.
        subject: String,
        /// The version asked for.
        version: Version,
        /// The versions there are.
        known: Vec<u32>,
    },
    /// A schema was registered, and no node that was asked has heard of it yet.
    #[error("{subject} is registered with id {id}, but the schema registry at {url} does not show it yet")]
    NotShown {
        /// The subject.
        subject: String,
        /// The schema's id.
        id: u32,
        /// Where it was asked.
        url: String,
    },
    /// No schema has this id.
    #[error("the schema registry at {url} has no schema with id {id}")]
    SchemaNotFound {
        /// The id.
        id: u32,
        /// Where it was asked.
        url: String,
    },
    /// No schema has this GUID, or the registry knows none of them.
    #[error("the schema registry at {url} has no schema with the GUID {guid}")]
    GuidNotFound {
        /// The GUID.
        guid: String,
        /// Where it was asked.
        url: String,
    },
    /// The subject's compatibility level forbids the schema.
    #[error("the schema is incompatible with subject {subject}{}", reasons(.messages))]
    Incompatible {
        /// The subject.
        subject: String,
        /// What the registry holds against it.
        messages: Vec<String>,
    },
    /// The schema is none, or its references do not resolve.
    #[error("the registry takes this for no valid schema: {message}")]
    InvalidSchema {
        /// What the registry says.
        message: String,
    },
    /// The schema is in another language.
    #[error("the schema with id {id} is {schema_type}, not AVRO")]
    NotAvro {
        /// Its id.
        id: u32,
        /// Its language.
        schema_type: SchemaType,
    },
    /// Other schemas need the one to delete.
    #[error("{what} is referenced by {}", users(.by))]
    Referenced {
        /// The subject, or one version of it.
        what: String,
        /// The versions that refer to it.
        by: Vec<SubjectVersion>,
    },
    /// The mode that counts for the subject keeps it as it is.
    #[error("subject {subject} takes no changes: its mode is {mode}")]
    ReadOnly {
        /// The subject.
        subject: String,
        /// That mode.
        mode: Mode,
    },
    /// A mode does not begin by itself where there are schemas.
    #[error("{} has schemas, so that {mode} mode does not begin", subject.as_deref().unwrap_or("the registry"))]
    NeedsForce {
        /// The subject, or a context; none for the registry.
        subject: Option<String>,
        /// The mode to begin.
        mode: Mode,
    },
    /// The registry's settings or a mode forbid it.
    #[error("the schema registry at {url} does not permit this: {message}")]
    NotPermitted {
        /// Where.
        url: String,
        /// What it says.
        message: String,
    },
    /// The registry took a schema, and not the id that came with it.
    #[error("the registry gave {subject} the id {} in place of {id}", given.map_or("none".to_owned(), |id| id.to_string()))]
    OtherId {
        /// The subject.
        subject: String,
        /// The id that was sent.
        id: u32,
        /// The id that came back.
        given: Option<u32>,
    },
    /// A subject is to be named after a type that has no name.
    #[error("the {strategy} strategy names a subject after a record, and the {part}'s schema is none")]
    NoRecordName {
        /// The half of the record.
        part: Part,
        /// How it was to be named.
        strategy: SubjectNameStrategy,
    },
    /// References go in a circle, or deeper than anyone writes by hand.
    #[error("the references of {subject} version {version} do not end")]
    EndlessReferences {
        /// Where we stopped.
        subject: String,
        /// Its version.
        version: u32,
    },
    /// A context that is to be deleted has subjects, softly deleted ones among them.
    #[error("context {context} is not empty")]
    NotEmpty {
        /// The context.
        context: String,
    },
    /// The registry does not have this call.
    #[error("the schema registry at {url} cannot {call}")]
    Unsupported {
        /// Where.
        url: String,
        /// What it was asked to do.
        call: Call,
    },
    /// Anything else that it refused.
    #[error("the schema registry at {url} refused: {message} (error {code})")]
    Refused {
        /// Where.
        url: String,
        /// Its error code, or the HTTP status.
        code: u64,
        /// What it says.
        message: String,
    },
}

/// What not every registry can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Set a mode, a subject's or its own.
    SetMode,
    /// Take away a subject's mode.
    DeleteMode,
    /// Set its compatibility level back to its default.
    ResetLevel,
    /// Delete an empty context.
    DeleteContext,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Call::SetMode => "set a mode",
            Call::DeleteMode => "take a mode away",
            Call::ResetLevel => "reset the global level",
            Call::DeleteContext => "delete a context",
        })
    }
}

impl Call {
    fn hint(self) -> Option<&'static str> {
        match self {
            Call::SetMode | Call::DeleteMode => Some("Confluent's registry has modes, Apicurio's has none"),
            Call::ResetLevel => Some("`sr compat set LEVEL` sets it: BACKWARD is what registries begin with"),
            Call::DeleteContext => None,
        }
    }
}

fn numbers(known: &[u32]) -> String {
    match known {
        [] => "deleted ones".to_owned(),
        [first, .., last] if (*first..=*last).eq(known.iter().copied()) => format!("{first} to {last}"),
        _ => known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn users(by: &[SubjectVersion]) -> String {
    if by.is_empty() {
        return "other schemas".to_owned();
    }
    by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn reasons(messages: &[String]) -> String {
    if messages.is_empty() { String::new() } else { format!(": {}", messages.join("; ")) }
}

/// What is wrong with a schema: Confluent's registry says it behind the whole of it.
fn fault(message: &str) -> String {
    shorten(message.rsplit_once(", details: ").map_or(message, |(_, details)| details))
}

impl Error {
    /// The registry's refusal in its own words, when no kind of ours fits. 5xx stays what it is to [`kch_http`].
    pub(crate) fn refused(reply: &Reply, url: &str) -> Error {
        let code = reply.error_code().unwrap_or_else(|| reply.status.into());
        if reply.status >= 500 || code == 40401 && reply.status != 404 {
            return Error::Http(reply.unexpected());
        }
        // Without a code of the registry's own, a 404 means that there is no such path: another service.
        if reply.status == 404 && !(40400..40500).contains(&code) {
            return Error::Http(reply.unexpected());
        }
        match code {
            42201 => Error::InvalidSchema { message: fault(&reply.message()) },
            42205 => Error::NotPermitted { url: url.to_owned(), message: reply.detail() },
            _ => Error::Refused { url: url.to_owned(), code, message: reply.detail() },
        }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::Http(error) => error.exit(),
            Error::NotShown { .. } => Exit::Unavailable,
            _ => Exit::Refused,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Http(error) => error.hint(),
            Error::SubjectNotFound { nearest: Some(nearest), .. } => Some(format!("did you mean {nearest}?")),
            Error::SubjectNotFound { subject, .. } => {
                Some(format!("`sr subjects` lists those there are; `sr register {subject} FILE` makes it"))
            }
            Error::NotShown { subject, .. } => {
                Some(format!("`sr get {subject}` shows it once all nodes have heard of it"))
            }
            Error::SchemaNotFound { .. } => {
                Some("was the record written with another registry's schema?".to_owned())
            }
            Error::Incompatible { subject, .. } => {
                Some(format!("`sr check {subject} FILE` says why; `sr compat get {subject}` shows the level"))
            }
            Error::InvalidSchema { .. } => Some("`sr lint FILE` says what is wrong, and where".to_owned()),
            Error::Unsupported { call, .. } => call.hint().map(str::to_owned),
            Error::NotEmpty { context } => {
                Some(format!("`sr subjects --prefix :{context}: --deleted` lists what is in it"))
            }
            Error::Referenced { .. } => {
                Some("delete those first, and for good: sr delete SUBJECT --permanent".to_owned())
            }
            Error::ReadOnly { mode: Mode::ReadOnlyOverride, .. } => Some(
                "that is the registry's, and counts before a subject's own: sr mode set READWRITE".to_owned(),
            ),
            Error::ReadOnly { subject, .. } => Some(format!("sr mode set {subject} READWRITE")),
            Error::NeedsForce { .. } => Some("--force lets it".to_owned()),
            Error::NotPermitted { .. } => Some(
                "`sr mode get SUBJECT` shows the mode, `sr mode set SUBJECT READWRITE` changes it".to_owned(),
            ),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_schema_is_cut_out_of_confluents_words() {
        let schema =
            "{subject=s,version=null,schema={\"type\":\"record\",\"name\":\"X\"}} with refs [] of type AVRO";
        let why = "Record has no fields: {\"type\":\"record\",\"name\":\"X\"}";
        assert_eq!(fault(&format!("Invalid schema {schema}, details: {why}")), why);
        let newer = format!("Invalid schema of type AVRO, details: Invalid schema {schema}, details: {why}");
        assert_eq!(fault(&newer), why);
        assert_eq!(
            fault("Failed to discover artifact type from content."),
            "Failed to discover artifact type from content."
        );
    }

    #[test]
    fn texts_name_what_there_is() {
        let missing = |known: &[u32]| {
            let version = Version::Number(9);
            Error::VersionNotFound { subject: "s".into(), version, known: known.to_vec() }.to_string()
        };
        assert_eq!(missing(&[1, 2, 3]), "subject s has no version 9, only 1 to 3");
        assert_eq!(missing(&[1, 3]), "subject s has no version 9, only 1, 3");
        assert_eq!(missing(&[2]), "subject s has no version 9, only 2");
        assert_eq!(missing(&[3, 1]), "subject s has no version 9, only 3, 1");
    }
}
