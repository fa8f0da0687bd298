//! The examples of every `--help` work.

use crate::Desk;

/// Verbs whose `--help` has examples; the empty one is the tool itself.
const READING: &[&str] = &[
    "",
    "list",
    "describe",
    "groups",
    "groups list",
    "groups describe",
    "lag",
    "offsets",
    "configs",
    "check",
    "partition",
    "brokers",
];
const CHANGING: &[&str] = &["create", "alter", "delete", "groups delete", "reset-offsets", "trim"];

#[test]
fn every_example_of_what_reads_runs_live() {
    run_examples(READING);
}

#[test]
fn every_example_of_what_changes_runs_live() {
    run_examples(CHANGING);
}

#[track_caller]
fn run_examples(pages: &[&str]) {
    let Some(desk) = Desk::new() else { return };
    // The names of the examples are this test's own.
    let topics = ["kafka-events", "orders", "payments"].map(|name| (name, desk.stack.unique_topic(name)));
    let groups = ["clickhouse-kafka-events", "nightly"].map(|name| (name, desk.stack.unique("test-reader-")));
    let own = |line: &str| {
        groups.iter().chain(&topics).fold(line.to_owned(), |line, (name, own)| line.replace(name, own))
    };
    let shell = |line: &str| desk.scene.shell(&own(line)).run();
    for (_, topic) in &topics {
        desk.run(&["create", topic, "-r", "3", "--if-not-exists"]).succeeds();
    }
    desk.fill(&topics[0].1, 0, 3);
    shell("topic-ctl reset-offsets clickhouse-kafka-events -t kafka-events --to end --create").succeeds();
    for page in pages {
        let args: Vec<&str> = page.split_whitespace().chain(["--help"]).collect();
        let help = desk.run(&args).succeeds().stdout_text();
        let examples: Vec<&str> = help
            .lines()
            .filter_map(|line| line.strip_prefix("  "))
            .filter(|l| l.starts_with("topic-ctl "))
            .collect();
        assert!(!examples.is_empty(), "{help}");
        for example in examples {
            // What the line makes or removes may be there from the one before.
            let name = example.split_whitespace().nth(2).unwrap_or_default();
            if *page == "create" && !example.contains("--if-not-exists") && !example.contains("--dry-run") {
                desk.run(&["delete", &own(name), "--if-exists"]).succeeds();
            }
            if *page == "create" && example.contains("--dry-run") {
                shell("topic-ctl delete payments --if-exists").succeeds();
            }
            if ["alter", "delete", "trim"].contains(page) {
                shell("topic-ctl create orders -r 3 --if-not-exists").succeeds();
            }
            if page.starts_with("groups delete") {
                shell("topic-ctl reset-offsets nightly -t kafka-events --to end --create").succeeds();
            }
            // Another tool behind it has tests of its own; another test's topic may be unwell for a moment.
            let line = example.split(" && ").next().unwrap_or_default();
            if line == "topic-ctl check" || line == "topic-ctl check -o table" {
                continue;
            }
            if line.contains("lag clickhouse-kafka-events --watch") {
                // It ends when its reader does, which the next look finds.
                shell(&line.replace("jq --unbuffered .lag", "head -n 1")).succeeds();
                continue;
            }
            shell(line).succeeds();
        }
    }
    desk.run(&["groups", "delete", &groups[0].1, &groups[1].1, "--if-exists"]).succeeds();
}
