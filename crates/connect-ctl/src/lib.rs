//! `connect-ctl`: one request, one answer. Owns the verbs.

mod apply;
mod args;
mod cause;
mod complete;
mod config;
mod connector;
mod control;
mod dlq;
mod export;
mod fill;
mod habit;
mod help;
mod lag;
mod letters;
mod loggers;
mod mask;
mod offsets;
mod patch;
mod plugins;
mod properties;
mod select;
mod status;
mod template;
mod validate;
mod wait;
mod watch;
mod worker;

use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use kch_kafka::{KafkaArgs, KafkaConfig};
use serde_json::{Value, json};

pub use args::{Args, LoggersVerb, OffsetsVerb, Verb};
pub use habit::habit;

use apply::How;
use connector::Connector;
use control::Change;
use offsets::Move;
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
    let render = args.render.render(&io.output);
    if args.common.show_config {
        render.rows(&show_config(&settings)?, &mut io.output)?;
        return Ok(Exit::Done);
    }
    let Some(verb) = &args.verb else {
        return Err(Failure::usage("no verb given").hint("connect-ctl --help lists them"));
    };
    // What is done, and the verdict, stand also when nobody reads the rows.
    if !matches!(verb, Verb::Watch(_) | Verb::Dlq(_)) {
        io.output.outlive_reader();
    }
    // Where topics go needs no worker.
    if let Verb::Template(args) = verb
        && args.class.is_none()
    {
        let template = template::of_topic(&mut settings, args, io)?;
        return print(&render, &template::rows(template, render.is_table()), io);
    }
    let worker = Worker::from_settings(&settings, &io.signals)?;
    let table = render.is_table();
    let job = Job { worker: &worker, settings: &settings, render, table };
    let rows = match verb {
        Verb::Apply { source, pruning, confirm, birth, care, manner } => {
            let how = How { manner: *manner, birth: *birth, care: *care };
            return apply::run(&job, source, pruning, *confirm, how, io);
        }
        Verb::Diff { source, pruning } => return apply::diff(&job, source, pruning, io),
        Verb::Patch { which, edits, care, manner } => {
            let how = How { manner: *manner, care: *care, ..How::default() };
            return patch::patch(&job, which, edits, how, io);
        }
        Verb::Clone { name, new, edits, birth, care, manner } => {
            let how = How { manner: *manner, birth: *birth, care: *care };
            return patch::clone(&job, (name, new), edits, how, io);
        }
        Verb::Validate { input, strict } => {
            return validate::run(&job, &validate::source(input), *strict, io);
        }
        Verb::Status { which, traces, fail_on } => {
            return status::run(&job, which, *traces, fail_on, io);
        }
        Verb::Wait { names, goal, timeout } => return wait::run(&job, names, *goal, *timeout, io),
        Verb::Pause { which, manner } => return control::run(&job, which, Change::Pause, *manner, io),
        Verb::Resume { which, manner } => {
            return control::run(&job, which, Change::Resume, *manner, io);
        }
        Verb::Stop { which, manner } => return control::run(&job, which, Change::Stop, *manner, io),
        Verb::Restart { which, how, manner } => {
            return control::run(&job, which, Change::Restart(*how), *manner, io);
        }
        Verb::Delete { which, if_exists, confirm, manner } => {
            let change = Change::Delete { if_exists: *if_exists, confirm: *confirm };
            return control::run(&job, which, change, *manner, io);
        }
        Verb::Lag { which, looking, kafka } => {
            return lag::run(&job, which, *looking, brokers(kafka, args, io)?, io);
        }
        Verb::Dlq(dlq) => return dlq::run(&job, dlq, Settings::load(args.common.env_file.as_deref())?, io),
        Verb::Watch(args) => return watch::run(&job, args, io),
        Verb::Export(args) => return export::run(&job, args, io),
        Verb::Info => vec![worker.info()?],
        Verb::Plugins { all, kind } => plugins::list(&job, *all, *kind)?,
        Verb::Plugin { class, search } => plugins::settings(&job, class, search.as_deref())?,
        Verb::Template(args) => {
            let class = args.class.as_deref().unwrap_or_default();
            template::rows(template::of_class(&worker, args, class)?, table)
        }
        Verb::List(which) => which.listed(&worker, io)?.iter().map(Connector::summary).collect(),
        Verb::Get { name } => get(&job, name)?,
        Verb::Tasks { name } => status::tasks(&job, name)?,
        Verb::Topics { name, reset, dry_run } => status::topics(&job, name, *reset, *dry_run)?,
        Verb::Offsets(OffsetsVerb::Get { name }) => offsets::get(&job, name)?,
        Verb::Offsets(OffsetsVerb::Set { name, input, to, dry_run, kafka }) => {
            let places = match to {
                Some(bound) => offsets::at(&job, name, *bound, brokers(kafka, args, io)?)?,
                None => offsets::read(input, io)?,
            };
            offsets::change(&job, name, &Move::To(places), *dry_run)?
        }
        Verb::Offsets(OffsetsVerb::Reset { name, dry_run }) => {
            offsets::change(&job, name, &Move::Reset, *dry_run)?
        }
        Verb::Loggers(LoggersVerb::Get { name }) => loggers::get(&job, name.as_deref())?,
        Verb::Loggers(LoggersVerb::Set { name, level, cluster, dry_run }) => {
            loggers::set(&job, name, *level, *cluster, *dry_run)?
        }
    };
    print(&job.render, &rows, io)
}

