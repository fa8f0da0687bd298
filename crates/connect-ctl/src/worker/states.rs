//! What a connector shall do: pause, resume, stop, restart, or be gone.

use kch_cli::{Failure, Result};
use serde_json::Value;

use super::{Worker, is_missing};

/// What a restart has restarted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Restarted {
    /// The connector itself.
    pub(crate) connector: bool,
    /// Its tasks, by their numbers.
    pub(crate) tasks: Vec<u64>,
}

impl Worker {
    pub(crate) fn pause_connector(&self, name: &str) -> Result<()> {
        self.done(name, self.service.put(&["connectors", name, "pause"]).send()?)
    }

    pub(crate) fn resume_connector(&self, name: &str) -> Result<()> {
        self.done(name, self.service.put(&["connectors", name, "resume"]).send()?)
    }

    /// Ends the tasks and keeps the configuration. Connect 3.5 and later.
    pub(crate) fn stop_connector(&self, name: &str) -> Result<()> {
        let reply = self.service.put(&["connectors", name, "stop"]).send()?;
        if reply.status == 404 && !is_missing(&reply) {
            return Err(Failure::refused("this worker cannot stop connectors, Connect 3.5 and later can")
                .hint(format!("connect-ctl pause {name}")));
        }
        self.done(name, reply)
    }

    /// Restarts the connector and its tasks, or those of them that have failed.
    ///
    /// Workers before Connect 3.0 (KIP-745) do not know the question: they restart the connector alone and say 204. Then
    /// the tasks are restarted one by one.
    pub(crate) fn restart(&self, name: &str, only_failed: bool) -> Result<Restarted> {
        let path = ["connectors", name, "restart"];
        let request = self.service.post(&path).query("includeTasks", "true");
        let request = request.query("onlyFailed", if only_failed { "true" } else { "false" });
        let reply = request.repeatable().send()?;
        if reply.status == 204 {
            return self.restart_each_task(name, only_failed);
        }
        // A connector that is there and has no status yet has "Status for connector … not found" and nothing to restart.
        if is_missing(&reply) && only_failed && self.config(name)?.is_some() {
            return Ok(Restarted::default());
        }
        if is_missing(&reply) {
            return Err(self.no_such_connector(name));
        }
        let status: Value = self.json(reply)?;
        let restarting = |part: &Value| part["state"] == "RESTARTING";
        let tasks = status["tasks"].as_array().into_iter().flatten().filter(|task| restarting(task));
        Ok(Restarted {
            connector: restarting(&status["connector"]),
            tasks: tasks.filter_map(|task| task["id"].as_u64()).collect(),
        })
    }

    fn restart_each_task(&self, name: &str, only_failed: bool) -> Result<Restarted> {
        let connector = self.connector(name)?.ok_or_else(|| self.no_such_connector(name))?;
        let tasks: Vec<u64> = connector
            .tasks()
            .filter(|(_, task)| !only_failed || task.has_failed())
            .map(|(id, _)| id)
            .collect();
        for task in &tasks {
            self.restart_task(name, *task)?;
        }
        Ok(Restarted { connector: true, tasks })
    }

    /// Restarts one task.
    pub(crate) fn restart_task(&self, name: &str, task: u64) -> Result<()> {
        let id = task.to_string();
        let reply = self.service.post(&["connectors", name, "tasks", &id, "restart"]).repeatable().send()?;
        if reply.status == 404 && reply.detail().contains("nknown task") {
            return Err(Failure::refused(format!("connector {name} has no task {task}"))
                .hint(format!("connect-ctl tasks {name}")));
        }
        self.done(name, reply)
    }

    /// Deletes a connector; whether it was there.
    pub(crate) fn delete(&self, name: &str) -> Result<bool> {
        let reply = self.service.delete(&["connectors", name]).send()?;
        match reply.status {
            // Our first try did it, and its answer was lost.
            404 if reply.retried => Ok(true),
            404 => Ok(false),
            _ => self.accept(reply).map(|_| true),
        }
    }
}
