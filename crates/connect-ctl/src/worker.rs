//! Connect's REST API, as far as we use it. Owns which answers mean what.

use std::collections::BTreeMap;
use std::time::Duration;

use kch_cli::{Failure, Result, Settings, Signals, nearest};
use kch_http::{CONNECT, Endpoint, Limits, Reply, Service};
use serde_json::{Value, json};

use crate::status::Connector;

/// A connector's settings. Connect knows strings only.
pub(crate) type Config = BTreeMap<String, String>;

/// A Connect worker; any of a cluster will do.
#[derive(Debug)]
pub(crate) struct Worker {
    service: Service,
}

impl Worker {
    pub(crate) fn from_settings(settings: &Settings, signals: &Signals) -> Result<Worker> {
        let limits = Limits {
            // A worker gives its own requests 90 s, and answers then.
            request: Duration::from_secs(95),
            busy: Duration::from_secs(60),
            ..Limits::default()
        };
        let service = Service::new(Endpoint::from_settings(settings, &CONNECT)?)?
            .limits(limits)
            .signals(signals.clone())
            // 409 is a rebalance, since nothing here creates with POST, where it would mean "exists already". While the
            // leader restarts, a worker cannot forward to it.
            .busy_when(|reply| {
                reply.status == 409 || reply.status == 500 && reply.body.contains("forward REST request")
            });
        Ok(Worker { service })
    }

    pub(crate) fn info(&self) -> Result<Value> {
        #[derive(serde::Deserialize)]
        struct Info {
            version: String,
            commit: Option<String>,
            kafka_cluster_id: Option<String>,
        }
        let Info { version, commit, kafka_cluster_id } = self.json(self.service.get(&[]).send()?)?;
        Ok(json!({"version": version, "commit": commit, "kafka_cluster_id": kafka_cluster_id}))
    }

    pub(crate) fn plugins(&self) -> Result<Vec<Value>> {
        self.json(self.service.get(&["connector-plugins"]).send()?)
    }

    /// All connectors with their states, in one call.
    pub(crate) fn connectors(&self) -> Result<Vec<Connector>> {
        let request = self.service.get(&["connectors"]).query("expand", "status").query("expand", "info");
        let all: BTreeMap<String, Value> = self.json(request.send()?)?;
        Ok(all
            .into_iter()
            .map(|(name, both)| Connector::read(&name, &both["status"], Some(&both["info"])))
            .collect())
    }

    /// One connector's state, if it has one yet.
    pub(crate) fn connector(&self, name: &str) -> Result<Option<Connector>> {
        let reply = self.service.get(&["connectors", name, "status"]).send()?;
        Ok(self.unless_missing::<Value>(reply)?.map(|status| Connector::read(name, &status, None)))
    }

    pub(crate) fn config(&self, name: &str) -> Result<Option<Config>> {
        let reply = self.service.get(&["connectors", name, "config"]).send()?;
        self.unless_missing(reply)
    }

    /// Creates or changes a connector.
    pub(crate) fn put_config(&self, name: &str, config: &Config) -> Result<()> {
        let reply = self.service.put(&["connectors", name, "config"]).json(config).send()?;
        if reply.is_success() {
            return Ok(());
        }
        Err(self.refused_config(name, config, &reply))
    }

    /// What the class says about a configuration: Connect's own JSON, a list of settings.
    pub(crate) fn validate(&self, config: &Config) -> Result<Value> {
        let Some(class) = config.get("connector.class").map(String::as_str) else {
            return Err(no_class_given("the connector"));
        };
        // The call takes the class by its name without a package; a full name works too, from Connect 2.0 on.
        let path = ["connector-plugins", class, "config", "validate"];
        let reply = self.service.put(&path).json(config).send()?;
        if reply.is_success() {
            return self.json(reply);
        }
        Err(self.refused_config("the connector", config, &reply))
    }

    pub(crate) fn restart(&self, name: &str, all: bool) -> Result<()> {
        let only_failed = if all { "false" } else { "true" };
        let path = ["connectors", name, "restart"];
        let request = self.service.post(&path).query("includeTasks", "true").query("onlyFailed", only_failed);
        let reply = request.repeatable().send()?;
        match reply.status {
            404 => Err(self.no_such_connector(name)),
            _ => self.accept(reply).map(|_| ()),
        }
    }

