//! Schema resolution, rule by rule (specification, "Schema Resolution").

use kch_avro::{DecodeError, DecodeReason, JsonMode, Plan, Resolver};

use crate::{decode, encode, plan};

/// A JSON text of the writer's schema, as the reader's schema prints it.
fn read(writer: &str, reader: &str, json: &str) -> Result<String, DecodeError> {
    let avro = encode(&plan(writer), JsonMode::Plain, json).unwrap_or_else(|error| panic!("{json}: {error}"));
    let reader = plan(reader);
    let mut out = b"before".to_vec();
    match Resolver::new(plan(writer), &reader).resolve(&avro, &mut out) {
        Ok(()) => Ok(decode(&reader, JsonMode::Tagged, &out[6..]).unwrap()),
        Err(error) => {
            assert_eq!(out, b"before", "an error must leave the output alone");
            Err(error)
        }
    }
}

fn reads(writer: &str, reader: &str, json: &str) -> String {
    read(writer, reader, json).unwrap_or_else(|error| panic!("{writer} {reader} {json}: {error}"))
}

fn refused(writer: &str, reader: &str, json: &str) -> String {
    let error = read(writer, reader, json).unwrap_err();
    assert!(matches!(error.reason(), DecodeReason::Unresolved { .. }), "{error:?}");
    error.to_string()
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
}

#[test]
fn numbers_are_promoted_and_nothing_else() {
    let types = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    let taken = |from: &str, to: &str| match from {
        "int" => ["int", "long", "float", "double"].contains(&to),
        "long" => ["long", "float", "double"].contains(&to),
        "float" => ["float", "double"].contains(&to),
        "bytes" | "string" => ["bytes", "string"].contains(&to),
        same => same == to,
    };
    for from in types {
        let json = match from {
            "null" => "null",
            "boolean" => "true",
            "bytes" => "\"YWI=\"",
            "string" => "\"ab\"",
            _ => "5",
        };
        for to in types {
            let (from, to) = (format!("\"{from}\""), format!("\"{to}\""));
            let result = read(&from, &to, json);
            assert_eq!(result.is_ok(), taken(from.trim_matches('"'), to.trim_matches('"')), "{from} as {to}");
        }
    }
    assert_eq!(reads("\"int\"", "\"double\"", "-7"), "-7.0");
    assert_eq!(reads("\"long\"", "\"float\"", "16777217"), "16777216.0");
    assert_eq!(reads("\"float\"", "\"double\"", "0.5"), "0.5");
    assert_eq!(reads("\"string\"", "\"bytes\"", "\"ab\""), "\"YWI=\"");
    assert_eq!(reads("\"bytes\"", "\"string\"", "\"YWI=\""), "\"ab\"");
    assert!(read("\"bytes\"", "\"string\"", "\"/w==\"").unwrap_err().to_string().contains("not UTF-8"));
    assert_eq!(refused("\"long\"", "\"int\"", "1"), "long cannot be read as int (byte 0)");
}

