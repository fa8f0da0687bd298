//! `sr compat`.

use clap::Subcommand;
use kch_cli::{Exit, Result};
use kch_registry::{Call, Level, Registry, Source, split_context};
use serde_json::{Value, json};

use crate::judged::{ensure_own_level, ruling};
use crate::{Desk, planned};

const EXAMPLES: &str = "\
Examples:
  sr compat get
  sr compat set smoke-avro-value BACKWARD
  sr compat set FULL --dry-run
  sr compat delete smoke-avro-value";

/// The verbs of `sr compat`.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Compat {
    /// Print the level, and whether it is the subject's own
    #[command(after_help = EXAMPLES)]
    Get {
        /// The subject; without one, the registry
        subject: Option<String>,
    },
    /// Set the level
    #[command(after_help = EXAMPLES, allow_missing_positional = true)]
    Set {
        /// The subject; without one, the registry
        subject: Option<String>,
        /// NONE, BACKWARD, FORWARD, FULL, or one of the last three with _TRANSITIVE
        level: Level,
        /// Print what would be set
        #[arg(long)]
        dry_run: bool,
    },
    /// Delete the subject's own level, so that its context's or the registry's counts
    #[command(after_help = EXAMPLES)]
    Delete {
        /// The subject; without one, the registry goes back to its default
        subject: Option<String>,
        /// Print what would count then; null is the registry's default
        #[arg(long)]
        dry_run: bool,
    },
}

impl Compat {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let row = match self {
            Compat::Get { subject } => show(&registry, subject.as_deref(), desk)?,
            Compat::Set { subject, level, dry_run } => set(&registry, subject.as_deref(), level, *dry_run)?,
            Compat::Delete { subject, dry_run } => delete(&registry, subject.as_deref(), *dry_run)?,
        };
        desk.row(row)
    }
}

fn set(registry: &Registry, subject: Option<&str>, level: &Level, dry_run: bool) -> Result<Value> {
    if let Some(subject) = subject {
        ensure_own_level(registry, subject, level)?;
    }
    let (was, _) = ruling(registry, subject)?;
    match (subject, dry_run) {
        (Some(subject), true) => registry.ensure_writable(subject)?,
        (None, true) => {}
        (_, false) => registry.set_compatibility(subject, level)?,
    }
    let source = if subject.is_some() { Source::Subject } else { Source::Global };
    Ok(planned(changed(row(subject, level, source), &was), dry_run))
}

fn delete(registry: &Registry, subject: Option<&str>, dry_run: bool) -> Result<Value> {
    let (was, _) = ruling(registry, subject)?;
    let after = match (subject, dry_run) {
        (None, true) => {
            // Apicurio's has no such call either.
            registry.ensure_has_modes(Call::ResetLevel)?;
            // The default is the registry's secret until it counts.
            json!({"subject": null, "compatibility": null, "source": "global"})
        }
        (Some(name), true) => {
            registry.ensure_writable(name)?;
            let (level, source) = registry.inherited_compatibility(subject)?;
            row(subject, &level, source)
        }
        (_, false) => {
            registry.delete_compatibility(subject)?;
            let (level, source) = ruling(registry, subject)?;
            row(subject, &level, source)
        }
    };
    Ok(planned(changed(after, &was), dry_run))
}

fn show(registry: &Registry, subject: Option<&str>, desk: &mut Desk<'_>) -> Result<Value> {
    let (level, source) = ruling(registry, subject)?;
    if let (Some(subject), Source::Global) = (subject, source)
        && !split_context(subject).1.is_empty()
        && !registry.subjects(false)?.iter().any(|known| known == subject)
    {
        desk.io.messages.say(&format!("subject {subject} does not exist: the registry's level would count"));
    }
    Ok(row(subject, &level, source))
}

fn row(subject: Option<&str>, level: &Level, source: Source) -> Value {
    let source = match source {
        Source::Subject => "subject",
        Source::Context => "context",
        Source::Global => "global",
    };
    json!({"subject": subject, "compatibility": level.to_string(), "source": source})
}

fn changed(mut row: Value, was: &Level) -> Value {
    row["was"] = json!(was.to_string());
    row
}
