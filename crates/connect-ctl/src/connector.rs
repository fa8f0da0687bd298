//! A connector and its tasks, as they are at one moment.

use serde_json::{Value, json};

use crate::cause::root_cause;
use crate::letters;

/// A connector and its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connector {
    pub(crate) name: String,
    kind: String,
    class: String,
    dead_letters: Option<String>,
    own: Part,
    tasks: Vec<(u64, Part)>,
}

/// The connector itself or one of its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) state: String,
    pub(crate) worker: String,
    pub(crate) cause: Option<String>,
    trace: Option<String>,
}

/// States to choose connectors by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum State {
    /// It and all its tasks run
    Running,
    /// Paused: its tasks are there and idle
    Paused,
    /// Stopped: it has no tasks
    Stopped,
    /// It or one of its tasks has failed
    Failed,
    /// It or one of its tasks has no worker
    Unassigned,
}

impl Part {
    fn read(json: &Value) -> Part {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let trace = json["trace"].as_str();
        Part {
            state: text("state"),
            worker: text("worker_id"),
            cause: trace.and_then(root_cause),
            trace: trace.map(str::to_owned),
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.state == "FAILED"
    }

    fn row(&self, traces: bool) -> Value {
        // What healthy ones have none of is null, so that `-q cause` is no slip.
        let mut row = json!({"state": self.state, "worker": self.worker, "cause": self.cause});
        if traces {
            row["trace"] = json!(self.trace);
        }
        row
    }
}

impl Connector {
    /// Reads Connect's status, and its info where there is one.
    pub(crate) fn read(name: &str, status: &Value, info: Option<&Value>) -> Connector {
        let class = info.and_then(|info| info["config"]["connector.class"].as_str()).unwrap_or_default();
        let tasks = status["tasks"].as_array().into_iter().flatten();
        Connector {
            name: name.to_owned(),
            kind: status["type"].as_str().unwrap_or_default().to_owned(),
            class: class.to_owned(),
            dead_letters: info.and_then(|info| Some(info["config"][letters::SETTING].as_str()?.to_owned())),
            own: Part::read(&status["connector"]),
            tasks: tasks.map(|task| (task["id"].as_u64().unwrap_or_default(), Part::read(task))).collect(),
        }
    }

    /// The connector's own state, in Connect's word; empty before it has one.
    pub(crate) fn state(&self) -> &str {
        &self.own.state
    }

    /// The class of its configuration, where that was read.
    pub(crate) fn class(&self) -> &str {
        &self.class
    }

    /// The topic of what it cannot take, where its configuration was read and names one.
    pub(crate) fn dead_letters(&self) -> Option<&str> {
        self.dead_letters.as_deref().filter(|topic| !topic.is_empty())
    }

    /// Whether it brings topics elsewhere.
    pub(crate) fn is_sink(&self) -> bool {
        self.kind == "sink"
    }

    /// Tasks with their numbers.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = (u64, &Part)> {
        self.tasks.iter().map(|(id, task)| (*id, task))
    }

    /// The connector itself, without a number, then its tasks.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Option<u64>, &Part)> {
        std::iter::once((None, &self.own)).chain(self.tasks().map(|(id, task)| (Some(id), task)))
    }

    /// Whether it is in a state that connectors are chosen by.
    pub(crate) fn is_in(&self, state: State) -> bool {
        let any = |word: &str| self.parts().any(|(_, part)| part.state == word);
        match state {
            State::Running => self.is_running(),
            State::Paused => self.own.state == "PAUSED",
            State::Stopped => self.own.state == "STOPPED",
            State::Failed => any("FAILED"),
            State::Unassigned => any("UNASSIGNED"),
        }
    }

    /// Whether it and all its tasks run.
    pub(crate) fn is_running(&self) -> bool {
        !self.tasks.is_empty() && self.parts().all(|(_, part)| part.state == "RUNNING")
    }

    /// The row of `list`.
    pub(crate) fn summary(&self) -> Value {
        let failed = self.tasks.iter().filter(|(_, task)| task.has_failed()).count();
        json!({"name": self.name, "type": self.kind, "class": self.class, "state": self.own.state,
            "tasks": self.tasks.len(), "failed": failed})
    }

    /// The row of `status`: an object for the connector, its tasks in it.
    pub(crate) fn row(&self, traces: bool) -> Value {
        let mut row = json!({"name": self.name, "type": self.kind});
        merge(&mut row, self.own.row(traces));
        let tasks = self.tasks.iter().map(|(id, task)| {
            let mut row = json!({"id": id});
            merge(&mut row, task.row(traces));
            row
        });
        row["tasks"] = tasks.collect();
        row
    }

    /// The same for people: a line for the connector and one for each task.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Value> {
        self.parts().map(|(task, part)| {
            json!({"name": self.name, "type": self.kind, "task": task, "state": part.state,
                "worker": part.worker, "cause": part.cause})
        })
    }

    /// `name task 0: cause` for each part that failed.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failed = self.parts().filter(|(_, part)| part.has_failed());
        failed
            .map(|(task, part)| {
                let cause = part.cause.as_deref().unwrap_or("no cause given");
                match task {
                    None => format!("{}: {cause}", self.name),
                    Some(id) => format!("{} task {id}: {cause}", self.name),
                }
            })
            .collect()
    }

    /// All states on one line.
    pub(crate) fn states(&self) -> String {
        let tasks = self.tasks.iter().map(|(id, task)| format!(", task {id} {}", task.state));
        let none = if self.tasks.is_empty() { ", no tasks" } else { "" };
        format!("{}{}{none}", self.own.state, tasks.collect::<String>())
    }
}

fn merge(row: &mut Value, more: Value) {
    if let (Value::Object(row), Value::Object(more)) = (row, more) {
        row.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(own: &str, task: &str) -> Connector {
        let status = json!({"type": "sink", "connector": {"state": own, "worker_id": "w"},
            "tasks": [{"id": 0, "state": task, "worker_id": "w", "trace": "a.B: broken\n\tat x"}]});
        Connector::read("c", &status, None)
    }

    #[test]
    fn a_failed_task_is_a_failure_of_its_connector() {
        let connector = connector("RUNNING", "FAILED");
        assert_eq!(connector.failures(), ["c task 0: B: broken"]);
        assert!(!connector.is_running());
        assert_eq!(
            connector.row(false).to_string(),
            r#"{"name":"c","type":"sink","state":"RUNNING","worker":"w","cause":null,"tasks":[{"id":0,"state":"FAILED","worker":"w","cause":"B: broken"}]}"#
        );
        assert!(connector.row(true).to_string().contains(r#""trace":"a.B: broken\n\tat x""#));
    }

    #[test]
    fn a_connector_runs_only_with_its_tasks_and_fails_with_one() {
        let states = |own, task| {
            let connector = connector(own, task);
            [State::Running, State::Paused, State::Stopped, State::Failed, State::Unassigned]
                .map(|state| connector.is_in(state))
        };
        assert_eq!(states("RUNNING", "RUNNING"), [true, false, false, false, false]);
        assert_eq!(states("RUNNING", "FAILED"), [false, false, false, true, false]);
        assert_eq!(states("PAUSED", "PAUSED"), [false, true, false, false, false]);
        assert_eq!(states("RUNNING", "UNASSIGNED"), [false, false, false, false, true]);
        let none = Connector::read("c", &json!({"connector": {"state": "RUNNING"}, "tasks": []}), None);
        assert!(!none.is_running(), "a connector without tasks does nothing");
    }
}
