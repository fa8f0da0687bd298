//! `lag` with a limit, watched and waited for.

use std::time::Duration;

use kch_test::Signal;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::json;

use crate::{Desk, wait_until};

/// Commits an offset of partition 0, as a consumer does.
fn commit(desk: &Desk, group: &str, topic: &str, offset: i64) {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(offset)).expect("a place in the list");
    desk.consumer(group).commit(&list, CommitMode::Sync).expect("the commit");
}

#[test]
fn a_lag_is_judged_waited_for_and_watched_live() {
    let Some(desk) = Desk::new() else { return };
    let (topic, group) = (desk.stack.create_topic("lag", 1), desk.stack.unique("test-lag-"));
    desk.fill(&topic, 0, 10);
    commit(&desk, &group, &topic, 4);
    let lag = |args: &[&str]| desk.scene.tool("topic-ctl").args(["lag", &group]).args(args);
    lag(&["--max", "6"]).run().succeeds().stderr_is("").stdout_has("\"lag\":6");
    let over = lag(&["--max", "5"]).run();
    over.fails_with(1)
        .stdout_has("\"lag\":6")
        .stderr_is(format!("topic-ctl: group {group:?} is 6 records behind, more than 5\n"));
    let late = lag(&["--wait", "100ms"]).run();
    late.fails_with(3)
        .stdout_has("\"lag\":6")
        .stderr_is(format!("topic-ctl: group {group:?} is still 6 records behind\n"));
    lag(&["--wait", "100ms", "--max", "6"]).run().succeeds();
    lag(&["--watch", "--max", "5"]).run().fails_with(1).stderr_has("is 6 records behind, more than 5");
    lag(&["--watch", "--wait", "1s"]).run().fails_with(2);
    let mut slip = lag(&["--watch", "-q", "lg"]).spawn();
    slip.until_stderr("topic-ctl: -q lg: there is no such field so far\nhint: did you mean lag?\n");
    slip.signal(Signal::Interrupt);
    slip.wait().fails_with(130).stdout_is("");

    let patient = Duration::from_secs(120);
    let mut watching = lag(&["--watch"]).timeout(patient).spawn();
    watching.until_stdout("\"lag\":6");
    let waiting = lag(&["--wait", "100s"]).timeout(patient).spawn();
    commit(&desk, &group, &topic, 9);
    watching.until_stdout("\"lag\":1");
    // Records that are deleted before they are read are not to be read.
    desk.run(&["trim", &topic, "--before", "end"]).succeeds();
    watching.until_stdout("\"lag\":0");
    waiting.wait().succeeds().stderr_is("").stdout_is(format!(
        "{{\"group\":\"{group}\",\"lag\":0,\"partitions\":[{{\"topic\":\"{topic}\",\"partition\":0,\"offset\":9,\"end\":10,\"lag\":0}}]}}\n"
    ));
    watching.signal(Signal::Interrupt);
    watching.wait().fails_with(130).stderr_is("");
    assert_eq!(desk.committed(&group, &topic, 1), [Some(9)]);
    desk.run(&["groups", "delete", &group]).succeeds();
}

#[test]
fn a_member_that_has_committed_nothing_yet_is_waited_for_live() {
    let Some(desk) = Desk::new() else { return };
    let (topic, group) = (desk.stack.create_topic("lag-new", 2), desk.stack.unique("test-lag-new-"));
    desk.fill(&topic, 0, 3);
    let mut config = desk.stack.kafka_config();
    config.set("group.id", &group).set("enable.auto.commit", "false");
    let member: BaseConsumer = config.create().unwrap();
    member.subscribe(&[&topic]).unwrap();
    wait_until("it is given both partitions", || {
        let _ = member.poll(Duration::from_millis(100));
        member.assignment().is_ok_and(|assignment| assignment.count() == 2)
    });
    let row = |id: i32, end: i64, lag: Option<i64>| json!({"topic": topic, "partition": id, "offset": null, "end": end, "lag": lag});
    let lag = |args: &[&str]| desk.scene.tool("topic-ctl").args(["lag", &group]).args(args).run();
    let known = lag(&[]).succeeds().json_lines().remove(0);
    assert_eq!(
        known,
        json!({"group": group, "lag": null, "partitions": [row(0, 3, None), row(1, 0, Some(0))]})
    );
    for args in [&["--wait", "100ms"][..], &["--max", "9"]] {
        lag(args).fails_with(3).stderr_has("has members that have committed no offset yet");
    }
    assert_eq!(desk.committed(&group, &topic, 2), [None, None]);
    drop(member);
    wait_until("the group is gone", || desk.run(&["groups", "delete", &group, "--if-exists"]).code == 0);
}

#[test]
fn records_that_were_never_read_are_behind_live() {
    let Some(desk) = Desk::new() else { return };
    let (topic, group) = (desk.stack.create_topic("lag-part", 2), desk.stack.unique("test-lag-part-"));
    let other = desk.stack.create_topic("lag-other", 1);
    desk.fill(&topic, 0, 4);
    desk.fill(&topic, 1, 3);
    desk.fill(&other, 0, 2);
    commit(&desk, &group, &topic, 4);
    let lag = |args: &[&str]| desk.scene.tool("topic-ctl").args(["lag", &group]).args(args).run();
    let row = |topic: &str, id: i32, offset: Option<i64>, end: i64| json!({"topic": topic, "partition": id, "offset": offset, "end": end, "lag": end - offset.unwrap_or(0)});
    assert_eq!(
        lag(&[]).succeeds().json_lines(),
        [
            json!({"group": group, "lag": 3, "partitions": [row(&topic, 0, Some(4), 4), row(&topic, 1, None, 3)]})
        ]
    );
    lag(&["--max", "2"]).fails_with(1).stderr_has("is 3 records behind, more than 2");
    lag(&["--wait", "100ms"]).fails_with(3).stderr_has("is still 3 records behind");
    // A topic that is asked for by name is never all read because no one has read it.
    assert_eq!(
        lag(&["-t", &other]).succeeds().json_lines(),
        [json!({"group": group, "lag": 2, "partitions": [row(&other, 0, None, 2)]})]
    );
    lag(&["-t", &other, "--wait", "100ms"]).fails_with(3).stderr_has("is still 2 records behind");
    // A glob asks for what there is to tell.
    let glob = format!("{}*", other.split_at(other.len() - 1).0);
    lag(&["-t", &glob, "--max", "0"]).succeeds().stderr_is("");
    // Who reads it is another question.
    let readers = desk.run(&["lag", "-t", &other]).succeeds().stdout_text();
    assert!(!readers.contains(&group), "{readers}");
    assert_eq!(desk.committed(&group, &topic, 2), [Some(4), None]);
    desk.run(&["groups", "delete", &group]).succeeds();
}
