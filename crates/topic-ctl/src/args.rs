//! The command line of `topic-ctl`, as typed.

mod examples;

use std::time::Duration;

use clap::{Parser, Subcommand};
use kch_cli::{CommonArgs, ConfirmArgs, RenderArgs, parse_duration};
use kch_kafka::{Bound, KafkaArgs, parse_bound};

/// Kafka topics and consumer groups from the shell
///
/// JSON lines in a pipe, a table on a terminal.
#[derive(Debug, Parser)]
#[command(name = "topic-ctl", version, after_help = examples::TOOL, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<Verb>,

    /// Output
    #[command(flatten)]
    pub render: RenderArgs,

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
    /// List topics
    #[command(after_help = examples::LIST)]
    List {
        /// Only these, by name or by glob (in quotes): * is any text, ? any one character
        #[arg(value_name = "TOPIC")]
        topics: Vec<String>,
        /// Show the brokers' own topics too (names that begin with two underscores)
        #[arg(long, short_alias = 'a')]
        all: bool,
    },
    /// Show partitions, leaders, replicas, offsets and settings of topics
    #[command(after_help = examples::DESCRIBE)]
    Describe {
        /// The topics, by name or by glob (in quotes)
        #[arg(value_name = "TOPIC", required = true)]
        topics: Vec<String>,
    },
    /// Create a topic
    #[command(after_help = examples::CREATE)]
    Create {
        /// The topic
        topic: String,
        /// Number of partitions; by default 1
        #[arg(short = 'p', long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        partitions: Option<i32>,
        /// Replicas of each partition; by default what the cluster is set to
        #[arg(short = 'r', long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        replication_factor: Option<i32>,
        /// A setting of the topic, NAME=VALUE; repeat for more
        #[arg(short = 's', long = "setting", short_alias = 'c', value_name = "NAME=VALUE")]
        settings: Vec<String>,
        /// Succeed when the topic is there already
        #[arg(long)]
        if_not_exists: bool,
        /// How far it goes
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Give a topic more partitions, or other settings
    #[command(after_help = examples::ALTER)]
    Alter {
        /// The topic
        topic: String,
        /// Number of partitions
        #[arg(short = 'p', long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        partitions: Option<i32>,
        /// What is set
        #[command(flatten)]
        settings: SettingArgs,
        /// How far it goes
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Delete topics with all their records
    #[command(after_help = examples::DELETE)]
    Delete {
        /// The topics, by name or by glob (in quotes)
        #[arg(value_name = "TOPIC", required = true)]
        topics: Vec<String>,
        /// Succeed when one is not there
        #[arg(long)]
        if_exists: bool,
        /// Whether to ask
        #[command(flatten)]
        confirm: ConfirmArgs,
        /// How far it goes
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// List, describe or delete consumer groups
    #[command(subcommand, after_help = examples::GROUPS)]
    Groups(Groups),
    /// Print how far consumer groups are behind the ends of their topics
    #[command(after_help = examples::LAG)]
    Lag(LagArgs),
    /// Set where a consumer group goes on
    #[command(after_help = examples::RESET_OFFSETS)]
    ResetOffsets(ResetArgs),
    /// Print the first and the next offset of each partition
    #[command(after_help = examples::OFFSETS)]
    Offsets {
        /// The topics, by name or by glob (in quotes)
        #[arg(value_name = "TOPIC", required = true)]
        topics: Vec<String>,
        /// Print the offset of this place too: start, end, N, +N (behind the start), -N (before the end), @TIME
        #[arg(long, value_name = "PLACE", allow_hyphen_values = true, value_parser = parse_bound)]
        at: Option<Bound>,
    },
    /// Show or change the settings of a topic or a broker
    #[command(after_help = examples::CONFIGS)]
    Configs {
        /// The topic
        #[arg(required_unless_present = "broker")]
        topic: Option<String>,
        /// The broker with this number, instead of a topic
        #[arg(long, value_name = "BROKER", conflicts_with = "topic")]
        broker: Option<i32>,
        /// Show the settings that are at their defaults too
        #[arg(long, conflicts_with_all = ["settings", "unset"])]
        defaults: bool,
        /// What is set
        #[command(flatten)]
        settings: SettingArgs,
        /// How far it goes
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Check that every partition has a leader and all its replicas
    #[command(after_help = examples::CHECK)]
    Check {
        /// The topics, by name or by glob (in quotes); without one, all, also the brokers' own
        #[arg(value_name = "TOPIC")]
        topics: Vec<String>,
        /// Wait this long until all is well, also for brokers and topics that are not there yet
        #[arg(long, value_name = "TIME", value_parser = parse_duration)]
        wait: Option<Duration>,
    },
    /// Print the partition that a key's records go to
    #[command(after_help = examples::PARTITION)]
    Partition {
        /// The topic
        topic: String,
        /// The keys; - reads them from stdin, a line each
        #[arg(value_name = "KEY", required = true)]
        keys: Vec<String>,
        /// As if the topic had so many partitions
        #[arg(short = 'p', long, value_name = "N", value_parser = parse_partitions)]
        partitions: Option<usize>,
    },
    /// Delete a topic's records before a place
    #[command(after_help = examples::TRIM)]
    Trim(TrimArgs),
    /// List brokers with what they lead and carry
    #[command(after_help = examples::BROKERS)]
    Brokers,
}

impl Verb {
    /// How long it waits, if it does.
    pub(crate) fn wait(&self) -> Option<Duration> {
        match self {
            Verb::Lag(args) => args.wait,
            Verb::Check { wait, .. } => *wait,
            _ => None,
        }
    }
}

fn parse_partitions(text: &str) -> Result<usize, String> {
    // Kafka's number of a partition has 31 bits.
    let count = text.parse().ok().filter(|count| (1..=i32::MAX as usize).contains(count));
    count.ok_or_else(|| format!("write a number from 1 to {}", i32::MAX))
}

/// Whose lag, and what it may be.
#[derive(Debug, clap::Args)]
pub struct LagArgs {
    /// The groups, by name or by glob (in quotes); without one, all that are consumers
    #[arg(value_name = "GROUP")]
    pub groups: Vec<String>,
    /// Only this topic; repeat for more
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topics: Vec<String>,
    /// End with exit code 1 when a group is more than N records behind
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub max: Option<i64>,
    /// Look each second, and print what has changed, until a signal comes
    #[arg(long, conflicts_with = "wait")]
    pub watch: bool,
    /// Wait this long until there is no lag, or no more than --max
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait: Option<Duration>,
}

/// Which records are deleted.
#[derive(Debug, clap::Args)]
pub struct TrimArgs {
    /// The topic
    pub topic: String,
    /// The first record that stays: start, end, N (this offset), +N (behind the start), -N (before the end) or @TIME
    ///
    /// TIME is 2026-11-22T10:00:00Z, 2026-11-22 (UTC), milliseconds since 1970, or -30m, -1h, -2d from now.
    #[arg(long, value_name = "PLACE", required = true, allow_hyphen_values = true, value_parser = parse_bound)]
    pub before: Bound,
    /// Only this partition; repeat for more
    #[arg(long = "partition", value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub partitions: Vec<i32>,
    /// Whether to ask
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The verbs of `topic-ctl groups`.
#[derive(Debug, Subcommand)]
pub enum Groups {
    /// List consumer groups with their states
    #[command(after_help = examples::GROUPS_LIST)]
    List {
        /// Only these, by name or by glob (in quotes): * is any text, ? any one character
        #[arg(value_name = "GROUP")]
        groups: Vec<String>,
    },
    /// Show the members of groups and what each of them reads
    #[command(after_help = examples::GROUPS_DESCRIBE)]
    Describe {
        /// The groups, by name or by glob (in quotes)
        #[arg(value_name = "GROUP", required = true)]
        groups: Vec<String>,
    },
    /// Delete groups with all their offsets
    #[command(after_help = examples::GROUPS_DELETE)]
    Delete {
        /// The groups, by name or by glob (in quotes)
        #[arg(value_name = "GROUP", required = true)]
        groups: Vec<String>,
        /// Succeed when one is not there
        #[arg(long)]
        if_exists: bool,
        /// Whether to ask
        #[command(flatten)]
        confirm: ConfirmArgs,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// Where a group goes on.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("place").required(true).args(["to", "shift_by"]))]
pub struct ResetArgs {
    /// The group; it must have no members
    pub group: String,
    /// Only this topic; repeat for more. Without one, all topics that the group has read
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topics: Vec<String>,
    /// Only this partition; repeat for more
    #[arg(long = "partition", value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub partitions: Vec<i32>,
    /// Go on at start, end, N (this offset), +N (behind the start), -N (before the end) or @TIME
    ///
    /// TIME is 2026-11-22T10:00:00Z, 2026-11-22 (UTC), milliseconds since 1970, or -30m, -1h, -2d from now. earliest
    /// means start, latest end.
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true, value_parser = parse_bound)]
    pub to: Option<Bound>,
    /// Go so many records on, or back with a minus, from where the group is
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub shift_by: Option<i64>,
    /// Succeed when the group is not there yet: it is made
    #[arg(long, requires = "topics")]
    pub create: bool,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Settings to change.
#[derive(Debug, Default, clap::Args)]
pub struct SettingArgs {
    /// A setting to set, NAME=VALUE; repeat for more
    #[arg(short = 's', long = "setting", short_alias = 'c', value_name = "NAME=VALUE")]
    pub settings: Vec<String>,
    /// A setting that is to be what the brokers have again; repeat for more
    #[arg(long, value_name = "NAME")]
    pub unset: Vec<String>,
}

/// How far a change goes.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct ChangeArgs {
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait until every broker shows the change
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub timeout: Duration,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound_and_every_flag_has_help() {
        let mut command = super::Args::command();
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
