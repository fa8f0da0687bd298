//! `--state FILE`: going on where the last run stopped, without a group.

use crate::{Desk, lines};

#[test]
fn a_state_file_goes_on_where_the_last_run_stopped() {
    let desk = Desk::new();
    desk.put_events(0, 1..=5);
    let read = |args: &[&str]| desk.consume(&["--state", "s.json"]).args(args).run();
    read(&["-n", "2"]).succeeds().stdout_is(lines([1, 2]));
    assert_eq!(desk.scene.read("s.json"), "{\"t\":{\"0\":2,\"1\":0}}\n");
    read(&[]).succeeds().stdout_is(lines(3..=5));
    read(&[]).succeeds().stdout_is("");
    desk.put_events(0, 6..=6);
    desk.put_events(1, 7..=7);
    read(&["--order", "time"]).succeeds().stdout_is(lines([6, 7]));
    assert_eq!(desk.scene.read("s.json"), "{\"t\":{\"0\":6,\"1\":1}}\n");
}

#[test]
fn a_state_begins_where_o_says_and_keeps_that() {
    let desk = Desk::new();
    desk.put_events(0, 1..=5);
    let read = || desk.consume(&["--state", "s.json", "-o", "end"]).run();
    read().succeeds().stdout_is("");
    desk.put_events(0, 6..=6);
    read().succeeds().stdout_is(lines([6]));
}

#[test]
fn a_state_before_the_first_record_says_what_is_gone_and_goes_on() {
    let desk = Desk::new();
    desk.put_events(0, 1..=2);
    // The in-process broker deletes nothing: its partitions begin at 0 for ever.
    desk.scene.file("s", "{\"t\":{\"0\":-3,\"1\":0}}");
    let read = || desk.consume(&["--state", "s"]).run();
    let gone = "warning: topic \"t\" partition 0: the next 3 offsets are gone, reading goes on at 0";
    read().succeeds().stdout_is(lines([1, 2])).stderr_has(gone);
    read().succeeds().stdout_is("").stderr_is("");
}

#[test]
fn lines_that_were_not_written_are_not_in_the_state() {
    let desk = Desk::new();
    desk.put_events(0, 1..=5);
    desk.consume(&["--state", "s.json"]).stdout_to("/dev/full").run().fails_with(1);
    assert_eq!(desk.scene.read("s.json"), "{\"t\":{\"0\":0,\"1\":0}}\n");
}

#[test]
fn a_state_that_cannot_be_used_is_told_before_any_record() {
    let desk = Desk::new();
    desk.put_events(0, 1..=2);
    desk.consume(&["--state", "no/such/dir/s"])
        .run()
        .fails_with(2)
        .stdout_is("")
        .stderr_has("--state no/such/dir/s: ");
    desk.scene.file("bad", "[]");
    desk.consume(&["--state", "bad"]).run().fails_with(2).stdout_is("").stderr_has("not a file of this tool");
    desk.consume(&["--state", "/dev/full"]).run().fails_with(2).stderr_has("--state /dev/full: not a file");
    desk.scene.file("far", "{\"t\":{\"0\":99}}");
    desk.consume(&["--state", "far"]).run().fails_with(1).stderr_has("offset 99 is past the end, 2");
    let outcome = desk.consume(&["--state", "s"]).env("GROUP_ID", "g").run();
    outcome.fails_with(2).stderr_has("--state cannot be used with the group \"g\"");
}
