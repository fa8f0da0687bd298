//! What can be wrong: each has its exit code and one clear line.

use kch_test::kafka::Mock;
use kch_test::{RawServer, Scene, TlsServer};

use crate::Desk;

#[test]
fn a_wrong_port_names_the_address() {
    let nobody = RawServer::nobody().to_string();
    let scene = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT");
    let outcome = scene.tool("topic-ctl").args(["-b", &nobody, "list"]).run().replace(&nobody, "NOBODY");
    outcome.fails_with(3).stdout_is("").stderr_is(
        "topic-ctl: cannot reach Kafka at NOBODY: Connect to [..] failed: Connection refused\nhint: [..]\n",
    );
}

#[test]
fn a_missing_topic_is_told_with_the_nearest_name() {
    let mock = Mock::start(1);
    mock.create_topic("orders", 1, 1);
    let run =
        |args: &[&str]| mock.scene().tool("topic-ctl").args(args).run().replace(&mock.bootstrap(), "BROKERS");
    let said = "topic-ctl: topic \"oders\" does not exist at BROKERS\nhint: did you mean \"orders\"?\n";
    run(&["describe", "oders"]).fails_with(1).stderr_is(said);
    run(&["delete", "oders"]).fails_with(1).stderr_is(said);
    run(&["delete", "oders", "--if-exists"])
        .succeeds()
        .stdout_is("{\"topic\":\"oders\",\"deleted\":false}\n");
}

#[test]
fn a_partition_without_a_leader_is_shown_and_fails() {
    let mock = Mock::start(1);
    mock.create_topic("orders", 2, 1);
    mock.cluster().partition_leader("orders", 1, None).unwrap();
    let run = |args: &[&str]| mock.scene().tool("topic-ctl").args(args).run();
    let said = "topic-ctl: topic \"orders\" partition 1 has no leader to ask for its offsets\n\
                hint: topic-ctl check orders\n";
    run(&["offsets", "orders", "--at", "end"]).fails_with(3).stderr_is(said).stdout_is(
        "{\"topic\":\"orders\",\"partition\":0,\"start\":0,\"end\":0,\"records\":0,\"at\":0}\n\
         {\"topic\":\"orders\",\"partition\":1,\"start\":null,\"end\":null,\"records\":null,\"at\":null}\n",
    );
}

#[test]
fn what_was_done_before_a_failure_is_told() {
    let mock = Mock::start(1);
    mock.create_topic("orders", 1, 1);
    // It knows no deletion of topics.
    let outcome = mock.scene().tool("topic-ctl").args(["delete", "gone", "orders", "--if-exists"]).run();
    outcome
        .stdout_is("{\"topic\":\"gone\",\"deleted\":false}\n")
        .stderr_has("cannot delete topic \"orders\"");
    assert_ne!(outcome.code, 0);
}

#[test]
fn usage_errors_are_exit_2() {
    let scene = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT");
    scene.tool("topic-ctl").run().fails_with(2).stderr_has("Usage: topic-ctl");
    scene.tool("topic-ctl").args(["create", "t", "-p", "0"]).run().fails_with(2);
    let scene = Scene::new();
    scene
        .tool("topic-ctl")
        .arg("list")
        .run()
        .fails_with(2)
        .stderr_has("KAFKA_CLIENT_SASL_USERNAME is not set")
        .stderr_has("; for brokers without a login, KAFKA_SECURITY_PROTOCOL=PLAINTEXT\n");
    let shown = scene.env("KAFKA_CLIENT_SASL_PASSWORD", "hunter2");
    shown.tool("topic-ctl").arg("--show-config").run().succeeds().never_says("hunter2");
}

#[test]
fn a_full_disk_is_exit_1_and_a_reader_that_went_away_is_none() {
    let mock = Mock::start(1);
    mock.create_topic("orders", 1, 1);
    let list = || mock.scene().tool("topic-ctl").arg("list");
    list()
        .stdout_to("/dev/full")
        .run()
        .fails_with(1)
        .stderr_is("topic-ctl: cannot write to stdout: No space left on device (os error 28)\n");
    list().pipe_to(&["true"]).run().succeeds().stderr_is("");
}

#[test]
fn a_signal_ends_the_wait_for_a_broker_that_does_not_answer() {
    // It takes connections and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let scene = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT");
    let mut running = scene.tool("topic-ctl").args(["list", "-b", &address]).spawn();
    let _connected = silent.accept().unwrap();
    running.signal(kch_test::Signal::Interrupt);
    running
        .wait()
        .fails_with(130)
        .stderr_is("topic-ctl: stopped by a signal before Kafka answered; nothing was sent or read\n");
}

#[test]
fn a_wrong_password_names_the_user_and_where_it_is_from_live() {
    let Some(desk) = Desk::new() else { return };
    let tool = desk.scene.tool("topic-ctl").arg("list").env("KAFKA_CLIENT_SASL_PASSWORD", "wrong-hunter2");
    let user = desk.stack.setting("KAFKA_CLIENT_SASL_USERNAME");
    let outcome = tool.run();
    outcome.fails_with(2).stdout_is("").never_says("wrong-hunter2").stderr_is(format!(
        "topic-ctl: Kafka at {} rejected the credentials of user {user:?}: [..]\nhint: check KAFKA_CLIENT_SASL_USERNAME[..]\n",
        desk.stack.setting("BOOTSTRAP_SERVERS")
    ));
}

#[test]
fn brokers_that_close_the_connection_speak_another_protocol() {
    // As one that asks for SASL does with one who does not.
    let closing = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closing.local_addr().unwrap().to_string();
    std::thread::spawn(move || closing.incoming().for_each(drop));
    let scene = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT");
    let outcome = scene.tool("topic-ctl").args(["list", "-b", &address]).run().replace(&address, "BROKER");
    // The socket's own word is there when it is reset, not only closed.
    outcome.fails_with(3).stdout_is("").stderr_is(
        "topic-ctl: cannot reach Kafka at BROKER: [..]\n\
         hint: do the brokers speak another protocol? KAFKA_SECURITY_PROTOCOL is [..]\n",
    );
}

#[test]
fn a_broker_whose_authority_is_unknown_is_refused() {
    let scene = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "SSL");
    let server = TlsServer::start(&scene);
    let outcome = scene.tool("topic-ctl").args(["list", "-b", &server.address()]).run();
    outcome.replace(&server.address(), "BROKER").fails_with(3).stdout_is("").stderr_is(
        "topic-ctl: cannot reach Kafka at BROKER: TLS: no known authority has signed its certificate for this name\n\
         hint: set KAFKA_SSL_CA to the PEM file of the authority that signed it\n",
    );
}

#[test]
fn a_web_address_is_no_brokers() {
    let scene = Scene::new().env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT");
    let outcome =
        scene.tool("topic-ctl").args(["list", "-b", "localhost:9092,http://me:hunter2@localhost:8081"]).run();
    outcome.fails_with(2).never_says("hunter2").stderr_is(
        "topic-ctl: http://me:********@localhost:8081 is a web address, not a broker's\n\
         hint: BOOTSTRAP_SERVERS and --brokers take host:port, with commas between\n",
    );
}
