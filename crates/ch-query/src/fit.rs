//! Whether the values of a column that would fit also fit into the column that is there.
//!
//! ClickHouse converts silently where it can: a long into an `Int8` wraps, the milliseconds of Avro in a `DateTime64(6)` are
//! taken for microseconds. So what matters is not whether an insert succeeds, but whether what is read back is what was
//! sent. What is said of Avro is what `FORMAT AvroConfluent` of ClickHouse 26.7 did with each pair of types.

mod sink;

use kch_schema::{ColumnType, Route};

use crate::written::Written;

/// What becomes of the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// They are kept.
    Kept,
    /// Some are changed or refused: which.
    Not(String),
}

use Fit::{Kept, Not};

fn not(text: impl Into<String>) -> Fit {
    Not(text.into())
}

/// Whether values that `wanted` would keep are kept by a column of this type.
pub(crate) fn fit(wanted: &ColumnType, written: &str, route: Route) -> Fit {
    let (there, nullable) = Written::parse(written).unwrapped();
    match wanted {
        ColumnType::LowCardinality(inner) => fit(inner, written, route),
        ColumnType::Nullable(inner) if nullable => plain(inner, &there, route),
        ColumnType::Nullable(inner) => match (plain(inner, &there, route), route) {
            (Not(why), _) => Not(why),
            (Kept, Route::Json) => not("null is refused: the column is not Nullable"),
            (Kept, Route::Avro) => {
                not("null becomes the type's default, or is refused: the column is not Nullable")
            }
            (Kept, Route::Sink) => not("null is refused, and its batch with it: the column is not Nullable"),
        },
        other => plain(other, &there, route),
    }
}

fn plain(wanted: &ColumnType, there: &Written<'_>, route: Route) -> Fit {
    // Text takes the JSON of anything, and nothing but text from Avro.
    if there.name == "String"
        && (route == Route::Json || matches!(wanted, ColumnType::Enum(_) | ColumnType::FixedString(_)))
    {
        return Kept;
    }
    if route == Route::Sink
        && let Some(fit) = sink::fit(wanted, there)
    {
        return fit;
    }
    match wanted {
        ColumnType::Bool => match there.name {
            "Bool" => Kept,
            name if name.starts_with("Int") || name.starts_with("UInt") => integer(1, name, route),
            name => other(wanted, name),
        },
        ColumnType::Int32 => integer(32, there.name, route),
        ColumnType::Int64 => integer(64, there.name, route),
        ColumnType::Float32 => match there.name {
            "Float32" | "Float64" => Kept,
            name => fraction(wanted, name),
        },
        ColumnType::Float64 => match there.name {
            "Float64" => Kept,
            "Float32" | "BFloat16" => not("digits are lost: the column is narrower than a double"),
            name => fraction(wanted, name),
        },
        ColumnType::String => match there.name {
            "String" => Kept,
            "FixedString" => {
                not(format!("only texts of {} bytes or less are taken", there.number(0).unwrap_or(0)))
            }
            name => not(format!("only texts that read as {name} are taken")),
        },
        ColumnType::FixedString(size) => match (there.name, there.number(0)) {
            ("String", _) => Kept,
            ("FixedString", Some(room)) if room == *size => Kept,
            ("FixedString", Some(room)) => not(format!("the column has {room} bytes and the values {size}")),
            (name, _) => other(wanted, name),
        },
        ColumnType::Uuid => match there.name {
            "UUID" | "String" => Kept,
            name => other(wanted, name),
        },
        ColumnType::Date32 => match (there.name, route) {
            ("Date32", _) | ("DateTime64", Route::Json | Route::Sink) => Kept,
            ("Int32" | "Int64", Route::Avro) => Kept,
            ("Date", _) => not("years outside 1970 to 2149 are not kept: the column is Date"),
            ("DateTime" | "DateTime64", Route::Avro) => misread("days", there),
            (name, _) => other(wanted, name),
        },
        ColumnType::DateTime64(digits) | ColumnType::ServerDateTime64(digits) => match route {
            Route::Avro => ticks(*digits, there, wanted),
            Route::Json | Route::Sink => time(*digits, there, wanted),
        },
        ColumnType::Decimal(precision, scale) => decimal(*precision, *scale, there, route),
        ColumnType::Enum(symbols) => match there.name {
            "Enum8" | "Enum16" | "Enum" => symbols_in(symbols, there),
            name => other(wanted, name),
        },
        ColumnType::Array(items) if there.name == "Array" => {
            fit(items, there.arguments.first().unwrap_or(&""), route)
        }
        ColumnType::Map(values) if there.name == "Map" => map(values, there, route),
        ColumnType::Tuple(parts) if there.name == "Tuple" => tuple(parts, there, route),
        ColumnType::Tuple(_) | ColumnType::Map(_) if there.name == "JSON" && route == Route::Json => Kept,
        ColumnType::Variant(_) if there.name == "Dynamic" && route == Route::Json => Kept,
        ColumnType::Variant(types) if there.name == "Variant" => variant(types, there, route),
        ColumnType::Nullable(_) | ColumnType::LowCardinality(_) => fit(wanted, there.name, route),
        _ => other(wanted, there.name),
    }
}

