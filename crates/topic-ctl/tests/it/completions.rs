//! Completions: names of the running brokers, in bash itself too.

use kch_test::kafka::Mock;
use kch_test::{RawServer, Scene};

use crate::wait_until;

/// What the tool answers to a shell whose line ends with the last of these words.
fn candidates(scene: &Scene, words: &[&str]) -> String {
    let cursor = (words.len() - 1).to_string();
    let asked = scene.tool("topic-ctl").args(["--complete", "fish", &cursor, ""]).args(words).run();
    asked.succeeds().stderr_is("").stdout_text()
}

#[test]
fn topics_are_offered_and_flags_only_after_a_hyphen() {
    let mock = Mock::start(1);
    mock.create_topic("kafka-events", 1, 1).create_topic("orders", 1, 1).create_topic("__own", 1, 1);
    // On a busy machine the brokers may be too late, and that is then kept for a moment: each time in a new folder.
    wait_until("both topics are offered", || {
        candidates(&mock.scene(), &["topic-ctl", "describe", ""]) == "kafka-events\norders\n"
    });
    wait_until("one of them is", || {
        candidates(&mock.scene(), &["topic-ctl", "lag", "--topic=or"]) == "--topic=orders\n"
    });
    // The brokers of the line go before those of the settings.
    let nowhere = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT");
    let brokers = mock.bootstrap();
    wait_until("the brokers of the line are asked", || {
        let scene = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT");
        candidates(&scene, &["topic-ctl", "-b", &brokers, "describe", "k"]) == "kafka-events\n"
    });
    let verbs = candidates(&nowhere, &["topic-ctl", "re"]);
    assert_eq!(verbs, "reset-offsets\tSet where a consumer group goes on\n");
    assert!(candidates(&nowhere, &["topic-ctl", "create", "x", "--if"]).starts_with("--if-not-exists\t"));
    assert_eq!(candidates(&nowhere, &["topic-ctl", "-o", ""]).lines().count(), 3);
}

#[test]
fn settings_and_brokers_are_offered_live() {
    let Some(desk) = crate::Desk::new() else { return };
    let topic = desk.stack.create_topic("complete", 1);
    let offered = |words: &[&str]| {
        // Its own cache: an answer that came too late is kept for a moment.
        candidates(&desk.stack.scene(), &[&["topic-ctl"], words].concat())
    };
    let expected = "retention.bytes=\nretention.ms=\n";
    wait_until("settings with a sign", || offered(&["alter", &topic, "-s", "retention."]) == expected);
    wait_until("settings", || offered(&["alter", &topic, "--unset", "retention.m"]) == "retention.ms\n");
    wait_until("brokers", || offered(&["configs", "--broker", ""]) == "101\n102\n103\n");
    wait_until("a broker's settings", || {
        offered(&["configs", "--broker", "101", "-s", "num.io."]) == "num.io.threads=\n"
    });
}

#[test]
fn a_service_that_is_down_is_silence() {
    let nobody = RawServer::nobody().to_string();
    let scene = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT").env("BOOTSTRAP_SERVERS", &nobody);
    assert_eq!(candidates(&scene, &["topic-ctl", "describe", "k"]), "");
    // Nor is a missing password told to one who types.
    assert_eq!(candidates(&Scene::new(), &["topic-ctl", "describe", "k"]), "");
}

#[test]
fn bash_completes_with_the_script_that_the_tool_prints() {
    let mock = Mock::start(1);
    mock.create_topic("kafka-events", 1, 1);
    let script = r#"
        source <(topic-ctl --completions bash)
        complete -p topic-ctl
        COMP_LINE="topic-ctl lag -t=kaf" COMP_WORDS=(topic-ctl lag -t = kaf) COMP_CWORD=4
        _kch_complete_topic_ctl topic-ctl kaf =
        echo "${COMPREPLY[@]}"
        COMP_LINE="topic-ctl res" COMP_WORDS=(topic-ctl res) COMP_CWORD=1
        _kch_complete_topic_ctl topic-ctl res topic-ctl
        echo "${COMPREPLY[@]}"
    "#;
    let expected =
        "complete -o bashdefault -F _kch_complete_topic_ctl topic-ctl\nkafka-events\nreset-offsets\n";
    wait_until("bash has the topic", || {
        let scene = mock.scene();
        scene.file("script", script);
        scene.shell("bash script").run().succeeds().stdout_text() == expected
    });
}
