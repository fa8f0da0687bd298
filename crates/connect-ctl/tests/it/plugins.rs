//! `plugins`, `plugin` and `template`.

use kch_test::{HttpStub, Scene};

use crate::{ctl, scene};

const PLUGINS: &str = r#"[{"class":"a.b.FileSinkConnector","type":"sink","version":"1"},
    {"class":"a.b.FileSourceConnector","type":"source","version":"1"},{"class":"a.b.JsonConverter","type":"converter"}]"#;
const SETTINGS: &str = r#"[{"name":"name","type":"STRING","required":true,"importance":"HIGH","documentation":"Its name."},
    {"name":"file.path","type":"STRING","required":true,"importance":"HIGH","documentation":"Where to write. Or not."},
    {"name":"errors.tolerance","type":"STRING","required":false,"default_value":"none","importance":"MEDIUM","documentation":"How errors are borne."}]"#;

fn with_plugins() -> (HttpStub, Scene) {
    let (worker, scene) = scene();
    worker.reply("GET", "/connector-plugins", 200, PLUGINS);
    worker.reply("GET", "/connector-plugins/FileSink/config", 200, SETTINGS);
    let unknown = r#"{"error_code":404,"message":"Unknown plugin FileSnk."}"#;
    worker.reply("GET", "/connector-plugins/FileSnk/config", 404, unknown);
    (worker, scene)
}

#[test]
fn plugins_are_connectors_unless_others_are_asked_for() {
    let (worker, scene) = with_plugins();
    ctl(&scene, &["plugins"]).succeeds();
    ctl(&scene, &["plugins", "--all"]).succeeds();
    let kind = ctl(&scene, &["plugins", "--kind", "converter"]);
    kind.succeeds().stdout_is("{\"class\":\"a.b.JsonConverter\",\"type\":\"converter\",\"version\":null}\n");
    let only = ["true", "false", "false"].map(|only| format!("GET /connector-plugins?connectorsOnly={only}"));
    assert_eq!(worker.request_lines(), only);
}

#[test]
fn a_plugins_settings_are_found_by_words() {
    let (_worker, scene) = with_plugins();
    let plugin = |args: &[&str]| ctl(&scene, &[&["plugin", "FileSink"], args].concat());
    assert_eq!(plugin(&[]).succeeds().json_lines().len(), 3);
    plugin(&["--search", "ERRORS borne"]).succeeds().stdout_is(
        "{\"setting\":\"errors.tolerance\",\"type\":\"STRING\",\"required\":false,\"default\":\"none\",\
         \"importance\":\"MEDIUM\",\"about\":\"How errors are borne.\"}\n",
    );
    plugin(&["--search", "nothing like it"]).fails_with(1).stderr_has("no setting of FileSink speaks of");
    plugin(&["-o", "table"]).succeeds().stdout_has("HIGH        Where to write.");
    ctl(&scene, &["plugin", "FileSnk"]).fails_with(1).stderr_is(
        "connect-ctl: the worker has no plugin FileSnk\nhint: did you mean a.b.FileSinkConnector?\n",
    );
}

#[test]
fn a_template_of_a_class_has_what_it_requires() {
    let (_worker, scene) = with_plugins();
    ctl(&scene, &["template", "FileSink"]).succeeds().stdout_is(
        "{\"name\":\"file-sink\",\"config\":{\"connector.class\":\"a.b.FileSinkConnector\",\"tasks.max\":\"1\",\
         \"topics\":\"${TOPICS}\",\"file.path\":\"${FILE_PATH}\"}}\n",
    );
    ctl(&scene, &["template", "FileSink", "-o", "table"])
        .succeeds()
        .stdout_has("name             file-sink\n")
        .stdout_has("file.path        ${FILE_PATH}\n");
    let set = ctl(&scene, &["template", "FileSink", "--name", "n", "--set", "topics=t", "--set", "a=b=c"]);
    set.succeeds().stdout_has("\"name\":\"n\"").stdout_has("\"topics\":\"t\"").stdout_has("\"a\":\"b=c\"");
    ctl(&scene, &["template"]).fails_with(2);
}

