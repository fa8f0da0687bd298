//! The command line of `connect-ctl`, as typed.

use std::time::Duration;

use clap::{Parser, Subcommand};
use kch_cli::{CommonArgs, Format, parse_duration};

/// Kafka Connect from the shell
///
/// JSON lines in a pipe, a table on a terminal. Passwords and tokens are masked in all output.
#[derive(Debug, Parser)]
#[command(name = "connect-ctl", version, after_help = EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<Verb>,

    /// Output format; by default a table on a terminal, else JSON lines
    #[arg(short = 'o', long, value_name = "FORMAT", global = true)]
    pub output: Option<Format>,

    /// Kafka Connect, base URL [env: CONNECT_URL]
    ///
    /// Default: http://localhost:8083. Credentials: CONNECT_USERNAME and CONNECT_PASSWORD, or CONNECT_TOKEN; TLS:
    /// CONNECT_CA, CONNECT_CERT, CONNECT_KEY.
    #[arg(long, value_name = "URL", global = true, help_heading = "Settings")]
    pub connect: Option<String>,

    /// Settings
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the worker's version and its Kafka cluster
    Info,
    /// List the connector classes that the worker has
    #[command(after_help = PLUGINS)]
    Plugins,
    /// List connectors with their states
    #[command(after_help = LIST)]
    List,
    /// Create a connector, or change it to match
    #[command(after_help = APPLY)]
    Apply {
        /// The connector
        name: String,
        /// File with its configuration; - is stdin
        #[arg(default_value = "-")]
        file: String,
        /// Print the filled configuration, masked, and what would change
        #[arg(long)]
        dry_run: bool,
        /// Wait this long until it and its tasks are RUNNING
        #[arg(long, value_name = "TIME", value_parser = parse_duration)]
        wait: Option<Duration>,
    },
    /// Say what is wrong with a configuration
    #[command(after_help = VALIDATE)]
    Validate {
        /// File with the configuration; - is stdin
        #[arg(default_value = "-")]
        file: String,
    },
    /// Print a connector's configuration
    #[command(after_help = GET)]
    Get {
        /// The connector
        name: String,
    },
    /// Print the states of connectors and tasks; exit code 1 when one has failed
    #[command(after_help = STATUS)]
    Status {
        /// The connector; without one, all
        name: Option<String>,
    },
    /// Restart a connector's failed parts
    #[command(after_help = RESTART)]
    Restart {
        /// The connector
        name: String,
        /// Running tasks too
        #[arg(long)]
        all: bool,
    },
    /// Delete a connector
    Delete {
        /// The connector
        name: String,
        /// Succeed when it is not there
        #[arg(long)]
        if_exists: bool,
    },
    /// Wait until the worker answers, or until a connector and its tasks are RUNNING
    #[command(after_help = WAIT)]
    Wait {
        /// The connector; without one, the worker
        name: Option<String>,
        /// For how long
        #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
        timeout: Duration,
    },
}

const EXAMPLES: &str = "\
Examples:
  connect-ctl plugins -o raw | grep ClickHouseSinkConnector
  connect-ctl apply clickhouse-sink configs/connect/clickhouse-sink.json --wait 60s
  connect-ctl status | jq -r '.tasks[] | select(.state == \"FAILED\") | .cause'
  connect-ctl list -o table

Exit codes: 0 done, 1 refused or failed, 2 usage, configuration or credentials,
3 worker unreachable (try again).";

const PLUGINS: &str = "\
Examples:
  connect-ctl plugins -o table
  connect-ctl plugins | jq -r 'select(.type == \"sink\") | .class'";

const LIST: &str = "\
Examples:
  connect-ctl list | jq -r 'select(.state != \"RUNNING\" or .failed > 0) | .name'";

const APPLY: &str = "\
The configuration is a JSON object of settings, alone or as {\"name\": …, \"config\": …}.
${VARIABLE} and ${VARIABLE:-default} in its values are filled in from the environment and .env;
$$ is a dollar; Connect's own ${file:…}, ${dir:…} and ${env:…} stay as they are.
A configuration that is in force already is left alone: \"result\" says created, updated or unchanged.

Examples:
  connect-ctl apply clickhouse-sink configs/connect/clickhouse-sink.json --wait 60s
  jq '.\"tasks.max\" = 3' sink.json | connect-ctl apply sink
  connect-ctl apply sink sink.json --dry-run | jq .changes";

const VALIDATE: &str = "\
One line for each setting that is wrong; exit code 1 when there is one.

Examples:
  connect-ctl validate configs/connect/clickhouse-sink.json
  jq '.topics = \"\"' sink.json | connect-ctl validate";

const GET: &str = "\
Examples:
  connect-ctl get clickhouse-sink | jq .config
  connect-ctl get clickhouse-sink -o table";

const STATUS: &str = "\
The cause of a failed task is the innermost one of its stack trace.

Examples:
  connect-ctl status && echo all is well
  connect-ctl status clickhouse-sink | jq -r .state";

const RESTART: &str = "\
Examples:
  connect-ctl restart clickhouse-sink && connect-ctl wait clickhouse-sink";

const WAIT: &str = "\
Examples:
  connect-ctl wait --timeout 2m && connect-ctl apply sink sink.json
  connect-ctl wait clickhouse-sink --timeout 30s";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound_and_every_flag_has_help() {
        let mut command = Args::command();
        command.clone().debug_assert();
        command.build();
        let mut commands = vec![&command];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
            }
        }
    }
}