fn other(wanted: &ColumnType, name: &str) -> Fit {
    not(format!("the column is {name}, and {wanted} would fit"))
}

fn integer(bits: u32, name: &str, route: Route) -> Fit {
    // ch-query insert finds them; without it, ClickHouse does not.
    let fate = if route == Route::Json { "are refused" } else { "wrap in silence" };
    let (signed, width) = match (name.strip_prefix("Int"), name.strip_prefix("UInt")) {
        (Some(width), _) => (true, width.parse::<u32>().ok()),
        (_, Some(width)) => (false, width.parse::<u32>().ok()),
        _ => (false, None),
    };
    match (width, signed) {
        (Some(65..), _) if route == Route::Avro => not(format!("ClickHouse reads no Avro into {name}")),
        (Some(_), _) if bits == 1 => Kept,
        (Some(width), true) if width >= bits => Kept,
        (Some(_), true) => not(format!("numbers beyond {name} {fate}")),
        (Some(width), false) if width >= bits => {
            not(format!("negative numbers {fate}: the column is {name}"))
        }
        (Some(_), false) => not(format!("negative numbers and those beyond {name} {fate}")),
        (None, _) => match name {
            "Float64" if bits <= 32 => Kept,
            "Float64" => not("numbers beyond 2^53 are rounded: the column is Float64"),
            "Float32" => not("numbers beyond 2^24 are rounded: the column is Float32"),
            name => not(format!("the column is {name}, and Int{bits} would fit")),
        },
    }
}

fn fraction(wanted: &ColumnType, name: &str) -> Fit {
    match name {
        name if name.starts_with("Decimal") => {
            not("fractions are cut and NaN is refused: the column is a decimal")
        }
        name if name.contains("Int") => not(format!("fractions are cut or refused: the column is {name}")),
        name => other(wanted, name),
    }
}

fn time(digits: u8, there: &Written<'_>, wanted: &ColumnType) -> Fit {
    match (there.name, there.number(0)) {
        ("DateTime64", room) if room.unwrap_or(3) >= usize::from(digits) => Kept,
        ("DateTime64", room) => not(format!("{} of {digits} digits of a second are kept", room.unwrap_or(3))),
        ("DateTime", _) => {
            not("fractions of a second and years outside 1970 to 2106 are not kept: the column is DateTime")
        }
        ("Date" | "Date32", _) => not("the time of day is not kept: the column is a date"),
        (name, _) => other(wanted, name),
    }
}

/// Avro's number of units since 1970, which ClickHouse takes for the column's own units.
fn ticks(digits: u8, there: &Written<'_>, wanted: &ColumnType) -> Fit {
    match (there.name, there.number(0)) {
        ("DateTime64", room) if room.unwrap_or(3) == usize::from(digits) => Kept,
        ("Int64", _) => Kept,
        ("DateTime64" | "DateTime" | "Date" | "Date32", _) => misread(units(usize::from(digits)), there),
        (name, _) => other(wanted, name),
    }
}

fn misread(theirs: &str, there: &Written<'_>) -> Fit {
    let ours = match there.name {
        "DateTime64" => units(there.number(0).unwrap_or(3)),
        "DateTime" => "seconds",
        _ => "days",
    };
    not(format!("ClickHouse takes the {theirs} of Avro for {ours}: the column is {there}"))
}