    /// Whether the connector was there.
    pub(crate) fn delete(&self, name: &str) -> Result<bool> {
        let reply = self.service.delete(&["connectors", name]).send()?;
        match reply.status {
            // Our first try did it, and its answer was lost.
            404 if reply.retried => Ok(true),
            404 => Ok(false),
            _ => self.accept(reply).map(|_| true),
        }
    }

    pub(crate) fn wait(&self, timeout: Duration) -> Result<()> {
        let probe = || {
            let reply = self.service.get(&["connectors"]).send()?;
            // A worker that is still starting has no such path, or says 500 or 503.
            if reply.is_success() { Ok(()) } else { Err(reply.unexpected()) }
        };
        Ok(self.service.wait_for(timeout, probe)?)
    }

    /// Waits between two looks at a state.
    pub(crate) fn pause(&self, duration: Duration) -> Result<()> {
        Ok(self.service.pause(duration)?)
    }

    pub(crate) fn no_such_connector(&self, name: &str) -> Failure {
        let failure = Failure::refused(format!("connector {name} does not exist"));
        let connectors = self.connectors().unwrap_or_default();
        match nearest(name, connectors.iter().map(|connector| connector.name.as_str())) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint("`connect-ctl list` shows those there are"),
        }
    }

    fn json<T: serde::de::DeserializeOwned>(&self, reply: Reply) -> Result<T> {
        Ok(self.accept(reply)?.json()?)
    }

    fn unless_missing<T: serde::de::DeserializeOwned>(&self, reply: Reply) -> Result<Option<T>> {
        // A path that is not Connect's has a 404 without its words.
        let is_missing = reply.status == 404
            && ["not found", "No status found"].iter().any(|words| reply.detail().contains(words));
        if is_missing { Ok(None) } else { self.json(reply).map(Some) }
    }

    fn accept(&self, reply: Reply) -> Result<Reply> {
        if reply.is_success() { Ok(reply) } else { Err(reply.unexpected().into()) }
    }

    /// Connect's refusals of a configuration, of which the commonest is a page long.
    fn refused_config(&self, name: &str, config: &Config, reply: &Reply) -> Failure {
        let message = serde_json::from_str::<Value>(&reply.body).ok();
        let message = message.as_ref().and_then(|body| body["message"].as_str()).unwrap_or_default();
        if message.contains("Failed to find any class") {
            let class = config.get("connector.class").map(String::as_str).unwrap_or_default();
            return self.no_such_class(class);
        }
        if message.contains("contains no connector type") {
            return no_class_given(name);
        }
        if let Some((_, errors)) = message.split_once("error(s):\n") {
            let mut errors: Vec<_> =
                errors.lines().filter(|line| !line.starts_with("You can also find")).collect();
            errors.dedup();
            let listed: String = errors.iter().map(|error| format!("\n  {error}")).collect();
            return Failure::refused(format!("the configuration of {name} is invalid:{listed}"));
        }
        match reply.status {
            400..=499 => {
                Failure::refused(format!("Connect refused the configuration of {name}: {}", reply.detail()))
            }
            _ => reply.unexpected().into(),
        }
    }

    fn no_such_class(&self, class: &str) -> Failure {
        let failure = Failure::refused(format!("the worker has no connector class {class}"));
        let plugins = self.plugins().unwrap_or_default();
        let classes: Vec<&str> = plugins.iter().filter_map(|plugin| plugin["class"].as_str()).collect();
        // Connect takes a full name, the name alone, and that without `Connector`.
        let name = |class: &'_ str| class.rsplit('.').next().unwrap_or(class).replace("Connector", "");
        let names: Vec<String> = classes.iter().map(|class| name(class)).collect();
        let near = nearest(&name(class), names.iter().map(String::as_str));
        match classes.iter().zip(&names).find(|(_, name)| Some(name.as_str()) == near) {
            Some((class, _)) => failure.hint(format!("did you mean {class}?")),
            None => failure.hint(
                "`connect-ctl plugins` lists those there are; are its jars in the worker's plugin path?",
            ),
        }
    }
}

fn no_class_given(name: &str) -> Failure {
    Failure::refused(format!("the configuration of {name} has no connector.class"))
        .hint("`connect-ctl plugins` lists the classes there are")
}
