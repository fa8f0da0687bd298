//! Which connectors a verb is for: by name, by glob, by state, by class.

use kch_cli::{Failure, Io, Result, is_glob, matches_glob};

use crate::complete::{classes, connectors};
use crate::connector::{Connector, State};
use crate::worker::Worker;

/// The connectors that a verb is for.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Which {
    /// Connectors, by name or by glob (in quotes): * is any text, ? any one character
    #[arg(value_name = "NAME", add = connectors())]
    pub names: Vec<String>,

    /// Only those in this state
    #[arg(long, value_name = "STATE", ignore_case = true)]
    pub state: Option<State>,

    /// Only those of this class, by its full name or the last part of it
    #[arg(long, value_name = "CLASS", add = classes())]
    pub class: Option<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) connectors: Vec<Connector>,
    /// Names of connectors that are not there, and globs that match none.
    pub(crate) missing: Vec<String>,
}

impl Which {
    /// Those that were asked for, or all when none were.
    pub(crate) fn or_all(&self, worker: &Worker) -> Result<Vec<Connector>> {
        let chosen = self.choose(worker)?;
        match chosen.missing.first() {
            Some(name) => Err(worker.no_such_connector(name)),
            None => Ok(chosen.connectors),
        }
    }

    /// The same for a list, which may be empty: a glob that matches none is no error, and a person who sees nothing is told.
    pub(crate) fn listed(&self, worker: &Worker, io: &mut Io) -> Result<Vec<Connector>> {
        let chosen = self.choose(worker)?;
        for name in &chosen.missing {
            if !is_glob(name) {
                return Err(worker.no_such_connector(name));
            }
            if io.messages.is_terminal() {
                io.messages.say(worker.no_such_connector(name).text());
            }
        }
        Ok(chosen.connectors)
    }

    /// Those that a change is for. Where one of them is not there, none is changed and each of those is told, unless
    /// `if_exists` takes that for done.
    pub(crate) fn to_change(&self, worker: &Worker, if_exists: bool, io: &mut Io) -> Result<Chosen> {
        let chosen = self.named(worker)?;
        match chosen.missing.split_last().filter(|_| !if_exists) {
            None => Ok(chosen),
            Some((last, others)) => {
                others.iter().for_each(|name| io.messages.failure(&worker.no_such_connector(name)));
                Err(worker.no_such_connector(last))
            }
        }
    }

    /// Those that were asked for. A change must say what it is for.
    pub(crate) fn named(&self, worker: &Worker) -> Result<Chosen> {
        if self.names.is_empty() && self.state.is_none() && self.class.is_none() {
            return Err(Failure::usage("no connector given").hint("name it, or say '*' for all"));
        }
        self.choose(worker)
    }

    fn choose(&self, worker: &Worker) -> Result<Chosen> {
        let all = worker.connectors()?;
        let mut chosen = Chosen::default();
        for name in &self.names {
            let is_there = all.iter().any(|connector| connector.name == *name);
            if is_there || all.iter().any(|connector| matches_glob(name, &connector.name)) {
                continue;
            }
            if is_glob(name) {
                chosen.missing.push(name.clone());
                continue;
            }
            // One that was made a moment ago has no status yet, and is not in the list.
            match worker.config(name)? {
                Some(_) => chosen.connectors.push(Connector::read(name, &serde_json::Value::Null, None)),
                None => chosen.missing.push(name.clone()),
            }
        }
        chosen.connectors.extend(all.into_iter().filter(|connector| self.is_for(&connector.name)));
        chosen.connectors.retain(|connector| {
            self.state.is_none_or(|state| connector.is_in(state))
                && self.class.as_ref().is_none_or(|class| is_class(connector.class(), class))
        });
        Ok(chosen)
    }

    /// Whether it was named. Without names, all are meant.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|asked| asked == name || matches_glob(asked, name))
    }
}

/// Whether a class is the one asked for: by its full name, the last part of it, or that without `Connector`.
pub(crate) fn is_class(class: &str, asked: &str) -> bool {
    class == asked || !asked.contains('.') && short_class(class) == short_class(asked)
}

/// The last part of a class's name, without `Connector`.
pub(crate) fn short_class(class: &str) -> &str {
    let last = class.rsplit('.').next().unwrap_or(class);
    last.strip_suffix("Connector").unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_known_by_its_last_part() {
        let class = "org.apache.kafka.connect.file.FileStreamSinkConnector";
        for asked in [class, "FileStreamSinkConnector", "FileStreamSink"] {
            assert!(is_class(class, asked), "{asked}");
        }
        assert!(!is_class(class, "FileStreamSource") && !is_class(class, "x.FileStreamSink"));
        assert!(!is_class(class, "Sink"));
        assert_eq!(short_class("a.ConnectorTools"), "ConnectorTools");
    }
}
