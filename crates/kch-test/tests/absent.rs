//! What is named and not there ends alike, whichever tool is asked: a script need not know which one it is.

use kch_test::{Outcome, Scene, live};

#[test]
fn what_is_not_there_has_one_exit_code_in_all_tools_live() {
    let Some(stack) = live::stack() else { return };
    let (scene, name) = (stack.scene(), stack.unique("nosuch"));
    let run = |line: &str| scene.shell(&line.replace("NAME", &name)).run();
    // Refused, with a word on stderr and nothing on stdout.
    for line in [
        "topic-ctl describe NAME",
        "topic-ctl delete NAME --yes",
        "topic-ctl groups describe NAME",
        "topic-ctl groups delete NAME --yes",
        "topic-ctl lag NAME",
        "topic-ctl offsets NAME",
        "topic-ctl delete 'NAME*' --yes",
        "connect-ctl get NAME",
        "connect-ctl status NAME",
        "connect-ctl delete NAME --yes",
        "connect-ctl lag NAME",
        "connect-ctl delete 'NAME*' --yes",
        "sr get NAME",
        "sr versions NAME",
        "sr delete NAME --yes",
        "sr delete 'NAME*' --yes",
        "ch-query describe NAME",
    ] {
        run(line).fails_with(1).stdout_is("").stderr_has(&name);
    }
    // Nothing to do, or to show, is no error.
    for line in [
        "topic-ctl delete NAME --if-exists --yes",
        "topic-ctl delete 'NAME*' --if-exists --yes",
        "topic-ctl groups delete 'NAME*' --if-exists --yes",
        "topic-ctl list 'NAME*'",
        "connect-ctl delete NAME --if-exists --yes",
        "connect-ctl delete 'NAME*' --if-exists --yes",
        "connect-ctl list 'NAME*'",
        "sr delete NAME --if-exists --yes",
        "sr delete 'NAME*' --if-exists --yes",
        "sr subjects --prefix NAME",
        "ch-query tables 'NAME%'",
    ] {
        run(line).succeeds().stderr_is("");
    }
}

/// One thing of each kind, of the same name. They are deleted at the end, however that comes.
struct Made<'s> {
    scene: &'s Scene,
    name: &'s str,
}

impl Made<'_> {
    fn run(&self, line: &str) -> Outcome {
        self.scene.shell(&line.replace("NAME", self.name)).run()
    }

    fn all_are_there(&self) {
        for line in [
            "topic-ctl describe NAME",
            "topic-ctl groups describe NAME",
            "connect-ctl get NAME",
            "sr versions NAME",
        ] {
            self.run(line).succeeds();
        }
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for line in [
            "connect-ctl delete NAME --if-exists --yes --wait 60s",
            "topic-ctl groups delete NAME --if-exists --yes",
            "topic-ctl delete NAME --if-exists --yes",
            "sr delete NAME --permanent --if-exists --yes",
        ] {
            self.run(line);
        }
    }
}

#[test]
fn nothing_is_done_in_any_tool_when_one_that_was_named_is_not_there_live() {
    let Some(stack) = live::stack() else { return };
    let (scene, name) = (stack.scene(), stack.unique("absent"));
    let made = Made { scene: &scene, name: &name };
    let source = r#"{"connector.class":"org.apache.kafka.connect.file.FileStreamSourceConnector",
        "tasks.max":"1","topic":"NAME","file":"/dev/null"}"#;
    scene.file("source.json", source.replace("NAME", &name));
    for line in [
        "topic-ctl create NAME",
        "topic-ctl reset-offsets NAME --create -t NAME --to start",
        r#"echo '"long"' | sr register NAME -"#,
        "connect-ctl apply NAME source.json --wait 60s",
    ] {
        made.run(line).succeeds();
    }
    for line in [
        "topic-ctl delete NAME NAME-gone --yes",
        "topic-ctl delete NAME-gone NAME --yes --dry-run",
        "topic-ctl groups delete NAME NAME-gone --yes",
        "connect-ctl pause NAME NAME-gone",
        "connect-ctl resume NAME NAME-gone",
        "connect-ctl stop NAME NAME-gone",
        "connect-ctl restart NAME NAME-gone",
        "connect-ctl patch NAME NAME-gone --set topic=other",
        "connect-ctl delete NAME NAME-gone --yes",
        "connect-ctl delete 'NAME-*' NAME --yes --dry-run",
        "sr delete NAME NAME-gone --yes",
        "sr delete 'NAME-*' NAME --permanent --yes",
    ] {
        made.run(line).fails_with(1).stdout_is("").stderr_has(format!("{name}-"));
    }
    made.all_are_there();
    made.run("connect-ctl get NAME").stdout_has(format!(r#""topic":"{name}""#));
    made.run("connect-ctl status NAME").succeeds();
    // What is not there is done already, and the rest is done.
    for line in [
        "connect-ctl delete NAME NAME-gone --if-exists --yes --wait 60s",
        "topic-ctl groups delete NAME NAME-gone --if-exists --yes",
        "topic-ctl delete NAME NAME-gone --if-exists --yes",
        "sr delete NAME NAME-gone --permanent --if-exists --yes",
    ] {
        let done = made.run(line);
        let deleted = done.succeeds().json_lines().iter().filter(|row| row["deleted"] == true).count();
        assert_eq!((deleted, done.json_lines().len()), (1, 2), "{line}");
    }
}
