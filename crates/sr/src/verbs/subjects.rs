//! `sr subjects`.

use std::collections::HashSet;

use kch_cli::{Exit, Result, is_glob, matches_glob};
use kch_registry::complete::subjects;
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
Examples:
  sr subjects -q subject
  sr subjects 'kafka-*' -q subject
  sr subjects -o raw | grep -x kafka-events-value
  sr subjects --only-deleted -q subject
  sr subjects -o raw | xargs -n1 sr get";

/// Which subjects to list.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Subjects {
    /// Only these, by name or by glob (in quotes)
    #[arg(value_name = "SUBJECT", add = subjects())]
    pub names: Vec<String>,
    /// Only those whose names begin so; `:.eu:` is a context
    #[arg(long)]
    pub prefix: Option<String>,
    /// Those that are softly deleted too, with a column that says so
    #[arg(long)]
    pub deleted: bool,
    /// Only those of which nothing is left that is not softly deleted
    #[arg(long, conflicts_with = "deleted")]
    pub only_deleted: bool,
}

impl Subjects {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        // The registries do not agree on their own prefix filter.
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let mut subjects = registry.subjects(self.deleted || self.only_deleted)?;
        if let Some(missing) = self.names.iter().find(|name| !is_glob(name) && !subjects.contains(name)) {
            return Err(registry.subject_not_found(missing).into());
        }
        subjects.retain(|subject| subject.starts_with(prefix) && self.is_for(subject));
        subjects.sort_unstable();
        let rows: Vec<Value> = if self.deleted {
            let live: HashSet<String> = registry.subjects(false)?.into_iter().collect();
            let row = |subject: &String| json!({"subject": subject, "deleted": !live.contains(subject)});
            subjects.iter().map(row).collect()
        } else {
            if self.only_deleted {
                let live: HashSet<String> = registry.subjects(false)?.into_iter().collect();
                subjects.retain(|subject| !live.contains(subject));
            }
            subjects.iter().map(|subject| json!({"subject": subject})).collect()
        };
        if rows.is_empty() {
            desk.say_to_person("no such subjects");
        }
        desk.rows(&rows)
    }

    fn is_for(&self, subject: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| name == subject || matches_glob(name, subject))
    }
}
