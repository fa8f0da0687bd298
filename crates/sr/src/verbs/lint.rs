//! `sr lint`: mistakes that people make in schemas.

use kch_cli::{Exit, Failure, Result, count};
use kch_registry::complete::subjects;
use kch_schema::{Finding, Severity, lint, twice};
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
Errors (exit code 1) do not do what they say, or are refused by other tools: a logicalType beside its type, a default that \
does not fit, names, misspelled attributes. Warnings bite later: an enum or a nullable field without a default.

Examples:
  sr lint configs/schemas/kafka-events-value.avsc
  sr lint kafka-events-value -o table
  sr lint configs/schemas/*.avsc --strict
  sr lint order.avsc | jq -r '\"\\(.at): \\(.message); \\(.cure)\"'";

/// What to look through.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Lint {
    /// Files, SUBJECTs or SUBJECT@VERSIONs; - is stdin
    #[arg(required = true, value_name = "SCHEMA", add = subjects())]
    pub schemas: Vec<String>,
    /// A file that defines types which they use; repeat for more
    #[arg(long = "with", value_name = "FILE")]
    pub with: Vec<String>,
    /// Exit code 1 for warnings too
    #[arg(long)]
    pub strict: bool,
}

impl Lint {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let mut rows = Vec::new();
        let (mut errors, mut warnings) = (0, 0);
        for name in &self.schemas {
            let source = desk.source_of(name, &self.with)?;
            let mut found = twice(&source.text);
            found.extend(match source.parse() {
                Ok(schema) => lint(&schema),
                Err(error) => source.broken(&error),
            });
            for finding in &found {
                match finding.severity {
                    Severity::Error => errors += 1,
                    Severity::Warning => warnings += 1,
                }
                rows.push(row(&source.name, finding));
            }
        }
        desk.rows(&desk.without(&rows, &["pointer"]))?;
        if errors > 0 || self.strict && warnings > 0 {
            return Err(Failure::refused(format!(
                "{}, {}",
                count(errors, "error"),
                count(warnings, "warning")
            )));
        }
        if warnings > 0 {
            desk.io.messages.say(&count(warnings, "warning"));
        }
        Ok(Exit::Done)
    }
}

fn row(schema: &str, finding: &Finding) -> Value {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let Finding { rule, at, pointer, message, cure, .. } = finding;
    json!({"schema": schema, "severity": severity, "rule": rule, "at": at, "pointer": pointer,
        "message": message, "cure": cure})
}
