//! Rows as JSON lines in a pipe and as an aligned table on a terminal.

use std::io::{self, Write as _};

use comfy_table::{Table, presets};
use serde_json::Value;

use crate::Output;

/// How rows are printed (`-o`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Json,
    /// An aligned table
    Table,
    /// The values alone, separated by tabs
    Raw,
}

/// Prints rows in one format.
#[derive(Clone, Copy, Debug)]
pub struct Render {
    format: Format,
}

impl Render {
    /// The asked format, or a table on a terminal and JSON lines elsewhere.
    #[must_use]
    pub fn new(asked: Option<Format>, output: &Output) -> Render {
        let fitting = if output.is_terminal() { Format::Table } else { Format::Json };
        Render { format: asked.unwrap_or(fitting) }
    }

    /// Prints objects as rows; the columns of a table are the keys of the first one.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn rows(&self, rows: &[Value], output: &mut Output) -> io::Result<()> {
        match self.format {
            Format::Json => rows.iter().try_for_each(|row| output.line(row.to_string().as_bytes())),
            Format::Raw => rows
                .iter()
                .try_for_each(|row| output.line(cells(row).collect::<Vec<_>>().join("\t").as_bytes())),
            Format::Table => {
                let Some(Value::Object(first)) = rows.first() else { return output.flush() };
                let mut table = Table::new();
                table.load_preset(presets::NOTHING).set_header(first.keys());
                for row in rows {
                    table.add_row(cells(row));
                }
                table.lines().try_for_each(|line| output.line(line.trim().as_bytes()))
            }
        }
    }

    /// Prints one row.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn row(&self, row: Value, output: &mut Output) -> io::Result<()> {
        self.rows(&[row], output)
    }
}

fn cells(row: &Value) -> impl Iterator<Item = String> {
    let values: Vec<&Value> = match row {
        Value::Object(fields) => fields.values().collect(),
        other => vec![other],
    };
    values.into_iter().map(cell).collect::<Vec<_>>().into_iter()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.escape_default_control(),
        other => other.to_string(),
    }
}

trait EscapeControl {
    fn escape_default_control(&self) -> String;
}

impl EscapeControl for String {
    /// Foreign text must not break the table or drive the terminal.
    fn escape_default_control(&self) -> String {
        self.chars()
            .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
            .collect()
    }
}
