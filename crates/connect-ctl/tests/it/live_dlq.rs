//! Poisoned records of a real sink: found, mended, sent back, and taken.

use kch_test::live::Service;

use crate::live::Live;
use crate::live_offsets::put;

const SCHEMA: &str = r#"{"type":"record","name":"CtlEvent","fields":[{"name":"id","type":"long"},{"name":"source","type":"string"}]}"#;

#[test]
fn dead_letters_are_mended_and_sent_back_live() {
    let Some(live) = Live::new("dlq", &[Service::Kafka, Service::Registry]) else { return };
    let (name, topic) = (live.name("sink"), live.stack.create_topic("ctl-dlq", 1));
    let letters = live.stack.unique_topic("ctl-letters");
    let out = live.scene.dir().join("out").display().to_string();
    // The worker's own converter, Avro from the registry, cannot read what is no Avro.
    let config = format!(
        r#"{{"connector.class":"FileStreamSink","topics":"{topic}","file":"{out}","errors.tolerance":"all",
            "errors.deadletterqueue.topic.name":"{letters}","errors.deadletterqueue.topic.replication.factor":"3",
            "errors.deadletterqueue.context.headers.enable":"true"}}"#
    );
    let body = serde_json::json!({ "schema": SCHEMA }).to_string();
    assert_eq!(live.stack.registry("POST", &format!("/subjects/{topic}-value/versions"), Some(&body)).0, 200);
    live.ctl_with(&["apply", &name, "--wait", "90s"], &config).succeeds();
    put(&live, &topic, ["{\"id\":1}", "{\"id\":2,\"source\":\"eu\"}", "rubbish"]);
    live.until("three dead letters", || live.ctl(&["dlq", &name]).json_lines().len() == 3);

    // Running and not behind, as if all were well.
    let lag = live.ctl(&["lag", &name]);
    lag.succeeds()
        .stderr_is(format!("connect-ctl: note: {letters} has 3 dead letters: connect-ctl dlq {name}\n"));

    let found = live.ctl(&["dlq", &name]);
    let first = &found.succeeds().json_lines()[0];
    assert_eq!(
        (&first["topic"], &first["partition"], &first["offset"]),
        (&topic.as_str().into(), &0.into(), &0.into())
    );
    assert_eq!(first["value"], serde_json::json!({"id": 1}));
    assert_eq!(first["headers"], serde_json::json!([]));
    let why = &first["dead_letter"];
    assert_eq!((&why["connector"], &why["stage"]), (&name.as_str().into(), &"VALUE_CONVERTER".into()));
    assert!(why["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{why}");
    assert_eq!(live.ctl(&["dlq", &name, "--last", "1"]).json_lines()[0]["value"], "rubbish");

    let mend =
        r#"connect-ctl dlq "$NAME" -n 2 | jq -c '.value.source //= "mended"' | avro-produce --envelope"#;
    live.scene.shell(mend).env("NAME", &name).run().succeeds().stderr_is("");
    live.until("the mended records", || {
        let out = std::fs::read_to_string(live.scene.dir().join("out")).unwrap_or_default();
        out.contains("mended") && out.lines().count() == 2
    });
    live.ctl(&["status", &name]).succeeds();
    assert_eq!(live.ctl(&["dlq", &name]).json_lines().len(), 3, "no new dead letters");
}
