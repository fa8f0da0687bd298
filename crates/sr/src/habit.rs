//! What users of the Confluent CLI, rpk and curl type, and what it is here.

/// What a word that sr does not know means here; `before` begins with the verb.
#[must_use]
pub fn habit(word: &str, before: &[&str]) -> Option<&'static str> {
    Some(match (word, before) {
        ("list" | "ls" | "subject" | "schema" | "schemas", []) => {
            "sr subjects, sr versions SUBJECT, sr get SUBJECT, sr register SUBJECT FILE"
        }
        ("describe" | "show" | "cat", []) => "sr get SUBJECT",
        ("create" | "post" | "add" | "put" | "update", []) => "sr register SUBJECT FILE",
        ("rm" | "remove", []) => "sr delete SUBJECT",
        ("validate" | "test" | "test-compatibility" | "check-compatibility", []) => "sr check SUBJECT FILE",
        ("config" | "compatibility" | "compatibility-level" | "global", []) => {
            "sr compat get, sr compat set SUBJECT LEVEL"
        }
        (subject, ["compat"]) if !subject.starts_with('-') => {
            "sr compat get SUBJECT, sr compat set SUBJECT LEVEL"
        }
        (subject, ["mode"]) if !subject.starts_with('-') => "sr mode get SUBJECT, sr mode set SUBJECT MODE",
        ("types", []) => "schemas are Avro",
        ("--version", ["get" | "check" | "delete" | "ddl" | "sample", ..]) => {
            "the version stands behind: SUBJECT@3"
        }
        ("--subject", _) => "the subject stands alone: sr get SUBJECT",
        ("--raw", ["id", ..]) => "sr get --id N --raw",
        (word, ["infer"]) if !word.starts_with('-') => "the lines come on stdin: sr infer --name NAME < FILE",
        ("-u" | "--url" | "--schema-registry-url" | "--schema-registry-endpoint", _) => {
            "--registry URL, or SCHEMA_REGISTRY_URL"
        }
        _ => return None,
    })
}
