//! What `template --subject` makes, on the worker that the stack has: without the ClickHouse sink, another one reads the
//! records behind the same converter and transformations.

use kch_test::live::Service;

use crate::live::Live;

const SCHEMA: &str = r#"{"type":"record","name":"CtlEvent","fields":[{"name":"id","type":"long"},{"name":"source","type":"string"}]}"#;

#[test]
fn a_template_for_a_subject_reads_its_records_live() {
    let services = [Service::Kafka, Service::Registry, Service::ClickHouse];
    let Some(live) = Live::new("subject", &services) else { return };
    let (name, topic) = (live.name("sink"), live.stack.create_topic("ctl-template", 1));
    let subject = format!("{topic}-value");
    let body = serde_json::json!({ "schema": SCHEMA }).to_string();
    assert_eq!(live.stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body)).0, 200);

    let file = live.scene.dir().join("out");
    let letters = live.stack.unique_topic("ctl-letters");
    let others = [
        "connector.class=FileStreamSink".to_owned(),
        format!("file={}", file.display()),
        format!("errors.deadletterqueue.topic.name={letters}"),
        "password=unused".to_owned(),
    ];
    let mut args = vec!["template", "--subject", &subject, "--name", &name];
    args.extend(others.iter().flat_map(|other| ["--set", other]));
    let template = live.ctl(&args);
    template.succeeds().stderr_has("warning: ClickHouse has no table test_ctl_template");
    live.ctl_with(&["apply", "--wait", "90s"], &template.stdout_text()).succeeds();
    let send = r#"printf '{"id":1,"source":"eu"}\n{"id":2,"source":"us"}\n' | avro-produce -t "$SENT_TO""#;
    live.scene.shell(send).env("SENT_TO", &topic).run().succeeds();
    live.until("the records", || {
        std::fs::read_to_string(&file)
            .is_ok_and(|out| out == "Struct{id=1,source=eu}\nStruct{id=2,source=us}\n")
    });

    // Once the table is there, nothing is left to say.
    let table = topic.replace(['-', '.'], "_");
    live.stack.clickhouse(&format!("CREATE TABLE {table} (id Int64, source String) ENGINE = Memory"));
    let again = live.ctl(&args);
    live.stack.clickhouse(&format!("DROP TABLE {table}"));
    again.succeeds().stderr_is("");
}
