//! Rows as JSON lines in a pipe and as an aligned table on a terminal.

use std::io::Write as _;

use comfy_table::{Table, presets};
use serde_json::Value;

use crate::field::Field;
use crate::{Output, Result};

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

/// The flags that say how rows are printed. Flatten them into the arguments of a tool that prints rows.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RenderArgs {
    /// Output format; by default a table on a terminal, else JSON lines
    #[arg(short = 'o', long, value_name = "FORMAT", global = true)]
    pub output: Option<Format>,

    /// Print only this field of each row, a string without quotes; a.b is a field inside of a field
    #[arg(short = 'q', long, value_name = "FIELD", global = true, conflicts_with = "output")]
    pub field: Option<String>,
}

impl RenderArgs {
    /// What prints rows as these flags say.
    #[must_use]
    pub fn render(&self, output: &Output) -> Render {
        Render { field: self.field.clone().map(Field), ..Render::new(self.output, output) }
    }
}

/// Prints rows in one format.
#[derive(Clone, Debug)]
pub struct Render {
    format: Format,
    field: Option<Field>,
}

impl Render {
    /// The asked format, or a table on a terminal and JSON lines elsewhere.
    #[must_use]
    pub fn new(asked: Option<Format>, output: &Output) -> Render {
        let fitting = if output.is_terminal() { Format::Table } else { Format::Json };
        Render { format: asked.unwrap_or(fitting), field: None }
    }

    /// Whether a person reads: a table, which has no room for what is nested.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.field.is_none() && self.format == Format::Table
    }

    /// Prints objects as rows; the columns of a table are the keys of the first one.
    ///
    /// # Errors
    /// Those of the writer. That no row has the field which alone is to be printed is told when the run has ended.
    pub fn rows(&self, rows: &[Value], output: &mut Output) -> Result<()> {
        if let Some(field) = &self.field {
            let terminal = output.is_terminal();
            for row in rows {
                for text in field.lines(row, &mut output.sought) {
                    let text = if terminal { text.escape_default_control() } else { text };
                    output.line(text.as_bytes())?;
                }
            }
            return Ok(());
        }
        match self.format {
            Format::Json => rows.iter().try_for_each(|row| output.line(row.to_string().as_bytes()))?,
            Format::Raw => rows
                .iter()
                .try_for_each(|row| output.line(cells(row).collect::<Vec<_>>().join("\t").as_bytes()))?,
            Format::Table => {
                let Some(Value::Object(first)) = rows.first() else { return Ok(output.flush()?) };
                let mut table = Table::new();
                table.load_preset(presets::NOTHING).set_header(first.keys());
                for row in rows {
                    table.add_row(cells(row));
                }
                table.lines().try_for_each(|line| output.line(line.trim().as_bytes()))?;
            }
        }
        Ok(())
    }

    /// Prints a record that is JSON already, in any format: as it is, or its field.
    ///
    /// # Errors
    /// As [`Render::rows`].
    pub fn record(&self, json: &[u8], output: &mut Output) -> Result<()> {
        match (&self.field, serde_json::from_slice(json)) {
            (Some(_), Ok(row)) => self.row(row, output),
            _ => Ok(output.line(json)?),
        }
    }

    /// Prints one row.
    ///
    /// # Errors
    /// As [`Render::rows`].
    pub fn row(&self, row: Value, output: &mut Output) -> Result<()> {
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
