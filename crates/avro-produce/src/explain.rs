//! `--explain`: what would be written, and with what.

use kch_avro::{FieldInfo, Plan};
use kch_cli::{Exit, Io, Result};
use serde_json::{Value, json};

use crate::args::Args;
use crate::fill::Filler;
use crate::key::KeySchema;
use crate::schema::ChosenSchema;

/// Prints it as one JSON line.
pub(crate) fn print(
    args: &Args,
    topic: &str,
    value: Option<((&ChosenSchema, &Plan), &Filler)>,
    key: Option<&KeySchema>,
    io: &mut Io,
) -> Result<Exit> {
    let mut row = json!({"topic": topic});
    let mut set = |name: &str, value: Value| row[name] = value;
    match value {
        Some(((schema, plan), filler)) => {
            set("schema", json!(schema.origin));
            set("id", json!(schema.id));
            set("name", json!(plan.name()));
            set("json", json!(args.json.to_string()));
            let fields = plan.record_fields().unwrap_or_default();
            let fields = fields.iter().enumerate().map(|(at, field)| explain_field(at, field, plan, filler));
            set("fields", fields.collect());
        }
        None => set("schema", Value::Null),
    }
    if let Some(KeySchema { plan, schema }) = key {
        set("key", json!({"schema": schema.origin, "id": schema.id, "name": plan.name()}));
    }
    io.output.line(row.to_string().as_bytes())?;
    Ok(Exit::Done)
}

fn explain_field(at: usize, field: &FieldInfo<'_>, plan: &Plan, filler: &Filler) -> Value {
    let (object, bare) = filler.describe(at);
    let bare = if at == 0 { Some("the line's value".to_owned()) } else { bare };
    let default = plan.default_of(at).and_then(|default| serde_json::from_str::<Value>(&default).ok());
    let mut row = json!({"field": field.name, "type": field.type_name, "required": field.required});
    if let Some(default) = default {
        row["default"] = default;
    }
    row["fill_in_objects"] = json!(object);
    row["fill_in_bare_lines"] = json!(bare);
    row
}
