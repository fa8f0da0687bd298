//! Offsets, lag and topics of real connectors.

use kch_test::live::Service;
use rdkafka::producer::{BaseRecord, Producer as _};

use crate::live::{Live, sink};

/// Puts text records onto a topic of the live brokers.
pub(crate) fn put(live: &Live, topic: &str, records: impl IntoIterator<Item = impl AsRef<[u8]>>) {
    let producer = live.stack.producer();
    for record in records {
        let record: BaseRecord<'_, str, [u8]> = BaseRecord::to(topic).payload(record.as_ref());
        producer.send(record).map_err(|(error, _)| error).expect("a record in the queue");
    }
    producer.flush(std::time::Duration::from_secs(60)).expect("acknowledgements");
}

#[test]
fn a_sink_catches_up_and_reads_again_from_where_it_is_set_live() {
    let Some(live) = Live::new("offsets", &[Service::Kafka]) else { return };
    let (name, topic) = (live.name("sink"), live.stack.create_topic("ctl-offsets", 2));
    put(&live, &topic, (0..20).map(|number| number.to_string()));
    live.ctl_with(
        &["apply", &name, "--wait", "90s"],
        &sink(&topic, &live.scene.dir().join("out").display().to_string()),
    )
    .succeeds();
    let lag = live.ctl(&["lag", &name, "--wait", "90s"]);
    let rows = lag.succeeds().json_lines();
    assert_eq!(rows.iter().map(|row| row["end"].as_i64().unwrap()).sum::<i64>(), 20);
    assert!(rows.iter().all(|row| row["lag"] == 0));
    live.until("the records", || live.scene.read("out").lines().count() == 20);
    live.ctl(&["topics", &name])
        .succeeds()
        .stdout_is(format!("{{\"name\":\"{name}\",\"topic\":\"{topic}\"}}\n"));

    let before = live.ask(&name, "/offsets").1;
    live.ctl(&["offsets", "set", &name, "--to", "start", "--dry-run"])
        .succeeds()
        .stdout_has("\"dry_run\":true");
    assert_eq!((live.state(&name), live.ask(&name, "/offsets").1), ("RUNNING".to_owned(), before));
    let older = live.ctl(&["offsets", "set", &name, "--to", "@-1h", "--dry-run"]);
    assert!(older.succeeds().json_lines().iter().all(|row| row["offset"] == 0));
    live.ctl(&["offsets", "set", &name, "--to", "start"]).succeeds();
    live.until("all records again", || live.scene.read("out").lines().count() == 40);
    live.ctl(&["wait", &name, "--timeout", "60s"]).succeeds();

    // What `get` prints, `set` takes back: here one record less of each partition, while it is stopped.
    live.ctl(&["lag", &name, "--wait", "90s"]).succeeds();
    live.ctl(&["stop", &name, "--wait", "60s"]).succeeds();
    let mut offsets = live.ctl(&["offsets", "get", &name]).succeeds().json_lines();
    offsets.retain(|row| row["offset"] != 0);
    let fewer: String = offsets
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row["offset"] = (row["offset"].as_i64().unwrap() - 1).into();
            format!("{row}\n")
        })
        .collect();
    live.ctl_with(&["offsets", "set", &name], &fewer).succeeds();
    assert_eq!(live.state(&name), "STOPPED");
    let lag = live.ctl(&["lag", &name]).succeeds().json_lines();
    let behind = i64::try_from(offsets.len()).unwrap();
    assert_eq!(lag.iter().map(|row| row["lag"].as_i64().unwrap()).sum::<i64>(), behind);
    let limit = |max: i64| live.ctl(&["lag", &live.name("*"), "--max", &max.to_string()]);
    limit(behind).succeeds();
    limit(behind - 1).fails_with(1).stderr_has(format!("{name} is {behind} records behind"));

    live.ctl(&["offsets", "reset", &name]).succeeds();
    assert_eq!(live.ask(&name, "/offsets").1["offsets"], serde_json::json!([]));
    live.ctl(&["topics", &name, "--reset"]).succeeds();
    // The worker shows it once its own status topic has told it.
    live.until("no topic", || live.ask(&name, "/topics").1[&name]["topics"] == serde_json::json!([]));
}

#[test]
fn a_sources_offsets_go_round_live() {
    let Some(live) = Live::new("source", &[Service::Kafka]) else { return };
    let (name, topic) = (live.name("source"), live.stack.create_topic("ctl-source", 1));
    let file = live.scene.file("in", "one\ntwo\n");
    let config = format!(
        "name={name}\nconnector.class=FileStreamSource\nfile={}\ntopic={topic}\n\
         value.converter=org.apache.kafka.connect.storage.StringConverter\n",
        file.display()
    );
    live.ctl_with(&["apply", "--wait", "90s"], &config).succeeds();
    let position = || live.ask(&name, "/offsets").1["offsets"][0]["offset"]["position"].clone();
    live.until("the position", || position() == 8);
    let line = live.ctl(&["offsets", "get", &name]).succeeds().stdout_text();
    assert!(line.contains("\"offset\":{\"position\":8}"), "{line}");
    live.ctl_with(&["offsets", "set", &name], &line.replace(":8}", ":4}"))
        .succeeds()
        .stdout_has("\"from\":{\"position\":8}");
    live.until("the second line again", || position() == 8);
    live.ctl(&["wait", &name, "--timeout", "60s"]).succeeds();
    live.ctl_with(&["offsets", "set", &name], &line.replace(":8}", ":\"x\"}")).fails_with(1);
    live.ctl(&["wait", &name, "--timeout", "60s"]).succeeds();
    live.ctl(&["lag", &name]).fails_with(1).stderr_has("it is a source");
}

#[test]
fn a_clone_that_was_created_stopped_goes_on_where_the_first_one_is_live() {
    let Some(live) = Live::new("baton", &[Service::Kafka]) else { return };
    let (first, second, topic) =
        (live.name("first"), live.name("second"), live.stack.create_topic("ctl-baton", 1));
    put(&live, &topic, ["one", "two"]);
    let file = |name: &str| live.scene.dir().join(name).display().to_string();
    live.ctl_with(&["apply", &first, "--wait", "90s"], &sink(&topic, &file("first"))).succeeds();
    live.ctl(&["lag", &first, "--wait", "90s"]).succeeds();
    let other = format!("file={}", file("second"));
    live.ctl(&["clone", &first, &second, "-s", &other, "--stopped", "--wait", "60s"]).succeeds();
    assert_eq!(
        (live.state(&second), live.scene.dir().join("second").exists()),
        ("STOPPED".to_owned(), false)
    );
    let offsets = live.ctl(&["offsets", "get", &first]).succeeds().stdout_text();
    live.ctl_with(&["offsets", "set", &second], &offsets).succeeds();
    assert_eq!(live.ask(&second, "/offsets").1, live.ask(&first, "/offsets").1);
    live.ctl(&["resume", &second, "--wait", "90s"]).succeeds();
    put(&live, &topic, ["three"]);
    live.until("the third record", || {
        live.scene.dir().join("second").exists() && live.scene.read("second") == "three\n"
    });
}
