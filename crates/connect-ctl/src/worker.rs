//! Connect's REST API, as far as we use it. Owns which answers mean what.

mod classes;
mod logging;
mod offsets;
mod parts;
mod states;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Explain as _, Failure, Result, Settings, Signals, is_glob, nearest};
use kch_http::{CONNECT, Error, Limits, Reply, Service};
use serde_json::{Value, json};

pub(crate) use offsets::Place;

use crate::connector::Connector;
use crate::habit::noun;

/// A connector's settings. Connect knows strings only.
pub(crate) type Config = BTreeMap<String, String>;

/// How long a rebalance is waited for.
const BUSY: Duration = Duration::from_secs(60);

/// How often a state is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(250);

/// A Connect worker. Any of a cluster will do: of several addresses, one that answers.
#[derive(Debug)]
pub(crate) struct Worker {
    service: Service,
    /// The settings of the classes that were asked for.
    classes: RefCell<BTreeMap<String, Arc<[Value]>>>,
}

impl Worker {
    pub(crate) fn from_settings(settings: &Settings, signals: &Signals) -> Result<Worker> {
        let limits = Limits {
            // A worker gives its own requests 90 s, and answers then.
            request: Duration::from_secs(95),
            busy: BUSY,
            ..Limits::default()
        };
        let service = Service::from_settings(settings, &CONNECT)?;
        let service = service.limits(limits).signals(signals.clone()).busy_when(is_rebalance);
        Ok(Worker { service, classes: RefCell::default() })
    }

    /// Where it is, safe to print.
    pub(crate) fn url(&self) -> &str {
        self.service.endpoint().base()
    }

    /// The same worker, for what must be done although a signal has come.
    pub(crate) fn without_signals(&self) -> Result<Worker> {
        Ok(Worker { service: self.service.without_signals()?, classes: RefCell::default() })
    }

    pub(crate) fn info(&self) -> Result<Value> {
        #[derive(serde::Deserialize)]
        struct Info {
            version: String,
            commit: Option<String>,
            kafka_cluster_id: Option<String>,
        }
        let Info { version, commit, kafka_cluster_id } = self.json(self.service.get(&[]).send()?)?;
        let url = self.url();
        Ok(json!({"version": version, "commit": commit, "kafka_cluster_id": kafka_cluster_id, "url": url}))
    }

    /// All connectors with their states, in one call.
    pub(crate) fn connectors(&self) -> Result<Vec<Connector>> {
        let request = self.service.get(&["connectors"]).query("expand", "status").query("expand", "info");
        let reply = self.accept(request.send()?)?;
        if reply.body.trim_start().starts_with('[') {
            return self.connectors_one_by_one(&reply.json::<Vec<String>>()?);
        }
        let all: BTreeMap<String, Value> = reply.json()?;
        Ok(all
            .into_iter()
            .map(|(name, both)| Connector::read(&name, &both["status"], Some(&both["info"])))
            .collect())
    }

