//! `sr mode`.

use kch_cli::{Exit, Result};
use serde_json::json;

use crate::Desk;

/// Whose mode to show.
#[derive(Debug, clap::Args)]
pub struct Mode {
    /// The subject; without one, the registry
    pub subject: Option<String>,
}

impl Mode {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let mode = desk.registry()?.mode(self.subject.as_deref())?;
        desk.row(json!({"subject": self.subject, "mode": mode.to_string()}))
    }
}
