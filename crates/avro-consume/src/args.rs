//! The command line of `avro-consume`, as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use kch_avro::{BytesStyle, JsonMode, Logical, Style};
use kch_cli::{CommonArgs, Failure, parse_duration, parse_size};
use kch_envelope::KeyFormat;
use kch_kafka::{KafkaArgs, Order};
use kch_registry::RegistryArgs;

use crate::condition::Condition;
use crate::filter::HeaderTest;
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

    /// Stop after this many records, counted as they are printed
    ///
    /// Environment: MAX_MESSAGES.
    #[arg(short = 'n', long, value_name = "N", visible_short_alias = 'c')]
    pub max_messages: Option<u64>,

    /// Go on at the end: print records as they come
    #[arg(short = 'f', long)]
    pub follow: bool,

    /// Stop after the record that makes it this many bytes of output: 1000, 64k, 10M, 1G
    #[arg(long, value_name = "SIZE", value_parser = parse_size, conflicts_with = "last")]
    pub max_bytes: Option<u64>,

    /// Stop when no record came for so long: 500ms, 10s, 2m; for -f and groups
    #[arg(long, value_name = "TIME", value_parser = parse_duration, conflicts_with = "last")]
    pub timeout: Option<Duration>,

    /// What to do with a record that cannot be decoded; the exit code is 1 in any case
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub on_error: OnError,

    /// Show no progress on a terminal
    #[arg(long)]
    pub no_progress: bool,

    /// Where to start and stop
    #[command(flatten)]
    pub place: PlaceArgs,

    /// Which records
    #[command(flatten)]
    pub filter: FilterArgs,

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

    /// Read only this partition; repeat for others
    ///
    /// From where -o says, or its start. Not with a group, whose members share the partitions.
    #[arg(short = 'p', long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..), conflicts_with = "group")]
    pub partition: Vec<i32>,

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

/// Which records are printed; one has to meet all of these.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Filters")]
pub struct FilterArgs {
    /// Only records with this key, read from the one partition that Java's clients and avro-produce give to it
    ///
    /// K is the key's text. With --key-format avro or json it is the key's JSON, and all partitions are read. A group
    /// reads the partitions that it has, and -o P= and -p those that they name.
    #[arg(long, value_name = "K")]
    pub key: Option<String>,

    /// With --key, read all partitions: when others than Java's partitioner placed the keys
    #[arg(long, requires = "key")]
    pub any_partition: bool,

    /// Only records whose line meets this condition: 'amount > 10 and status == "open"'
    ///
    /// Paths as in --fields, so `value.amount` with --envelope; a path that is not there is null. Operators: == !=
    /// < <= > >= and =~ !~ with a regular expression; and, or, not, parentheses. Literals: numbers, texts in quotes,
    /// true, false, null. Times compare as moments, however they are written, decimals as numbers; a path that no record
    /// has is named at the end.
    #[arg(long = "where", value_name = "CONDITION")]
    pub condition: Option<Condition>,

    /// Only records with this header, of this value if one is given; repeat for more that must be there
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub header: Vec<HeaderTest>,

    /// Only records whose value was written with this schema; repeat for others. Not for tombstones
    #[arg(long, value_name = "ID")]
    pub schema_id: Vec<u32>,
}

