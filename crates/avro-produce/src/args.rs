//! The command line of `avro-produce`, as typed.

mod flow;
mod key;
mod meta;
mod reject;
mod schema;

use clap::{ArgGroup, Parser, ValueEnum};
use kch_avro::{JsonMode, Unknown};
use kch_cli::CommonArgs;
use kch_kafka::KafkaArgs;
use kch_registry::RegistryArgs;

pub(crate) use self::flow::{CreateTopic, FlowArgs, Transaction};
pub(crate) use self::key::{KeyArgs, KeyFormat};
pub(crate) use self::meta::MetaArgs;
pub(crate) use self::reject::{OnError, RejectArgs};
pub(crate) use self::schema::{Register, SchemaArgs};

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
#[command(group(ArgGroup::new("key_choice").multiple(true)))]
#[command(group(ArgGroup::new("meta_choice").multiple(true)))]
#[command(group(ArgGroup::new("schema_choice").multiple(true)))]
pub struct Args {
    /// Topic to send to
    ///
    /// Environment: TOPIC.
    #[arg(short = 't', long, value_name = "TOPIC")]
    pub topic: Option<String>,

    /// What stdin is
    #[arg(long, value_enum, default_value_t = Format::Json)]
    pub format: Format,

    /// What stands between the cells of a line of CSV: a character, or tab
    #[arg(long, value_name = "CHAR", default_value = ",", value_parser = kch_cli::parse_delimiter)]
    pub delimiter: u8,

    /// How unions, bytes and times are written: plain, tagged (with the type's name), or avro (as Java's tools)
    #[arg(long = "json", default_value_t = JsonMode::Plain, value_name = "STYLE")]
    pub json: JsonMode,

    /// What happens to a field that the schema does not have
    #[arg(long, value_enum, default_value_t = OnUnknown::Error, value_name = "WHAT")]
    pub unknown: OnUnknown,

    /// Give a field that a line lacks this value; repeat for more
    ///
    /// VALUE is literal, or one of @now (RFC 3339, UTC; milliseconds in a plain long), @line (the input line),
    /// @seq (1 for the first record), @uuid, @host, @env:NAME. Write @@ for a leading @.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub set: Vec<String>,

    /// Send one record made from MESSAGE_ID and MESSAGE_TS, and read no stdin
    #[arg(long, conflicts_with_all = ["envelope", "resume_from", "format", "tombstone"])]
    pub message: bool,

    /// Lines are what `avro-consume --envelope` prints: topic, partition, timestamp, key, value, headers
    ///
    /// The schema ids in them are used; where there is none, the latest schema of the topic. `"value":null` is a
    /// tombstone. -t sends all of them to that topic instead of their own.
    #[arg(long, conflicts_with_all = ["set", "format", "schema_choice", "key_choice", "meta_choice"])]
    pub envelope: bool,

    /// Encode every line and send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print the schema in use and what each field gets that a line lacks, as one JSON line, and stop
    #[arg(long, conflicts_with = "envelope")]
    pub explain: bool,

    /// Print one JSON line for each acknowledged record: line, topic, partition, offset, timestamp
    #[arg(long, conflicts_with = "dry_run")]
    pub report: bool,

    /// Show no progress on a terminal
    #[arg(long)]
    pub no_progress: bool,

    /// Keys
    #[command(flatten)]
    pub key: KeyArgs,

    /// The rest of a record
    #[command(flatten)]
    pub meta: MetaArgs,

    /// Lines that do not fit
    #[command(flatten)]
    pub reject: RejectArgs,

    /// How the run goes
    #[command(flatten)]
    pub flow: FlowArgs,

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

/// What stdin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines, each a JSON object, number or string
    Json,
    /// Lines of any text, not JSON: the whole line is the first field's value
    Text,
    /// CSV whose first line names the fields; an empty cell is no value
    Csv,
    /// An Avro object container file, as Hadoop and Spark write them
    Avro,
}

/// What happens to a field that the schema does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnUnknown {
    /// The line is refused
    Error,
    /// The field is left out
    Ignore,
    /// The field is left out, and named once on stderr
    Warn,
}

impl OnUnknown {
    /// The same for the codec.
    pub(crate) fn rule(self) -> Unknown {
        match self {
            OnUnknown::Error => Unknown::Refuse,
            OnUnknown::Ignore => Unknown::Skip,
            OnUnknown::Warn => Unknown::Note,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  seq 5 | avro-produce -t kafka-events
  echo '{\"id\":1,\"source\":\"shell\",\"ts\":\"now\",\"payload\":\"hi\"}' | avro-produce -t kafka-events
  jq -c '.items[]' dump.json | avro-produce -t kafka-events --set source=old --set ts=@now
  tail -n +1 words.txt | avro-produce -t smoke-avro --format text
  avro-produce -t kafka-events --format csv --set ts=@now < events.csv
  avro-produce -t kafka-events --key-field source --on-error skip --rejects bad.jsonl < events.jsonl
  avro-produce -t kafka-events --key-from source,id --key-format json < events.jsonl
  avro-produce -t kafka-events --timestamp-field ts --header-field source < events.jsonl
  avro-produce -t kafka-events --transaction all --report < events.jsonl
  seq 100 | avro-produce -t kafka-events --rate 50 --limit 75
  printf 'eu\\nus\\n' | avro-produce -t kafka-events --format text --tombstone
  avro-consume -t kafka-events --envelope | avro-produce --envelope -t kafka-events-copy
  seq 5 | avro-produce -t smoke-avro --schema smoke-avro-value.v2.avsc --register

Exit codes: 0 all acknowledged, 1 a line or record was refused, or what was named is not there,
2 usage or configuration, 3 Kafka or the registry was unreachable (try again), 130/143 a signal, after draining.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        super::Args::command().debug_assert();
    }
}
