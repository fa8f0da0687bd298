//! `configs` of topics and brokers.

use rdkafka::admin::ResourceSpecifier;
use serde_json::json;

use crate::Desk;

#[test]
fn a_topics_settings_are_shown_with_their_sources_set_and_unset_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("configs", 1);
    let shown = |args: &[&str]| desk.run(&[&["configs", &topic], args].concat()).succeeds().json_lines();
    let set = shown(&["-c", "segment.ms=5000", "-c", "segment.bytes=1048576"]).remove(0);
    let change = |name: &str, to: &str| json!({"setting": name, "from": null, "to": to});
    let changes = [change("segment.ms", "5000"), change("segment.bytes", "1048576")];
    assert_eq!(set, json!({"topic": topic, "result": "updated", "changes": changes}));
    assert_eq!(desk.settings(&ResourceSpecifier::Topic(&topic))["segment.bytes"], "1048576");

    let own = json!({"setting": "segment.ms", "value": "5000", "source": "topic", "read_only": false});
    assert!(shown(&[]).contains(&own));
    let default =
        json!({"setting": "compression.type", "value": "producer", "source": "default", "read_only": false});
    assert!(!shown(&[]).contains(&default));
    assert!(shown(&["--defaults"]).contains(&default));

    let tried = shown(&["--unset", "segment.ms", "--dry-run"]).remove(0);
    assert_eq!(tried["dry_run"], true);
    assert_eq!(desk.settings(&ResourceSpecifier::Topic(&topic))["segment.ms"], "5000");
    shown(&["--unset", "segment.ms"]);
    assert_eq!(desk.settings(&ResourceSpecifier::Topic(&topic))["segment.ms"], "604800000");
    assert_eq!(shown(&["--unset", "segment.ms"]).remove(0)["result"], "unchanged");
}

#[test]
fn a_brokers_settings_are_shown_set_and_unset_live() {
    let Some(desk) = Desk::new() else { return };
    // It throttles topics that ask for it: none does.
    let name = "leader.replication.throttled.rate";
    let broker = ResourceSpecifier::Broker(101);
    let rows = desk.run(&["configs", "--broker", "101"]).succeeds().json_lines();
    let own = json!({"setting": "node.id", "value": "101", "source": "file", "read_only": true});
    assert!(rows.contains(&own), "{rows:?}");
    // Secrets are not told.
    assert!(rows.iter().all(|row| row["setting"].as_str().is_some_and(|s| !s.contains("jaas")) || row["value"].is_null()));

    desk.run(&["configs", "--broker", "101", "-c", &format!("{name}=1000000")]).succeeds();
    let set = desk.settings(&broker).get(name).cloned();
    let unset = desk.run(&["configs", "--broker", "101", "--unset", name]).succeeds().json_lines().remove(0);
    assert_eq!(set.as_deref(), Some("1000000"));
    let changes = [json!({"setting": name, "from": "1000000", "to": null})];
    assert_eq!(unset, json!({"broker": 101, "result": "updated", "changes": changes}));
    assert_eq!(desk.settings(&broker).get(name), None);

    desk.run(&["configs", "--broker", "101", "-c", "node.id=7"])
        .fails_with(1)
        .stderr_has("node.id cannot be changed while the broker runs");
    desk.run(&["configs", "--broker", "7"])
        .fails_with(1)
        .stderr_is("topic-ctl: there is no broker 7\nhint: the brokers are 101, 102, 103\n");
}
