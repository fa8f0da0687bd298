//! `sr doctor`: why a registry does not do what it should.

use kch_cli::{Exit, Failure, Result, count, is_glob, matches_glob};
use kch_http::{Endpoint, REGISTRY, Service};
use kch_registry::Registry;
use serde_json::{Value, json};

use crate::health::{self, Finding, Grade};
use crate::{Desk, trial};

const EXAMPLES: &str = "\
A row for each check, and one for each node, context or subject that something is wrong with, with the cure. Checked are: whether \
every node answers, and is a registry; credentials; modes and levels; that the latest schemas can be read, with what they \
refer to; mistakes in them; softly deleted versions. Nothing is changed without --write. Exit code 1 when a check failed.

Examples:
  sr doctor
  sr doctor kafka-events-value 'smoke-*' -o table
  sr doctor --write && echo it takes schemas
  sr doctor | jq -r 'select(.result != \"ok\") | \"\\(.of // .check): \\(.cure)\"'";

/// What to check.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Doctor {
    /// Only these; * and ? as in a shell. By default all subjects
    #[arg(value_name = "SUBJECT")]
    pub subjects: Vec<String>,
    /// Register a schema under a name of its own too, read it back and delete it for good
    #[arg(long)]
    pub write: bool,
    /// Exit code 1 for warnings too
    #[arg(long)]
    pub strict: bool,
}

impl Doctor {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let mut findings = Vec::new();
        let outcome = self.examine(desk, &mut findings);
        let rows: Vec<Value> = findings.iter().map(row).collect();
        desk.rows_of(&rows, outcome)?;
        let graded = |grade| findings.iter().filter(|finding| finding.grade == grade).count();
        match (graded(Grade::Failed), graded(Grade::Warning)) {
            (0, 0) => Ok(Exit::Done),
            (0, warnings) if !self.strict => {
                desk.io.messages.say(&count(warnings, "warning"));
                Ok(Exit::Done)
            }
            (failed, warnings) => {
                Err(Failure::refused(format!("{failed} failed, {}", count(warnings, "warning"))))
            }
        }
    }

    /// Stops at what makes the rest pointless.
    fn examine(&self, desk: &Desk<'_>, findings: &mut Vec<Finding>) -> Result<()> {
        // The first that is wrong ends it only if no other node answers.
        let mut away = None;
        let mut answers = false;
        for endpoint in Endpoint::all_from_settings(&desk.settings, &REGISTRY)? {
            let node = Registry::new(Service::new(endpoint)?).with_signals(desk.io.signals.clone());
            let (finding, failure) = health::reachable(&node);
            answers |= failure.is_none();
            findings.push(finding);
            away = away.or(failure);
        }
        if let (false, Some(failure)) = (answers, away) {
            return Err(failure);
        }
        let registry = desk.registry()?;
        let all = registry.subjects(false)?;
        findings.push(health::credentials(&registry));
        let has_modes = registry.has_modes()?;
        findings.extend(health::global(&registry, has_modes)?);
        let chosen = self.chosen(&registry, all)?;
        findings.extend(health::contexts(&registry, &chosen, has_modes)?);
        findings.extend(health::subjects(&registry, &chosen, has_modes)?);
        if self.write {
            findings.push(trial::write(&registry, &desk.calm_registry()?));
        }
        Ok(())
    }

    fn chosen(&self, registry: &Registry, mut all: Vec<String>) -> Result<Vec<String>> {
        all.sort_unstable();
        if self.subjects.is_empty() {
            return Ok(all);
        }
        for name in self.subjects.iter().filter(|name| !is_glob(name) && !all.contains(name)) {
            // Says which name is near.
            registry.versions(name)?;
        }
        all.retain(|subject| self.subjects.iter().any(|name| name == subject || matches_glob(name, subject)));
        match all.is_empty() {
            true => Err(Failure::refused(format!("no subject is called {}", self.subjects.join(" or ")))),
            false => Ok(all),
        }
    }
}

fn row(finding: &Finding) -> Value {
    let result = match finding.grade {
        Grade::Ok => "ok",
        Grade::Warning => "warning",
        Grade::Failed => "failed",
    };
    let Finding { check, of, detail, cure, .. } = finding;
    json!({"check": check, "of": of, "result": result, "detail": detail, "cure": cure})
}
