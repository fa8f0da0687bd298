//! `--logical` and `--bytes`: other ways to print a value.

use kch_avro::{BytesStyle, JsonMode, Logical, Style};

use crate::{decode, encode, plan};

const SCHEMA: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"d","type":{"type":"int","logicalType":"date"}},
    {"name":"m","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
    {"name":"u","type":{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}},
    {"name":"p","type":{"type":"fixed","name":"P","size":12,"logicalType":"duration"}},
    {"name":"b","type":["null","bytes"]}]}"#;

const TEXT: &str = r#"{"t":"2026-11-22T10:00:00.123Z","d":"1970-01-03","m":"-1.00","u":"00010203-0405-0607-0809-0a0b0c0d0eff","p":{"months":1,"days":2,"millis":3},"b":"/wA="}"#;

#[test]
fn raw_prints_what_is_underneath_and_bytes_have_three_styles() {
    let plan = plan(SCHEMA);
    let avro = encode(&plan, JsonMode::Plain, TEXT).unwrap();
    let print = |json, logical, bytes| decode(&plan, Style { json, logical, bytes }, &avro).unwrap();
    assert_eq!(print(JsonMode::Plain, Logical::Iso, BytesStyle::Base64), TEXT);
    assert_eq!(
        print(JsonMode::Plain, Logical::Raw, BytesStyle::Hex),
        r#"{"t":1795341600123,"d":2,"m":"9c","u":"000102030405060708090a0b0c0d0eff","p":"010000000200000003000000","b":"ff00"}"#
    );
    assert_eq!(
        print(JsonMode::Tagged, Logical::Raw, BytesStyle::Base64),
        r#"{"t":1795341600123,"d":2,"m":"nA==","u":"AAECAwQFBgcICQoLDA0O/w==","p":"AQAAAAIAAAADAAAA","b":{"bytes":"/wA="}}"#
    );
    let latin1 = print(JsonMode::Plain, Logical::Iso, BytesStyle::Latin1);
    assert!(latin1.ends_with(",\"b\":\"ÿ\\u0000\"}") && latin1.contains("\"m\":\"-1.00\""), "{latin1}");
    // The specification's JSON has one way only.
    let avro_mode = print(JsonMode::Avro, Logical::Iso, BytesStyle::Hex);
    assert_eq!(avro_mode, decode(&plan, JsonMode::Avro, &avro).unwrap());
}

#[test]
fn the_names_of_the_flags_are_read_and_printed() {
    for name in ["base64", "hex", "latin1"] {
        assert_eq!(name.parse::<BytesStyle>().unwrap().to_string(), name);
    }
    for name in ["iso", "raw"] {
        assert_eq!(name.parse::<Logical>().unwrap().to_string(), name);
    }
    assert_eq!("x".parse::<Logical>().unwrap_err(), "expected iso or raw");
    assert_eq!("x".parse::<BytesStyle>().unwrap_err(), "expected base64, hex or latin1");
}
