//! The command line. Four options do not need a parser crate, and this program should start in no time.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use crate::failure::Failure;

/// The environment variable behind `--lib`.
pub(crate) const LIBRARY_VARIABLE: &str = "CHDB_LIB";

const LOG_LEVELS: [&str; 8] =
    ["none", "fatal", "critical", "error", "warning", "information", "debug", "trace"];

const HELP: &str = "\
Runs the real ClickHouse server out of libchdb.so

Usage: chdb-server --config-file FILE [--lib PATH] [--log-level LEVEL]

Options:
      --config-file FILE   ClickHouse's server configuration (XML or YAML); use absolute paths in it
      --lib PATH           libchdb.so [env: CHDB_LIB]
      --log-level LEVEL    what the engine writes to stderr: none, fatal, critical, error, warning,
                           information, debug or trace [default: warning]
  -h, --help               Print this help
  -V, --version            Print the version

HTTP and the native protocol are served where <http_port>, <tcp_port> and <listen_host> say. The
configuration must have a user `default` without a password, restricted to the loopback addresses: the
engine's own session runs as that user. The working directory shows through as tables of the database
`default`, so start in an empty one.

SIGTERM and SIGINT end the server: running queries are cancelled, tables are closed, exit code 0. A second
signal ends it at once.

Exit codes: 0 stopped by a signal, 1 the engine failed (its log says why), 2 usage or configuration.

Examples:
  chdb-server --lib ./libchdb.so --config-file /srv/clickhouse/config.xml
  CHDB_LIB=./libchdb.so chdb-server --config-file $PWD/config.xml --log-level debug
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Version,
    Serve(Args),
}

/// Everything that serving needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) config_file: PathBuf,
    pub(crate) library: PathBuf,
    pub(crate) log_level: String,
}

impl Command {
    /// Reads the arguments after the program's name; `library` is the value of `CHDB_LIB`.
    pub(crate) fn parse(
        arguments: impl Iterator<Item = OsString>,
        library: Option<OsString>,
    ) -> Result<Self, Failure> {
        let mut arguments = arguments;
        let mut config_file = None;
        let mut library = library.filter(|path| !path.is_empty());
        let mut log_level = "warning".to_owned();
        while let Some(argument) = arguments.next() {
            let (name, attached) = split_value(&argument);
            let value = || attached.or_else(|| arguments.next()).filter(|value| !value.is_empty());
            match name {
                "-h" | "--help" => return Ok(Self::Help),
                "-V" | "--version" => return Ok(Self::Version),
                "--config-file" => config_file = Some(value().ok_or_else(|| missing_value(name))?),
                "--lib" => library = Some(value().ok_or_else(|| missing_value(name))?),
                "--log-level" => log_level = known_level(&value().ok_or_else(|| missing_value(name))?)?,
                _ => {
                    return Err(Failure::usage(format!("unknown argument \"{}\"", argument.display()))
                        .with_hint("see chdb-server --help"));
                }
            }
        }
        let config_file = config_file.ok_or_else(|| {
            Failure::usage("no configuration: --config-file FILE is required")
                .with_hint("see chdb-server --help")
        })?;
        let library = library.ok_or_else(|| {
            Failure::usage("no library: neither --lib nor CHDB_LIB is given")
                .with_hint("scripts/native_fetch.sh fetches libchdb.so")
        })?;
        Ok(Self::Serve(Args { config_file: config_file.into(), library: library.into(), log_level }))
    }
}

impl Args {
    /// The engine reports an unreadable configuration only after it has begun to start: say it before.
    pub(crate) fn ensure_config_is_readable(&self) -> Result<(), Failure> {
        File::open(&self.config_file)
            .map(drop)
            .map_err(|e| Failure::usage(format!("cannot read {}: {e}", self.config_file.display())))
    }
}

pub(crate) fn print_help() -> Result<(), Failure> {
    print(HELP)
}

pub(crate) fn print_version() -> Result<(), Failure> {
    print(concat!("chdb-server ", env!("CARGO_PKG_VERSION"), "\n"))
}

fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::refused(format!("cannot write to stdout: {e}")))
        }
        _ => Ok(()),
    }
}

/// `--name=value` as its two halves; anything else is a name alone.
fn split_value(argument: &OsStr) -> (&str, Option<OsString>) {
    let text = argument.to_str().unwrap_or_default();
    match text.split_once('=') {
        Some((name, value)) if name.starts_with("--") => (name, Some(value.into())),
        _ => (text, None),
    }
}

fn missing_value(name: &str) -> Failure {
    Failure::usage(format!("{name} needs a value")).with_hint("see chdb-server --help")
}

fn known_level(value: &OsStr) -> Result<String, Failure> {
    let level = value.to_string_lossy().to_lowercase();
    if LOG_LEVELS.contains(&level.as_str()) {
        return Ok(level);
    }
    Err(Failure::usage(format!(
        "--log-level: unknown level \"{level}\", use one of {}",
        LOG_LEVELS.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str], library: Option<&str>) -> Result<Command, Failure> {
        Command::parse(arguments.iter().map(OsString::from), library.map(OsString::from))
    }

    fn refusal(arguments: &[&str]) -> String {
        parse(arguments, None).expect_err("must be refused").message().to_owned()
    }

    #[test]
    fn takes_values_attached_and_apart() {
        let wanted = Command::Serve(Args {
            config_file: "/c.xml".into(),
            library: "/l.so".into(),
            log_level: "debug".to_owned(),
        });
        let apart = ["--config-file", "/c.xml", "--lib", "/l.so", "--log-level", "debug"];
        let attached = ["--config-file=/c.xml", "--lib=/l.so", "--log-level=DEBUG"];
        assert_eq!(parse(&apart, None).expect("valid"), wanted);
        assert_eq!(parse(&attached, Some("/other.so")).expect("valid"), wanted);
    }

    #[test]
    fn finds_the_library_in_the_environment() {
        match parse(&["--config-file", "/c.xml"], Some("/env.so")).expect("valid") {
            Command::Serve(args) => assert_eq!(args.library, PathBuf::from("/env.so")),
            other => panic!("expected to serve, got {other:?}"),
        }
    }

    #[test]
    fn names_what_is_missing() {
        assert_eq!(refusal(&["--lib", "/l.so"]), "no configuration: --config-file FILE is required");
        assert_eq!(refusal(&["--config-file", "/c.xml"]), "no library: neither --lib nor CHDB_LIB is given");
        assert_eq!(refusal(&["--config-file"]), "--config-file needs a value");
        assert_eq!(refusal(&["--lib="]), "--lib needs a value");
    }

    #[test]
    fn names_what_it_does_not_know() {
        assert_eq!(refusal(&["--port", "1"]), "unknown argument \"--port\"");
        assert!(refusal(&["--log-level", "loud"]).starts_with("--log-level: unknown level \"loud\""));
    }

    #[test]
    fn help_fits_the_page_and_wins_over_errors() {
        assert_eq!(parse(&["--help"], None).expect("valid"), Command::Help);
        assert!(HELP.lines().all(|line| line.len() <= 108), "a line of the help is too long");
    }
}
