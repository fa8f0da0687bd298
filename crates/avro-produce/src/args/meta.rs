//! Flags: headers, time, partition and tombstones.

use clap::ValueEnum;
use kch_kafka::Partitioner;

/// What a record has besides key and value.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Headers, time, partition")]
pub struct MetaArgs {
    /// A header for every record, KEY=VALUE; repeat for more
    #[arg(short = 'H', long = "header", value_name = "KEY=VALUE", group = "meta_choice")]
    pub headers: Vec<String>,

    /// A header out of a field of the line: its name, or NAME=FIELD; none where the field is missing or null
    #[arg(long = "header-field", value_name = "[NAME=]FIELD", group = "meta_choice")]
    pub header_fields: Vec<String>,

    /// Take the record's time from this field: RFC 3339, or a number in the field's unit, else milliseconds since 1970
    #[arg(long, value_name = "FIELD", group = "meta_choice")]
    pub timestamp_field: Option<String>,

    /// Send every record to this partition
    #[arg(short = 'p', long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..), group = "meta_choice")]
    pub partition: Option<i32>,

    /// Which partition a record with a key goes to
    #[arg(long, value_enum, default_value_t = PartitionerName::Murmur2, conflicts_with = "partition")]
    pub partitioner: PartitionerName,

    /// Every line is a tombstone: it gives the key and no value
    ///
    /// The key is the line itself, or what --key-field or --key-from take from it.
    #[arg(long, group = "meta_choice", conflicts_with = "set")]
    pub tombstone: bool,

    /// A line whose field is true is a tombstone: its key without a value
    #[arg(
        long,
        value_name = "FIELD",
        requires = "key_choice",
        conflicts_with = "tombstone",
        group = "meta_choice"
    )]
    pub tombstone_if: Option<String>,
}

/// Which partition a record with a key goes to. One without a key goes to any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PartitionerName {
    /// Where Java's clients put it
    Murmur2,
    /// Where librdkafka's clients and kcat put it by default
    Crc32,
    /// Where Sarama's clients in Go put it
    Fnv1a,
    /// Anywhere
    Random,
}

impl From<PartitionerName> for Partitioner {
    fn from(name: PartitionerName) -> Partitioner {
        match name {
            PartitionerName::Murmur2 => Partitioner::Murmur2,
            PartitionerName::Crc32 => Partitioner::Crc32,
            PartitionerName::Fnv1a => Partitioner::Fnv1a,
            PartitionerName::Random => Partitioner::Random,
        }
    }
}
