//! The command line. Literal: what it means is worked out in [`crate::plan`].

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use kch_cli::{CommonArgs, Settings, vars};

/// ClickHouse from the shell, over HTTP: SQL in, rows out as JSON lines; rows in, for an INSERT
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_long_help = EXAMPLES)]
pub struct Args {
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

    /// Print rows as json, table or raw
    ///
    /// Raw is the values alone, separated by tabs. Default: table on a terminal, else json. A FORMAT in the SQL wins. In json, integers and decimals of any width are
    /// numbers, exact; NaN and infinities are the strings "nan", "inf" and "-inf".
    #[arg(short, long, value_name = "FORM", hide_possible_values = true)]
    pub output: Option<Output>,

    /// Print rows in any format of ClickHouse, such as CSV
    ///
    /// It is passed through as it is, with ClickHouse's own settings for it.
    #[arg(long, value_name = "NAME", conflicts_with = "output")]
    pub format: Option<String>,

    /// A value for {NAME:Type} in the SQL; repeatable
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,

    /// A setting of ClickHouse for the queries; repeatable
    #[arg(short, long = "setting", value_name = "NAME=VALUE", value_parser = pair)]
    pub settings: Vec<(String, String)>,

    /// Show this table's latest rows [env: TABLE]
    ///
    /// The last ones by its sorting key, newest first. Stdin is left alone.
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["sql", "file"])]
    pub table: Option<String>,

    /// How many of them [env: LIMIT]
    #[arg(long, value_name = "N", conflicts_with_all = ["sql", "file"])]
    pub limit: Option<u64>,

    /// Ask whether the server is up, and stop
    #[arg(long, conflicts_with_all = ["sql", "file", "table", "limit"])]
    pub ping: bool,

    /// Say on stderr what each query printed or wrote
    #[arg(long)]
    pub stats: bool,

    /// Let an INSERT have no data on stdin
    #[arg(long)]
    pub allow_empty: bool,

    /// Cancel a query after this time; 0 never does
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, value_parser = seconds)]
    pub timeout: f64,

    /// Name the query, for system.query_log
    ///
    /// A second statement gets -2 behind it. Default: a random UUID.
    #[arg(long, value_name = "ID")]
    pub query_id: Option<String>,

    /// ClickHouse's HTTP address [env: CLICKHOUSE_HTTP]
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub url: Option<String>,

    /// The user [env: CLICKHOUSE_USER]
    ///
    /// The password is CLICKHOUSE_PASSWORD, in the environment or in .env; it has no flag.
    #[arg(short, long, value_name = "NAME", help_heading = "Settings")]
    pub user: Option<String>,

    /// The database [env: CLICKHOUSE_DATABASE]
    #[arg(short, long, value_name = "NAME", help_heading = "Settings")]
    pub database: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the tool's own help text")]
    pub common: CommonArgs,
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
        settings.set_flag(&vars::CLICKHOUSE_HTTP, self.url.as_deref());
        settings.set_flag(&vars::CLICKHOUSE_USER, self.user.as_deref());
        settings.set_flag(&vars::CLICKHOUSE_DATABASE, self.database.as_deref());
        settings.set_flag(&vars::TABLE, self.table.as_deref());
        settings.set_flag(&vars::LIMIT, self.limit.map(|limit| limit.to_string()).as_deref());
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let named = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = named.ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn seconds(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number of seconds")?;
    if number.is_finite() && (0.0..=1e9).contains(&number) {
        Ok(number)
    } else {
        Err("expected 0 or more".into())
    }
}

const EXAMPLES: &str = "\
Examples:
  ch-query 'SELECT count(), min(id), max(id) FROM kafka_events'
  ch-query 'SELECT * FROM kafka_events' | jq -r .payload | sort | uniq -c
  ch-query -p source=app 'SELECT * FROM kafka_events WHERE source = {source:String}'
  jq -c .value events.json | ch-query 'INSERT INTO kafka_events'
  ch-query -f sql/ddl/clickhouse_kafka_sink.sql
  ch-query --format Parquet 'SELECT * FROM kafka_events' > events.parquet
  TABLE=kafka_events LIMIT=5 ch-query
  ch-query --ping && echo up

Exit codes:
  0    done: the server said so at the end of its answer
  1    the query failed, at once or in the middle of its answer
  2    usage, or the credentials were refused
  3    not reachable, timed out or lost quorum: try again
  130  SIGINT, 143 SIGTERM: the query was cancelled";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Those of `CommonArgs`.
    fn command_line_of_all_tools(id: &str) -> bool {
        ["env_file", "show_config"].contains(&id)
    }

    #[test]
    fn the_definition_is_sound_and_every_flag_has_help_of_one_line() {
        let command = Args::command();
        command.clone().debug_assert();
        for arg in command.get_arguments() {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let one_line = !help.is_empty() && help.len() <= 52 && !help.contains('\n');
            assert!(one_line || command_line_of_all_tools(arg.get_id().as_str()), "{}: {help}", arg.get_id());
        }
    }

    #[test]
    fn a_pair_keeps_what_follows_its_first_equals_sign() {
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(pair("a="), Ok(("a".into(), String::new())));
        assert!(pair("=b").is_err() && pair("a").is_err());
        assert!(seconds("-1").is_err() && seconds("nan").is_err() && seconds("0.5") == Ok(0.5));
    }
}
