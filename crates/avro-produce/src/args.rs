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
    #[arg(long)]
    pub message: bool,

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

    /// Write with the schema in this file; the subject must have it already
    #[arg(long = "schema", value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Register the schema of --schema under the subject if it is not there
    #[arg(long, requires = "file")]
    pub register: bool,
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
}
