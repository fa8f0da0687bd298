//! `connect-ctl`: one request, one answer. Owns the verbs.

mod apply;
mod args;
mod config;
mod fill;
mod mask;
mod status;
mod validate;
mod worker;

use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use serde_json::{Value, json};

pub use args::{Args, Verb};

use worker::Worker;

/// What a verb works with.
struct Job<'j> {
    worker: &'j Worker,
    settings: &'j Settings,
    render: Render,
    /// Whether rows are for a person: tables, not JSON lines.
    table: bool,
}

/// Runs the tool.
///
/// # Errors
/// Settings that are missing or wrong, a worker that cannot be reached, requests that it refuses, connectors that failed.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    settings.set_flag(&vars::CONNECT_URL, args.connect.as_deref());
    let render = Render::new(args.output, &io.output);
    if args.common.show_config {
        render.rows(&settings.show(&kch_http::CONNECT.all())?, &mut io.output)?;
        return Ok(Exit::Done);
    }
    let Some(verb) = &args.verb else {
        return Err(Failure::usage("no verb given").hint("connect-ctl --help lists them"));
    };
    let worker = Worker::from_settings(&settings, &io.signals)?;
    let table = match args.output {
        Some(format) => format == kch_cli::Format::Table,
        None => io.output.is_terminal(),
    };
    let job = Job { worker: &worker, settings: &settings, render, table };
    let rows = match verb {
        Verb::Info => vec![worker.info()?],
        Verb::Plugins => worker.plugins()?.iter().map(plugin_row).collect(),
        Verb::List => worker.connectors()?.iter().map(status::Connector::summary).collect(),
        Verb::Apply { name, file, dry_run, wait } => {
            return apply::run(&job, name, file, *dry_run, *wait, io);
        }
        Verb::Validate { file } => return validate::run(&job, file, io),
        Verb::Get { name } => get(&job, name)?,
        Verb::Status { name } => return status::run(&job, name.as_deref(), io),
        Verb::Restart { name, all } => {
            worker.restart(name, *all)?;
            vec![json!({"name": name, "restarted": if *all { "all" } else { "failed" }})]
        }
        Verb::Delete { name, if_exists } => {
            let deleted = worker.delete(name)?;
            if !deleted && !if_exists {
                return Err(worker.no_such_connector(name));
            }
            vec![json!({"name": name, "deleted": deleted})]
        }
        Verb::Wait { name: None, timeout } => {
            worker.wait(*timeout)?;
            Vec::new()
        }
        Verb::Wait { name: Some(name), timeout } => {
            status::wait(job.worker, name, *timeout)?;
            Vec::new()
        }
    };
    render.rows(&rows, &mut io.output)?;
    Ok(Exit::Done)
}

fn plugin_row(plugin: &Value) -> Value {
    json!({"class": plugin["class"], "type": plugin["type"], "version": plugin["version"]})
}

fn get(job: &Job<'_>, name: &str) -> Result<Vec<Value>> {
    let config = job.worker.config(name)?.ok_or_else(|| job.worker.no_such_connector(name))?;
    let shown = mask::config(&config, &[]);
    if job.table {
        return Ok(shown.iter().map(|(key, value)| json!({"setting": key, "value": value})).collect());
    }
    Ok(vec![json!({"name": name, "config": shown})])
}
