//! Why a reader cannot read a writer: the kind, the places, a sentence for people, and what to do about it.

use std::fmt;

use crate::Place;

/// Who reads whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The new schema reads old records.
    Backward,
    /// The old schema reads new records.
    Forward,
}

/// One thing that keeps a reader from reading a writer's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Who reads whom.
    pub direction: Direction,
    /// The field: `address.lines[].text`; `[]` is an array's item and `{}` a map's value. Empty for the schema itself.
    pub path: String,
    /// Where it is in the reader's schema.
    pub reader: Place,
    /// Where it is in the writer's schema.
    pub writer: Place,
    /// What it is.
    pub fault: Fault,
}

/// What is wrong. The names are those of Java's `SchemaIncompatibilityType`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `TYPE_MISMATCH`
    Type {
        /// The reader's type in words.
        reader: String,
        /// The writer's.
        writer: String,
    },
    /// `NAME_MISMATCH`
    Name {
        /// The reader's full name.
        reader: String,
        /// The writer's.
        writer: String,
    },
    /// `FIXED_SIZE_MISMATCH`
    FixedSize {
        /// The reader's, in bytes.
        reader: usize,
        /// The writer's.
        writer: usize,
    },
    /// `MISSING_ENUM_SYMBOLS`
    MissingEnumSymbols {
        /// The writer's symbols that the reader does not know.
        symbols: Vec<String>,
    },
    /// `MISSING_UNION_BRANCH`
    MissingUnionBranch {
        /// The reader's union in words.
        reader: String,
        /// The writer's type that no branch reads.
        writer: String,
    },
    /// `READER_FIELD_MISSING_DEFAULT_VALUE`
    MissingDefault {
        /// The reader's field.
        field: String,
        /// A default that it could have, as JSON.
        example: Option<String>,
        /// The writer's field that is probably the same under another name.
        was: Option<String>,
    },
    /// `AMBIGUOUS_ALIASES`, an exception in Java: a reader's field is several of the writer's.
    AmbiguousAliases {
        /// The reader's field.
        field: String,
        /// The writer's.
        fields: Vec<String>,
    },
}

impl Fault {
    /// The kind's name, as in Java and in Confluent's registry.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Type { .. } => "TYPE_MISMATCH",
            Fault::Name { .. } => "NAME_MISMATCH",
            Fault::FixedSize { .. } => "FIXED_SIZE_MISMATCH",
            Fault::MissingEnumSymbols { .. } => "MISSING_ENUM_SYMBOLS",
            Fault::MissingUnionBranch { .. } => "MISSING_UNION_BRANCH",
            Fault::MissingDefault { .. } => "READER_FIELD_MISSING_DEFAULT_VALUE",
            Fault::AmbiguousAliases { .. } => "AMBIGUOUS_ALIASES",
        }
    }
}

impl Mismatch {
    /// Where it is in the old schema.
    #[must_use]
    pub fn old_place(&self) -> &Place {
        if self.direction == Direction::Backward { &self.writer } else { &self.reader }
    }

    /// Where it is in the new schema.
    #[must_use]
    pub fn new_place(&self) -> &Place {
        if self.direction == Direction::Backward { &self.reader } else { &self.writer }
    }

    /// What to do about it.
    #[must_use]
    pub fn cure(&self) -> String {
        let backward = self.direction == Direction::Backward;
        match (&self.fault, backward) {
            (Fault::MissingDefault { field, was: Some(was), .. }, true) => {
                format!(
                    "if \"{field}\" is \"{was}\" renamed, add \"aliases\": [\"{was}\"]; else give it a default"
                )
            }
            (Fault::MissingDefault { example: Some(example), .. }, true) => {
                format!("give it a default, such as \"default\": {example}")
            }
            (Fault::MissingDefault { .. }, true) => {
                "give it a default, or make it a union that begins with null".to_owned()
            }
            (Fault::MissingDefault { .. }, false) => {
                "keep the field; it can go after a version in which it has a default".to_owned()
            }
            (Fault::Type { writer, .. }, true) => {
                format!("keep {writer}, or take a union of both, or a new field with a default")
            }
            (Fault::Type { reader, .. }, false) => format!("keep {reader}, or add a new field instead"),
            (Fault::Name { writer, .. }, true) => {
                format!("keep the name, or add \"aliases\": [\"{writer}\"]")
            }
            (Fault::Name { .. }, false) => "keep the name".to_owned(),
            (Fault::FixedSize { .. }, _) => "keep the size, or add a new field with another fixed".to_owned(),
            (Fault::MissingEnumSymbols { .. }, true) => {
                "keep the symbols, or give the enum a \"default\" for those that are gone".to_owned()
            }
            (Fault::MissingEnumSymbols { .. }, false) => {
                "leave the symbols out until the readers have a version whose enum has a \"default\""
                    .to_owned()
            }
            (Fault::MissingUnionBranch { writer, .. }, true) => format!("keep the branch {writer}"),
            (Fault::MissingUnionBranch { writer, .. }, false) => {
                format!("leave the branch {writer} out, or add a new field for it")
            }
            (Fault::AmbiguousAliases { .. }, _) => "take aliases away until one field is left".to_owned(),
        }
    }
}

/// What is wrong, in a sentence about old and new.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = match self.path.as_str() {
            "" => "the schema".to_owned(),
            path => format!("field \"{path}\""),
        };
        let backward = self.direction == Direction::Backward;
        match (&self.fault, backward) {
            (Fault::MissingDefault { .. }, true) => {
                write!(f, "{at} is new and has no default, so old records cannot be read with the new schema")
            }
            (Fault::MissingDefault { .. }, false) => write!(
                f,
                "{at} is gone and had no default, so new records cannot be read with the old schema"
            ),
            (Fault::Type { reader, writer }, true) => {
                write!(f, "{at} was {writer} and is now {reader}, which cannot read it")
            }
            (Fault::Type { reader, writer }, false) => {
                write!(f, "{at} was {reader} and is now {writer}, which old readers cannot read")
            }
            (Fault::Name { reader, writer }, true) => {
                write!(f, "{at} was named {writer} and is now {reader}, without an alias")
            }
            (Fault::Name { reader, writer }, false) => {
                write!(f, "{at} was named {reader} and is now {writer}, which old readers do not know")
            }
            (Fault::FixedSize { reader, writer }, _) => {
                let (old, new) = if backward { (writer, reader) } else { (reader, writer) };
                write!(f, "{at} had {old} bytes and has now {new}")
            }
            (Fault::MissingEnumSymbols { symbols }, true) => {
                write!(f, "{at} lost {}, which old records may have", symbols.join(", "))
            }
            (Fault::MissingEnumSymbols { symbols }, false) => {
                write!(f, "{at} gained {}, which old readers do not know", symbols.join(", "))
            }
            (Fault::MissingUnionBranch { reader, writer }, true) => {
                write!(f, "{at} could be {writer} and is now {reader}, which cannot read it")
            }
            (Fault::MissingUnionBranch { reader, writer }, false) => {
                write!(f, "{at} was {reader} and can now be {writer}, which old readers cannot read")
            }
            (Fault::AmbiguousAliases { fields, .. }, _) => {
                write!(f, "{at} has aliases that make it several fields at once: {}", fields.join(", "))
            }
        }
    }
}
