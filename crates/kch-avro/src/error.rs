//! The three errors of this crate: a schema, a JSON text, Avro bytes.
//!
//! The one constraint: facts stay apart from the sentence. Whoever prints an error may use [`std::fmt::Display`], whoever
//! decides on one asks for its kind, its pointer and its offset.

mod decode;
mod encode;

use std::fmt;

use thiserror::Error;

pub use decode::{DecodeError, DecodeReason};
pub use encode::{EncodeError, EncodeErrorKind};
pub(crate) use encode::{Encoded, Fail};

/// Why a schema cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The text is not JSON.
    #[error("the schema is not JSON: {reason}")]
    Json {
        /// What the JSON parser says, with line and column.
        reason: String,
    },
    /// The text, or what its names stand for, nests too deep.
    #[error("the schema nests deeper than {limit} levels")]
    TooDeep {
        /// The levels allowed.
        limit: usize,
    },
    /// With its names replaced by what they stand for, the schema has more parts than an analysis goes through.
    #[error("the schema stands for more than {limit} types")]
    TooLarge {
        /// The types allowed.
        limit: usize,
    },
    /// A piece of the schema is not what the specification asks for at this place.
    #[error("{at}: expected {expected}, found {found}")]
    Malformed {
        /// Where: full names and field names, such as `ns.Event.ts`; `schema` at the top.
        at: String,
        /// What belongs there.
        expected: &'static str,
        /// What is there, shortened.
        found: String,
    },
    /// A type name that nothing defines.
    #[error("{at}: unknown type \"{name}\"{}", nearest.as_ref().map(|n| format!(", did you mean \"{n}\"?")).unwrap_or_default())]
    UnknownType {
        /// Where it is used.
        at: String,
        /// The name, as far as it could be resolved.
        name: String,
        /// The defined name nearest to it.
        nearest: Option<String>,
    },
    /// Two definitions under one full name that differ, or two in one text.
    #[error("type \"{name}\" is defined twice")]
    Redefined {
        /// The full name.
        name: String,
    },
    /// One name stands twice where names must differ: fields of a record, symbols of an enum, branches of a union.
    #[error("{at}: \"{name}\" stands there twice")]
    Duplicate {
        /// Where.
        at: String,
        /// The name.
        name: String,
    },
}

/// `field "ts": ` for a field at the top, `/a/0: ` for a nested value, nothing for the whole.
fn write_place(pointer: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match pointer.strip_prefix('/') {
        None => Ok(()),
        Some(field) if !field.contains('/') => {
            write!(f, "field \"{}\": ", field.replace("~1", "/").replace("~0", "~"))
        }
        Some(_) => write!(f, "{pointer}: "),
    }
}

/// Puts `/key` in front, escaped as RFC 6901 asks, control characters escaped for the eye.
fn prepend(pointer: &mut String, key: &str) {
    let mut step = String::with_capacity(key.len() + 1);
    step.push('/');
    for c in key.chars().take(200) {
        match c {
            '~' => step.push_str("~0"),
            '/' => step.push_str("~1"),
            c if c.is_control() => step.extend(c.escape_default()),
            c => step.push(c),
        }
    }
    pointer.insert_str(0, &step);
}
