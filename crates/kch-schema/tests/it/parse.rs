//! A schema is read as the codec reads it.

use kch_avro::SchemaError;
use kch_schema::{Kind, Schema};

use crate::{record, schema};

/// Types whose title the codec knows too.
const TYPES: &[&str] = &[
    r#""string""#,
    r#"["null","long"]"#,
    r#"{"type":"array","items":{"type":"map","values":"bytes"}}"#,
    r#"{"type":"int","logicalType":"date"}"#,
    r#"{"type":"int","logicalType":"time-millis"}"#,
    r#"{"type":"long","logicalType":"time-micros"}"#,
    r#"{"type":"long","logicalType":"timestamp-millis"}"#,
    r#"{"type":"long","logicalType":"timestamp-micros"}"#,
    r#"{"type":"long","logicalType":"timestamp-nanos"}"#,
    r#"{"type":"long","logicalType":"local-timestamp-nanos"}"#,
    r#"{"type":"int","logicalType":"timestamp-millis"}"#,
    r#"{"type":"string","logicalType":"uuid"}"#,
    r#"{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}"#,
    r#"{"type":"bytes","logicalType":"decimal","precision":2,"scale":10}"#,
    r#"{"type":"bytes","logicalType":"decimal","precision":9801}"#,
    r#"{"type":"fixed","name":"D","size":2,"logicalType":"decimal","precision":4}"#,
    r#"{"type":"fixed","name":"D","size":2,"logicalType":"decimal","precision":5}"#,
    r#"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#,
    r#"{"type":"fixed","name":"T","size":12,"logicalType":"duration"}"#,
    r#"{"type":"fixed","name":"T","size":13,"logicalType":"duration"}"#,
    r#"{"type":{"type":"string"},"logicalType":"uuid"}"#,
    r#"{"type":"enum","name":"other.E","symbols":["A"]}"#,
];

#[test]
fn logical_types_count_where_the_codec_counts_them() {
    for text in TYPES {
        let schema = record(&format!(r#"{{"name":"f","type":{text}}}"#));
        let Kind::Record { fields, .. } = schema.kind(schema.root()) else { panic!("{schema:?}") };
        let codec = schema.plan().record_fields().unwrap()[0].type_name.to_owned();
        assert_eq!(schema.title(fields[0].node), codec, "{text}");
    }
}

#[test]
fn names_are_found_before_their_definition_and_in_other_texts() {
    let text = r#"{"type":"record","name":"a.R","fields":[{"name":"m","type":"Money"},{"name":"l","type":["null","R"]}]}"#;
    let money = r#"{"type":"fixed","name":"a.Money","size":8,"aliases":["Cash","b.Coin"]} // as cents"#;
    let schema = Schema::parse_with_references(text, &[money.to_owned()]).unwrap();
    assert_eq!(schema.name(), Some("a.R"));
    let Kind::Record { fields, .. } = schema.kind(schema.root()) else { panic!("{schema:?}") };
    let found = schema.kind(fields[0].node).name().unwrap();
    assert_eq!((found.full.as_str(), found.short()), ("a.Money", "Money"));
    assert_eq!(found.aliases, ["a.Cash", "b.Coin"]);
    assert_eq!(schema.branches(fields[1].node), (vec![schema.root()], true));
}

#[test]
fn every_part_knows_where_it_stands() {
    let schema = schema(
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":["null","int"]}}]}"#,
    );
    let Kind::Record { fields, .. } = schema.kind(schema.root()) else { panic!("{schema:?}") };
    let Kind::Array(items) = schema.kind(fields[0].node) else { panic!("{schema:?}") };
    let place = &schema.node(*items).place;
    assert_eq!(place.pointer, "/fields/0/type/items");
    assert_eq!(schema.fragment(place).unwrap().to_string(), r#"["null","int"]"#);
}

#[test]
fn a_few_lines_that_stand_for_more_than_any_memory_are_refused() {
    let fields =
        |next: &str| format!(r#"[{{"name":"a","type":{next}}},{{"name":"b","type":["null",{next}]}}]"#);
    let bomb = |levels: usize| {
        let level = |level: usize| {
            let next = if level + 1 == levels { "\"int\"".to_owned() } else { format!("\"T{}\"", level + 1) };
            format!(r#"{{"type":"record","name":"T{level}","fields":{}}}"#, fields(&next))
        };
        let texts: Vec<String> = (1..levels).map(level).collect();
        Schema::parse_with_references(&level(0), &texts)
    };
    assert!(bomb(10).is_ok());
    assert_eq!(bomb(40).unwrap_err().to_string(), "the schema stands for more than 200000 types");
    let chain = |levels: usize| {
        let level = |level: usize| {
            let next = if level + 1 == levels { "int".to_owned() } else { format!("T{}", level + 1) };
            format!(r#"{{"type":"record","name":"T{level}","fields":[{{"name":"a","type":"{next}"}}]}}"#)
        };
        let texts: Vec<String> = (1..levels).map(level).collect();
        Schema::parse_with_references(&level(0), &texts)
    };
    assert!(chain(200).is_ok());
    assert!(matches!(chain(5_000), Err(SchemaError::TooDeep { limit: 300 })));
}
