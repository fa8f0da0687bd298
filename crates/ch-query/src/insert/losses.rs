//! Values that ClickHouse would take and change: found before they are sent.
//!
//! `FORMAT JSONEachRow` reads 300 into a `UInt8` as 44, 1.239 into a `Decimal(10, 2)` as 1.23, a null into a number as 0,
//! the 31st of February into a `Date` as the 2nd of March, and says nothing. A rule for a type names what of its values is
//! not kept; what ClickHouse itself refuses, and all types that have no rule, are left to it.

mod days;
mod glance;
mod numbers;
mod rule;

use std::borrow::Cow;

use serde_json::Value;

use super::scan;
use crate::catalog::Table;
use rule::Rule;

/// What to look for in the rows of a table.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// All columns, in their order.
    columns: Vec<Column>,
    /// How many have a rule.
    ruled: usize,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// How a row names it: `"id":`, if nothing that could be written plainly is escaped.
    key: Vec<u8>,
    rule: Option<Rule>,
}

impl Losses {
    /// Those of the table's columns; `nulls` says that a null is the column's default on purpose.
    pub(super) fn of(table: &Table, nulls: bool) -> Losses {
        let columns = table.columns.iter().filter(|column| column.takes_values());
        let columns: Vec<Column> = columns
            .map(|column| Column {
                name: column.name.clone(),
                key: format!("{}:", Value::from(&*column.name)).into_bytes(),
                rule: Rule::of(&column.kind, nulls),
            })
            .collect();
        let ruled = columns.iter().filter(|column| column.rule.is_some()).count();
        Losses { columns, ruled }
    }

    /// The first value of a row, a JSON object, that would be changed.
    ///
    /// # Errors
    /// In words: the field, its value, and why the column does not keep it.
    pub(super) fn find(&self, object: &[u8]) -> Result<(), String> {
        let (mut expected, mut left) = (0, self.ruled);
        let mut fields = scan::members(object);
        // Each row of a load comes by here: what stands behind the last field with a rule is not looked at, and names are
        // compared with those that most rows have, in the same order. A field that is there twice is refused by ClickHouse.
        while left > 0 {
            let next = self.columns.get(expected).and_then(|column| fields.next_if(&column.key));
            let (column, value) = match next {
                Some(value) => (Some(expected), value),
                None => match fields.next() {
                    Some((name, value)) => (self.column(&plain_name(name)), value),
                    None => break,
                },
            };
            let Some(column) = column else { continue };
            expected = column + 1;
            if let Column { name, rule: Some(rule), .. } = &self.columns[column] {
                rule.check(value).map_err(|lost| lost.in_words(name))?;
                left -= 1;
            }
        }
        Ok(())
    }

    /// A column by its name; as ClickHouse does, in other case where no name is the same.
    fn column(&self, name: &[u8]) -> Option<usize> {
        let find = |is_it: fn(&[u8], &[u8]) -> bool| {
            self.columns.iter().position(|column| is_it(column.name.as_bytes(), name))
        };
        find(|known, name| known == name).or_else(|| find(<[u8]>::eq_ignore_ascii_case))
    }
}

