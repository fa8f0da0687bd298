//! `apply --prune`: what the files do not have is deleted, and only that.

use crate::{MISSING, ctl, scene, with_connectors};
use kch_test::{HttpStub, Scene};

/// A worker with `a`, which is in the folder, `b` and `other`, which are not; `b` has a secret.
fn three() -> (HttpStub, Scene) {
    let (worker, scene) = scene();
    let running = |name| (name, "RUNNING", "RUNNING");
    with_connectors(&worker, &[running("a"), running("b"), running("other")]);
    for name in ["a", "b", "other"] {
        let config = format!(r#"{{"name":"{name}","connector.class":"X","pin.code":"hunter2"}}"#);
        worker.reply("GET", &format!("/connectors/{name}/config"), 200, &config);
        worker.reply("DELETE", &format!("/connectors/{name}"), 204, "");
    }
    worker.reply("GET", "/connector-plugins/X/config", 200, r#"[{"name":"pin.code","type":"PASSWORD"}]"#);
    scene.file("dir/a.json", r#"{"name":"a","config":{"connector.class":"X","pin.code":"hunter2"}}"#);
    (worker, scene)
}

fn deleted(worker: &HttpStub) -> Vec<String> {
    worker.request_lines().into_iter().filter(|line| line.starts_with("DELETE")).collect()
}

const GONE: &str = r#""changes":[{"setting":"connector.class","from":"X","to":null},{"setting":"name","from":"b","to":null},{"setting":"pin.code","from":"********","to":null}]}"#;

#[test]
fn what_the_folder_does_not_have_is_deleted_when_that_is_asked_for() {
    let (worker, scene) = three();
    let a = "{\"name\":\"a\",\"result\":\"unchanged\",\"changes\":[]}\n";
    ctl(&scene, &["apply", "-f", "dir"]).succeeds().stdout_is(a);
    assert!(deleted(&worker).is_empty());
    let prefixed = ["apply", "-f", "dir", "--prune", "--prefix", "b"];
    let dry = ctl(&scene, &[&prefixed[..], &["--dry-run"]].concat());
    dry.succeeds()
        .never_says("hunter2")
        .stdout_has(format!("{{\"name\":\"b\",\"dry_run\":true,\"result\":\"deleted\",{GONE}\n"));
    // A variable that is not set must not prune everything.
    ctl(&scene, &["apply", "-f", "dir", "--prune", "--prefix", ""]).fails_with(2).stderr_has("--prefix");
    assert!(deleted(&worker).is_empty());
    let done = ctl(&scene, &prefixed);
    done.succeeds().stdout_is(format!("{a}{{\"name\":\"b\",\"result\":\"deleted\",{GONE}\n"));
    assert_eq!(deleted(&worker), ["DELETE /connectors/b"]);
    ctl(&scene, &["apply", "-f", "dir", "--prune"]).succeeds();
    assert_eq!(deleted(&worker)[1..], ["DELETE /connectors/b", "DELETE /connectors/other"]);
}

#[test]
fn a_diff_shows_what_would_go() {
    let (worker, scene) = three();
    ctl(&scene, &["diff", "-f", "dir"]).succeeds().stdout_is("");
    let args = ["diff", "-f", "dir", "--prune", "--prefix", "b"];
    ctl(&scene, &args).fails_with(1).stderr_is("").stdout_is(
        "{\"name\":\"b\",\"setting\":\"connector.class\",\"from\":\"X\",\"to\":null}\n\
         {\"name\":\"b\",\"setting\":\"name\",\"from\":\"b\",\"to\":null}\n\
         {\"name\":\"b\",\"setting\":\"pin.code\",\"from\":\"********\",\"to\":null}\n",
    );
    ctl(&scene, &[&args[..], &["-o", "table"]].concat())
        .fails_with(1)
        .stdout_is("b: deleted\n- connector.class: X\n- name: b\n- pin.code: ********\n");
    assert!(worker.request_lines().iter().all(|line| line.starts_with("GET ")));
}

/// One wrong file must not cost the connectors of the others.
#[test]
fn nothing_is_deleted_while_a_configuration_is_wrong_or_refused() {
    let (worker, scene) = three();
    scene.file("dir/c.json", "{oops");
    ctl(&scene, &["apply", "-f", "dir", "--prune"]).fails_with(2).stdout_is("");
    scene.file("dir/c.json", r#"{"name":"c","connector.class":"X"}"#);
    worker.reply("GET", "/connectors/c/config", 404, MISSING);
    worker.reply("PUT", "/connectors/c/config", 400, r#"{"error_code":400,"message":"no"}"#);
    ctl(&scene, &["apply", "-f", "dir", "--prune"]).fails_with(1).stderr_is(
        "connect-ctl: Connect refused the configuration of c: no\n\
         connect-ctl: note: no connector is deleted while one is refused\n",
    );
    scene.file("empty/notes.txt", "");
    ctl(&scene, &["apply", "-f", "empty", "--prune"])
        .fails_with(2)
        .stderr_has("has no .json or .properties file");
    // One configuration alone says nothing of the others.
    for verb in ["apply", "diff"] {
        ctl(&scene, &[verb, "a", "dir/a.json", "--prune"]).fails_with(2).stderr_is(
            "connect-ctl: --prune needs --file: one configuration says nothing of the others\n\
             hint: -f DIR has all that shall be there; -f - are JSON lines on stdin\n",
        );
    }
    let lines =
        scene.tool("connect-ctl").args(["diff", "-f", "-", "--prune"]).stdin("{\"name\":\"a\"}\n").run();
    lines.fails_with(1).stdout_has("{\"name\":\"other\"");
    assert!(deleted(&worker).is_empty());
}

#[test]
fn one_who_sits_at_a_terminal_is_asked_before_what_the_folder_does_not_have_is_deleted() {
    let (worker, scene) = three();
    let at_terminal =
        |args: &[&str]| scene.tool("connect-ctl").args(["apply", "-f", "dir"]).args(args).at_terminal();
    at_terminal(&[]).run().succeeds();
    at_terminal(&["--prune", "--dry-run"]).run().succeeds();
    let mut asked = at_terminal(&["--prune"]).spawn();
    asked.until_stdout("Go on?").type_in("n\n");
    asked
        .wait()
        .fails_with(1)
        .stdout_has("about to delete for good what the files do not have:\n  b\n  other\n");
    assert!(deleted(&worker).is_empty());
    at_terminal(&["--prune", "--yes"]).run().succeeds();
    assert_eq!(deleted(&worker).len(), 2);
}
