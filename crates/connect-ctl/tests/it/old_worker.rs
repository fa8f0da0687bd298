//! Workers that are older than what they are asked: what can be had another way is, and of the rest is said since when.

use kch_test::{HttpStub, Scene};

use crate::{MISSING, ctl, scene, status};

/// What a worker says of a path that it does not have, and of one that takes other methods.
const NO_PATH: &str = r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#;
const NO_METHOD: &str = r#"{"error_code":405,"message":"HTTP 405 Method Not Allowed"}"#;

/// A worker that has `c`, and knows nothing that came after Connect 2.0.
fn old() -> (HttpStub, Scene) {
    let (worker, scene) = scene();
    let config = r#"{"name":"c","connector.class":"x.y.FileSinkConnector"}"#;
    let info = format!(r#"{{"name":"c","config":{config},"tasks":[],"type":"sink"}}"#);
    let running = status("c", "RUNNING", "RUNNING");
    for (method, path, status, body) in [
        ("GET", "/connectors", 200, r#"["gone","c"]"#),
        ("GET", "/connectors/c", 200, &info),
        ("GET", "/connectors/c/config", 200, config),
        ("GET", "/connectors/c/status", 200, &running),
        ("GET", "/connectors/gone", 404, MISSING),
        ("GET", "/connectors/gone/status", 404, MISSING),
        ("GET", "/connector-plugins", 200, r#"[{"class":"x.y.FileSinkConnector","type":"sink"}]"#),
        ("GET", "/connector-plugins/FileSink/config", 404, NO_PATH),
        ("GET", "/connectors/c/topics", 404, NO_PATH),
        ("PUT", "/connectors/c/topics/reset", 404, NO_PATH),
        ("PUT", "/connectors/c/stop", 404, NO_PATH),
        ("GET", "/admin/loggers", 404, NO_PATH),
    ] {
        worker.reply(method, path, status, body);
    }
    (worker, scene)
}

#[test]
fn names_alone_are_enough_to_find_states() {
    let (worker, scene) = old();
    ctl(&scene, &["list"]).succeeds().stdout_is(
        "{\"name\":\"c\",\"type\":\"sink\",\"class\":\"x.y.FileSinkConnector\",\"state\":\"RUNNING\",\"tasks\":1,\"failed\":0}\n",
    );
    ctl(&scene, &["status", "*"]).succeeds().stdout_has("\"name\":\"c\"");
    worker.reply("PUT", "/connectors/c/pause", 202, "");
    ctl(&scene, &["pause", "c"]).succeeds().stdout_has("\"result\":\"paused\"");
}

#[test]
fn what_it_cannot_do_is_told_with_the_version_that_can() {
    let (worker, scene) = old();
    let scene = scene.env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT");
    worker.reply("GET", "/connectors/c/offsets", 404, NO_PATH);
    let cannot = |args: &[&str], since: &str| {
        ctl(&scene, args).fails_with(1).stdout_is("").stderr_is(format!(
            "connect-ctl: this worker cannot do that, Connect {since} and later can\nhint: connect-ctl info\n"
        ));
    };
    cannot(&["topics", "c"], "2.5");
    cannot(&["topics", "c", "--reset"], "2.5");
    cannot(&["loggers", "get"], "2.4");
    cannot(&["plugin", "FileSink"], "3.2");
    cannot(&["offsets", "get", "c"], "3.5");
    cannot(&["lag", "c"], "3.5");
    ctl(&scene, &["stop", "c"])
        .fails_with(1)
        .stderr_has("Connect 3.5 and later can\nhint: connect-ctl pause c");
    ctl(&scene, &["plugins"]).succeeds().stdout_has("x.y.FileSinkConnector");
    ctl(&scene, &["plugins", "--kind", "converter"])
        .fails_with(1)
        .stderr_has("this worker lists connectors only, Connect 3.2 and later all plugins");
    // Passwords are then told by their names, and a configuration is applied all the same.
    let config = r#"{"connector.class":"x.y.FileSinkConnector","password":"hunter2"}"#;
    worker.reply("PUT", "/connectors/c/config", 200, "{}");
    let applied = scene.tool("connect-ctl").args(["apply", "c"]).stdin(config).run();
    applied.succeeds().never_says("hunter2").stdout_has("\"result\":\"updated\"");
}

/// Connect 3.5 shows offsets, and 3.6 is the first to change them.
#[test]
fn offsets_that_can_only_be_read_leave_the_connector_as_it_was() {
    let (worker, scene) = scene();
    let sink =
        r#"{"offsets":[{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":7}}]}"#;
    worker.reply("GET", "/connectors/c/offsets", 200, sink);
    worker.reply("GET", "/connectors/c/status", 200, &status("c", "STOPPED", ""));
    worker.reply("PUT", "/connectors/c/stop", 204, "");
    worker.reply("PATCH", "/connectors/c/offsets", 405, NO_METHOD);
    worker.reply("DELETE", "/connectors/c/offsets", 405, NO_METHOD);
    let set = scene.tool("connect-ctl").args(["offsets", "set", "c"]);
    let line = "{\"topic\":\"t\",\"partition\":0,\"offset\":3}\n";
    set.stdin(line).run().fails_with(1).stderr_has("Connect 3.6 and later can");
    ctl(&scene, &["offsets", "reset", "c"]).fails_with(1).stderr_has("Connect 3.6 and later can");
}

#[test]
fn a_level_that_only_one_worker_took_is_not_called_the_clusters() {
    let (worker, scene) = scene();
    worker.reply("GET", "/admin/loggers", 200, r#"{"root":{"level":"INFO"}}"#);
    worker.reply("PUT", "/admin/loggers/org.x", 200, r#"["org.x"]"#);
    let set = |args: &[&str]| ctl(&scene, &[&["loggers", "set", "org.x", "debug"], args].concat());
    set(&[]).succeeds();
    set(&["--cluster"])
        .fails_with(1)
        .stderr_has("has set its own loggers only, Connect 3.7 and later can set all");
}

#[test]
fn a_worker_that_does_not_track_topics_is_not_about_credentials() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 200, r#"{"name":"c"}"#);
    let off = r#"{"error_code":403,"message":"Topic tracking is disabled."}"#;
    worker.reply("GET", "/connectors/c/topics", 403, off);
    ctl(&scene, &["topics", "c"]).fails_with(1).stderr_is(
        "connect-ctl: the worker does not know which topics are used: Topic tracking is disabled.\n\
         hint: topic.tracking.enable and topic.tracking.allow.reset are settings of the worker\n",
    );
}
