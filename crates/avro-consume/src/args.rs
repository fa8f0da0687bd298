//! The command line of `avro-consume`, as typed.

use clap::Parser;
use kch_avro::JsonMode;
use kch_cli::{CommonArgs, Failure};
use kch_kafka::{KafkaArgs, Start};
use kch_registry::RegistryArgs;

/// Avro records of a Kafka topic become JSON lines on stdout
///
/// One line for each record: its value as JSON, fields in the schema's order; null for a tombstone. It is `cat`: it
/// starts at the beginning, stops at the end that the topic had when it began, and -f makes it follow. With a group it
/// starts where the group is, and commits a record after its line was written.
///
/// A record that cannot be decoded is named on stderr with its place and first bytes; the rest goes on, and the exit
/// code is 1 at the end.
#[derive(Debug, Parser)]
#[command(name = "avro-consume", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Args {
    /// Topic to read
    ///
    /// Environment: TOPIC.
    #[arg(short = 't', long, value_name = "TOPIC")]
    pub topic: Option<String>,

    /// Stop after this many records
    ///
    /// Environment: MAX_MESSAGES.
    #[arg(short = 'n', long, value_name = "N", visible_short_alias = 'c')]
    pub max_messages: Option<u64>,

    /// Where to start in every partition: start, end, or an offset
    ///
    /// `beginning` means start. Not with a group, which knows where it is.
    #[arg(short = 'o', long, value_name = "start|end|N", value_parser = parse_start, conflicts_with = "group")]
    pub offset: Option<Start>,

    /// Read as a member of this group, and commit after the line is written
    ///
    /// Environment: GROUP_ID.
    #[arg(short = 'g', long, value_name = "GROUP")]
    pub group: Option<String>,

    /// Go on at the end: print records as they come
    #[arg(short = 'f', long)]
    pub follow: bool,

    /// Stop at the end that the topic has now (the default; for kcat's users)
    #[arg(short = 'e', long, conflicts_with = "follow")]
    pub until_end: bool,

    /// How unions, bytes and times are written: plain, tagged (with the type's name), or avro (as Java's tools)
    #[arg(long = "json", default_value_t = JsonMode::Plain, value_name = "STYLE")]
    pub json: JsonMode,

    /// Brokers
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Registry
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// Settings
    #[command(flatten)]
    pub common: CommonArgs,
}

fn parse_start(text: &str) -> Result<Start, String> {
    match text {
        "start" | "beginning" => Ok(Start::Beginning),
        "end" => Ok(Start::End),
        _ => text.parse().map(Start::Offset).map_err(|_| "expected start, end or an offset".to_owned()),
    }
}

impl Args {
    /// Flags that the settings file can bring into contradiction.
    pub(crate) fn ensure_consistent(&self, group: Option<&str>) -> kch_cli::Result<()> {
        match (group, self.offset) {
            (Some(group), Some(_)) => {
                Err(Failure::usage(format!("-o cannot be used with the group {group:?}"))
                    .hint("GROUP_ID is set: a group knows where it is"))
            }
            _ => Ok(()),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  avro-consume -t kafka-events | jq .id
  avro-consume -t kafka-events -n 5
  avro-consume -t kafka-events -f | jq --unbuffered -c 'select(.source == \"shell\")'
  avro-consume -t kafka-events -g nightly | ch-query 'INSERT INTO kafka_events FORMAT JSONEachRow'

Exit codes: 0 done (also when the reader of stdout went away), 1 a record could not be decoded,
2 usage or configuration, 3 Kafka or the registry was unreachable (try again), 130/143 a signal.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        super::Args::command().debug_assert();
    }
}
