//! `trim`: records before a place are gone, and those behind it are not.

use kch_cli::Settings;
use kch_kafka::{Admin, KafkaArgs, KafkaConfig};
use serde_json::{Value, json};

use crate::Desk;

/// The first offset of each partition, as the brokers say.
fn starts(desk: &Desk, topic: &str) -> [i64; 2] {
    let admin = desk.admin();
    [0, 1].map(|id| admin.inner().fetch_watermarks(topic, id, crate::PATIENCE).expect("watermarks").0)
}

#[test]
fn records_before_a_place_are_deleted_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("trim", 2);
    desk.fill(&topic, 0, 10);
    desk.fill(&topic, 1, 4);
    let trim = |args: &[&str]| desk.run(&[&["trim", &topic], args].concat());
    let row = |id: i32, from: i64, to: i64| json!({"topic": topic, "partition": id, "from": from, "to": to, "records": to - from});

    let tried = trim(&["--before", "-3", "--dry-run"]).succeeds().json_lines();
    let mut expected: Vec<Value> = vec![row(0, 0, 7), row(1, 0, 1)];
    expected.iter_mut().for_each(|row| row["dry_run"] = true.into());
    assert_eq!(tried, expected);
    // All partitions or none.
    trim(&["--before", "5"]).fails_with(1).stderr_has("partition 1: offset 5 is past the end, 4");
    trim(&["--before", "1", "--partition", "7"]).fails_with(1).stderr_has("has no partition 7");
    assert_eq!(starts(&desk, &topic), [0, 0]);

    assert_eq!(trim(&["--before", "-3"]).succeeds().json_lines(), [row(0, 0, 7), row(1, 0, 1)]);
    assert_eq!(starts(&desk, &topic), [7, 1]);
    // What is gone already stays gone.
    assert_eq!(trim(&["--before", "start"]).succeeds().json_lines(), [row(0, 7, 7), row(1, 1, 1)]);
    let one = trim(&["--before", "@1970-01-01T00:00:03Z", "--partition", "1"]);
    assert_eq!(one.succeeds().json_lines(), [row(1, 1, 2)]);
    trim(&["--before", "end", "--partition", "0"]).succeeds();
    assert_eq!(starts(&desk, &topic), [10, 2]);
}

#[test]
fn one_who_sits_at_a_terminal_is_asked_and_what_is_compacted_is_refused_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("trim-ask", 2);
    desk.fill(&topic, 1, 5);
    let tool = desk.scene.tool("topic-ctl").args(["trim", &topic, "--before", "end"]);
    let mut asked = tool.at_terminal().spawn();
    asked.until_stdout("Go on? [y/N] ").type_in("n\n");
    asked.wait().fails_with(1).stdout_is(format!(
        "topic-ctl: about to delete for good:\n  {topic} partition 1: offsets 0 to 4\n\
         Go on? [y/N] n\ntopic-ctl: not confirmed: nothing was changed\n"
    ));
    desk.run(&["alter", &topic, "-s", "cleanup.policy=compact"]).succeeds();
    let refused = desk.run(&["trim", &topic, "--before", "end", "--partition", "1"]);
    refused.fails_with(1).stdout_is("").stderr_has("its cleanup.policy does not have \"delete\"");
    assert_eq!(starts(&desk, &topic), [0, 0]);
}

#[test]
fn a_partition_that_cannot_be_cut_keeps_no_other_from_it_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("trim-each", 2);
    desk.fill(&topic, 0, 4);
    desk.fill(&topic, 1, 2);
    let names = ["BOOTSTRAP_SERVERS", "KAFKA_CLIENT_SASL_USERNAME", "KAFKA_CLIENT_SASL_PASSWORD"];
    let mut settings = Settings::from_pairs(names.map(|name| (name, desk.stack.setting(name))));
    let config = KafkaConfig::resolve(&KafkaArgs::default(), &mut settings).expect("a configuration");
    let admin = Admin::connect(config).expect("the brokers");
    // The tool settles places first; this is what it sees when one is gone by then.
    let results =
        admin.delete_records(&[((topic.clone(), 0), 3), ((topic.clone(), 1), 9)]).expect("an answer");
    assert!(matches!(results.as_slice(), [Ok(3), Err(_)]), "{results:?}");
    let said = results[1].as_ref().unwrap_err().to_string();
    assert!(said.contains(&format!("topic {topic:?} partition 1: ")), "{said}");
    assert_eq!(starts(&desk, &topic), [3, 0]);
}
