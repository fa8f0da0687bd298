//! `sr get`.

use kch_cli::{Exit, Failure, Format, Result};
use kch_registry::{Registered, Schema, Version, in_context, named};
use serde_json::{Value, json};

use crate::Desk;
use crate::framed::from_hex;

const EXAMPLES: &str = "\
Examples:
  sr get kafka-events-value
  sr get kafka-events-value 1 --raw > v1.avsc
  sr get --id 7 -q schema
  version=$(sr get smoke-avro-value -q version)
  sr get order-value --resolved --raw > order.avsc
  diff <(sr get smoke-avro-value 1 --raw | jq .) <(sr get smoke-avro-value --raw | jq .)";

/// Which schema to print, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Get {
    /// The subject, or SUBJECT@VERSION
    #[arg(required_unless_present_any = ["id", "guid"])]
    pub subject: Option<String>,
    /// Its version: a number, or latest, which it is unless said
    #[arg(value_parser = clap::value_parser!(Version))]
    pub version: Option<Version>,
    /// The id that a record's frame holds
    #[arg(long, value_name = "N", conflicts_with = "subject")]
    pub id: Option<u32>,
    /// The GUID that a record's frame holds, which Confluent's registry has from 8.0 on
    #[arg(long, value_name = "GUID", conflicts_with_all = ["subject", "id"], value_parser = guid)]
    pub guid: Option<[u8; 16]>,
    /// The context that counted the id; by default the one without a name
    #[arg(long, value_name = "NAME", requires = "id")]
    pub context: Option<String>,
    /// Even if the version is softly deleted
    #[arg(long, conflicts_with_all = ["id", "guid"])]
    pub deleted: bool,
    /// The schema's text alone, as it was registered
    #[arg(long, conflicts_with = "field")]
    pub raw: bool,
    /// With what it refers to written into it, where it is used first: a schema that stands alone
    #[arg(long)]
    pub resolved: bool,
}

fn guid(text: &str) -> std::result::Result<[u8; 16], String> {
    let bytes = from_hex(&text.replace('-', "")).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "a GUID is like 02030405-0607-0809-0a0b-0c0d0e0f1011".to_owned())
}

enum Found {
    Id(Schema),
    Version(Registered),
}

impl Get {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.cached_registry()?;
        let (subject, version) = named(self.subject.as_deref().unwrap_or_default(), self.version);
        let version = version.unwrap_or(Version::Latest);
        let mut found = match (self.id, &self.context) {
            _ if let Some(guid) = &self.guid => Found::Id(registry.schema_by_guid(guid)?.as_ref().clone()),
            (Some(id), Some(context)) => Found::Id(registry.schema_by_id_of(id, &in_context(context, ""))?),
            (Some(id), None) => Found::Id(registry.schema_by_id(id)?.as_ref().clone()),
            (None, _) if self.deleted => {
                Found::Version(registry.subject_version_even_deleted(subject, version)?)
            }
            (None, _) => Found::Version(registry.subject_version(subject, version)?),
        };
        if self.resolved {
            let schema = match &mut found {
                Found::Id(schema) => schema,
                Found::Version(registered) => &mut registered.schema,
            };
            let references = registry.resolved(schema)?;
            schema.text = kch_avro::inline(&schema.text, &references)
                .map_err(|error| Failure::refused(format!("schema {}: {error}", schema.id)))?;
            schema.references.clear();
        }
        if let Some(notice) = registry.take_notice() {
            desk.io.messages.say(&format!("warning: {notice}"));
        }
        self.print(&found, desk)
    }

    /// `--raw` is the text that was registered. A row holds it as JSON, not as JSON in a string. A person sees it indented.
    fn print(&self, found: &Found, desk: &mut Desk<'_>) -> Result<Exit> {
        let (head, schema) = match found {
            Found::Id(schema) => (json!({"id": schema.id}), schema),
            Found::Version(registered) => {
                let Registered { subject, version, schema, .. } = registered;
                (json!({"subject": subject, "version": version, "id": schema.id}), schema)
            }
        };
        if self.raw || desk.render.output == Some(Format::Raw) {
            desk.io.output.line(schema.text.trim_end().as_bytes())?;
            return Ok(Exit::Done);
        }
        let mut row = head;
        row["type"] = json!(schema.schema_type.to_string());
        if !schema.references.is_empty() {
            row["references"] = json!(schema.references);
        }
        let beside = [("metadata", &schema.contract.metadata), ("ruleSet", &schema.contract.rule_set)];
        for (name, value) in beside {
            if let Some(value) = value {
                row[name] = value.clone();
            }
        }
        let parsed: Value = serde_json::from_str(&schema.text).unwrap_or_else(|_| json!(schema.text));
        let render = desk.render.render(&desk.io.output);
        let output = &mut desk.io.output;
        if render.is_table() {
            render.row(row, output)?;
            let text = match &parsed {
                Value::Object(_) | Value::Array(_) => format!("{parsed:#}"),
                _ => schema.text.clone(),
            };
            output.line(b"")?;
            output.line(text.as_bytes())?;
        } else {
            row["schema"] = parsed;
            render.row(row, output)?;
        }
        Ok(Exit::Done)
    }
}
