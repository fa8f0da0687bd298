//! `pause`, `resume`, `stop`, `restart` and `delete`: of one connector or of many.

use std::time::Duration;

use kch_cli::{ConfirmArgs, Exit, Io, Result, is_glob};
use serde_json::{Value, json};

use crate::connector::Connector;
use crate::select::{Chosen, Which};
use crate::wait::{self, Deadline, End, Goal};
use crate::worker::Worker;
use crate::{Job, each, each_ends};

/// How to go about a change.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Manner {
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Wait this long until it is done; without it, it is only asked for
    #[arg(long, value_name = "TIME", value_parser = kch_cli::parse_duration)]
    pub wait: Option<Duration>,
}

/// What is restarted, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
pub struct RestartArgs {
    /// Only what has failed: the connector, or those of its tasks
    #[arg(long)]
    pub failed: bool,

    /// Only this task
    #[arg(long, value_name = "N", conflicts_with = "failed")]
    pub task: Option<u64>,

    /// Restart what fails again, so many times more, and say why it failed
    ///
    /// What fails may be another task, so that it does not go with --task.
    #[arg(long, value_name = "N", requires = "wait", conflicts_with = "task")]
    pub retries: Option<u32>,

    /// Before each retry
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = kch_cli::parse_duration)]
    pub backoff: Duration,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Pause,
    Resume,
    Stop,
    Restart(RestartArgs),
    Delete { if_exists: bool, confirm: ConfirmArgs },
}

impl Change {
    /// `unchanged` where the status says that it is so already. The request is sent all the same: Connect changes the
    /// status after it has answered, so what it shows may be what was before the last change.
    fn result(self, connector: &Connector) -> &'static str {
        match (self, connector.state()) {
            (Change::Pause, "PAUSED") | (Change::Resume, "RUNNING") | (Change::Stop, "STOPPED") => {
                "unchanged"
            }
            _ => self.word(),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Change::Pause => "paused",
            Change::Resume => "resumed",
            Change::Stop => "stopped",
            Change::Restart(_) => "restarted",
            Change::Delete { .. } => "deleted",
        }
    }

    fn goal(self) -> Goal {
        match self {
            Change::Pause => Goal::Paused,
            Change::Resume | Change::Restart(_) => Goal::Running,
            Change::Stop => Goal::Stopped,
            Change::Delete { .. } => Goal::Gone,
        }
    }
}

/// Changes the chosen connectors. One that cannot be changed does not keep the others from it, one that is not there does.
pub(crate) fn run(job: &Job<'_>, which: &Which, change: Change, manner: Manner, io: &mut Io) -> Result<Exit> {
    let if_exists = matches!(change, Change::Delete { if_exists: true, .. });
    let Chosen { connectors, missing } = which.to_change(job.worker, if_exists, io)?;
    if let Change::Delete { confirm, .. } = change
        && !manner.dry_run
    {
        confirm.ask(io, "delete for good, with their configurations", || Ok(shown(&connectors)))?;
    }
    let absent = missing.iter().filter(|name| !is_glob(name));
    let mut rows: Vec<Value> = absent.map(|name| deletion(name, false, manner.dry_run)).collect();
    let changed = each(&connectors, io, |connector, _| {
        rows.push(if manner.dry_run { plan(change, connector) } else { apply(job, change, connector)? });
        Ok(())
    });
    // What was done is told, also when the rest could not be.
    job.render.rows(&rows, &mut io.output)?;
    let mut exit = changed?;
    if let Some(timeout) = manner.wait.filter(|_| !manner.dry_run) {
        io.output.hand_over(&mut io.messages)?;
        let deadline = Deadline::after(timeout);
        let waited = each_ends(&connectors, io, |connector, io| {
            let end = match change {
                Change::Restart(RestartArgs { retries: Some(retries), backoff, .. }) => {
                    wait_for_restart(job, (retries, backoff), connector, timeout, io)?
                }
                _ => wait::wait(job.worker, &connector.name, change.goal(), Some(connector), deadline)?,
            };
            Ok(end.told(io))
        })?;
        exit = exit.worst(waited);
    }
    Ok(exit)
}

/// Waits until what was restarted runs. What fails again is restarted again, as often as that was asked for, and each
/// time is given the whole time.
fn wait_for_restart(
    job: &Job<'_>,
    (retries, backoff): (u32, Duration),
    connector: &Connector,
    timeout: Duration,
    io: &mut Io,
) -> Result<End> {
    let (worker, name) = (job.worker, &connector.name);
    let wait =
        |before: &Connector| wait::wait(worker, name, Goal::Running, Some(before), Deadline::after(timeout));
    let mut before = connector.clone();
    for retry in 1..=retries {
        let failure = match wait(&before) {
            Ok(end) => return Ok(end),
            Err(failure) => failure,
        };
        match worker.connector(name)? {
            Some(now) if failure.exit() == Exit::Refused && !now.failures().is_empty() => before = now,
            // Paused or deleted: no restart cures that.
            _ => return Err(failure),
        }
        let seconds = backoff.as_secs_f32();
        io.messages.say(&format!("{}; retry {retry} of {retries} in {seconds} s", failure.text()));
        worker.pause(backoff)?;
        let mut row = restart(worker, name, true)?;
        row["retry"] = retry.into();
        job.render.row(row, &mut io.output)?;
        io.output.hand_over(&mut io.messages)?;
    }
    wait(&before)
}

/// Connectors with their states, for one who is asked about them.
fn shown(connectors: &[Connector]) -> Vec<String> {
    connectors.iter().map(|connector| format!("{} ({})", connector.name, connector.state())).collect()
}

fn deletion(name: &str, deleted: bool, dry_run: bool) -> Value {
    if dry_run {
        return json!({"name": name, "dry_run": true, "deleted": deleted});
    }
    json!({"name": name, "deleted": deleted})
}

fn plan(change: Change, connector: &Connector) -> Value {
    let name = &connector.name;
    match change {
        Change::Delete { .. } => deletion(name, true, true),
        Change::Restart(RestartArgs { failed, task, .. }) => {
            let parts = connector.parts().filter(|(_, part)| !failed || part.has_failed());
            let parts: Vec<Option<u64>> = match task {
                Some(task) => vec![Some(task)],
                None => parts.map(|(id, _)| id).collect(),
            };
            let tasks: Vec<u64> = parts.iter().copied().flatten().collect();
            json!({"name": name, "dry_run": true, "connector": parts.contains(&None), "tasks": tasks})
        }
        _ => json!({"name": name, "dry_run": true, "result": change.result(connector)}),
    }
}

fn apply(job: &Job<'_>, change: Change, connector: &Connector) -> Result<Value> {
    let (worker, name) = (job.worker, connector.name.as_str());
    let result = change.result(connector);
    match change {
        Change::Pause => worker.pause_connector(name)?,
        Change::Resume => worker.resume_connector(name)?,
        Change::Stop => worker.stop_connector(name)?,
        Change::Delete { .. } => return Ok(deletion(name, worker.delete(name)?, false)),
        Change::Restart(RestartArgs { task: Some(task), .. }) => {
            worker.restart_task(name, task)?;
            return Ok(json!({"name": name, "connector": false, "tasks": [task]}));
        }
        Change::Restart(RestartArgs { failed, task: None, .. }) => return restart(worker, name, failed),
    }
    Ok(json!({"name": name, "result": result}))
}

fn restart(worker: &Worker, name: &str, only_failed: bool) -> Result<Value> {
    let restarted = worker.restart(name, only_failed)?;
    Ok(json!({"name": name, "connector": restarted.connector, "tasks": restarted.tasks}))
}
