//! `sr decode`: what is in a record's bytes.

use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kch_avro::frame::SchemaRef;
use kch_avro::{Decoder, JsonMode};
use kch_cli::{Exit, Failure, Input, LineReader, MAX_LINE, Result};
use kch_registry::Registry;
use kch_registry::complete::subjects;
use kch_schema::{Fingerprints, Schema, canonical};
use serde_json::{Value, json};

use crate::Desk;
use crate::framed::{Framed, Named, from_hex, to_hex};

const EXAMPLES: &str = "\
Reads framed records from stdin: the bytes of one, or base64 or hexadecimal text, one a line. Text is told apart by its \
beginning: a frame begins with 00 in hexadecimal (01 before a GUID), and with A in base64. A line that is a JSON object is \
a record of `avro-consume --envelope`, whose schema may be named by a header, such as __value_schema_id. Avro's \
single-object encoding (c301) is read with --schema, whose fingerprint must be the one in it.

Examples:
  echo 00000000070a | sr decode --schema order.avsc
  kcat -b localhost:19092 -t orders -C -c 1 -e -D '' | sr decode --format binary | jq .value
  avro-consume -t orders --envelope --on-error emit | jq -c 'select(.value.base64?)' | sr decode";

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
    /// What of an envelope
    #[arg(long, value_name = "PART", default_value = "value")]
    pub part: Half,
    /// How a value is written: plain, tagged or avro
    #[arg(long, value_name = "STYLE", default_value_t = JsonMode::Plain)]
    pub json: JsonMode,
}

/// Half of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Half {
    /// Its value
    Value,
    /// Its key
    Key,
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
    /// A record a line, as avro-consume --envelope prints those that it cannot decode
    Envelope,
}

impl Decode {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let given = match &self.schema {
            Some(name) => Some(Given::of(desk.source_of(name, &[])?.schema()?)),
            None => None,
        };
        let mut printed =
            Printed { schemas: Schemas { given, registry: None, last: None }, rows: Vec::new() };
        let outcome = self.copy(&mut printed, desk);
        desk.rows(&printed.rows)?;
        outcome
    }

    /// Each record is printed before the next one is waited for.
    fn copy(&self, printed: &mut Printed, desk: &mut Desk<'_>) -> Result<Exit> {
        let mut input = std::mem::replace(&mut desk.io.input, Input::new("stdin", std::io::empty()));
        let name = input.name().to_owned();
        let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {name}: {error}"));
        let interrupted = |desk: &Desk<'_>| match desk.io.signals.received() {
            Some(exit) => Err(Failure::interrupted(exit)),
            None => Ok(()),
        };
        let mut first = Vec::new();
        input.by_ref().take(1).read_to_end(&mut first).map_err(cannot)?;
        let is_text = first.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
        let mut input = std::io::Cursor::new(first).chain(input);
        if self.format == Bytes::Binary || self.format == Bytes::Auto && !is_text {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes).map_err(cannot)?;
            interrupted(desk)?;
            self.ensure_no_half()?;
            if bytes.is_empty() {
                return Err(Failure::refused(format!("{name} is empty")));
            }
            return self.print(&Framed::alone(bytes), &name, printed, desk).map(|()| Exit::Done);
        }
        let mut lines = LineReader::new(input, MAX_LINE);
        let mut count = 0;
        while let Some(line) = lines.next_line().map_err(|error| Failure::from(error).context(&name))? {
            // A signal cuts the line short.
            interrupted(desk)?;
            let at = format!("{name}:{}", line.number);
            let text = std::str::from_utf8(line.bytes).map_err(|_| {
                Failure::refused(format!("{at}: not text")).hint("--format binary reads bytes")
            })?;
            if text.trim().is_empty() {
                continue;
            }
            count += 1;
            let record = self.record(text.trim()).map_err(|failure| failure.context(&at))?;
            self.print(&record, &at, printed, desk)?;
            if !lines.has_buffered_line() {
                desk.rows(&std::mem::take(&mut printed.rows))?;
                desk.io.output.hand_over(&mut desk.io.messages)?;
            }
        }
        interrupted(desk)?;
        match count {
            0 => Err(Failure::refused(format!("{name} is empty"))),
            _ => Ok(Exit::Done),
        }
    }

    fn print(&self, record: &Framed, at: &str, printed: &mut Printed, desk: &mut Desk<'_>) -> Result<()> {
        let row = self.decode(record, &mut printed.schemas, desk).map_err(|failure| failure.context(at))?;
        match desk.is_json() {
            true => desk.record(row.as_bytes())?,
            false => printed.rows.push(serde_json::from_str(&row).unwrap_or(Value::Null)),
        }
        Ok(())
    }

    /// The record of a line.
    fn record(&self, line: &str) -> Result<Framed> {
        let format = match self.format {
            Bytes::Auto => guess(line),
            format => format,
        };
        if format == Bytes::Envelope {
            return Framed::of_envelope(line, self.part);
        }
        self.ensure_no_half()?;
        let line = line.trim_matches('"');
        let (bytes, what) = match format {
            Bytes::Hex => (from_hex(line), "hexadecimal"),
            _ => (STANDARD.decode(line).ok(), "base64"),
        };
        bytes.map(Framed::alone).ok_or_else(|| {
            Failure::refused(format!("not {what}"))
                .hint("--format says what is on stdin: binary, base64, hex or envelope")
        })
    }

    /// Bytes alone have no key.
    fn ensure_no_half(&self) -> Result<()> {
        match self.part {
            Half::Key => Err(Failure::usage("--part key is for envelopes, and this is none")),
            Half::Value => Ok(()),
        }
    }

    /// The row of one record. Its value is the codec's own text, so that no digit is lost on the way.
    fn decode(&self, record: &Framed, schemas: &mut Schemas, desk: &Desk<'_>) -> Result<String> {
        let (named, datum) = record.split()?;
        let (id, schema) = schemas.of(named, desk)?;
        let mut head = match named {
            Named::Registered(SchemaRef::Id(id)) => json!({"magic": 0, "id": id}),
            Named::Registered(SchemaRef::Guid(_)) => json!({"magic": 1, "guid": named.text(), "id": id}),
            Named::Fingerprint(_) => json!({"magic": "c301", "fingerprint": named.text()}),
        };
        let mut value = Vec::new();
        Decoder::new(schema.plan(), self.json).decode(datum, &mut value).map_err(|error| {
            Failure::refused(format!("schema {}: {error}", named.text()))
                .hint("the frame may name another schema than the writer's")
        })?;
        head["name"] = json!(schema.name());
        let value = String::from_utf8_lossy(&value);
        Ok(format!("{},\"value\":{value}}}", head.to_string().trim_end_matches('}')))
    }
}

