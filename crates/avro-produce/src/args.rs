//! The command line of `avro-produce`, as typed.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use kch_avro::JsonMode;
use kch_cli::CommonArgs;
use kch_kafka::KafkaArgs;
use kch_registry::RegistryArgs;

/// JSON lines on stdin become Avro records on a Kafka topic
///
/// Each line is one record. A JSON object gives the record's fields by name. A bare number or string goes to the
/// schema's first field, and the other fields get their default or a fill rule: `ts` the time now, `source` the name
/// of this tool, `payload` the line, where the schema has such a required string field. Blank lines are skipped.
///
/// The schema is the latest one of the subject TOPIC-value. Nothing is ever registered unless --register is given.
///
/// A line that does not fit stops the run: everything before it is acknowledged, nothing after it is sent, the exit
/// code is 1 and stderr says which lines arrived.
#[derive(Debug, Parser)]
#[command(name = "avro-produce", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Args {
    /// Topic to send to
    ///
    /// Environment: TOPIC.
    #[arg(short = 't', long, value_name = "TOPIC")]
    pub topic: Option<String>,

    /// What the lines are
    #[arg(long, value_enum, default_value_t = Format::Json)]
    pub format: Format,

    /// How unions, bytes and times are written: plain, tagged (with the type's name), or avro (as Java's tools)
    #[arg(long = "json", default_value_t = JsonMode::Plain, value_name = "STYLE")]
    pub json: JsonMode,

    /// Give a field that a line lacks this value; repeat for more
    ///
    /// VALUE is literal, or one of @now (RFC 3339, UTC; milliseconds in a plain long), @line (the input line),
    /// @seq (1 for the first record), @uuid, @host, @env:NAME. Write @@ for a leading @.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub set: Vec<String>,

    /// Send one record made from MESSAGE_ID and MESSAGE_TS, and read no stdin
    #[arg(long, conflicts_with_all = ["envelope", "resume_from"])]
    pub message: bool,

    /// Lines are what `avro-consume --envelope` prints: topic, partition, timestamp, key, value, headers
    ///
    /// The schema ids in them are used; where there is none, the latest schema of the topic. `"value":null` is a
    /// tombstone. -t sends all of them to that topic instead of their own.
    #[arg(long, conflicts_with_all = ["set", "format", "subject", "file", "key_field", "headers", "partition"])]
    pub envelope: bool,

    /// A header for every record, KEY=VALUE; repeat for more
    #[arg(short = 'H', long = "header", value_name = "KEY=VALUE")]
    pub headers: Vec<String>,

    /// Send every record to this partition
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub partition: Option<i32>,

    /// Encode every line and send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print the schema in use and what each field gets that a line lacks, as one JSON line, and stop
    #[arg(long, conflicts_with = "envelope")]
    pub explain: bool,

    /// Print one JSON line for each acknowledged record: line, topic, partition, offset
    #[arg(long, conflicts_with = "dry_run")]
    pub report: bool,

    /// Begin at this input line; the earlier ones are in already
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u64).range(1..))]
    pub resume_from: Option<u64>,

    /// Keys
    #[command(flatten)]
    pub key: KeyArgs,

    /// Lines that do not fit
    #[command(flatten)]
    pub reject: RejectArgs,

    /// Stop a line from being longer than this many MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub max_line: u16,

    /// Give up on a record that is not acknowledged within this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,

    /// Which schema to write with
    #[command(flatten)]
    pub schema: SchemaArgs,

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

/// Which schema to write with.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Schema")]
pub struct SchemaArgs {
    /// Subject to take the latest schema of, instead of TOPIC-value
    #[arg(long, value_name = "SUBJECT")]
    pub subject: Option<String>,

    /// Version of the subject, instead of the latest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub schema_version: Option<u32>,

    /// Write with the schema that has this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["subject", "schema_version"])]
    pub schema_id: Option<u32>,

    /// Write with the schema in this file; the subject must have it already
    #[arg(long = "schema", value_name = "FILE", conflicts_with_all = ["schema_id", "schema_version"])]
    pub file: Option<PathBuf>,

