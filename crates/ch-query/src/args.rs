//! The command line. Literal: what it means is worked out in [`crate::plan`].

mod server;
mod verbs;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use kch_cli::{CommonArgs, Settings, parse_size, vars};

pub use server::{Compression, ServerArgs};
pub use verbs::{CheckArgs, DescribeArgs, InsertArgs, RouteName, TablesArgs, Verb};

/// ClickHouse from the shell, over HTTP: SQL in, rows out as JSON lines; rows in, for an INSERT
///
/// The first word is the SQL, in quotes, or a verb: insert, tables, describe, check. A verb is exactly that word; SQL is
/// never one of them alone. SQL behind `--` is SQL in any case.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_long_help = EXAMPLES, disable_help_subcommand = true)]
#[command(override_usage = "ch-query [OPTIONS] [SQL]\n       ch-query [OPTIONS] <COMMAND>")]
pub struct Args {
    /// What to do, when it is not SQL
    #[command(subcommand)]
    pub verb: Option<Verb>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the tool's own help text")]
    pub query: QueryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the tool's own help text")]
    pub server: ServerArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the tool's own help text")]
    pub common: CommonArgs,
}

/// What is run and how, when it is SQL.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct QueryArgs {
    /// The SQL; from stdin when it is not given
    ///
    /// Several statements are separated by `;` and run one after the other; the first error ends the run. An INSERT with
    /// a FORMAT and no data of its own takes its data from stdin. Without SQL, on a terminal or with an empty stdin, the
    /// latest LIMIT rows of TABLE are shown. An INSERT without a FORMAT takes JSON lines.
    #[arg(value_name = "SQL")]
    pub sql: Option<String>,

    /// Read the SQL from a file, `-` for stdin
    ///
    /// Data of an INSERT … FORMAT inside the file ends at the first empty line or at the end of the file.
    #[arg(short, long, value_name = "FILE", conflicts_with = "sql")]
    pub file: Option<PathBuf>,

    /// Print rows in any format of ClickHouse, such as CSV
    ///
    /// It is passed through as it is, with ClickHouse's own settings for it.
    #[arg(long, value_name = "NAME", conflicts_with = "output")]
    pub format: Option<String>,

    /// A value for {NAME:Type} in the SQL; repeatable
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = server::pair)]
    pub params: Vec<(String, String)>,

    /// Run the SQL once for each JSON line of stdin
    ///
    /// The line's fields are the values for {NAME:Type} in the SQL: typed, never pasted into its text. The first line
    /// that fails ends the run, and is named.
    #[arg(long, conflicts_with_all = ["table", "limit", "ping", "until"])]
    pub each: bool,

    /// Stdin's JSON lines as a table of this name
    ///
    /// The SQL reads it like any other table; it is gone with the query. Without SQL: the table whose latest rows are
    /// shown, last by its sorting key, newest first [env: TABLE].
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,

    /// Its columns, as 'id UInt64, name String'
    ///
    /// Default: what ClickHouse infers from the first 128 KiB of the lines.
    #[arg(long, value_name = "COLUMNS", requires = "table")]
    pub structure: Option<String>,

    /// How many latest rows to show [env: LIMIT]
    #[arg(long, value_name = "N", conflicts_with_all = ["sql", "file"])]
    pub limit: Option<u64>,

    /// Ask again until a row fulfils this condition
    ///
    /// Prints the rows that fulfil it. Gives up after --timeout (60 s unless it is given) with exit code 3, and shows
    /// what the last answer was. A server that is away meanwhile is waited for; an error of the query ends it.
    #[arg(long, value_name = "CONDITION", conflicts_with_all = ["limit", "ping", "format", "table"])]
    pub until: Option<String>,

    /// Print all rows or none: an error leaves stdout empty
    ///
    /// The server holds the answer back until it is complete.
    #[arg(long)]
    pub atomic: bool,

    /// Cut an answer after N rows: exit code 1
    ///
    /// A guard for scripts: the query is cancelled, and what was printed is not all. LIMIT in the SQL, or `| head`, is for
    /// wanting no more. Rows are counted in JSON lines; --max-bytes cuts any answer.
    #[arg(long, value_name = "N", conflicts_with_all = ["limit", "ping", "until"])]
    pub max_rows: Option<u64>,

    /// Cut an answer after 1000, 64k, 10M bytes: exit code 1
    ///
    /// Of JSON lines only whole ones are printed.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, conflicts_with_all = ["limit", "ping", "until"])]
    pub max_bytes: Option<u64>,

    /// Ask whether the server is up, and stop
    #[arg(long, conflicts_with_all = ["sql", "file", "table", "limit"])]
    pub ping: bool,

    /// Let an INSERT have no data on stdin
    #[arg(long)]
    pub allow_empty: bool,
}

