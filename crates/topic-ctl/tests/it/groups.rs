//! `groups`, `lag`, `reset-offsets` and `offsets`.

use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use serde_json::{Value, json};

use crate::{Desk, wait_until};

#[test]
fn a_group_is_set_to_every_kind_of_place_live() {
    let Some(desk) = Desk::new() else { return };
    let (topic, group) = (desk.stack.create_topic("reset", 2), desk.stack.unique("test-reset-"));
    desk.fill(&topic, 0, 5);
    desk.fill(&topic, 1, 3);
    let reset = |args: &[&str]| desk.run(&[&["reset-offsets", &group], args].concat());
    reset(&["-t", &topic, "--to", "start"])
        .fails_with(1)
        .stderr_has("hint: --create makes it, with -t TOPIC");
    let row = |partition: i32, from: Option<i64>, to: i64| json!({"group": group, "topic": topic, "partition": partition, "from": from, "to": to});
    let made = reset(&["-t", &topic, "--to", "start", "--create"]).succeeds().json_lines();
    assert_eq!(made, [row(0, None, 0), row(1, None, 0)]);
    let at = || desk.committed(&group, &topic, 2);
    assert_eq!(at(), [Some(0), Some(0)]);

    for (args, offsets) in [
        (&["--to", "2"][..], [2, 2]),
        (&["--shift-by", "-1"], [1, 1]),
        (&["--shift-by", "2"], [3, 3]),
        (&["--to", "-1"], [4, 2]),
        (&["--to", "+1"], [1, 1]),
        (&["--to", "end"], [5, 3]),
        (&["--to", "@1970-01-01T00:00:03.500Z"], [3, 3]),
        (&["--to", "latest", "--partition", "0"], [5, 3]),
        (&["--to", "earliest", "-t", &topic, "--partition", "1"], [5, 0]),
        (&["--shift-by", "-99"], [0, 0]),
    ] {
        reset(args).succeeds();
        assert_eq!(at(), offsets.map(Some), "{args:?}");
    }
    let mut tried = row(0, Some(0), 5);
    tried["dry_run"] = true.into();
    assert_eq!(reset(&["--to", "end", "--dry-run"]).succeeds().json_lines()[0], tried);
    // All partitions or none.
    reset(&["--to", "4"]).fails_with(1).stderr_has("partition 1: offset 4 is past the end, 3");
    reset(&["--shift-by", "4"]).fails_with(1).stderr_has("partition 1: offset 4 is past the end, 3");
    reset(&["--to", "1", "--partition", "7"]).fails_with(1).stderr_has("there is no partition 7 to set");
    assert_eq!(at(), [Some(0), Some(0)]);

    reset(&["--to", "+1"]).succeeds();
    let lag = desk.run(&["lag", &group]).succeeds().json_lines().remove(0);
    let partition =
        |id: i32, end: i64| json!({"topic": topic, "partition": id, "offset": 1, "end": end, "lag": end - 1});
    assert_eq!(lag, json!({"group": group, "lag": 6, "partitions": [partition(0, 5), partition(1, 3)]}));
    let table = desk.run(&["lag", &group, "-t", &topic, "-o", "table"]).succeeds().stdout_text();
    let total = table.lines().last().unwrap_or_default();
    assert_eq!(
        total.split_whitespace().collect::<Vec<_>>(),
        [group.as_str(), "all", "-", "-", "-", "6"],
        "{table}"
    );
    // All groups are asked, and a topic of another test may have no leader yet.
    assert_eq!(desk.run(&["lag", "-t", &topic]).succeeds().json_lines(), [lag]);

    desk.run(&["groups", "delete", &group]).succeeds();
    assert_eq!(at(), [None, None]);
}

