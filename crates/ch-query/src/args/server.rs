//! What goes with every request, be it SQL or a verb.

use std::time::Duration;

use clap::ValueEnum;
use kch_cli::parse_duration;

use crate::Output;

/// The server, and how it is asked.
#[derive(Clone, Debug, clap::Args)]
pub struct ServerArgs {
    /// Print rows as json, table or raw
    ///
    /// Raw is the values alone, separated by tabs. Default: table on a terminal, else json. A FORMAT in the SQL wins. In
    /// json, integers and decimals of any width are numbers, exact; NaN and infinities are the strings "nan", "inf" and
    /// "-inf".
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, global = true)]
    pub output: Option<Output>,

    /// A setting of ClickHouse for the queries; repeatable
    #[arg(short, long = "setting", value_name = "NAME=VALUE", value_parser = pair, global = true)]
    pub settings: Vec<(String, String)>,

    /// Print a JSON line on stderr about each query or load
    ///
    /// Query id, rows, bytes, seconds. What the server says it read is in it where its answer says so only at its end:
    /// for an INSERT and with --atomic.
    #[arg(long, global = true)]
    pub stats: bool,

    /// Cancel a query after this time, as 500ms, 60s, 5m
    #[arg(long, value_name = "TIME", value_parser = parse_duration, global = true)]
    pub timeout: Option<Duration>,

    /// Refuse whatever would change something
    ///
    /// The server does the refusing: readonly = 2.
    #[arg(long, global = true)]
    pub readonly: bool,

    /// Name the query, for system.query_log
    ///
    /// A second statement gets -2 behind it. Default: a random UUID. There is also a log_comment, `ch-query` or `ch-query
    /// insert`, unless -s log_comment=TEXT gives another.
    #[arg(long, value_name = "ID", global = true)]
    pub query_id: Option<String>,

    /// Compress both ways: none, gzip or zstd
    ///
    /// For a network that is slower than a core: zstd packs JSON lines at some 300 MB/s.
    #[arg(
        long,
        value_name = "KIND",
        default_value = "none",
        hide_possible_values = true,
        hide_default_value = true,
        global = true
    )]
    pub compress: Compression,

    /// Show no progress on a terminal
    ///
    /// It is what system.processes says. For a user who may not read it, -s send_progress_in_http_headers=1 takes it from
    /// the head of the answer; not through HAProxy or nginx, which show nothing of a head until it is whole, and refuse one
    /// of more than 100 lines.
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// ClickHouse's HTTP address [env: CLICKHOUSE_HTTP]
    ///
    /// Several, separated by commas, are nodes of one cluster: the first that answers is asked, and the next one when it
    /// no longer does.
    #[arg(long, value_name = "URL", help_heading = "Settings", global = true)]
    pub url: Option<String>,

    /// The user [env: CLICKHOUSE_USER]
    ///
    /// The password is CLICKHOUSE_PASSWORD, in the environment or in .env; it has no flag.
    #[arg(short, long, value_name = "NAME", help_heading = "Settings", global = true)]
    pub user: Option<String>,

    /// The database [env: CLICKHOUSE_DATABASE]
    #[arg(short, long, value_name = "NAME", help_heading = "Settings", global = true)]
    pub database: Option<String>,
}

/// How bodies are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// As they are
    #[default]
    None,
    /// As every server and proxy knows it
    Gzip,
    /// Faster and smaller
    Zstd,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let named = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = named.ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::pair;

    #[test]
    fn a_pair_keeps_what_follows_its_first_equals_sign() {
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(pair("a="), Ok(("a".into(), String::new())));
        assert!(pair("=b").is_err() && pair("a").is_err());
    }
}
