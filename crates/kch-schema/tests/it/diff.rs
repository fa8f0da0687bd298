//! What changed, in terms of fields.

use kch_schema::{Direction, Schema, diff};

use crate::record;

/// Each change as `path what old -> new`, with B and F where it breaks reading.
fn changes(old: &Schema, new: &Schema) -> Vec<String> {
    let diff = diff(old, new);
    let one = |change: &kch_schema::Change| {
        let breaks = [(change.breaks_backward, " B"), (change.breaks_forward, " F")];
        let breaks: String = breaks.iter().filter(|(breaks, _)| *breaks).map(|(_, mark)| *mark).collect();
        format!("{} {} {} -> {}{breaks}", change.path, change.what.word(), change.old, change.new)
    };
    diff.changes.iter().map(one).collect()
}

#[test]
fn fields_come_go_and_change() {
    let old = record(
        r#"{"name":"id","type":"int"},{"name":"s","type":"string"},{"name":"gone","type":"int"},
           {"name":"mail","type":"string"},{"name":"n","type":"long","default":0}"#,
    );
    let new = record(
        r#"{"name":"id","type":"long","doc":"the id"},{"name":"s","type":["null","string"],"default":null},
           {"name":"email","type":"string","aliases":["mail"]},{"name":"n","type":"long","default":1},
           {"name":"fresh","type":"boolean"}"#,
    );
    assert_eq!(
        changes(&old, &new),
        [
            r#"id type "int" -> "long" F"#,
            r#"id doc null -> "the id""#,
            r#"s type "string" -> "null or string" F"#,
            r#"s default null -> "null""#,
            r#"email renamed "mail" -> "email" F"#,
            r#"n default "0" -> "1""#,
            r#"fresh added null -> "boolean" B"#,
            r#"gone removed "int" -> null F"#,
        ]
    );
    let diff = diff(&old, &new);
    assert!(!diff.allows(Direction::Backward) && !diff.allows(Direction::Forward));
}

#[test]
fn what_is_inside_is_compared_too() {
    let inside = |fields: &str, symbols: &str, size: u8| {
        record(&format!(
            r#"{{"name":"r","type":["null",{{"type":"record","name":"In","fields":[{fields}]}}]}},
               {{"name":"m","type":{{"type":"map","values":{{"type":"enum","name":"E","symbols":[{symbols}]}}}}}},
               {{"name":"x","type":{{"type":"fixed","name":"X","size":{size}}}}}"#
        ))
    };
    let old = inside(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#, r#""A""#, 4);
    let new = inside(r#"{"name":"b","type":"int"},{"name":"a","type":"int"}"#, r#""A","B""#, 5);
    assert_eq!(
        changes(&old, &new),
        [r#"r order ["a","b"] -> ["b","a"]"#, r#"m{} symbols ["A"] -> ["A","B"] F"#, "x size 4 -> 5 B F",]
    );
    assert!(changes(&old, &old).is_empty());
}
