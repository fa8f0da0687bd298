//! Globs: of topics and of groups.

use crate::Desk;

#[test]
fn topics_and_groups_are_named_by_globs_live() {
    let Some(desk) = Desk::new() else { return };
    let prefix = desk.stack.unique("test-glob-");
    let topics = ["a", "b.c"].map(|name| format!("{prefix}-{name}"));
    let groups = ["g-1", "g-2"].map(|name| format!("{prefix}-{name}"));
    let run = |args: &[&str]| desk.run(args);
    for topic in &topics {
        run(&["create", topic, "-r", "3"]).succeeds();
    }
    for group in &groups {
        run(&["reset-offsets", group, "-t", &topics[0], "--to", "end", "--create"]).succeeds();
    }
    let (glob, groups_glob) = (format!("{prefix}-*"), format!("{prefix}-g-?"));
    let names = |args: &[&str], field: &str| {
        let rows = run(&[args, &["-q", field]].concat()).succeeds().stdout_text();
        rows.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&["list", &glob], "topic"), topics);
    assert_eq!(names(&["describe", &glob], "topic"), topics);
    assert_eq!(names(&["offsets", &glob, &topics[0]], "topic"), topics);
    run(&["check", &glob]).succeeds();
    assert_eq!(names(&["groups", "describe", &groups_glob], "group"), groups);
    assert_eq!(names(&["lag", &groups_glob, "-t", &glob], "group"), groups);
    // Who reads a topic: those that do not are not named.
    assert_eq!(names(&["lag", "-t", &topics[0]], "group"), groups);
    assert!(names(&["lag", "-t", &topics[1]], "group").is_empty());

    // Kafka's metrics know no difference between dot and underscore.
    run(&["create", &topics[1].replace('.', "_")]).fails_with(1).stderr_has(format!(
        "topic {:?} is there, and Kafka takes dot and underscore for the same",
        topics[1]
    ));
    let none = format!("{prefix}x*");
    for verb in ["describe", "offsets", "check", "delete"] {
        run(&[verb, &none]).fails_with(1).stdout_is("").stderr_has("no topic matches");
    }
    for verb in [&["lag"][..], &["groups", "describe"], &["groups", "delete"]] {
        run(&[verb, &[&none]].concat()).fails_with(1).stdout_is("").stderr_has("no group matches");
    }
    run(&["list", &none]).succeeds().stdout_is("").stderr_is("");
    run(&["groups", "list", &none]).succeeds().stdout_is("").stderr_is("");
    let shown = |verb: &[&str]| desk.scene.tool("topic-ctl").args(verb).arg(&none).at_terminal().run();
    shown(&["list"]).succeeds().stdout_has("no topic matches");
    shown(&["groups", "list"]).succeeds().stdout_has("no group matches");
    run(&["delete", &none, "--if-exists"]).succeeds().stdout_is("").stderr_is("");
    run(&["groups", "delete", &none, "--if-exists"]).succeeds().stdout_is("").stderr_is("");
    assert_eq!(names(&["groups", "list", &groups_glob], "group"), groups);
    run(&["trim", &glob, "--before", "end"]).fails_with(1).stderr_has("does not exist");
    run(&["groups", "delete", &groups_glob]).succeeds();
    assert_eq!(desk.committed(&groups[0], &topics[0], 1), [None]);
    run(&["delete", &glob, "--dry-run"]).succeeds();
    assert_eq!(desk.partitions(&topics[0]), 1);
    run(&["delete", &glob]).succeeds();
    assert_eq!(topics.each_ref().map(|topic| desk.partitions(topic)), [0, 0]);
}
