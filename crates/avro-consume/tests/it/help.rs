//! The examples of `--help` work.

use crate::{Desk, Put, event};

#[test]
fn every_example_of_the_help_runs() {
    let desk = Desk::new();
    desk.mock.create_topic("kafka-events", 2, 1);
    let events: Vec<(u8, i64)> = (1..=20).map(|id| (id, i64::from(id))).collect();
    desk.put_timed("kafka-events", 0, &events);
    desk.put_timed("kafka-events", 1, &[(30, 30)]);
    // Where murmur2 puts this key, of two partitions.
    desk.put_records(
        "kafka-events",
        0,
        &[Put { key: Some(b"user-7"), value: Some(&event(31)), ..Put::default() }],
    );
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
        // The events have no payload.
        let flag = ["--fields", "--where"].into_iter().find(|flag| line.contains(flag));
        let said =
            flag.map(|flag| format!("avro-consume: warning: {flag} payload: no record has this field\n"));
        desk.scene.shell(&line).run().succeeds().stderr_is(said.unwrap_or_default());
    }
}
