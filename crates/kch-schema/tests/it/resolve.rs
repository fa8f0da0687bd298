//! Whether a schema may follow another, and why not.

use kch_schema::{Direction, Fault, Mismatch, Rules, Schema, compare, judge, read};

use crate::{record, schema};

fn backward(old: &Schema, new: &Schema) -> Vec<Mismatch> {
    read(new, old, Direction::Backward).mismatches
}

fn forward(old: &Schema, new: &Schema) -> Vec<Mismatch> {
    read(old, new, Direction::Forward).mismatches
}

/// The codes and paths of what is wrong.
fn codes(found: &[Mismatch]) -> Vec<String> {
    found.iter().map(|mismatch| format!("{} {}", mismatch.fault.code(), mismatch.path)).collect()
}

/// Whether a reader of one type reads a writer of another, both as a field's type.
fn reads(writer: &str, reader: &str) -> bool {
    let field = |kind: &str| record(&format!(r#"{{"name":"f","type":{kind}}}"#));
    backward(&field(writer), &field(reader)).is_empty()
}

#[test]
fn the_specifications_promotions_and_no_others() {
    let all = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    let promoted = [
        ("int", "long"),
        ("int", "float"),
        ("int", "double"),
        ("long", "float"),
        ("long", "double"),
        ("float", "double"),
        ("string", "bytes"),
        ("bytes", "string"),
    ];
    for writer in all {
        for reader in all {
            let expected = writer == reader || promoted.contains(&(writer, reader));
            let quoted = |name: &str| format!("\"{name}\"");
            assert_eq!(reads(&quoted(writer), &quoted(reader)), expected, "{writer} read as {reader}");
        }
    }
}

#[test]
fn arrays_maps_and_unions_go_by_what_they_hold() {
    let array = |items: &str| format!(r#"{{"type":"array","items":{items}}}"#);
    let map = |values: &str| format!(r#"{{"type":"map","values":{values}}}"#);
    let (int, long) = (r#""int""#, r#""long""#);
    assert!(reads(&array(int), &array(long)) && !reads(&array(long), &array(int)));
    assert!(reads(&map(int), &map(long)) && !reads(&map(long), &map(int)));
    assert!(!reads(&map(int), &array(int)));
    assert!(reads(int, r#"["null","long"]"#) && !reads(r#"["null","int"]"#, int));
    assert!(reads(r#"["int"]"#, long) && reads(r#"["int","long"]"#, r#"["null","double"]"#));
    assert!(!reads(r#"["int","string"]"#, r#"["int"]"#) && reads("[]", int));
}

#[test]
fn a_missing_default_names_the_places_and_the_cure() {
    let old = record(r#"{"name":"id","type":"long"}"#);
    let new = record(r#"{"name":"id","type":"long"},{"name":"s","type":"string"}"#);
    let found = backward(&old, &new);
    assert_eq!(codes(&found), ["READER_FIELD_MISSING_DEFAULT_VALUE s"]);
    assert_eq!(
        (found[0].old_place().pointer.as_str(), found[0].new_place().pointer.as_str()),
        ("/fields", "/fields/1")
    );
    assert_eq!(
        found[0].to_string(),
        "field \"s\" is new and has no default, so old records cannot be read with the new schema"
    );
    assert_eq!(found[0].cure(), r#"give it a default, such as "default": """#);
    assert!(forward(&old, &new).is_empty());
    let gone = forward(&new, &old);
    assert_eq!(codes(&gone), ["READER_FIELD_MISSING_DEFAULT_VALUE s"]);
    assert_eq!(
        (gone[0].old_place().pointer.as_str(), gone[0].new_place().pointer.as_str()),
        ("/fields/1", "/fields")
    );
}

#[test]
fn a_renamed_field_is_guessed_and_an_alias_reads_it() {
    let old = record(r#"{"name":"id","type":"long"},{"name":"mail","type":"string"}"#);
    let new = record(r#"{"name":"id","type":"long"},{"name":"email","type":"string"}"#);
    let found = backward(&old, &new);
    assert_eq!(
        found[0].cure(),
        r#"if "email" is "mail" renamed, add "aliases": ["mail"]; else give it a default"#
    );
    let aliased =
        record(r#"{"name":"id","type":"long"},{"name":"email","type":"string","aliases":["mail"]}"#);
    assert!(backward(&old, &aliased).is_empty());
    let both = record(r#"{"name":"a","type":"int","aliases":["mail","id"]}"#);
    assert_eq!(codes(&backward(&old, &both)), ["AMBIGUOUS_ALIASES a"]);
}

#[test]
fn a_changed_type_deep_inside_has_its_path_and_places() {
    let nested = |kind: &str| {
        record(&format!(
            r#"{{"name":"a","type":{{"type":"array","items":{{"type":"record","name":"I","fields":[{{"name":"n","type":"{kind}"}}]}}}}}}"#
        ))
    };
    let (long, int) = (nested("long"), nested("int"));
    let found = backward(&long, &int);
    assert_eq!(found[0].to_string(), "field \"a[].n\" was long and is now int, which cannot read it");
    assert_eq!(found[0].new_place().pointer, "/fields/0/type/items/fields/0/type");
    assert_eq!(int.fragment(found[0].new_place()).unwrap(), "int");
    let found = forward(&int, &long);
    assert_eq!(
        found[0].to_string(),
        "field \"a[].n\" was int and is now long, which old readers cannot read"
    );
}

#[test]
fn names_count_without_their_namespace_and_by_alias() {
    let fixed = |text: &str| record(&format!(r#"{{"name":"f","type":{{"type":"fixed",{text}}}}}"#));
    let old = fixed(r#""name":"a.F","size":4"#);
    assert!(backward(&old, &fixed(r#""name":"b.F","size":4"#)).is_empty());
    assert_eq!(codes(&backward(&old, &fixed(r#""name":"G","size":4"#))), ["NAME_MISMATCH f"]);
    assert!(backward(&old, &fixed(r#""name":"G","size":4,"aliases":["a.F"]"#)).is_empty());
    assert_eq!(codes(&backward(&old, &fixed(r#""name":"F","size":5"#))), ["FIXED_SIZE_MISMATCH f"]);
}

#[test]
fn enums_need_each_symbol_or_a_default() {
    let symbols =
        |text: &str| record(&format!(r#"{{"name":"e","type":{{"type":"enum","name":"E",{text}}}}}"#));
    let old = symbols(r#""symbols":["A","B"]"#);
    let found = backward(&old, &symbols(r#""symbols":["A"]"#));
    assert_eq!(codes(&found), ["MISSING_ENUM_SYMBOLS e"]);
    assert_eq!(found[0].fault, Fault::MissingEnumSymbols { symbols: vec!["B".into()] });
    assert!(backward(&old, &symbols(r#""symbols":["A"],"default":"A""#)).is_empty());
    let found = forward(&old, &symbols(r#""symbols":["A","B","C"]"#));
    assert_eq!(found[0].to_string(), "field \"e\" gained C, which old readers do not know");
}

#[test]
fn a_record_in_a_union_is_explained_by_its_own_faults() {
    let union = |fields: &str| {
        record(&format!(
            r#"{{"name":"u","type":["null",{{"type":"record","name":"I","fields":[{fields}]}}]}}"#
        ))
    };
    let old = union(r#"{"name":"a","type":"int"}"#);
    let new = union(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#);
    assert_eq!(codes(&backward(&old, &new)), ["READER_FIELD_MISSING_DEFAULT_VALUE u.b"]);
    let lost = record(r#"{"name":"u","type":["null","string"]}"#);
    assert_eq!(codes(&backward(&old, &lost)), ["MISSING_UNION_BRANCH u"]);
}

#[test]
fn types_that_hold_themselves_end() {
    let list = |kind: &str| {
        schema(&format!(
            r#"{{"type":"record","name":"L","fields":[{{"name":"v","type":"{kind}"}},{{"name":"next","type":["null","L"]}}]}}"#
        ))
    };
    assert!(backward(&list("int"), &list("long")).is_empty());
    assert_eq!(codes(&backward(&list("long"), &list("int"))), ["TYPE_MISMATCH v"]);
}

#[test]
fn a_level_says_which_old_schemas_count() {
    let versions = [
        record(r#"{"name":"id","type":"string"}"#),
        record(r#"{"name":"id","type":"long"}"#),
        record(r#"{"name":"id","type":"long"},{"name":"n","type":"int","default":0}"#),
    ];
    let new = record(r#"{"name":"id","type":"long"}"#);
    let verdict = |backward: bool, forward: bool, transitive: bool| {
        let judged = judge(&versions, &new, Rules { backward, forward, transitive });
        judged.into_iter().map(|(index, found)| (index, found.mismatches.len())).collect::<Vec<_>>()
    };
    assert_eq!(verdict(true, false, false), [(2, 0)]);
    assert_eq!(verdict(true, false, true), [(0, 1), (1, 0), (2, 0)]);
    assert_eq!(verdict(false, true, true), [(0, 1), (1, 0), (2, 0)]);
    assert_eq!(verdict(true, true, true), [(0, 2), (1, 0), (2, 0)]);
    assert_eq!(verdict(false, false, false), [(2, 0)]);
}

#[test]
fn the_same_bytes_under_another_logical_type_are_a_shift() {
    let time = |unit: &str| {
        record(&format!(r#"{{"name":"t","type":{{"type":"long","logicalType":"timestamp-{unit}"}}}}"#))
    };
    let rules = Rules { backward: true, forward: true, transitive: false };
    let found = compare(&time("millis"), &time("micros"), rules);
    assert!(found.mismatches.is_empty());
    assert_eq!(found.shifts.len(), 1);
    assert_eq!(
        (found.shifts[0].old.as_str(), found.shifts[0].new.as_str()),
        ("timestamp-millis", "timestamp-micros")
    );
    let amount = |scale: u8| {
        record(&format!(
            r#"{{"name":"d","type":["null",{{"type":"bytes","logicalType":"decimal","precision":9,"scale":{scale}}}]}}"#
        ))
    };
    assert_eq!(compare(&amount(2), &amount(3), rules).shifts.len(), 1);
    assert!(compare(&amount(2), &amount(2), rules).shifts.is_empty());
}
