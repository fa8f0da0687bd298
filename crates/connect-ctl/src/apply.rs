//! `apply` and `diff`: what is wanted against what is in force. Sends only a difference, so running it twice is running
//! it once.

use std::time::Duration;

use kch_cli::{Exit, Failure, Io, Result};
use serde_json::{Value, json};

use crate::config::{self, Source, Wanted};
use crate::control::Manner;
use crate::wait::{self, Goal};
use crate::worker::Config;
use crate::{Job, each, mask, validate};

/// One connector: what is wanted of it, what is in force, and what that makes.
struct Step {
    name: String,
    wanted: Wanted,
    changes: Vec<Value>,
    result: &'static str,
}

impl Step {
    fn new(job: &Job<'_>, name: &str, mut wanted: Wanted) -> Result<Step> {
        let now = job.worker.config(name)?;
        if now.as_ref() != Some(&wanted.config) {
            wanted.secrets.extend(passwords(job, now.as_ref(), &wanted)?);
        }
        let changes = config::changes(now.as_ref(), &wanted);
        let result = match &now {
            None => "created",
            Some(_) if changes.is_empty() => "unchanged",
            Some(_) => "updated",
        };
        Ok(Step { name: name.to_owned(), wanted, changes, result })
    }
}

/// What the class says is a password, besides what looks like one. The old class's words count for the old settings.
fn passwords(job: &Job<'_>, now: Option<&Config>, wanted: &Wanted) -> Result<Vec<String>> {
    let mut passwords = job.worker.passwords_of(&wanted.config)?;
    if let Some(now) = now.filter(|now| now.get("connector.class") != wanted.config.get("connector.class")) {
        passwords.extend(job.worker.passwords_of(now)?);
    }
    Ok(passwords)
}

pub(crate) fn run(job: &Job<'_>, source: &Source, manner: Manner, io: &mut Io) -> Result<Exit> {
    let all = source.read_named(job.settings, io)?;
    let mut applied = Vec::new();
    let waits = manner.wait.is_some() && !manner.dry_run;
    let exit = each(&all, io, |(name, wanted), io| {
        let step = Step::new(job, name, wanted.clone())?;
        let before = if waits { job.worker.connector(name)? } else { None };
        apply(job, &step, manner.dry_run, io)?;
        applied.push((step.name, before));
        Ok(())
    })?;
    let Some(timeout) = manner.wait.filter(|_| !manner.dry_run) else { return Ok(exit) };
    std::io::Write::flush(&mut io.output)?;
    let deadline = std::time::Instant::now() + timeout;
    let waited = each(&applied, io, |(name, before), _| {
        let left = deadline.saturating_duration_since(std::time::Instant::now()).max(Duration::from_secs(1));
        wait::wait(job.worker, name, Goal::Running, before.as_ref(), left)
    })?;
    Ok(exit.worst(waited))
}

fn apply(job: &Job<'_>, step: &Step, dry_run: bool, io: &mut Io) -> Result<()> {
    let Step { name, wanted, changes, result } = step;
    if *result != "unchanged" {
        let findings = match validate::findings(job, wanted) {
            // Connect says it again, and better, of what is sent.
            Err(_) if !dry_run => validate::Findings::default(),
            findings => findings?,
        };
        for slip in &findings.slips {
            io.messages.say(&format!("warning: {name}: {}: {}", slip.setting, slip.text()));
        }
        if dry_run && !findings.errors.is_empty() {
            let errors: String = findings.errors.iter().map(|error| format!("\n  {}", error.text)).collect();
            let text = format!("the configuration of {name} is invalid:{errors}");
            return Err(mask::refusal(Failure::refused(text), wanted));
        }
        if !dry_run {
            job.worker.put_config(name, &wanted.config).map_err(|failure| mask::refusal(failure, wanted))?;
        }
    }
    let mut row = json!({"name": name});
    if dry_run {
        row["dry_run"] = true.into();
    }
    row["result"] = (*result).into();
    if job.table {
        job.render.row(row, &mut io.output)?;
        return print_changes(changes, io);
    }
    if dry_run {
        row["config"] = Value::Object(mask::config(&wanted.config, &wanted.secrets));
    }
    row["changes"] = Value::Array(changes.clone());
    job.render.row(row, &mut io.output)
}

/// What `apply` would change: exit code 1 when that is anything.
pub(crate) fn diff(job: &Job<'_>, source: &Source, io: &mut Io) -> Result<Exit> {
    let all = source.read_named(job.settings, io)?;
    let mut differ = Exit::Done;
    let exit = each(&all, io, |(name, wanted), io| {
        let step = Step::new(job, name, wanted.clone())?;
        if step.result != "unchanged" {
            differ = Exit::Refused;
        }
        if job.table && step.result != "unchanged" {
            io.output.line(format!("{name}: {}", step.result).as_bytes())?;
            return print_changes(&step.changes, io);
        }
        for change in &step.changes {
            let mut row = json!({"name": name});
            for key in ["setting", "from", "to"] {
                row[key] = change[key].clone();
            }
            job.render.row(row, &mut io.output)?;
        }
        Ok(())
    })?;
    Ok(exit.worst(differ))
}

fn print_changes(changes: &[Value], io: &mut Io) -> Result<()> {
    for change in changes {
        io.output.line(change_line(change).as_bytes())?;
    }
    Ok(())
}

/// `+ new: value`, `- gone: value`, `~ changed: from -> to`.
fn change_line(change: &Value) -> String {
    let setting = change["setting"].as_str().unwrap_or_default();
    let line = match (change["from"].as_str(), change["to"].as_str()) {
        (None, Some(to)) => format!("+ {setting}: {to}"),
        (Some(from), None) => format!("- {setting}: {from}"),
        (from, to) => format!("~ {setting}: {} -> {}", from.unwrap_or_default(), to.unwrap_or_default()),
    };
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
