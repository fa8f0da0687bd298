//! `apply`: what is wanted against what is in force. Sends only a difference, so running it twice is running it once.

use std::time::Duration;

use kch_cli::{Exit, Io, Result};
use serde_json::{Value, json};

use crate::{Job, config, mask, status};

pub(crate) fn run(
    job: &Job<'_>,
    name: &str,
    file: &str,
    dry_run: bool,
    wait: Option<Duration>,
    io: &mut Io,
) -> Result<Exit> {
    let wanted = config::read(file, Some(name), job.settings, io)?;
    let now = job.worker.config(name)?;
    let changes = config::changes(now.as_ref(), &wanted);
    let result = match &now {
        None => "created",
        Some(_) if changes.is_empty() => "unchanged",
        Some(_) => "updated",
    };
    if !dry_run && result != "unchanged" {
        job.worker.put_config(name, &wanted.config).map_err(|failure| mask::refusal(failure, &wanted))?;
    }
    let mut row = if dry_run {
        json!({"name": name, "dry_run": true, "result": result})
    } else {
        json!({"name": name, "result": result})
    };
    if job.table {
        job.render.row(row, &mut io.output)?;
        for change in &changes {
            io.output.line(change_line(change).as_bytes())?;
        }
    } else {
        if dry_run {
            row["config"] = Value::Object(mask::config(&wanted.config, &wanted.secrets));
        }
        row["changes"] = Value::Array(changes);
        job.render.row(row, &mut io.output)?;
    }
    if let Some(timeout) = wait.filter(|_| !dry_run) {
        std::io::Write::flush(&mut io.output)?;
        status::wait(job.worker, name, timeout)?;
    }
    Ok(Exit::Done)
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
