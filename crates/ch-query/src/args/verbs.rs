//! The verbs and their flags.

use std::path::PathBuf;
use std::time::Duration;

use kch_cli::{RejectLimit, parse_duration};
use kch_registry::RegistryArgs;

/// What to do, when it is not SQL.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Verb {
    /// Insert JSON lines, in batches that are retried safely
    Insert(InsertArgs),
    /// List tables
    Tables(TablesArgs),
    /// Show the columns of a table
    Describe(DescribeArgs),
    /// Check a table against an Avro schema
    Check(CheckArgs),
}

impl Verb {
    /// The word on the command line.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Verb::Insert(_) => "insert",
            Verb::Tables(_) => "tables",
            Verb::Describe(_) => "describe",
            Verb::Check(_) => "check",
        }
    }

    /// All of those words.
    pub(crate) const NAMES: [&'static str; 4] = ["insert", "tables", "describe", "check"];
}

/// Insert JSON lines, in batches that are retried safely
///
/// A batch goes when it has --batch-rows or --batch-bytes, or --flush after its first line: an endless pipe keeps
/// inserting. The next batches are read while one is on its way, and stdin waits when the server is slower.
///
/// A batch that may not have arrived is sent again with the same deduplication token, so the server drops what it has. For
/// that the table must deduplicate: Replicated tables do, other MergeTree tables with the setting
/// non_replicated_deduplication_window of 100 or more. Where it does not, a batch of unknown fate is not sent again; the run
/// ends with exit code 3 and says which lines are in doubt.
///
/// A batch that the server refuses is cut until the bad lines stand alone; all others go in. The exit code is then 1.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = INSERT_EXAMPLES)]
pub struct InsertArgs {
    /// The table, or database.table
    #[arg(value_name = "TABLE")]
    pub table: String,

    /// Lines are those of `avro-consume --envelope`
    ///
    /// The value is inserted; a tombstone has none and is passed over.
    #[arg(long)]
    pub envelope: bool,

    /// Keep what is in, for exactly once across restarts
    ///
    /// The file has the next offset of each partition, as that of `avro-consume --state` does; FILE.pending has the
    /// batches that are on their way. A run that was killed is repeated with the same file: lines below the offsets are
    /// passed over, and what was on its way is sent again as the same batches under the same tokens. The records must
    /// be read again from those offsets or from before: copy the file and give the copy to avro-consume.
    #[arg(long, value_name = "FILE", requires = "envelope")]
    pub state: Option<PathBuf>,

    /// Name this load: run again, it adds nothing twice
    ///
    /// The same lines under the same name are cut into the same batches (by rows and bytes, not by time) and have the
    /// same tokens, so the server drops the batches it has, as far back as its deduplication window goes.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["envelope", "flush"])]
    pub token: Option<String>,

    /// Pass over fields that the table lacks
    ///
    /// Without it such a line is refused, and the nearest column is named: a misspelt field would be lost in silence.
    #[arg(long)]
    pub ignore_unknown: bool,

    /// Let ClickHouse change what a column does not keep
    ///
    /// It wraps an integer, cuts a decimal, limits a day and takes null for 0, each in silence. Without this flag such a
    /// line is refused, and the field named.
    #[arg(long)]
    pub lossy: bool,

    /// Append refused lines to this file as JSON
    ///
    /// Each with line number, byte offset, the server's words, and the line itself: {"line":3,"offset":40,"code":27,
    /// "error":"…","raw":"…"}. Without it the first 20 are named on stderr. A line that is read again after a kill may be
    /// there twice.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Stop after more refused lines than 10, or than 1%
    #[arg(long, value_name = "N|P%")]
    pub max_errors: Option<RejectLimit>,

    /// Rows in a batch, at most
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub batch_rows: u32,

    /// Bytes in a batch, at most; a longer line goes alone
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = clap::value_parser!(u32).range(1..=128 << 20))]
    pub batch_bytes: u32,

    /// Send what there is after this time
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    pub flush: Duration,

    /// Try a batch again for this long
    ///
    /// When the server is away, overloaded or has lost its quorum.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub retry: Duration,

    /// Let the server parse the lines and insert nothing
    #[arg(long, conflicts_with_all = ["state", "token"])]
    pub dry_run: bool,

    /// Let there be no lines on stdin
    #[arg(long)]
    pub allow_empty: bool,
}

/// List tables
///
/// Name, engine, rows and bytes on disk of each table of the database, views included.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  ch-query tables
  ch-query tables 'kafka_%' | jq -r .name
  ch-query tables -d system -o raw")]
pub struct TablesArgs {
    /// Only these, such as 'kafka*' or 'kafka%'
    #[arg(value_name = "PATTERN")]
    pub pattern: Option<String>,
}

/// Show the columns of a table
///
/// Name, type, default, comment, and whether it is in the sorting and partition key.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  ch-query describe kafka_events
  ch-query describe kafka_events | jq -r '.name + \" \" + .type'")]
pub struct DescribeArgs {
    /// The table, or database.table
    #[arg(value_name = "TABLE")]
    pub table: String,
}

/// Check a table against the Avro schema of a subject
///
/// One row a field: its Avro type, the column that would fit, the column that is there, and the verdict. `kept`: what is
/// read back is what was sent. `lost`: some values are refused, changed or passed over, and why; the exit code is then 1.
/// `note`: to know about, such as a column that no field fills. `cure` is the statement that adds a missing column, or makes
/// one wide enough.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  ch-query check kafka_events kafka-events-value
  ch-query check kafka_events configs/schemas/kafka-events-value.avsc --route sink
  ch-query check kafka_events kafka-events-value --route json | jq -c 'select(.verdict == \"lost\")'
  ch-query check kafka_events kafka-events-value | jq -r '.cure // empty | . + \";\"' | tee alter.sql")]
pub struct CheckArgs {
    /// The table, or database.table
    #[arg(value_name = "TABLE")]
    pub table: String,

    /// A file, a SUBJECT, or a SUBJECT@VERSION; - is stdin
    #[arg(value_name = "SCHEMA", add = kch_registry::complete::subjects())]
    pub schema: String,

    /// A file with types that SCHEMA uses; repeat for more
    #[arg(long = "with", value_name = "FILE")]
    pub with: Vec<String>,

    /// Version of the subject, instead of the latest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub schema_version: Option<u32>,

    /// How records get into the table: avro, sink or json
    ///
    /// avro: ClickHouse reads them itself (the Kafka engine with AvroConfluent). sink: ClickHouse's sink of Kafka Connect.
    /// json: as lines of avro-consume, through ch-query insert.
    #[arg(long, value_name = "ROUTE", default_value = "avro", hide_possible_values = true)]
    pub route: RouteName,

    /// Registry
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// How records get into a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RouteName {
    /// ClickHouse reads Avro itself
    Avro,
    /// The ClickHouse sink of Kafka Connect
    Sink,
    /// As JSON lines
    Json,
}

const INSERT_EXAMPLES: &str = "\
Examples:
  jq -c .value events.json | ch-query insert kafka_events
  ch-query insert kafka_events --rejects bad.jsonl < events.jsonl || jq -r .raw bad.jsonl
  avro-consume -t kafka-events --envelope | ch-query insert kafka_events --envelope --state at.json
  ch-query insert kafka_events --token monday < events.jsonl
  ch-query insert kafka_events --ignore-unknown < events.jsonl
  ch-query insert kafka_events --dry-run < events.jsonl";
