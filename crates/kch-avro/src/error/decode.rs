//! Why Avro bytes cannot become JSON.
//!
//! The one constraint: the reason is data, so that a caller can tell hostile bytes from a wrong schema.

use std::fmt;

use thiserror::Error;

use super::{prepend, write_place};

/// What is wrong with Avro bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeReason {
    /// The bytes end inside a value.
    #[error("the bytes end inside a {expected}")]
    Truncated {
        /// What was being read.
        expected: &'static str,
    },
    /// A variable-length integer has more than ten bytes, or more than 64 bits.
    #[error("a variable-length integer is longer than 10 bytes")]
    Overlong,
    /// An `int` with more than 32 bits.
    #[error("{value} does not fit an int")]
    IntRange {
        /// The value read.
        value: i64,
    },
    /// A length that is negative or longer than the bytes that are left.
    #[error("length {len}, but {left} bytes are left")]
    Length {
        /// The length read.
        len: i64,
        /// Bytes left.
        left: usize,
    },
    /// An array or map block with more items than the bytes that are left can hold.
    #[error("a block of {count} items, but {left} bytes are left")]
    Count {
        /// The count read.
        count: i64,
        /// Bytes left.
        left: usize,
    },
    /// A block that says its size in bytes, and is not that long.
    #[error("a block says it has {said} bytes, it has {real}")]
    BlockSize {
        /// The size read.
        said: i64,
        /// The size of its items.
        real: usize,
    },
    /// A boolean that is neither 0 nor 1.
    #[error("byte 0x{byte:02x} is no boolean")]
    Boolean {
        /// The byte read.
        byte: u8,
    },
    /// An enum index without a symbol.
    #[error("symbol {index} of an enum of {symbols}")]
    Symbol {
        /// The index read.
        index: i64,
        /// Symbols there are.
        symbols: usize,
    },
    /// A union index without a branch.
    #[error("branch {index} of a union of {branches}")]
    Branch {
        /// The index read.
        index: i64,
        /// Branches there are.
        branches: usize,
    },
    /// A string that is not UTF-8.
    #[error("the string is not UTF-8 at its byte {at}")]
    NotUtf8 {
        /// Offset inside the string.
        at: usize,
    },
    /// A decimal of no bytes, or of more than can be meant.
    #[error("a decimal of {len} bytes")]
    Decimal {
        /// Its length.
        len: usize,
    },
    /// More than 128 records, arrays and maps inside one another.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The levels allowed.
        limit: usize,
    },
    /// More values of zero bytes than allowed: a few bytes could otherwise print for ever.
    #[error("more than {limit} values of zero bytes")]
    TooMany {
        /// The number allowed in one datum.
        limit: usize,
    },
    /// The writer's schema is fine, but the reader's has no place for this value (specification, "Schema Resolution").
    #[error("{reason}")]
    Unresolved {
        /// Which two types do not meet.
        reason: Box<str>,
    },
    /// Bytes after the datum.
    #[error("{count} bytes are left over")]
    LeftOver {
        /// How many.
        count: usize,
    },
}

/// Why Avro bytes cannot become JSON.
///
/// `Display` is one line: `field "ts": the bytes end inside a long (byte 7)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<DecodeFacts>);

/// The facts of a [`DecodeError`].
#[derive(Clone, Debug, PartialEq, Eq)]
struct DecodeFacts {
    path: String,
    offset: usize,
    reason: DecodeReason,
}

impl DecodeError {
    pub(crate) fn new(reason: DecodeReason, offset: usize) -> Self {
        DecodeError(Box::new(DecodeFacts { path: String::new(), offset, reason }))
    }

    /// Puts a key in front of the path, on the way out.
    pub(crate) fn under(mut self, key: &str) -> Self {
        prepend(&mut self.0.path, key);
        self
    }

    /// Where the value would stand in plain JSON, as a JSON pointer (RFC 6901); empty for the whole datum.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Where the value that could not be read begins, in bytes from the start of the datum (after the frame).
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &DecodeReason {
        &self.0.reason
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_place(&self.0.path, f)?;
        write!(f, "{} (byte {})", self.0.reason, self.0.offset)
    }
}

impl std::error::Error for DecodeError {}
