//! JSON text to Avro: order, missing and unknown fields, numbers, strings, logical types.

use kch_avro::EncodeErrorKind as Kind;
use kch_avro::JsonMode;

use crate::{decode, encode, plan, refused, through};

const EVENT: &str = r#"{"type":"record","name":"Event","namespace":"shop","fields":[
    {"name":"id","type":"long"},
    {"name":"ts","type":"string"},
    {"name":"source","type":"string","default":"web"},
    {"name":"payload","type":["null","string"]}]}"#;

#[test]
fn fields_come_in_any_order() {
    let plan = plan(EVENT);
    let in_order = encode(&plan, JsonMode::Plain, r#"{"id":1,"ts":"a","source":"b","payload":"c"}"#).unwrap();
    assert_eq!(in_order, [2, 2, b'a', 2, b'b', 2, 2, b'c']);
    for json in [
        r#"{"payload":"c","source":"b","ts":"a","id":1}"#,
        r#" { "ts" : "a" , "id" : 1 , "payload" : "c" , "source" : "b" } "#,
        "{\"source\":\"b\",\n\"id\":1,\t\"payload\":\"c\",\r\n\"\\u0074s\":\"\\u0061\"}",
    ] {
        assert_eq!(encode(&plan, JsonMode::Plain, json).unwrap(), in_order, "{json}");
    }
}

#[test]
fn a_missing_field_takes_its_default_then_null() {
    assert_eq!(through(EVENT, r#"{"ts":"a","id":1}"#), r#"{"id":1,"ts":"a","source":"web","payload":null}"#);
    let error = refused(EVENT, r#"{"id":1}"#);
    assert_eq!((error.kind(), error.pointer()), (Kind::MissingField, "/ts"));
    assert_eq!(error.to_string(), r#"field "ts": expected string, found no value"#);
}

#[test]
fn errors_name_the_field_what_was_expected_and_what_was_found() {
    let error = refused(EVENT, r#"{"id":"x","ts":"a"}"#);
    assert_eq!(error.to_string(), r#"field "id": expected long, found string "x""#);
    assert_eq!(
        (error.pointer(), error.expected(), error.got(), error.offset()),
        ("/id", "long", "string \"x\"", 6)
    );
    let nested = r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"map","values":{"type":"array","items":"int"}}}]}"#;
    let error = refused(nested, r#"{"a":{"b/c":[1,true]}}"#);
    assert_eq!(error.to_string(), "/a/b~1c/1: expected int, found true");
    assert_eq!(error.offset(), 15);
    let error = refused(EVENT, "{\"id\":1,\"ts\":5}");
    assert_eq!(error.to_string(), r#"field "ts": expected string, found number 5"#);
    let error = refused(EVENT, &format!("{{\"id\":\"{}\\u0007\",\"ts\":5}}", "y".repeat(100)));
    assert_eq!(error.got().chars().count(), "string ".len() + 41);
}

#[test]
fn an_unknown_field_is_an_error_with_the_nearest_name() {
    let error = refused(EVENT, r#"{"id":1,"ts":"a","sorce":"b"}"#);
    assert_eq!(error.to_string(), r#"unknown field "sorce""#);
    assert_eq!(
        (error.kind(), error.hint().as_deref()),
        (Kind::UnknownField, Some("did you mean \"source\"?"))
    );
    assert_eq!(error.offset(), 17);
    assert_eq!(refused(EVENT, r#"{"zzzzzz":1}"#).hint(), None);
}

#[test]
fn a_key_may_stand_once() {
    for json in
        [r#"{"id":1,"id":1,"ts":"a"}"#, r#"{"ts":"a","ts":"b","id":1}"#, r#"{"ts":"a","id":1,"ts":"b"}"#]
    {
        assert_eq!(refused(EVENT, json).kind(), Kind::DuplicateKey, "{json}");
    }
    let map = r#"{"type":"map","values":"int"}"#;
    assert_eq!(refused(map, r#"{"a":1,"b":2,"\u0061":3}"#).to_string(), "duplicate key \"a\"");
    let many: Vec<String> = (0..100).map(|i| format!("\"k{}\":1", i % 99)).collect();
    assert_eq!(refused(map, &format!("{{{}}}", many.join(","))).to_string(), "duplicate key \"k0\"");
}

#[test]
fn aliases_are_accepted_unless_they_are_ambiguous() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"a","type":"int","aliases":["old","both","b"]},
        {"name":"b","type":"int","aliases":["both"]}]}"#;
    assert_eq!(through(schema, r#"{"b":2,"old":1}"#), r#"{"a":1,"b":2}"#);
    assert_eq!(refused(schema, r#"{"both":1,"b":2}"#).kind(), Kind::UnknownField);
    assert_eq!(refused(schema, r#"{"a":1,"old":1,"b":2}"#).kind(), Kind::DuplicateKey);
}

#[test]
fn malformed_json_is_reported_with_its_place() {
    for (json, offset) in [
        ("", 0),
        ("{", 1),
        (r#"{"id":1"#, 7),
        (r#"{"id":1,}"#, 8),
        (r#"{"id" 1}"#, 6),
        (r#"{"id":01,"ts":"a"}"#, 6),
        (r#"{"id":1,"ts":"a}"#, 16),
        (r#"{"id":1,"ts":"a"} x"#, 18),
        (r#"{"id":-,"ts":"a"}"#, 6),
        (r#"{"id":1.,"ts":"a"}"#, 6),
        (r#"{"id":1,"ts":nul}"#, 13),
        ("{\"id\":1,\"ts\":\"a\nb\"}", 15),
        (r#"{"ts":[1,2},"id":1}"#, 10),
        (r#"{'id':1}"#, 1),
        (r#"{"id":tru}"#, 6),
        (r#"{"id":1 "ts":"a"}"#, 8),
    ] {
        let error = refused(EVENT, json);
        assert_eq!((error.kind(), error.offset()), (Kind::Syntax, offset), "{json}: {error}");
    }
    assert_eq!(refused("\"string\"", r#""\x""#).kind(), Kind::Syntax);
    assert_eq!(refused("\"string\"", r#""\u12g4""#).kind(), Kind::Syntax);
}

#[test]
fn strings_are_utf8_with_every_escape() {
    assert_eq!(
        through("\"string\"", r#""\u00e9\ud83d\ude00\n\/\\\"\b\f\r\t\u0000""#),
        "\"é\u{1F600}\\n/\\\\\\\"\\b\\f\\r\\t\\u0000\""
    );
    for lone in [r#""\ud800""#, r#""\udc00""#, r#""\ud800x""#, r#""\ud800\u0041""#, r#""\ud83d\ud83d""#] {
        assert_eq!(refused("\"string\"", lone).kind(), Kind::LoneSurrogate, "{lone}");
    }
    let plan = plan("\"string\"");
    let error =
        kch_avro::Encoder::new(&plan, JsonMode::Plain).encode(b"\"ab\xff\"", &mut Vec::new()).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::NotUtf8, 3));
}

#[test]
fn integers_are_exact_or_refused() {
    assert_eq!(through("\"long\"", "9223372036854775807"), "9223372036854775807");
    assert_eq!(through("\"long\"", "-9223372036854775808"), "-9223372036854775808");
    assert_eq!(through("\"long\"", "9007199254740993"), "9007199254740993");
    assert_eq!(through("\"int\"", "1.0"), "1");
    assert_eq!(through("\"int\"", "1e3"), "1000");
    assert_eq!(through("\"int\"", "-0"), "0");
    for (schema, json, kind) in [
        ("\"long\"", "9223372036854775808", Kind::Range),
        ("\"int\"", "2147483648", Kind::Range),
        ("\"int\"", "1e10", Kind::Range),
        ("\"int\"", "1.5", Kind::Type),
        ("\"int\"", "\"1\"", Kind::Type),
        ("\"int\"", "null", Kind::Type),
    ] {
        assert_eq!(refused(schema, json).kind(), kind, "{json}");
    }
}

#[test]
fn floats_print_the_shortest_text_that_reads_back() {
    for (json, printed) in [
        ("0.1", "0.1"),
        ("1", "1.0"),
        ("1e22", "1e+22"),
        ("-0.0", "-0.0"),
        ("\"NaN\"", "\"NaN\""),
        ("\"-Infinity\"", "\"-Infinity\""),
        ("5e-324", "5e-324"),
    ] {
        assert_eq!(through("\"double\"", json), printed);
    }
    assert_eq!(through("\"float\"", "0.1"), "0.1");
    assert_eq!(through("\"float\"", "3.4028235e38"), "3.4028235e+38");
    assert_eq!(through("\"float\"", "\"Infinity\""), "\"Infinity\"");
    assert_eq!(refused("\"double\"", "null").kind(), Kind::Type);
    assert_eq!(refused("\"double\"", "\"Nan\"").kind(), Kind::Type);
    assert_eq!(refused("\"double\"", "1e999").kind(), Kind::Range);
    assert_eq!(refused("\"float\"", "16777217").kind(), Kind::Range);
}

#[test]
fn times_are_rfc_3339_or_integers() {
    let of = |base: &str, logical: &str| format!(r#"{{"type":"{base}","logicalType":"{logical}"}}"#);
    for (base, logical, json, printed) in [
        ("int", "date", "\"2026-11-22\"", "\"2026-11-22\""),
        ("int", "date", "20779", "\"2026-11-22\""),
        ("int", "date", "2147483647", "2147483647"),
        ("int", "time-millis", "\"10:00:00.5\"", "\"10:00:00.500\""),
        ("int", "time-millis", "-1", "-1"),
        ("long", "time-micros", "\"23:59:59.999999\"", "\"23:59:59.999999\""),
        ("long", "timestamp-millis", "\"2026-11-22T10:00:00.123Z\"", "\"2026-11-22T10:00:00.123Z\""),
        ("long", "timestamp-millis", "\"2026-11-22T11:00:00+01:00\"", "\"2026-11-22T10:00:00.000Z\""),
        ("long", "timestamp-micros", "0", "\"1970-01-01T00:00:00.000000Z\""),
        ("long", "timestamp-micros", "9223372036854775807", "9223372036854775807"),
        ("long", "timestamp-nanos", "-1", "\"1969-12-31T23:59:59.999999999Z\""),
        ("long", "local-timestamp-millis", "\"2026-11-22T10:00:00\"", "\"2026-11-22T10:00:00.000\""),
        ("long", "local-timestamp-micros", "1", "\"1970-01-01T00:00:00.000001\""),
        ("long", "local-timestamp-nanos", "1", "\"1970-01-01T00:00:00.000000001\""),
    ] {
        assert_eq!(through(&of(base, logical), json), printed, "{logical} {json}");
    }
    let error = refused(&of("long", "timestamp-millis"), "\"yesterday\"");
    assert_eq!(error.to_string(), "expected timestamp-millis, found string \"yesterday\"");
    assert_eq!(error.hint().as_deref(), Some("write it like \"2026-11-22T10:00:00.123Z\", or as an integer"));
    assert_eq!(refused(&of("long", "timestamp-millis"), "\"2026-11-22T10:00:00.1234Z\"").kind(), Kind::Range);
}

#[test]
fn decimals_are_exact_strings() {
    let bytes = r#"{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}"#;
    for (json, printed) in [
        ("\"40.20\"", "\"40.20\""),
        ("40.2", "\"40.20\""),
        ("-1", "\"-1.00\""),
        ("1e3", "\"1000.00\""),
        ("\"0\"", "\"0.00\""),
    ] {
        assert_eq!(through(bytes, json), printed);
    }
    for (json, kind) in [
        ("0.001", Kind::Range),
        ("10000", Kind::Range),
        ("1e999999999", Kind::Range),
        ("\"x\"", Kind::Type),
        ("true", Kind::Type),
        ("\" 1\"", Kind::Type),
    ] {
        assert_eq!(refused(bytes, json).kind(), kind, "{json}");
    }
    let fixed = r#"{"type":"fixed","name":"D","size":4,"logicalType":"decimal","precision":9,"scale":3}"#;
    assert_eq!(encode(&plan(fixed), JsonMode::Plain, "-0.001").unwrap(), [0xff; 4]);
    assert_eq!(through(fixed, "\"-999999.999\""), "\"-999999.999\"");
}

#[test]
fn bytes_are_base64_and_fixed_has_its_length() {
    assert_eq!(encode(&plan("\"bytes\""), JsonMode::Plain, "\"AAEC\"").unwrap(), [6, 0, 1, 2]);
    assert_eq!(encode(&plan("\"bytes\""), JsonMode::Avro, r#""\u0000\u0001ÿ""#).unwrap(), [6, 0, 1, 0xff]);
    assert_eq!(decode(&plan("\"bytes\""), JsonMode::Avro, &[6, 0, 1, 0xff]).unwrap(), r#""\u0000\u0001ÿ""#);
    assert_eq!(refused("\"bytes\"", "\"not base64!\"").hint().as_deref(), Some("bytes are base64 in JSON"));
    let fixed = r#"{"type":"fixed","name":"F","size":2}"#;
    assert_eq!(through(fixed, "\"AAE=\""), "\"AAE=\"");
    assert_eq!(refused(fixed, "\"AAEC\"").kind(), Kind::Range);
}

#[test]
fn uuid_and_duration() {
    let text = r#"{"type":"string","logicalType":"uuid"}"#;
    let fixed = r#"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#;
    let uuid = "\"828044c8-832b-48b4-b1f0-89a500496335\"";
    assert_eq!(through(text, uuid), uuid);
    assert_eq!(through(fixed, &uuid.to_uppercase()), uuid);
    assert_eq!(refused(text, "\"828044c8\"").kind(), Kind::Type);
    let duration = r#"{"type":"fixed","name":"D","size":12,"logicalType":"duration"}"#;
    assert_eq!(
        encode(&plan(duration), JsonMode::Plain, r#"{"days":2,"months":1,"millis":4294967295}"#).unwrap(),
        [1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255]
    );
    assert_eq!(
        through(duration, r#"{"days":2,"months":1,"millis":3}"#),
        r#"{"months":1,"days":2,"millis":3}"#
    );
    assert_eq!(refused(duration, r#"{"days":2,"months":1}"#).kind(), Kind::MissingField);
    assert_eq!(refused(duration, r#"{"days":-2,"months":1,"millis":3}"#).pointer(), "/days");
}

#[test]
fn an_enum_takes_its_symbols_only() {
    let schema = r#"{"type":"enum","name":"Color","symbols":["RED","GREEN"],"default":"RED"}"#;
    assert_eq!(encode(&plan(schema), JsonMode::Plain, "\"GREEN\"").unwrap(), [2]);
    let error = refused(schema, "\"GREN\"");
    assert_eq!(
        (error.kind(), error.hint().as_deref()),
        (Kind::UnknownSymbol, Some("did you mean \"GREEN\"?"))
    );
    assert_eq!(error.to_string(), "expected enum Color, found string \"GREN\"");
    assert_eq!(refused(schema, "\"BLUISH\"").hint().as_deref(), Some("its symbols are RED, GREEN"));
}

#[test]
fn arrays_and_maps_are_one_block_of_any_length() {
    let array = plan(r#"{"type":"array","items":"boolean"}"#);
    for count in [0usize, 1, 63, 64, 65, 8191, 8192, 8193] {
        let json = format!("[{}]", vec!["true"; count].join(","));
        let avro = encode(&array, JsonMode::Plain, &json).unwrap();
        assert_eq!(decode(&array, JsonMode::Plain, &avro).unwrap(), json);
    }
    assert_eq!(encode(&array, JsonMode::Plain, "[]").unwrap(), [0]);
    assert_eq!(through(r#"{"type":"map","values":"int"}"#, r#"{ "z":1, "a\n":2 }"#), r#"{"z":1,"a\n":2}"#);
}

/// What a text becomes when unknown keys are left out, and which they were.
fn leaving_out(schema: &str, json: &str) -> (String, Vec<String>) {
    let plan = plan(schema);
    let mut encoder = kch_avro::Encoder::new(&plan, JsonMode::Plain).with_unknown(kch_avro::Unknown::Note);
    let mut avro = Vec::new();
    encoder.encode(json.as_bytes(), &mut avro).unwrap_or_else(|error| panic!("{json}: {error}"));
    (decode(&plan, JsonMode::Plain, &avro).unwrap(), encoder.noted().to_vec())
}

#[test]
fn unknown_keys_are_left_out_when_asked_wherever_they_stand() {
    let event = r#"{"id":1,"ts":"a","source":"web","payload":null}"#;
    let (text, noted) = leaving_out(EVENT, r#"{"x":[1,{"y":"}"}],"ts":"a","id":1,"z":null}"#);
    assert_eq!(
        (text.as_str(), noted.as_slice()),
        (event, ["\"x\" of record shop.Event", "\"z\" of record shop.Event"].map(str::to_owned).as_slice())
    );
    let inner = r#"{"type":"record","name":"O","fields":[{"name":"i","type":["null",{"type":"array","items":
        {"type":"record","name":"I","fields":[{"name":"n","type":"int"}]}}]}]}"#;
    let (text, noted) = leaving_out(inner, r#"{"i":[{"n":1,"m":2},{"o":3,"n":4}]}"#);
    assert_eq!(text, r#"{"i":[{"n":1},{"n":4}]}"#);
    assert_eq!(noted, ["\"m\" of record I", "\"o\" of record I"]);
}

#[test]
fn of_several_records_the_one_that_leaves_out_least_is_meant() {
    let either = r#"[{"type":"record","name":"A","fields":[{"name":"a","type":"int"}]},
        {"type":"record","name":"B","fields":[{"name":"a","type":"int"},{"name":"b","type":"int"}]}]"#;
    assert_eq!(leaving_out(either, r#"{"a":1,"b":2}"#), (r#"{"a":1,"b":2}"#.to_owned(), Vec::new()));
    let (text, noted) = leaving_out(either, r#"{"a":1,"b":2,"c":3}"#);
    assert_eq!((text.as_str(), noted), (r#"{"a":1,"b":2}"#, vec!["\"c\" of record B".to_owned()]));
    let (text, noted) = leaving_out(either, r#"{"a":1,"c":3}"#);
    assert_eq!((text.as_str(), noted), (r#"{"a":1}"#, vec!["\"c\" of record A".to_owned()]));
}

#[test]
fn data_that_stand_one_behind_the_other_are_taken_one_by_one() {
    let plan = plan(EVENT);
    let two = [&[2, 2, b'a', 2, b'b', 0][..], &[4, 0, 0, 0]].concat();
    let mut decoder = kch_avro::Decoder::new(&plan, JsonMode::Plain);
    let mut json = Vec::new();
    let first = decoder.decode_first(&two, &mut json).unwrap();
    json.push(b' ');
    let second = decoder.decode_first(&two[first..], &mut json).unwrap();
    assert_eq!((first, second), (6, 4));
    assert_eq!(
        String::from_utf8(json).unwrap(),
        r#"{"id":1,"ts":"a","source":"b","payload":null} {"id":2,"ts":"","source":"","payload":null}"#
    );
    assert!(decoder.decode_first(&two[..3], &mut Vec::new()).is_err());
}
