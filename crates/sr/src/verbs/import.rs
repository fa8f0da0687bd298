//! `sr import`.

use std::path::PathBuf;

use kch_cli::{Exit, Result};

use crate::moved::ToContext;
use crate::restore::{How, Target, restore};
use crate::{Desk, folder};

const EXAMPLES: &str = "\
Ids and versions stay as they are: each subject is in IMPORT mode meanwhile, and its mode is put back on any way out, \
Ctrl-C too. What is there already is not sent again, so that an import that was cut short can be run again; what is softly \
deleted there comes back. Where a version or an id is another schema's, nothing is done. Subjects and contexts get their \
levels and modes, the registry's own are not touched.

Examples:
  sr import backup --dry-run
  sr import backup
  sr import backup --to-context restored --dry-run
  sr import backup --new-ids | jq -c '{subject, was_id, id}'";

/// What to import.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    /// A folder that `sr export` wrote
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Where in the registry
    #[command(flatten)]
    pub context: ToContext,
    /// How
    #[command(flatten)]
    pub how: How,
}

impl Import {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let (messages, new_ids) = (&mut desk.io.messages, self.how.new_ids);
        let snapshot = self.context.applied_to(folder::read(&self.folder)?, new_ids, messages)?;
        let (registry, calm) = (desk.registry()?, desk.calm_registry()?);
        let target = Target { registry, calm, messages: &mut desk.io.messages };
        let (rows, outcome) = restore(&snapshot, target, self.how);
        desk.rows_of(&rows, outcome)
    }
}
