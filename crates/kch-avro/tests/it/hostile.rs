//! Hostile bytes, texts and schemas: each must end soon, with the error that says what is wrong.

use kch_avro::{DecodeReason, EncodeErrorKind, JsonMode, Plan, SchemaError};

use crate::{decode, encode, plan, refused};

fn reason(schema: &str, avro: &[u8]) -> DecodeReason {
    let plan = plan(schema);
    match decode(&plan, JsonMode::Plain, avro) {
        Ok(json) => panic!("{schema} reads {avro:02x?} as {json}"),
        Err(error) => error.reason().clone(),
    }
}

/// A zigzag integer.
fn varint(value: i64) -> Vec<u8> {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    let mut out = Vec::new();
    while zigzag >= 0x80 {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    out.push(zigzag as u8);
    out
}

#[test]
fn huge_lengths_are_not_believed() {
    let huge = varint(i64::MAX);
    assert_eq!(reason("\"string\"", &huge), DecodeReason::Length { len: i64::MAX, left: 0 });
    assert_eq!(reason("\"bytes\"", &varint(-1)), DecodeReason::Length { len: -1, left: 0 });
    assert_eq!(reason("\"bytes\"", &[8, 1, 2]), DecodeReason::Length { len: 4, left: 2 });
    let array = r#"{"type":"array","items":"long"}"#;
    assert_eq!(reason(array, &huge), DecodeReason::Count { count: i64::MAX, left: 0 });
    assert_eq!(
        reason(r#"{"type":"map","values":"null"}"#, &huge),
        DecodeReason::Count { count: i64::MAX, left: 0 }
    );
    let mut least = varint(i64::MIN);
    least.extend([2, 2, 0]);
    assert_eq!(reason(array, &least), DecodeReason::Count { count: i64::MAX, left: 2 });
}

#[test]
fn values_of_zero_bytes_are_bounded() {
    for items in [
        r#""null""#,
        r#"{"type":"record","name":"E","fields":[]}"#,
        r#"{"type":"fixed","name":"Z","size":0}"#,
        r#"{"type":"record","name":"N","fields":[{"name":"n","type":"null"}]}"#,
    ] {
        let schema = format!(r#"{{"type":"array","items":{items}}}"#);
        assert_eq!(reason(&schema, &varint(1 << 60)), DecodeReason::TooMany { limit: 65536 }, "{items}");
        let mut many_blocks = Vec::new();
        for _ in 0..3 {
            many_blocks.extend(varint(30_000));
        }
        many_blocks.push(0);
        assert_eq!(reason(&schema, &many_blocks), DecodeReason::TooMany { limit: 65536 }, "{items}");
    }
    let array = plan(r#"{"type":"array","items":"null"}"#);
    let nulls = |count: usize| format!("[{}]", vec!["null"; count].join(","));
    let most = encode(&array, JsonMode::Plain, &nulls(65536)).unwrap();
    assert_eq!(decode(&array, JsonMode::Plain, &most).unwrap(), nulls(65536));
    let error = encode(&array, JsonMode::Plain, &nulls(65537)).unwrap_err();
    assert_eq!(error.kind(), EncodeErrorKind::TooMuch);
}

/// Thirty records, each with two of the one before: 2^30 nulls out of no bytes.
#[test]
fn records_that_double_out_of_nothing_are_bounded() {
    let mut schema = r#"{"type":"record","name":"R0","fields":[{"name":"a","type":"null"}]}"#.to_owned();
    for i in 1..30 {
        schema = format!(
            r#"{{"type":"record","name":"R{i}","fields":[{{"name":"a","type":{schema}}},{{"name":"b","type":"R{}"}}]}}"#,
            i - 1
        );
    }
    assert_eq!(reason(&schema, &[]), DecodeReason::TooMany { limit: 65536 });
}

#[test]
fn defaults_that_double_do_not_explode() {
    let mut schema = r#"{"type":"record","name":"R0","fields":[{"name":"a","type":"string","default":"xxxxxxxxxxxxxxxx"}]}"#.to_owned();
    for i in 1..30 {
        let before = i - 1;
        schema = format!(
            r#"{{"type":"record","name":"R{i}","fields":[{{"name":"a","type":{schema},"default":{{}}}},{{"name":"b","type":"R{before}","default":{{}}}}]}}"#
        );
    }
    let plan = plan(&schema);
    let error = encode(&plan, JsonMode::Plain, "{}").unwrap_err();
    assert_eq!((error.kind(), error.pointer()), (EncodeErrorKind::MissingField, "/a"));
}

#[test]
fn a_default_that_contains_itself_is_unfit() {
    let plan = plan(r#"{"type":"record","name":"A","fields":[{"name":"a","type":"A","default":{}}]}"#);
    let error = encode(&plan, JsonMode::Plain, "{}").unwrap_err();
    assert_eq!(error.kind(), EncodeErrorKind::MissingField);
    assert_eq!(error.hint().as_deref(), Some("the schema has a default here, but it does not fit the type"));
}

#[test]
fn blocks_with_sizes_are_read_and_checked() {
    let array = r#"{"type":"array","items":"long"}"#;
    let plan = plan(array);
    assert_eq!(decode(&plan, JsonMode::Plain, &[3, 4, 2, 4, 2, 6, 0]).unwrap(), "[1,2,3]");
    assert_eq!(reason(array, &[3, 6, 2, 4, 0]), DecodeReason::BlockSize { said: 3, real: 2 });
    assert_eq!(reason(array, &[3, 5, 2, 4, 0]), DecodeReason::BlockSize { said: -3, real: 2 });
}

#[test]
fn truncated_and_overlong_integers() {
    assert_eq!(reason("\"long\"", &[0x80]), DecodeReason::Truncated { expected: "long" });
    assert_eq!(reason("\"long\"", &[]), DecodeReason::Truncated { expected: "long" });
    assert_eq!(reason("\"long\"", &[0x80; 10]), DecodeReason::Overlong);
    assert_eq!(reason("\"long\"", &[0xff; 11]), DecodeReason::Overlong);
    assert_eq!(reason("\"int\"", &varint(1 << 31)), DecodeReason::IntRange { value: 1 << 31 });
    assert_eq!(
        reason(r#"{"type":"int","logicalType":"date"}"#, &varint(1 << 31)),
        DecodeReason::IntRange { value: 1 << 31 }
    );
    assert_eq!(decode(&plan("\"long\""), JsonMode::Plain, &[0x82, 0x80, 0]).unwrap(), "1");
}

#[test]
fn every_prefix_of_a_datum_is_refused() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"double"},{"name":"b","type":["null",{"type":"map","values":"float"}]},
        {"name":"c","type":{"type":"fixed","name":"F","size":3}},{"name":"d","type":"boolean"},{"name":"e","type":{"type":"array","items":"string"}}]}"#;
    let plan = plan(schema);
    let avro =
        encode(&plan, JsonMode::Plain, r#"{"a":1,"b":{"x":2},"c":"AAAA","d":true,"e":["é"]}"#).unwrap();
    for len in 0..avro.len() {
        assert!(decode(&plan, JsonMode::Plain, &avro[..len]).is_err(), "{len}");
    }
    let mut longer = avro.clone();
    longer.push(0);
    let error = decode(&plan, JsonMode::Plain, &longer).unwrap_err();
    assert_eq!((error.reason(), error.offset()), (&DecodeReason::LeftOver { count: 1 }, avro.len()));
}

#[test]
fn indexes_without_a_branch_or_symbol() {
    assert_eq!(reason(r#"["null","int"]"#, &[4]), DecodeReason::Branch { index: 2, branches: 2 });
    assert_eq!(reason(r#"["null","int"]"#, &[1]), DecodeReason::Branch { index: -1, branches: 2 });
    assert_eq!(reason("[]", &[0]), DecodeReason::Branch { index: 0, branches: 0 });
    assert_eq!(
        reason(r#"{"type":"enum","name":"E","symbols":["A"]}"#, &[2]),
        DecodeReason::Symbol { index: 1, symbols: 1 }
    );
    assert_eq!(reason("\"boolean\"", &[2]), DecodeReason::Boolean { byte: 2 });
}

#[test]
fn errors_name_the_field_and_the_byte() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"m","type":{"type":"map","values":{"type":"array","items":"string"}}}]}"#;
    let error = decode(&plan(schema), JsonMode::Plain, &[2, 2, b'k', 4, 0, 2, 0xff, 0, 0]).unwrap_err();
    assert_eq!(error.to_string(), "/m/k/1: the string is not UTF-8 at its byte 0 (byte 5)");
    let top = r#"{"type":"record","name":"R","fields":[{"name":"s","type":"string"}]}"#;
    let error = decode(&plan(top), JsonMode::Plain, &[2, 0xff]).unwrap_err();
    assert_eq!(error.to_string(), "field \"s\": the string is not UTF-8 at its byte 0 (byte 0)");
}

#[test]
fn decimals_of_no_bytes_or_far_too_many() {
    let schema = r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#;
    assert_eq!(reason(schema, &[0]), DecodeReason::Decimal { len: 0 });
    let mut long = varint(1_000_000);
    long.extend(vec![1; 1_000_000]);
    assert_eq!(reason(schema, &long), DecodeReason::Decimal { len: 1_000_000 });
}

const LIST: &str = r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#;

#[test]
fn data_nests_128_levels_and_no_further() {
    let list = plan(LIST);
    let nested = |depth: usize| format!("{}null{}", r#"{"next":"#.repeat(depth), "}".repeat(depth));
    for mode in [JsonMode::Plain, JsonMode::Tagged, JsonMode::Avro] {
        let avro = encode(&list, JsonMode::Plain, &nested(128)).unwrap();
        let json = decode(&list, mode, &avro).unwrap();
        assert_eq!(encode(&list, mode, &json).unwrap(), avro);
    }
    let error = refused(LIST, &nested(129));
    assert_eq!(
        (error.kind(), error.to_string().ends_with("deeper nesting, allowed is 128 levels")),
        (EncodeErrorKind::TooDeep, true)
    );
    assert_eq!(reason(LIST, &[2; 128]), DecodeReason::TooDeep { limit: 128 });
    assert_eq!(refused(LIST, &r#"{"next":"#.repeat(100_000)).kind(), EncodeErrorKind::TooDeep);
    assert_eq!(refused(LIST, &"[".repeat(100_000)).kind(), EncodeErrorKind::TooDeep);
    // A record of itself takes no bytes at all.
    let endless = r#"{"type":"record","name":"E","fields":[{"name":"e","type":"E"}]}"#;
    assert_eq!(reason(endless, &[]), DecodeReason::TooDeep { limit: 128 });
}

#[test]
fn a_key_before_its_turn_may_hold_anything_and_is_read_once_more() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":{"type":"array","items":"int"}}]}"#;
    assert_eq!(
        refused(schema, &format!(r#"{{"b":{}"#, "[".repeat(100_000))).kind(),
        EncodeErrorKind::TooDeep
    );
    assert_eq!(refused(schema, r#"{"b":[1,"x"],"a":1}"#).pointer(), "/b/1");
}

#[test]
fn schemas_nest_127_levels_and_no_further() {
    let nested =
        |depth: usize| format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(depth), "}".repeat(depth));
    assert!(Plan::compile(&nested(127)).is_ok());
    assert_eq!(Plan::compile(&nested(128)).unwrap_err(), SchemaError::TooDeep { limit: 127 });
    assert_eq!(Plan::compile(&"[".repeat(1_000_000)).unwrap_err(), SchemaError::TooDeep { limit: 127 });
}

/// Many records that refer to each other by name: deep without nesting.
#[test]
fn a_long_chain_of_names_needs_no_stack() {
    let link = |i: usize| {
        format!(r#"{{"type":"record","name":"C{i}","fields":[{{"name":"next","type":"C{}"}}]}}"#, i + 1)
    };
    let last = r#"{"type":"record","name":"C20000","fields":[]}"#.to_owned();
    let chain: Vec<String> = (0..20_000).map(link).chain([last]).collect();
    let plan = Plan::compile(&format!("[{}]", chain.join(","))).unwrap();
    let error = decode(&plan, JsonMode::Plain, &[0]).unwrap_err();
    assert_eq!(error.reason(), &DecodeReason::TooDeep { limit: 128 });
}

/// Each level has two records that both take the text until its very end: deciding would take 2^100 steps.
#[test]
fn unions_that_never_decide_are_stopped() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"u","type":["null",
        {"type":"record","name":"A","fields":[{"name":"u","type":["null","A","B"]},{"name":"x","type":"int"}]},
        {"type":"record","name":"B","fields":[{"name":"u","type":["null","A","B"]},{"name":"x","type":"int"}]}]}]}"#;
    let depth = 100;
    let json = format!("{}null{}}}", r#"{"u":"#.repeat(depth), r#","x":1}"#.repeat(depth - 1));
    assert_eq!(refused(schema, &json).kind(), EncodeErrorKind::TooMuch);
}

#[test]
fn malformed_schemas_are_named() {
    let error = |schema: &str| Plan::compile(schema).unwrap_err().to_string();
    assert!(error("{").starts_with("the schema is not JSON: "));
    assert_eq!(error("5"), "schema: expected a type name, an object or an array, found 5");
    assert_eq!(error("\"ns.Missing\""), "schema: unknown type \"ns.Missing\"");
    assert_eq!(
        error(r#"{"type":"record","name":"R","fields":[{"name":"a"}]}"#),
        "R.a: expected a field with a \"type\", found {\"name\":\"a\"}"
    );
    assert_eq!(
        error(r#"{"type":"record","name":"R","fields":[{"name":"a","type":"strin"}]}"#),
        "R.a: unknown type \"strin\", did you mean \"string\"?"
    );
    // A namespace makes no two names alike.
    assert_eq!(
        error(r#"{"type":"record","name":"shop.Ord","fields":[{"name":"a","type":"shop.Money"}]}"#),
        "shop.Ord.a: unknown type \"shop.Money\""
    );
    assert_eq!(
        error(r#"{"type":"record","name":"nu.T","fields":[{"name":"a","type":"lng"}]}"#),
        "nu.T.a: unknown type \"nu.lng\", did you mean \"long\"?"
    );
    assert_eq!(
        error(r#"{"type":"record","name":"ns.R","fields":[{"name":"a","type":["null","r"]}]}"#),
        "ns.R.a: unknown type \"ns.r\", did you mean \"ns.R\"?"
    );
    assert_eq!(error(r#"["int","int"]"#), "union: \"int\" stands there twice");
    assert_eq!(error(r#"["int",["null"]]"#), "union: expected no union directly inside a union, found null");
    assert_eq!(error(r#"{"type":"enum","name":"E","symbols":["A","A"]}"#), "E: \"A\" stands there twice");
    assert_eq!(
        error(r#"{"type":"fixed","name":"F"}"#),
        r#"F: expected a fixed with a "size", found {"type":"fixed","name":"F"}"#
    );
    assert_eq!(
        error(r#"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}]"#),
        "type \"F\" is defined twice"
    );
}
