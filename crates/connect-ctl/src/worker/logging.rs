//! The worker's loggers.

use std::collections::BTreeMap;

use kch_cli::{Failure, Result, nearest};
use serde_json::Value;

use super::{Worker, since};

impl Worker {
    /// Loggers whose level was set, and their levels.
    pub(crate) fn loggers(&self) -> Result<BTreeMap<String, String>> {
        let all: BTreeMap<String, Value> =
            self.json(since("2.4", self.service.get(&["admin", "loggers"]).send()?)?)?;
        let level = |logger: &Value| logger["level"].as_str().unwrap_or_default().to_owned();
        Ok(all.into_iter().map(|(name, logger)| (name, level(&logger))).collect())
    }

    /// The level of one logger.
    pub(crate) fn logger(&self, name: &str) -> Result<String> {
        let reply = self.service.get(&["admin", "loggers", name]).send()?;
        if reply.status == 404 {
            let loggers = self.loggers()?;
            let failure =
                Failure::refused(format!("the worker has no logger {name} with a level of its own"));
            return Err(match nearest(name, loggers.keys().map(String::as_str)) {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint("`connect-ctl loggers get` lists them"),
            });
        }
        let logger: Value = self.json(reply)?;
        Ok(logger["level"].as_str().unwrap_or_default().to_owned())
    }

    /// Sets the level of a logger and of those below it, on this worker or on all (Connect 3.7 and later).
    pub(crate) fn set_logger(&self, name: &str, level: &str, cluster: bool) -> Result<()> {
        let path = ["admin", "loggers", name];
        let body = serde_json::json!({"level": level});
        let request = self.service.put(&path).query("scope", if cluster { "cluster" } else { "worker" });
        let reply = self.accept(since("2.4", request.json(&body).send()?)?)?;
        // One that knows of no scope sets its own loggers and lists them; for the cluster there is nothing to list.
        if cluster && !reply.body.trim().is_empty() {
            return Err(Failure::refused(
                "this worker has set its own loggers only, Connect 3.7 and later can set all",
            )
            .hint("give each worker its own --connect"));
        }
        Ok(())
    }
}
