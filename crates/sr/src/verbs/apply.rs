//! `sr apply`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use kch_cli::{ConfirmArgs, Exit, Failure, Result};
use serde_json::Value;

use crate::steps::{Prune, Step, Steps, take};
use crate::{Desk, desired, planned};

const EXAMPLES: &str = "\
DIR has one file for each schema: SUBJECT.avsc, or SUBJECT.v1.avsc and so on for a history; what one uses and another \
defines is referred to. registry.json, if it is there, says more:
  {\"subjects\":{\"orders-value\":{\"compatibility\":\"FULL\",\"mode\":\"READONLY\"}}}
`sr export` writes such a folder. What would be refused is found before anything is changed.

Examples:
  sr apply configs/schemas --plan
  sr apply configs/schemas --plan --exit-code >/dev/null || echo differs
  sr apply configs/schemas
  sr apply schemas --plan | jq -c 'select(.action != \"unchanged\")'
  sr apply schemas --prune --prefix orders- --plan";

/// What is wanted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Apply {
    /// The folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Print what would be done. Exit code 1 if something would be refused
    #[arg(long, visible_alias = "dry-run")]
    pub plan: bool,
    /// With --plan: exit code 1 if anything would be done
    #[arg(long, requires = "plan")]
    pub exit_code: bool,
    /// Delete, softly, the subjects that the folder does not have, in the contexts that it has subjects of
    #[arg(long)]
    pub prune: bool,
    /// With --prune: only those whose names begin so, also in a context that it names, as in :.eu:orders-
    #[arg(long, requires = "prune", value_parser = NonEmptyStringValueParser::new())]
    pub prefix: Option<String>,
    /// Whether to ask, with --prune
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

impl Apply {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let wanted = desired::read(&self.folder)?;
        let registry = desk.registry()?;
        let prune = self.prune.then(|| Prune { prefix: self.prefix.as_deref().unwrap_or_default() });
        let Steps { steps, mut refused } = Steps::find(&registry, &wanted, prune.as_ref())?;
        if self.plan || !refused.is_empty() {
            if self.plan {
                let rows: Vec<Value> = steps.iter().map(|step| planned(step.row(), true)).collect();
                desk.rows(&rows)?;
            }
            let last = refused.pop();
            refused.iter().for_each(|failure| desk.io.messages.failure(failure));
            let differs = self.exit_code && steps.iter().any(Step::changes);
            let end = if differs { Exit::Refused } else { Exit::Done };
            return last.map_or(Ok(end), |failure: Failure| Err(failure));
        }
        let unwanted = || Ok(steps.iter().filter_map(|step| step.deletes().map(str::to_owned)).collect());
        self.confirm.ask(desk.io, "delete softly what the folder does not have", unwanted)?;
        let (rows, outcome) = take(&registry, &wanted, &steps);
        desk.rows_of(&rows, outcome)
    }
}
