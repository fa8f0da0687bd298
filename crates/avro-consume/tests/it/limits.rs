//! When it stops before the end: --timeout and --max-bytes; and several topics that are followed.

use kch_test::{RawServer, Signal};

use crate::{Desk, line, lines};

#[test]
fn silence_ends_a_follower() {
    let desk = Desk::new();
    desk.put_events(0, 1..=2);
    desk.consume(&["-f", "--timeout", "200ms"]).run().succeeds().stdout_is(lines(1..=2)).stderr_is("");
    desk.consume(&["-f", "--timeout", "soon"]).run().fails_with(2).stderr_has("--timeout");
    desk.consume(&["--last", "1", "--timeout", "1s"]).run().fails_with(2);
}

#[test]
fn silence_of_brokers_that_are_gone_is_no_end() {
    let desk = Desk::new();
    desk.put_events(0, 1..=1);
    let mut running = desk.consume(&["-f", "--timeout", "5s"]).spawn();
    running.until_stdout(&line(1));
    desk.mock.broker_down(1);
    running.wait().fails_with(3).stdout_is(line(1)).stderr_has("cannot reach Kafka");
}

#[test]
fn bytes_are_counted_in_whole_lines() {
    let desk = Desk::new();
    desk.put_events(0, 1..=9);
    let length = line(1).len();
    let read = |size: usize| desk.consume(&["--max-bytes", &size.to_string()]).run().succeeds().stdout_text();
    assert_eq!(read(1), line(1));
    assert_eq!(read(length), line(1));
    assert_eq!(read(length + 1), lines([1, 2]));
    assert_eq!(read(length * 3), lines([1, 2, 3]));
    desk.consume(&["--max-bytes", "1k"]).run().succeeds().stdout_is(lines(1..=9));
    desk.consume(&["--max-bytes", "x"]).run().fails_with(2).stderr_has("expected a number of bytes");
    // What was not printed comes next time.
    let args = ["--state", "s", "--max-bytes", "1"];
    desk.consume(&args).run().succeeds().stdout_is(line(1));
    desk.consume(&args).run().succeeds().stdout_is(line(2));
}

#[test]
fn several_topics_are_followed_together() {
    let desk = Desk::new();
    desk.mock.create_topic("u", 1, 1);
    desk.put_events(0, 1..=1);
    let mut running = desk.consume(&["-t", "u", "-f"]).spawn();
    running.until_stdout(&line(1));
    desk.put_timed("u", 0, &[(2, 10)]);
    running.until_stdout(&line(2));
    desk.put_events(1, 3..=3);
    running.until_stdout(&line(3));
    running.signal(Signal::Interrupt);
    running.wait().fails_with(130).stdout_is(lines(1..=3));
}

#[test]
fn schemas_on_disk_bridge_a_registry_that_is_down() {
    let desk = Desk::new();
    desk.put_events(0, 1..=3);
    let consume = |url: &str| {
        desk.consume(&["--registry", url]).env("KCH_SCHEMA_CACHE", desk.scene.dir().join("cache")).run()
    };
    let (url, nobody) = (desk.registry.url(), format!("http://{}", RawServer::nobody()));
    consume(&nobody).fails_with(3).stdout_is("").stderr_has("cannot be reached");
    consume(&url).succeeds().stdout_is(lines(1..=3)).stderr_is("");
    // The registry moves away: what is kept of its address is kept of one where nobody listens.
    let port = |url: &str| url.rsplit(':').next().unwrap_or_default().to_owned();
    let kept: Vec<_> = std::fs::read_dir(desk.scene.dir().join("cache"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [kept] = &kept[..] else { panic!("one registry, but {kept:?}") };
    std::fs::rename(kept, kept.to_str().unwrap().replace(&port(&url), &port(&nobody))).unwrap();
    let outcome = consume(&nobody);
    outcome
        .succeeds()
        .stdout_is(lines(1..=3))
        .stderr_has("avro-consume: warning: ")
        .stderr_has("schemas come from");
    assert_eq!(outcome.stderr_text().lines().count(), 1);
    // An id that was never seen is not made up.
    desk.put(0, &[Some(b"\x00\x00\x00\x00\x09\x02")]);
    consume(&nobody).fails_with(3).stdout_is(lines(1..=3)).stderr_has("cannot be reached");
}

#[test]
fn progress_is_shown_on_a_terminal_that_has_no_lines() {
    let desk = Desk::new();
    desk.put_events(0, 1..=3);
    // `script` makes stderr a terminal; what it prints is the terminal's.
    let read = |flags: &str| {
        let line = format!("script -qec 'avro-consume -t t -f --timeout 2500ms {flags}' /dev/null");
        desk.scene.shell(&line).run().succeeds().stdout_text()
    };
    assert!(read("> lines").contains("3 records read, "));
    assert_eq!(desk.scene.read("lines"), lines(1..=3));
    assert_eq!(read("--no-progress > lines"), "");
    assert!(!read("").contains("records read"));
    desk.consume(&["-f", "--timeout", "1500ms"]).run().succeeds().stderr_is("");
}
