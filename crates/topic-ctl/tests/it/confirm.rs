//! What is deleted for good is shown first to one who sits at a terminal, and deleted only at a yes.

use crate::Desk;

#[test]
fn a_topic_and_a_group_stay_until_yes_is_typed_live() {
    let Some(desk) = Desk::new() else { return };
    let (topic, group) = (desk.stack.create_topic("confirm", 2), desk.stack.unique("test-confirm-"));
    desk.fill(&topic, 0, 3);
    desk.run(&["reset-offsets", &group, "-t", &topic, "--to", "-1", "--create"]).succeeds();
    let scene = desk.stack.scene();
    let at_terminal = |args: &[&str]| scene.tool("topic-ctl").args(args).at_terminal();
    let exists = || desk.run(&["list"]).succeeds().stdout_text().contains(&topic);

    let mut asked = at_terminal(&["delete", &topic]).spawn();
    asked.until_stdout("Go on? [y/N] ").type_in("n\n");
    asked.wait().fails_with(1).stdout_is(format!(
        "topic-ctl: about to delete for good, with all records:\n  {topic} (2 partitions, 3 records)\n\
         Go on? [y/N] n\ntopic-ctl: not confirmed: nothing was changed\n"
    ));
    let mut left = at_terminal(&["delete", &topic]).spawn();
    left.until_stdout("Go on?").signal(kch_test::Signal::Interrupt);
    left.wait().fails_with(130);
    // What cannot be deleted is no question.
    at_terminal(&["delete", "no-such-topic-at-all"]).run().fails_with(1).stdout_has("does not exist");
    at_terminal(&["delete", &topic, "--dry-run"]).run().succeeds();
    assert!(exists());

    let mut asked = at_terminal(&["groups", "delete", &group]).spawn();
    asked.until_stdout("with all offsets:").until_stdout(&format!("  {group}\r\n")).until_stdout("Go on?");
    asked.type_in("\n");
    asked.wait().fails_with(1);
    assert_eq!(desk.committed(&group, &topic, 1), [Some(2)]);
    at_terminal(&["groups", "delete", &group, "--yes"]).run().succeeds();
    assert_eq!(desk.committed(&group, &topic, 1), [None]);

    let mut asked = at_terminal(&["delete", &topic]).spawn();
    asked.until_stdout("Go on?").type_in("y\n");
    asked.wait().succeeds();
    assert!(!exists());
}
