//! Why a JSON text cannot become Avro.
//!
//! The one constraint: a failure that nobody will read (a union trying its branches) costs nothing.

use std::fmt;

use super::{prepend, write_place};

/// What kind of thing is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// The text is not JSON.
    Syntax,
    /// The text is not UTF-8.
    NotUtf8,
    /// A string has half a surrogate pair (`\ud800` alone): Avro strings are UTF-8 and cannot hold it.
    LoneSurrogate,
    /// A value of another type than the schema's.
    Type,
    /// The type is right, the value does not fit: overflow, a fraction for an integer, too many digits, a wrong length.
    Range,
    /// An enum has no such symbol.
    UnknownSymbol,
    /// A key that the record's schema does not have.
    UnknownField,
    /// A key that stands twice in one object.
    DuplicateKey,
    /// A field that is not there and has neither a default nor null.
    MissingField,
    /// A union value that is not tagged, or tagged with a name that is no branch (Avro mode).
    UnknownBranch,
    /// A bare union value that several branches take equally well.
    Ambiguous,
    /// More than 128 records, arrays and maps inside one another.
    TooDeep,
    /// More values of zero bytes than the decoder would accept back, or a union that takes too long to decide.
    TooMuch,
}

/// Why a JSON text cannot become Avro.
///
/// `Display` is one line: `field "ts": expected long, found string "x"` for a field at the top, a JSON pointer before the colon
/// for a nested value, and no position for the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError(Box<EncodeFacts>);

/// The facts of an [`EncodeError`], kept on the heap so that `Result` stays small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodeFacts {
    pub(crate) kind: EncodeErrorKind,
    pub(crate) pointer: String,
    pub(crate) expected: String,
    pub(crate) got: String,
    pub(crate) offset: usize,
    pub(crate) hint: Option<String>,
}

impl EncodeError {
    /// JSON pointer (RFC 6901) of the value that was refused; empty for the whole text.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.0.pointer
    }

    /// What was expected, as text: a type such as `long`, or a token such as `","`.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.0.expected
    }

    /// What was found, shortened, control characters escaped.
    #[must_use]
    pub fn got(&self) -> &str {
        &self.0.got
    }

    /// Where it was found, in bytes from the start of the text. For a value that was supplied rather than read, the place
    /// in the text where it was needed.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// How to cure it, when that is known: `did you mean "ts"?`.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }

    /// What kind of thing is wrong.
    #[must_use]
    pub fn kind(&self) -> EncodeErrorKind {
        self.0.kind
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EncodeFacts { kind, pointer, expected, got, offset, .. } = &*self.0;
        write_place(pointer, f)?;
        match kind {
            EncodeErrorKind::Syntax => {
                write!(f, "malformed JSON at byte {offset}: expected {expected}, found {got}")
            }
            EncodeErrorKind::NotUtf8 => write!(f, "not UTF-8 at byte {offset}: {got}"),
            EncodeErrorKind::UnknownField => write!(f, "unknown field {got}"),
            EncodeErrorKind::DuplicateKey => write!(f, "duplicate key {got}"),
            EncodeErrorKind::TooDeep | EncodeErrorKind::TooMuch => write!(f, "{got}, allowed is {expected}"),
            EncodeErrorKind::Ambiguous => write!(f, "{got} fits {expected} equally well"),
            _ => write!(f, "expected {expected}, found {got}"),
        }
    }
}

impl std::error::Error for EncodeError {}

/// A failure on its way out of the encoder. While a union tries its branches there are no facts: nobody would read them.
#[derive(Debug)]
pub(crate) struct Fail(Option<Box<EncodeFacts>>);

/// What the encoder's parts return.
pub(crate) type Encoded<T = ()> = Result<T, Fail>;

impl Fail {
    /// A failure that nobody will read.
    pub(crate) const QUIET: Fail = Fail(None);

    pub(crate) fn new(
        kind: EncodeErrorKind,
        expected: impl Into<String>,
        got: impl Into<String>,
        offset: usize,
    ) -> Self {
        let (expected, got) = (expected.into(), got.into());
        Fail(Some(Box::new(EncodeFacts { kind, pointer: String::new(), expected, got, offset, hint: None })))
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        if let Some(facts) = &mut self.0 {
            facts.hint = hint;
        }
        self
    }

    /// Moves the offset: for text that is not part of the line.
    pub(crate) fn at_offset(mut self, offset: usize) -> Self {
        if let Some(facts) = &mut self.0 {
            facts.offset = offset;
        }
        self
    }

    /// Puts a key in front of the pointer, on the way out.
    pub(crate) fn under(mut self, key: &str) -> Self {
        if let Some(facts) = &mut self.0 {
            prepend(&mut facts.pointer, key);
        }
        self
    }

    /// Puts an index in front of the pointer, on the way out.
    pub(crate) fn under_index(self, index: usize) -> Self {
        if self.0.is_some() { self.under(&index.to_string()) } else { self }
    }
}

impl From<Fail> for EncodeError {
    fn from(fail: Fail) -> Self {
        EncodeError(fail.0.unwrap_or_else(|| {
            Box::new(EncodeFacts {
                kind: EncodeErrorKind::Type,
                pointer: String::new(),
                expected: "a value that fits the schema".into(),
                got: "another one".into(),
                offset: 0,
                hint: None,
            })
        }))
    }
}