/// What the last of these digits of a second counts.
fn units(digits: usize) -> &'static str {
    match digits {
        0 => "seconds",
        3 => "milliseconds",
        6 => "microseconds",
        9 => "nanoseconds",
        _ => "other parts of a second",
    }
}

fn decimal(precision: usize, scale: usize, there: &Written<'_>, route: Route) -> Fit {
    let (room, digits) = match (there.name, there.number(0), there.number(1)) {
        ("Decimal", Some(room), digits) => (room, digits.unwrap_or(0)),
        ("Decimal32", Some(digits), _) => (9, digits),
        ("Decimal64", Some(digits), _) => (18, digits),
        ("Decimal128", Some(digits), _) => (38, digits),
        ("Decimal256", Some(digits), _) => (76, digits),
        ("Float32" | "Float64", ..) => return not("digits are lost: the column is a float"),
        (name, ..) => return other(&ColumnType::Decimal(precision, scale), name),
    };
    if (room, digits) == (precision, scale) {
        Kept
    } else if route == Route::Avro {
        not(format!(
            "precision and scale must be the same from Avro: ({precision}, {scale}), not ({room}, {digits})"
        ))
    } else if digits < scale {
        not(format!("{digits} of {scale} digits behind the point are kept"))
    } else if room - digits < precision - scale {
        not(format!("only {} digits before the point have room, of {}", room - digits, precision - scale))
    } else {
        Kept
    }
}

fn symbols_in(symbols: &[String], there: &Written<'_>) -> Fit {
    let known: Vec<&str> = there.arguments.iter().filter_map(|entry| entry.split('\'').nth(1)).collect();
    let missing: Vec<&str> =
        symbols.iter().map(String::as_str).filter(|symbol| !known.contains(symbol)).collect();
    if missing.is_empty() { Kept } else { not(format!("the column's enum lacks {}", missing.join(", "))) }
}

fn map(values: &ColumnType, there: &Written<'_>, route: Route) -> Fit {
    let (key, value) = (there.arguments.first().unwrap_or(&""), there.arguments.get(1).unwrap_or(&""));
    match fit(&ColumnType::String, key, route) {
        Kept => fit(values, value, route),
        Not(why) => Not(format!("the key: {why}")),
    }
}

fn tuple(parts: &[(String, ColumnType)], there: &Written<'_>, route: Route) -> Fit {
    for (name, wanted) in parts {
        let element = there.arguments.iter().find_map(|element| {
            let (known, written) = element.split_once(' ')?;
            (known.trim_matches('`') == name).then_some(written)
        });
        match element.map(|written| fit(wanted, written, route)) {
            Some(Kept) => {}
            Some(Not(why)) => return Not(format!("{name}: {why}")),
            None => return not(format!("the tuple has no {name}")),
        }
    }
    if route == Route::Avro && there.arguments.len() != parts.len() {
        return not("the tuple has elements that the record lacks, which ClickHouse refuses from Avro");
    }
    Kept
}

