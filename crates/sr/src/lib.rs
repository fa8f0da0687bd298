//! `sr`: one request, one answer. Owns what each verb asks of the registry and prints.

mod args;
mod evolution;
mod input;

use kch_cli::{Exit, Failure, Format, Io, Render, Result, Settings};
use kch_registry::{Compatibility, Error, Level, NewSchema, Registered, Registry, Schema, Source, Version};
use serde_json::{Value, json};

pub use args::{Args, Compat, SchemaArgs, Verb};

/// Runs the tool.
///
/// # Errors
/// Settings that are missing or wrong, a registry that cannot be reached, requests that it refuses.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    args.registry.apply(&mut settings);
    let render = Render::new(args.output, &io.output);
    if args.common.show_config {
        render.rows(&settings.show(&kch_http::REGISTRY.all())?, &mut io.output)?;
        return Ok(Exit::Done);
    }
    let Some(verb) = &args.verb else {
        return Err(Failure::usage("no verb given").hint("sr --help lists them"));
    };
    let registry = Registry::from_settings(&settings)?.with_signals(io.signals.clone());
    let rows = match verb {
        Verb::Subjects { prefix, deleted } => subjects(&registry, prefix.as_deref(), *deleted)?,
        Verb::Versions { subject } => {
            let versions = registry.versions(subject)?;
            versions.iter().map(|version| json!({"subject": subject, "version": version})).collect()
        }
        Verb::Get { subject, version, id, raw } => {
            let found = match (id, subject) {
                (Some(id), _) => Found::Id(registry.schema_by_id(*id)?.as_ref().clone()),
                (None, subject) => {
                    Found::Version(registry.subject_version(subject.as_deref().unwrap_or(""), *version)?)
                }
            };
            return print_schema(&found, *raw, args.output, io);
        }
        Verb::Register { subject, schema } => {
            let name = input::name(&schema.file);
            let schema = input::read(schema, &registry, io)?;
            let registered = match registry.register(subject, &schema) {
                Err(Error::Incompatible { messages, .. }) => {
                    let judged = Judged::explain(&registry, subject, Version::Latest, &schema, messages)?;
                    return Err(judged.failure(subject, name));
                }
                outcome => outcome?,
            };
            vec![json!({"subject": subject, "version": registered.version, "id": registered.schema.id,
                "created": registered.created})]
        }
        Verb::Check { subject, schema, version } => {
            let name = input::name(&schema.file);
            let schema = input::read(schema, &registry, io)?;
            return check(&registry, subject, *version, &schema, name, render, io);
        }
        Verb::Lookup { subject, schema } => {
            let name = input::name(&schema.file);
            let schema = input::read(schema, &registry, io)?;
            let found = registry.lookup(subject, &schema)?.ok_or_else(|| {
                Failure::refused(format!("the schema in {name} is not registered under {subject}"))
            })?;
            vec![json!({"subject": subject, "version": found.version, "id": found.schema.id})]
        }
        Verb::Compat(compat) => vec![compatibility(&registry, compat, io)?],
        Verb::Mode { subject } => {
            vec![json!({"subject": subject, "mode": registry.mode(subject.as_deref())?})]
        }
        Verb::Delete { subject, version, permanent, dry_run: true } => {
            would_delete(&registry, subject, *version, *permanent)?
        }
        Verb::Delete { subject, version, permanent, dry_run: false } => {
            delete(&registry, subject, *version, *permanent, io)?
        }
        Verb::Wait { timeout } => {
            registry.wait(*timeout)?;
            Vec::new()
        }
    };
    render.rows(&rows, &mut io.output)?;
    Ok(Exit::Done)
}

fn subjects(registry: &Registry, prefix: Option<&str>, deleted: bool) -> Result<Vec<Value>> {
    // The registries do not agree on their own prefix filter.
    let prefix = prefix.unwrap_or_default();
    let mut subjects = registry.subjects(deleted)?;
    subjects.retain(|subject| subject.starts_with(prefix));
    subjects.sort_unstable();
    Ok(subjects.iter().map(|subject| json!({"subject": subject})).collect())
}

enum Found {
    Id(Schema),
    Version(Registered),
}

/// `--raw` is the text that was registered. A row holds it as JSON, not as JSON in a string. A person sees it indented.
fn print_schema(found: &Found, raw: bool, asked: Option<Format>, io: &mut Io) -> Result<Exit> {
    let (head, schema) = match found {
        Found::Id(schema) => (json!({"id": schema.id}), schema),
        Found::Version(registered) => {
            let Registered { subject, version, schema, .. } = registered;
            (json!({"subject": subject, "version": version, "id": schema.id}), schema)
        }
    };
    if raw || asked == Some(Format::Raw) {
        io.output.line(schema.text.trim_end().as_bytes())?;
        return Ok(Exit::Done);
    }
    let mut row = head;
    row["type"] = json!(schema.schema_type.to_string());
    if !schema.references.is_empty() {
        row["references"] = json!(schema.references);
    }
    let parsed: Value = serde_json::from_str(&schema.text).unwrap_or_else(|_| json!(schema.text));
    if asked.is_none() && io.output.is_terminal() || asked == Some(Format::Table) {
        Render::new(Some(Format::Table), &io.output).row(row, &mut io.output)?;
        let text = match &parsed {
            Value::Object(_) | Value::Array(_) => format!("{parsed:#}"),
            _ => schema.text.clone(),
        };
        io.output.line(b"")?;
        io.output.line(text.as_bytes())?;
    } else {
        row["schema"] = parsed;
        io.output.line(row.to_string().as_bytes())?;
    }
    Ok(Exit::Done)
}