fn print(render: &Render, rows: &[Value], io: &mut Io) -> Result<Exit> {
    render.rows(rows, &mut io.output)?;
    Ok(Exit::Done)
}

/// Kafka's flags are a verb's own, so its settings are read where they are needed.
fn brokers(kafka: &KafkaArgs, args: &Args, io: &Io) -> Result<KafkaConfig> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    Ok(KafkaConfig::resolve(kafka, &mut settings)?.with_signals(io.signals.clone()))
}

fn show_config(settings: &Settings) -> Result<Vec<Value>> {
    let mut shown = kch_http::CONNECT.all().to_vec();
    shown.extend(kch_kafka::VARS);
    shown.extend(kch_http::REGISTRY.all());
    shown.extend([&vars::SINK_SCHEMA_REGISTRY_URL, &vars::SINK_CLICKHOUSE_HTTP]);
    settings.show(&shown)
}

fn get(job: &Job<'_>, name: &str) -> Result<Vec<Value>> {
    let config = job.worker.config(name)?.ok_or_else(|| job.worker.no_such_connector(name))?;
    let shown = mask::config(&config, &job.worker.passwords_of(&config)?);
    if job.table {
        return Ok(shown.iter().map(|(key, value)| json!({"setting": key, "value": value})).collect());
    }
    Ok(vec![json!({"name": name, "config": shown})])
}

/// Does the job for each item. Among several, one that is refused is told and does not keep the others from it; a
/// service that is away, a wrong setting or a signal ends it.
fn each<T>(items: &[T], io: &mut Io, mut job: impl FnMut(&T, &mut Io) -> Result<()>) -> Result<Exit> {
    each_ends(items, io, |item, io| job(item, io).map(|()| Exit::Done))
}

/// The same for a job that says itself how it has ended: the gravest end is that of all.
fn each_ends<T>(items: &[T], io: &mut Io, mut job: impl FnMut(&T, &mut Io) -> Result<Exit>) -> Result<Exit> {
    let mut exit = Exit::Done;
    for item in items {
        match job(item, io) {
            Ok(end) => exit = exit.worst(end),
            Err(failure) if items.len() > 1 && failure.exit() == Exit::Refused => {
                io.messages.failure(&failure);
                exit = exit.worst(Exit::Refused);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(exit)
}
