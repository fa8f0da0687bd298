//! `sr id`.

use kch_cli::{Exit, Result};
use kch_registry::in_context;
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
`sr get --id N` prints the schema itself.

Examples:
  sr id 7
  sr id 7 --deleted -o table
  avro-consume -t kafka-events --envelope -n 1 | jq .value_schema_id | xargs sr id";

/// Which id, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Id {
    /// The id that a record's frame holds
    #[arg(value_name = "N")]
    pub id: u32,
    /// Versions that are softly deleted too
    #[arg(long)]
    pub deleted: bool,
    /// The context that counted the id; by default the one without a name
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

impl Id {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let context = self.context.as_deref().map(|context| in_context(context, ""));
        let versions = desk.registry()?.versions_with_id(self.id, self.deleted, context.as_deref())?;
        if versions.is_empty() {
            desk.io
                .messages
                .say(&format!("id {}: no version uses it any more; --deleted shows those that did", self.id));
        }
        let row = |used: &kch_registry::SubjectVersion| json!({"id": self.id, "subject": used.subject, "version": used.version});
        let rows: Vec<Value> = versions.iter().map(row).collect();
        desk.rows(&rows)
    }
}
