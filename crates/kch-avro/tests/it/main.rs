//! The codec's behaviour, a file per topic.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod encode;
mod fastavro;
mod golden;
mod hostile;
mod plan;
mod random;
mod resolution;
mod resolution_random;
mod roundtrip;
mod style;
mod supply;
mod unions;

use kch_avro::{DecodeError, Decoder, EncodeError, Encoder, JsonMode, Plan, Style};

/// A plan of a schema that must compile.
pub(crate) fn plan(schema: &str) -> Plan {
    Plan::compile(schema).unwrap_or_else(|error| panic!("{schema}: {error}"))
}

/// Encodes one text; on an error `out` must be untouched.
pub(crate) fn encode(plan: &Plan, mode: JsonMode, json: &str) -> Result<Vec<u8>, EncodeError> {
    let mut out = b"before".to_vec();
    match Encoder::new(plan, mode).encode(json.as_bytes(), &mut out) {
        Ok(()) => Ok(out.split_off(6)),
        Err(error) => {
            assert_eq!(out, b"before", "an error must leave the output alone");
            Err(error)
        }
    }
}

/// Decodes one datum; on an error `out` must be untouched.
pub(crate) fn decode(plan: &Plan, mode: impl Into<Style>, avro: &[u8]) -> Result<String, DecodeError> {
    let mut out = b"before".to_vec();
    match Decoder::new(plan, mode).decode(avro, &mut out) {
        Ok(()) => Ok(String::from_utf8(out.split_off(6)).unwrap()),
        Err(error) => {
            assert_eq!(out, b"before", "an error must leave the output alone");
            Err(error)
        }
    }
}

/// What a text looks like after it went to Avro and back, in plain mode.
pub(crate) fn through(schema: &str, json: &str) -> String {
    let plan = plan(schema);
    let avro =
        encode(&plan, JsonMode::Plain, json).unwrap_or_else(|error| panic!("{schema} {json}: {error}"));
    decode(&plan, JsonMode::Plain, &avro).unwrap_or_else(|error| panic!("{schema} {json}: {error}"))
}

/// The error of a text, in plain mode.
pub(crate) fn refused(schema: &str, json: &str) -> EncodeError {
    match encode(&plan(schema), JsonMode::Plain, json) {
        Ok(avro) => panic!("{schema} takes {json}: {avro:02x?}"),
        Err(error) => error,
    }
}
