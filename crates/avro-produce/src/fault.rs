//! Why a line is no record: text for a person, and the same facts as JSON for a program.

use kch_avro::{EncodeError, EncodeErrorKind};
use kch_cli::{Exit, Failure};

/// Why a line is no record.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Not text at this byte of the line; packed, if a program is named that unpacks it.
    NotUtf8 { offset: usize, unpacker: Option<&'static str> },
    /// Not JSON at all.
    NotJson,
    /// It does not fit the schema. `key` tells a key from a value.
    Encode { key: bool, error: Box<EncodeError> },
    /// A field that the key, the time or a tombstone is to come from is not what it has to be.
    Field { what: &'static str, field: String, expected: &'static str, got: String },
    /// A tombstone is there to delete a key.
    TombstoneWithoutKey,
    /// A row with another number of cells than the first one.
    Row { expected: String, got: String },
    /// A row that the input's end or the limit of a line cut off.
    OpenQuote,
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
    /// The key cannot be taken from this field, or from the line as a whole, whose name is empty.
    pub(crate) fn key(field: &str, got: &str) -> Fault {
        let expected = "a string, number or boolean";
        Fault::Field { what: "key field", field: field.to_owned(), expected, got: got.to_owned() }
    }

    /// A record's time, unless it is the one that librdkafka would silently replace with the time of sending.
    pub(crate) fn ensure_sendable(millis: i64) -> std::result::Result<i64, Fault> {
        if millis == 0 {
            let text =
                "timestamp 1970-01-01T00:00:00Z cannot be sent: to librdkafka, 0 is the time of sending";
            return Err(Fault::Other(Failure::refused(text)));
        }
        Ok(millis)
    }

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
            Fault::NotUtf8 { offset, unpacker } => {
                let failure = Failure::refused(format!("not UTF-8 at byte {offset} of the line"));
                match unpacker {
                    Some(unpacker) => {
                        failure.hint(format!("it is packed: {unpacker} FILE | avro-produce -t TOPIC"))
                    }
                    None => failure,
                }
            }
            Fault::NotJson => Failure::refused("not JSON").hint("--format text sends lines as they are"),
            Fault::Encode { key, error } => {
                // --set reaches the fields of the record itself, not those deeper in.
                let missing = error.kind() == EncodeErrorKind::MissingField && !key;
                let field = error.pointer().strip_prefix('/').filter(|field| missing && !field.contains('/'));
                let unknown = error.kind() == EncodeErrorKind::UnknownField && !key;
                let hint = error
                    .hint()
                    .or_else(|| not_a_line(error).map(str::to_owned))
                    .or_else(|| field.map(|field| format!("--set {field}=VALUE fills it")))
                    .or_else(|| unknown.then(|| "--unknown ignore leaves such fields out".to_owned()));
                let text = if *key { format!("key: {error}") } else { error.to_string() };
                hint.into_iter().fold(Failure::refused(text), Failure::hint)
            }
            Fault::Field { field, expected, got, .. } if field.is_empty() => {
                Failure::refused(format!("as a key: expected {expected}, found {got}"))
            }
            Fault::Field { what, field, expected, got } => {
                Failure::refused(format!("{what} {field:?}: expected {expected}, found {got}"))
            }
            Fault::TombstoneWithoutKey => Failure::refused("a tombstone needs a key, and this one is null"),
            Fault::Row { expected, got } => Failure::refused(format!("expected {expected}, found {got}")),
            Fault::OpenQuote => Failure::refused("a quote is not closed"),
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
            Fault::Field { expected, got, .. } => (None, Some(expected), Some(got)),
            Fault::Row { expected, got } => (None, Some(expected), Some(got)),
            Fault::OpenQuote => (None, Some("a closing quote"), None),
            Fault::TombstoneWithoutKey => (None, Some("a key"), Some("null")),
            Fault::Envelope(_) | Fault::Other(_) => (None, None, None),
        }
    }
}

/// What makes lines of JSON that is none: an array of records, or one record on many lines.
fn not_a_line(error: &EncodeError) -> Option<&'static str> {
    match error.kind() {
        EncodeErrorKind::Type if error.pointer().is_empty() && error.got().starts_with("array ") => {
            Some("a line is one record: jq -c '.[]' makes a line of each item")
        }
        EncodeErrorKind::Syntax if error.got() == "the end of the text" => {
            Some("a record is one line: jq -c . makes lines of JSON that is spread over several")
        }
        _ => None,
    }
}
