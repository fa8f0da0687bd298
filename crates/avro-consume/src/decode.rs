//! One record's value to one line of JSON. Each schema is fetched and compiled once.

use std::collections::HashMap;

use kch_avro::{Decoder, JsonMode, Plan, frame};
use kch_cli::{Failure, Result};
use kch_registry::Registry;

/// Decodes framed values. A schema that could not be had is remembered, so that a topic full of its records asks once.
#[derive(Debug)]
pub(crate) struct ValueDecoder {
    registry: Registry,
    json: JsonMode,
    plans: HashMap<u32, std::result::Result<Plan, Failure>>,
    line: Vec<u8>,
}

impl ValueDecoder {
    pub(crate) fn new(registry: Registry, json: JsonMode) -> ValueDecoder {
        ValueDecoder { registry, json, plans: HashMap::new(), line: Vec::new() }
    }

    /// The JSON of a value; `null` for a tombstone.
    ///
    /// # Errors
    /// Exit code 1 for a value that cannot be decoded, another one for a registry that cannot be used.
    pub(crate) fn decode(&mut self, value: Option<&[u8]>) -> Result<&[u8]> {
        self.line.clear();
        let Some(value) = value else {
            self.line.extend_from_slice(b"null");
            return Ok(&self.line);
        };
        let (id, avro) = frame::read(value).map_err(|error| Failure::refused(error.to_string()))?;
        let registry = &self.registry;
        let plan =
            self.plans.entry(id).or_insert_with(|| compile(registry, id)).as_ref().map_err(Clone::clone)?;
        Decoder::new(plan, self.json)
            .decode(avro, &mut self.line)
            .map_err(|error| Failure::refused(format!("schema id {id}: {error}")))?;
        Ok(&self.line)
    }
}

fn compile(registry: &Registry, id: u32) -> Result<Plan> {
    let schema = registry.schema_by_id(id)?;
    let references = registry.resolved(&schema)?;
    Plan::compile_with_references(&schema.text, &references)
        .map_err(|error| Failure::refused(format!("schema id {id}: {error}")))
}

/// The first bytes of a value, for a person to recognise it by.
pub(crate) fn first_bytes(value: &[u8]) -> String {
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
