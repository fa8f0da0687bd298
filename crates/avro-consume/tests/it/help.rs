//! The examples of `--help` work.

use crate::Desk;

#[test]
fn every_example_of_the_help_runs() {
    let desk = Desk::new();
    desk.mock.create_topic("kafka-events", 2, 1);
    let events: Vec<(u8, i64)> = (1..=20).map(|id| (id, i64::from(id))).collect();
    desk.put_timed("kafka-events", 0, &events);
    desk.put_timed("kafka-events", 1, &[(30, 30)]);
    let version = r#"{"subject":"kafka-events-value","version":1,"id":70,"schema":"{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"}]}"}"#;
    desk.registry.reply("GET", "/subjects/kafka-events-value/versions/1", 200, version);
    let help = desk.scene.tool("avro-consume").arg("--help").run().succeeds().stdout_text();
    let examples: Vec<&str> =
        help.lines().map(str::trim).filter(|line| line.starts_with("avro-consume -t")).collect();
    assert!(examples.len() >= 13, "{help}");
    for example in examples {
        // What stands behind the pipe has tests of its own, and a follower is stopped by its count.
        let reader = example.split(" | ").next().unwrap_or_default();
        let line = if reader.ends_with(" -f") { format!("{reader} -n 3") } else { reader.to_owned() };
        let line = line.replace("10s", "200ms");
        desk.scene.shell(&line).run().succeeds().stderr_is(if line.contains("--fields") {
            "avro-consume: warning: --fields payload: no record has this field\n"
        } else {
            ""
        });
    }
}
