//! `loggers`: what the worker writes into its log.

use kch_cli::Result;
use serde_json::{Value, json};

use crate::Job;

/// A logger's level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// Nothing
    Off,
    /// What ends the worker
    Fatal,
    /// What failed
    Error,
    /// What looks wrong
    Warn,
    /// What happens
    Info,
    /// For who looks for an error
    Debug,
    /// All
    Trace,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Off => "OFF",
            Level::Fatal => "FATAL",
            Level::Error => "ERROR",
            Level::Warn => "WARN",
            Level::Info => "INFO",
            Level::Debug => "DEBUG",
            Level::Trace => "TRACE",
        }
    }
}

pub(crate) fn get(job: &Job<'_>, name: Option<&str>) -> Result<Vec<Value>> {
    let row = |name: &str, level: &str| json!({"logger": name, "level": level});
    match name {
        Some(name) => Ok(vec![row(name, &job.worker.logger(name)?)]),
        None => Ok(job.worker.loggers()?.iter().map(|(name, level)| row(name, level)).collect()),
    }
}

pub(crate) fn set(
    job: &Job<'_>,
    name: &str,
    level: Level,
    cluster: bool,
    dry_run: bool,
) -> Result<Vec<Value>> {
    let before = job.worker.loggers()?.remove(name);
    let level = level.word();
    if dry_run {
        return Ok(vec![json!({"logger": name, "dry_run": true, "from": before, "level": level})]);
    }
    job.worker.set_logger(name, level, cluster)?;
    Ok(vec![json!({"logger": name, "from": before, "level": level})])
}
