//! A draft is a schema that takes the lines it was made from.

use kch_avro::{Encoder, JsonMode, Plan};
use kch_schema::{Draft, Drafted, Inferring};
use proptest::prelude::*;
use serde_json::{Value, json};

fn inferring() -> Inferring {
    Inferring {
        name: "ns.R".into(),
        ints: false,
        plain_texts: false,
        enums: 0,
        decimals: false,
        maps: Vec::new(),
    }
}

#[track_caller]
fn draft(inferring: Inferring, lines: &[&str]) -> Drafted {
    let mut draft = Draft::new(inferring);
    for line in lines {
        draft.see(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    let drafted = draft.schema().expect("a schema");
    let plan =
        Plan::compile(&drafted.schema.to_string()).unwrap_or_else(|error| panic!("{error}: {drafted:?}"));
    for line in lines {
        let encoded = Encoder::new(&plan, JsonMode::Plain).encode(line.as_bytes(), &mut Vec::new());
        encoded.unwrap_or_else(|error| panic!("{line}: {error}: {}", drafted.schema));
    }
    drafted
}

/// The type of field `f` in lines that have only that.
#[track_caller]
fn type_of(values: &[&str]) -> Value {
    let lines: Vec<String> = values.iter().map(|value| format!(r#"{{"f":{value}}}"#)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    draft(inferring(), &lines).schema["fields"][0]["type"].clone()
}

#[test]
fn numbers_keep_their_digits() {
    assert_eq!(type_of(&["1", "-5"]), json!("long"));
    assert_eq!(type_of(&["1", "2.5"]), json!("double"));
    assert_eq!(type_of(&["1e3"]), json!("double"));
    assert_eq!(type_of(&["9223372036854775807"]), json!("long"));
    let decimal = json!({"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 0});
    assert_eq!(type_of(&["9223372036854775808", "1"]), decimal);
    assert_eq!(type_of(&["1234567890123456789", "0.5"]), json!(["long", "double"]));
    let ints = Inferring { ints: true, ..inferring() };
    assert_eq!(draft(ints, &[r#"{"a":1}"#]).schema["fields"][0]["type"], "int");
}

#[test]
fn a_number_that_no_type_holds_is_told() {
    let error = Draft::new(inferring()).see(r#"{"f":[1e999]}"#).unwrap_err();
    assert_eq!(error.to_string(), "1e999 is more than a double holds");
}

#[test]
fn spaces_that_json_does_not_know_are_no_json() {
    for line in ["\u{a0}1", "1\u{85}", "\u{2003}"] {
        assert!(Draft::new(inferring()).see(line).is_err(), "{line:?}: avro-produce refuses it too");
    }
}

#[test]
fn texts_that_are_all_times_are_times() {
    let logical = |base: &str, name: &str| json!({"type": base, "logicalType": name});
    assert_eq!(type_of(&[r#""2026-11-22T10:00:00Z""#]), logical("long", "timestamp-millis"));
    assert_eq!(
        type_of(&[r#""2026-11-22T10:00:00Z""#, r#""2026-11-22T10:00:00.123456+02:00""#]),
        logical("long", "timestamp-micros")
    );
    assert_eq!(type_of(&[r#""2026-11-22T10:00:00.5""#]), logical("long", "local-timestamp-millis"));
    assert_eq!(type_of(&[r#""2026-11-22""#]), logical("int", "date"));
    assert_eq!(type_of(&[r#""11223344-5566-7788-99aa-bbccddeeff00""#]), logical("string", "uuid"));
    assert_eq!(type_of(&[r#""2026-11-22T10:00:00Z""#, r#""""#]), json!("string"));
    assert_eq!(type_of(&[r#""2026-11-22T10:00:00Z""#, r#""2026-11-22""#]), json!("string"));
    assert_eq!(type_of(&[r#""9999-99-99""#]), json!("string"));
    let plain = Inferring { plain_texts: true, ..inferring() };
    assert_eq!(draft(plain, &[r#"{"d":"2026-11-22"}"#]).schema["fields"][0]["type"], "string");
}

#[test]
fn few_different_texts_are_an_enum_when_asked_for() {
    let of = |enums: usize, values: &[&str]| {
        let lines: Vec<String> = values.iter().map(|value| format!(r#"{{"s":{value},"n":1}}"#)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        draft(Inferring { enums, ..inferring() }, &lines).schema["fields"][0]["type"].clone()
    };
    let open_shut = json!({"type": "enum", "name": "RS", "symbols": ["OPEN", "SHUT"]});
    let often = [r#""OPEN""#, r#""SHUT""#, r#""OPEN""#, r#""SHUT""#];
    assert_eq!(of(2, &often), open_shut);
    assert_eq!(of(9, &[&often[..], &["null"]].concat()), json!(["null", open_shut]));
    assert_eq!(of(0, &often), "string");
    assert_eq!(of(1, &often), "string");
    let seldom: Vec<String> = often[..3].iter().map(|value| format!(r#"{{"s":{value}}}"#)).collect();
    let seldom: Vec<&str> = seldom.iter().map(String::as_str).collect();
    assert_eq!(
        draft(Inferring { enums: 9, ..inferring() }, &seldom).notes,
        [r#"field "s" is no enum: its 2 different texts come less than twice on average"#]
    );
    // All different, no symbol, or of two kinds.
    assert_eq!(of(9, &often[..2]), "string");
    assert_eq!(of(9, &[&often[..], &[r#""half open""#]].concat()), "string");
    assert_eq!(of(9, &[&often[..], &["1"]].concat()), json!(["long", "string"]));
    // In a list, and the same name twice.
    let line = r#"{"a":["X","Y","X","Y"],"b":{"a":"X"},"r_a":"Q"}"#;
    let enums = Inferring { enums: 3, ..inferring() };
    let drafted = draft(enums, &[line, line]);
    assert_eq!(drafted.schema["fields"][0]["type"]["items"]["symbols"], json!(["X", "Y"]));
    assert!(drafted.notes[0].contains("is an enum of X, Y"), "{:?}", drafted.notes);
}

#[test]
fn fractions_are_decimals_when_asked_for() {
    let of = |values: &[&str]| {
        let lines: Vec<String> = values.iter().map(|value| format!(r#"{{"f":{value}}}"#)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        draft(Inferring { decimals: true, ..inferring() }, &lines).schema["fields"][0]["type"].clone()
    };
    let decimal = |precision: u32, scale: u32| json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale});
    assert_eq!(of(&["9.5", "-19.99", "3"]), decimal(18, 2));
    assert_eq!(of(&["12345678901234567890", "0.125"]), decimal(23, 3));
    assert_eq!(of(&["9.5", "1e3"]), "double");
    assert_eq!(of(&["9", "8"]), "long");
    let notes = draft(Inferring { decimals: true, ..inferring() }, &[r#"{"f":9.5}"#, r#"{"f":1e3}"#]).notes;
    assert_eq!(
        notes,
        ["field \"f\" has a number with an exponent: it is a double, which is not exact, and no decimal"]
    );
    assert!(draft(inferring(), &[r#"{"f":1e3}"#]).notes.is_empty());
}

#[test]
fn what_is_missing_or_null_may_be_null() {
    let drafted = draft(inferring(), &[r#"{"a":1,"b":null,"c":"x"}"#, r#"{"a":2,"b":true}"#]);
    assert_eq!(
        drafted.schema["fields"],
        json!([
            {"name": "a", "type": "long"},
            {"name": "b", "type": ["null", "boolean"], "default": null},
            {"name": "c", "type": ["null", "string"], "default": null}
        ])
    );
    assert_eq!(type_of(&["null"]), json!(["null", "string"]));
}

#[test]
fn records_are_named_after_their_fields() {
    let drafted = draft(inferring(), &[r#"{"ship_to":{"lines":[{"zip":1},{"zip":2,"x":[]}]}}"#]);
    let ship = &drafted.schema["fields"][0]["type"];
    assert_eq!((&drafted.schema["name"], &ship["name"]), (&json!("ns.R"), &json!("RShipTo")));
    let lines = &ship["fields"][0]["type"];
    assert_eq!(lines["items"]["name"], "RShipToLines");
    assert_eq!(drafted.notes, [r#"field "ship_to.lines[].x[]" is always null or empty: taken for a text"#]);
}

#[test]
fn objects_whose_keys_are_data_are_maps() {
    assert_eq!(
        type_of(&[r#"{"2026-11-22":1,"2026-11-23":2.5}"#]),
        json!({"type": "map", "values": "double"})
    );
    assert_eq!(type_of(&["{}"]), json!({"type": "map", "values": "string"}));
    let many: Vec<String> = (0..30).map(|n| format!(r#"{{"host{n}":1}}"#)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(type_of(&many), json!({"type": "map", "values": "long"}));
    let asked = Inferring { maps: vec!["labels".into()], ..inferring() };
    let drafted = draft(asked, &[r#"{"labels":{"app":"x","n":1}}"#]);
    assert_eq!(drafted.schema["fields"][0]["type"], json!({"type": "map", "values": ["long", "string"]}));
    assert_eq!(type_of(&[r#"{"a":1}"#])["type"], "record");
}

#[test]
fn so_many_keys_are_a_map_that_memory_has_a_bound() {
    let keys: Vec<String> = (0..5_000).map(|n| format!(r#""k{n}":{n}"#)).collect();
    assert_eq!(type_of(&[&format!("{{{}}}", keys.join(","))]), json!({"type": "map", "values": "long"}));
}

#[test]
fn names_that_avro_does_not_take_become_aliases() {
    let drafted = draft(inferring(), &[r#"{"user-id":1,"user_id":2,"9":"x"}"#]);
    assert_eq!(
        drafted.schema["fields"],
        json!([
            {"name": "user_id_", "type": "long", "aliases": ["user-id"]},
            {"name": "user_id", "type": "long"},
            {"name": "_9", "type": "string", "aliases": ["9"]}
        ])
    );
}

#[test]
fn values_of_several_kinds_are_a_union() {
    assert_eq!(type_of(&["1", r#""2026-11-22""#, "null"]), json!(["null", "long", "string"]));
    assert_eq!(
        type_of(&["true", "[1]", "[null]"]),
        json!(["boolean", {"type": "array", "items": ["null", "long"]}])
    );
}

#[test]
fn lines_that_are_no_use_are_refused() {
    let refused = |line: &str| Draft::new(inferring()).see(line).unwrap_err().to_string();
    assert!(refused(r#"{"a":1,}"#).starts_with("not JSON: "));
    assert!(refused("oops").starts_with("not JSON: "));
    assert_eq!(refused(r#"{"a":1,"a":2}"#), r#"key "a" is there twice"#);
    assert!(refused(&"[".repeat(200)).starts_with("n"));
    assert!(Draft::new(inferring()).schema().is_none());
}

/// Values as people's lines have them.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        "[a-z ]{0,8}".prop_map(Value::from),
        Just(json!("2026-11-22T10:00:00.123456789Z")),
        Just(json!("2026-11-22")),
        Just(json!("11223344-5566-7788-99aa-bbccddeeff00")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[ab-]{1,2}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_draft_takes_the_lines_it_was_made_from(values in prop::collection::vec(value(), 1..6)) {
        let lines: Vec<String> = values.iter().map(|value| json!({"f": value}).to_string()).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        draft(inferring(), &lines);
    }
}
