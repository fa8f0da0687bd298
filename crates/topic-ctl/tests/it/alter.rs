//! `alter`: the difference is told, made, and there.

use rdkafka::admin::ResourceSpecifier;
use serde_json::json;

use crate::Desk;

#[test]
fn partitions_and_settings_are_changed_once_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("alter", 1);
    let alter = ["alter", &topic, "-p", "3", "-c", "segment.ms=86400000"];
    let changes = json!([
        {"setting": "partitions", "from": 1, "to": 3},
        {"setting": "segment.ms", "from": null, "to": "86400000"},
    ]);

    let tried = desk.run(&[&alter[..], &["--dry-run"]].concat()).succeeds().json_lines().remove(0);
    assert_eq!(tried, json!({"topic": topic, "result": "updated", "changes": changes, "dry_run": true}));
    assert_eq!(desk.partitions(&topic), 1);
    assert_eq!(desk.settings(&ResourceSpecifier::Topic(&topic))["segment.ms"], "604800000");

    let outcome = desk.run(&alter);
    outcome.succeeds().stderr_is(
        "topic-ctl: warning: with more partitions, a key's new records may go to another one than its old\n",
    );
    let made = outcome.json_lines().remove(0);
    assert_eq!(made, json!({"topic": topic, "result": "updated", "changes": changes}));
    assert_eq!(desk.partitions(&topic), 3);
    assert_eq!(desk.settings(&ResourceSpecifier::Topic(&topic))["segment.ms"], "86400000");

    let again = desk.run(&alter).succeeds().stderr_is("").json_lines().remove(0);
    assert_eq!(again, json!({"topic": topic, "result": "unchanged", "changes": []}));

    let shown = |args: &[&str]| {
        let tool = desk.scene.tool("topic-ctl").args(["alter", &topic, "-o", "table"]).args(args).run();
        let lines = tool.succeeds().stdout_text();
        lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let dry = shown(&["-s", "segment.ms=1", "--dry-run"]);
    assert_eq!(dry, ["topic setting from to dry_run", &format!("{topic} segment.ms 86400000 1 true")]);
    assert_eq!(shown(&["-p", "3"]), ["topic result", &format!("{topic} unchanged")]);

    // What is not named stays.
    desk.run(&["alter", &topic, "-c", "cleanup.policy=compact"]).succeeds();
    desk.run(&["alter", &topic, "--unset", "segment.ms"]).succeeds();
    let settings = desk.settings(&ResourceSpecifier::Topic(&topic));
    assert_eq!((&*settings["segment.ms"], &*settings["cleanup.policy"]), ("604800000", "compact"));
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_changed_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("alter-no", 2);
    let alter = |args: &[&str]| desk.run(&[&["alter", &topic], args].concat()).replace(&topic, "T");
    alter(&["-p", "1"])
        .fails_with(1)
        .stderr_is("topic-ctl: topic \"T\" has 2 partitions: they can only become more, not 1\n");
    alter(&["-p", "3", "-c", "retention.sm=1"]).fails_with(1).stderr_is(
        "topic-ctl: topic \"T\": cannot change its configuration: there is no setting \"retention.sm\"\n\
         hint: did you mean \"retention.ms\"?\n",
    );
    for dry in [&["--dry-run"][..], &[]] {
        let outcome = alter(&[&["-p", "3", "-c", "cleanup.policy=keep"], dry].concat());
        outcome.fails_with(1).stderr_is(
            "topic-ctl: topic \"T\": cannot change its configuration: \"keep\" is no value of cleanup.policy\n",
        );
    }
    alter(&["-c", "retention.ms=1", "--unset", "retention.ms"])
        .fails_with(2)
        .stderr_has("both set and unset");
    alter(&[]).fails_with(2).stderr_has("nothing to alter");
    assert_eq!(desk.partitions(&topic), 2);
    desk.run(&["alter", &topic[..topic.len() - 1], "-p", "3"])
        .fails_with(1)
        .stderr_has(format!("did you mean {topic:?}?"));
}
