//! `sr contexts`: the rooms of a registry, each with subjects, ids and rules of its own.

use kch_cli::{Exit, Failure, Result, nearest};
use kch_registry::{Registry, context_name, context_of};
use serde_json::{Value, json};

use crate::{Desk, planned};

const EXAMPLES: &str = "\
A subject of another context than the default one has its name in front: :.eu:orders-value is orders-value in .eu. A context \
is there as soon as a subject is: sr import DIR --to-context eu fills one, and so does sr copy.

Examples:
  sr contexts list
  sr contexts list -q context
  sr contexts delete .test --dry-run";

/// What to do with contexts.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Contexts {
    /// List the contexts, with the number of their subjects
    #[command(after_help = EXAMPLES)]
    List,
    /// Delete a context without subjects, if the registry can: Confluent's from 8.0 on
    #[command(after_help = EXAMPLES)]
    Delete {
        /// The context
        #[arg(value_name = "NAME", value_parser = context_name)]
        context: String,
        /// Print what would be deleted
        #[arg(long)]
        dry_run: bool,
    },
}

impl Contexts {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let contexts = registry.contexts()?;
        if contexts.is_empty() {
            return Err(Failure::refused(format!(
                "the schema registry at {} has no contexts",
                registry.url()
            )));
        }
        match self {
            Contexts::List => {
                let subjects = registry.subjects(false)?;
                let of = |context: &str| {
                    subjects.iter().filter(|subject| context_of(subject).unwrap_or(".") == context).count()
                };
                let row = |context: &String| json!({"context": context, "subjects": of(context)});
                desk.rows(&contexts.iter().map(row).collect::<Vec<Value>>())
            }
            Contexts::Delete { context, dry_run } => {
                delete(&registry, &contexts, context, *dry_run)?;
                desk.row(planned(json!({"context": context, "deleted": true}), *dry_run))
            }
        }
    }
}

/// Confluent's registry says nothing when the context is not there, and does not know a dry run: both are found out before.
fn delete(registry: &Registry, contexts: &[String], context: &str, dry_run: bool) -> Result<()> {
    if context == "." {
        return Err(Failure::usage("the default context cannot be deleted"));
    }
    if !contexts.iter().any(|there| there == context) {
        let failure = Failure::refused(format!("there is no context {context}"));
        return Err(match nearest(context, contexts.iter().map(String::as_str)) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint("sr contexts list lists them"),
        });
    }
    if !dry_run {
        return Ok(registry.delete_context(context)?);
    }
    match registry.subjects(true)?.iter().any(|subject| context_of(subject) == Some(context)) {
        true => Err(kch_registry::Error::NotEmpty { context: context.to_owned() }.into()),
        false => Ok(()),
    }
}
