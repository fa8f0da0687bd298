//! `sr diff`: what changed between two schemas, in fields.

use kch_cli::{Exit, Failure, Result};
use kch_registry::complete::subjects;
use kch_schema::{Direction, diff};
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
A row for each change; \"breaks\" says which direction of reading it breaks. stderr has the verdict. sr check is the judge \
of whether they may change so.

Examples:
  sr diff smoke-avro-value configs/schemas/smoke-avro-value.v2.avsc
  sr diff orders-value@1 orders-value
  sr diff --exit-code orders-value order.avsc >/dev/null || echo differs
  sr diff old.avsc new.avsc | jq -r 'select(.breaks != []) | .path'
  git show HEAD~1:order.avsc | sr diff - order.avsc";

/// What to compare.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Diff {
    /// The old schema: a file, a SUBJECT or a SUBJECT@VERSION; - is stdin
    #[arg(add = subjects())]
    pub old: String,
    /// The new schema, likewise
    #[arg(add = subjects())]
    pub new: String,
    /// A file that defines types which the schemas use; repeat for more
    #[arg(long = "with", value_name = "FILE")]
    pub with: Vec<String>,
    /// Exit code 1 if anything differs
    #[arg(long)]
    pub exit_code: bool,
}

impl Diff {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        if self.old == "-" && self.new == "-" {
            return Err(Failure::usage("stdin can be one schema only"));
        }
        let old = desk.source_of(&self.old, &self.with)?.schema()?;
        let new = desk.source_of(&self.new, &self.with)?.schema()?;
        let diff = diff(&old, &new);
        let rows: Vec<Value> = diff
            .changes
            .iter()
            .map(|change| {
                let breaks = [(change.breaks_backward, "BACKWARD"), (change.breaks_forward, "FORWARD")];
                let breaks: Vec<&str> =
                    breaks.iter().filter(|(breaks, _)| *breaks).map(|(_, name)| *name).collect();
                json!({"path": change.path, "change": change.what.word(), "old": change.old,
                    "new": change.new, "breaks": breaks})
            })
            .collect();
        desk.rows(&readable(&rows, desk.is_json()))?;
        let verdict = match (diff.allows(Direction::Backward), diff.allows(Direction::Forward)) {
            (true, true) => "FULL: old and new read each other's records",
            (true, false) => "BACKWARD only: new readers read old records, old readers do not read new ones",
            (false, true) => "FORWARD only: old readers read new records, new readers do not read old ones",
            (false, false) => "NONE: neither reads the other's records",
        };
        desk.io.messages.say(verdict);
        Ok(if self.exit_code && !rows.is_empty() { Exit::Refused } else { Exit::Done })
    }
}

/// A table has words in place of a list.
fn readable(rows: &[Value], is_json: bool) -> Vec<Value> {
    let mut rows = rows.to_vec();
    for row in rows.iter_mut().filter(|_| !is_json) {
        let breaks: Vec<&str> =
            row["breaks"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        row["breaks"] = if breaks.is_empty() { Value::Null } else { json!(breaks.join(", ")) };
    }
    rows
}