fn variant(types: &[ColumnType], there: &Written<'_>, route: Route) -> Fit {
    let has = |wanted: &ColumnType| {
        let text = wanted.to_string();
        there.arguments.iter().any(|&written| {
            // A number must be of the very type; what is made of parts may have others that fit.
            let made_of_parts =
                matches!(wanted, ColumnType::Array(_) | ColumnType::Map(_) | ColumnType::Tuple(_));
            written == text || made_of_parts && fit(wanted, written, route) == Kept
        })
    };
    let lacking: Vec<String> = types.iter().filter(|wanted| !has(wanted)).map(ToString::to_string).collect();
    if !lacking.is_empty() {
        not(format!("the variant lacks {}", lacking.join(", ")))
    } else if route == Route::Avro && there.arguments.len() != types.len() {
        not("the variant has types that the union lacks, which ClickHouse refuses from Avro")
    } else {
        Kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(wanted: &ColumnType, there: &str) -> String {
        match fit(wanted, there, Route::Avro) {
            Kept => String::new(),
            Not(why) => why,
        }
    }

    fn nullable(inner: ColumnType) -> ColumnType {
        ColumnType::Nullable(Box::new(inner))
    }

    #[test]
    fn what_fits_is_kept() {
        for (wanted, there) in [
            (ColumnType::Int32, "Int64"),
            (ColumnType::String, "LowCardinality(Nullable(String))"),
            (nullable(ColumnType::Int64), "Nullable(Int64)"),
            (ColumnType::DateTime64(3), "DateTime64(3, 'UTC')"),
            (ColumnType::DateTime64(3), "Int64"),
            (ColumnType::Decimal(10, 2), "Decimal(10, 2)"),
            (
                ColumnType::Array(Box::new(ColumnType::Map(Box::new(ColumnType::Float32)))),
                "Array(Map(String, Float64))",
            ),
            (ColumnType::Tuple(vec![("a".into(), ColumnType::Bool)]), "Tuple(`a` Bool)"),
            (ColumnType::Enum(vec!["A".into()]), "Enum8('A' = 0, 'B,(' = 1)"),
        ] {
            assert_eq!(why(&wanted, there), "", "{wanted} into {there}");
        }
    }

    #[test]
    fn what_is_narrower_is_said() {
        for (wanted, there, said) in [
            (ColumnType::Int64, "Int8", "numbers beyond Int8 wrap in silence"),
            (ColumnType::Int64, "UInt64", "negative numbers wrap in silence: the column is UInt64"),
            (ColumnType::Int64, "Float64", "numbers beyond 2^53 are rounded: the column is Float64"),
            (ColumnType::Float64, "Float32", "digits are lost: the column is narrower than a double"),
            (ColumnType::Int64, "Int128", "ClickHouse reads no Avro into Int128"),
            (
                ColumnType::DateTime64(3),
                "DateTime64(6, 'UTC')",
                "ClickHouse takes the milliseconds of Avro for microseconds: the column is DateTime64(6, 'UTC')",
            ),
            (
                ColumnType::DateTime64(6),
                "DateTime",
                "ClickHouse takes the microseconds of Avro for seconds: the column is DateTime",
            ),
            (
                ColumnType::Date32,
                "DateTime64(3)",
                "ClickHouse takes the days of Avro for milliseconds: the column is DateTime64(3)",
            ),
            (
                ColumnType::Map(Box::new(ColumnType::Bool)),
                "JSON",
                "the column is JSON, and Map(String, Bool) would fit",
            ),
            (
                ColumnType::Variant(vec![ColumnType::Bool, ColumnType::Int64]),
                "Variant(Bool, Int64, String)",
                "the variant has types that the union lacks, which ClickHouse refuses from Avro",
            ),
            (
                ColumnType::Decimal(10, 2),
                "Decimal(12, 2)",
                "precision and scale must be the same from Avro: (10, 2), not (12, 2)",
            ),
            (ColumnType::Enum(vec!["A".into(), "C".into()]), "Enum8('A' = 0)", "the column's enum lacks C"),
            (
                ColumnType::Array(Box::new(ColumnType::Int32)),
                "Array(Int16)",
                "numbers beyond Int16 wrap in silence",
            ),
            (ColumnType::Tuple(vec![("a".into(), ColumnType::Bool)]), "Tuple(b Bool)", "the tuple has no a"),
            (
                ColumnType::Tuple(vec![("a".into(), ColumnType::Bool)]),
                "Tuple(a Bool, b Bool)",
                "the tuple has elements that the record lacks, which ClickHouse refuses from Avro",
            ),
        ] {
            assert_eq!(why(&wanted, there), said, "{wanted} into {there}");
        }
        assert_eq!(
            fit(&nullable(ColumnType::Int32), "Int32", Route::Json),
            not("null is refused: the column is not Nullable")
        );
        assert_eq!(fit(&ColumnType::Decimal(10, 2), "Decimal(12, 2)", Route::Json), Kept);
        assert_eq!(fit(&ColumnType::DateTime64(3), "DateTime64(6, 'UTC')", Route::Json), Kept);
        assert_eq!(
            fit(&ColumnType::DateTime64(6), "DateTime64(3, 'UTC')", Route::Json),
            not("3 of 6 digits of a second are kept")
        );
        assert_eq!(fit(&ColumnType::Int64, "String", Route::Json), Kept);
    }
}
