//! What is named and not there ends alike, whichever tool is asked: a script need not know which one it is.

use kch_test::live;

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
