//! `sr canonical`: whether two schemas are the same to a reader.

use kch_cli::{Exit, Result};
use kch_schema::{Fingerprints, canonical};
use serde_json::{Value, json};

use crate::Desk;
use crate::framed::to_hex;
use crate::source::SourceArgs;

const EXAMPLES: &str = "\
Avro's Parsing Canonical Form: full names, without documentation, defaults, aliases and logical types, which make no other \
bytes. What is referred to is written out. -o json prints the form with all three fingerprints.

Examples:
  sr canonical kafka-events-value
  sr canonical kafka-events-value --fingerprint sha256
  sr canonical configs/schemas/kafka-events-value.avsc -q rabin
  diff <(sr canonical smoke-avro-value@1) <(sr canonical smoke-avro-value) && echo the same bytes";

/// Of which schema, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Canonical {
    /// The schema
    #[command(flatten)]
    pub source: SourceArgs,
    /// Print this fingerprint of the form alone, in hexadecimal
    #[arg(long, value_name = "KIND", conflicts_with_all = ["output", "field"])]
    pub fingerprint: Option<Fingerprint>,
}

/// How a form is told in a few bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fingerprint {
    /// CRC-64-AVRO, as single-object encoding has it: the least byte first
    Rabin,
    /// MD5
    Md5,
    /// SHA-256
    Sha256,
}

impl Canonical {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let source = desk.source(&self.source)?;
        let form = canonical(&source.schema()?);
        let Fingerprints { rabin, md5, sha256 } = Fingerprints::of(&form);
        let (rabin, md5, sha256) = (to_hex(&rabin.to_le_bytes()), to_hex(&md5), to_hex(&sha256));
        let text = match self.fingerprint {
            _ if desk.wants_rows() => {
                let form: Value = serde_json::from_str(&form).unwrap_or(Value::Null);
                return desk
                    .row(json!({"schema": source.name, "canonical": form, "rabin": rabin, "md5": md5,
                    "sha256": sha256}));
            }
            None => form,
            Some(Fingerprint::Rabin) => rabin,
            Some(Fingerprint::Md5) => md5,
            Some(Fingerprint::Sha256) => sha256,
        };
        desk.io.output.line(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