/// A field's name with its escapes taken for what they are.
fn plain_name(written: &[u8]) -> Cow<'_, [u8]> {
    if !written.contains(&b'\\') {
        return written.into();
    }
    let quoted = [b"\"", written, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or(written.into(), |name| name.into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Column;

    fn losses(columns: &[(&str, &str)], nulls: bool) -> Losses {
        let column = |&(name, kind): &(&str, &str)| Column {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ..Column::default()
        };
        Losses::of(&Table { columns: columns.iter().map(column).collect(), ..Table::default() }, nulls)
    }

    /// Whether each value is kept by a column of the type.
    fn kept(kind: &str, values: &[&str]) -> Vec<bool> {
        let losses = losses(&[("x", kind)], false);
        values.iter().map(|value| losses.find(format!("{{\"x\":{value}}}").as_bytes()).is_ok()).collect()
    }

    #[test]
    fn integers_stay_within_their_bounds() {
        assert_eq!(
            kept(
                "UInt8",
                &["255", "256", "\"0255\"", "\"300\"", "-1", "\"\"", "null", "true", "1.5", "\"x\""]
            ),
            // A fraction and a word are refused by ClickHouse.
            [true, false, true, false, false, false, false, true, true, true]
        );
        assert_eq!(
            kept("LowCardinality(Nullable(Int8))", &["null", "-128", "-129", "128"]),
            [true, true, false, false]
        );
        assert_eq!(kept("UInt64", &["18446744073709551615", "18446744073709551616"]), [true, false]);
        let widest = "57896044618658097711785492504343953926634992332820282019728792003956564819967";
        assert_eq!(
            kept("Int256", &[widest, &format!("{widest}0"), &format!("-{widest}")]),
            [true, false, true]
        );
        assert_eq!(kept("Int64", &["-9223372036854775808", "-9223372036854775809"]), [true, false]);
    }

    #[test]
    fn fractions_keep_their_size_and_decimals_their_digits() {
        assert_eq!(kept("Float64", &["1e308", "1e309", "\"inf\"", "null"]), [true, false, true, false]);
        assert_eq!(kept("Float32", &["3.4028235e38", "-1e39", "0.1"]), [true, false, true]);
        let decimals = [
            "1.23",
            "1.2300",
            "1.239",
            "\"1.239\"",
            "12e-1",
            "1e-3",
            "1239e-3",
            "0.000",
            "-5",
            "\"\"",
            "\"x\"",
            "500e-3",
            "1500e-4",
            "1e-9223372036854775808",
            "\"-\"",
            "\".\"",
            "\"e5\"",
        ];
        assert_eq!(
            kept("Decimal(10, 2)", &decimals),
            [
                true, true, false, false, true, false, false, true, true, false, true, true, true, false,
                false, false, false
            ]
        );
        assert_eq!(kept("Nullable(Decimal64(0))", &["1", "1.0", "0.5", "null"]), [true, true, false, true]);
    }

    #[test]
    fn days_are_days_and_in_their_range() {
        let days = [
            "\"2020-02-29\"",
            "\"2021-02-29\"",
            "\"2020/1/5\"",
            "\"20201345\"",
            "\"1969-12-31\"",
            "65535",
            "65536",
            "null",
        ];
        assert_eq!(kept("Date", &days), [true, false, true, false, false, true, false, false]);
        assert_eq!(
            kept("Date32", &["\"1900-01-01\"", "\"1899-12-31\"", "\"2300-01-01\"", "-25568", "120529"]),
            [true, false, false, false, true]
        );
        let times = [
            "\"2026-11-25T10:00:00.5Z\"",
            "\"1969-12-30 23:59:59\"",
            "\"2106-02-09\"",
            "5000000000",
            "-1",
            "\"now\"",
        ];
        assert_eq!(kept("DateTime('UTC')", &times), [true, false, false, false, false, true]);
        let edges = [
            "\"2106-02-07 06:28:15\"",
            "\"2106-02-07 06:28:16\"",
            "\"2106-02-08T00:00:00+23:00\"",
            "\"1970-01-01T00:00:00+01:00\"",
            "\"1969-12-31T20:00:00-05:00\"",
            "\"1970-01-01 00:00:00\"",
        ];
        assert_eq!(kept("DateTime('UTC')", &edges), [true, false, true, false, true, true]);
        let forms = [
            "\"25 Dec 2025 10:00\"",
            "\"25 Dec 2150 10:00 +0100\"",
            "\"12/25/1960\"",
            "\"21501225101010\"",
            "\"5000000000\"",
            "\"1764000000\"",
            "\"1764000000000\"",
            "\"9223372036854775808\"",
        ];
        assert_eq!(kept("DateTime", &forms), [true, false, false, false, false, true, true, false]);
        let none =
            ["\"0000-00-00 00:00:00\"", "\"2024-01-00\"", "\"2021-02-30 00:00:00\"", "\"9999-12-31\"", "-1"];
        // ClickHouse refuses the 30th of February in a time.
        assert_eq!(kept("DateTime64(3)", &none), [false, false, true, true, true]);
        let apart = ["\"2021x02x28\"", "\"2021-02/30\"", "\"1960 01 01\"", "9223372036854775808"];
        assert_eq!(kept("Date", &apart), [true, false, false, false]);
    }

    #[test]
    fn keys_and_what_aggregates_hold_are_values_too() {
        assert_eq!(kept("Map(UInt8, String)", &["{\"255\":\"x\"}", "{\"300\":\"x\"}"]), [true, false]);
        assert_eq!(kept("SimpleAggregateFunction(max, UInt8)", &["255", "300"]), [true, false]);
    }

    #[test]
    fn what_is_nested_and_not_flattened_is_an_array_of_tuples() {
        assert_eq!(
            kept("Nested(a UInt8, b String)", &[r#"[{"a":255,"b":"x"}]"#, r#"[{"a":1},{"a":256}]"#]),
            [true, false]
        );
    }

    #[test]
    fn the_place_is_named_in_what_is_nested() {
        let kinds = [
            ("a", "Array(Nullable(UInt8))"),
            ("m", "Map(String, Array(Date))"),
            ("t", "Tuple(n Decimal(3, 1), `o p` Int8)"),
            ("u", "Tuple(String, UInt8)"),
            ("s", "String"),
        ];
        let losses = losses(&kinds, false);
        let found = |row: &str| losses.find(row.as_bytes()).err().unwrap_or_default();
        assert_eq!(found(r#"{"s":300,"a":[1,null],"m":{},"t":{"n":1.5},"u":["x",1]}"#), "");
        assert_eq!(found(r#"{"a":[1,null,256]}"#), r#"field "a[2]": 256 does not fit UInt8 (0 to 255)"#);
        assert_eq!(
            found(r#"{"m":{"k":["1960-01-01"]}}"#),
            r#"field "m.k[0]": "1960-01-01" is outside of 1970-01-01 to 2149-06-06, which the column keeps"#
        );
        assert_eq!(
            found(r#"{"t":{"o p":1,"n":0.25}}"#),
            r#"field "t.n": 0.25 has more digits than Decimal(3, 1) keeps"#
        );
        assert_eq!(
            found(r#"{"t":{"o p":null}}"#),
            r#"field "t.o p": null, and the column is Int8, not Nullable"#
        );
        assert_eq!(found(r#"{"u":["x",-1]}"#), r#"field "u[1]": -1 does not fit UInt8 (0 to 255)"#);
    }

    #[test]
    fn what_is_no_json_and_a_null_that_is_meant_are_passed_on() {
        let kinds = [("a", "UInt8")];
        assert_eq!(losses(&kinds, false).find(b"{\"a\":300"), Ok(()));
        assert_eq!(losses(&kinds, false).find(b"{\"a\":3oo}"), Ok(()));
        assert_eq!(losses(&kinds, true).find(b"{\"a\":null}"), Ok(()));
        assert_eq!(losses(&[("s", "String")], false).find(b"{\"s\":null}"), Ok(()));
    }

    #[test]
    fn quotes_and_brackets_are_enough_to_find_a_value() {
        let kinds = [("a", "UInt8"), ("b", "Array(Int8)"), ("c", "String"), ("m", "Map(String, Int8)")];
        let losses = losses(&kinds, false);
        for kept in [
            r#"{}"#,
            r#"{ "a" : 1 , "b" : [ ] , "c":"x" }"#,
            r#"{"c":"\"a\":256","a":25}"#,
            r#"{"c":{"a":[300,"}"]}}"#,
            r#"{"x":{"a":300},"a":3}"#,
            r#"{"c":"\\","a":3}"#,
        ] {
            assert_eq!(losses.find(kept.as_bytes()), Ok(()), "{kept}");
        }
        for lost in [
            r#"{ "b" : [ 1, 200 ] }"#,
            r#"{"c":"a\\","a":256}"#,
            "{\"a\" :300\t}",
            "{\"a\":\x0b300,\"b\":[]}",
            r#"{"A":300}"#,
            r#"{"\u0061":300}"#,
            // ClickHouse reads these, though they are no JSON.
            r#"{"b":[+1,+200]}"#,
            r#"{"c":NaN,"a":300}"#,
            r#"{"m":{"k":1,"k":300}}"#,
        ] {
            assert!(losses.find(lost.as_bytes()).is_err(), "{lost}");
        }
    }
}
