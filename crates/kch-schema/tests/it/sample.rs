//! Samples are lines that the codec takes, and the JSON Schema takes them too.

use kch_avro::{Encoder, JsonMode};
use kch_schema::{Sampler, Schema, json_schema};
use serde_json::Value;

use crate::{record, schema};

const ALL: &str = r#"
    {"name":"b","type":"boolean"}, {"name":"i","type":"int"}, {"name":"f","type":"float"},
    {"name":"d","type":["null","double"]}, {"name":"s","type":"string"}, {"name":"y","type":"bytes"},
    {"name":"x","type":{"type":"fixed","name":"X","size":4}},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
    {"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
    {"name":"df","type":{"type":"fixed","name":"DF","size":2,"logicalType":"decimal","precision":3,"scale":1}},
    {"name":"dl","type":{"type":"fixed","name":"DL","size":20,"logicalType":"decimal","precision":40}},
    {"name":"u","type":{"type":"string","logicalType":"uuid"}},
    {"name":"uf","type":{"type":"fixed","name":"UF","size":16,"logicalType":"uuid"}},
    {"name":"day","type":{"type":"int","logicalType":"date"}},
    {"name":"t","type":{"type":"int","logicalType":"time-millis"}},
    {"name":"tu","type":{"type":"long","logicalType":"time-micros"}},
    {"name":"ns","type":{"type":"long","logicalType":"timestamp-nanos"}},
    {"name":"lt","type":{"type":"long","logicalType":"local-timestamp-micros"}},
    {"name":"du","type":{"type":"fixed","name":"DU","size":12,"logicalType":"duration"}},
    {"name":"a","type":{"type":"array","items":["null","long","string"]}},
    {"name":"m","type":{"type":"map","values":{"type":"array","items":"X"}}},
    {"name":"v","type":["int","long","string",{"type":"record","name":"One","fields":[{"name":"n","type":"int"}]}, {"type":"record","name":"Two","fields":[{"name":"n","type":"int"}]}]},
    {"name":"tree","type":{"type":"record","name":"Tree","fields":[{"name":"of","type":{"type":"array","items":"Tree"}},{"name":"up","type":["null","Tree"]}]}}
"#;

fn lines(schema: &Schema, mode: JsonMode, seed: u64, count: usize) -> Vec<String> {
    let mut sampler = Sampler::new(schema, mode, seed).unwrap();
    let mut line = || {
        let mut out = Vec::new();
        sampler.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    (0..count).map(|_| line()).collect()
}

#[test]
fn the_codec_takes_every_sample_in_every_mode() {
    let schema = record(ALL);
    for mode in [JsonMode::Plain, JsonMode::Tagged, JsonMode::Avro] {
        for line in lines(&schema, mode, 7, 200) {
            let encoded = Encoder::new(schema.plan(), mode).encode(line.as_bytes(), &mut Vec::new());
            encoded.unwrap_or_else(|error| panic!("{mode}: {error}: {line}"));
        }
    }
}

#[test]
fn a_seed_stands_for_its_samples() {
    let schema = record(ALL);
    assert_eq!(lines(&schema, JsonMode::Plain, 1, 5), lines(&schema, JsonMode::Plain, 1, 5));
    assert_ne!(lines(&schema, JsonMode::Plain, 1, 5), lines(&schema, JsonMode::Plain, 2, 5));
}

#[test]
fn a_schema_without_values_has_no_samples() {
    let endless = schema(r#"{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}"#);
    let error = Sampler::new(&endless, JsonMode::Plain, 1).unwrap_err();
    assert_eq!(error.to_string(), "record R has no finite value");
}

#[test]
fn the_json_schema_takes_every_sample() {
    let schema = record(ALL);
    let described = json_schema(&schema);
    for line in lines(&schema, JsonMode::Plain, 3, 100) {
        let value: Value = serde_json::from_str(&line).unwrap();
        assert!(takes(&described, &described, &value), "{line}\n{described:#}");
    }
    assert_eq!(described["title"], "ns.R");
    let refused = serde_json::json!({"b": 1});
    assert!(!takes(&described, &described, &refused));
}

/// As much of JSON Schema as ours are written in.
fn takes(root: &Value, rule: &Value, value: &Value) -> bool {
    let Some(rule) = rule.as_object() else { return true };
    rule.iter().all(|(key, part)| match (key.as_str(), value) {
        ("$ref", _) => {
            let name = part.as_str().unwrap().trim_start_matches("#/$defs/");
            takes(root, &root["$defs"][name], value)
        }
        ("anyOf", _) => part.as_array().unwrap().iter().any(|one| takes(root, one, value)),
        ("enum", _) => part.as_array().unwrap().contains(value),
        ("type", _) => match part.as_str().unwrap() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{other}"),
        },
        ("required", Value::Object(object)) => {
            part.as_array().unwrap().iter().all(|name| object.contains_key(name.as_str().unwrap()))
        }
        ("properties", Value::Object(object)) => {
            object.iter().all(|(name, value)| part.get(name).is_none_or(|rule| takes(root, rule, value)))
        }
        ("additionalProperties", Value::Object(object)) => {
            let known = |name: &str| rule.get("properties").is_some_and(|all| all.get(name).is_some());
            let others = object.iter().filter(|(name, _)| !known(name));
            match part {
                Value::Bool(allowed) => *allowed || others.count() == 0,
                rule => others.into_iter().all(|(_, value)| takes(root, rule, value)),
            }
        }
        ("items", Value::Array(items)) => items.iter().all(|item| takes(root, part, item)),
        _ => true,
    })
}
