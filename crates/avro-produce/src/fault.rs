//! Why a line is no record: text for a person, and the same facts as JSON for a program.

use kch_avro::{EncodeError, EncodeErrorKind};
use kch_cli::{Exit, Failure};

/// Why a line is no record.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Not text at this byte of the line.
    NotUtf8 { offset: usize },
    /// Not JSON at all.
    NotJson,
    /// It does not fit the schema. `key` tells a key from a value.
    Encode { key: bool, error: Box<EncodeError> },
    /// The key cannot be taken from the line.
    Key { field: String, got: &'static str },
    /// Not an envelope.
    Envelope(String),
    /// Anything that has its words already: a line too long, a record too large, a registry that is away.
    Other(Failure),
}

impl From<EncodeError> for Fault {
    fn from(error: EncodeError) -> Self {
        Fault::Encode { key: false, error: Box::new(error) }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Fault::Other(failure)
    }
}

impl Fault {
    /// The exit code: 1, unless it is no fault of the line.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Fault::Other(failure) => failure.exit(),
            _ => Exit::Refused,
        }
    }

    /// The fault in the user's words, without the place.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Fault::NotUtf8 { offset } => Failure::refused(format!("not UTF-8 at byte {offset} of the line")),
            Fault::NotJson => Failure::refused("not JSON").hint("--format text sends lines as they are"),
            Fault::Encode { key, error } => {
                // --set reaches the fields of the record itself, not those deeper in.
                let missing = error.kind() == EncodeErrorKind::MissingField && !key;
                let field = error.pointer().strip_prefix('/').filter(|field| missing && !field.contains('/'));
                let hint =
                    error.hint().or_else(|| field.map(|field| format!("--set {field}=VALUE fills it")));
                let text = if *key { format!("key: {error}") } else { error.to_string() };
                hint.into_iter().fold(Failure::refused(text), Failure::hint)
            }
            Fault::Key { field, got } => Failure::refused(format!(
                "key field {field:?}: expected a string, number or boolean, found {got}"
            )),
            Fault::Envelope(reason) => Failure::refused(format!("not an envelope: {reason}"))
                .hint("avro-consume --envelope prints them"),
            Fault::Other(failure) => failure.clone(),
        }
    }

    /// JSON pointer, expected and got, where they are known.
    pub(crate) fn facts(&self) -> (Option<&str>, Option<&str>, Option<&str>) {
        match self {
            Fault::Encode { error, .. } => (Some(error.pointer()), Some(error.expected()), Some(error.got())),
            Fault::NotJson => (None, Some("JSON"), None),
            Fault::NotUtf8 { .. } => (None, Some("UTF-8"), None),
            Fault::Key { got, .. } => (None, Some("string, number or boolean"), Some(got)),
            Fault::Envelope(_) | Fault::Other(_) => (None, None, None),
        }
    }
}
