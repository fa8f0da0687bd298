//! States of connectors and tasks, and the one line of a stack trace that says why.

use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result};
use serde_json::{Value, json};

use crate::Job;
use crate::worker::Worker;

/// A connector and its tasks, as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connector {
    pub(crate) name: String,
    kind: String,
    class: String,
    own: Part,
    tasks: Vec<(u64, Part)>,
}

/// The connector itself or one of its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    state: String,
    worker: String,
    cause: Option<String>,
}

impl Part {
    fn read(json: &Value) -> Part {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Part {
            state: text("state"),
            worker: text("worker_id"),
            cause: json["trace"].as_str().and_then(root_cause),
        }
    }

    fn has_failed(&self) -> bool {
        self.state == "FAILED"
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
            own: Part::read(&status["connector"]),
            tasks: tasks.map(|task| (task["id"].as_u64().unwrap_or_default(), Part::read(task))).collect(),
        }
    }

    /// The row of `list`.
    pub(crate) fn summary(&self) -> Value {
        let failed = self.tasks.iter().filter(|(_, task)| task.has_failed()).count();
        json!({"name": self.name, "type": self.kind, "class": self.class, "state": self.own.state,
            "tasks": self.tasks.len(), "failed": failed})
    }

    /// The row of `status`: an object for the connector, its tasks in it.
    fn row(&self) -> Value {
        let part = |part: &Part| {
            let mut row = json!({"state": part.state, "worker": part.worker});
            if let Some(cause) = &part.cause {
                row["cause"] = json!(cause);
            }
            row
        };
        let mut row = json!({"name": self.name, "type": self.kind});
        let tasks = self.tasks.iter().map(|(id, task)| {
            let mut row = json!({"id": id});
            merge(&mut row, part(task));
            row
        });
        let tasks: Vec<Value> = tasks.collect();
        merge(&mut row, part(&self.own));
        row["tasks"] = Value::Array(tasks);
        row
    }

    /// The same for people: a line for the connector and one for each task.
    fn lines(&self) -> Vec<Value> {
        let line = |task: Value, part: &Part| {
            json!({"name": self.name, "type": self.kind, "task": task, "state": part.state, "worker": part.worker,
                "cause": part.cause})
        };
        let tasks = self.tasks.iter().map(|(id, task)| line(json!(id), task));
        std::iter::once(line(Value::Null, &self.own)).chain(tasks).collect()
    }

    /// `name task 0: cause` for each part that failed.
    fn failures(&self) -> Vec<String> {
        let say = |what: String, part: &Part| {
            format!("{what}: {}", part.cause.as_deref().unwrap_or("no cause given"))
        };
        let own = self.own.has_failed().then(|| say(self.name.clone(), &self.own));
        let tasks = self.tasks.iter().filter(|(_, task)| task.has_failed());
        own.into_iter().chain(tasks.map(|(id, task)| say(format!("{} task {id}", self.name), task))).collect()
    }

    fn is_running(&self) -> bool {
        self.own.state == "RUNNING"
            && !self.tasks.is_empty()
            && self.tasks.iter().all(|(_, task)| task.state == "RUNNING")
    }

    /// All states on one line.
    fn states(&self) -> String {
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

pub(crate) fn run(job: &Job<'_>, name: Option<&str>, io: &mut Io) -> Result<Exit> {
    let connectors = match name {
        Some(name) => vec![job.worker.connector(name)?.ok_or_else(|| job.worker.no_such_connector(name))?],
        None => job.worker.connectors()?,
    };
    let rows: Vec<Value> = if job.table {
        connectors.iter().flat_map(Connector::lines).collect()
    } else {
        connectors.iter().map(Connector::row).collect()
    };
    job.render.rows(&rows, &mut io.output)?;
    let failures: Vec<String> = connectors.iter().flat_map(Connector::failures).collect();
    match failures.as_slice() {
        [] => Ok(Exit::Done),
        all => {
            let first = connectors.iter().find(|connector| !connector.failures().is_empty());
            Err(failed(all, first.map_or("NAME", |connector| connector.name.as_str())))
        }
    }
}

fn failed(failures: &[String], name: &str) -> Failure {
    let text = match failures {
        [one] => format!("failed: {one}"),
        all => format!("{} failed:\n  {}", all.len(), all.join("\n  ")),
    };
    Failure::refused(text).hint(format!("once that is cured: connect-ctl restart {name}"))
}

/// How often the state is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// A task says RUNNING before its first poll, and may say FAILED after it; one that is being replaced says it too.
const RUNNING_FOR: Duration = Duration::from_secs(2);
/// After a change, a task that failed before says so until its successor has started.
const FAILED_FOR: Duration = Duration::from_secs(3);

/// Waits until the connector and all its tasks run; fails as soon as one of them has failed for good.
pub(crate) fn wait(worker: &Worker, name: &str, timeout: Duration) -> Result<()> {
    let end = Instant::now() + timeout;
    let mut last: Option<(Connector, Instant)> = None;
    loop {
        let now = worker.connector(name)?;
        if let Some(connector) = &now {
            let since = match &last {
                Some((before, since)) if before == connector => *since,
                _ => Instant::now(),
            };
            let failures = connector.failures();
            if connector.is_running() && since.elapsed() >= RUNNING_FOR {
                return Ok(());
            }
            if !failures.is_empty() && since.elapsed() >= FAILED_FOR {
                return Err(failed(&failures, name));
            }
            if matches!(connector.own.state.as_str(), "PAUSED" | "STOPPED") {
                return Err(Failure::refused(format!("connector {name} is {}", connector.own.state)));
            }
            last = Some((connector.clone(), since));
        } else if worker.config(name)?.is_none() {
            return Err(worker.no_such_connector(name));
        }
        if Instant::now() + LOOK > end {
            let states = last.map_or_else(|| "no state yet".to_owned(), |(connector, _)| connector.states());
            let seconds = timeout.as_secs_f32();
            return Err(Failure::unavailable(format!(
                "connector {name} is not RUNNING after {seconds} s: {states}"
            )));
        }
        worker.pause(LOOK)?;
    }
}

/// The innermost cause that says something, on one line, its class without the package. Stack frames and what was
/// suppressed are left out.
fn root_cause(trace: &str) -> Option<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut open = false;
    for line in trace.lines() {
        if let Some(cause) = line.strip_prefix("Caused by: ") {
            causes.push(cause.to_owned());
            open = true;
        } else if causes.is_empty() && !line.starts_with('\t') {
            causes.push(line.to_owned());
            open = true;
        } else if line.starts_with('\t') {
            open = false;
        } else if open && let Some(cause) = causes.last_mut() {
            // A message of several lines.
            cause.push(' ');
            cause.push_str(line.trim());
        }
    }
    let telling = causes.iter().rev().find(|cause| cause.contains(": ")).or(causes.last())?;
    let class = telling.split(':').next().unwrap_or_default();
    let is_class = class.contains('.') && !class.contains(' ');
    let text = match (is_class, class.rfind('.')) {
        (true, Some(dot)) => &telling[dot + 1..],
        _ => telling.as_str(),
    };
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_is_found() {
        let trace = "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n\
            \tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliver(WorkerSinkTask.java:635)\n\
            \tSuppressed: java.lang.Exception: not this\n\
            \t\tat x.Y.z(Y.java:1)\n\
            \tCaused by: java.lang.Exception: nor this\n\
            Caused by: java.lang.RuntimeException: Code: 60. DB::Exception:\n\
            Table default.nope does not exist\n\
            \tat com.clickhouse.X.y(X.java:2)\n\
            \t... 10 more\n";
        assert_eq!(
            root_cause(trace).unwrap(),
            "RuntimeException: Code: 60. DB::Exception: Table default.nope does not exist"
        );
    }

    #[test]
    fn a_cause_without_a_message_gives_way_to_the_one_around_it() {
        let trace = "a.B: cannot read config\n\tat x\nCaused by: java.lang.NullPointerException\n\tat y\n";
        assert_eq!(root_cause(trace).unwrap(), "B: cannot read config");
        assert_eq!(root_cause("java.lang.NullPointerException\n\tat y").unwrap(), "NullPointerException");
        assert_eq!(root_cause(""), None);
    }

    #[test]
    fn a_failed_task_is_a_failure_of_its_connector() {
        let status = json!({"type": "sink", "connector": {"state": "RUNNING", "worker_id": "w"},
            "tasks": [{"id": 0, "state": "FAILED", "worker_id": "w", "trace": "a.B: broken\n\tat x"}]});
        let connector = Connector::read("c", &status, None);
        assert_eq!(connector.failures(), ["c task 0: B: broken"]);
        assert!(!connector.is_running());
        assert_eq!(
            connector.row().to_string(),
            r#"{"name":"c","type":"sink","state":"RUNNING","worker":"w","tasks":[{"id":0,"state":"FAILED","worker":"w","cause":"B: broken"}]}"#
        );
    }
}
