//! Several topics and partitions as one stream.

use crate::{Desk, lines};

fn two_topics() -> Desk {
    let desk = Desk::new();
    desk.mock.create_topic("u", 2, 1).create_topic("other", 1, 1).create_topic("_hidden", 1, 1);
    desk.put_timed("t", 0, &[(1, 10), (4, 40), (7, 70)]);
    desk.put_timed("t", 1, &[(2, 20), (5, 50)]);
    desk.put_timed("u", 1, &[(3, 30), (6, 60), (8, 80)]);
    desk.put_timed("other", 0, &[(9, 5)]);
    desk.put_timed("_hidden", 0, &[(10, 6)]);
    desk
}

fn sorted_ids(outcome: &kch_test::Outcome) -> Vec<i64> {
    let mut ids: Vec<i64> =
        outcome.succeeds().json_lines().iter().map(|line| line["id"].as_i64().expect("an id")).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn order_time_merges_partitions_and_topics() {
    let desk = two_topics();
    desk.consume(&["--order", "time"]).run().succeeds().stdout_is(lines([1, 2, 4, 5, 7]));
    desk.consume(&["-t", "u", "--order", "time"]).run().succeeds().stdout_is(lines(1..=8));
    desk.consume(&["-t", "u", "--order", "time", "-n", "3"]).run().succeeds().stdout_is(lines(1..=3));
    desk.consume(&["-t", "u", "--order", "time", "-o", "1:2"]).run().succeeds().stdout_is(lines([4, 5, 6]));
    desk.consume(&["--order", "time", "-f"]).run().fails_with(2).stderr_has("cannot be used with");
    desk.consume(&["--order", "time"])
        .env("GROUP_ID", "g")
        .run()
        .fails_with(2)
        .stderr_has("--order time cannot be used with the group");
}

#[test]
fn order_time_keeps_the_order_of_a_partition_whose_times_go_back() {
    let desk = Desk::new();
    desk.put_timed("t", 0, &[(1, 50), (2, 10), (3, 60)]);
    desk.put_timed("t", 1, &[(4, 55)]);
    desk.consume(&["--order", "time"]).run().succeeds().stdout_is(lines([1, 2, 4, 3]));
}

#[test]
fn last_is_the_end_of_all_partitions_together() {
    let desk = two_topics();
    desk.consume(&["--last", "1"]).run().succeeds().stdout_is(lines([7]));
    desk.consume(&["--last", "3"]).run().succeeds().stdout_is(lines([4, 5, 7]));
    desk.consume(&["-t", "u", "--last", "4"]).run().succeeds().stdout_is(lines(5..=8)).stderr_is("");
    desk.consume(&["-t", "u", "--last", "100"]).run().succeeds().stdout_is(lines(1..=8));
    desk.consume(&["--last", "0"]).run().fails_with(2);
    desk.consume(&["--last", "2", "-o", "3"]).run().fails_with(2).stderr_has("cannot be used with");
}

#[test]
fn several_topics_and_a_regex_are_read_to_their_ends() {
    let desk = two_topics();
    assert_eq!(sorted_ids(&desk.consume(&["-t", "u"]).run()), (1..=8).collect::<Vec<_>>());
    let scene = |topic: &str| desk.scene.tool("avro-consume").args(["-t", topic]).run();
    assert_eq!(sorted_ids(&scene("^[tu]$")), (1..=8).collect::<Vec<_>>());
    assert_eq!(sorted_ids(&scene("^.*")), (1..=9).collect::<Vec<_>>());
    assert_eq!(sorted_ids(&scene("^_")), [10]);
    // A name and a regex that covers it: once.
    assert_eq!(sorted_ids(&desk.consume(&["-t", "^t"]).run()), [1, 2, 4, 5, 7]);
    let outcome = desk.scene.tool("avro-consume").args(["-t", "^x"]).run();
    outcome.fails_with(1).stderr_has("matches ^x");
    desk.scene
        .tool("avro-consume")
        .args(["-t", "^("])
        .run()
        .fails_with(2)
        .stderr_has("not a regular expression");
}

#[test]
fn several_topics_are_followed_and_read_by_a_group() {
    let desk = two_topics();
    let mut running = desk.consume(&["-t", "u", "-f"]).spawn();
    running.until_stdout("\"id\":8,");
    desk.put_timed("u", 0, &[(11, 90)]);
    running.until_stdout("\"id\":11,");
    running.signal(kch_test::Signal::Interrupt);
    let _ = running.wait();
    // A second member would wait for the mock to forget the first one: that is tested on the real stack.
    let member = desk.consume(&["-t", "u", "-g", "g"]).run();
    assert_eq!(sorted_ids(&member), [1, 2, 3, 4, 5, 6, 7, 8, 11]);
}
