//! Rows of CSV as objects of JSON, for a draft of their schema.
//!
//! A cell says no type: 00123 may be a number or the name of a place. So each row comes twice, as it looks and with texts
//! alone, and a column that looks like several things is one of texts.

use std::io::Read;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use kch_avro::names::is_name;
use kch_cli::{Failure, Result, other_delimiter};
use kch_schema::Drafted;
use serde_json::Value;

/// Reads rows whose first one names the columns.
pub(crate) struct Rows<R> {
    reader: Reader<R>,
    columns: Vec<String>,
    /// Of the input, for messages.
    name: String,
    row: StringRecord,
}

impl<R: Read> Rows<R> {
    /// Reads the names of the columns.
    ///
    /// # Errors
    /// A name that is none of a field, or that is there twice.
    pub(crate) fn open(input: R, delimiter: u8, name: &str) -> Result<Rows<R>> {
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(input);
        let names = reader.headers().map_err(|error| refusal(name, &error))?;
        let columns: Vec<String> = names.iter().map(str::to_owned).collect();
        for (at, column) in columns.iter().enumerate() {
            let refuse = |what: &str| Failure::refused(format!("{name}:1: the column {column:?} {what}"));
            if columns[..at].contains(column) {
                return Err(refuse("is there twice: the first line of CSV names the fields"));
            }
            if !is_name(column) {
                let flag = if columns.len() == 1 { other_delimiter(column) } else { None };
                let failure = refuse("cannot be the name of a field");
                return Err(match flag {
                    Some(flag) => failure.hint(format!("the cells are not separated by commas: {flag}")),
                    None => failure.hint(
                        "names have letters, digits and underscores: sed '1s/ /_/g' changes the first line",
                    ),
                });
            }
        }
        Ok(Rows { reader, columns, name: name.to_owned(), row: StringRecord::new() })
    }

    /// The next row, as it looks and with texts alone; `None` at the end.
    ///
    /// # Errors
    /// A row of another length, or that is no text.
    pub(crate) fn next(&mut self) -> Result<Option<[String; 2]>> {
        if !self.reader.read_record(&mut self.row).map_err(|error| refusal(&self.name, &error))? {
            return Ok(None);
        }
        Ok(Some([self.object(typed), self.object(text)]))
    }

    fn object(&self, value: fn(&str) -> String) -> String {
        let cells = self.columns.iter().zip(&self.row);
        let cells: Vec<String> =
            cells.map(|(column, cell)| format!("{}:{}", Value::from(column.as_str()), value(cell))).collect();
        format!("{{{}}}", cells.join(","))
    }

    /// The line of the last row.
    pub(crate) fn line(&self) -> u64 {
        self.row.position().map_or(0, csv::Position::line)
    }
}

/// A number, a boolean or a null where the cell is one of JSON's.
fn typed(cell: &str) -> String {
    // 482e1234 is more likely a part of a hash than a number: no type holds it.
    let is_number = || {
        serde_json::from_str::<&serde_json::value::RawValue>(cell).is_ok()
            && cell.parse::<f64>().is_ok_and(f64::is_finite)
    };
    let starts = cell.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    if cell == "true" || cell == "false" || starts && is_number() { cell.to_owned() } else { text(cell) }
}

fn text(cell: &str) -> String {
    if cell.is_empty() { "null".to_owned() } else { Value::from(cell).to_string() }
}

fn refusal(name: &str, error: &csv::Error) -> Failure {
    let line = |pos: &Option<csv::Position>| pos.as_ref().map_or(1, csv::Position::line);
    Failure::refused(match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            format!("{name}:{}: expected {expected_len} cells, found {len}", line(pos))
        }
        ErrorKind::Utf8 { pos, .. } => format!("{name}:{}: not UTF-8", line(pos)),
        _ => format!("{name}: {error}"),
    })
}

/// The draft of the rows as they look, with columns of texts where they look like several things.
pub(crate) fn settled(mut typed: Drafted, mut texts: Drafted) -> Drafted {
    let (Some(fields), Some(of_texts)) =
        (typed.schema["fields"].as_array_mut(), texts.schema["fields"].as_array_mut())
    else {
        return typed;
    };
    for (field, of_texts) in fields.iter_mut().zip(of_texts) {
        if kinds(&field["type"]) < 2 {
            continue;
        }
        let about = format!("field {} ", field["name"]);
        typed.notes.retain(|note| !note.starts_with(&about));
        typed.notes.extend(texts.notes.iter().filter(|note| note.starts_with(&about)).cloned());
        *field = of_texts.take();
    }
    typed
}

/// How many types there are beside null.
fn kinds(kind: &Value) -> usize {
    kind.as_array().map_or(1, |branches| branches.iter().filter(|&branch| branch != "null").count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_what_they_look_like() {
        let looks: Vec<String> = [
            "1",
            "-1.5e3",
            "007",
            "1_0",
            "true",
            "True",
            "",
            "null",
            "a\"b",
            "2026-11-22",
            "1 2",
            "-",
            "482e1234",
        ]
        .map(typed)
        .into();
        let expected = [
            "1",
            "-1.5e3",
            "\"007\"",
            "\"1_0\"",
            "true",
            "\"True\"",
            "null",
            "\"null\"",
            "\"a\\\"b\"",
            "\"2026-11-22\"",
            "\"1 2\"",
            "\"-\"",
            "\"482e1234\"",
        ];
        assert_eq!(looks, expected);
    }
}