    /// Register the schema of --schema under the subject if it is not there
    #[arg(long, requires = "file")]
    pub register: bool,
}

/// Where records get their keys from.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Keys")]
pub struct KeyArgs {
    /// Take the key from this field of the line; dots go deeper: customer.id
    #[arg(long, value_name = "FIELD")]
    pub key_field: Option<String>,

    /// What the key's bytes are: string, json (as the line has it), or avro (with the latest schema of TOPIC-key)
    #[arg(long, value_enum, default_value_t = KeyFormat::String, requires = "key_field")]
    pub key_format: KeyFormat,
}

/// What a key's bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyFormat {
    /// The text of a string, number or boolean
    #[default]
    String,
    /// The JSON text
    Json,
    /// Avro, with the latest schema of the subject TOPIC-key
    Avro,
}

/// What happens to a line that does not fit.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Bad lines")]
pub struct RejectArgs {
    /// On a line that does not fit: fail (stop there), skip (go on, exit 1 at the end), dlq (go on, send it to --dlq-topic)
    #[arg(long, value_enum, default_value_t = OnError::Fail)]
    pub on_error: OnError,

    /// Append each refused line to this file as JSON: line, offset, pointer, expected, got, error, raw
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Topic for refused lines, as the same JSON
    #[arg(long, value_name = "TOPIC", required_if_eq("on_error", "dlq"))]
    pub dlq_topic: Option<String>,

    /// Stop when more than this many lines were refused, or this share of them: 10 or 1%
    #[arg(long, value_name = "N|P%", value_parser = parse_limit)]
    pub max_errors: Option<Limit>,
}

/// What to do about a line that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnError {
    /// Stop there
    #[default]
    Fail,
    /// Go on; exit 1 at the end
    Skip,
    /// Go on, and send it to the dead-letter topic; exit 1 at the end
    Dlq,
}

/// How many refused lines are too many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// More than this many.
    Count(u64),
    /// More than this share of the lines read, in percent; looked at from the hundredth line on, and at the end.
    Percent(f64),
}

fn parse_limit(text: &str) -> Result<Limit, String> {
    let wrong = || "expected a number of lines, as 10, or a share of them, as 1%".to_owned();
    match text.strip_suffix('%') {
        Some(share) => match share.parse() {
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Limit::Percent(percent)),
            _ => Err(wrong()),
        },
        None => text.parse().map(Limit::Count).map_err(|_| wrong()),
    }
}

/// What the input lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A JSON object, number or string
    Json,
    /// Any text, not JSON: the whole line is the first field's value
    Text,
}

const EXAMPLES: &str = "\
Examples:
  seq 5 | avro-produce -t kafka-events
  echo '{\"id\":1,\"source\":\"shell\",\"ts\":\"2026-11-22T10:00:00Z\",\"payload\":\"hi\"}' | avro-produce -t kafka-events
  jq -c '.items[]' dump.json | avro-produce -t kafka-events --set source=backfill --set ts=@now
  tail -n +1 words.txt | avro-produce -t smoke-avro --format text
  avro-produce -t kafka-events --key-field source --on-error skip --rejects bad.jsonl < events.jsonl
  avro-consume -t kafka-events --envelope | avro-produce --envelope -t kafka-events-copy
  seq 5 | avro-produce -t smoke-avro --schema configs/schemas/smoke-avro-value.v2.avsc --register

Exit codes: 0 all acknowledged, 1 a line or record was refused, 2 usage or configuration,
3 Kafka or the registry was unreachable (try again), 130/143 a signal, after draining.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        super::Args::command().debug_assert();
    }

    #[test]
    fn a_limit_is_a_number_or_a_share() {
        assert_eq!(super::parse_limit("10"), Ok(super::Limit::Count(10)));
        assert_eq!(super::parse_limit("0.5%"), Ok(super::Limit::Percent(0.5)));
        assert!(["", "x", "-1", "101%", "nan%"].iter().all(|text| super::parse_limit(text).is_err()));
    }
}
