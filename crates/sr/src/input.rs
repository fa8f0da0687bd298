//! A schema on its way in: read from a file or stdin, and looked at before the registry sees it, whose words for a comma
//! too many may be "failed to discover artifact type".

use std::io::Read as _;

use kch_avro::Plan;
use kch_cli::{Failure, Io, Result};
use kch_registry::{NewSchema, Registry};

use crate::SchemaArgs;

/// What messages call the file.
pub(crate) fn name(file: &str) -> &str {
    if file == "-" { "stdin" } else { file }
}

/// Reads the schema that the arguments name.
pub(crate) fn read(args: &SchemaArgs, registry: &Registry, io: &mut Io) -> Result<NewSchema> {
    let name = name(&args.file);
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {name}: {error}"));
    let mut text = String::new();
    match args.file.as_str() {
        "-" => io.input.read_to_string(&mut text).map(|_| ()).map_err(cannot)?,
        path => text = std::fs::read_to_string(path).map_err(cannot)?,
    }
    if text.trim().is_empty() {
        return Err(Failure::refused(format!("{name} is empty")));
    }
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        let text = error.to_string();
        let why = text.split(" at line ").next().unwrap_or_default();
        return Err(Failure::refused(format!("{name}:{}:{}: not JSON: {why}", error.line(), error.column())));
    }
    let referenced = registry.references(&args.references)?;
    Plan::compile_with_references(&text, &referenced)
        .map_err(|error| Failure::refused(format!("{name}: not an Avro schema: {error}")))?;
    Ok(NewSchema::avro(text).with_references(args.references.clone()))
}
