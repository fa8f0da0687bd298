//! `watch`: a line for each state that changes, until a signal comes.

use std::collections::BTreeMap;
use std::time::Duration;

use kch_cli::{Exit, Io, Result};
use serde_json::{Value, json};

use crate::Job;
use crate::connector::{Connector, Part};
use crate::select::Which;

/// What is watched and how.
#[derive(Clone, Debug, clap::Args)]
pub struct WatchArgs {
    /// Connectors, by name or by glob (in quotes); without one, all
    #[arg(value_name = "NAME", add = crate::complete::connectors())]
    pub names: Vec<String>,

    /// Begin with the states that there are
    #[arg(long)]
    pub initial: bool,

    /// Between two looks
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = kch_cli::parse_duration)]
    pub interval: Duration,

    /// Stop after so many lines
    #[arg(short = 'n', long, value_name = "N")]
    pub max_changes: Option<u64>,
}

/// Connectors and tasks by name and number; a connector itself has no number.
type States = BTreeMap<(String, Option<u64>), Part>;

pub(crate) fn run(job: &Job<'_>, args: &WatchArgs, io: &mut Io) -> Result<Exit> {
    let which = Which { names: args.names.clone(), ..Which::default() };
    let mut left = args.max_changes.unwrap_or(u64::MAX);
    let mut before: Option<States> = args.initial.then(States::new);
    let mut away = false;
    while left > 0 {
        match look(job, &which) {
            Ok(now) => {
                if std::mem::take(&mut away) {
                    io.messages.say("the worker answers again");
                }
                for event in before.iter().flat_map(|before| events(before, &now)) {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                    job.render.row(event, &mut io.output)?;
                }
                io.output.hand_over(&mut io.messages)?;
                before = Some(now);
            }
            // Before the first look a wrong address is an error, afterwards a worker that restarts comes back.
            Err(failure) if failure.exit() == Exit::Unavailable && before.is_some() => {
                if !std::mem::replace(&mut away, true) {
                    io.messages.say(&format!("{}; still watching", failure.text()));
                }
            }
            Err(failure) => return io.signals.received().ok_or(failure),
        }
        if io.output.reader_gone() {
            break;
        }
        if left > 0
            && let Some(exit) = pause(job, args.interval, io)
        {
            return exit;
        }
    }
    Ok(Exit::Done)
}

/// The way out that a signal asks for: nothing was left undone, so it is no error to speak of.
fn pause(job: &Job<'_>, interval: Duration, io: &Io) -> Option<Result<Exit>> {
    let paused = job.worker.pause(interval);
    match (io.signals.received(), paused) {
        (Some(exit), _) => Some(Ok(exit)),
        (None, Err(failure)) => Some(Err(failure)),
        (None, Ok(())) => None,
    }
}

fn look(job: &Job<'_>, which: &Which) -> Result<States> {
    let connectors = job.worker.connectors()?;
    let chosen = connectors.iter().filter(|connector| which.is_for(&connector.name));
    let parts = |connector: &Connector| -> Vec<_> {
        connector.parts().map(|(task, part)| ((connector.name.clone(), task), part.clone())).collect()
    };
    Ok(chosen.flat_map(parts).collect())
}

/// What differs between two looks; what is new comes from null, what is gone goes to null.
fn events(before: &States, now: &States) -> Vec<Value> {
    let places: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let event = |(name, task): &(String, Option<u64>)| {
        let place = (name.clone(), *task);
        let (from, to) = (before.get(&place), now.get(&place));
        let state = |part: Option<&Part>| part.map(|part| part.state.clone());
        json!({"time": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            "name": name, "task": task, "from": state(from), "to": state(to),
            "worker": to.map(|part| &part.worker), "cause": to.and_then(|part| part.cause.as_ref())})
    };
    let changed = places.into_iter().filter(|&place| {
        let seen = |states: &States| states.get(place).map(|part| (part.state.clone(), part.worker.clone()));
        seen(before) != seen(now)
    });
    changed.map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(parts: &[(&str, Option<u64>, &str)]) -> States {
        let part = |name: &str, state: &str| {
            let status = json!({"connector": {"state": state, "worker_id": "w"}});
            let connector = Connector::read(name, &status, None);
            let (_, part) = connector.parts().next().unwrap();
            part.clone()
        };
        parts.iter().map(|(name, task, state)| (((*name).to_owned(), *task), part(name, state))).collect()
    }

    #[test]
    fn a_change_a_birth_and_a_death_are_events_and_rest_is_none() {
        let before = states(&[("a", None, "RUNNING"), ("a", Some(0), "RUNNING"), ("b", None, "RUNNING")]);
        let now = states(&[("a", None, "RUNNING"), ("a", Some(0), "FAILED"), ("c", None, "RUNNING")]);
        let said: Vec<String> = events(&before, &now)
            .iter()
            .map(|event| format!("{} {} {} {}", event["name"], event["task"], event["from"], event["to"]))
            .collect();
        assert_eq!(
            said,
            [r#""a" 0 "RUNNING" "FAILED""#, r#""b" null "RUNNING" null"#, r#""c" null null "RUNNING""#]
        );
        assert!(events(&now, &now).is_empty());
    }
}
