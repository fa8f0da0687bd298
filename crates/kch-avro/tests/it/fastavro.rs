//! Data that fastavro wrote: `scripts/fastavro_test.sh` makes them and says where they are.

use std::io::{BufRead as _, BufReader};

use kch_avro::JsonMode;

use crate::{decode, encode, plan};

#[derive(serde::Deserialize)]
struct Case {
    schema: String,
    /// What fastavro wrote, in hex.
    bytes: String,
    /// The same datum in the specification's JSON, where fastavro can write it.
    json: Option<String>,
}

#[test]
fn fastavro_writes_the_same_bytes() {
    let Some(path) = std::env::var_os("KCH_FASTAVRO_CASES") else {
        println!("skipped: scripts/fastavro_test.sh runs it");
        return;
    };
    let (mut count, mut from_json) = (0, 0);
    for line in BufReader::new(std::fs::File::open(path).unwrap()).lines() {
        let Case { schema, bytes, json } = serde_json::from_str(&line.unwrap()).unwrap();
        let theirs: Vec<u8> = (0..bytes.len() / 2)
            .map(|at| u8::from_str_radix(&bytes[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let plan = plan(&schema);
        // Their JSON gives their bytes.
        if let Some(json) = json {
            let ours = encode(&plan, JsonMode::Avro, &json)
                .unwrap_or_else(|error| panic!("{schema} {json}: {error}"));
            assert_eq!(ours, theirs, "{schema} {json}");
            from_json += 1;
        }
        // Their bytes give themselves again, by every kind of JSON.
        for mode in [JsonMode::Plain, JsonMode::Tagged, JsonMode::Avro] {
            let text =
                decode(&plan, mode, &theirs).unwrap_or_else(|error| panic!("{schema} {bytes}: {error}"));
            let again = encode(&plan, mode, &text).unwrap_or_else(|error| panic!("{schema} {text}: {error}"));
            assert_eq!(again, theirs, "{schema} {text}");
        }
        count += 1;
    }
    println!(
        "{count} data written by fastavro: the same bytes by our JSON in three modes, {from_json} also from its own JSON"
    );
}