impl QueryArgs {
    /// The first of its flags that was given, for those who have no use for them.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("SQL", self.sql.is_some()),
            ("--file", self.file.is_some()),
            ("--format", self.format.is_some()),
            ("--param", !self.params.is_empty()),
            ("--each", self.each),
            ("--table", self.table.is_some()),
            ("--limit", self.limit.is_some()),
            ("--until", self.until.is_some()),
            ("--atomic", self.atomic),
            ("--max-rows", self.max_rows.is_some()),
            ("--max-bytes", self.max_bytes.is_some()),
            ("--ping", self.ping),
            ("--allow-empty", self.allow_empty),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// The forms that rows are printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One JSON object a line
    Json,
    /// An aligned table
    Table,
    /// The values alone, separated by tabs, not escaped
    Raw,
}

impl Output {
    /// ClickHouse's name for it.
    #[must_use]
    pub fn format(self) -> &'static str {
        match self {
            Output::Json => "JSONEachRow",
            Output::Table => "PrettyCompact",
            Output::Raw => "TabSeparatedRaw",
        }
    }
}

impl Args {
    /// Puts the flags above the other sources of their settings.
    pub fn override_settings(&self, settings: &mut Settings) {
        settings.set_flag(&vars::CLICKHOUSE_HTTP, self.server.url.as_deref());
        settings.set_flag(&vars::CLICKHOUSE_USER, self.server.user.as_deref());
        settings.set_flag(&vars::CLICKHOUSE_DATABASE, self.server.database.as_deref());
        settings.set_flag(&vars::TABLE, self.query.table.as_deref());
        if let Some(Verb::Check(check)) = &self.verb {
            check.registry.apply(settings);
        }
        settings.set_flag(&vars::LIMIT, self.query.limit.map(|limit| limit.to_string()).as_deref());
    }
}

const EXAMPLES: &str = "\
Examples:
  ch-query 'SELECT count(), min(id), max(id) FROM kafka_events'
  ch-query 'SELECT * FROM kafka_events' | jq -r .payload | sort | uniq -c
  ch-query -p source=app 'SELECT * FROM kafka_events WHERE source = {source:String}'
  echo '{\"id\":7}' | ch-query --each 'SELECT * FROM kafka_events WHERE id = {id:Int64}'
  echo '{\"id\":7}' | ch-query --table ids 'SELECT * FROM kafka_events WHERE id IN ids'
  ch-query --until 'n >= 5' --timeout 60s 'SELECT count() AS n FROM kafka_events'
  jq -c .value events.json | ch-query insert kafka_events --rejects bad.jsonl
  ch-query -f sql/ddl/clickhouse_kafka_sink.sql
  ch-query --format Parquet 'SELECT * FROM kafka_events' > events.parquet
  TABLE=kafka_events LIMIT=5 ch-query
  ch-query --max-rows 1000 'SELECT * FROM kafka_events' > events.jsonl
  ch-query --ping && echo up

Exit codes:
  0    done: the server said so at the end of its answer
  1    the query failed, at once or in the middle of its answer; rows were refused
  2    usage, or the credentials were refused
  3    not reachable, timed out or lost quorum: try again
  130  SIGINT, 143 SIGTERM: the query was cancelled";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Those of `CommonArgs`, and clap's own.
    fn command_line_of_all_tools(id: &str) -> bool {
        ["env_file", "show_config", "help", "version"].contains(&id)
    }

    #[test]
    fn the_definition_is_sound_and_every_flag_has_help_of_one_line() {
        let command = Args::command();
        command.clone().debug_assert();
        for command in std::iter::once(&command).chain(command.get_subcommands()) {
            for arg in command.get_arguments() {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                let one_line = !help.is_empty() && help.len() <= 56 && !help.contains('\n');
                let place = format!("{} {}: {help}", command.get_name(), arg.get_id());
                assert!(one_line || command_line_of_all_tools(arg.get_id().as_str()), "{place}");
            }
        }
    }

    #[test]
    fn a_verb_is_a_word_of_its_own_and_everything_else_is_sql() {
        let parse = |line: &[&str]| Args::try_parse_from(["ch-query"].iter().chain(line)).unwrap();
        assert!(matches!(parse(&["insert", "t"]).verb, Some(Verb::Insert(_))));
        assert!(matches!(parse(&["--url", "http://h", "tables", "-o", "raw"]).verb, Some(Verb::Tables(_))));
        for sql in ["insert into t values (1)", "INSERT", "describe t", "tables;"] {
            let args = parse(&[sql]);
            assert!(args.verb.is_none() && args.query.sql.as_deref() == Some(sql), "{sql}");
        }
        assert_eq!(parse(&["--", "tables"]).query.sql.as_deref(), Some("tables"));
    }
}
