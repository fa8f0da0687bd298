//! The examples of every `--help` work.

use std::sync::Mutex;

use rdkafka::producer::BaseRecord;

use crate::dlq::Desk;
use crate::{MISSING, status, with_names};

const VERBS: [&str; 32] = [
    "",
    "info",
    "plugins",
    "plugin",
    "template",
    "validate",
    "list",
    "get",
    "apply",
    "diff",
    "patch",
    "clone",
    "status",
    "wait",
    "pause",
    "resume",
    "stop",
    "restart",
    "delete",
    "tasks",
    "topics",
    "offsets",
    "offsets get",
    "offsets set",
    "offsets reset",
    "loggers",
    "loggers get",
    "loggers set",
    "lag",
    "dlq",
    "watch",
    "export",
];

/// A class that knows the settings of the examples.
const KNOWN: &str = r#"{"configs":[{"value":{"name":"name"}},{"value":{"name":"connector.class"}},
    {"value":{"name":"tasks.max"}},{"value":{"name":"topics"}},{"value":{"name":"errors.deadletterqueue.topic.name"}}]}"#;

/// A worker that has all that the examples speak of.
fn desk() -> Desk {
    let desk = Desk::new();
    let config = r#"{"name":"clickhouse-sink","connector.class":"a.ClickHouseSinkConnector","topics":"kafka-events",
        "errors.deadletterqueue.topic.name":"letters","tasks.max":"1"}"#;
    let (worker, sink) = (&desk.worker, "/connectors/clickhouse-sink");
    let info = format!(r#"{{"name":"clickhouse-sink","config":{config},"type":"sink"}}"#);
    let running = status("clickhouse-sink", "RUNNING", "RUNNING");
    let second = status("second-sink", "RUNNING", "RUNNING");
    let all = format!(r#"{{"clickhouse-sink":{{"status":{running},"info":{info}}}}}"#);
    let offsets = r#"{"offsets":[{"partition":{"kafka_topic":"kafka-events","kafka_partition":0},"offset":{"kafka_offset":1}}]}"#;
    let restarted = running.replace("RUNNING", "RESTARTING");
    for (method, path, status, body) in [
        ("GET", "/", 200, r#"{"version":"3.7.2","commit":"c","kafka_cluster_id":"k"}"#),
        ("GET", "/connectors", 200, all.as_str()),
        ("GET", "/connectors/old-sink/config", 404, MISSING),
        ("GET", "/connectors/old-sink/status", 404, MISSING),
        ("GET", "/connectors/second-sink/config", 404, MISSING),
        ("PUT", "/connectors/second-sink/config", 201, "{}"),
        ("GET", "/connectors/second-sink/status", 200, &second),
        ("GET", "/connectors/second-sink/offsets", 200, r#"{"offsets":[]}"#),
        ("POST", "/connectors", 201, "{}"),
        ("GET", "/connectors/local-sink/config", 404, MISSING),
        ("PUT", "/connectors/local-sink/config", 201, "{}"),
        ("GET", "/connectors/clickhouse-kafka-events/config", 404, MISSING),
        ("GET", &format!("{sink}/config"), 200, config),
        ("PUT", &format!("{sink}/config"), 200, "{}"),
        ("GET", &format!("{sink}/status"), 200, &running),
        (
            "GET",
            &format!("{sink}/tasks"),
            200,
            r#"[{"id":{"connector":"clickhouse-sink","task":0},"config":{}}]"#,
        ),
        ("GET", &format!("{sink}/topics"), 200, r#"{"clickhouse-sink":{"topics":["kafka-events"]}}"#),
        ("PUT", &format!("{sink}/topics/reset"), 200, ""),
        ("GET", &format!("{sink}/offsets"), 200, offsets),
        ("PUT", &format!("{sink}/pause"), 202, ""),
        ("PUT", &format!("{sink}/resume"), 202, ""),
        ("PUT", &format!("{sink}/stop"), 204, ""),
        ("POST", &format!("{sink}/restart"), 202, &restarted),
        ("POST", &format!("{sink}/tasks/0/restart"), 204, ""),
        (
            "GET",
            "/connector-plugins",
            200,
            r#"[{"class":"a.FileStreamSinkConnector","type":"sink","version":"1"}]"#,
        ),
        (
            "GET",
            "/connector-plugins/FileStreamSink/config",
            200,
            r#"[{"name":"errors.deadletterqueue.topic.name","documentation":"A dead letter queue."}]"#,
        ),
        ("GET", "/connector-plugins/org.apache.kafka.connect.json.JsonConverter/config", 200, "[]"),
        ("PUT", "/connector-plugins/a.ClickHouseSinkConnector/config/validate", 200, KNOWN),
        (
            "PUT",
            "/connector-plugins/com.clickhouse.kafka.connect.ClickHouseSinkConnector/config/validate",
            200,
            r#"{"configs":[]}"#,
        ),
        ("GET", "/admin/loggers", 200, r#"{"root":{"level":"INFO"}}"#),
        ("GET", "/admin/loggers/root", 200, r#"{"level":"INFO"}"#),
        ("PUT", "/admin/loggers/com.clickhouse.kafka.connect", 204, ""),
        (
            "GET",
            "/subjects/kafka-events-value/versions/latest",
            200,
            r#"{"subject":"kafka-events-value","version":1,"id":7,"schema":"{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"}]}"}"#,
        ),
    ] {
        worker.reply(method, path, status, body);
    }
    with_names(worker, &["clickhouse-sink"]);
    desk.put_record(BaseRecord::to("letters").payload(&b"{\"id\":1}"[..]));
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/connect/clickhouse-sink.json");
    desk.scene
        .file("configs/connect/clickhouse-sink.json", std::fs::read(config).expect("the sink of the stack"));
    desk.scene
        .file("sink.json", r#"{"connector.class":"a.ClickHouseSinkConnector","topics":"kafka-events"}"#);
    desk.scene
        .file("backup/one.json", format!("{{\"name\":\"clickhouse-sink\",\"config\":{}}}", config_of(&info)));
    desk.scene.file("backup.env", "");
    desk.scene.file("offsets.jsonl", "{\"topic\":\"kafka-events\",\"partition\":0,\"offset\":2}\n");
    desk.scene.file("local.properties", "name=local-sink\nconnector.class=a.FileStreamSinkConnector\n");
    desk
}

fn config_of(info: &str) -> String {
    serde_json::from_str::<serde_json::Value>(info).expect("JSON")["config"].to_string()
}

/// What cannot be run as it stands: what never ends ends after some lines, what needs other tools' topics is cut off,
/// and what needs a worker that changes has live tests of its own.
fn runnable(example: &str) -> String {
    let line = example
        .replace("connect-ctl watch |", "connect-ctl watch --initial -n 2 |")
        .replace("| avro-produce --envelope", "| jq -c .value");
    // Other examples read these files at the same time.
    let line = line
        .replace("> offsets.jsonl", "> saved.jsonl")
        .replace("export backup --secrets backup.env", "export saved --secrets saved.env");
    line.replace("offsets set clickhouse-sink <", "offsets set clickhouse-sink --dry-run <")
}

#[test]
fn every_example_of_every_help_runs() {
    let desk = desk();
    let url = desk.worker.url();
    let examples: Vec<String> = VERBS
        .iter()
        .flat_map(|verb| {
            let help = desk.scene.tool("connect-ctl").args(verb.split_whitespace()).arg("--help").run();
            let text = help.succeeds().stdout_text();
            let (_, after) =
                text.split_once("Examples:\n").unwrap_or_else(|| panic!("{verb} has no examples"));
            let lines = after.lines().take_while(|line| line.starts_with("  "));
            let lines = lines.inspect(|line| assert!(line.chars().count() < 100, "it wraps: {line}"));
            lines.map(|line| runnable(line.trim())).collect::<Vec<_>>()
        })
        .collect();
    assert!(examples.len() > 60, "{examples:#?}");
    let next = Mutex::new(examples.iter());
    std::thread::scope(|scope| {
        // Most of them wait for something.
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(line) = { next.lock().unwrap().next() } {
                    let tool = desk.scene.shell(line);
                    let tool =
                        tool.env("SCHEMA_REGISTRY_URL", &url).env("CLICKHOUSE_WRITER_PASSWORD", "hunter2");
                    let tool = tool.env("CLICKHOUSE_DATABASE", "default");
                    tool.run().succeeds().never_says("hunter2");
                }
            });
        }
    });
}
