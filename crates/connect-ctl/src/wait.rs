//! Waiting until a connector is as it was asked to be, or will not be.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result, is_glob};

use crate::connector::Connector;
use crate::select::Which;
use crate::status::ensure_none_failed;
use crate::worker::{Config, LOOK, Worker};
use crate::{Job, each_ends};

/// A task says RUNNING before its first poll, and may say FAILED after it; one that is being replaced says it too.
const RUNNING_FOR: Duration = Duration::from_secs(2);
/// A task that has failed for good stays so.
const FAILED_FOR: Duration = Duration::from_secs(3);
/// After a change, a task that had failed before says so until its successor has started; at least so long, and longer where
/// there is time.
const FAILED_AS_BEFORE_FOR: Duration = Duration::from_secs(10);

/// How long tasks are given to take over what their connector was told, where nothing tells that they have.
const TAKEN_OVER_IN: Duration = Duration::from_secs(10);
/// How long at least, also when others have left no time for it.
const TAKEN_OVER_IN_LATE: Duration = Duration::from_secs(1);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Goal {
    /// It and all its tasks run
    Running,
    /// It is paused, and so are its tasks
    Paused,
    /// It is stopped, and its tasks are gone
    Stopped,
    /// It is deleted
    Gone,
}

impl Goal {
    fn is_reached(self, connector: &Connector) -> bool {
        match self {
            Goal::Running => connector.is_running(),
            // A task that has failed stays so.
            Goal::Paused => connector.parts().all(|(_, part)| part.state == "PAUSED" || part.has_failed()),
            Goal::Stopped => connector.state() == "STOPPED" && connector.tasks().next().is_none(),
            Goal::Gone => false,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Goal::Running => "RUNNING",
            Goal::Paused => "PAUSED",
            Goal::Stopped => "STOPPED",
            Goal::Gone => "gone",
        }
    }

    /// How long it has to look so before it is believed.
    fn settles_in(self) -> Duration {
        if self == Goal::Running { RUNNING_FOR } else { Duration::ZERO }
    }
}

/// When a wait is over. One for several that were all changed at once is of them all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    end: Instant,
    timeout: Duration,
}

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Deadline {
        Deadline { end: Instant::now() + timeout, timeout }
    }

    /// How long a failure of before a change is not believed to be one of after it.
    fn patience(self) -> Duration {
        FAILED_AS_BEFORE_FOR.max(self.timeout / 3)
    }

    /// Whether there is no time for another look.
    fn is_near(self) -> bool {
        Instant::now() + LOOK > self.end
    }
}

impl std::fmt::Display for Deadline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} s", (self.timeout.as_secs_f32() * 10.0).round() / 10.0)
    }
}

/// How a wait ends that no failure has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Reached,
    /// Not in time: what is said of it.
    Late(String),
}

impl End {
    /// Being late is a failure.
    pub(crate) fn or_fail(self) -> Result<()> {
        match self {
            End::Reached => Ok(()),
            End::Late(text) => Err(Failure::unavailable(text)),
        }
    }

    /// Being late is told, and does not keep from waiting for others.
    pub(crate) fn told(self, io: &mut Io) -> Exit {
        match self {
            End::Reached => Exit::Done,
            End::Late(text) => {
                io.messages.say(&text);
                Exit::Unavailable
            }
        }
    }
}

/// Waits for the worker, or for each of the connectors.
pub(crate) fn run(
    job: &Job<'_>,
    names: &[String],
    goal: Goal,
    timeout: Duration,
    io: &mut Io,
) -> Result<Exit> {
    if names.is_empty() {
        job.worker.wait(timeout)?;
        return Ok(Exit::Done);
    }
    let deadline = Deadline::after(timeout);
    let names = named(job.worker, names, goal, deadline)?;
    each_ends(&names, io, |name, io| Ok(wait(job.worker, name, goal, None, deadline)?.told(io)))
}

