//! `topic-ctl`: one request, one answer.

mod args;
mod brokers;
mod check;
mod configs;
mod groups;
mod habit;
mod key;
mod lag;
mod names;
mod offsets;
mod places;
mod reset;
mod topics;
mod trim;

use std::time::{Duration, Instant};

pub use args::{Args, ChangeArgs, Groups, LagArgs, ResetArgs, SettingArgs, TrimArgs, Verb};
pub use habit::habit;
use kch_cli::{Exit, Explain as _, Failure, Io, Render, Result, Settings};
use kch_kafka::{Admin, Change, KafkaConfig};
use serde_json::Value;

/// Between two looks at what is waited for or watched.
const EVERY: Duration = Duration::from_secs(1);

/// What every verb works with.
struct Job {
    admin: Admin,
    /// When a wait is over, for a verb that waits.
    deadline: Option<Instant>,
    /// Whether a person reads: what is nested in JSON becomes rows of its own.
    table: bool,
}

/// Runs the tool.
///
/// # Errors
/// Settings that are missing or wrong, brokers that cannot be reached, requests that are refused.
pub fn run(args: Args, io: &mut Io) -> Result<Exit> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    let render = args.render.render(&io.output);
    if args.common.show_config {
        args.kafka.apply(&mut settings)?;
        render.rows(&settings.show(kch_kafka::VARS)?, &mut io.output)?;
        return Ok(Exit::Done);
    }
    let Some(verb) = args.verb else {
        return Err(Failure::usage("no verb given").hint("topic-ctl --help lists them"));
    };
    // What is done, and the verdict, stand also when nobody reads the rows. Keys may come for as long as they are read.
    if !matches!(verb, Verb::Partition { .. }) {
        io.output.outlive_reader();
    }
    let config = KafkaConfig::resolve(&args.kafka, &mut settings)?.with_signals(io.signals.clone());
    let deadline = verb.wait().map(|wait| Instant::now() + wait);
    let job = Job { admin: connect(&config, deadline, io)?, deadline, table: render.is_table() };
    match verb {
        Verb::Lag(args) => lag::run(&job, &args, io, &render),
        Verb::Check { topics, .. } => check::run(&job, &topics, io, &render),
        verb => {
            let rows = answer(&job, verb, io, &render)?;
            render.rows(&rows, &mut io.output)?;
            Ok(Exit::Done)
        }
    }
}

/// Connects; one who waits does not mind brokers that are not up yet.
fn connect(config: &KafkaConfig, deadline: Option<Instant>, io: &Io) -> Result<Admin> {
    loop {
        match Admin::connect(config.clone()) {
            Err(error)
                if error.exit() == Exit::Unavailable
                    && deadline.is_some_and(|end| Instant::now() + EVERY < end) => {}
            other => return Ok(other?),
        }
        if let Some(signal) = io.signals.pause(EVERY) {
            return Err(Failure::interrupted(signal));
        }
    }
}

/// The rows to print. A verb whose rows are not the whole outcome prints them itself, and fails.
fn answer(job: &Job, verb: Verb, io: &mut Io, render: &Render) -> Result<Vec<Value>> {
    match verb {
        Verb::List { topics, all } => topics::list(job, &topics, all, io),
        Verb::Describe { topics } if job.table => topics::describe_tables(job, &topics, io, render),
        Verb::Describe { topics } => topics::describe(job, &topics),
        Verb::Create { topic, partitions, replication_factor, settings, if_not_exists, change } => {
            let config = configs::key_values(&settings)?;
            let spec = kch_kafka::NewTopicSpec { name: topic, partitions, replication_factor, config };
            topics::create(job, &spec, if_not_exists, change, io)
        }
        Verb::Alter { topic, partitions, settings, change } => {
            topics::alter(job, &topic, partitions, &settings, change, io)
        }
        Verb::Delete { topics, if_exists, confirm, change } => {
            let topics = names::topics(job, &topics)?.matched_or(if_exists).map_err(hint_if_exists)?;
            let there = topics::ensure_deletable(job, &topics, if_exists)?;
            if !change.dry_run {
                confirm.ask(io, "delete for good, with all records", || topics::shown(job, &there))?;
            }
            topics::delete(job, &topics, &there, change, io, render)
        }
        Verb::Groups(Groups::List { groups }) => groups::list(job, &groups, io),
        Verb::Groups(Groups::Describe { groups }) => {
            groups::describe(job, &names::groups(job, &groups)?.matched()?)
        }
        Verb::Groups(Groups::Delete { groups, if_exists, confirm, dry_run }) => {
            let groups = names::groups(job, &groups)?.matched_or(if_exists).map_err(hint_if_exists)?;
            let there = groups::ensure_deletable(job, &groups, if_exists)?;
            if !dry_run {
                confirm.ask(io, "delete for good, with all offsets", || Ok(there.clone()))?;
            }
            groups::delete(job, &groups, &there, dry_run, io, render)
        }
        Verb::ResetOffsets(args) => reset::run(job, &args),
        Verb::Offsets { topics, at } => offsets::of(job, &topics, at, io, render),
        Verb::Configs { topic, broker, defaults, settings, change } => {
            configs::run(job, &configs::resource(topic, broker), defaults, &settings, change)
        }
        Verb::Partition { topic, keys, partitions } => {
            key::lookup(job, &topic, &keys, partitions, io, render)
        }
        Verb::Trim(args) => trim::run(job, &args, io, render),
        Verb::Brokers => brokers::list(job, io),
        // They print as they go.
        Verb::Lag(_) | Verb::Check { .. } => Ok(Vec::new()),
    }
}

impl ChangeArgs {
    fn change(self) -> Change {
        if self.dry_run { Change::Validate } else { Change::Make(self.timeout) }
    }
}

/// For what is to be deleted and is not there.
fn hint_if_exists(failure: Failure) -> Failure {
    failure.hint("--if-exists makes that a success")
}

/// A row of what was done, or would be.
fn outcome(mut row: Value, dry_run: bool) -> Value {
    if dry_run {
        row["dry_run"] = true.into();
    }
    row
}

/// The rows that are the outcome, printed at once when it ends in a failure.
fn told(rows: Vec<Value>, end: Result<()>, io: &mut Io, render: &Render) -> Result<Vec<Value>> {
    if let Err(failure) = end {
        // Why it failed matters more than that the rows cannot be written.
        let _ = render.rows(&rows, &mut io.output);
        return Err(failure);
    }
    Ok(rows)
}

/// A row for each item that is done, also when a later one cannot be.
fn one_by_one<T>(
    items: impl IntoIterator<Item = T>,
    io: &mut Io,
    render: &Render,
    job: impl FnMut(T) -> Result<Value>,
) -> Result<Vec<Value>> {
    let mut end = Ok(());
    let done = items.into_iter().map(job).map_while(|row| row.map_err(|failure| end = Err(failure)).ok());
    let rows = done.collect();
    told(rows, end, io, render)
}
