//! Schema resolution on random schemas that evolve at random: what apache-avro resolves, we resolve to the same value.

use std::sync::atomic::{AtomicU32, Ordering};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use kch_avro::{DecodeReason, JsonMode, Plan, Resolver};
use proptest::test_runner::TestCaseError;
use serde_json::{Value as Json, json};

use crate::decode;
use crate::roundtrip::for_random_data;

/// Numbers out of the datum, so that a failure is the same when it is tried again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }
}

/// Another schema that is likely to read data of this one.
fn evolve(schema: &mut Json, dice: &mut Dice, in_union: bool) {
    match schema {
        Json::String(name) => {
            let wider: &[&str] = match name.as_str() {
                "int" => &["int", "long", "float", "double"],
                "long" => &["long", "float", "double"],
                "float" => &["float", "double"],
                "string" | "bytes" => &["string", "bytes"],
                _ => return,
            };
            *schema = json!(wider[dice.below(wider.len() as u64) as usize]);
            if !in_union && dice.below(5) == 0 {
                *schema = if dice.below(2) == 0 { json!(["null", schema]) } else { json!([schema, "null"]) };
            }
        }
        Json::Array(branches) => {
            // With several branches apache-avro narrows a long to an int that it fits into, by value once more.
            if branches.iter().filter(|branch| **branch != "null").count() == 1 {
                branches.iter_mut().for_each(|branch| evolve(branch, dice, true));
            }
            if dice.below(3) == 0 {
                branches.rotate_left(1);
            }
        }
        Json::Object(object) => match object["type"].as_str().unwrap_or_default() {
            "record" => evolve_fields(object["fields"].as_array_mut().unwrap(), dice),
            "array" => evolve(&mut object["items"], dice, false),
            "map" => evolve(&mut object["values"], dice, false),
            "enum" if dice.below(3) == 0 => {
                let symbols = object["symbols"].as_array_mut().unwrap();
                symbols.remove(0);
                let default = symbols[0].clone();
                object.insert("default".to_owned(), default);
            }
            _ => {}
        },
        _ => {}
    }
}

fn evolve_fields(fields: &mut Vec<Json>, dice: &mut Dice) {
    fields.iter_mut().for_each(|field| evolve(&mut field["type"], dice, false));
    if dice.below(3) == 0 {
        fields.reverse();
    }
    if !fields.is_empty() && dice.below(4) == 0 {
        fields.remove(0);
    }
    if dice.below(3) == 0 {
        let new = [
            json!({"name": "new", "type": "long", "default": 7}),
            json!({"name": "new", "type": ["null", "string"], "default": null}),
            json!({"name": "new", "type": {"type": "array", "items": "string"}, "default": ["x", "y"]}),
            json!({"name": "new", "type": {"type": "map", "values": "int"}, "default": {"k": 1}}),
        ];
        let at = dice.below(fields.len() as u64 + 1) as usize;
        fields.insert(at, new[dice.below(4) as usize].clone());
    }
}

/// Whether some union has a complex type beside another one. There apache-avro takes the first branch that the value fits into, so that
/// a map becomes a record; the specification goes by the writer's type.
fn chooses_by_value(schema: &Json) -> bool {
    match schema {
        Json::Array(branches) => {
            let plain = |branch: &Json| branch.as_str().is_some_and(|name| PRIMITIVES.contains(&name));
            let others = branches.iter().filter(|branch| **branch != "null").count();
            (others > 1 && !branches.iter().all(plain)) || branches.iter().any(chooses_by_value)
        }
        // A union of records only looks like a list of fields, but for its key.
        Json::Object(object) => object.iter().any(|(key, value)| match value {
            Json::Array(fields) if key == "fields" => {
                fields.iter().any(|field| chooses_by_value(&field["type"]))
            }
            value => chooses_by_value(value),
        }),
        _ => false,
    }
}

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// What apache-avro makes of the bytes, if it can.
fn theirs(writer: &Schema, reader: &Schema, avro: &[u8]) -> Option<Value> {
    let reading = GenericDatumReader::builder(writer).reader_schema(reader).build().ok()?;
    reading.read_value(&mut &avro[..]).ok()
}