/// What is printed of a record.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct PrintArgs {
    /// JSON lines, or an Avro file: one schema, --reader-schema or that of the first record
    ///
    /// An Avro file has no place for tombstones: they are left out and counted on stderr.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: OutputFormat,

    /// How unions, bytes and times are written: plain, tagged (with the type's name), or avro (as Java's tools)
    #[arg(long = "json", default_value_t = JsonMode::Plain, value_name = "STYLE")]
    pub json: JsonMode,

    /// Times, decimals, durations: iso, or raw, the number or bytes underneath [default: iso]
    ///
    /// avro-produce reads back what iso prints. --json avro is always raw.
    #[arg(long, value_name = "STYLE")]
    pub logical: Option<Logical>,

    /// How bytes and fixed are written: base64, hex, or latin1 [default: base64]
    ///
    /// avro-produce reads back base64. --json avro is always latin1.
    #[arg(long, value_name = "STYLE")]
    pub bytes: Option<BytesStyle>,

    /// Read all values as this schema: other field names by their aliases, defaults for what is missing, the rest left out
    ///
    /// Avro's schema resolution, from the schema that each record was written with. A file, or a subject of the registry,
    /// also as SUBJECT@VERSION.
    #[arg(long, value_name = "FILE|SUBJECT[:VERSION]")]
    pub reader_schema: Option<String>,

    /// The values are Avro of this schema without a registry frame; keys may have one all the same
    #[arg(long, value_name = "FILE|SUBJECT[:VERSION]")]
    pub unframed: Option<String>,

    /// The whole record: topic, partition, offset, timestamp, key, value, headers, schema ids
    ///
    /// `avro-produce --envelope` reads it back without loss. A null value is a tombstone; a key or header that is not
    /// UTF-8 is {"base64":"…"}.
    #[arg(long)]
    pub envelope: bool,

    /// What keys are, for --envelope and --key
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
    /// Who still writes the old schema? The records are decoded all the same. Bytes are those of keys and values; lag is
    /// the number of offsets between the last record read and the end that the partition has by then.
    #[arg(long, conflicts_with = "fields")]
    pub stats: bool,
}

/// `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// One JSON line for each record
    #[default]
    Json,
    /// An Avro object container file
    Avro,
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
        self.print.ensure_consistent(self.on_error)?;
        let Some(group) = group else { return Ok(()) };
        let flag = match &self.place {
            place if !place.offset.is_empty() => "-o",
            place if !place.partition.is_empty() => "-p",
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

impl PrintArgs {
    /// How values are printed.
    pub(crate) fn style(&self) -> Style {
        let own = Style::from(self.json);
        Style {
            json: self.json,
            logical: self.logical.unwrap_or(own.logical),
            bytes: self.bytes.unwrap_or(own.bytes),
        }
    }

    fn ensure_consistent(&self, on_error: OnError) -> kch_cli::Result<()> {
        if self.json == JsonMode::Avro {
            let flag = match (self.logical, self.bytes) {
                (Some(_), _) => "--logical",
                (_, Some(_)) => "--bytes",
                _ => return Ok(()),
            };
            return Err(Failure::usage(format!(
                "{flag} cannot be used with --json avro, which has one way only"
            )));
        }
        if self.format == OutputFormat::Avro {
            let flag = match self {
                args if args.envelope => "--envelope",
                args if !args.fields.is_empty() => "--fields",
                args if args.stats => "--stats",
                _ if on_error == OnError::Emit => "--on-error emit",
                _ => return Ok(()),
            };
            return Err(Failure::usage(format!(
                "{flag} cannot be used with --format avro: it is for JSON lines"
            )));
        }
        Ok(())
    }
}

const EXAMPLES: &str = "\
Examples:
  avro-consume -t kafka-events | jq .id
  avro-consume -t kafka-events --last 5
  avro-consume -t kafka-events -o @-1h --order time
  avro-consume -t kafka-events -o 0=5:9 -o 1=end
  avro-consume -t kafka-events -p 0 --last 3
  avro-consume -t '^kafka-.*' --stats
  avro-consume -t kafka-events -f | jq --unbuffered -c 'select(.source == \"shell\")'
  avro-consume -t kafka-events --where 'id > 10 and payload =~ \"^h\"' -n 5
  avro-consume -t kafka-events --key user-7 --envelope
  avro-consume -t kafka-events --reader-schema kafka-events-value:1 --format avro > events.avro
  avro-consume -t kafka-events -f --timeout 10s
  avro-consume -t kafka-events -g nightly >> events.jsonl
  avro-consume -t kafka-events --envelope | avro-produce -t kafka-events-copy --envelope
  avro-consume -t kafka-events --state events.offsets --fields id,payload >> events.jsonl

Exit codes: 0 done (also when the reader of stdout went away), 1 a record could not be decoded, or what was
named is not there, 2 usage or configuration, 3 Kafka or the registry was unreachable (try again), 130/143 a
signal.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        super::Args::command().debug_assert();
    }
}