    /// The names of all connectors, also of those that were made a moment ago and have no status yet.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.json(self.service.get(&["connectors"]).send()?)?;
        names.sort_unstable();
        Ok(names)
    }

    /// Workers before Connect 2.3 (KIP-465) list names alone. One that is deleted meanwhile is left out.
    fn connectors_one_by_one(&self, names: &[String]) -> Result<Vec<Connector>> {
        let mut connectors = Vec::new();
        for name in names {
            let status =
                self.unless_missing::<Value>(self.service.get(&["connectors", name, "status"]).send()?)?;
            let info = self.unless_missing::<Value>(self.service.get(&["connectors", name]).send()?)?;
            if let (Some(status), Some(info)) = (status, info) {
                connectors.push(Connector::read(name, &status, Some(&info)));
            }
        }
        connectors.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(connectors)
    }

    /// The topics that a connector has used since it was made, or since they were reset.
    pub(crate) fn topics(&self, name: &str) -> Result<Vec<String>> {
        // Of a connector that is not there the worker says that it has used none.
        if self.config(name)?.is_none() {
            return Err(self.no_such_connector(name));
        }
        let reply = self.service.get(&["connectors", name, "topics"]).send().map_err(untracked)?;
        let answer: Value = self.json(since("2.5", reply)?)?;
        let topics = answer[name]["topics"].as_array().into_iter().flatten();
        let mut topics: Vec<String> = topics.filter_map(|topic| Some(topic.as_str()?.to_owned())).collect();
        topics.sort_unstable();
        Ok(topics)
    }

    /// Forgets which topics a connector has used.
    pub(crate) fn reset_topics(&self, name: &str) -> Result<()> {
        let reply = self.service.put(&["connectors", name, "topics", "reset"]).send().map_err(untracked)?;
        self.done(name, since("2.5", reply)?)
    }

    /// The configurations of a connector's tasks, by their numbers.
    pub(crate) fn task_configs(&self, name: &str) -> Result<BTreeMap<u64, Config>> {
        #[derive(serde::Deserialize)]
        struct Task {
            id: Id,
            config: Config,
        }
        #[derive(serde::Deserialize)]
        struct Id {
            task: u64,
        }
        let reply = self.service.get(&["connectors", name, "tasks"]).send()?;
        let tasks: Option<Vec<Task>> = self.unless_missing(reply)?;
        let tasks = tasks.ok_or_else(|| self.no_such_connector(name))?;
        Ok(tasks.into_iter().map(|task| (task.id.task, task.config)).collect())
    }

    /// One connector's state, if it has one yet.
    pub(crate) fn connector(&self, name: &str) -> Result<Option<Connector>> {
        let reply = self.service.get(&["connectors", name, "status"]).send()?;
        Ok(self.unless_missing::<Value>(reply)?.map(|status| Connector::read(name, &status, None)))
    }

    /// The configuration in force.
    pub(crate) fn config(&self, name: &str) -> Result<Option<Config>> {
        let reply = self.service.get(&["connectors", name, "config"]).send()?;
        self.unless_missing(reply)
    }

    /// Waits until the worker answers.
    pub(crate) fn wait(&self, timeout: Duration) -> Result<()> {
        let end = Instant::now() + timeout;
        loop {
            let failure = match self.service.get(&["connectors"]).send() {
                Ok(reply) if reply.is_success() => return Ok(()),
                Ok(reply) => reply.unexpected(),
                // Before a worker has all its paths, the server around it says that there is none.
                Err(error @ Error::NotJson { status: 404, .. }) => error,
                Err(error) if error.exit() == Exit::Unavailable => error,
                Err(error) => return Err(error.into()),
            };
            if Instant::now() + LOOK > end {
                return Err(failure.into());
            }
            self.pause(LOOK)?;
        }
    }

    /// Waits for a worker that is not up; what one that is says does not matter here.
    pub(crate) fn come_up(&self, timeout: Duration) -> Result<()> {
        match self.service.get(&[]).send() {
            Err(error) if error.exit() == Exit::Unavailable => self.wait(timeout),
            _ => Ok(()),
        }
    }

    /// Waits between two looks at a state.
    pub(crate) fn pause(&self, duration: Duration) -> Result<()> {
        Ok(self.service.pause(duration)?)
    }

    pub(crate) fn no_such_connector(&self, name: &str) -> Failure {
        if is_glob(name) {
            return Failure::refused(format!("no connector matches {name:?}"))
                .hint("`connect-ctl list` shows those there are");
        }
        let failure = Failure::refused(format!("connector {name} does not exist"));
        let connectors = self.connectors().unwrap_or_default();
        match nearest(name, connectors.iter().map(|connector| connector.name.as_str())) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint(noun(name).unwrap_or("`connect-ctl list` shows those there are")),
        }
    }

    fn json<T: serde::de::DeserializeOwned>(&self, reply: Reply) -> Result<T> {
        Ok(self.accept(reply)?.json()?)
    }

    /// A success, or a refusal that concerns the connector `name`.
    fn done(&self, name: &str, reply: Reply) -> Result<()> {
        if is_missing(&reply) { Err(self.no_such_connector(name)) } else { self.accept(reply).map(|_| ()) }
    }

    fn unless_missing<T: serde::de::DeserializeOwned>(&self, reply: Reply) -> Result<Option<T>> {
        if is_missing(&reply) { Ok(None) } else { self.json(reply).map(Some) }
    }

    fn accept(&self, reply: Reply) -> Result<Reply> {
        match reply.status {
            200..=299 => Ok(reply),
            _ if is_rebalance(&reply) => Err(self.still_rebalancing(&reply)),
            _ => Err(reply.unexpected().into()),
        }
    }

    /// No refusal: the cluster does not know yet which worker does what.
    fn still_rebalancing(&self, reply: &Reply) -> Failure {
        let (place, seconds) = (self.service.endpoint().base(), BUSY.as_secs());
        let text =
            format!("Kafka Connect at {place} is still rebalancing after {seconds} s: {}", reply.detail());
        Failure::unavailable(text)
    }
}

/// The reply of a worker that knows the call. Older ones have no such path, or not this method of it.
fn since(version: &str, reply: Reply) -> Result<Reply> {
    if matches!(reply.status, 404 | 405) && !is_missing(&reply) {
        let text = format!("this worker cannot do that, Connect {version} and later can");
        return Err(Failure::refused(text).hint("connect-ctl info"));
    }
    Ok(reply)
}

/// A 403 that is not about who we are.
fn untracked(error: Error) -> Failure {
    match &error {
        Error::Forbidden { detail, .. } if detail.contains("tracking") => {
            Failure::refused(format!("the worker does not know which topics are used: {detail}"))
                .hint("topic.tracking.enable and topic.tracking.allow.reset are settings of the worker")
        }
        _ => error.into(),
    }
}

/// 409 is a rebalance, unless a POST found the connector that it should create; what is not forwarded to the leader says
/// it with 500. While the leader restarts, a worker cannot forward to it.
fn is_rebalance(reply: &Reply) -> bool {
    let words = ["rebalance is expected", "forward REST request"];
    reply.status == 409 && !exists_already(reply)
        || reply.status == 500 && words.iter().any(|words| reply.body.contains(words))
}

fn exists_already(reply: &Reply) -> bool {
    reply.status == 409 && reply.detail().ends_with("already exists")
}

/// Whether the worker says that it has no such connector. A path that is not Connect's has a 404 without its words.
fn is_missing(reply: &Reply) -> bool {
    let words = ["not found", "No status found", "Unknown connector"];
    reply.status == 404 && words.iter().any(|words| reply.detail().contains(words))
}
