//! The mistakes people make.

use kch_schema::{Finding, Schema, broken, lint, refused, twice};
use proptest::prelude::*;

use crate::{record, schema};

/// Each finding as `rule at pointer`.
fn found(schema: &Schema) -> Vec<String> {
    lint(schema).iter().map(|found| format!("{} {} {}", found.rule, found.at, found.pointer)).collect()
}

#[track_caller]
fn finds(fields: &str, expected: &[&str]) {
    assert_eq!(found(&record(fields)), expected, "{fields}");
}

#[test]
fn a_logical_type_beside_its_type_is_the_classic() {
    let schema = record(r#"{"name":"ts","type":"long","logicalType":"timestamp-millis"}"#);
    assert_eq!(found(&schema), ["logical-type-beside-type R.ts /fields/0"]);
    let finding = &lint(&schema)[0];
    assert_eq!(finding.message, r#"logicalType "timestamp-millis" beside "type" is ignored"#);
    assert_eq!(finding.cure, r#"write "type": {"type":"long","logicalType":"timestamp-millis"}"#);
    finds(
        r#"{"name":"d","type":["null","bytes"],"default":null,"logicalType":"decimal","precision":9}"#,
        &["logical-type-beside-type R.d /fields/0"],
    );
    finds(
        r#"{"name":"u","type":{"type":{"type":"string"},"logicalType":"uuid"}}"#,
        &["logical-type-beside-type R.u /fields/0/type"],
    );
    finds(r#"{"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"}}"#, &[]);
}

#[test]
fn logical_types_must_be_known_and_fit() {
    let at = |rule: &str| format!("{rule} f /fields/0/type");
    let one = |kind: &str, rule: &str| finds(&format!(r#"{{"name":"f","type":{kind}}}"#), &[&at(rule)]);
    one(r#"{"type":"int","logicalType":"timestamp-millis"}"#, "logical-type-unfit");
    one(r#"{"type":"bytes","logicalType":"decimal"}"#, "logical-type-unfit");
    one(r#"{"type":"bytes","logicalType":"decimal","precision":2,"scale":4}"#, "logical-type-unfit");
    one(r#"{"type":"long","logicalType":"timestamp_millis"}"#, "logical-type-unknown");
    let fixed =
        r#"{"name":"f","type":{"type":"fixed","name":"D","size":2,"logicalType":"decimal","precision":9}}"#;
    let schema = record(fixed);
    assert_eq!(found(&schema), ["logical-type-unfit ns.D /fields/0/type"]);
    assert_eq!(lint(&schema)[0].message, "decimal is ignored: 2 bytes hold 4 digits, not 9");
    let near = lint(&record(r#"{"name":"f","type":{"type":"long","logicalType":"timestamp-milis"}}"#));
    assert_eq!(near[0].cure, r#"did you mean "timestamp-millis"?"#);
}

#[test]
fn defaults_must_fit_and_those_of_unions_their_first_branch() {
    finds(
        r#"{"name":"s","type":["string","null"],"default":null}"#,
        &["default-not-first-branch R.s /fields/0/default"],
    );
    finds(
        r#"{"name":"s","type":["null","string"],"default":"x"}"#,
        &["default-not-first-branch R.s /fields/0/default"],
    );
    finds(r#"{"name":"n","type":"int","default":"0"}"#, &["default-unfit R.n /fields/0/default"]);
    finds(r#"{"name":"n","type":"int","default":3000000000}"#, &["default-unfit R.n /fields/0/default"]);
    finds(
        r#"{"name":"a","type":{"type":"array","items":"int"},"default":[1,"x"]}"#,
        &["default-unfit R.a /fields/0/default"],
    );
    finds(r#"{"name":"y","type":"bytes","default":"\u00ff"},{"name":"d","type":"double","default":1}"#, &[]);
    finds(r#"{"name":"y","type":"bytes","default":"\u0100"}"#, &["default-unfit R.y /fields/0/default"]);
    finds(
        r#"{"name":"r","type":{"type":"record","name":"I","fields":[{"name":"a","type":"int"},{"name":"b","type":"int","default":1}]},"default":{"a":1}}"#,
        &[],
    );
    finds(
        r#"{"name":"r","type":{"type":"record","name":"I","fields":[{"name":"a","type":"int"}]},"default":{}}"#,
        &["default-unfit R.r /fields/0/default"],
    );
    finds(r#"{"name":"s","type":["null","string"]}"#, &["nullable-without-default R.s /fields/0"]);
    let cure = &lint(&record(r#"{"name":"n","type":"int","default":"0"}"#))[0].cure;
    assert_eq!(cure, r#"write "default": 0, without quotes"#);
}

/// Trying every branch at every level would take 2^32 steps.
#[test]
fn a_default_that_fills_itself_in_for_ever_is_soon_told() {
    let b = r#"{"type":"record","name":"B","fields":[{"name":"u","type":["R","B"],"default":{}}]}"#;
    finds(
        &format!(r#"{{"name":"u","type":["R",{b}],"default":{{}}}}"#),
        &[
            "endless ns.R ",
            "default-unfit R.u /fields/0/default",
            "default-unfit B.u /fields/0/type/1/fields/0/default",
        ],
    );
}

#[test]
fn enums_want_a_default_that_is_a_symbol() {
    let one = |text: &str| record(&format!(r#"{{"name":"e","type":{{"type":"enum","name":"E",{text}}}}}"#));
    assert_eq!(found(&one(r#""symbols":["A","B"]"#)), ["enum-without-default ns.E /fields/0/type"]);
    assert_eq!(
        found(&one(r#""symbols":["A","B"],"default":"C""#)),
        ["enum-default-unknown ns.E /fields/0/type/default"]
    );
    assert!(found(&one(r#""symbols":["A","B"],"default":"A""#)).is_empty());
    assert_eq!(found(&one(r#""symbols":["A","B-C"],"default":"A""#)), ["name ns.E /fields/0/type/symbols/1"]);
}

#[test]
fn names_are_letters_digits_and_underscores() {
    finds(r#"{"name":"user-id","type":"long"}"#, &["name R.user-id /fields/0/name"]);
    finds(r#"{"name":"a","type":"int"},{"name":"A","type":"int"}"#, &["names-alike ns.R.A /fields/1"]);
    finds(
        r#"{"name":"a","type":"int","aliases":["b"]},{"name":"b","type":"int"}"#,
        &["alias-taken ns.R.a /fields/0"],
    );
    let both = schema(r#"{"type":"record","name":"a.R","namespace":"b","fields":[]}"#);
    assert_eq!(found(&both), ["namespace-ignored a.R /namespace"]);
}

#[test]
fn attributes_that_nobody_reads_are_found_unless_they_are_ones_own() {
    finds(r#"{"name":"a","type":"int","defualt":0}"#, &["attribute-misspelled R.a /fields/0/defualt"]);
    finds(r#"{"name":"a","type":"int","nullable":true}"#, &["attribute-ignored R.a /fields/0/nullable"]);
}

#[test]
fn what_is_no_schema_is_a_finding_with_a_cure() {
    let text = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"array","items":"int"}]}"#;
    let finding = refused(&Schema::parse(text).unwrap_err());
    assert_eq!((finding.rule, finding.at.as_str()), ("schema", "R.a"));
    assert!(finding.cure.starts_with(r#"write "type": {"type": "array", "items": …}"#), "{}", finding.cure);
}

#[test]
fn unions_have_rules_of_their_own() {
    finds(r#"{"name":"a","type":["int"]}"#, &["union-of-one a /fields/0/type"]);
    finds(r#"{"name":"a","type":[]}"#, &["union-empty a /fields/0/type"]);
}

#[test]
fn properties_of_ones_own_are_left_alone() {
    finds(r#"{"name":"a","type":{"type":"int","arg.properties":{"range":{}},"connect.name":"x"}}"#, &[]);
}

#[test]
fn a_key_that_is_there_twice_is_seen_in_the_text() {
    let text = r#"{"type":"record", // as Java takes it
        "name":"R","name":"S","fields":[{"name":"a","type":"int","type":{"type":"long","doc":"","doc":""},
        "default":{"x":1,"x":2}}]}"#;
    let found: Vec<String> =
        twice(text).iter().map(|found| format!("{} {} {}", found.rule, found.at, found.pointer)).collect();
    assert_eq!(found, ["key-twice R /name", "key-twice a /fields/0/type", "key-twice a /fields/0/type/doc"]);
    assert!(twice(r#"{"type":"record","fields":[1,-2,2.5,true,null]}"#).is_empty());
    assert_eq!(twice(r#"{"a":1,"a":"#).len(), 1);
    assert!(twice("string").is_empty() && twice("").is_empty());
}

#[test]
fn what_is_in_the_wrong_place_or_form_is_found() {
    finds(
        r#"{"name":"a","type":{"type":"string","default":"x"}}"#,
        &["default-in-type a /fields/0/type/default"],
    );
    finds(
        r#"{"name":"a","type":{"type":"array","items":"string","default":[]}}"#,
        &["default-in-type a /fields/0/type/default"],
    );
    finds(r#"{"name":"a","type":"int","aliases":"b"}"#, &["aliases R.a /fields/0/aliases"]);
    finds(r#"{"name":"a","type":"int","doc":5}"#, &["doc R.a /fields/0/doc"]);
    finds(
        r#"{"name":"a","type":{"type":"fixed","name":"F","size":1,"aliases":[1]}}"#,
        &["aliases ns.F /fields/0/type/aliases"],
    );
    let endless = record(r#"{"name":"r","type":"R"}"#);
    assert_eq!(found(&endless), ["endless ns.R "]);
    finds(r#"{"name":"r","type":["null","R"],"default":null}"#, &[]);
    let quoted = record(r#"{"name":"a","type":["null","string"],"default":"null"}"#);
    assert_eq!(lint(&quoted)[0].cure, "write \"default\": null, without quotes");
}

/// All findings in a text that is no schema.
#[track_caller]
fn broken_at(text: &str, references: &[&str]) -> Vec<String> {
    let references: Vec<String> = references.iter().map(|&text| text.to_owned()).collect();
    let error = Schema::parse_with_references(text, &references).expect_err("no schema");
    let found = broken(text, &references, &error);
    let shown =
        |found: &Finding| format!("{} {}: {}; {}", found.rule, found.pointer, found.message, found.cure);
    let shown: Vec<String> = found.iter().map(shown).collect();
    assert!(shown.iter().all(|finding| !finding.contains("stands_in")), "{shown:?}");
    shown
}

#[test]
fn all_mistakes_of_what_is_no_schema_are_found_at_once() {
    let text = r#"{"type":"record","name":"bad-name","fields":[
        {"name":"n","type":"int"},
        {"name":"n","type":"long"},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"B"}},
        {"name":"t","type":"long","logicalType":"timestamp-millis"},
        {"name":"u","type":["null","string"],"default":"x"},
        {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":2,"scale":5}},
        {"name":"f","type":"int","defualt":1},
        {"name":"l","type":"lng","default":0}]}"#;
    let rules: Vec<String> =
        broken_at(text, &[]).iter().map(|found| found.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(
        rules,
        [
            "schema /fields/1/name",
            "enum-default-unknown /fields/2/type/default",
            "logical-type-beside-type /fields/3",
            "default-not-first-branch /fields/4/default",
            "logical-type-unfit /fields/5/type",
            "attribute-misspelled /fields/6/defualt",
            "schema /fields/7/type",
            "name /name",
        ]
    );
}

#[test]
fn each_mistake_has_its_place_and_a_cure() {
    let record = |fields: &str| format!(r#"{{"type":"record","name":"ns.R","fields":[{fields}]}}"#);
    for (field, expected) in [
        (
            r#"{"name":"a","type":"strng"}"#,
            r#"/fields/0/type: ns.R.a: unknown type "ns.strng", did you mean "string"?; "#,
        ),
        (
            r#"{"name":"a"}"#,
            r#"/fields/0: ns.R.a: expected a field with a "type", found {"name":"a"}; write its "type""#,
        ),
        (
            r#"{"type":"int"}"#,
            r#"/fields/0: ns.R: expected a field with a "name", found {"type":"int"}; write its "name""#,
        ),
        (
            r#"{"name":"a","type":7}"#,
            "/fields/0/type: ns.R.a: expected a type name, an object or an array, found 7; write a type name",
        ),
        (
            r#"{"name":"a","type":{"type":"array"}}"#,
            r#"/fields/0/type: ns.R.a: expected an array with "items""#,
        ),
        (
            r#"{"name":"a","type":{"type":"enum","name":"E","default":"A"}}"#,
            r#"/fields/0/type: ns.E: expected an enum with "symbols""#,
        ),
        (
            r#"{"name":"a","type":{"type":"fixed","name":"F","size":"4"}}"#,
            r#"/fields/0/type: ns.F: expected a fixed with a "size""#,
        ),
        (
            r#"{"name":"a","type":{"type":"record","name":"I"}}"#,
            r#"/fields/0/type: ns.I: expected a record with "fields""#,
        ),
        (
            r#"{"name":"a","type":["string",["int"]]}"#,
            "/fields/0/type/1: ns.R.a: expected no union directly inside a union",
        ),
        (
            r#"{"name":"a","type":["int",{"type":"int"}]}"#,
            r#"/fields/0/type/1: ns.R.a: "int" stands there twice; rename one"#,
        ),
        (
            r#"{"name":"a","type":{"type":"enum","name":"E","symbols":["A","A"],"default":"A"}}"#,
            r#"/fields/0/type/symbols/1: ns.E: "A" stands there twice"#,
        ),
        (
            r#"{"name":"a","type":{"type":"fixed","name":"ns.R","size":1}}"#,
            r#"/fields/0/type/name: type "ns.R" is defined twice; define it once"#,
        ),
    ] {
        let found = broken_at(&record(field), &[]);
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("schema {expected}")),
            "{field}: {found:?}"
        );
    }
    // What another text defines is known, and what is wrong in that one is told of the whole.
    let money = r#"{"type":"record","name":"ns.Money","fields":[]}"#;
    let uses = r#"{"name":"m","type":"Money"},{"name":"a","type":"strng"}"#;
    assert_eq!(broken_at(&record(uses), &[money]).len(), 1);
    assert_eq!(broken_at(&record(uses), &["{}"]).len(), 3);
    assert_eq!(broken_at("{", &[]).len(), 1);
}

/// Something that is a schema by halves.
fn halves() -> impl Strategy<Value = serde_json::Value> {
    let words = [
        "null", "int", "string", "array", "map", "record", "enum", "fixed", "ns.R", "R", "", "no name",
        "decimal",
    ];
    let leaf = prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(serde_json::Value::from),
        (0..3).prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let keys = [
        "type",
        "name",
        "fields",
        "items",
        "values",
        "symbols",
        "size",
        "default",
        "logicalType",
        "namespace",
    ];
    leaf.prop_recursive(5, 60, 5, move |inner| {
        let entry = (prop::sample::select(keys.to_vec()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec(entry, 0..6).prop_map(|entries| entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    /// And none of them speaks of what stands in for a mistake.
    #[test]
    fn whatever_is_no_schema_has_findings(value in halves()) {
        let text = value.to_string();
        if let Err(error) = Schema::parse(&text) {
            let found = broken(&text, &[], &error);
            prop_assert!(!found.is_empty(), "{text}");
            for finding in &found {
                let shown = format!("{} {} {}", finding.at, finding.message, finding.cure);
                prop_assert!(!shown.contains("stands_in"), "{text}: {finding:?}");
            }
        }
    }
}
