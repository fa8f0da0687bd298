//! Connector classes: which there are, their settings, and what they say about a configuration.

use kch_cli::{Failure, Result, nearest};
use kch_http::Reply;
use serde_json::{Value, json};

use super::parts::is_javas_own;
use super::{Config, Worker, since};
use crate::select::short_class;

impl Worker {
    /// The connector classes; with `all`, also converters, transformations, predicates and headers' converters.
    pub(crate) fn plugins(&self, all: bool) -> Result<Vec<Value>> {
        let only = if all { "false" } else { "true" };
        self.json(self.service.get(&["connector-plugins"]).query("connectorsOnly", only).send()?)
    }

    /// The settings that a class knows, in Connect's own words. Connect 3.2 and later.
    pub(crate) fn settings_of(&self, class: &str) -> Result<Vec<Value>> {
        if is_javas_own(class) {
            return Err(self.no_such_class(class, true));
        }
        let reply = self.service.get(&["connector-plugins", class, "config"]).send()?;
        if reply.status == 404 && reply.detail().contains("Unknown plugin") {
            return Err(self.no_such_class(class, true));
        }
        self.json(since("3.2", reply)?)
    }

    /// Creates or changes a connector.
    pub(crate) fn put_config(&self, name: &str, config: &Config) -> Result<()> {
        let reply = self.service.put(&["connectors", name, "config"]).json(config).send()?;
        if reply.is_success() {
            return Ok(());
        }
        Err(self.refused_config(name, config, &reply))
    }

    /// Creates a connector that does nothing before it is resumed (KIP-980). Connect 3.7 and later.
    pub(crate) fn create_stopped(&self, name: &str, config: &Config) -> Result<()> {
        let body = json!({"name": name, "config": config, "initial_state": "STOPPED"});
        let reply = self.service.post(&["connectors"]).json(&body).send()?;
        if reply.is_success() {
            return Ok(());
        }
        if reply.detail().contains("Unrecognized field") {
            let text = "this worker cannot create a stopped connector, Connect 3.7 and later can";
            return Err(Failure::refused(text).hint("connect-ctl info"));
        }
        if super::exists_already(&reply) {
            return Err(Failure::refused(format!("connector {name} was created by someone else meanwhile")));
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

    /// Connect's refusals of a configuration, of which the commonest is a page long.
    fn refused_config(&self, name: &str, config: &Config, reply: &Reply) -> Failure {
        let message = serde_json::from_str::<Value>(&reply.body).ok();
        let message = message.as_ref().and_then(|body| body["message"].as_str()).unwrap_or_default();
        if message.contains("Failed to find any class") {
            let class = config.get("connector.class").map(String::as_str).unwrap_or_default();
            return self.no_such_class(class, false);
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
            _ if super::is_rebalance(reply) => self.still_rebalancing(reply),
            400..=499 => {
                Failure::refused(format!("Connect refused the configuration of {name}: {}", reply.detail()))
            }
            _ => reply.unexpected().into(),
        }
    }

    /// `all`: whether classes that are no connectors would do too.
    fn no_such_class(&self, class: &str, all: bool) -> Failure {
        let kind = if all { "plugin" } else { "connector class" };
        let failure = Failure::refused(format!("the worker has no {kind} {class}"));
        let plugins = self.plugins(all).unwrap_or_default();
        let classes: Vec<&str> = plugins.iter().filter_map(|plugin| plugin["class"].as_str()).collect();
        let near = nearest(short_class(class), classes.iter().map(|class| short_class(class)));
        match classes.iter().find(|class| Some(short_class(class)) == near) {
            Some(class) => failure.hint(format!("did you mean {class}?")),
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
