//! The command line of `connect-ctl`, as typed.

use std::time::Duration;

use clap::{Parser, Subcommand};
use kch_cli::{CommonArgs, ConfirmArgs, RenderArgs, parse_duration};
use kch_kafka::{Bound, KafkaArgs, parse_bound};

use crate::apply::{Birth, Care, Pruning};
use crate::complete::{classes, connectors, loggers};
use crate::config::Source;
use crate::control::{Manner, RestartArgs};
use crate::dlq::DlqArgs;
use crate::export::ExportArgs;
use crate::help;
use crate::lag::Looking;
use crate::loggers::Level;
use crate::patch::Edits;
use crate::plugins::Kind;
use crate::select::Which;
use crate::status::FailOn;
use crate::template::TemplateArgs;
use crate::wait::Goal;
use crate::watch::WatchArgs;

/// Kafka Connect from the shell
///
/// JSON lines in a pipe, a table on a terminal. Passwords and tokens are masked in all output.
#[derive(Debug, Parser)]
#[command(name = "connect-ctl", version, after_help = help::EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<Verb>,

    /// Output
    #[command(flatten)]
    pub render: RenderArgs,

    /// Kafka Connect, base URL [env: CONNECT_URL]
    ///
    /// Several workers of one cluster are separated by commas: the next is asked when one does not answer. Default:
    /// http://localhost:8083. Credentials: CONNECT_USERNAME and CONNECT_PASSWORD, or CONNECT_TOKEN; TLS: CONNECT_CA,
    /// CONNECT_CERT, CONNECT_KEY.
    #[arg(long, value_name = "URL", global = true, help_heading = "Settings")]
    pub connect: Option<String>,

    /// Settings
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the worker's version, its Kafka cluster, and its address: of several, the one that answered
    #[command(after_help = help::INFO)]
    Info,
    /// List the connector classes that the worker has
    #[command(after_help = help::PLUGINS)]
    Plugins {
        /// Converters, transformations and predicates too
        #[arg(long)]
        all: bool,
        /// Only this kind
        #[arg(long, value_name = "KIND")]
        kind: Option<Kind>,
    },
    /// List the settings of a class, with what they mean
    #[command(after_help = help::PLUGIN)]
    Plugin {
        /// The class of a connector, converter or transformation
        #[arg(add = classes())]
        class: String,
        /// Only settings that speak of this, in their name or their documentation
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
    },
    /// Print a configuration to begin with
    #[command(after_help = help::TEMPLATE)]
    Template(TemplateArgs),
    /// Say what is wrong with a configuration
    #[command(after_help = help::VALIDATE)]
    Validate {
        /// File with the configuration; - is stdin
        #[arg(default_value = "-", value_name = "FILE")]
        input: String,
        /// A setting that the class does not know is wrong, whatever it looks like
        #[arg(long)]
        strict: bool,
    },
    /// List connectors with their states
    #[command(after_help = help::LIST)]
    List(Which),
    /// Print a connector's configuration
    #[command(after_help = help::GET)]
    Get {
        /// The connector
        #[arg(add = connectors())]
        name: String,
    },
    /// Create a connector, or change it to match
    #[command(after_help = help::APPLY)]
    Apply {
        /// Configurations
        #[command(flatten)]
        source: Source,
        /// All others
        #[command(flatten)]
        pruning: Pruning,
        /// Whether to ask, with --prune
        #[command(flatten)]
        confirm: ConfirmArgs,
        /// In which state
        #[command(flatten)]
        birth: Birth,
        /// With what care
        #[command(flatten)]
        care: Care,
        /// How
        #[command(flatten)]
        manner: Manner,
    },
    /// Print what apply would change; exit code 1 when that is anything
    #[command(after_help = help::DIFF)]
    Diff {
        /// Configurations
        #[command(flatten)]
        source: Source,
        /// All others
        #[command(flatten)]
        pruning: Pruning,
    },
    /// Change some settings of connectors, and leave the others as they are
    #[command(after_help = help::PATCH)]
    Patch {
        /// Connectors
        #[command(flatten)]
        which: Which,
        /// What
        #[command(flatten)]
        edits: Edits,
        /// With what care
        #[command(flatten)]
        care: Care,
        /// How
        #[command(flatten)]
        manner: Manner,
    },
    /// Create a connector with the configuration of another one
    #[command(after_help = help::CLONE)]
    Clone {
        /// The connector
        #[arg(add = connectors())]
        name: String,
        /// The name of the new one
        #[arg(value_name = "NEW")]
        new: String,
        /// What is different
        #[command(flatten)]
        edits: Edits,
        /// In which state
        #[command(flatten)]
        birth: Birth,
        /// With what care
        #[command(flatten)]
        care: Care,
        /// How
        #[command(flatten)]
        manner: Manner,
    },
    /// Print the states of connectors and tasks; exit code 1 when one has failed
    #[command(after_help = help::STATUS)]
    Status {
        /// Connectors
        #[command(flatten)]
        which: Which,
        /// The whole stack trace of what failed
        #[arg(long)]
        traces: bool,
        /// End with exit code 1 when a connector or a task is in this state; repeat for more
        #[arg(long, value_name = "STATE", default_value = "failed", ignore_case = true)]
        fail_on: Vec<FailOn>,
    },
    /// Wait until the worker answers, or until a connector and its tasks are RUNNING
    #[command(after_help = help::WAIT)]
    Wait {
        /// Connectors, by name or by glob (in quotes); without one, the worker
        #[arg(value_name = "NAME", add = connectors())]
        names: Vec<String>,
        /// What to wait for
        #[arg(
            long = "for",
            value_name = "STATE",
            default_value = "running",
            ignore_case = true,
            requires = "names"
        )]
        goal: Goal,
        /// For how long
        #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
        timeout: Duration,
    },
    /// Pause connectors: their tasks stay, and do nothing
    #[command(after_help = help::PAUSE)]
    Pause {
        /// Connectors
        #[command(flatten)]
        which: Which,
        /// How
        #[command(flatten)]
        manner: Manner,
    },
    /// Resume connectors that are paused or stopped
    #[command(after_help = help::RESUME)]
    Resume {
        /// Connectors
        #[command(flatten)]
        which: Which,
        /// How
        #[command(flatten)]
        manner: Manner,
    },
    /// Stop connectors: their tasks end, their configurations stay
    #[command(after_help = help::STOP)]
    Stop {
        /// Connectors
        #[command(flatten)]
        which: Which,
        /// How
        #[command(flatten)]
        manner: Manner,
    },
    /// Restart connectors and their tasks
    #[command(after_help = help::RESTART)]
    Restart {
        /// Connectors
        #[command(flatten)]
        which: Which,
        /// What
        #[command(flatten)]
        how: RestartArgs,
        /// How
        #[command(flatten)]
        manner: Manner,
    },
    /// Delete connectors
    #[command(after_help = help::DELETE)]
    Delete {
        /// Connectors
        #[command(flatten)]
        which: Which,
        /// Succeed when one is not there
        #[arg(long)]
        if_exists: bool,
        /// Whether to ask
        #[command(flatten)]
        confirm: ConfirmArgs,
        /// How
        #[command(flatten)]
        manner: Manner,
    },
    /// Print a connector's tasks with their states and configurations
    #[command(after_help = help::TASKS)]
    Tasks {
        /// The connector
        #[arg(add = connectors())]
        name: String,
    },
    /// Print the topics that a connector has used
    #[command(after_help = help::TOPICS)]
    Topics {
        /// The connector
        #[arg(add = connectors())]
        name: String,
        /// Forget them; what it uses from now on is noted anew
        #[arg(long)]
        reset: bool,
        /// Print what would be forgotten, and forget nothing
        #[arg(long, requires = "reset")]
        dry_run: bool,
    },
    /// Print or change how far a connector has come
    #[command(subcommand, after_help = help::OFFSETS)]
    Offsets(OffsetsVerb),
    /// Print or change what the worker logs
    #[command(subcommand, after_help = help::LOGGERS)]
    Loggers(LoggersVerb),
    /// Print how far sinks are behind the ends of their topics
    #[command(after_help = help::LAG)]
    Lag {
        /// Sinks
        #[command(flatten)]
        which: Which,
        /// How long
        #[command(flatten)]
        looking: Looking,
        /// Brokers
        #[command(flatten)]
        kafka: KafkaArgs,
    },
    /// Print the records that a sink could not take, as envelopes
    #[command(after_help = help::DLQ)]
    Dlq(DlqArgs),
    /// Print each state that changes, until a signal comes
    #[command(after_help = help::WATCH)]
    Watch(WatchArgs),
    /// Write configurations into files that apply takes back
    #[command(after_help = help::EXPORT)]
    Export(ExportArgs),
}

