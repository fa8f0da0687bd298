//! `apply` and `diff`: what is wanted against what is in force. Sends only a difference, so running it twice is running
//! it once. What nothing is said of is left alone, unless `--prune` is.

use clap::builder::NonEmptyStringValueParser;
use kch_cli::{ConfirmArgs, Exit, Failure, Io, Result};
use serde_json::{Map, Value, json};

use crate::config::{self, Source, Wanted};
use crate::connector::Connector;
use crate::control::Manner;
use crate::wait::{self, Deadline, End, Goal, TakingOver};
use crate::worker::Config;
use crate::{Job, each, each_ends, mask, validate};

/// What becomes of connectors that no configuration is of.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Pruning {
    /// Delete the connectors that the files of --file do not have
    #[arg(long)]
    pub prune: bool,

    /// With --prune: only those whose names begin so
    #[arg(long, requires = "prune", value_parser = NonEmptyStringValueParser::new())]
    pub prefix: Option<String>,
}

impl Pruning {
    /// clap does not look at `requires` beside arguments that conflict with what is required.
    fn ensure_whole(&self, source: &Source) -> Result<()> {
        if self.prune && source.files.is_empty() {
            return Err(Failure::usage("--prune needs --file: one configuration says nothing of the others")
                .hint("-f DIR has all that shall be there; -f - are JSON lines on stdin"));
        }
        Ok(())
    }

    /// The names of the connectors that are to go.
    fn find(&self, job: &Job<'_>, wanted: &[(String, Wanted)]) -> Result<Vec<String>> {
        if !self.prune {
            return Ok(Vec::new());
        }
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let is_wanted = |name: &String| wanted.iter().any(|(wanted, _)| wanted == name);
        let there = job.worker.names()?;
        Ok(there.into_iter().filter(|name| name.starts_with(prefix) && !is_wanted(name)).collect())
    }
}

/// How connectors are born.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Birth {
    /// Create it stopped, so that it does nothing before it is resumed; one that is there keeps its state
    #[arg(long)]
    pub stopped: bool,
}

/// What a slip of the keyboard does.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Care {
    /// Refuse a setting that nobody knows; otherwise one that looks like a slip is a warning
    #[arg(long)]
    pub strict: bool,
}

/// How a change is made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How {
    pub(crate) manner: Manner,
    pub(crate) birth: Birth,
    pub(crate) care: Care,
}

/// One connector: what is wanted of it, what is in force, and what that makes.
pub(crate) struct Step {
    name: String,
    now: Config,
    wanted: Wanted,
    changes: Vec<Value>,
    result: &'static str,
}

impl Step {
    pub(crate) fn new(job: &Job<'_>, name: &str, wanted: Wanted) -> Result<Step> {
        Step::from(job, name, job.worker.config(name)?.as_ref(), wanted)
    }

    /// `now` is the configuration in force, if there is one.
    pub(crate) fn from(job: &Job<'_>, name: &str, now: Option<&Config>, mut wanted: Wanted) -> Result<Step> {
        if now != Some(&wanted.config) {
            wanted.secrets.extend(passwords(job, now, &wanted)?);
        }
        let changes = config::changes(now, &wanted);
        let result = match now {
            None => "created",
            Some(_) if changes.is_empty() => "unchanged",
            Some(_) => "updated",
        };
        let now = now.cloned().unwrap_or_default();
        Ok(Step { name: name.to_owned(), now, wanted, changes, result })
    }

    /// A connector that nothing is wanted of.
    fn deletion(job: &Job<'_>, name: &str) -> Result<Step> {
        let now = job.worker.config(name)?.unwrap_or_default();
        let wanted = Wanted { secrets: job.worker.passwords_of(&now)?, ..Wanted::default() };
        let changes = config::changes(Some(&now), &wanted);
        Ok(Step { name: name.to_owned(), now, wanted, changes, result: "deleted" })
    }

    pub(crate) fn is_new(&self) -> bool {
        self.result == "created"
    }

    pub(crate) fn changes_nothing(&self) -> bool {
        self.result == "unchanged"
    }
}

/// What the classes say are passwords, besides what looks like one. The old classes' words count for the old settings.
fn passwords(job: &Job<'_>, now: Option<&Config>, wanted: &Wanted) -> Result<Vec<String>> {
    let mut passwords = job.worker.passwords_of(&wanted.config)?;
    if let Some(now) = now {
        passwords.extend(job.worker.passwords_of(now)?);
    }
    Ok(passwords)
}

pub(crate) fn run(
    job: &Job<'_>,
    source: &Source,
    pruning: &Pruning,
    confirm: ConfirmArgs,
    how: How,
    io: &mut Io,
) -> Result<Exit> {
    pruning.ensure_whole(source)?;
    let all = source.read_named(job.settings, io)?;
    if let Some(timeout) = how.manner.wait.filter(|_| !how.manner.dry_run) {
        job.worker.come_up(timeout)?;
    }
    let unwanted = pruning.find(job, &all)?;
    if !how.manner.dry_run {
        confirm.ask(io, "delete for good what the files do not have", || Ok(unwanted.clone()))?;
    }
    let mut waiting = Waiting::new(how);
    let mut exit = each(&all, io, |(name, wanted), io| {
        let step = Step::new(job, name, wanted.clone())?;
        waiting.take(job, step, io)
    })?;
    if exit == Exit::Done {
        exit = each(&unwanted, io, |name, io| waiting.take(job, Step::deletion(job, name)?, io))?;
    } else if !unwanted.is_empty() {
        io.messages.say("note: no connector is deleted while one is refused");
    }
    Ok(exit.worst(waiting.end(job, io)?))
}