#[test]
fn fields_are_found_by_name_and_alias_whatever_their_order() {
    let writer = record(
        r#"{"name":"a","type":"int"},{"name":"b","type":"string"},{"name":"c","type":["null","long"]}"#,
    );
    let projected = record(r#"{"name":"c","type":["null","long"]}"#);
    assert_eq!(reads(&writer, &projected, r#"{"a":1,"b":"x","c":5}"#), r#"{"c":{"long":5}}"#);
    let reordered = record(
        r#"{"name":"c","type":["null","double"]},{"name":"n","type":{"type":"array","items":"int"},"default":[1,2]},{"name":"a","type":"long"}"#,
    );
    assert_eq!(
        reads(&writer, &reordered, r#"{"a":1,"b":"x","c":5}"#),
        r#"{"c":{"double":5.0},"n":[1,2],"a":1}"#
    );
    let aliased = record(
        r#"{"name":"z","aliases":["q","b"],"type":"string"},{"name":"y","type":["null","int"],"default":null}"#,
    );
    assert_eq!(reads(&writer, &aliased, r#"{"a":1,"b":"x","c":null}"#), r#"{"z":"x","y":null}"#);
    // A name goes before an alias.
    let both = record(r#"{"name":"b","aliases":["a"],"type":"string"}"#);
    assert_eq!(reads(&writer, &both, r#"{"a":1,"b":"x","c":null}"#), r#"{"b":"x"}"#);
    let missing = record(r#"{"name":"nope","type":"int"}"#);
    assert_eq!(
        refused(&writer, &missing, r#"{"a":1,"b":"x","c":null}"#),
        "the writer has no field \"nope\", and it has no default (byte 0)"
    );
    let inside = record(r#"{"name":"a","type":"boolean"}"#);
    assert!(
        refused(&writer, &inside, r#"{"a":1,"b":"x","c":null}"#)
            .starts_with("field \"a\": int cannot be read")
    );
    // The record's own name does not matter outside of a union.
    let renamed = projected.replace("\"R\"", "\"other.Name\"");
    assert_eq!(reads(&writer, &renamed, r#"{"a":1,"b":"x","c":null}"#), r#"{"c":null}"#);
}

#[test]
fn enums_go_by_symbol_and_have_a_default() {
    let writer = r#"{"type":"enum","name":"w.E","symbols":["A","B","C"]}"#;
    let reader = |rest: &str| format!(r#"{{"type":"enum","name":"E","symbols":["C","A"]{rest}}}"#);
    assert_eq!(reads(writer, &reader(""), "\"A\""), "\"A\"");
    assert_eq!(reads(writer, &reader(""), "\"C\""), "\"C\"");
    assert_eq!(
        refused(writer, &reader(""), "\"B\""),
        "the reader's enum has no symbol \"B\", and no default (byte 1)"
    );
    assert_eq!(reads(writer, &reader(r#","default":"C""#), "\"B\""), "\"C\"");
    let other = reader("").replace("\"E\"", "\"F\"");
    assert_eq!(refused(writer, &other, "\"A\""), "enum w.E cannot be read as enum F (byte 0)");
    let aliased = reader(r#","aliases":["w.E"]"#).replace("\"E\"", "\"F\"");
    assert_eq!(reads(writer, &aliased, "\"A\""), "\"A\"");
}

#[test]
fn unions_take_the_writers_own_type_first_and_then_the_first_promotion() {
    assert_eq!(reads("\"int\"", r#"["null","double","int"]"#, "1"), r#"{"int":1}"#);
    assert_eq!(reads("\"int\"", r#"["null","double","long"]"#, "1"), r#"{"double":1.0}"#);
    assert_eq!(reads(r#"["null","int","string"]"#, r#"["string","long","null"]"#, "1"), r#"{"long":1}"#);
    assert_eq!(reads(r#"["null","int","string"]"#, r#"["string","long","null"]"#, "null"), "null");
    assert_eq!(reads(r#"["null","int"]"#, "\"long\"", "1"), "1");
    assert_eq!(refused(r#"["null","int"]"#, "\"long\"", "null"), "null cannot be read as long (byte 1)");
    let named = |name: &str, field: &str| {
        format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"{field}","type":"int"}}]}}"#)
    };
    let reader = format!("[\"null\",{},{}]", named("x.A", "a"), named("y.A", "a"));
    assert_eq!(reads(&named("y.A", "a"), &reader, r#"{"a":1}"#), r#"{"y.A":{"a":1}}"#);
    assert_eq!(reads(&named("z.A", "a"), &reader, r#"{"a":1}"#), r#"{"x.A":{"a":1}}"#);
    assert_eq!(reads(&named("B", "a"), &reader, r#"{"a":1}"#), r#"{"x.A":{"a":1}}"#);
    assert!(refused(&named("B", "b"), &reader, r#"{"b":1}"#).contains("record B cannot be read as null or"));
}

#[test]
fn logical_types_meet_when_they_count_alike() {
    let long = |unit: &str| format!(r#"{{"type":"long","logicalType":"{unit}"}}"#);
    let decimal = |precision: u8, scale: u8| {
        format!(r#"{{"type":"bytes","logicalType":"decimal","precision":{precision},"scale":{scale}}}"#)
    };
    assert_eq!(reads(&long("timestamp-millis"), "\"long\"", "5"), "5");
    assert_eq!(reads("\"int\"", &long("timestamp-millis"), "5"), "\"1970-01-01T00:00:00.005Z\"");
    assert!(
        refused(&long("timestamp-millis"), &long("timestamp-micros"), "5")
            .starts_with("timestamp-millis cannot")
    );
    assert_eq!(reads(&decimal(9, 2), &decimal(12, 2), "\"1.50\""), "\"1.50\"");
    assert!(refused(&decimal(9, 2), &decimal(9, 3), "\"1.50\"").starts_with("decimal(9,2) cannot be read"));
    assert!(refused(&decimal(9, 2), &decimal(8, 2), "\"1.50\"").starts_with("decimal(9,2) cannot be read"));
}

#[test]
fn recursion_and_blocks_with_sizes_are_resolved() {
    let list = |value: &str| {
        format!(
            r#"{{"type":"record","name":"L","fields":[{{"name":"v","type":"{value}"}},{{"name":"n","type":["null","L"]}}]}}"#
        )
    };
    assert_eq!(
        reads(&list("int"), &list("double"), r#"{"v":1,"n":{"v":2,"n":null}}"#),
        r#"{"v":1.0,"n":{"L":{"v":2.0,"n":null}}}"#
    );
    let (writer, reader) = (r#"{"type":"array","items":"int"}"#, r#"{"type":"array","items":"double"}"#);
    let resolver = |writer: &str, reader: &str| Resolver::new(plan(writer), &plan(reader));
    let mut out = Vec::new();
    // Two blocks, the first with its size in bytes.
    resolver(writer, reader).resolve(&[3, 4, 2, 4, 2, 6, 0], &mut out).unwrap();
    assert_eq!(decode(&plan(reader), JsonMode::Plain, &out).unwrap(), "[1.0,2.0,3.0]");
    let map = r#"{"type":"map","values":"int"}"#;
    let error =
        resolver(map, r#"{"type":"map","values":"string"}"#).resolve(&[2, 2, b'k', 2, 0], &mut Vec::new());
    assert!(error.unwrap_err().to_string().starts_with("field \"k\": int cannot be read as string"));
    // A chain of names much longer than any stack.
    let links: Vec<String> = (0..20_000)
        .map(|at| {
            format!(
                r#"{{"type":"record","name":"C{at}","fields":[{{"name":"n","type":["null","C{}"]}}]}}"#,
                at + 1
            )
        })
        .collect();
    let last = r#"{"type":"record","name":"C20000","fields":[]}"#.to_owned();
    let chain = || {
        Plan::compile_with_references("\"C0\"", &[&links[..], std::slice::from_ref(&last)].concat()).unwrap()
    };
    let mut out = Vec::new();
    Resolver::new(chain(), &chain()).resolve(&[2, 2, 0], &mut out).unwrap();
    assert_eq!(out, [2, 2, 0]);
}

#[test]
fn many_nulls_in_a_union_are_fine_and_hostile_counts_are_not() {
    let (writer, reader) =
        (r#"{"type":"array","items":["null","int"]}"#, r#"{"type":"array","items":["int","null"]}"#);
    let count = 100_000usize;
    let nulls = format!("[{}]", vec!["null"; count].join(","));
    assert_eq!(reads(writer, reader, &nulls), nulls);
    let nulls = r#"{"type":"array","items":"null"}"#;
    let error =
        Resolver::new(plan(nulls), &plan(nulls)).resolve(&[0xfe, 0xff, 0xff, 0xff, 0x0f, 0], &mut Vec::new());
    assert!(matches!(error.unwrap_err().reason(), DecodeReason::TooMany { .. }));
}