fn with_subject(schema: &str) -> (HttpStub, Scene) {
    let registry = HttpStub::start();
    let body = serde_json::json!({"subject": "kafka-events-value", "version": 1, "id": 7, "schema": schema});
    registry.reply("GET", "/subjects/kafka-events-value/versions/latest", 200, &body.to_string());
    let missing = r#"{"error_code":40401,"message":"Subject not found"}"#;
    registry.reply("GET", "/subjects/plain-value/versions/latest", 404, missing);
    registry.reply("GET", "/subjects", 200, r#"["kafka-events-value"]"#);
    let scene =
        Scene::new().env("SCHEMA_REGISTRY_URL", registry.url()).env("CONNECT_URL", "http://127.0.0.1:1");
    (registry, scene)
}

#[test]
fn of_several_clickhouse_nodes_the_sink_gets_the_first() {
    let (_registry, scene) = with_subject("{}");
    let scene = scene.env("CLICKHOUSE_HTTP", "https://ch-1:8444, https://ch-2:8443");
    ctl(&scene, &["template", "--topic", "plain"])
        .succeeds()
        .stdout_has(r#""hostname":"ch-1","port":"8444","ssl":"true""#);
    let scene = scene.env("SINK_CLICKHOUSE_HTTP", "http://inside:8123,http://other:8123");
    ctl(&scene, &["template", "--topic", "plain"]).succeeds().stdout_has(r#""hostname":"inside""#);
}

const RECORD: &str = r#"{"type":"record","name":"E","fields":[{"name":"id","type":"long"},
    {"name":"price","type":{"type":"fixed","name":"P","size":8,"logicalType":"decimal","precision":9}}]}"#;

#[test]
fn a_template_has_no_password_of_the_registrys_address() {
    let (_registry, scene) = with_subject(RECORD);
    let address = "http://me:hunter2@there:1";
    ctl(&scene, &["template", "--topic", "kafka-events", "--sink-registry", address])
        .succeeds()
        .never_says("hunter2")
        .stdout_has("\"http://there:1\"")
        .stderr_has("warning: the user in the registry's address is left out");
}

/// Docker's worker has the one, and the native stack's the other.
#[test]
fn a_template_has_the_avro_converter_that_the_worker_has() {
    let template = |plugins: &str| {
        let (_registry, scene) = with_subject(RECORD);
        let worker = HttpStub::start();
        worker.reply("GET", "/connector-plugins", 200, plugins);
        let scene = scene.env("CONNECT_URL", worker.url());
        ctl(&scene, &["template", "--topic", "kafka-events", "--sink-registry", "http://there:1"])
    };
    let apicurio = r#"{"class":"io.apicurio.registry.utils.converter.AvroConverter","type":"converter"}"#;
    let confluent = r#"{"class":"io.confluent.connect.avro.AvroConverter","type":"converter"}"#;
    let config = template(&format!("[{apicurio},{confluent}]")).succeeds().json_lines()[0]["config"].clone();
    assert_eq!(config["value.converter"], "io.confluent.connect.avro.AvroConverter");
    assert_eq!(config["value.converter.schema.registry.url"], "http://there:1");
    let config = template(&format!("[{apicurio}]")).succeeds().json_lines()[0]["config"].clone();
    assert_eq!(config["value.converter"], "io.apicurio.registry.utils.converter.AvroConverter");
    assert_eq!(config["value.converter.apicurio.registry.url"], "http://there:1/apis/registry/v2");
    template("[]").succeeds().stderr_has("warning: the worker has no Avro converter");
}

#[test]
fn a_template_warns_of_a_table_that_is_not_there() {
    let (_registry, scene) = with_subject(RECORD);
    let clickhouse = HttpStub::start();
    clickhouse.reply("GET", "/", 200, "0\n");
    let scene = scene.env("CLICKHOUSE_HTTP", clickhouse.url()).env("CLICKHOUSE_PASSWORD", "secret");
    let outcome = ctl(&scene, &["template", "--topic", "kafka-events"]);
    let warning = "warning: ClickHouse has no table kafka_events yet, and without it every record becomes a dead letter: \
                   sr ddl kafka-events-value --via sink --table kafka_events | ch-query makes it\n";
    outcome.succeeds().stderr_has(warning).never_says("secret");
}

/// The template and the file that the stack uses must not drift apart.
#[test]
fn the_clickhouse_template_has_the_settings_of_the_stacks_sink() {
    let configs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs");
    let read = |file: &str| std::fs::read_to_string(format!("{configs}/{file}")).unwrap();
    let (registry, scene) = with_subject(&read("schemas/kafka-events-value.avsc"));
    let args =
        ["template", "--subject", "kafka-events-value", "--clickhouse", "http://clickhouse-haproxy:8123"];
    let outcome = ctl(&scene, &args);
    outcome.succeeds().stderr_is("");
    let template = &outcome.json_lines()[0];
    let mut file: serde_json::Value = serde_json::from_str(&read("connect/clickhouse-sink.json")).unwrap();
    file["value.converter.schema.registry.url"] = registry.url().into();
    assert_eq!(template["name"], "clickhouse-kafka-events");
    assert_eq!(template["config"], file);
}

#[test]
fn a_topic_without_a_subject_is_json() {
    let (_registry, scene) = with_subject(RECORD);
    let outcome =
        ctl(&scene, &["template", "--topic", "plain", "--table", "t", "--clickhouse", "https://ch"]);
    outcome
        .succeeds()
        .stderr_is("connect-ctl: note: no subject plain-value: the topic's values are taken for JSON\n");
    let config = &outcome.json_lines()[0]["config"];
    assert_eq!(config["value.converter"], "org.apache.kafka.connect.json.JsonConverter");
    assert_eq!(
        (&config["topic2TableMap"], &config["port"], &config["ssl"]),
        (&"plain=t".into(), &"8443".into(), &"true".into())
    );
    ctl(&scene, &["template", "--topic", "kafka-events"]).succeeds().stderr_is(
        "connect-ctl: warning: kafka-events-value: refused: price: every record is refused behind Apicurio's Avro \
         converter, though not behind Confluent's: a decimal in bytes fits both\n\
         connect-ctl: note: as lines they come in too: sr ddl kafka-events-value --via json --table kafka_events | ch-query, then \
         avro-consume -t kafka-events -f | ch-query insert kafka_events\n",
    );
    ctl(&scene, &["template", "--subject", "plain-value"]).fails_with(1).stderr_has("plain-value");
    ctl(&scene, &["template", "--subject", "kafka-events"])
        .fails_with(2)
        .stderr_has("does not say which topic");
    let (_registry, scene) = with_subject("\"long\"");
    ctl(&scene, &["template", "--topic", "kafka-events"])
        .fails_with(1)
        .stderr_has("a table needs a record, and the schema is long");
}
