//! The command line of `topic-ctl`, as typed.

use clap::{Parser, Subcommand};
use kch_cli::{CommonArgs, Format};
use kch_kafka::KafkaArgs;

/// Kafka topics from the shell
///
/// JSON lines in a pipe, a table on a terminal.
#[derive(Debug, Parser)]
#[command(name = "topic-ctl", version, after_help = EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<Verb>,

    /// Output format; by default a table on a terminal, else JSON lines
    #[arg(short = 'o', long, value_name = "FORMAT", global = true)]
    pub output: Option<Format>,

    /// Connection
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Settings
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create a topic
    Create {
        /// The topic's name
        topic: String,
        /// Number of partitions
        #[arg(short = 'p', long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..))]
        partitions: i32,
        /// Replicas of each partition; by default what the brokers are set to
        #[arg(short = 'r', long, value_parser = clap::value_parser!(i32).range(1..))]
        replication_factor: Option<i32>,
        /// A topic setting, KEY=VALUE; repeat for more
        #[arg(short = 'c', long = "setting", value_name = "KEY=VALUE")]
        settings: Vec<String>,
        /// Succeed when the topic is there already
        #[arg(long)]
        if_not_exists: bool,
    },
    /// List topics
    List {
        /// Show the brokers' own topics too (names that begin with two underscores)
        #[arg(short = 'a', long)]
        all: bool,
    },
    /// Show partitions, leaders, replicas, offsets and settings of a topic
    Describe {
        /// The topic's name
        topic: String,
    },
    /// Delete a topic and all its records
    Delete {
        /// The topic's name
        topic: String,
        /// Succeed when the topic is not there
        #[arg(long)]
        if_exists: bool,
    },
}

const EXAMPLES: &str = "\
Examples:
  topic-ctl create kafka-events --replication-factor 3 --if-not-exists
  topic-ctl create orders -p 6 -r 3 -c cleanup.policy=compact -c min.insync.replicas=2
  topic-ctl list | jq -r .topic
  topic-ctl describe kafka-events | jq '.partitions[] | select(.in_sync != .replicas)'
  topic-ctl delete orders --if-exists

Exit codes: 0 done, 1 refused, 2 usage or configuration, 3 brokers unreachable (try again).";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        super::Args::command().debug_assert();
    }
}
