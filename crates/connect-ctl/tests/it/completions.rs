//! Completions: names of the running worker.

use kch_test::{RawServer, Scene};

use crate::{scene, with_connectors};

/// What the tool answers to a shell whose line ends with the last of these words.
fn candidates(scene: &Scene, words: &[&str]) -> String {
    let cursor = (words.len() - 1).to_string();
    let asked = scene.tool("connect-ctl").args(["--complete", "fish", &cursor, ""]).args(words).run();
    asked.succeeds().stderr_is("").stdout_text()
}

#[test]
fn connectors_and_classes_are_offered() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("clickhouse-sink", "RUNNING", "RUNNING"), ("other", "RUNNING", "RUNNING")]);
    let plugins = r#"[{"class":"a.b.FileStreamSinkConnector","type":"sink","version":"1"}]"#;
    worker.reply("GET", "/connector-plugins", 200, plugins);
    worker.reply("GET", "/admin/loggers", 200, r#"{"a.b":{"level":"INFO"},"root":{"level":"WARN"}}"#);
    // On a busy machine the worker may be too late, and that is then kept for a moment: each time in a new folder.
    let until = |words: &[&str], expected: &str| {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while candidates(&Scene::new().env("CONNECT_URL", worker.url()), words) != expected {
            assert!(std::time::Instant::now() < end, "{words:?} never gave {expected:?}");
        }
    };
    until(&["connect-ctl", "restart", ""], "clickhouse-sink\nother\n");
    until(&["connect-ctl", "offsets", "get", "cl"], "clickhouse-sink\n");
    until(&["connect-ctl", "template", "F"], "FileStreamSinkConnector\n");
    until(&["connect-ctl", "loggers", "set", "a"], "a.b\n");
    let config = r#"{"name":"clickhouse-sink","connector.class":"a.Sink","topics":"t"}"#;
    worker.reply("GET", "/connectors/clickhouse-sink/config", 200, config);
    worker.reply(
        "GET",
        "/connector-plugins/a.Sink/config",
        200,
        r#"[{"name":"tasks.max"},{"name":"topics"}]"#,
    );
    until(&["connect-ctl", "patch", "clickhouse-sink", "-s", "t"], "tasks.max=\ntopics=\n");
    until(&["connect-ctl", "clone", "clickhouse-sink", "new", "--unset", ""], "connector.class\ntopics\n");
    // The worker of the line goes before that of the settings.
    let (other, _) = crate::scene();
    with_connectors(&other, &[("elsewhere", "RUNNING", "RUNNING")]);
    until(&["connect-ctl", "--connect", &other.url(), "get", ""], "elsewhere\n");
    assert!(candidates(&scene, &["connect-ctl", "rest"]).starts_with("restart\t"), "verbs need no worker");
}

#[test]
fn a_worker_that_is_down_is_silence() {
    let scene = Scene::new().env("CONNECT_URL", format!("http://{}", RawServer::nobody()));
    assert_eq!(candidates(&scene, &["connect-ctl", "get", "c"]), "");
}
