//! The harness on itself, with the programs that every system has.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use kch_test::{RawServer, Scene, Signal, Step};

#[test]
fn a_tool_sees_the_scene_and_nothing_else() {
    let scene = Scene::new().env("TABLE", "events");
    scene.file("sub/data.txt", "one\n");
    let run = scene
        .program("sh")
        .args(["-c", "cat sub/data.txt; env | cut -d= -f1 | sort; cat"])
        .stdin("two\n")
        .run();
    run.succeeds().stdout_is("one\nHOME\nPATH\nPWD\nTABLE\ntwo\n").stderr_is("");
}

#[test]
#[should_panic(expected = "  a\n- b\n+ c\n")]
fn a_wrong_output_shows_both_sides() {
    let _ = Scene::new().program("printf").arg("a\\nc\\n").run().stdout_is("a\nb\n");
}

#[test]
#[should_panic(expected = "run `cargo build -p no-such-tool` first")]
fn a_missing_binary_says_what_to_do() {
    let _ = Scene::new().tool("no-such-tool");
}

#[test]
fn a_tool_that_hangs_is_killed() {
    let started = Instant::now();
    let tool = Scene::new().program("sleep").arg("60").timeout(Duration::from_millis(200));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || tool.run())).is_err());
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_signal_reaches_the_tool_when_it_handles_signals() {
    let slow = "sleep 0.3; trap 'echo x; exit 7' INT TERM; while :; do sleep 0.01; done";
    let mut running = Scene::new().program("sh").args(["-c", slow]).spawn();
    running.signal(Signal::Terminate);
    running.wait().fails_with(7).stdout_is("x\n");
}

#[test]
fn a_reader_that_leaves_ends_the_pipeline() {
    let run = Scene::new().program("yes").pipe_to(&["head", "-1"]).run();
    run.fails_with(128 + 13).stdout_is("y\n");
    let full = Scene::new().program("echo").arg("x").stdout_to("/dev/full").run();
    full.fails_with(1).stderr_has("No space left on device");
}

#[test]
fn a_terminal_looks_like_one() {
    let run =
        Scene::new().program("sh").args(["-c", "test -t 0 && test -t 1 && echo both"]).on_terminal().run();
    run.succeeds().stdout_is("both\n");
    let run = Scene::new().program("sh").args(["-c", "test -t 0 || cat"]).stdin("data").on_terminal().run();
    run.succeeds().stdout_is("data");
}

#[test]
fn a_person_types_at_a_terminal() {
    let line =
        "test -t 0 && test -t 1 && test -t 2 && printf 'sure? ' >&2 && read answer && echo \"it is $answer\"";
    let mut running = Scene::new().program("sh").args(["-c", line]).at_terminal().spawn();
    running.until_stdout("sure? ").type_in("yes\n");
    running.wait().succeeds().stdout_is("sure? yes\nit is yes\n").stderr_is("");
}

#[test]
fn a_raw_server_cuts_a_body_short() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    let server = RawServer::start(vec![Step::ReadHead, Step::send(head), Step::send("half")]);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, format!("{head}half"));
    assert!(server.received()[0].starts_with(b"GET / HTTP/1.1\r\n"));
    assert!(TcpStream::connect(RawServer::nobody()).is_err());
}

#[cfg(feature = "kafka")]
#[test]
fn a_mock_broker_takes_topics() {
    let mock = kch_test::kafka::Mock::start(3);
    mock.create_topic("t", 2, 3).round_trip_time(Duration::from_millis(1));
    assert_eq!(mock.bootstrap().split(',').count(), 3);
}
