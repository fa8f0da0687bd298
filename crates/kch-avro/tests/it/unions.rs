//! Unions: bare, tagged, ambiguous.

use kch_avro::EncodeErrorKind as Kind;
use kch_avro::JsonMode;

use crate::{decode, encode, plan, refused, through};

/// The plain text of `json`, after checking the branch it took.
fn branch(schema: &str, json: &str) -> (u8, String) {
    let plan = plan(schema);
    let avro =
        encode(&plan, JsonMode::Plain, json).unwrap_or_else(|error| panic!("{schema} {json}: {error}"));
    let back = decode(&plan, JsonMode::Plain, &avro).unwrap();
    for mode in [JsonMode::Plain, JsonMode::Tagged, JsonMode::Avro] {
        let text = decode(&plan, mode, &avro).unwrap();
        assert_eq!(encode(&plan, mode, &text).as_ref(), Ok(&avro), "{schema} {mode:?} {text}");
    }
    (avro[0] / 2, back)
}

fn is(branch: u8, text: &str) -> (u8, String) {
    (branch, text.to_owned())
}

#[test]
fn a_nullable_value_is_bare() {
    assert_eq!(branch(r#"["null","long"]"#, "5"), is(1, "5"));
    assert_eq!(branch(r#"["null","long"]"#, "null"), is(0, "null"));
    assert_eq!(branch(r#"["null","long"]"#, r#"{"long":5}"#), is(1, "5"));
    assert_eq!(
        refused(r#"["null","long"]"#, "\"x\"").to_string(),
        "expected null or long, found string \"x\""
    );
    assert_eq!(refused(r#"["null","long"]"#, r#"{"long":"x"}"#).pointer(), "/long");
}

#[test]
fn numbers_take_the_narrowest_branch_and_are_tagged_where_that_is_another() {
    let all = r#"["double","float","long","int"]"#;
    assert_eq!(branch(all, "5"), is(3, "5"));
    assert_eq!(branch(all, "5000000000"), is(2, "5000000000"));
    assert_eq!(branch(all, "1.5"), is(1, "1.5"));
    assert_eq!(branch(all, "1.1"), is(0, "1.1"));
    assert_eq!(branch(all, r#"{"long":5}"#), is(2, r#"{"long":5}"#));
    assert_eq!(branch(all, r#"{"float":1.1}"#), is(1, r#"{"float":1.1}"#));
    assert_eq!(branch(all, r#"{"double":1.5}"#), is(0, r#"{"double":1.5}"#));
    assert_eq!(branch(all, r#"{"double":"NaN"}"#), is(0, r#"{"double":"NaN"}"#));
    assert_eq!(branch(r#"["int","null"]"#, "1.0"), is(0, "1"));
    assert_eq!(branch(r#"["long","double"]"#, "1.0"), is(1, "1.0"));
    assert_eq!(branch(r#"["double","long"]"#, "9007199254740993"), is(1, "9007199254740993"));
}

#[test]
fn a_string_is_a_string_first() {
    let schema = r#"["bytes","string"]"#;
    assert_eq!(branch(schema, "\"AAEC\""), is(1, "\"AAEC\""));
    assert_eq!(branch(schema, r#"{"bytes":"AAEC"}"#), is(0, r#"{"bytes":"AAEC"}"#));
    let times = r#"["null","string",{"type":"long","logicalType":"timestamp-millis"}]"#;
    assert_eq!(branch(times, "\"1970-01-01T00:00:00Z\""), is(1, "\"1970-01-01T00:00:00Z\""));
    assert_eq!(branch(times, "0"), is(2, r#"{"long":"1970-01-01T00:00:00.000Z"}"#));
    assert_eq!(
        branch(times, r#"{"long.timestamp-millis":0}"#),
        is(2, r#"{"long":"1970-01-01T00:00:00.000Z"}"#)
    );
}

#[test]
fn a_symbol_that_may_be_text_is_ambiguous() {
    let schema = r#"["string",{"type":"enum","name":"ns.Color","symbols":["RED"]}]"#;
    let error = refused(schema, "\"RED\"");
    assert_eq!(error.to_string(), "string \"RED\" fits string and enum ns.Color equally well");
    assert_eq!(error.hint().as_deref(), Some("name the branch: {\"string\":…}"));
    assert_eq!(branch(schema, "\"BLUE\""), is(0, "\"BLUE\""));
    assert_eq!(branch(schema, r#"{"ns.Color":"RED"}"#), is(1, r#"{"ns.Color":"RED"}"#));
    assert_eq!(branch(schema, r#"{"Color":"RED"}"#), is(1, r#"{"ns.Color":"RED"}"#));
    assert_eq!(branch(schema, r#"{"string":"RED"}"#), is(0, r#"{"string":"RED"}"#));
}

const RECORDS: &str = r#"["null",
    {"type":"record","name":"A","fields":[{"name":"x","type":"int"}]},
    {"type":"record","name":"B","fields":[{"name":"x","type":"int"},{"name":"y","type":"int","default":7}]},
    {"type":"record","name":"C","fields":[{"name":"x","type":"int"}]}]"#;

#[test]
fn a_record_is_found_by_its_fields() {
    assert_eq!(branch(RECORDS, r#"{"x":1,"y":2}"#), is(2, r#"{"x":1,"y":2}"#));
    let error = refused(RECORDS, r#"{"x":1}"#);
    assert_eq!((error.kind(), error.expected()), (Kind::Ambiguous, "record A and record C"));
    assert_eq!(branch(RECORDS, r#"{"C":{"x":1}}"#), is(3, r#"{"C":{"x":1}}"#));
    assert_eq!(branch(RECORDS, r#"{"B":{"x":1}}"#), is(2, r#"{"x":1,"y":7}"#));
    assert_eq!(refused(RECORDS, r#"{"x":"1"}"#).kind(), Kind::Type);
}

#[test]
fn a_map_that_looks_like_a_tag_is_tagged() {
    let schema = r#"["string",{"type":"map","values":"string"}]"#;
    assert_eq!(branch(schema, r#"{"a":"b"}"#), is(1, r#"{"a":"b"}"#));
    assert_eq!(branch(schema, r#"{"string":"x","b":"y"}"#), is(1, r#"{"string":"x","b":"y"}"#));
    assert_eq!(branch(schema, r#"{"map":{"string":"x"}}"#), is(1, r#"{"map":{"string":"x"}}"#));
    assert_eq!(branch(schema, r#"{"string":"x"}"#), is(0, "\"x\""));
    assert_eq!(branch(schema, r#"{"map":"x"}"#), is(1, r#"{"map":"x"}"#));
    let deeper = r#"["null",{"type":"map","values":["null",{"type":"map","values":"int"}]}]"#;
    assert_eq!(branch(deeper, r#"{"map":{"map":{"map":{}}}}"#).0, 1);
    let record = r#"["null","int",{"type":"record","name":"R","fields":[{"name":"int","type":"int"}]}]"#;
    assert_eq!(branch(record, r#"{"R":{"int":1}}"#), is(2, r#"{"R":{"int":1}}"#));
    assert_eq!(branch(record, r#"{"int":1}"#), is(1, "1"));
}

#[test]
fn avro_mode_wants_tags() {
    let plan = plan(r#"["null","string",{"type":"record","name":"ns.R","fields":[]}]"#);
    assert_eq!(encode(&plan, JsonMode::Avro, r#"{"string":"x"}"#).unwrap(), [2, 2, b'x']);
    assert_eq!(encode(&plan, JsonMode::Avro, r#"{"ns.R":{}}"#).unwrap(), [4]);
    let error = encode(&plan, JsonMode::Avro, "\"x\"").unwrap_err();
    assert_eq!(
        (error.kind(), error.hint().as_deref()),
        (Kind::UnknownBranch, Some("write a union value as {\"string\":…}"))
    );
    let error = encode(&plan, JsonMode::Avro, r#"{"R":{}}"#).unwrap_err();
    assert_eq!((error.kind(), error.got()), (Kind::UnknownBranch, "\"R\""));
    assert_eq!(decode(&plan, JsonMode::Avro, &[2, 2, b'x']).unwrap(), r#"{"string":"x"}"#);
    assert_eq!(decode(&plan, JsonMode::Tagged, &[0]).unwrap(), "null");
}

#[test]
fn a_short_tag_counts_if_only_one_branch_ends_so() {
    let one = r#"["null",{"type":"fixed","name":"a.F","size":1}]"#;
    assert_eq!(branch(one, r#"{"F":"AA=="}"#), is(1, "\"AA==\""));
    let two = r#"[{"type":"fixed","name":"a.F","size":1},{"type":"fixed","name":"b.F","size":1}]"#;
    assert_eq!(refused(two, r#"{"F":"AA=="}"#).kind(), Kind::Type);
    assert_eq!(refused(two, "\"AA==\"").kind(), Kind::Ambiguous);
    assert_eq!(branch(two, r#"{"b.F":"AA=="}"#), is(1, r#"{"b.F":"AA=="}"#));
}

/// Two records take the object bare, which settles nothing; what they wrote while it was tried must be gone.
#[test]
fn a_short_tag_that_two_records_could_take_bare_leaves_nothing_of_them_behind() {
    let schema = r#"[
        {"type":"record","name":"ns.T","fields":[{"name":"f","type":"int"}]},
        {"type":"record","name":"A","fields":[{"name":"T","type":{"type":"map","values":"int"}}]},
        {"type":"record","name":"B","fields":[{"name":"T","type":{"type":"map","values":"int"}}]}]"#;
    assert_eq!(encode(&plan(schema), JsonMode::Plain, r#"{"T":{"f":5}}"#).unwrap(), [0, 10]);
}

#[test]
fn a_recursive_list_is_bare_all_the_way() {
    let schema = r#"{"type":"record","name":"Node","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","Node"]}]}"#;
    let json = r#"{"v":1,"next":{"v":2,"next":{"v":3,"next":null}}}"#;
    assert_eq!(through(schema, json), json);
    assert_eq!(
        through(schema, r#"{"v":1,"next":{"Node":{"v":2}}}"#),
        r#"{"v":1,"next":{"v":2,"next":null}}"#
    );
}