#[test]
fn apache_avro_resolves_to_the_same_values() {
    let (resolved, refused) = (AtomicU32::new(0), AtomicU32::new(0));
    for_random_data("schema resolution against apache-avro", true, |schema, avro| {
        let fail = |what: &str, reader: &str| {
            TestCaseError::fail(format!("{what}\nwriter {schema}\nreader {reader}\nbytes {avro:02x?}"))
        };
        let seed = avro
            .iter()
            .fold(schema.len() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        let mut reader: Json = serde_json::from_str(schema).unwrap();
        if chooses_by_value(&reader) {
            return Ok(());
        }
        evolve(&mut reader, &mut Dice(seed), false);
        let reader = reader.to_string();
        // A type whose definition went away with a field, or two branches that became one.
        let (Ok(plan), Ok(apache)) = (Plan::compile(&reader), Schema::parse_str(&reader)) else {
            return Ok(());
        };
        let writer = Schema::parse_str(schema).unwrap();
        let mut out = Vec::new();
        let ours = Resolver::new(Plan::compile(schema).unwrap(), &plan).resolve(avro, &mut out);
        match (theirs(&writer, &apache, avro), ours) {
            (Some(value), Ok(())) => {
                let mut left = &out[..];
                let plain = GenericDatumReader::builder(&apache).build().unwrap();
                let ours = plain.read_value(&mut left).map_err(|e| fail(&e.to_string(), &reader))?;
                // NaN is not equal to itself; its text is.
                if format!("{value:?}") != format!("{ours:?}") || !left.is_empty() {
                    return Err(fail(&format!("theirs {value:?}\nours   {ours:?}"), &reader));
                }
                resolved.fetch_add(1, Ordering::Relaxed);
            }
            (Some(value), Err(error)) => return Err(fail(&format!("{error}, theirs {value:?}"), &reader)),
            (None, _) => {
                refused.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    });
    let (resolved, refused) = (resolved.into_inner(), refused.into_inner());
    report(resolved, refused);
    assert!(resolved > 10_000, "only {resolved} data were compared");
}

#[expect(clippy::print_stdout, reason = "the counts belong in the test log")]
fn report(resolved: u32, refused: u32) {
    println!("{resolved} data resolved alike, {refused} that apache-avro refuses");
}

#[test]
fn a_schema_resolved_to_itself_changes_no_byte_and_hostile_bytes_never_panic() {
    for_random_data("schema resolution to itself", false, |schema, avro| {
        let plan = || Plan::compile(schema).unwrap();
        let resolver = Resolver::new(plan(), &plan());
        let mut out = Vec::new();
        resolver
            .resolve(avro, &mut out)
            .map_err(|e| TestCaseError::fail(format!("{schema} {avro:02x?}: {e}")))?;
        if out != avro {
            return Err(TestCaseError::fail(format!("{schema}: {avro:02x?} became {out:02x?}")));
        }
        let mut evolved: Json = serde_json::from_str(schema).unwrap();
        evolve(&mut evolved, &mut Dice(avro.len() as u64), false);
        let evolved =
            Plan::compile(&evolved.to_string()).map(|reader| (Resolver::new(plan(), &reader), reader));
        for at in 0..avro.len().min(12) {
            let mut bytes = avro.to_vec();
            bytes[at] = bytes[at].wrapping_mul(31).wrapping_add(7);
            let _ = resolver.resolve(&bytes, &mut Vec::new());
            // What comes out is a datum of the reader's schema, whatever went in.
            let mut out = Vec::new();
            if let Ok((resolver, reader)) = &evolved
                && resolver.resolve(&bytes, &mut out).is_ok()
                && let Err(error) = decode(reader, JsonMode::Plain, &out)
            {
                let reason = error.reason();
                if !matches!(reason, DecodeReason::Decimal { .. } | DecodeReason::NotUtf8 { .. }) {
                    return Err(TestCaseError::fail(format!("{schema} {bytes:02x?} {out:02x?}: {error}")));
                }
            }
        }
        Ok(())
    });
}
