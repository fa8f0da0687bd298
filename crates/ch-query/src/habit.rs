//! What users of clickhouse-client type, and what it is here.

/// What a word that ch-query does not know means here; `before` begins with the verb, or is the SQL.
#[must_use]
pub fn habit(word: &str, before: &[&str]) -> Option<&'static str> {
    Some(match (word, before) {
        ("-q" | "--query", _) => "SQL stands alone, in quotes: ch-query 'SELECT 1'",
        ("--queries-file", _) => "-f FILE",
        ("--host" | "--port" | "--secure", _) => "--url http://HOST:8123, the HTTP port, or CLICKHOUSE_HTTP",
        ("--password" | "--ask-password", _) => {
            "passwords have no flag: CLICKHOUSE_PASSWORD, in .env or the environment"
        }
        ("-n" | "-m" | "--multiquery" | "--multiline", _) => "several statements need no flag",
        ("-t" | "--time", _) => "--stats prints time, rows and bytes of each query",
        ("--progress", _) => "progress shows by itself on a terminal",
        ("-E" | "--vertical", _) => "--format Vertical",
        ("--output-format" | "--output_format", _) => "--format NAME",
        ("--external" | "--structure", _) => "--table NAME makes stdin a table of the query",
        ("--format" | "--input-format" | "--input_format", ["insert", ..]) => {
            "it takes JSON lines; other formats: ch-query 'INSERT INTO TABLE FORMAT CSVWithNames' < FILE"
        }
        ("--input-format" | "--input_format", _) => "ch-query 'INSERT INTO TABLE FORMAT CSVWithNames' < FILE",
        ("-C" | "--config-file" | "--config", _) => {
            "settings come from .env or the environment: --show-config, --env-file FILE"
        }
        ("--stacktrace" | "--verbose", _) => "errors have the query's id: system.query_log knows more",
        ("-i" | "--interactive", _) => "SQL comes as an argument, from -f FILE or on stdin",
        ("-f" | "--file", ["insert", ..]) => "rows come on stdin: ch-query insert TABLE < FILE",
        (word, ["insert", _]) if !word.starts_with('-') => "rows come on stdin: ch-query insert TABLE < FILE",
        ("--file with [SQL]", _) => "-f is a file of SQL; a format is --format CSV",
        (flag, _) if flag.starts_with("--param_") => "-p NAME=VALUE",
        (flag, _) if flag.starts_with("--") && flag.contains('_') => {
            "a setting of the server is -s NAME=VALUE"
        }
        _ => return None,
    })
}
