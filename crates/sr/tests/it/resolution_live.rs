//! Our rules of schema resolution against the registry's own verdicts, over a table of pairs: each of the specification's cases, in
//! both directions, and all seven levels.

use std::time::{Duration, Instant};

use kch_schema::{Rules, Schema, compare, judge};
use kch_test::live::{self, Service, Stack};
use serde_json::json;

/// Fields of an old and a new record `ns.R`.
const FIELDS: &[(&str, &str)] = &[
    (r#"{"name":"a","type":"int"}"#, r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#),
    (r#"{"name":"a","type":"int"}"#, r#"{"name":"a","type":"int"},{"name":"b","type":"int","default":0}"#),
    (r#"{"name":"a","type":"int"}"#, r#"{"name":"a","type":"int"},{"name":"b","type":["null","int"]}"#),
    (r#"{"name":"a","type":"int"}"#, r#"{"name":"b","type":"int"}"#),
    (r#"{"name":"a","type":"int"}"#, r#"{"name":"b","type":"int","aliases":["a"]}"#),
    (r#"{"name":"a","type":"int","default":1},{"name":"b","type":"int"}"#, r#"{"name":"b","type":"int"}"#),
    (
        r#"{"name":"a","type":"int"},{"name":"b","type":"string"}"#,
        r#"{"name":"b","type":"string"},{"name":"a","type":"int"}"#,
    ),
    (
        r#"{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}},{"name":"a","type":"int"}"#,
        r#"{"name":"a","type":"int"}"#,
    ),
    ("", r#"{"name":"a","type":"int"}"#),
];

/// Old and new types of one field.
const TYPES: &[(&str, &str)] = &[
    (r#"["null","int"]"#, r#""int""#),
    (r#"["null","int"]"#, r#"["null","long"]"#),
    (r#"["null","int"]"#, r#"["int","null"]"#),
    (r#"["int","string"]"#, r#"["int","string","boolean"]"#),
    (r#"["int","string"]"#, r#"["double","bytes"]"#),
    (r#"["int","string"]"#, r#"["int"]"#),
    (r#"["int"]"#, r#""long""#),
    (r#"["null","string"]"#, r#""string""#),
    (r#"["boolean","int"]"#, r#"["boolean","long"]"#),
    (r#"{"type":"array","items":"int"}"#, r#"{"type":"array","items":"long"}"#),
    (r#"{"type":"array","items":"int"}"#, r#"{"type":"array","items":"string"}"#),
    (r#"{"type":"array","items":"int"}"#, r#"{"type":"map","values":"int"}"#),
    (r#"{"type":"array","items":"int"}"#, r#""int""#),
    (r#"{"type":"array","items":["null","int"]}"#, r#"{"type":"array","items":"int"}"#),
    (r#"{"type":"map","values":"int"}"#, r#"{"type":"map","values":"double"}"#),
    (r#"{"type":"map","values":"float"}"#, r#"{"type":"map","values":"int"}"#),
    (r#"{"type":"fixed","name":"F","size":4}"#, r#"{"type":"fixed","name":"F","size":5}"#),
    (r#"{"type":"fixed","name":"F","size":4}"#, r#"{"type":"fixed","name":"G","size":4}"#),
    (r#"{"type":"fixed","name":"F","size":4}"#, r#"{"type":"fixed","name":"G","size":4,"aliases":["F"]}"#),
    (r#"{"type":"fixed","name":"F","size":4}"#, r#"{"type":"fixed","name":"other.F","size":4}"#),
    (r#"{"type":"fixed","name":"F","size":4}"#, r#""bytes""#),
    (
        r#"{"type":"enum","name":"E","symbols":["A","B"]}"#,
        r#"{"type":"enum","name":"E","symbols":["B","A"]}"#,
    ),
    (r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, r#"{"type":"enum","name":"E","symbols":["A"]}"#),
    (
        r#"{"type":"enum","name":"E","symbols":["A","B"]}"#,
        r#"{"type":"enum","name":"E","symbols":["A"],"default":"A"}"#,
    ),
    (
        r#"{"type":"enum","name":"E","symbols":["A"],"default":"A"}"#,
        r#"{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}"#,
    ),
    (r#"{"type":"enum","name":"E","symbols":["A"]}"#, r#"{"type":"enum","name":"D","symbols":["A"]}"#),
    (r#"{"type":"enum","name":"E","symbols":["A"]}"#, r#""string""#),
    (
        r#"{"type":"record","name":"I","fields":[{"name":"x","type":"int"}]}"#,
        r#"{"type":"record","name":"I","fields":[{"name":"x","type":"long"}]}"#,
    ),
    (
        r#"{"type":"record","name":"I","fields":[{"name":"x","type":"int"}]}"#,
        r#"{"type":"record","name":"J","fields":[{"name":"x","type":"int"}]}"#,
    ),
    (
        r#"{"type":"record","name":"I","fields":[{"name":"x","type":"int"}]}"#,
        r#"{"type":"record","name":"J","aliases":["I"],"fields":[{"name":"x","type":"int"}]}"#,
    ),
    (
        r#"{"type":"record","name":"I","fields":[{"name":"x","type":"int"}]}"#,
        r#"["null",{"type":"record","name":"I","fields":[{"name":"x","type":"int"},{"name":"y","type":"int"}]}]"#,
    ),
    (
        r#"["null",{"type":"record","name":"I","fields":[{"name":"x","type":"int"}]}]"#,
        r#"["null",{"type":"record","name":"K","fields":[{"name":"x","type":"int"}]}]"#,
    ),
    (
        r#"["null",{"type":"record","name":"I","fields":[{"name":"n","type":["null","I"]},{"name":"v","type":"int"}]}]"#,
        r#"["null",{"type":"record","name":"I","fields":[{"name":"n","type":["null","I"]},{"name":"v","type":"long"}]}]"#,
    ),
    (
        r#"{"type":"long","logicalType":"timestamp-millis"}"#,
        r#"{"type":"long","logicalType":"timestamp-micros"}"#,
    ),
    (r#"{"type":"int","logicalType":"date"}"#, r#""long""#),
    (r#"{"type":"string","logicalType":"uuid"}"#, r#""string""#),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#,
        r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}"#,
    ),
];

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","namespace":"ns","fields":[{fields}]}}"#)
}

/// All pairs, as texts of whole schemas.
fn pairs() -> Vec<(String, String)> {
    let field = |kind: &str| record(&format!(r#"{{"name":"f","type":{kind}}}"#));
    let quoted = |kind: &str| format!("\"{kind}\"");
    let primitive = PRIMITIVES.iter().flat_map(|&old| PRIMITIVES.iter().map(move |&new| (old, new)));
    FIELDS
        .iter()
        .map(|(old, new)| (record(old), record(new)))
        .chain(TYPES.iter().map(|(old, new)| (field(old), field(new))))
        .chain(primitive.map(|(old, new)| (field(&quoted(old)), field(&quoted(new)))))
        .chain([
            (record(""), record("").replace("\"R\"", "\"S\"")),
            (quoted("int"), quoted("long")),
            (quoted("string"), record("")),
        ])
        .collect()
}

fn register(stack: &Stack, subject: &str, schema: &str) -> (u16, String) {
    let body = json!({"schema": schema}).to_string();
    let path = format!("/subjects/{subject}/versions");
    answered(|| Some(stack.registry("POST", &path, Some(&body))).filter(|(status, _)| *status < 500))
}

fn set_level(stack: &Stack, subject: &str, level: &str) {
    let body = json!({"compatibility": level}).to_string();
    let (status, answer) = stack.registry("PUT", &format!("/config/{subject}"), Some(&body));
    assert_eq!(status, 200, "{answer}");
    // The registry keeps it in a topic, and rules by it when it has read it back.
    let path = format!("/config/{subject}");
    answered(|| {
        Some(stack.registry("GET", &path, None).1).filter(|answer| answer.contains(&format!("\"{level}\"")))
    });
}

/// The answer of a registry on a busy machine.
fn answered<T>(ask: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "the registry has no answer in a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn rules(level: &str) -> Rules {
    Rules {
        backward: level.starts_with("BACKWARD") || level.starts_with("FULL"),
        forward: level.starts_with("FORWARD") || level.starts_with("FULL"),
        transitive: level.ends_with("_TRANSITIVE"),
    }
}

#[test]
fn our_rules_are_the_registrys_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let pairs = pairs();
    // A subject for each old schema: some registries let no level on a subject mean that anything goes.
    let mut subjects: Vec<(&String, String)> = Vec::new();
    for (old, _) in &pairs {
        if !subjects.iter().any(|(known, _)| *known == old) {
            let subject = stack.unique_subject("sr-rules");
            let (status, answer) = register(&stack, &subject, old);
            assert_eq!(status, 200, "{old}: {answer}");
            subjects.push((old, subject));
        }
    }
    let mut differing = Vec::new();
    for level in ["BACKWARD", "FORWARD"] {
        subjects.iter().for_each(|(_, subject)| set_level(&stack, subject, level));
        for (old, new) in &pairs {
            let (_, subject) = subjects.iter().find(|(known, _)| *known == old).unwrap();
            let path = format!("/compatibility/subjects/{subject}/versions/latest");
            let (status, answer) = stack.registry("POST", &path, Some(&json!({"schema": new}).to_string()));
            assert_eq!(status, 200, "{old} {new}: {answer}");
            let theirs = answer.contains("\"is_compatible\":true");
            let ours = compare(&Schema::parse(old).unwrap(), &Schema::parse(new).unwrap(), rules(level));
            if ours.mismatches.is_empty() != theirs {
                differing
                    .push(format!("{level}: registry says {theirs}\n  old {old}\n  new {new}\n  {answer}"));
            }
        }
    }
    assert!(
        differing.is_empty(),
        "{} of {} differ:\n{}",
        differing.len(),
        2 * pairs.len(),
        differing.join("\n")
    );
}

/// Histories whose last schema is compatible with the one before, and with the first one only in some directions. The level is one
/// that lets the second schema follow the first.
const HISTORIES: &[(&str, [&str; 3])] = &[
    (
        "BACKWARD",
        [
            r#"{"name":"a","type":"int"},{"name":"b","type":"int","default":0}"#,
            r#"{"name":"a","type":"int"}"#,
            r#"{"name":"a","type":"int"},{"name":"b","type":"string","default":""}"#,
        ],
    ),
    (
        "BACKWARD",
        [
            r#"{"name":"a","type":"int"}"#,
            r#"{"name":"a","type":"long"}"#,
            r#"{"name":"a","type":"long","doc":"d"}"#,
        ],
    ),
    (
        "FORWARD",
        [
            r#"{"name":"a","type":"long"}"#,
            r#"{"name":"a","type":"int"}"#,
            r#"{"name":"a","type":"int"},{"name":"c","type":"int","default":1}"#,
        ],
    ),
    (
        "BACKWARD",
        [
            r#"{"name":"a","type":"int"}"#,
            r#"{"name":"b","type":"int","default":1}"#,
            r#"{"name":"c","type":"int"}"#,
        ],
    ),
];

#[test]
fn all_seven_levels_count_the_old_schemas_that_the_registry_counts_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let levels =
        ["BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];
    for (number, (between, history)) in HISTORIES.iter().enumerate() {
        let texts = history.map(record);
        for level in levels {
            let subject = stack.unique_subject("sr-levels");
            assert_eq!(register(&stack, &subject, &texts[0]).0, 200);
            set_level(&stack, &subject, between);
            assert_eq!(register(&stack, &subject, &texts[1]).0, 200);
            set_level(&stack, &subject, level);
            let (status, answer) = register(&stack, &subject, &texts[2]);
            assert!(matches!(status, 200 | 409), "{status} {answer}");
            let schemas: Vec<Schema> = texts.iter().map(|text| Schema::parse(text).unwrap()).collect();
            let ours = judge(&schemas[..2], &schemas[2], rules(level));
            let ours = ours.values().all(|found| found.mismatches.is_empty());
            assert_eq!(ours, status == 200, "history {number}, {level}: {status} {answer}");
            // The tool itself gives the same verdict over files.
            let scene = stack.scene();
            for (index, text) in texts.iter().enumerate() {
                scene.file(format!("v{index}.avsc"), text);
            }
            let args =
                ["check", "--old", "v0.avsc", "--old", "v1.avsc", "--new", "v2.avsc", "--level", level];
            let outcome = scene.tool("sr").args(args).run();
            if ours {
                outcome.succeeds()
            } else {
                outcome.fails_with(1)
            };
        }
        // Registries differ in what NONE on a subject means; here it means what it says.
        let schemas: Vec<Schema> = texts.iter().map(|text| Schema::parse(text).unwrap()).collect();
        let none = judge(&schemas[..2], &schemas[2], rules("NONE"));
        assert!(none.values().all(|found| found.mismatches.is_empty()));
    }
}

#[test]
fn check_follows_a_subjects_transitive_level_and_any_other_that_is_asked_for_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let subject = stack.unique_subject("sr-check");
    let (_, [first, second, third]) = HISTORIES[0];
    assert_eq!(register(&stack, &subject, &record(first)).0, 200);
    assert_eq!(register(&stack, &subject, &record(second)).0, 200);
    let scene = stack.scene();
    scene.file("v3.avsc", record(third));
    let check = |args: &[&str]| scene.tool("sr").args(["check", &subject, "v3.avsc"]).args(args).run();
    set_level(&stack, &subject, "BACKWARD");
    check(&[]).succeeds().stdout_has("\"version\":2,\"compatible\":true");
    check(&["--version", "1"]).fails_with(1).stderr_has("field \"b\" was int and is now string");
    check(&["--level", "FULL_TRANSITIVE"]).fails_with(1).stderr_has("version 1 (FULL_TRANSITIVE)");
    set_level(&stack, &subject, "BACKWARD_TRANSITIVE");
    let outcome = check(&[]);
    outcome.fails_with(1).stderr_has(format!("incompatible with {subject} version 1 (BACKWARD_TRANSITIVE)"));
    assert_eq!(outcome.json_lines().len(), 2);
    check(&["--level", "BACKWARD"]).succeeds();
    let diff = scene.tool("sr").args(["diff", &format!("{subject}@1"), "v3.avsc"]).run();
    diff.succeeds().stdout_has("\"path\":\"b\",\"change\":\"type\",\"old\":\"int\",\"new\":\"string\"");
}
