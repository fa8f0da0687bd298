//! `CREATE TABLE` for a record.

use crate::column_type::{quote_name, quote_text};
use crate::{Column, ColumnType};

/// The table for a subject or a topic: `kafka-events-value` and `kafka-events` are for `kafka_events`. What is no letter,
/// digit or underscore becomes an underscore; a context (`:.eu:`) is no part of it.
///
/// ```
/// assert_eq!(kch_schema::table_name(":.eu:web.Orders-value"), "web_Orders");
/// ```
#[must_use]
pub fn table_name(subject: &str) -> String {
    let in_context = subject.strip_prefix(":.").and_then(|rest| rest.split_once(':'));
    let subject = in_context.map_or(subject, |(_, name)| name);
    let topic = subject.strip_suffix("-value").unwrap_or(subject);
    let name: String =
        topic.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if name.is_empty() { "records".to_owned() } else { name }
}

/// A table to create.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name: `table` or `database.table`.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The cluster to create it on.
    pub cluster: Option<String>,
    /// The engine with its arguments.
    pub engine: String,
    /// What it is sorted by; `None` takes the first column that can be a key, for an engine that sorts.
    pub order_by: Option<String>,
    /// Whether it keeps in mind which blocks it has, so that none is taken twice. Replicated tables do so by themselves.
    pub deduplicate: bool,
}

/// Why a table cannot be sorted as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderError {
    /// No such column.
    Unknown {
        /// The name.
        name: String,
        /// The column with the name nearest to it.
        nearest: Option<String>,
    },
    /// A column that cannot be a key.
    NotAKey {
        /// The column.
        name: String,
        /// Its type.
        column_type: ColumnType,
    },
}

impl Table {
    /// The statement, with its final semicolon.
    ///
    /// # Errors
    /// When `order_by` lists columns and one of them is not there or cannot be a key. What is no plain list of names
    /// is taken as an expression and left to ClickHouse.
    pub fn create(&self) -> Result<String, OrderError> {
        let name = self.name.split('.').map(quote_name).collect::<Vec<_>>().join(".");
        let cluster = self.cluster.as_deref().map(|name| format!(" ON CLUSTER {}", quote_name(name)));
        let columns: Vec<String> = self.columns.iter().map(definition).collect();
        let mut settings = Vec::new();
        // Without it ClickHouse refuses a Variant of two numbers or two tuples.
        if self.columns.iter().any(|column| column.column_type.has_variant()) {
            settings.push("allow_suspicious_variant_types = 1");
        }
        if self.deduplicate && !self.engine.contains("Replicated") {
            settings.push("non_replicated_deduplication_window = 1000");
        }
        let word = if settings.is_empty() { "" } else { "\nSETTINGS " };
        let settings = format!("{word}{}", settings.join(", "));
        Ok(format!(
            "CREATE TABLE IF NOT EXISTS {name}{}\n(\n{}\n)\nENGINE = {}{}{settings};\n",
            cluster.unwrap_or_default(),
            columns.join(",\n"),
            self.engine,
            self.order_clause()?
        ))
    }

    /// Only the engines of the MergeTree family sort.
    fn order_clause(&self) -> Result<String, OrderError> {
        if self.order_by.is_none() && !self.engine.contains("MergeTree") {
            return Ok(String::new());
        }
        Ok(format!("\nORDER BY {}", self.order()?))
    }

    fn order(&self) -> Result<String, OrderError> {
        let Some(asked) = self.order_by.as_deref().map(str::trim) else {
            let first = self.columns.iter().find(|column| column.column_type.can_be_key());
            return Ok(first.map_or_else(|| "tuple()".to_owned(), |column| quote_name(&column.name)));
        };
        let names: Vec<&str> = asked.split(',').map(str::trim).collect();
        let is_name =
            |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !names.iter().all(is_name) {
            return Ok(if asked.starts_with('(') || asked == "tuple()" {
                asked.to_owned()
            } else {
                format!("({asked})")
            });
        }
        let names = names.iter().map(|name| self.key(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(if names.len() == 1 { names.concat() } else { format!("({})", names.join(", ")) })
    }

    fn key(&self, name: &str) -> Result<String, OrderError> {
        let Some(column) = self.columns.iter().find(|column| column.name == name) else {
            let near = |column: &&Column| strsim::damerau_levenshtein(&column.name, name);
            let nearest = self.columns.iter().min_by_key(near).filter(|column| near(column) <= 2);
            return Err(OrderError::Unknown {
                name: name.to_owned(),
                nearest: nearest.map(|column| column.name.clone()),
            });
        };
        // A float can be sorted by, though nobody would choose it.
        let column_type = &column.column_type;
        if column_type.can_be_key() || matches!(column_type, ColumnType::Float32 | ColumnType::Float64) {
            return Ok(quote_name(name));
        }
        Err(OrderError::NotAKey { name: name.to_owned(), column_type: column_type.clone() })
    }
}

fn definition(column: &Column) -> String {
    let Column { name, column_type, default, doc, .. } = column;
    let default = default.as_ref().map(|value| format!(" DEFAULT {value}")).unwrap_or_default();
    let doc = doc.as_ref().map(|doc| format!(" COMMENT {}", quote_text(doc))).unwrap_or_default();
    format!("    {} {column_type}{default}{doc}", quote_name(name))
}
