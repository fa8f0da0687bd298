//! Every verb on the real brokers.

use kch_test::live::{self, Service};
use serde_json::json;

use crate::Desk;

#[test]
fn a_topic_is_created_described_listed_and_deleted_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.unique_topic("verbs");
    let run = |args: &[&str]| desk.run(args);
    let create = ["create", &topic, "-p", "2", "-r", "3", "-c", "cleanup.policy=compact"];
    let tried = run(&[&create[..], &["--dry-run"]].concat()).succeeds().json_lines().remove(0);
    assert_eq!(tried, json!({"topic": topic, "created": true, "dry_run": true}));
    assert_eq!(desk.partitions(&topic), 0);
    run(&create).succeeds().stdout_is(format!("{{\"topic\":\"{topic}\",\"created\":true}}\n"));
    run(&create).fails_with(1).stderr_is(format!(
        "topic-ctl: topic \"{topic}\" exists already\nhint: --if-not-exists makes that a success\n"
    ));
    let again = |args: &[&str]| run(&[&["create", &topic, "--if-not-exists"], args].concat());
    again(&[]).succeeds().stdout_has("\"created\":false").stderr_is("");
    again(&create[2..]).succeeds().stdout_has("\"created\":false").stderr_is("");
    again(&["-p", "5", "-r", "1", "-s", "cleanup.policy=delete", "-s", "retention.ms=604800000"]).succeeds().stderr_is(format!(
        "topic-ctl: warning: topic \"{topic}\" exists already, and is not as asked for: partitions is 2, not 5, \
         replication_factor is 3, not 1, cleanup.policy is compact, not delete\n"
    ));

    assert_eq!(desk.partitions(&topic), 2);
    let described = run(&["describe", &topic]).succeeds().json_lines().remove(0);
    // What is in force, whoever has set it.
    let config = &described["config"];
    assert_eq!([&config["cleanup.policy"], &config["retention.ms"]], ["compact", "604800000"]);
    run(&["describe", &topic, "-q", "config.retention.ms"]).succeeds().stdout_is("604800000\n");
    assert_eq!(described["replication_factor"], 3);
    let partitions = described["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), 2);
    assert_eq!((&partitions[1]["partition"], &partitions[1]["end"]), (&json!(1), &json!(0)));
    assert_eq!(partitions[0]["replicas"].as_array().unwrap().len(), 3);

    let row = json!({"topic": topic, "partitions": 2, "replication_factor": 3});
    assert!(run(&["list"]).succeeds().json_lines().contains(&row));
    let internal = |args: &[&str]| run(args).succeeds().stdout_text().contains("__consumer_offsets");
    assert!(!internal(&["list"]));

    let tried = run(&["delete", &topic, "--dry-run"]).succeeds().json_lines().remove(0);
    assert_eq!(tried, json!({"topic": topic, "deleted": true, "dry_run": true}));
    assert_eq!(desk.partitions(&topic), 2);
    run(&["delete", &topic]).succeeds().stdout_is(format!("{{\"topic\":\"{topic}\",\"deleted\":true}}\n"));
    assert_eq!(desk.partitions(&topic), 0);
    assert!(!run(&["list"]).succeeds().json_lines().contains(&row));
}

#[test]
fn what_the_brokers_refuse_is_exit_1_with_the_reason_live() {
    let Some(stack) = live::need(&[Service::Kafka]) else { return };
    let (scene, topic) = (stack.scene(), stack.unique_topic("refused"));
    let table = [
        (vec!["-r", "9"], "replication factor 9 is more than the brokers there are"),
        (vec!["-c", "retention.ms=soon"], "\"soon\" is no value of retention.ms"),
    ];
    for (args, reason) in table {
        let outcome = scene.tool("topic-ctl").args(["create", &topic]).args(&args).run();
        outcome.fails_with(1).stderr_is(format!("topic-ctl: cannot create topic \"{topic}\": {reason}\n"));
    }
    let slip = scene.tool("topic-ctl").args(["create", &topic, "-c", "retention.sm=1", "--dry-run"]).run();
    slip.fails_with(1)
        .stderr_has("there is no setting \"retention.sm\"\nhint: did you mean \"retention.ms\"?");
    let outcome = scene.tool("topic-ctl").args(["create", "a/b"]).run();
    outcome.fails_with(1).stderr_has("a name has letters, digits, dot, underscore and hyphen");
}

#[test]
fn a_table_is_shown_on_a_terminal_live() {
    let Some(stack) = live::need(&[Service::Kafka]) else { return };
    let topic = stack.unique_topic("table");
    stack.scene().tool("topic-ctl").args(["create", &topic, "-r", "3"]).run().succeeds();
    let shown = stack.scene().tool("topic-ctl").arg("list").on_terminal().run().succeeds().stdout_text();
    assert!(shown.starts_with("topic "), "{shown}");
    assert!(shown.lines().any(|line| line.split_whitespace().eq([topic.as_str(), "1", "3"])), "{shown}");
}
