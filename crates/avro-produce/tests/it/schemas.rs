//! Which schema: strategies, contexts, references, normalizing, registering, and a registry that is away.

use kch_test::live::{self, Service};
use kch_test::{Outcome, RawServer};

use crate::{Desk, EVENT, event, json_string};

const LINE: &str = "{\"id\":1,\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\"}\n";

fn run(desk: &Desk, args: &[&str]) -> Outcome {
    desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin(LINE).run()
}

#[test]
fn the_strategy_names_the_subject() {
    let desk = Desk::new();
    desk.registry.reset();
    for (subject, id) in
        [("example.KafkaEvent", 21), ("t-example.KafkaEvent", 22), ("t-value", 7), (":.eu:t-value", 24)]
    {
        desk.register(subject, id, EVENT);
    }
    run(&desk, &["--subject-strategy", "record", "--record", "example.KafkaEvent"]).succeeds();
    run(&desk, &["--subject-strategy", "topic-record", "--record", "example.KafkaEvent"]).succeeds();
    run(&desk, &["--subject-strategy", "topic"]).succeeds();
    run(&desk, &["--context", "eu"]).succeeds();
    let reply = format!("{{\"schema\":{}}}", json_string(EVENT));
    desk.registry.reply("GET", "/schemas/ids/25", 200, &reply);
    run(&desk, &["--context", "eu", "--schema-id", "25"]).succeeds();
    let asked = desk.registry.request_lines();
    assert!(asked.iter().any(|line| line.contains("/schemas/ids/25?subject=")), "{asked:?}");
    let ids: Vec<u8> = desk.values(5).iter().map(|value| value[4]).collect();
    assert_eq!(ids, [21, 22, 7, 24, 25]);
    run(&desk, &["--subject-strategy", "record"]).fails_with(2).stderr_is(
        "avro-produce: the record strategy names a subject after the value's record, and none is named\n\
         hint: --schema FILE or --record NAME\n",
    );
    run(&desk, &["--subject-strategy", "none"]).fails_with(2).stderr_has("topic, record, topic-record");
}

