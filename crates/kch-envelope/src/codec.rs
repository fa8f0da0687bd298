//! Framed Avro to JSON. Each schema is fetched and compiled once.

use std::collections::HashMap;

use kch_avro::{Decoder, FrameError, JsonMode, Plan, frame};
use kch_cli::{Exit, Failure, Result};
use kch_registry::Registry;

/// What is wrong with a record, as `--stats` counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No registry frame.
    Frame,
    /// A frame, but no schema that can be used.
    Schema,
    /// A schema, but the bytes are not a datum of it.
    Data,
    /// The key is not what `--key-format` says.
    Key,
    /// Headers that are not text.
    Headers,
}

impl Kind {
    /// The name in `--stats` and in counts: `frame`, `schema`, `data`, `key`, `headers`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Frame => "frame",
            Kind::Schema => "schema",
            Kind::Data => "data",
            Kind::Key => "key",
            Kind::Headers => "headers",
        }
    }
}

/// Why a record could not be decoded, or why nothing can.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This record; the next one may be fine.
    Record(Kind, String),
    /// The registry cannot be used.
    Stop(Failure),
}

/// Decodes framed bytes. A schema that could not be had is remembered, so that a topic full of its records asks once.
#[derive(Debug)]
pub struct Codec {
    registry: Registry,
    json: JsonMode,
    plans: HashMap<u32, std::result::Result<Plan, Fault>>,
}

impl Codec {
    /// A codec that asks `registry` for schemas.
    #[must_use]
    pub fn new(registry: Registry, json: JsonMode) -> Codec {
        Codec { registry, json, plans: HashMap::new() }
    }

    /// Appends the JSON of `framed` to `out`, and gives the schema's id. On a fault `out` is as long as before.
    ///
    /// # Errors
    /// [`Fault::Record`] when the bytes have no frame, no schema or do not fit it; [`Fault::Stop`] when the registry cannot be used.
    pub fn decode(&mut self, framed: &[u8], out: &mut Vec<u8>) -> std::result::Result<u32, Fault> {
        let (id, avro) = frame::read(framed).map_err(not_framed)?;
        let registry = &self.registry;
        let plan =
            self.plans.entry(id).or_insert_with(|| compile(registry, id)).as_ref().map_err(Clone::clone)?;
        Decoder::new(plan, self.json)
            .decode(avro, out)
            .map_err(|error| Fault::Record(Kind::Data, format!("schema id {id}: {error}")))?;
        Ok(id)
    }
}

#[cold]
fn not_framed(error: FrameError) -> Fault {
    Fault::Record(Kind::Frame, error.to_string())
}

fn compile(registry: &Registry, id: u32) -> std::result::Result<Plan, Fault> {
    let compiled = || -> Result<Plan> {
        let schema = registry.schema_by_id(id)?;
        let references = registry.resolved(&schema)?;
        Plan::compile_with_references(&schema.text, &references)
            .map_err(|error| Failure::refused(format!("schema id {id}: {error}")))
    };
    compiled().map_err(|failure| match failure.exit() {
        Exit::Refused => Fault::Record(Kind::Schema, failure.text().to_owned()),
        _ => Fault::Stop(failure),
    })
}

/// The length and the first bytes of a value, for a person to recognise it by: `8 bytes: 00 00 00 00 63 61 62 63`.
#[must_use]
pub fn first_bytes(value: &[u8]) -> String {
    const SHOWN: usize = 16;
    let hex: Vec<String> = value.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let more = if value.len() > SHOWN { " …" } else { "" };
    format!("{} bytes: {}{more}", value.len(), hex.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_shown_in_hex() {
        assert_eq!(first_bytes(b"{}"), "2 bytes: 7b 7d");
        assert!(
            first_bytes(&[0; 40]).starts_with("40 bytes: 00 00") && first_bytes(&[0; 40]).ends_with(" …")
        );
    }
}
