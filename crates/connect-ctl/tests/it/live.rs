//! Against a real worker, which is asked afterwards.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kch_cli::is_glob;
use kch_test::live::{self, Service, Stack};
use kch_test::{Outcome, Scene, Signal};
use serde_json::Value;

/// Connectors of a test on the live worker. They are deleted at the end, with the groups of the sinks.
pub(crate) struct Live {
    pub(crate) stack: Stack,
    pub(crate) scene: Scene,
    prefix: String,
    names: RefCell<BTreeSet<String>>,
}

impl Live {
    /// The stack with these services besides Connect; `None` when the test shall pass without it.
    pub(crate) fn new(prefix: &str, others: &[Service]) -> Option<Live> {
        let stack = live::need(&[&[Service::Connect], others].concat())?;
        let (scene, prefix) = (stack.scene(), stack.unique(&format!("ctl-{prefix}-")));
        Some(Live { stack, scene, prefix, names: RefCell::default() })
    }

    /// A connector's name of this test's own.
    pub(crate) fn name(&self, name: &str) -> String {
        let name = format!("{}-{name}", self.prefix);
        if !is_glob(&name) && self.names.borrow_mut().insert(name.clone()) {
            self.stack.delete_group_later(&format!("connect-{name}"));
        }
        name
    }

    pub(crate) fn ctl(&self, args: &[&str]) -> Outcome {
        self.ctl_with(args, "")
    }

    pub(crate) fn ctl_with(&self, args: &[&str], stdin: &str) -> Outcome {
        let tool = self.scene.tool("connect-ctl").args(args).stdin(stdin);
        tool.timeout(Duration::from_secs(150)).run()
    }