/// The names, and those that globs match: now, or as soon as each matches one. For these the worker must answer.
fn named(worker: &Worker, names: &[String], goal: Goal, deadline: Deadline) -> Result<Vec<String>> {
    if !names.iter().any(|name| is_glob(name)) {
        return Ok(names.to_vec());
    }
    worker.wait(deadline.timeout)?;
    let which = Which { names: names.to_vec(), ..Which::default() };
    loop {
        let last_look = deadline.is_near();
        match which.named(worker) {
            Err(failure) if failure.exit() == Exit::Unavailable && !last_look => {}
            Err(failure) => return Err(failure),
            Ok(chosen) => {
                let (globs, missing): (Vec<_>, Vec<_>) =
                    chosen.missing.into_iter().partition(|name| is_glob(name));
                match globs.first().filter(|_| goal != Goal::Gone) {
                    None => {
                        let there = chosen.connectors.into_iter().map(|connector| connector.name);
                        return Ok(there.chain(missing).collect());
                    }
                    Some(glob) if last_look => {
                        let text = format!("no connector matches {glob:?} after {deadline}");
                        return Err(Failure::unavailable(text));
                    }
                    Some(_) => {}
                }
            }
        }
        worker.pause(LOOK)?;
    }
}

/// Waits until the connector is there. `before` is what it was before a change, if that is what is waited for.
///
/// # Errors
/// As soon as a part of it has failed for good, when it was paused or stopped instead, and when the worker is away.
pub(crate) fn wait(
    worker: &Worker,
    name: &str,
    goal: Goal,
    before: Option<&Connector>,
    deadline: Deadline,
) -> Result<End> {
    let mut seen: Option<(Connector, Instant)> = None;
    // Whether what is seen may still be what was before.
    let mut is_as_before = before.is_some();
    loop {
        let last_look = deadline.is_near();
        let mut settling = false;
        match look(worker, name) {
            // A worker that restarts comes back.
            Err(failure) if failure.exit() == Exit::Unavailable && !last_look => {}
            Err(failure) => return Err(failure),
            Ok(None) if goal == Goal::Gone => return Ok(End::Reached),
            Ok(None) => return Err(worker.no_such_connector(name)),
            Ok(Some(now)) => {
                let since = match &seen {
                    Some((before, since)) if *before == now => *since,
                    _ => Instant::now(),
                };
                // One that was not looked at before the time was over is given the time to settle.
                settling = goal.is_reached(&now);
                if settling && since.elapsed() >= goal.settles_in() {
                    return Ok(End::Reached);
                }
                is_as_before &= before.is_some_and(|before| before.failures() == now.failures());
                let patience = if is_as_before { deadline.patience() } else { FAILED_FOR };
                ensure_hope(goal, &now, since, patience)?;
                seen = Some((now, since));
            }
        }
        if last_look && !settling {
            let states = seen.map_or_else(|| "no state yet".to_owned(), |(connector, _)| connector.states());
            let text = format!("connector {name} is not {} after {deadline}: {states}", goal.text());
            return Ok(End::Late(text));
        }
        worker.pause(LOOK)?;
    }
}

/// What tasks are to take over of a change.
pub(crate) struct TakingOver {
    /// The settings that will show it, with their new values; without a value they go. A class gives its tasks what it likes:
    /// only what it gave them unchanged before is waited for.
    awaited: BTreeMap<String, Option<String>>,
    /// All that the change sets, or takes away.
    changed: BTreeMap<String, Option<String>>,
    before: BTreeMap<u64, Config>,
}

impl TakingOver {
    /// To be made before the change is sent. Of tasks that cannot be looked at nothing is known; a worker that is away is told
    /// by the change.
    pub(crate) fn begin(worker: &Worker, name: &str, now: &Config, wanted: &Config) -> TakingOver {
        TakingOver::of(worker.task_configs(name).unwrap_or_default(), now, wanted)
    }

    fn of(before: BTreeMap<u64, Config>, now: &Config, wanted: &Config) -> TakingOver {
        let is_passed_on =
            |(key, value): (&String, &String)| before.values().all(|task| task.get(key) == Some(value));
        let all_are = !before.is_empty() && now.iter().all(is_passed_on);
        let changed = now.keys().chain(wanted.keys()).filter(|key| now.get(*key) != wanted.get(*key));
        let changed: BTreeMap<String, Option<String>> =
            changed.map(|key| (key.clone(), wanted.get(key).cloned())).collect();
        let is_awaited = |key: &String| match now.get_key_value(key) {
            Some(setting) => !before.is_empty() && is_passed_on(setting),
            None => all_are,
        };
        let mut awaited = changed.clone();
        awaited.retain(|key, _| is_awaited(key));
        TakingOver { awaited, changed, before }
    }

