//! `sr decode`: what is in a record's bytes.

use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kch_avro::{Decoder, JsonMode, frame};
use kch_cli::{Exit, Failure, Result};
use kch_registry::Registry;
use kch_registry::complete::subjects;
use kch_schema::Schema;
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
Reads framed records from stdin: the bytes of one, or base64 or hexadecimal text, one a line. Text is told apart by its
beginning: a frame begins with 00 in hexadecimal, and with A in base64.

Examples:
  echo 00000000070a | sr decode --schema order.avsc
  kcat -b localhost:19092 -t orders -C -c 1 -e -D '' | sr decode --format binary | jq .value
  avro-consume -t orders --envelope --on-error emit | jq -r .value.base64 | sr decode";

/// How to read.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Decode {
    /// What is on stdin
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub format: Bytes,
    /// Decode with this schema (a file, a SUBJECT or a SUBJECT@VERSION), and not with the one that the frame names
    #[arg(long, value_name = "FILE", add = subjects())]
    pub schema: Option<String>,
    /// How a value is written: plain, tagged or avro
    #[arg(long, value_name = "STYLE", default_value_t = JsonMode::Plain)]
    pub json: JsonMode,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Bytes {
    /// Found out
    Auto,
    /// One record, as it is
    Binary,
    /// A record a line
    Base64,
    /// A record a line
    Hex,
}

impl Decode {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let given = match &self.schema {
            Some(name) => Some(Arc::new(desk.source_of(name, &[])?.schema()?)),
            None => None,
        };
        let mut input = Vec::new();
        let name = desk.io.input.name().to_owned();
        desk.io
            .input
            .read_to_end(&mut input)
            .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
        if let Some(exit) = desk.io.signals.received() {
            return Err(Failure::interrupted(exit));
        }
        let mut schemas = Schemas { given, registry: None, last: None };
        let records = self.records(&input, &name)?;
        if records.is_empty() {
            return Err(Failure::refused(format!("{name} is empty")));
        }
        let mut rows = Vec::new();
        let mut decode = |(at, bytes): (String, Vec<u8>), desk: &mut Desk<'_>| {
            let row = self.decode(&bytes, &mut schemas, desk).map_err(|failure| failure.context(&at))?;
            match desk.is_json() {
                true => desk.record(row.as_bytes())?,
                false => rows.push(serde_json::from_str(&row).unwrap_or(Value::Null)),
            }
            Ok(())
        };
        let outcome = records.into_iter().try_for_each(|record| decode(record, desk));
        desk.rows(&rows)?;
        outcome.map(|()| Exit::Done)
    }

    /// The records' bytes, with where each one stood.
    fn records(&self, input: &[u8], name: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let is_text =
            |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
        if self.format == Bytes::Binary || self.format == Bytes::Auto && !is_text(input) {
            let record = (name.to_owned(), input.to_vec());
            return Ok(if input.is_empty() { Vec::new() } else { vec![record] });
        }
        let text = std::str::from_utf8(input)
            .map_err(|_| Failure::refused(format!("{name}: not text")).hint("--format binary reads bytes"))?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines
            .map(|(index, line)| {
                let at = format!("{name}:{}", index + 1);
                let line = line.trim().trim_matches('"');
                let hex = line.strip_prefix("0x").unwrap_or(line);
                let is_hex = match self.format {
                    Bytes::Auto => {
                        hex.len() < line.len() || line.starts_with("00") || line.starts_with("\\x")
                    }
                    format => format == Bytes::Hex,
                };
                let decoded = if is_hex { from_hex(hex) } else { STANDARD.decode(line).ok() };
                let what = if is_hex { "hexadecimal" } else { "base64" };
                match decoded {
                    Some(bytes) => Ok((at, bytes)),
                    None => Err(Failure::refused(format!("{at}: not {what}"))
                        .hint("--format says what is on stdin: binary, base64 or hex")),
                }
            })
            .collect()
    }

    /// The row of one record. Its value is the codec's own text, so that no digit is lost on the way.
    fn decode(&self, bytes: &[u8], schemas: &mut Schemas, desk: &Desk<'_>) -> Result<String> {
        let (id, datum) = frame::read(bytes).map_err(|error| Failure::refused(error.to_string()))?;
        let schema = schemas.of(id, desk)?;
        let mut value = Vec::new();
        Decoder::new(schema.plan(), self.json).decode(datum, &mut value).map_err(|error| {
            Failure::refused(format!("schema {id}: {error}"))
                .hint("the frame may name another schema than the writer's")
        })?;
        let head = json!({"magic": 0, "id": id, "name": schema.name()});
        let value = String::from_utf8_lossy(&value);
        Ok(format!("{},\"value\":{value}}}", head.to_string().trim_end_matches('}')))
    }
}

/// The schemas that frames name.
struct Schemas {
    given: Option<Arc<Schema>>,
    registry: Option<Registry>,
    last: Option<(u32, Arc<Schema>)>,
}

impl Schemas {
    fn of(&mut self, id: u32, desk: &Desk<'_>) -> Result<Arc<Schema>> {
        if let Some(given) = &self.given {
            return Ok(Arc::clone(given));
        }
        if let Some((known, schema)) = &self.last
            && *known == id
        {
            return Ok(Arc::clone(schema));
        }
        if self.registry.is_none() {
            self.registry = Some(desk.registry()?);
        }
        let Some(registry) = &self.registry else { return Err(Failure::usage("no registry")) };
        let found = registry.schema_by_id(id)?;
        let references = registry.resolved(&found)?;
        let schema = Schema::parse_with_references(&found.text, &references)
            .map_err(|error| Failure::refused(format!("schema {id}: not an Avro schema: {error}")))?;
        let schema = Arc::new(schema);
        self.last = Some((id, Arc::clone(&schema)));
        Ok(schema)
    }
}

/// Bytes from hexadecimal digits; spaces, colons and `\x` between them are passed over.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.replace("\\x", "").bytes().filter(|byte| !matches!(byte, b' ' | b':')).collect();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}
