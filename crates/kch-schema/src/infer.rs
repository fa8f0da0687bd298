//! A draft schema from lines of JSON: one that `avro-produce` takes those lines with.
//!
//! Lines are looked at one by one and forgotten; what is kept is the shape of each place. The one constraint: numbers
//! are looked at as text, so that no digit is lost on the way to a decision.

mod shape;
mod text;
mod write;

use std::fmt;

use serde_json::Value;

use shape::Shape;

/// What to choose where there is a choice.
#[derive(Clone, Debug)]
pub struct Inferring {
    /// The record's full name. Records inside are named after it and their fields.
    pub name: String,
    /// `int` where every number seen fits. Otherwise `long`: it takes the same bytes, and the next id may be larger.
    pub ints: bool,
    /// No logical types: times, dates and UUIDs stay texts.
    pub plain_texts: bool,
    /// Texts of at most so many different values, all of them symbols, are enums; 0 for none, [`Inferring::MOST_ENUM_SYMBOLS`]
    /// at most.
    pub enums: usize,
    /// Numbers with a fraction are decimals of as many digits, and not doubles.
    pub decimals: bool,
    /// Fields that are maps, by their paths, such as `order.labels`. Others are maps when their keys are no names.
    pub maps: Vec<String>,
}

impl Inferring {
    /// More symbols than this no drafted enum has.
    pub const MOST_ENUM_SYMBOLS: usize = text::MOST_SYMBOLS;
}

/// A draft that grows with each line.
#[derive(Debug)]
pub struct Draft {
    inferring: Inferring,
    root: Shape,
}

/// A line that is no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Why.
    pub reason: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for BadLine {}

/// The schema of a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Drafted {
    /// The schema.
    pub schema: Value,
    /// Guesses to look at, each with its field.
    pub notes: Vec<String>,
}

impl Draft {
    /// A draft that has seen nothing.
    #[must_use]
    pub fn new(inferring: Inferring) -> Draft {
        Draft { inferring, root: Shape::default() }
    }

    /// Takes a line into account.
    ///
    /// # Errors
    /// When it is no JSON, has a key twice, or a number that no type holds. The draft is then of no use.
    pub fn see(&mut self, line: &str) -> Result<(), BadLine> {
        self.root.see(line, 0)
    }

    /// The schema of all lines so far; `None` before the first.
    #[must_use]
    pub fn schema(&self) -> Option<Drafted> {
        if self.root.is_empty() { None } else { Some(write::write(&self.root, &self.inferring)) }
    }
}
