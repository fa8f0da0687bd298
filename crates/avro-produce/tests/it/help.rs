//! The examples of `--help` work.

use crate::Desk;

#[test]
fn every_example_of_the_help_runs() {
    let desk = Desk::new();
    for topic in ["kafka-events", "kafka-events-copy", "smoke-avro"] {
        desk.mock.create_topic(topic, 1, 1);
    }
    desk.register("kafka-events-value", 7, crate::EVENT);
    let smoke = include_str!("../../../../configs/schemas/smoke-avro-value.v2.avsc");
    desk.register("smoke-avro-value", 8, smoke);
    let found = r#"{"subject":"smoke-avro-value","version":2,"id":8,"schema":"\"string\""}"#;
    desk.registry.reply("POST", "/subjects/smoke-avro-value", 200, found);
    for id in [7, 8] {
        let text = crate::json_string(if id == 7 { crate::EVENT } else { smoke });
        desk.registry.reply("GET", &format!("/schemas/ids/{id}"), 200, &format!("{{\"schema\":{text}}}"));
    }
    desk.scene.file("smoke-avro-value.v2.avsc", smoke);
    desk.scene.file("dump.json", r#"{"items":[{"id":1,"payload":"p"},{"id":2,"payload":"q"}]}"#);
    desk.scene.file("words.txt", "hello\nworld\n");
    desk.scene.file("events.csv", "id,source,payload\n1,s,p\n2,s,q\n");
    let line = r#"{"id":1,"source":"s","ts":"2026-11-22T10:00:00Z","payload":"p"}"#;
    desk.scene.file("events.jsonl", format!("{line}\n{line}\n"));
    let help = desk.scene.tool("avro-produce").arg("--help").run().succeeds().stdout_text();
    let examples: Vec<&str> = help
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "Examples:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(examples.len() >= 13, "{help}");
    for example in examples {
        assert!(example.contains("avro-produce"), "{example}");
        desk.scene.shell(example).run().succeeds().stderr_is("");
    }
    // 5 by seq, 1 by echo, 2 by jq and by csv each, 2 of each of four runs with files, 75 of seq, and 2 tombstones.
    assert_eq!(desk.records("kafka-events", 95).len(), 95);
    assert_eq!(desk.records("smoke-avro", 7).len(), 7);
    assert_eq!(desk.records("kafka-events-copy", 95).len(), 95);
}
