//! What cannot be brought back, or was not named, is shown first to one who sits at a terminal.

use kch_test::{Scene, Tool};

use crate::V1;
use crate::confluent::Confluent;

#[test]
fn nothing_goes_for_good_or_unnamed_before_a_yes() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    scene.file("d/plain.avsc", V1);
    let tool = |args: &[&str]| scene.tool("sr").args(args).env("SCHEMA_REGISTRY_URL", registry.stub.url());
    for subject in ["plain", "gone", "old-one"] {
        tool(&["register", subject, "d/plain.avsc"]).run().succeeds();
    }
    let answered = |tool: Tool, answer: &str| {
        let mut asked = tool.at_terminal().spawn();
        asked.until_stdout("Go on? [y/N] ").type_in(answer);
        asked.wait()
    };
    answered(tool(&["delete", "gone", "--permanent"]), "n\n").fails_with(1).stdout_is(
        "sr: about to delete for good:\n  gone version 1\n\
         Go on? [y/N] n\nsr: not confirmed: nothing was changed\n",
    );
    answered(tool(&["apply", "d", "--prune"]), "\n").fails_with(1).stdout_is(
        "sr: about to delete softly what the folder does not have:\n  gone\n  old-one\n\
         Go on? [y/N] \nsr: not confirmed: nothing was changed\n",
    );
    assert_eq!(registry.versions(), ["gone 1 1", "old-one 1 1", "plain 1 1"]);

    // What `undelete` brings back, and a folder that has all there is, are no question.
    tool(&["apply", "d"]).at_terminal().run().succeeds();
    tool(&["delete", "gone"]).at_terminal().run().succeeds();
    answered(tool(&["delete", "gone", "--permanent"]), "yes\n").succeeds();
    tool(&["apply", "d", "--prune", "-y"]).at_terminal().run().succeeds();
    assert_eq!(registry.versions(), ["-old-one 1 1", "plain 1 1"]);
}
