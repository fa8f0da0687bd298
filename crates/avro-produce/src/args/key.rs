//! Flags: where records get their keys from.

use std::path::PathBuf;

use clap::ValueEnum;

/// Where records get their keys from.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Keys")]
pub struct KeyArgs {
    /// Take the key from this field of the line; dots go deeper: customer.id
    ///
    /// A null is no key. For CSV it is the name of a column.
    #[arg(long, value_name = "FIELD", group = "key_choice")]
    pub key_field: Option<String>,

    /// Make the key a record of these fields of the line: id,customer.region
    ///
    /// Each is called by its last name. Avro with the schema of the subject TOPIC-key, or --key-format json.
    #[arg(
        long,
        value_name = "FIELD,…",
        value_delimiter = ',',
        conflicts_with = "key_field",
        group = "key_choice"
    )]
    pub key_from: Vec<String>,

    /// What the key's bytes are [default: string; avro with --key-from, --key-schema or --key-subject]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub key_format: Option<KeyFormat>,

    /// Write Avro keys with the schema in this file; the subject must have it already, or --register registers it
    #[arg(long, value_name = "FILE", group = "key_choice")]
    pub key_schema: Option<PathBuf>,

    /// Subject of the key's schema, instead of TOPIC-key
    #[arg(long, value_name = "SUBJECT", group = "key_choice")]
    pub key_subject: Option<String>,
}

/// What a key's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyFormat {
    /// The text of a string, number or boolean
    String,
    /// The JSON text
    Json,
    /// Avro
    Avro,
    /// No key, even where an envelope has one
    None,
}

impl KeyArgs {
    /// What the key's bytes are: what was said, or what the other flags mean.
    pub(crate) fn format(&self) -> KeyFormat {
        let avro = !self.key_from.is_empty() || self.key_schema.is_some() || self.key_subject.is_some();
        self.key_format.unwrap_or(if avro { KeyFormat::Avro } else { KeyFormat::String })
    }
}