    /// What the worker itself says at `/connectors/NAME/path`, once it has time for it: a rebalance is a 409 or a 500.
    pub(crate) fn ask(&self, name: &str, path: &str) -> (u16, Value) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let (status, body) = self.stack.connect("GET", &format!("/connectors/{name}{path}"), None);
            if !matches!(status, 409 | 500) || Instant::now() > end {
                return (status, serde_json::from_str(&body).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn state(&self, name: &str) -> String {
        self.ask(name, "/status").1["connector"]["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Deletes what is there; false while a task of it may still run, or the worker has no time for it. Only when its tasks have
    /// ended has a connector no status, and its group no members.
    fn delete_all(&self) -> bool {
        let ask = |method: &str, path: String| {
            let answer = self.stack.try_connect(method, &path, None);
            answer.map_or(0, |(status, _)| status)
        };
        self.names.borrow().iter().fold(true, |all, name| {
            let deleted = matches!(ask("DELETE", format!("/connectors/{name}")), 204 | 404);
            all & deleted & (ask("GET", format!("/connectors/{name}/status")) == 404)
        })
    }

    /// Waits until `done`, which asks the server.
    pub(crate) fn until(&self, what: &str, done: impl Fn() -> bool) {
        crate::until(what, done);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Nothing here may fail: a test that has failed unwinds.
        let end = Instant::now() + Duration::from_secs(60);
        while !self.delete_all() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A sink that writes the records of a topic into a file, as they are.
pub(crate) fn sink(topic: &str, file: &str) -> String {
    format!(
        r#"{{"connector.class":"FileStreamSink","topics":"{topic}","file":"{file}","secret.note":"${{NOTE:-hunter2}}",
            "key.converter":"org.apache.kafka.connect.storage.StringConverter",
            "value.converter":"org.apache.kafka.connect.storage.StringConverter"}}"#
    )
}

#[test]
fn a_connector_lives_fails_and_is_cured_live() {
    let Some(live) = Live::new("life", &[Service::Kafka]) else { return };
    let name = live.name("sink");
    let bad = sink("kafka-events", "/no/such/directory/out");
    let good = sink("kafka-events", &live.scene.dir().join("out").display().to_string());

    live.ctl_with(&["apply", &name, "--dry-run"], &bad).succeeds().never_says("hunter2");
    assert_eq!(live.ask(&name, "").0, 404);

    let applied = live.ctl_with(&["apply", &name, "--wait", "60s"], &bad);
    applied.fails_with(1).stdout_has("\"result\":\"created\"").never_says("hunter2");
    applied.stderr_has("task 0: NoSuchFileException: /no/such/directory/out");
    live.ctl(&["status", &name]).fails_with(1).stdout_has("\"state\":\"FAILED\"");
    let again = live.ctl(&["restart", &name, "--failed"]);
    again.succeeds().stdout_is(format!("{{\"name\":\"{name}\",\"connector\":false,\"tasks\":[0]}}\n"));

    live.ctl_with(&["diff", &name], &good)
        .fails_with(1)
        .stdout_has("\"setting\":\"file\"")
        .never_says("hunter2");
    live.ctl_with(&["apply", &name, "--wait", "60s"], &good).succeeds().stdout_has("\"result\":\"updated\"");
    live.ctl_with(&["apply", &name], &good).succeeds().stdout_has("\"result\":\"unchanged\"");
    live.ctl_with(&["diff", &name], &good).succeeds().stdout_is("");
    assert!(!live.ask(&name, "/status").1.to_string().contains("FAILED"));
    assert_eq!(live.ask(&name, "/config").1["secret.note"], "hunter2");

    let restarted = live.ctl(&["restart", &name, "--wait", "60s"]);
    restarted.succeeds().stdout_is(format!("{{\"name\":\"{name}\",\"connector\":true,\"tasks\":[0]}}\n"));
    let nothing = live.ctl(&["restart", &name, "--failed"]);
    nothing.succeeds().stdout_is(format!("{{\"name\":\"{name}\",\"connector\":false,\"tasks\":[]}}\n"));
    live.ctl(&["restart", &name, "--task", "0", "--wait", "60s"]).succeeds();
    live.ctl(&["restart", &name, "--task", "7"]).fails_with(1).stderr_has("has no task 7");
    live.ctl(&["wait", &name, "--timeout", "60s"]).succeeds();
    live.ctl(&["delete", &name, "--wait", "60s"]).succeeds();
    assert_eq!(live.ask(&name, "").0, 404);
    live.ctl(&["delete", &name]).fails_with(1);
}

#[test]
fn a_wrong_configuration_is_explained_live() {
    let Some(live) = Live::new("wrong", &[]) else { return };
    let name = live.name("x");
    let apply = |config: &str| live.ctl_with(&["apply", &name], config);
    apply(r#"{"connector.class":"FileStreamSnk"}"#)
        .fails_with(1)
        .stderr_has("hint: did you mean org.apache.kafka.connect.file.FileStreamSinkConnector?");
    apply(r#"{"connector.class":"FileStreamSink","tasks.max":"x"}"#)
        .fails_with(1)
        .stderr_has("is invalid:\n  Invalid value x for configuration tasks.max");
    live.ctl_with(&["validate"], r#"{"connector.class":"FileStreamSink","topcs":"x"}"#)
        .fails_with(1)
        .stdout_has("no such setting; did you mean topics?");
    let json = r#"{"connector.class":"FileStreamSink","topics":"x","value.converter":"org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enabled":"false","value.converter.schemas.enable":"false","own.note":"x"}"#;
    live.ctl_with(&["validate"], json)
        .fails_with(1)
        .stdout_has("did you mean value.converter.schemas.enable?")
        .stderr_has("1 setting is wrong");
    live.ctl_with(&["validate", "--strict"], json).fails_with(1).stdout_has("\"setting\":\"own.note\"");
    let dry =
        live.ctl_with(&["apply", &name, "--dry-run"], r#"{"connector.class":"FileStreamSink","topcs":"x"}"#);
    dry.fails_with(1).stderr_has("topcs: no such setting").stderr_has("Must configure one of topics");
    assert_eq!(live.ask(&name, "").0, 404);
}

#[test]
fn classes_and_their_settings_are_shown_and_a_template_runs_live() {
    let Some(live) = Live::new("template", &[Service::Kafka]) else { return };
    live.ctl(&["info"]).succeeds().stdout_has("\"version\":\"");
    live.ctl(&["wait", "--timeout", "60s"]).succeeds();
    live.ctl(&["plugins"]).succeeds().stdout_has("FileStreamSinkConnector\",\"type\":\"sink\"");
    let converters = live.ctl(&["plugins", "--kind", "converter"]);
    assert!(converters.succeeds().json_lines().iter().all(|row| row["type"] == "converter"));
    converters.stdout_has("JsonConverter");
    live.ctl(&["plugin", "FileStreamSink", "--search", "dead letter"])
        .succeeds()
        .stdout_has("\"setting\":\"errors.deadletterqueue.topic.name\"");
    live.ctl(&["plugin", "org.apache.kafka.connect.json.JsonConverter"])
        .succeeds()
        .stdout_has("schemas.enable");
    live.ctl(&["plugin", "FileStreamSnk"])
        .fails_with(1)
        .stderr_has("hint: did you mean org.apache.kafka.connect.file");

    let name = live.name("sink");
    let file = format!("file={}", live.scene.dir().join("out").display());
    let template = live.ctl(&["template", "FileStreamSink", "--name", &name, "--set", &file]);
    let text = template.succeeds().stdout_text();
    live.ctl_with(&["apply"], &text).fails_with(2).stderr_has("TOPICS is not set");
    let apply = live.scene.tool("connect-ctl").args(["apply", "--wait", "60s"]).env("TOPICS", "kafka-events");
    apply.timeout(Duration::from_secs(90)).stdin(text).run().succeeds();
    assert_eq!(live.ask(&name, "/config").1["topics"], "kafka-events");
    let tasks = live.ctl(&["tasks", &name]);
    tasks.succeeds().stdout_has("\"state\":\"RUNNING\"").stdout_has("\"task.class\":");
}

#[test]
fn what_the_worker_has_is_what_is_read_live() {
    let Some(live) = Live::new("read", &[Service::Kafka]) else { return };
    let name = live.name("sink");
    let config = sink("kafka-events", &live.scene.dir().join("out").display().to_string());
    let config = config.replace("${NOTE:-hunter2}", "hunter2");
    live.until("the connector", || {
        let (status, _) = live.stack.connect("PUT", &format!("/connectors/{name}/config"), Some(&config));
        matches!(status, 200 | 201)
    });
    live.until("its task", || live.ask(&name, "/status").1["tasks"][0]["state"] == "RUNNING");
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let asked = |path: &str| json(&live.stack.connect("GET", path, None).1);

    let mut info = asked("/");
    info["url"] = live.stack.setting("CONNECT_URL").into();
    assert_eq!(live.ctl(&["info"]).succeeds().json_lines(), [info]);
    let classes = asked("/connector-plugins");
    assert_eq!(Some(&live.ctl(&["plugins"]).succeeds().json_lines()), classes.as_array());
    let shown = json(&live.ctl(&["get", &name]).succeeds().never_says("hunter2").stdout_text());
    let mut has = live.ask(&name, "/config").1;
    has["secret.note"] = "********".into();
    assert_eq!(shown["config"], has);
    let listed = live.ctl(&["list", &name]).succeeds().json_lines().remove(0);
    assert_eq!((&listed["name"], &listed["state"]), (&name.as_str().into(), &"RUNNING".into()));
    live.ctl(&["status", &name]).succeeds().stdout_has("\"state\":\"RUNNING\"");
}

#[test]
fn connectors_are_paused_stopped_and_resumed_together_live() {
    let Some(live) = Live::new("states", &[Service::Kafka]) else { return };
    let names = [live.name("a"), live.name("b")];
    let config = |name: &String| {
        let file = live.scene.dir().join(name);
        format!(
            "{{\"name\":\"{name}\",\"config\":{}}}\n",
            sink("kafka-events", &file.display().to_string()).replace('\n', " ")
        )
    };
    let both: String = names.iter().map(config).collect();
    live.ctl_with(&["apply", "--wait", "90s"], &both).succeeds();
    let glob = live.name("*");
    let states = || names.each_ref().map(|name| live.state(name));
    live.ctl(&["pause", &glob, "--dry-run"]).succeeds().stdout_has("\"result\":\"paused\"");
    assert_eq!(states(), ["RUNNING", "RUNNING"]);
    live.ctl(&["pause", &glob, "--wait", "60s"]).succeeds();
    assert_eq!(states(), ["PAUSED", "PAUSED"]);
    live.ctl(&["pause", &glob]).succeeds().stdout_has("\"result\":\"unchanged\"");
    live.ctl(&["stop", &names[1], "--wait", "60s"]).succeeds();
    assert_eq!(states(), ["PAUSED", "STOPPED"]);
    assert_eq!(live.ask(&names[1], "/status").1["tasks"], serde_json::json!([]));
    let listed = live.ctl(&["list", &glob, "--state", "stopped", "-o", "raw"]);
    listed.succeeds().stdout_has(&names[1]).never_says(&names[0]);
    live.ctl(&["resume", &glob, "--state", "stopped", "--wait", "60s"]).succeeds();
    assert_eq!(states(), ["PAUSED", "RUNNING"]);
    live.ctl(&["wait", &names[0], "--timeout", "30s"]).fails_with(1).stderr_has("is PAUSED");
    live.ctl(&["delete", &glob, "--wait", "60s"]).succeeds();
    assert!(names.iter().all(|name| live.ask(name, "").0 == 404));
}

/// Each apply makes the group of workers rebalance, and while it does, they answer 409.
#[test]
fn many_applies_at_once_get_through_the_rebalances_live() {
    let Some(live) = Live::new("many", &[Service::Kafka]) else { return };
    let names: Vec<String> = (0..6).map(|number| live.name(&number.to_string())).collect();
    let scene = &live.scene;
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(move || {
                for round in 0..3 {
                    let file = scene.dir().join(format!("{name}.{round}")).display().to_string();
                    let tool =
                        scene.tool("connect-ctl").args(["apply", name]).stdin(sink("kafka-events", &file));
                    let word = if round == 0 { "created" } else { "updated" };
                    let outcome = tool.timeout(Duration::from_secs(120)).run();
                    outcome.succeeds().stderr_is("").stdout_has(format!("\"result\":\"{word}\""));
                }
            });
        }
    });
    for name in &names {
        live.until("the last file", || {
            live.ask(name, "/config").1["file"].as_str().is_some_and(|file| file.ends_with(".2"))
        });
    }
    live.ctl(&["wait", &names[0], &names[5], "--timeout", "120s"]).succeeds();
    live.ctl(&["delete", &live.name("?")]).succeeds();
}

#[test]
fn a_watch_sees_a_connector_come_fail_and_go_live() {
    let Some(live) = Live::new("watch", &[Service::Kafka]) else { return };
    let name = live.name("w");
    let args = ["watch", &live.name("*"), "--initial", "--interval", "100ms"];
    let mut watch = live.scene.tool("connect-ctl").args(args).timeout(Duration::from_secs(150)).spawn();
    live.ctl_with(&["apply", &name], &sink("kafka-events", "/no/such/directory/out")).succeeds();
    watch.until_stdout("\"to\":\"FAILED\"");
    watch.until_stdout("\"cause\":\"NoSuchFileException: /no/such/directory/out\"");
    live.ctl(&["delete", &name]).succeeds();
    watch.until_stdout("\"task\":null,\"from\":\"RUNNING\",\"to\":null");
    assert_eq!(live.ask(&name, "").0, 404);
    watch.signal(Signal::Terminate);
    watch.wait().fails_with(143).stderr_is("");
}

#[test]
fn an_export_is_applied_back_and_makes_the_same_connector_live() {
    let Some(live) = Live::new("export", &[Service::Kafka]) else { return };
    let name = live.name("e");
    let config = sink("kafka-events", &live.scene.dir().join("out").display().to_string());
    live.ctl_with(&["apply", &name], &config).succeeds();
    let before = live.ask(&name, "/config").1;
    live.ctl(&["export", "backup", &name, "--secrets", "backup.env"]).succeeds().never_says("hunter2");
    live.ctl(&["apply", "-f", "backup", "--env-file", "backup.env"]).succeeds().stdout_has("\"unchanged\"");
    live.ctl(&["delete", &name, "--wait", "60s"]).succeeds();
    live.ctl(&["apply", "-f", "backup", "--env-file", "backup.env"]).succeeds().stdout_has("\"created\"");
    assert_eq!(live.ask(&name, "/config").1, before);
}

#[test]
fn a_loggers_level_is_changed_and_put_back_live() {
    let Some(live) = Live::new("loggers", &[]) else { return };
    let logger = format!("test.{}", live.name("logger"));
    live.ctl(&["loggers", "set", &logger, "debug", "--dry-run"]).succeeds();
    live.ctl(&["loggers", "get", &logger]).fails_with(1);
    live.ctl(&["loggers", "set", &logger, "debug"]).succeeds().stdout_has("\"level\":\"DEBUG\"");
    let level = || live.stack.connect("GET", &format!("/admin/loggers/{logger}"), None).1;
    assert!(level().contains("DEBUG"), "{}", level());
    live.ctl(&["loggers", "get", &logger])
        .succeeds()
        .stdout_is(format!("{{\"logger\":\"{logger}\",\"level\":\"DEBUG\"}}\n"));
    live.ctl(&["loggers", "set", &logger, "info", "--cluster"]).succeeds().stdout_has("\"from\":\"DEBUG\"");
    live.until("the level", || level().contains("INFO"));
}