fn check(
    registry: &Registry,
    subject: &str,
    version: Version,
    schema: &NewSchema,
    name: &str,
    render: Render,
    io: &mut Io,
) -> Result<Exit> {
    let Compatibility { compatible, messages } = registry.check(subject, version, schema)?;
    if compatible {
        let version = registry.subject_version(subject, version)?.version;
        let row = json!({"subject": subject, "version": version, "compatible": true, "reasons": []});
        render.row(row, &mut io.output)?;
        return Ok(Exit::Done);
    }
    let judged = Judged::explain(registry, subject, version, schema, messages)?;
    let Judged { version, reasons, .. } = &judged;
    let row = json!({"subject": subject, "version": version, "compatible": false, "reasons": reasons});
    render.row(row, &mut io.output)?;
    Err(judged.failure(subject, name))
}

/// A registry's verdict against a schema, with reasons for people.
struct Judged {
    version: u32,
    level: Level,
    reasons: Vec<String>,
}

impl Judged {
    /// The registry is the judge. Its own reasons stand where we find none.
    fn explain(
        registry: &Registry,
        subject: &str,
        version: Version,
        schema: &NewSchema,
        messages: Vec<String>,
    ) -> Result<Judged> {
        let level = match registry.compatibility(Some(subject))?.0 {
            // It was refused, so another level counts: Apicurio says NONE where the global one does.
            Level::None => registry.compatibility(None)?.0,
            level => level,
        };
        let old = registry.subject_version(subject, version)?;
        let reasons = match evolution::reasons(&old.schema.text, &schema.text, &level) {
            ours if ours.is_empty() => messages,
            ours => ours,
        };
        Ok(Judged { version: old.version, level, reasons })
    }

    fn failure(&self, subject: &str, name: &str) -> Failure {
        let Judged { version, level, reasons } = self;
        let colon = if reasons.is_empty() { "" } else { ":" };
        let listed: String = reasons.iter().map(|reason| format!("\n  {reason}")).collect();
        let text =
            format!("{name} is incompatible with {subject} version {version} ({level}){colon}{listed}");
        let failure = Failure::refused(text);
        if reasons.iter().any(|reason| reason.contains("no default")) {
            failure.hint("give each such field a default")
        } else {
            failure
        }
    }
}

fn compatibility(registry: &Registry, compat: &Compat, io: &mut Io) -> Result<Value> {
    let row = |subject: &Option<String>, level: &Level, source: Source| {
        let source = match source {
            Source::Subject => "subject",
            Source::Global => "global",
        };
        json!({"subject": subject, "compatibility": level.to_string(), "source": source})
    };
    match compat {
        Compat::Get { subject } => {
            let (level, source) = registry.compatibility(subject.as_deref())?;
            if let (Some(subject), Source::Global) = (subject, source)
                && !registry.subjects(false)?.contains(subject)
            {
                io.messages
                    .say(&format!("subject {subject} does not exist: the registry's level would count"));
            }
            if subject.is_some() && level == Level::None && source == Source::Subject {
                // Apicurio gives the same answer for both.
                let (global, _) = registry.compatibility(None)?;
                if global != Level::None {
                    io.messages.say(&format!(
                        "an Apicurio registry says NONE for a subject without a level of its own, and applies {global}"
                    ));
                }
            }
            Ok(row(subject, &level, source))
        }
        Compat::Set { subject, level } => {
            registry.set_compatibility(subject.as_deref(), level)?;
            let source = if subject.is_some() { Source::Subject } else { Source::Global };
            Ok(row(subject, level, source))
        }
        Compat::Delete { subject } => {
            registry.delete_compatibility(subject.as_deref())?;
            let (level, source) = registry.compatibility(subject.as_deref())?;
            Ok(row(subject, &level, source))
        }
    }
}

fn deleted_row(subject: &str, version: u32, permanent: bool) -> Value {
    json!({"subject": subject, "version": version, "permanent": permanent})
}

fn would_delete(
    registry: &Registry,
    subject: &str,
    version: Option<Version>,
    permanent: bool,
) -> Result<Vec<Value>> {
    let versions = match version {
        Some(version) => vec![registry.subject_version(subject, version)?.version],
        None if permanent => registry.versions_with_deleted(subject)?,
        None => registry.versions(subject)?,
    };
    Ok(versions.into_iter().map(|version| deleted_row(subject, version, permanent)).collect())
}

fn delete(
    registry: &Registry,
    subject: &str,
    version: Option<Version>,
    permanent: bool,
    io: &mut Io,
) -> Result<Vec<Value>> {
    let deletion = match version {
        Some(version) => registry.delete_version(subject, version, permanent)?,
        None => registry.delete_subject(subject, permanent)?,
    };
    if deletion.already {
        let what =
            version.map_or_else(|| subject.to_owned(), |version| format!("{subject} version {version}"));
        io.messages.say(&format!("{what} was softly deleted before; --permanent deletes it for good"));
    }
    Ok(deletion.versions.iter().map(|&version| deleted_row(subject, version, permanent)).collect())
}
