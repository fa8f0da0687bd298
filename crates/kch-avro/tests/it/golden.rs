//! Bytes of fastavro (`scripts/golden_avro.py`), both ways, in plain and in Avro mode.

use std::fs;
use std::path::Path;

use kch_avro::JsonMode;
use serde_json::Value;

use crate::{decode, encode, plan};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn fastavro_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let plan = plan(&file["schema"].to_string());
        for case in file["cases"].as_array().unwrap() {
            let context = format!("{}: {case}", path.display());
            let avro = unhex(case["hex"].as_str().unwrap());
            let plain = case["plain"].as_str().unwrap();
            assert_eq!(decode(&plan, JsonMode::Plain, &avro).unwrap(), plain, "{context}");
            assert_eq!(encode(&plan, JsonMode::Plain, plain).unwrap(), avro, "{context}");
            count += 1;
            if case.get("avro").is_none() {
                continue;
            }
            let tagged = decode(&plan, JsonMode::Avro, &avro).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&tagged).unwrap(), case["avro"], "{context}");
            assert_eq!(encode(&plan, JsonMode::Avro, &case["avro"].to_string()).unwrap(), avro, "{context}");
        }
    }
    assert!(count >= 60, "{count} golden cases");
}
