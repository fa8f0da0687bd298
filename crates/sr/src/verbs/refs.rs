//! `sr refs`.

use std::collections::HashSet;

use kch_cli::{Exit, Result};
use kch_registry::complete::subjects;
use kch_registry::{Reference, Registry, Schema, Version, named};
use serde_json::{Value, json};

use crate::Desk;

const EXAMPLES: &str = "\
Examples:
  sr refs money-value
  sr refs money-value 1 | jq -r '\"\\(.subject) \\(.version)\"'
  sr refs order-value --needs -o table";

/// Whose references.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Refs {
    /// The subject, or SUBJECT@VERSION
    #[arg(add = subjects())]
    pub subject: String,
    /// Its version: a number, or latest; by default all of them, with --needs the latest
    pub version: Option<Version>,
    /// The other way round: what the schema refers to, over all steps, what is needed first
    #[arg(long)]
    pub needs: bool,
}

impl Refs {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let (subject, version) = named(&self.subject, self.version);
        let rows = match self.needs {
            true => needs(&registry, subject, version.unwrap_or(Version::Latest))?,
            false => users(&registry, subject, version)?,
        };
        if rows.is_empty() {
            let version = version.map(|version| format!(" version {version}")).unwrap_or_default();
            desk.say_to_person(&match self.needs {
                true => format!("{subject}{version} refers to nothing"),
                false => format!("nothing refers to {subject}{version}"),
            });
        }
        desk.rows(&rows)
    }
}

fn users(registry: &Registry, subject: &str, version: Option<Version>) -> Result<Vec<Value>> {
    let versions = match version {
        Some(Version::Latest) => vec![registry.latest(subject)?.version],
        // One that is not there is not one that nobody refers to.
        Some(version) => vec![registry.subject_version_even_deleted(subject, version)?.version],
        None => registry.versions(subject)?,
    };
    let mut rows = Vec::new();
    for version in versions {
        for (user, id) in registry.referring(subject, version)? {
            rows.push(json!({"subject": user.subject, "version": user.version, "id": id, "uses": version}));
        }
    }
    Ok(rows)
}

fn needs(registry: &Registry, subject: &str, version: Version) -> Result<Vec<Value>> {
    let schema = registry.subject_version_even_deleted(subject, version)?.schema;
    // Ends, because it has come to an end once: this fails when references go in a circle.
    registry.resolved(&schema)?;
    let mut walk = Walk { registry, seen: HashSet::new(), rows: Vec::new() };
    walk.all(&schema)?;
    Ok(walk.rows)
}

struct Walk<'r> {
    registry: &'r Registry,
    seen: HashSet<Reference>,
    rows: Vec<Value>,
}

impl Walk<'_> {
    fn all(&mut self, schema: &Schema) -> Result<()> {
        for reference in schema.needs() {
            if !self.seen.insert(reference.clone()) {
                continue;
            }
            let Reference { name, subject, version } = reference;
            let found = self.registry.subject_version_even_deleted(&subject, Version::Number(version))?;
            self.all(&found.schema)?;
            let id = found.schema.id;
            self.rows.push(json!({"name": name, "subject": subject, "version": version, "id": id}));
        }
        Ok(())
    }
}
