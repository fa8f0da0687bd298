//! `sr check`: may a schema follow others? The registry says so for a subject; for files, and for a level that is asked for, we do,
//! by the same rules.

use kch_cli::{Exit, Failure, Result};
use kch_registry::complete::subjects;
use kch_registry::{Error, Level, NewSchema, Registry, Version};
use serde_json::{Value, json};

use crate::judged::{Judged, followed, judge, ruling_level};
use crate::{Desk, ReferenceArg, SchemaArgs, explain, input};

const EXAMPLES: &str = "\
Exit code 1 and the reasons when it may not: the kind of error, where it is in both schemas, and the cure. With --old and \
--new no registry is asked. A level that is TRANSITIVE compares with every old schema, the others with the last one.

Examples:
  sr check smoke-avro-value configs/schemas/smoke-avro-value.v2.avsc
  sr check orders-value v2.avsc && sr register orders-value v2.avsc
  sr check orders-value v2.avsc --version 1 2>/dev/null | jq -r '.reasons[]'
  sr check orders-value v2.avsc --level FULL_TRANSITIVE
  sr check --old v1.avsc --old v2.avsc --new v3.avsc --level BACKWARD_TRANSITIVE
  git show HEAD:order.avsc | sr check --old - --new order.avsc --level FULL";

/// What to check, and against what.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    /// The subject
    #[arg(required_unless_present = "old", conflicts_with = "old", add = subjects())]
    pub subject: Option<String>,
    /// File with the Avro schema; - is stdin
    #[arg(required_unless_present = "old", conflicts_with = "old")]
    pub file: Option<String>,
    /// A name that another subject's schema defines, NAME=SUBJECT:VERSION; repeat for more; auto: look beside the file
    #[arg(
        long = "reference",
        visible_alias = "references",
        value_name = "NAME=SUBJECT:VERSION",
        conflicts_with = "old"
    )]
    pub references: Vec<ReferenceArg>,
    /// Compare with this version alone: a number, or latest
    #[arg(long, value_name = "N", conflicts_with = "old")]
    pub version: Option<Version>,
    /// An old schema: a file, a SUBJECT or a SUBJECT@VERSION; repeat for more, oldest first
    #[arg(long, value_name = "SCHEMA", requires = "new", add = subjects())]
    pub old: Vec<String>,
    /// The new schema, with --old
    #[arg(long, value_name = "SCHEMA", requires = "old", add = subjects())]
    pub new: Option<String>,
    /// A file that defines types which --old and --new use; repeat for more
    #[arg(long = "with", value_name = "FILE", requires = "old")]
    pub with: Vec<String>,
    /// By the rules of this level, and not by the subject's own. With --old: BACKWARD unless said
    #[arg(long)]
    pub level: Option<Level>,
}

impl Check {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        match (&self.subject, &self.file, &self.new) {
            (_, _, Some(new)) => self.check_files(new, desk),
            (Some(subject), Some(file), None) => self.check_subject(subject, file, desk),
            _ => Err(Failure::usage("no schema given").hint("sr check --help has examples")),
        }
    }

    fn check_files(&self, new: &str, desk: &mut Desk<'_>) -> Result<Exit> {
        let names = self.old.iter().map(String::as_str).chain([new]);
        if names.filter(|name| *name == "-").count() > 1 {
            return Err(Failure::usage("stdin can be one schema only"));
        }
        let level = self.level.clone().unwrap_or(Level::Backward);
        let new = desk.source_of(new, &self.with)?;
        let new_schema = new.schema()?;
        let first = if explain::rules(&level).transitive { 0 } else { self.old.len() - 1 };
        let mut verdicts = Vec::new();
        for (index, name) in self.old.iter().enumerate() {
            // One that does not count must still be a schema: a typo is no verdict.
            let old = desk.source_of(name, &self.with)?;
            let old_schema = old.schema()?;
            if index >= first {
                let judged = Judged::ours(None, &old_schema, &new_schema, &level);
                verdicts.push((json!({"old": old.name, "new": new.name}), old.name, judged));
            }
        }
        finish(&verdicts, &new.name, desk)
    }

    fn check_subject(&self, subject: &str, file: &str, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let args = SchemaArgs { file: file.to_owned(), references: self.references.clone() };
        let schema = input::read(&args, subject, &registry, desk.io)?;
        let level = match &self.level {
            Some(level) => level.clone(),
            None => ruling_level(&registry, subject)?,
        };
        let versions = match self.version {
            Some(version) => vec![version],
            None => followed(&registry, subject, &level)?,
        };
        let mut verdicts = Vec::new();
        for version in versions {
            let judged = match &self.level {
                Some(level) => judge(&registry, subject, version, &schema, level)?,
                None => ask(&registry, subject, version, &schema, &level, desk)?,
            };
            verdicts.push((
                json!({"subject": subject, "version": judged.version}),
                subject.to_owned(),
                judged,
            ));
        }
        finish(&verdicts, input::name(file), desk)
    }
}

/// The registry's verdict, explained.
fn ask(
    registry: &Registry,
    subject: &str,
    version: Version,
    schema: &NewSchema,
    level: &Level,
    desk: &mut Desk<'_>,
) -> Result<Judged> {
    let verdict = match registry.check(subject, version, schema) {
        // Apicurio compares without what a schema refers to, and then takes it for none.
        Err(Error::InvalidSchema { .. }) if !schema.references.is_empty() => {
            desk.io
                .messages
                .say("the registry cannot compare a schema that refers to others: these are our rules");
            return judge(registry, subject, version, schema, level);
        }
        verdict => verdict?,
    };
    if !verdict.compatible {
        return Judged::explain(registry, subject, version, schema, verdict.messages);
    }
    // The registry has agreed, so only what the same bytes mean is left to look at.
    Ok(judge(registry, subject, version, schema, level)?.agreed())
}

/// Prints the verdicts; the first that is a no is the failure.
fn finish(verdicts: &[(Value, String, Judged)], new: &str, desk: &mut Desk<'_>) -> Result<Exit> {
    for (_, _, judged) in verdicts {
        judged.warnings.iter().for_each(|warning| desk.io.messages.say(warning));
    }
    let rows: Vec<Value> = verdicts.iter().map(|(about, _, judged)| judged.row(about.clone())).collect();
    desk.rows(&desk.without(&rows, &["reasons", "errors"]))?;
    let mut refused = verdicts.iter().filter(|(_, _, judged)| !judged.compatible);
    match refused.next() {
        None => Ok(Exit::Done),
        Some((_, old, first)) => {
            // All but one are said here, and the last one is how the tool ends.
            let mut last = first.failure(old, new);
            for (_, old, judged) in refused {
                desk.io.messages.failure(&last);
                last = judged.failure(old, new);
            }
            Err(last)
        }
    }
}
