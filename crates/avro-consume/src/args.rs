//! The command line of `avro-consume`, as typed.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use kch_avro::JsonMode;
use kch_cli::{CommonArgs, Failure};
use kch_envelope::KeyFormat;
use kch_kafka::{KafkaArgs, Order};
use kch_registry::RegistryArgs;

use crate::offsets::OffsetArg;

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
    /// Topic to read; repeat for more, or ^REGEX for all that match
    ///
    /// A regex names the topics that are there at the start. Those that begin with _ need a regex that does, too.
    /// Environment: TOPIC (one).
    #[arg(short = 't', long, value_name = "TOPIC")]
    pub topic: Vec<String>,

    /// Stop after this many records
    ///
    /// Environment: MAX_MESSAGES.
    #[arg(short = 'n', long, value_name = "N", visible_short_alias = 'c')]
    pub max_messages: Option<u64>,

    /// Go on at the end: print records as they come
    #[arg(short = 'f', long)]
    pub follow: bool,

    /// What to do with a record that cannot be decoded; the exit code is 1 in any case
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub on_error: OnError,

    /// Where to start and stop
    #[command(flatten)]
    pub place: PlaceArgs,

    /// What is printed
    #[command(flatten)]
    pub print: PrintArgs,

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

/// Where to start and stop, and in which order.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Range")]
pub struct PlaceArgs {
    /// Where to start and stop, [P=]FROM[:TO]; repeat for other partitions
    ///
    /// start, end, N (this offset), +N (behind the first one), -N (before the end), @TIME (the first record that is not
    /// older); FROM:TO and :TO stop before TO. TIME is 2026-11-22T10:00:00Z, 2026-11-22 (UTC), milliseconds since
    /// 1970, or -30m, -1h, -2d from now; @T1:T2 is a span of time. P= is for the partition P alone; when every -o has
    /// one, the other partitions are not read. `beginning` means start. A partition that ends before N has nothing to
    /// read; N past the end of all of them is an error. Not with a group, which knows where it is.
    #[arg(
        short = 'o',
        long,
        value_name = "[P=]FROM[:TO]",
        allow_hyphen_values = true,
        conflicts_with = "group"
    )]
    pub offset: Vec<OffsetArg>,

    /// The last N records of all partitions together, oldest first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..),
          conflicts_with_all = ["offset", "group", "follow", "state"])]
    pub last: Option<u64>,

    /// Order of records of different partitions
    ///
    /// time merges the partitions by timestamp; it needs an end, so not with -f or a group.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER", conflicts_with = "follow")]
    pub order: OrderArg,

    /// Read as a member of this group, and commit after the line is written
    ///
    /// Written means taken by stdout: a program behind the pipe that fails later has had its lines. Environment: GROUP_ID.
    #[arg(short = 'g', long, value_name = "GROUP")]
    pub group: Option<String>,

    /// Keep in this file how far was read, and go on from there
    ///
    /// The file is replaced after the lines are written, each second and at the end. Where it knows nothing of a
    /// partition, -o says where to start.
    #[arg(long, value_name = "FILE", conflicts_with = "group")]
    pub state: Option<PathBuf>,

    /// Stop at the end that the topic has now (the default; for kcat's users)
    #[arg(short = 'e', long, conflicts_with = "follow")]
    pub until_end: bool,
}

/// What is printed of a record.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct PrintArgs {
    /// How unions, bytes and times are written: plain, tagged (with the type's name), or avro (as Java's tools)
    #[arg(long = "json", default_value_t = JsonMode::Plain, value_name = "STYLE")]
    pub json: JsonMode,

    /// The whole record: topic, partition, offset, timestamp, key, value, headers, schema ids
    ///
    /// `avro-produce --envelope` reads it back without loss. A null value is a tombstone; a key or header that is not
    /// UTF-8 is {"base64":"…"}.
    #[arg(long)]
    pub envelope: bool,

    /// What keys are, for --envelope
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub key_format: KeyFormat,

    /// Only these fields of the value, a,b.c; with --envelope, of the envelope
    ///
    /// The line is an object with the paths as its names, in this order; null where a record does not have the field.
    /// A tombstone stays null.
    #[arg(long, value_name = "PATH,…", value_delimiter = ',', value_parser = crate::fields::parse_path)]
    pub fields: Vec<String>,

    /// Print no record; at the end one line for each topic, partition, schema id and kind of error, with counts
    ///
    /// Who still writes the old schema? The records are decoded all the same.
    #[arg(long, conflicts_with = "fields")]
    pub stats: bool,
}

/// What becomes of a record that cannot be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnError {
    /// Stop there; what came before is written and committed, the record is not
    Fail,
    /// Name it on stderr and go on
    #[default]
    Skip,
    /// Print it as an envelope with "error" and its value in base64, and go on
    Emit,
}

/// `--order`, as typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OrderArg {
    /// As they come, which is fastest
    #[default]
    Arrival,
    /// By timestamp
    Time,
}

impl From<OrderArg> for Order {
    fn from(order: OrderArg) -> Order {
        match order {
            OrderArg::Arrival => Order::Arrival,
            OrderArg::Time => Order::Time,
        }
    }
}

impl Args {
    /// Flags that contradict each other in a way that the parser cannot see, since the group may be a setting.
    pub(crate) fn ensure_consistent(&self, group: Option<&str>) -> kch_cli::Result<()> {
        if self.follow && self.place.offset.iter().any(|offset| offset.span.to.is_some()) {
            return Err(Failure::usage("-f cannot be used with an end, -o FROM:TO")
                .hint("-f never stops; leave it out, or leave :TO out"));
        }
        let Some(group) = group else { return Ok(()) };
        let flag = match &self.place {
            place if !place.offset.is_empty() => "-o",
            place if place.last.is_some() => "--last",
            place if place.state.is_some() => "--state",
            place if place.order == OrderArg::Time => "--order time",
            _ => return Ok(()),
        };
        let failure = Failure::usage(format!("{flag} cannot be used with the group {group:?}"));
        Err(match self.place.group {
            Some(_) => failure,
            None => failure.hint("GROUP_ID is set: a group knows where it is"),
        })
    }
}

const EXAMPLES: &str = "\
Examples:
  avro-consume -t kafka-events | jq .id
  avro-consume -t kafka-events --last 5
  avro-consume -t kafka-events -o @-1h --order time
  avro-consume -t kafka-events -o 0=5:9 -o 1=end
  avro-consume -t '^kafka-.*' --stats
  avro-consume -t kafka-events -f | jq --unbuffered -c 'select(.source == \"shell\")'
  avro-consume -t kafka-events -g nightly >> events.jsonl
  avro-consume -t kafka-events --envelope | avro-produce -t kafka-events-copy --envelope
  avro-consume -t kafka-events --state events.offsets --fields id,payload >> events.jsonl

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
