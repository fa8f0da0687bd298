//! A ClickHouse column's type, as far as Avro has a use for it.

use std::fmt;

/// A type; [`fmt::Display`] writes it as ClickHouse's DDL has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the ClickHouse type of its name")]
pub enum ColumnType {
    Bool,
    Int32,
    Int64,
    Float32,
    Float64,
    String,
    /// Of so many bytes.
    FixedString(usize),
    Uuid,
    Date32,
    /// In UTC, with so many digits of a second.
    DateTime64(u8),
    /// `DateTime64` in the server's zone: inside a `Variant`, ClickHouse takes no other from Avro.
    ServerDateTime64(u8),
    /// Precision and scale.
    Decimal(usize, usize),
    /// `Enum8` or `Enum16`, numbered from 0 in the schema's order as Avro and ClickHouse's reading of it do.
    Enum(Vec<String>),
    Array(Box<ColumnType>),
    /// From String to this.
    Map(Box<ColumnType>),
    Tuple(Vec<(String, ColumnType)>),
    Variant(Vec<ColumnType>),
    Nullable(Box<ColumnType>),
    LowCardinality(Box<ColumnType>),
}

impl ColumnType {
    /// Whether `Nullable` may be put around it.
    #[must_use]
    pub fn can_be_nullable(&self) -> bool {
        use ColumnType::{Array, LowCardinality, Map, Nullable, Tuple, Variant};
        !matches!(self, Array(_) | Map(_) | Tuple(_) | Variant(_) | Nullable(_) | LowCardinality(_))
    }

    /// Whether there is a `Variant` in it.
    #[must_use]
    pub fn has_variant(&self) -> bool {
        match self {
            ColumnType::Variant(_) => true,
            ColumnType::Array(inner) | ColumnType::Map(inner) => inner.has_variant(),
            ColumnType::Tuple(parts) => parts.iter().any(|(_, part)| part.has_variant()),
            _ => false,
        }
    }

    /// Whether a table may be sorted by it without further settings.
    #[must_use]
    pub fn can_be_key(&self) -> bool {
        use ColumnType::{Float32, Float64, LowCardinality};
        match self {
            LowCardinality(inner) => inner.can_be_key(),
            Float32 | Float64 => false,
            other => other.can_be_nullable(),
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnType::Bool => f.write_str("Bool"),
            ColumnType::Int32 => f.write_str("Int32"),
            ColumnType::Int64 => f.write_str("Int64"),
            ColumnType::Float32 => f.write_str("Float32"),
            ColumnType::Float64 => f.write_str("Float64"),
            ColumnType::String => f.write_str("String"),
            ColumnType::FixedString(size) => write!(f, "FixedString({size})"),
            ColumnType::Uuid => f.write_str("UUID"),
            ColumnType::Date32 => f.write_str("Date32"),
            ColumnType::DateTime64(digits) => write!(f, "DateTime64({digits}, 'UTC')"),
            ColumnType::ServerDateTime64(digits) => write!(f, "DateTime64({digits})"),
            ColumnType::Decimal(precision, scale) => write!(f, "Decimal({precision}, {scale})"),
            ColumnType::Enum(symbols) => {
                f.write_str(if symbols.len() > 128 { "Enum16(" } else { "Enum8(" })?;
                for (index, symbol) in symbols.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{} = {}", quote_text(symbol), index)?;
                }
                f.write_str(")")
            }
            ColumnType::Array(items) => write!(f, "Array({items})"),
            ColumnType::Map(values) => write!(f, "Map(String, {values})"),
            ColumnType::Tuple(parts) => {
                f.write_str("Tuple(")?;
                for (index, (name, part)) in parts.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{} {part}", quote_name(name))?;
                }
                f.write_str(")")
            }
            ColumnType::Variant(types) => {
                let types: Vec<String> = types.iter().map(ToString::to_string).collect();
                write!(f, "Variant({})", types.join(", "))
            }
            ColumnType::Nullable(inner) => write!(f, "Nullable({inner})"),
            ColumnType::LowCardinality(inner) => write!(f, "LowCardinality({inner})"),
        }
    }
}

/// A name as an identifier, in backticks as ClickHouse itself prints it.
#[must_use]
pub fn quote_name(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// A text as a literal.
#[must_use]
pub fn quote_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_clickhouse_reads_them() {
        let nested = ColumnType::Array(Box::new(ColumnType::Tuple(vec![
            ("a`b".into(), ColumnType::Nullable(Box::new(ColumnType::Decimal(10, 2)))),
            ("when".into(), ColumnType::DateTime64(3)),
        ])));
        assert_eq!(
            nested.to_string(),
            "Array(Tuple(`a\\`b` Nullable(Decimal(10, 2)), `when` DateTime64(3, 'UTC')))"
        );
        let letters = ColumnType::Enum(vec!["A".into(), "B".into()]);
        assert_eq!(letters.to_string(), "Enum8('A' = 0, 'B' = 1)");
    }

    #[test]
    fn texts_cannot_leave_their_quotes() {
        assert_eq!(quote_text("it's \\ 'a'\n"), r"'it\'s \\ \'a\'\n'");
    }
}