/// What is kept from one record to the next.
struct Printed {
    schemas: Schemas,
    /// Rows of a table, which are printed together.
    rows: Vec<Value>,
}

/// The schema of `--schema`, and its fingerprint, by which single-object encoding names it.
struct Given {
    schema: Arc<Schema>,
    rabin: [u8; 8],
}

impl Given {
    fn of(schema: Schema) -> Given {
        let rabin = Fingerprints::of(&canonical(&schema)).rabin.to_le_bytes();
        Given { schema: Arc::new(schema), rabin }
    }

    /// A fingerprint tells whether a schema is the writer's.
    fn ensure_same(&self, named: Named) -> Result<()> {
        match named {
            Named::Fingerprint(fingerprint) if fingerprint != self.rabin => Err(Failure::refused(format!(
                "it was written with a schema of the fingerprint {}, and --schema has {}",
                named.text(),
                to_hex(&self.rabin)
            ))),
            _ => Ok(()),
        }
    }
}

/// What a line is.
fn guess(line: &str) -> Bytes {
    let line = line.trim_matches('"');
    match line {
        _ if line.starts_with('{') => Bytes::Envelope,
        _ if ["00", "01", "c301", "0x", "\\x"].iter().any(|start| line.starts_with(start)) => Bytes::Hex,
        _ => Bytes::Base64,
    }
}

/// The schemas that records name.
struct Schemas {
    given: Option<Given>,
    registry: Option<Registry>,
    last: Option<(Named, u32, Arc<Schema>)>,
}

impl Schemas {
    /// The schema, and its id in the registry, which is none where the schema was given and the record names a GUID.
    fn of(&mut self, named: Named, desk: &Desk<'_>) -> Result<(Option<u32>, Arc<Schema>)> {
        if let Some(given) = &self.given {
            given.ensure_same(named)?;
            return Ok((None, Arc::clone(&given.schema)));
        }
        let Named::Registered(wanted) = named else {
            return Err(Failure::refused("Avro's single-object encoding names a schema, and no registry")
                .hint("--schema FILE gives the schema"));
        };
        if let Some((known, id, schema)) = &self.last
            && *known == named
        {
            return Ok((Some(*id), Arc::clone(schema)));
        }
        let registry = match &mut self.registry {
            Some(registry) => registry,
            none => none.insert(desk.registry()?),
        };
        let found = match wanted {
            SchemaRef::Id(id) => registry.schema_by_id(id)?,
            SchemaRef::Guid(guid) => registry.schema_by_guid(&guid)?,
        };
        let references = registry.resolved(&found)?;
        let schema = Schema::parse_with_references(&found.text, &references)
            .map_err(|error| Failure::refused(format!("schema {}: not an Avro schema: {error}", found.id)))?;
        let schema = Arc::new(schema);
        self.last = Some((named, found.id, Arc::clone(&schema)));
        Ok((Some(found.id), schema))
    }
}
