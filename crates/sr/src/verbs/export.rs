//! `sr export`.

use std::path::PathBuf;

use kch_cli::{Exit, Result};
use serde_json::{Value, json};

use crate::snapshot::{Selection, Snapshot};
use crate::{Desk, folder};

const EXAMPLES: &str = "\
DIR gets one file for each version, as it was registered, and registry.json: ids, references, levels and modes of \
subjects and contexts. \
An older export in DIR is replaced, so that `git diff` shows what has changed. Softly deleted versions are part of it.

Examples:
  sr export backup
  sr export backup orders-value money-value
  sr export backup --prefix :.eu: && git -C backup add -A
  sr export backup && sr --registry http://other:8081 import backup";

/// What to export, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Export {
    /// A folder: empty, not there yet, or with an older export
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Which subjects
    #[command(flatten)]
    pub selection: Selection,
}

impl Export {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let snapshot = Snapshot::take(&desk.registry()?, &self.selection, &mut desk.io.messages)?;
        folder::write(&snapshot, &self.folder)?;
        let row = |entry: &&crate::snapshot::Entry| json!({"subject": entry.subject, "version": entry.version, "id": entry.id, "deleted": entry.deleted});
        let rows: Vec<Value> = snapshot.in_order().iter().map(row).collect();
        desk.rows(&rows)
    }
}