    fn is_done(&self, tasks: &BTreeMap<u64, Config>) -> bool {
        if !self.awaited.is_empty() {
            let has = |task: &Config| self.awaited.iter().all(|(key, value)| task.get(key) == value.as_ref());
            return tasks.values().all(has);
        }
        let shows_nothing_else = |task: &Config| {
            self.changed
                .iter()
                .all(|(key, value)| task.get(key).is_none_or(|own| Some(own) == value.as_ref()))
        };
        *tasks != self.before || tasks.values().all(shows_nothing_else)
    }
}

/// Waits until the tasks of a changed connector have its settings, and each of them has a state: until then the states are
/// those of the tasks before. Where nothing tells, they are given a moment.
pub(crate) fn until_taken_over(
    worker: &Worker,
    name: &str,
    taking: &TakingOver,
    deadline: Deadline,
) -> Result<End> {
    let now = Instant::now();
    let late = now + TAKEN_OVER_IN_LATE;
    let end = if taking.awaited.is_empty() {
        deadline.end.max(late).min(now + TAKEN_OVER_IN)
    } else {
        deadline.end.max(late)
    };
    while Instant::now() < end {
        // Who cannot be asked now is asked for the states next, which tells the failure.
        let (Ok(tasks), Ok(Some(now))) = (worker.task_configs(name), worker.connector(name)) else {
            return Ok(End::Reached);
        };
        let is_done = taking.is_done(&tasks) && now.tasks().count() == tasks.len();
        // One that does not run gives its tasks nothing.
        if is_done || matches!(now.state(), "FAILED" | "PAUSED" | "STOPPED") {
            return Ok(End::Reached);
        }
        worker.pause(LOOK)?;
    }
    if taking.awaited.is_empty() {
        return Ok(End::Reached);
    }
    Ok(End::Late(format!("connector {name}: its tasks do not have the change after {deadline}")))
}

/// The connector, or one without states that is too young to have any, or none.
fn look(worker: &Worker, name: &str) -> Result<Option<Connector>> {
    match worker.connector(name)? {
        Some(connector) => Ok(Some(connector)),
        None => {
            let young = |_| Connector::read(name, &serde_json::Value::Null, None);
            Ok(worker.config(name)?.map(young))
        }
    }
}

fn ensure_hope(goal: Goal, now: &Connector, since: Instant, patience: Duration) -> Result<()> {
    if goal != Goal::Running {
        return Ok(());
    }
    if since.elapsed() >= patience {
        ensure_none_failed(std::slice::from_ref(now))?;
    }
    if matches!(now.state(), "PAUSED" | "STOPPED") && since.elapsed() >= FAILED_FOR {
        let text = format!("connector {} is {}", now.name, now.state());
        return Err(Failure::refused(text).hint(format!("connect-ctl resume {}", now.name)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_have_taken_over_what_they_were_given_before() {
        let config = |pairs: &[(&str, &str)]| -> Config {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let tasks = |configs: &[&Config]| -> BTreeMap<u64, Config> {
            (0..).zip(configs.iter().map(|config| (*config).clone())).collect()
        };
        let (old, new) = (config(&[("a", "1"), ("b", "x")]), config(&[("a", "2"), ("b", "x"), ("c", "3")]));
        // A class that passes all on.
        let taking = TakingOver::of(tasks(&[&old]), &old, &new);
        assert_eq!(taking.awaited.keys().collect::<Vec<_>>(), ["a", "c"]);
        assert!(!taking.is_done(&tasks(&[&old])) && !taking.is_done(&tasks(&[&new, &old])));
        assert!(taking.is_done(&tasks(&[&new, &new])));
        let back = TakingOver::of(tasks(&[&new]), &new, &old);
        assert!(!back.is_done(&tasks(&[&new])) && back.is_done(&tasks(&[&old])));
        // One that writes in its own way: nothing tells but that they are others.
        let own = config(&[("a", "one"), ("b", "x")]);
        let taking = TakingOver::of(tasks(&[&own]), &old, &new);
        assert!(taking.awaited.is_empty() && !taking.is_done(&tasks(&[&own])));
        assert!(taking.is_done(&tasks(&[&own, &own])));
        // One that gives them other settings: nothing is to be seen of it.
        let own = config(&[("z", "1")]);
        let taking = TakingOver::of(tasks(&[&own]), &old, &new);
        assert!(taking.awaited.is_empty() && taking.is_done(&tasks(&[&own])));
        assert!(TakingOver::of(BTreeMap::new(), &old, &new).awaited.is_empty());
    }
}
