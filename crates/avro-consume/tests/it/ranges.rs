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
        .fails_with(1)
        .stderr_is("avro-consume: topic \"t\" partition 0: offset 10 is past the end, 9\n");
}

#[test]
fn only_the_partitions_that_are_named_are_read() {
    let desk = Desk::new();
    desk.put_events(0, 1..=9);
    desk.put_events(1, 10..=18);
    desk.consume(&["-p", "1"]).run().succeeds().stdout_is(lines(10..=18));
    desk.consume(&["-p", "1", "-o", "-2"]).run().succeeds().stdout_is(lines(17..=18));
    desk.consume(&["-p", "0", "--last", "3"]).run().succeeds().stdout_is(lines(7..=9));
    let both = desk.consume(&["-p", "0", "-p", "1", "-o", "0=8", "-o", "7"]).run();
    assert_eq!(sorted(&both.succeeds().stdout_text()), sorted(&lines([9, 17, 18])));
    desk.consume(&["-p", "7"]).run().fails_with(1).stderr_has("partition 7");
    desk.consume(&["-p", "1"])
        .env("GROUP_ID", "g")
        .run()
        .fails_with(2)
        .stderr_has("-p cannot be used with the group");
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

#[test]
fn ranges_are_told_by_offset_and_by_distance() {
    let desk = Desk::new();
    desk.put_events(0, 0..=9);
    for (range, ids) in [
        ("start", 0..=9),
        ("7", 7..=9),
        ("-2", 8..=9),
        ("-200", 0..=9),
        ("+8", 8..=9),
        ("3:5", 3..=4),
        ("3:500", 3..=9),
        (":2", 0..=1),
        (":end", 0..=9),
        ("-3:-1", 7..=8),
        ("+1:+3", 1..=2),
        ("8:", 8..=9),
    ] {
        desk.consume(&["-o", range]).run().succeeds().stdout_is(lines(ids)).stderr_is("");
    }
    desk.consume(&["-o", "4:4"]).run().succeeds().stdout_is("");
    desk.consume(&["-o", "+99"]).run().succeeds().stdout_is("");
    desk.consume(&["-o", "5:3"]).run().fails_with(2).stderr_has("3 comes before 5: write FROM:TO");
    desk.consume(&["-f", "-o", "2:4"]).run().fails_with(2).stderr_is(
        "avro-consume: -f cannot be used with an end, -o FROM:TO\nhint: -f never stops; leave it out, or leave :TO out\n",
    );
}

#[test]
fn partitions_have_ranges_of_their_own() {
    let desk = Desk::new();
    desk.put_events(0, 1..=5);
    desk.put_events(1, 11..=15);
    let read = |args: &[&str]| {
        let text = desk.consume(args).run().succeeds().stdout_text();
        sorted(&text).iter().map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(read(&["-o", "0=2:4"]), lines([3, 4]));
    assert_eq!(read(&["-o", "0=4", "-o", "1=end"]), lines([5]));
    assert_eq!(read(&["-o", "0=-1", "-o", "1=:1"]), lines([11, 5]));
    assert_eq!(read(&["-o", "-1", "-o", "1=:2"]), lines([11, 12, 5]));
    desk.consume(&["-o", "7=1"])
        .run()
        .fails_with(1)
        .stderr_is("avro-consume: topic \"t\" has no partition 7\n");
    desk.consume(&["-o", "1", "-o", "2"])
        .run()
        .fails_with(2)
        .stderr_has("-o is given twice for all partitions");
}

#[test]
fn an_offset_past_the_end_of_every_partition_is_an_error() {
    let desk = Desk::new();
    desk.put_events(0, 1..=5);
    desk.consume(&["-o", "4"]).run().succeeds().stdout_is(lines([5]));
    desk.consume(&["-o", "1=4"]).run().fails_with(1).stderr_has("partition 1: offset 4 is past the end, 0");
    desk.consume(&["-o", "6"]).run().fails_with(1).stderr_has("partition 0: offset 6 is past the end, 5");
}
