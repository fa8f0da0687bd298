//! `status`, `tasks` and `topics`: what there is now.

use kch_cli::{Exit, Failure, Io, Result};
use serde_json::{Value, json};

use crate::connector::{Connector, State};
use crate::select::Which;
use crate::{Job, mask};

/// States that a script wants to be stopped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    /// It or one of its tasks has failed
    Failed,
    /// It is paused
    Paused,
    /// It is stopped
    Stopped,
    /// It or one of its tasks has no worker
    Unassigned,
    /// It or one of its tasks does anything but run, or it has no tasks
    NotRunning,
    /// Never: states are printed, and that is all
    Never,
}

pub(crate) fn run(
    job: &Job<'_>,
    which: &Which,
    traces: bool,
    fail_on: &[FailOn],
    io: &mut Io,
) -> Result<Exit> {
    let connectors = which.or_all(job.worker)?;
    let rows: Vec<Value> = if job.table {
        connectors.iter().flat_map(Connector::lines).collect()
    } else {
        connectors.iter().map(|connector| connector.row(traces)).collect()
    };
    job.render.rows(&rows, &mut io.output)?;
    if fail_on.contains(&FailOn::Failed) || fail_on.contains(&FailOn::NotRunning) {
        // With the causes, and what to do.
        ensure_none_failed(&connectors)?;
    }
    let wrong: Vec<String> = connectors
        .iter()
        .filter(|connector| fail_on.iter().any(|state| state.is_of(connector)))
        .map(|connector| format!("{} is {}", connector.name, connector.states()))
        .collect();
    match wrong.as_slice() {
        [] => Ok(Exit::Done),
        [one] => Err(Failure::refused(one.as_str())),
        all => Err(Failure::refused(format!("{} connectors:\n  {}", all.len(), all.join("\n  ")))),
    }
}

impl FailOn {
    fn is_of(self, connector: &Connector) -> bool {
        match self {
            FailOn::Failed => connector.is_in(State::Failed),
            FailOn::Paused => connector.is_in(State::Paused),
            FailOn::Stopped => connector.is_in(State::Stopped),
            FailOn::Unassigned => connector.is_in(State::Unassigned),
            FailOn::NotRunning => !connector.is_running(),
            FailOn::Never => false,
        }
    }
}

/// An error that has the cause of each failure.
pub(crate) fn ensure_none_failed(connectors: &[Connector]) -> Result<()> {
    let failed = || connectors.iter().filter(|connector| !connector.failures().is_empty());
    let failures: Vec<String> = failed().flat_map(Connector::failures).collect();
    let text = match failures.as_slice() {
        [] => return Ok(()),
        [one] => format!("failed: {one}"),
        all => format!("{} failed:\n  {}", all.len(), all.join("\n  ")),
    };
    let names: Vec<&str> = failed().map(|connector| connector.name.as_str()).collect();
    let hint = format!("once that is cured: connect-ctl restart --failed {}", names.join(" "));
    Err(Failure::refused(text).hint(hint))
}

/// A row for each task: its state and its configuration.
pub(crate) fn tasks(job: &Job<'_>, name: &str) -> Result<Vec<Value>> {
    let configs = job.worker.task_configs(name)?;
    let connector = job.worker.connector(name)?;
    let config = job.worker.config(name)?.unwrap_or_default();
    let secrets = job.worker.passwords_of(&config)?;
    let row = |(id, config): (&u64, &crate::worker::Config)| {
        let part =
            connector.iter().flat_map(Connector::tasks).find(|(task, _)| task == id).map(|(_, part)| part);
        let mut row = json!({"name": name, "task": id, "state": part.map(|part| &part.state),
            "worker": part.map(|part| &part.worker), "cause": part.and_then(|part| part.cause.as_ref())});
        if !job.table {
            row["config"] = Value::Object(mask::config(config, &secrets));
        }
        row
    };
    Ok(configs.iter().map(row).collect())
}

/// The topics that a connector has used, or that they are forgotten.
pub(crate) fn topics(job: &Job<'_>, name: &str, reset: bool, dry_run: bool) -> Result<Vec<Value>> {
    let topics = job.worker.topics(name)?;
    if !reset {
        return Ok(topics.iter().map(|topic| json!({"name": name, "topic": topic})).collect());
    }
    if dry_run {
        return Ok(vec![json!({"name": name, "dry_run": true, "forgotten": topics})]);
    }
    job.worker.reset_topics(name)?;
    Ok(vec![json!({"name": name, "forgotten": topics})])
}
