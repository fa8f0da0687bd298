//! `sr mode`.

use clap::Subcommand;
use kch_cli::{Exit, Result};
use kch_registry::{Call, Mode as Written, Registry};
use serde_json::{Value, json};

use crate::{Desk, planned};

const EXAMPLES: &str = "\
READWRITE takes new schemas, READONLY no changes, IMPORT schemas that bring their own ids and versions. A subject without a \
mode has the registry's, or, where its name begins with a context, as :.eu:orders-value does, that of :.eu: alone.

Examples:
  sr mode get
  sr mode set orders-value READONLY
  sr mode set :.eu: READONLY --dry-run
  sr mode set orders-value IMPORT --force --dry-run
  sr mode delete orders-value";

/// The verbs of `sr mode`.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Mode {
    /// Print the mode that counts
    #[command(after_help = EXAMPLES)]
    Get {
        /// The subject; without one, the registry
        subject: Option<String>,
    },
    /// Set the mode
    #[command(after_help = EXAMPLES, allow_missing_positional = true)]
    Set {
        /// The subject; without one, the registry
        subject: Option<String>,
        /// READWRITE, READONLY or IMPORT; some registries have FORWARD and READONLY_OVERRIDE
        #[arg(value_parser = str::parse::<Written>)]
        mode: Written,
        /// Begin IMPORT although there are schemas
        #[arg(long)]
        force: bool,
        /// Print what would be set
        #[arg(long)]
        dry_run: bool,
    },
    /// Delete the subject's own mode, so that its context's or the registry's counts
    #[command(after_help = EXAMPLES)]
    Delete {
        /// The subject; without one, the registry goes back to its default
        subject: Option<String>,
        /// Print what would be taken away
        #[arg(long)]
        dry_run: bool,
    },
}

impl Mode {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let row = match self {
            Mode::Get { subject } => row(subject.as_deref(), &registry.mode(subject.as_deref())?),
            Mode::Set { subject, mode, force, dry_run } => {
                let was = registry.mode(subject.as_deref())?;
                if *dry_run {
                    registry.ensure_has_modes(Call::SetMode)?;
                }
                if *dry_run && !force {
                    registry.ensure_mode_may_begin(subject.as_deref(), mode)?;
                }
                if !dry_run {
                    registry.set_mode(subject.as_deref(), mode, *force)?;
                    warn_if_overridden(&registry, subject.as_deref(), desk)?;
                }
                planned(changed(subject.as_deref(), mode, &was), *dry_run)
            }
            Mode::Delete { subject, dry_run } => {
                let was = registry.mode(subject.as_deref())?;
                let after = registry.inherited_mode(subject.as_deref())?;
                if *dry_run {
                    registry.ensure_has_modes(Call::DeleteMode)?;
                } else {
                    registry.delete_mode(subject.as_deref())?;
                }
                planned(changed(subject.as_deref(), &after, &was), *dry_run)
            }
        };
        desk.row(row)
    }
}

/// A registry in READONLY_OVERRIDE takes a subject's mode, and does not go by it.
fn warn_if_overridden(registry: &Registry, subject: Option<&str>, desk: &mut Desk<'_>) -> Result<()> {
    let Some(subject) = subject else { return Ok(()) };
    if registry.mode(Some(subject))? == Written::ReadOnlyOverride {
        let counts = Written::ReadOnlyOverride;
        desk.io.messages.say(&format!("{counts} still counts for {subject}: it is the registry's mode"));
    }
    Ok(())
}

fn row(subject: Option<&str>, mode: &Written) -> Value {
    json!({"subject": subject, "mode": mode.to_string()})
}

fn changed(subject: Option<&str>, mode: &Written, was: &Written) -> Value {
    json!({"subject": subject, "mode": mode.to_string(), "was": was.to_string()})
}
