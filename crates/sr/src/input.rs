//! A schema on its way in: read from a file or stdin, and looked at before the registry sees it, whose words for a comma
//! too many may be "failed to discover artifact type".

use std::io::Read as _;
use std::path::Path;

use kch_avro::{Plan, SchemaError};
use kch_cli::{Failure, Io, Result};
use kch_registry::{NewSchema, Reference, Registry, context_of};
use serde_json::Value;

use crate::SchemaArgs;
use crate::args::ReferenceArg;
use crate::siblings::{self, Missing};

/// What messages call the file.
pub(crate) fn name(file: &str) -> &str {
    if file == "-" { "stdin" } else { file }
}

/// Reads the schema that the arguments name, for `subject`.
pub(crate) fn read(args: &SchemaArgs, subject: &str, registry: &Registry, io: &mut Io) -> Result<NewSchema> {
    read_with(args, subject, registry, io, Missing::Refuse, &mut Vec::new())
}

/// As [`read`]; `missing` says what becomes of schemas beside it that it needs and that are not registered. Each of them
/// that was registered, or would be, is a row.
pub(crate) fn read_with(
    args: &SchemaArgs,
    subject: &str,
    registry: &Registry,
    io: &mut Io,
    missing: Missing,
    rows: &mut Vec<Value>,
) -> Result<NewSchema> {
    let name = name(&args.file);
    let text = read_schema(&args.file, io)?;
    let given: Vec<Reference> = args.references.iter().filter_map(ReferenceArg::given).collect();
    let auto = args.references.len() > given.len();
    let compile = |texts: &[String]| {
        Plan::compile_with_references(&text, texts).map_err(|error| {
            let failure = Failure::refused(format!("{name}: not an Avro schema: {error}"));
            match error {
                SchemaError::UnknownType { name, nearest: None, .. } if !auto => failure.hint(format!(
                    "--references auto looks for it beside the file; --reference {name}=SUBJECT:VERSION says where it is"
                )),
                _ => failure,
            }
        })
    };
    let references = if auto {
        if args.file == "-" {
            return Err(Failure::usage(
                "--references auto looks beside the schema's file, and stdin has no folder",
            ));
        }
        let file = Path::new(&args.file);
        let context = context_of(subject);
        if missing == Missing::Register {
            // Nothing is registered for a schema that is none.
            compile(
                &siblings::resolve(file, &text, context, registry, Missing::Plan, &mut Vec::new())?.texts,
            )?;
        }
        let found = siblings::resolve(file, &text, context, registry, missing, rows)?;
        compile(&found.texts)?;
        found.references
    } else {
        compile(&registry.references(&given, subject)?)?;
        given
    };
    Ok(NewSchema::avro(text).with_references(references))
}

/// The refusal of text that is no JSON, with its place in front.
pub(crate) fn not_json(name: &str, reason: &str) -> Failure {
    let (why, place) = reason.split_once(" at line ").unwrap_or((reason, "1 column 1"));
    Failure::refused(format!("{name}:{}: not JSON: {why}", place.replace(" column ", ":")))
}

/// The text of a file, or of stdin, which must have some.
pub(crate) fn read_file(file: &str, io: &mut Io) -> Result<String> {
    let name = name(file);
    let mut text = String::new();
    let read = match file {
        "-" => io.input.read_to_string(&mut text).map(|_| ()),
        path => std::fs::read_to_string(path).map(|read| text = read),
    };
    read.map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    if let Some(exit) = io.signals.received() {
        return Err(Failure::interrupted(exit));
    }
    if text.trim().is_empty() {
        return Err(Failure::refused(format!("{name} is empty")));
    }
    Ok(text)
}

/// The text of a schema, without comments.
fn read_schema(file: &str, io: &mut Io) -> Result<String> {
    let text = read_file(file, io)?;
    match kch_avro::schema_json(&text) {
        Err(SchemaError::Json { reason }) => Err(not_json(name(file), &reason)),
        Ok(answer) if is_answer(&answer) => Err(Failure::refused(format!(
            "{}: not a schema, but an answer of the registry, which has it in \"schema\"",
            name(file)
        ))
        .hint(format!("jq -r .schema {file} takes it out; `sr get SUBJECT --raw` prints a schema alone"))),
        // Comments, which Java's parser takes, and ClickHouse and others do not: the schema goes without them.
        Ok(schema) if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() => Ok(schema.to_string()),
        _ => Ok(text),
    }
}

/// Whether this is what `sr get` prints, or what the registry's own requests and answers look like.
fn is_answer(json: &Value) -> bool {
    json.get("schema").is_some() && json.get("type").is_none_or(|kind| kind == "AVRO")
}