/// What to do with offsets.
#[derive(Debug, Subcommand)]
pub enum OffsetsVerb {
    /// Print a connector's offsets, a line for each partition
    #[command(after_help = help::OFFSETS_GET)]
    Get {
        /// The connector
        #[arg(add = connectors())]
        name: String,
    },
    /// Set a connector's offsets: it is stopped, changed, and put back into its state
    #[command(after_help = help::OFFSETS_SET)]
    Set {
        /// The connector
        #[arg(add = connectors())]
        name: String,
        /// File with lines as `offsets get` prints them; - is stdin. A null offset forgets the partition
        #[arg(default_value = "-", value_name = "FILE", conflicts_with = "to")]
        input: String,
        /// All partitions of a sink to this place: start, end, N, +N, -N, or @TIME
        ///
        /// N is an offset, +N so many behind the first record, -N so many before the end, @TIME the first record that is
        /// not older: 2026-11-22T10:00:00Z, 2026-11-22 (UTC), milliseconds since 1970, or -30m, -1h, -2d from now.
        #[arg(long, value_name = "PLACE", value_parser = parse_bound, allow_hyphen_values = true)]
        to: Option<Bound>,
        /// Print what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Brokers
        #[command(flatten)]
        kafka: KafkaArgs,
    },
    /// Forget all offsets of a connector: it begins as if it were new
    #[command(after_help = help::OFFSETS_RESET)]
    Reset {
        /// The connector
        #[arg(add = connectors())]
        name: String,
        /// Print what would be forgotten, and forget nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// What to do with loggers.
#[derive(Debug, Subcommand)]
pub enum LoggersVerb {
    /// Print the levels of the worker's loggers
    #[command(after_help = help::LOGGERS_GET)]
    Get {
        /// The logger; without it, all that have a level of their own
        #[arg(add = loggers())]
        name: Option<String>,
    },
    /// Set the level of a logger and of those below it, until the worker restarts
    #[command(after_help = help::LOGGERS_SET)]
    Set {
        /// The logger: a class, a package, or root
        #[arg(add = loggers())]
        name: String,
        /// Its level
        #[arg(ignore_case = true)]
        level: Level,
        /// On all workers of the cluster
        #[arg(long)]
        cluster: bool,
        /// Print what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound_and_every_flag_has_help_and_every_verb_examples() {
        let mut command = Args::command();
        command.clone().debug_assert();
        command.build();
        let mut commands: Vec<_> =
            command.get_subcommands().filter(|verb| verb.get_name() != "help").collect();
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().filter(|verb| verb.get_name() != "help"));
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
            }
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("Examples:\n  "), "{}", command.get_name());
        }
    }
}
