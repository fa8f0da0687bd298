//! What the server knows of its tables: the verbs `tables` and `describe`, and what other verbs ask about a table.

use kch_cli::{Exit, Failure, Format, Io, Render, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::args::{DescribeArgs, TablesArgs};
use crate::exception::Exception;
use crate::quoting::{escape, quote, table_parts};
use crate::session::{Pairs, Session};

const TABLES: &str = "SELECT name, engine, total_rows AS rows, total_bytes AS bytes, comment FROM system.tables \
     WHERE database = currentDatabase() AND NOT is_temporary AND name LIKE {like:String} ORDER BY name";

const TABLE: &str = "SELECT engine, engine_full FROM system.tables \
     WHERE database = if({db:String} = '', currentDatabase(), {db:String}) AND name = {table:String}";

const COLUMNS: &str = "SELECT name, type, default_kind, default_expression, comment, \
     toBool(is_in_sorting_key) AS in_sorting_key, toBool(is_in_partition_key) AS in_partition_key FROM system.columns \
     WHERE database = if({db:String} = '', currentDatabase(), {db:String}) AND table = {table:String} ORDER BY position";

/// A pattern of LIKE as it is; what is written as the other tools and shells have it, with `*` and `?`, as one.
fn like(pattern: &str) -> String {
    if !pattern.contains(['*', '?']) {
        return pattern.to_owned();
    }
    let literal = pattern.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    literal.replace('*', "%").replace('?', "_")
}

/// `ch-query tables`.
pub(crate) async fn tables(
    args: &TablesArgs,
    format: Option<Format>,
    session: &mut Session,
    io: &mut Io,
) -> Result<Exit> {
    let like = ("like".to_owned(), escape(&args.pattern.as_deref().map_or("%".to_owned(), like)));
    let rows = match session.ask(TABLES, "JSONEachRow", vec![like], io).await? {
        Ok(rows) => parse_rows(&rows)?,
        Err(exit) => return Ok(exit),
    };
    Render::new(format, &io.output).rows(&rows, &mut io.output)?;
    Ok(Exit::Done)
}

/// `ch-query describe`.
pub(crate) async fn describe(
    args: &DescribeArgs,
    format: Option<Format>,
    session: &mut Session,
    io: &mut Io,
) -> Result<Exit> {
    let text = match session.ask(COLUMNS, "JSONEachRow", names(&args.table), io).await? {
        Ok(text) => text,
        Err(exit) => return Ok(exit),
    };
    let rows = parse_rows(&text)?;
    if rows.is_empty() {
        return Err(unknown(&args.table, session, io).await);
    }
    Render::new(format, &io.output).rows(&rows, &mut io.output)?;
    Ok(Exit::Done)
}

/// A table as far as inserting into it goes.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Table {
    pub(crate) engine: String,
    pub(crate) engine_full: String,
    #[serde(skip)]
    pub(crate) columns: Vec<Column>,
}

/// One column.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) default_kind: String,
    #[serde(default)]
    pub(crate) default_expression: String,
    #[serde(default)]
    pub(crate) in_sorting_key: bool,
    #[serde(default)]
    pub(crate) in_partition_key: bool,
}

const TUPLES_ADVICE: [&str; 2] = [
    ", enable setting input_format_json_ignore_unknown_keys_in_named_tuple",
    " (consider enabling input_format_json_ignore_unknown_keys_in_named_tuple setting)",
];

impl Column {
    /// Whether an `INSERT` may give it a value.
    pub(crate) fn takes_values(&self) -> bool {
        !matches!(self.default_kind.as_str(), "MATERIALIZED" | "ALIAS")
    }
}

impl Table {
    /// "`name` Type, …": what an `INSERT` may give.
    pub(crate) fn structure(&self) -> String {
        let columns = self.columns.iter().filter(|column| column.takes_values());
        columns
            .map(|column| format!("{} {}", quote(&column.name), column.kind))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Table {
    /// The server's words about a row, with the nearest column's name for a field that the table lacks, and without the
    /// setting that it advises against a field that a tuple lacks: --ignore-unknown sets that.
    pub(crate) fn explain(&self, exception: &Exception) -> Exception {
        let mut explained = exception.clone();
        for advice in TUPLES_ADVICE {
            explained.message = explained.message.replace(advice, "");
        }
        let field = exception.message.split_once("Unknown field found while parsing JSONEachRow format: ");
        let field = field.and_then(|(_, rest)| rest.split([':', ' ']).next());
        let names = self.columns.iter().map(|column| column.name.as_str());
        if let Some(column) = field.and_then(|field| kch_cli::nearest(field, names)) {
            explained.message += &format!(" (did you mean {column}?)");
        }
        explained
    }
}

/// Asks about a table; one that is not there is an error with the nearest name.
pub(crate) async fn find(
    table: &str,
    session: &mut Session,
    io: &mut Io,
) -> Result<std::result::Result<Table, Exit>> {
    let row = match session.ask(TABLE, "JSONEachRow", names(table), io).await? {
        Ok(row) => row,
        Err(exit) => return Ok(Err(exit)),
    };
    let columns = match session.ask(COLUMNS, "JSONEachRow", names(table), io).await? {
        Ok(columns) => columns,
        Err(exit) => return Ok(Err(exit)),
    };
    let Some(row) = row.lines().next() else { return Err(unknown(table, session, io).await) };
    let parsed = serde_json::from_str::<Table>(row).and_then(|found| {
        let columns = columns.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
        Ok(Table { columns, ..found })
    });
    parsed.map(Ok).map_err(|error| strange(&error))
}

async fn unknown(table: &str, session: &mut Session, io: &mut Io) -> Failure {
    let failure = Failure::refused(format!("there is no table {table}"));
    let all = vec![("like".to_owned(), "%".to_owned())];
    let Ok(Ok(rows)) = session.ask(TABLES, "JSONEachRow", all, io).await else { return failure };
    let rows = parse_rows(&rows).unwrap_or_default();
    let names: Vec<&str> = rows.iter().filter_map(|row| row.get("name")?.as_str()).collect();
    match kch_cli::nearest(table, names.iter().copied()) {
        Some(name) => failure.hint(format!("did you mean {name}?")),
        None => failure.hint("ch-query tables lists the tables; --database picks another database"),
    }
}

fn names(table: &str) -> Pairs {
    let (database, name) = table_parts(table);
    [("db", database), ("table", name)].map(|(name, value)| (name.to_owned(), escape(&value))).into()
}

fn parse_rows(text: &str) -> Result<Vec<Value>> {
    text.lines().map(|row| serde_json::from_str(row).map_err(|error| strange(&error))).collect()
}

fn strange(error: &serde_json::Error) -> Failure {
    Failure::unavailable(format!(
        "ClickHouse answered with something that is no row of its own tables: {error}"
    ))
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn names_are_matched_as_sql_or_as_a_shell_does() {
        assert_eq!(like("kafka_%"), "kafka_%");
        assert_eq!(like("kafka_*"), r"kafka\_%");
        assert_eq!(like("t?"), "t_");
    }
}