#[test]
fn a_group_with_members_is_shown_and_left_alone_live() {
    let Some(desk) = Desk::new() else { return };
    let (topic, group) = (desk.stack.create_topic("members", 2), desk.stack.unique("test-members-"));
    let member = desk.consumer(&group);
    member.subscribe(&[&topic]).unwrap();
    let described = || desk.run(&["groups", "describe", &group]);
    wait_until("the group is stable", || {
        let _ = member.poll(Duration::from_millis(100));
        member.assignment().is_ok_and(|assignment| assignment.count() == 2)
    });
    let shown = described().succeeds().json_lines().remove(0);
    assert_eq!(
        (&shown["group"], &shown["state"], &shown["type"]),
        (&json!(group), &json!("Stable"), &json!("consumer"))
    );
    assert_eq!(shown["members"][0]["partitions"], json!({ &topic: [0, 1] }));
    assert_eq!(shown["members"][0]["client_id"], "rdkafka");
    let listed = json!({"group": group, "state": "Stable", "type": "consumer", "members": 1});
    assert!(desk.run(&["groups", "list"]).succeeds().json_lines().contains(&listed));

    let said = format!("topic-ctl: group {group:?} is Stable and has members: rdkafka at ");
    for args in [
        &["reset-offsets", &group, "-t", &topic, "--to", "start"][..],
        &["reset-offsets", &group, "-t", &topic, "--to", "start", "--dry-run"],
        &["groups", "delete", &group],
    ] {
        desk.run(args).fails_with(1).stderr_has(&said).stderr_has("hint: stop them first");
    }
    assert_eq!(desk.committed(&group, &topic, 2), [None, None]);

    drop(member);
    wait_until("the group is empty", || {
        described().json_lines().first().is_none_or(|g| g["members"] == json!([]))
    });
}

#[test]
fn groups_are_deleted_by_name_and_a_slip_is_named_live() {
    let Some(desk) = Desk::new() else { return };
    let (topic, group) = (desk.stack.create_topic("delete", 1), desk.stack.unique("test-delete-"));
    desk.run(&["reset-offsets", &group, "-t", &topic, "--to", "end", "--create"]).succeeds();
    let delete = |args: &[&str]| desk.run(&[&["groups", "delete"], args].concat());
    let row = |name: &str, deleted: bool| json!({"group": name, "deleted": deleted});

    let slip = &group[..group.len() - 1];
    delete(&[slip]).fails_with(1).stderr_has(format!("did you mean {group:?}?"));
    desk.run(&["lag", slip]).fails_with(1).stderr_has(format!("did you mean {group:?}?"));
    let tried: Vec<Value> = delete(&[&group, "--dry-run"]).succeeds().json_lines();
    assert_eq!(tried, [json!({"group": group, "deleted": true, "dry_run": true})]);
    assert_eq!(desk.committed(&group, &topic, 1), [Some(0)]);
    // One that is named twice is deleted once.
    assert_eq!(delete(&[&group, &group]).succeeds().json_lines(), [row(&group, true)]);
    assert_eq!(desk.committed(&group, &topic, 1), [None]);
    delete(&["no-group-at-all"]).fails_with(1).stderr_has("hint: --if-exists makes that a success");
    assert_eq!(
        delete(&["no-group-at-all", "--if-exists"]).succeeds().json_lines(),
        [row("no-group-at-all", false)]
    );
}

#[test]
fn offsets_of_both_ends_and_of_a_place_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("offsets", 2);
    desk.fill(&topic, 0, 5);
    let offsets = |args: &[&str]| desk.run(&[&["offsets", &topic], args].concat()).succeeds().json_lines();
    let row = |partition: i32, end: i64| json!({"topic": topic, "partition": partition, "start": 0, "end": end, "records": end});
    assert_eq!(offsets(&[]), [row(0, 5), row(1, 0)]);
    let at = |place: &str| offsets(&["--at", place]).iter().map(|row| row["at"].clone()).collect::<Vec<_>>();
    assert_eq!(at("@1970-01-01T00:00:02Z"), [1, 0]);
    assert_eq!(at("-2"), [3, 0]);
    assert_eq!(at("@-1h"), [5, 0]);
    desk.run(&["offsets", &topic, "--at", "9"]).fails_with(1).stderr_has("offset 9 is past the end, 5");
}
