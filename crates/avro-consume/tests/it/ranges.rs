//! Where reading starts and stops, and what a reader that goes away means.

use kch_test::Signal;

use crate::{Desk, line, lines};

/// The lines in the order of their text: partitions are read side by side.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn it_reads_from_the_beginning_to_the_end_and_stops() {
    let desk = Desk::new();
    desk.consume(&[]).run().succeeds().stdout_is("").stderr_is("");
    desk.put_events(0, 1..=5);
    desk.consume(&[]).run().succeeds().stdout_is(lines(1..=5)).stderr_is("");
    desk.consume(&["-e"]).run().succeeds().stdout_is(lines(1..=5));
    desk.put_events(1, 6..=9);
    let outcome = desk.consume(&[]).run();
    assert_eq!(sorted(&outcome.succeeds().stdout_text()), sorted(&lines(1..=9)));
}

#[test]
fn a_count_and_an_offset_narrow_it() {
    let desk = Desk::new();
    desk.put_events(0, 1..=9);
    desk.put_events(1, 10..=18);
    desk.consume(&["-n", "0"]).run().succeeds().stdout_is("");
    assert_eq!(desk.consume(&["-n", "3"]).run().succeeds().json_lines().len(), 3);
    assert_eq!(desk.consume(&[]).env("MAX_MESSAGES", "4").run().succeeds().json_lines().len(), 4);
    let outcome = desk.consume(&["-o", "7"]).run();
    assert_eq!(sorted(&outcome.succeeds().stdout_text()), sorted(&lines([8, 9, 17, 18])));
    desk.consume(&["-o", "end"]).run().succeeds().stdout_is("");
    assert_eq!(desk.consume(&["-o", "beginning"]).run().succeeds().json_lines().len(), 18);
    desk.consume(&["-o", "10"])
        .run()
        .fails_with(2)
        .stderr_is("avro-consume: topic \"t\" partition 0: offset 10 is past the end, 9\n");
}

#[test]
fn follow_prints_what_comes_until_a_signal() {
    let desk = Desk::new();
    desk.put_events(0, 1..=2);
    let mut running = desk.consume(&["-f"]).spawn();
    running.until_stdout(&lines(1..=2));
    desk.put_events(0, 3..=3);
    running.until_stdout(&line(3));
    running.signal(Signal::Interrupt);
    running.wait().fails_with(130).stdout_is(lines(1..=3));
}

#[test]
fn a_reader_that_goes_away_is_the_end_even_when_nothing_comes() {
    let desk = Desk::new();
    desk.put_events(0, 1..=60);
    desk.consume(&[]).pipe_to(&["head", "-1"]).run().succeeds().stdout_is(line(1)).stderr_is("");
    // Following a quiet topic: no write will ever fail, the tool must see it by itself.
    desk.consume(&["-f"]).pipe_to(&["head", "-1"]).run().succeeds().stdout_is(line(1)).stderr_is("");
}

#[test]
fn a_full_disk_is_an_error() {
    let desk = Desk::new();
    desk.put_events(0, 1..=3);
    desk.consume(&[])
        .stdout_to("/dev/full")
        .run()
        .fails_with(1)
        .stderr_is("avro-consume: cannot write to stdout: No space left on device (os error 28)\n");
}

#[test]
fn a_group_knows_where_it_is() {
    let desk = Desk::new();
    desk.consume(&["-o", "1"]).env("GROUP_ID", "g").run().fails_with(2).stderr_is(
        "avro-consume: -o cannot be used with the group \"g\"\nhint: GROUP_ID is set: a group knows where it is\n",
    );
}
