//! `check`: what is not well is told, and is the exit code.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use kch_test::kafka::Mock;
use rdkafka::admin::ResourceSpecifier;
use serde_json::json;

use crate::Desk;

#[test]
fn a_partition_without_a_leader_is_told_even_when_settings_are_not_to_be_had() {
    let mock = Mock::start(3);
    mock.create_topic("orders", 2, 3).create_topic("well", 1, 3);
    mock.cluster().partition_leader("orders", 1, None).unwrap();
    // Each waits for settings that never come: at the same time.
    let check = |args: &[&str]| mock.scene().tool("topic-ctl").arg("check").args(args).spawn();
    let (well, all) = (check(&["well"]), check(&[]));
    well.wait().succeeds().stdout_is("").stderr_has("warning: min.insync.replicas is not checked: ");
    let outcome = all.wait();
    outcome.fails_with(1).stderr_has("topic-ctl: 1 of 3 partitions are not well\n");
    let row = outcome.json_lines().remove(0);
    assert_eq!(
        (&row["topic"], &row["partition"], &row["problem"]),
        (&json!("orders"), &json!(1), &json!("offline"))
    );
    assert_eq!(row["leader"], json!(null));
    check(&["wel"]).wait().fails_with(1).stderr_has("did you mean \"well\"?");
}

#[test]
fn a_topic_that_can_be_written_to_is_well_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.unique_topic("one-copy");
    desk.run(&["create", &topic, "-r", "1"]).succeeds();
    // Brokers take the smaller of the two numbers.
    desk.fill(&topic, 0, 1);
    let settings = desk.settings(&ResourceSpecifier::Topic(&topic));
    assert_eq!((desk.partitions(&topic), &*settings["min.insync.replicas"]), (1, "2"));
    desk.run(&["check", &topic]).succeeds().stdout_is("").stderr_is("");
}

#[test]
fn a_topic_is_waited_for_until_it_is_there_and_well_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.unique_topic("wait");
    let check = |wait: &str| desk.scene.tool("topic-ctl").args(["check", &topic, "--wait", wait]);
    check("100ms").run().fails_with(1).stderr_has("does not exist");
    let waiting = check("100s").timeout(Duration::from_secs(120)).spawn();
    desk.run(&["create", &topic, "-r", "3"]).succeeds();
    waiting.wait().succeeds().stdout_is("").stderr_is("");
}

#[test]
fn brokers_that_are_not_up_yet_are_waited_for() {
    let mock = Mock::start(1);
    mock.create_topic("well", 1, 1);
    let address = kch_test::free_address();
    let scene = mock.scene();
    let check = |wait: &str| {
        scene.tool("topic-ctl").args(["check", "well", "-b", &address.to_string(), "--wait", wait])
    };
    check("100ms").run().fails_with(3).stderr_has("cannot reach Kafka at");
    let mut waiting = check("100s").timeout(Duration::from_secs(120)).spawn();
    waiting.signal(kch_test::Signal::Terminate);
    waiting.wait().fails_with(143);
}

#[test]
fn brokers_that_come_up_end_the_wait_for_them_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("late", 1);
    let address = kch_test::free_address();
    let check = desk.scene.tool("topic-ctl").args(["check", &topic, "-b", &address.to_string()]);
    let waiting = check.args(["--wait", "100s"]).timeout(Duration::from_secs(120)).spawn();
    // Longer than a try takes; on a slow machine brokers are up before it, and little is waited for.
    std::thread::sleep(Duration::from_secs(2));
    let mut front = TcpListener::bind(address);
    // A try of the tool itself may come from that very port, for a moment.
    for _ in 0..100 {
        if front.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        front = TcpListener::bind(address);
    }
    let front = front.unwrap();
    let broker = desk.stack.setting("BOOTSTRAP_SERVERS").split(',').next().unwrap().to_owned();
    std::thread::spawn(move || {
        for client in front.incoming() {
            pass_on(&client.unwrap(), &TcpStream::connect(&broker).unwrap());
        }
    });
    waiting.wait().succeeds().stdout_is("").stderr_is("");
}

/// Passes bytes both ways, until one side ends.
fn pass_on(client: &TcpStream, broker: &TcpStream) {
    for (from, to) in [(client, broker), (broker, client)] {
        let (mut from, mut to) =
            (from.try_clone().expect("a second end"), to.try_clone().expect("a second end"));
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}
