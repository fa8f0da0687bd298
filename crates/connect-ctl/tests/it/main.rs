//! `connect-ctl` from the outside: what it prints, where, and how it ends.

mod apply;
mod completions;
mod control;
mod dlq;
mod export;
mod help;
mod live;
mod live_dlq;
mod live_edits;
mod live_offsets;
mod live_template;
mod offsets;
mod old_worker;
mod passwords;
mod patch;
mod plugins;
mod prune;
mod states;
mod waiting;

use std::time::{Duration, Instant};

use kch_test::wiremock::matchers::{method, path, query_param_is_missing};
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{HttpStub, Outcome, Scene};

/// A scene with a worker that is told what to answer.
fn scene() -> (HttpStub, Scene) {
    let worker = HttpStub::start();
    let scene = Scene::new().env("CONNECT_URL", worker.url());
    (worker, scene)
}

/// Waits until it is so, as long as a slow machine may take.
#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(90);
    while !is_so() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn ctl(scene: &Scene, args: &[&str]) -> Outcome {
    scene.tool("connect-ctl").args(args).run()
}

/// What a worker says of a connector that it does not have.
const MISSING: &str = r#"{"error_code":404,"message":"Connector c not found"}"#;

const TRACE: &str = r"org.apache.kafka.connect.errors.ConnectException: Exiting\n\tat a.B.c(B.java:1)\nCaused by: com.clickhouse.ServerException: Code: 60. Table x does not exist\n\tat d.E\n";

/// The status of a connector whose own state and whose task's are these.
fn status(name: &str, own: &str, task: &str) -> String {
    let trace = if task == "FAILED" { format!(r#","trace":"{TRACE}""#) } else { String::new() };
    let tasks = match task {
        "" => String::new(),
        _ => format!(r#"{{"id":0,"state":"{task}","worker_id":"w:1"{trace}}}"#),
    };
    format!(
        r#"{{"name":"{name}","type":"sink","connector":{{"state":"{own}","worker_id":"w:1"}},"tasks":[{tasks}]}}"#
    )
}

/// All connectors, as a worker lists them: name, own state, task's state.
fn all(connectors: &[(&str, &str, &str)]) -> String {
    let one = |(name, own, task): &(&str, &str, &str)| {
        let config = r#"{"connector.class":"x.y.FileSinkConnector"}"#;
        let info = format!(r#"{{"name":"{name}","config":{config},"type":"sink"}}"#);
        format!(r#""{name}":{{"status":{},"info":{info}}}"#, status(name, own, task))
    };
    let all: Vec<String> = connectors.iter().map(one).collect();
    format!("{{{}}}", all.join(","))
}

/// What a worker says that is asked for names alone.
fn with_names(worker: &HttpStub, names: &[&str]) {
    let alone = Mock::given(method("GET")).and(path("/connectors")).and(query_param_is_missing("expand"));
    worker.mount(alone.respond_with(ResponseTemplate::new(200).set_body_json(names)).with_priority(1));
}

/// Lets the worker have these connectors.
fn with_connectors(worker: &HttpStub, connectors: &[(&str, &str, &str)]) {
    let names: Vec<&str> = connectors.iter().map(|(name, ..)| *name).collect();
    with_names(worker, &names);
    worker.reply("GET", "/connectors", 200, &all(connectors));
    for (name, own, task) in connectors {
        worker.reply("GET", &format!("/connectors/{name}/status"), 200, &status(name, own, task));
    }
}