/// Steps that are taken, and what they have led to is waited for at the end, if it is.
pub(crate) struct Waiting {
    how: How,
    taken: Vec<Taken>,
}

struct Taken {
    name: String,
    goal: Goal,
    before: Option<Connector>,
    /// What the tasks of one that was there are to take over.
    taking: Option<TakingOver>,
}

impl Waiting {
    pub(crate) fn new(how: How) -> Waiting {
        Waiting { how, taken: Vec::new() }
    }

    pub(crate) fn take(&mut self, job: &Job<'_>, step: Step, io: &mut Io) -> Result<()> {
        let Manner { dry_run, wait } = self.how.manner;
        let waits = wait.is_some() && !dry_run;
        let before = if waits { job.worker.connector(&step.name)? } else { None };
        let changes = waits && step.result == "updated";
        let taking =
            changes.then(|| TakingOver::begin(job.worker, &step.name, &step.now, &step.wanted.config));
        apply(job, &step, self.how, io)?;
        let goal = match step.result {
            "deleted" => Goal::Gone,
            "created" if self.how.birth.stopped => Goal::Stopped,
            _ => Goal::Running,
        };
        self.taken.push(Taken { name: step.name, goal, before, taking });
        Ok(())
    }

    pub(crate) fn end(self, job: &Job<'_>, io: &mut Io) -> Result<Exit> {
        let Manner { dry_run, wait } = self.how.manner;
        let Some(timeout) = wait.filter(|_| !dry_run) else { return Ok(Exit::Done) };
        io.output.hand_over(&mut io.messages)?;
        let deadline = Deadline::after(timeout);
        each_ends(&self.taken, io, |Taken { name, goal, before, taking }, io| {
            if let Some(taking) = taking {
                let end = wait::until_taken_over(job.worker, name, taking, deadline)?;
                if end != End::Reached {
                    return Ok(end.told(io));
                }
            }
            Ok(wait::wait(job.worker, name, *goal, before.as_ref(), deadline)?.told(io))
        })
    }
}

fn apply(job: &Job<'_>, step: &Step, how: How, io: &mut Io) -> Result<()> {
    let dry_run = how.manner.dry_run;
    let Step { name, changes, result, .. } = step;
    match *result {
        "unchanged" => {}
        "deleted" if dry_run => {}
        "deleted" => job.worker.delete(name).map(|_| ())?,
        _ => send(job, step, how, io)?,
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
    if dry_run && *result != "deleted" {
        row["config"] = Value::Object(shown(job, step)?);
    }
    row["changes"] = Value::Array(changes.clone());
    job.render.row(row, &mut io.output)
}

/// The whole configuration, masked. What the classes call a password was not asked for of one that stays as it is.
fn shown(job: &Job<'_>, step: &Step) -> Result<Map<String, Value>> {
    let mut secrets = step.wanted.secrets.clone();
    if step.changes_nothing() {
        secrets.extend(job.worker.passwords_of(&step.wanted.config)?);
    }
    Ok(mask::config(&step.wanted.config, &secrets))
}

/// Sends a configuration. A dry run is as strict as the worker.
fn send(job: &Job<'_>, step: &Step, how: How, io: &mut Io) -> Result<()> {
    let Step { name, wanted, .. } = step;
    let dry_run = how.manner.dry_run;
    let findings = match validate::findings(job, wanted) {
        // Connect says it again, and better, of what is sent.
        Err(_) if !dry_run && !how.care.strict => validate::Findings::default(),
        findings => findings?,
    };
    if how.care.strict {
        findings.ensure_all_known(name)?;
    }
    for slip in &findings.slips {
        io.messages.say(&format!("warning: {name}: {}: {}", slip.setting, slip.text()));
    }
    if dry_run && !findings.errors.is_empty() {
        let errors: String = findings.errors.iter().map(|error| format!("\n  {}", error.text)).collect();
        let text = format!("the configuration of {name} is invalid:{errors}");
        return Err(mask::refusal(Failure::refused(text), wanted));
    }
    if dry_run {
        return Ok(());
    }
    let sent = if how.birth.stopped && step.is_new() {
        job.worker.create_stopped(name, &wanted.config)
    } else {
        job.worker.put_config(name, &wanted.config)
    };
    sent.map_err(|failure| mask::refusal(failure, wanted))
}

/// What `apply` would change: exit code 1 when that is anything.
pub(crate) fn diff(job: &Job<'_>, source: &Source, pruning: &Pruning, io: &mut Io) -> Result<Exit> {
    pruning.ensure_whole(source)?;
    let all = source.read_named(job.settings, io)?;
    let unwanted = pruning.find(job, &all)?;
    let wanted = all.into_iter().map(|(name, wanted)| (name, Some(wanted)));
    let all: Vec<_> = wanted.chain(unwanted.into_iter().map(|name| (name, None))).collect();
    let mut differ = Exit::Done;
    let exit = each(&all, io, |(name, wanted), io| {
        let step = match wanted {
            Some(wanted) => Step::new(job, name, wanted.clone())?,
            None => Step::deletion(job, name)?,
        };
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