#[test]
fn a_file_gives_the_strategy_its_record_and_brings_references_and_normalize_along() {
    let desk = Desk::new();
    desk.registry.reset();
    desk.scene
        .file("e.avsc", r#"{"type":"record","name":"ex.Uses","fields":[{"name":"m","type":"ex.Money"}]}"#);
    let money =
        json_string(r#"{"type":"record","name":"ex.Money","fields":[{"name":"cents","type":"long"}]}"#);
    let reply = format!(r#"{{"subject":"money-value","version":3,"id":30,"schema":{money}}}"#);
    desk.registry.reply("GET", "/subjects/money-value/versions/3", 200, &reply);
    let found = r#"{"subject":"ex.Uses","version":1,"id":31,"schema":"\"string\""}"#;
    desk.registry.reply("POST", "/subjects/ex.Uses", 200, found);
    let args = [
        "-t",
        "t",
        "--schema",
        "e.avsc",
        "--subject-strategy",
        "record",
        "--normalize",
        "--reference",
        "ex.Money=money-value:3",
    ];
    desk.scene.tool("avro-produce").args(args).stdin("{\"m\":{\"cents\":5}}\n").run().succeeds();
    assert_eq!(desk.values(1), [b"\x00\x00\x00\x00\x1f\x0a"]);
    let asked = desk.registry.request_lines();
    assert!(asked.iter().any(|line| line.contains("/subjects/ex.Uses?normalize=true")), "{asked:?}");
    let bodies = desk.registry.request_bodies().join("\n");
    assert!(
        bodies.contains(r#""references":[{"name":"ex.Money","subject":"money-value","version":3}]"#),
        "{bodies}"
    );
    let args = ["-t", "t", "--schema", "e.avsc", "--reference", "nonsense"];
    desk.scene.tool("avro-produce").args(args).run().fails_with(2).stderr_has("NAME=SUBJECT:VERSION");
}

#[test]
fn a_schema_by_id_comes_from_the_disk_while_the_registry_is_away() {
    let desk = Desk::new();
    let reply = format!("{{\"schema\":{}}}", json_string(EVENT));
    desk.registry.reply("GET", "/schemas/ids/9", 200, &reply);
    let cache = desk.scene.dir().join("cache");
    let produce = || {
        let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--schema-id", "9"]);
        tool.env("KCH_SCHEMA_CACHE", &cache).stdin(LINE)
    };
    produce().run().succeeds().stderr_is("");
    desk.registry.reset().reply("GET", "/schemas/ids/9", 503, "{}");
    produce().run().succeeds().stderr_has("avro-produce: warning: ");
    let mut expected = event(1, "s", "t", "p");
    expected[4] = 9;
    assert_eq!(desk.values(2), [expected.clone(), expected]);
    let nobody = format!("http://{}", RawServer::nobody());
    produce().args(["--registry", &nobody]).run().fails_with(3).stderr_has("cannot be reached");
}

#[test]
fn explain_names_the_schema_the_key_and_every_default() {
    let schema = r#"{"type":"record","name":"D","fields":[{"name":"k","type":"long"},{"name":"s","type":"string","default":"é\"x"},
        {"name":"d","type":["null",{"type":"record","name":"I","fields":[{"name":"n","type":"int"}]}],"default":null}]}"#;
    let desk = Desk::with_schema(schema);
    desk.register("t-key", 9, "\"long\"");
    let outcome = run(&desk, &["--explain", "--key-field", "k", "--key-format", "avro"]);
    let explained = outcome.succeeds().json_lines().remove(0);
    assert_eq!(
        explained["key"],
        serde_json::json!({"schema": "subject \"t-key\" version 1", "id": 9, "name": null})
    );
    assert_eq!((&explained["topic"], &explained["json"]), (&"t".into(), &"plain".into()));
    assert_eq!(explained["fields"][0].get("default"), None);
    assert_eq!(explained["fields"][1]["default"], "é\"x");
    assert_eq!(explained["fields"][2].get("default"), Some(&serde_json::Value::Null));
}

#[test]
fn strategies_references_and_keys_on_a_real_registry_live() {
    let Some(stack) = live::need(&[Service::Kafka, Service::Registry]) else { return };
    let topic = stack.create_topic("strategies", 1);
    let name = stack.unique("Uses");
    let money = stack.unique_subject("money");
    let scene = stack.scene();
    let money_schema =
        r#"{"type":"record","name":"Money","namespace":"ex","fields":[{"name":"cents","type":"long"}]}"#;
    scene.file("money.avsc", money_schema);
    scene.tool("sr").args(["register", &money, "money.avsc"]).run().succeeds();
    scene.file(
        "uses.avsc",
        format!(r#"{{"type":"record","name":"{name}","namespace":"ex","fields":[{{"name":"id","type":"long"}},{{"name":"m","type":"ex.Money"}}]}}"#),
    );
    scene.file("key.avsc", "\"long\"");
    let subjects = [
        format!("ex.{name}"),
        format!("{topic}-ex.{name}"),
        format!("{topic}-value"),
        format!("{topic}-key"),
    ];
    subjects.iter().for_each(|subject| stack.delete_subject_later(subject));
    let reference = format!("ex.Money={money}:1");
    let line = "{\"id\":7,\"m\":{\"cents\":5}}\n";
    for strategy in ["record", "topic-record", "topic"] {
        let args = ["--schema", "uses.avsc", "--reference", &reference, "--subject-strategy", strategy];
        let tool = || scene.tool("avro-produce").args(["-t", &topic]).args(args).stdin(line);
        tool().run().fails_with(2).stderr_has("--register registers it");
        tool().arg("--register=if-missing").run().succeeds();
        tool().arg("--register=never").run().succeeds();
    }
    let record = format!("ex.{name}");
    let latest = ["--subject-strategy", "record", "--record", &record];
    scene.tool("avro-produce").args(["-t", &topic]).args(latest).stdin(line).run().succeeds();
    let with_key = ["-t", &topic, "--key-field", "id", "--key-schema", "key.avsc", "--register"];
    scene.tool("avro-produce").args(with_key).stdin(line).run().succeeds();
    for subject in &subjects {
        let (status, body) = stack.registry("GET", &format!("/subjects/{subject}/versions"), None);
        assert_eq!((status, body.as_str()), (200, "[1]"), "{subject}");
    }
    let read = scene.tool("avro-consume").args(["-t", &topic, "--envelope"]).run();
    let lines = read.succeeds().json_lines();
    assert!(lines.len() == 8 && lines.iter().all(|line| line["value"]["m"]["cents"] == 5), "{lines:?}");
    assert_eq!(lines[7]["key"], 7);
}
