//! Where the ClickHouse sink of Kafka Connect writes less than ClickHouse would read: it casts no number to another, and
//! refuses the batch instead. Tried out with v1.5.0.

use kch_schema::ColumnType;

use super::{Fit, Written, not};

/// The sink's own answer; `None` where it is that of any other way.
pub(super) fn fit(wanted: &ColumnType, there: &Written<'_>) -> Option<Fit> {
    use ColumnType::{DateTime64, Float32, Float64, Int32, Int64, Map, String, Tuple};
    let refused =
        || Some(not(format!("every record is refused: the sink writes no {wanted} into {}", there.name)));
    match (wanted, there.name) {
        (_, "Dynamic") => refused(),
        (Int32, "Int32" | "Int128") | (Int64, "Int64" | "Int128") => Some(Fit::Kept),
        (Int32 | Int64, "UInt16" | "UInt32" | "UInt64" | "UInt128") => None,
        (Float32, "Float32") | (Float64, "Float64") => Some(Fit::Kept),
        (Int32 | Int64 | Float32 | Float64, _) => refused(),
        (String, "String" | "UUID" | "Enum8" | "Enum16" | "DateTime" | "DateTime64") => None,
        (String, "FixedString") => Some(not(format!(
            "only texts of {} bytes or less are kept: bytes that are no text are changed or refused",
            there.number(0).unwrap_or(0)
        ))),
        (String, _) => refused(),
        (DateTime64(digits), "DateTime64") if there.number(0) != Some(usize::from(*digits)) => Some(not(
            format!("the sink may write the number as it is: DateTime64({digits}) is sure to keep the time"),
        )),
        (DateTime64(_), "Date" | "Date32") => refused(),
        (Tuple(_) | Map(_), "JSON") => refused(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kch_schema::Route;

    use super::*;

    fn why(wanted: &ColumnType, there: &str) -> std::string::String {
        match super::super::fit(wanted, there, Route::Sink) {
            Fit::Kept => std::string::String::new(),
            Fit::Not(why) => why,
        }
    }

    #[test]
    fn the_sink_casts_no_number_to_another() {
        use ColumnType::{DateTime64, Decimal, Float32, Int32, Int64, String};
        let none = "every record is refused: the sink writes no";
        for (wanted, there, said) in [
            (Int32, "Int32", ""),
            (Int32, "Int64", "every record is refused: the sink writes no Int32 into Int64"),
            (Int64, "UInt64", "negative numbers wrap in silence: the column is UInt64"),
            (
                Float32,
                "Nullable(Float64)",
                "every record is refused: the sink writes no Float32 into Float64",
            ),
            (String, "LowCardinality(Nullable(String))", ""),
            (String, "FixedString(4)", "only texts of 4 bytes or less are kept"),
            (DateTime64(3), "DateTime64(3, 'UTC')", ""),
            (DateTime64(6), "DateTime64(9)", "the sink may write the number as it is"),
            (Decimal(10, 2), "Decimal(12, 2)", ""),
            (ColumnType::Map(Box::new(String)), "JSON", none),
            (ColumnType::Variant(vec![String, Int64]), "Dynamic", none),
            (
                ColumnType::Nullable(Box::new(Int32)),
                "Int32",
                "null is refused, and its batch with it: the column is not Nullable",
            ),
        ] {
            let why = why(&wanted, there);
            assert!(
                why.starts_with(said) && why.is_empty() == said.is_empty(),
                "{wanted} into {there}: {why}"
            );
        }
    }
}
