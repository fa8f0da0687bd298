//! `pause`, `resume`, `stop`, `restart` and `delete`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kch_test::HttpStub;
use kch_test::wiremock::matchers::{method, path};
use kch_test::wiremock::{Mock, Request, ResponseTemplate};

use crate::{MISSING, ctl, scene, status, with_connectors};

#[test]
fn all_are_asked_since_a_status_may_be_of_before_the_last_change() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("a", "RUNNING", "RUNNING"), ("b", "PAUSED", "PAUSED"), ("c", "STOPPED", "")]);
    for (verb, result) in [("pause", "paused"), ("resume", "resumed"), ("stop", "stopped")] {
        let asked = ["a", "b", "c"].map(|name| format!("PUT /connectors/{name}/{verb}"));
        for line in &asked {
            worker.reply("PUT", line.strip_prefix("PUT ").unwrap(), 202, "");
        }
        let dry = ctl(&scene, &[verb, "*", "--dry-run"]);
        assert_eq!(dry.succeeds().json_lines().iter().filter(|row| row["result"] == result).count(), 2);
        let before = worker.request_lines().len();
        let done = ctl(&scene, &[verb, "*"]);
        assert_eq!(done.succeeds().json_lines().iter().filter(|row| row["result"] == "unchanged").count(), 1);
        // The first request is the list; a dry run sends nothing.
        assert_eq!(worker.request_lines()[before + 1..], asked, "{verb}");
        assert!(!worker.request_lines()[..before].iter().any(|line| asked.contains(line)));
    }
}

#[test]
fn a_change_must_say_what_it_is_for() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("a", "RUNNING", "RUNNING")]);
    for verb in ["pause", "resume", "stop", "restart", "delete"] {
        ctl(&scene, &[verb])
            .fails_with(2)
            .stderr_is("connect-ctl: no connector given\nhint: name it, or say '*' for all\n");
    }
    // A list may be empty.
    worker.reply("GET", "/connectors/b/config", 404, MISSING);
    ctl(&scene, &["list", "b-*"]).succeeds().stdout_is("").stderr_is("");
    ctl(&scene, &["list", "b"]).fails_with(1).stderr_has("connector b does not exist");
    // kcctl's way to say it.
    worker.reply("GET", "/connectors/connector/config", 404, MISSING);
    ctl(&scene, &["pause", "connector", "a"])
        .fails_with(1)
        .stderr_has("connector connector does not exist\nhint: names stand alone, without kcctl's nouns: connect-ctl list");
    for verb in ["pause", "resume", "stop", "restart", "delete", "status"] {
        ctl(&scene, &[verb, "b-*"]).fails_with(1).stderr_has(
            "connect-ctl: no connector matches \"b-*\"\nhint: `connect-ctl list` shows those there are\n",
        );
    }
    ctl(&scene, &["patch", "b-*", "-s", "x=y"]).fails_with(1).stderr_has("no connector matches \"b-*\"");
    assert!(worker.request_lines().iter().all(|line| line.starts_with("GET ")));
}

#[test]
fn a_restart_says_what_was_restarted() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "FAILED")]);
    let answer = r#"{"name":"c","connector":{"state":"RUNNING","worker_id":"w"},
        "tasks":[{"id":0,"state":"RESTARTING","worker_id":"w"},{"id":1,"state":"RUNNING","worker_id":"w"}],"type":"sink"}"#;
    worker.reply("POST", "/connectors/c/restart", 202, answer);
    ctl(&scene, &["restart", "c", "--failed", "--dry-run"])
        .succeeds()
        .stdout_is("{\"name\":\"c\",\"dry_run\":true,\"connector\":false,\"tasks\":[0]}\n");
    ctl(&scene, &["restart", "c", "--failed"])
        .succeeds()
        .stdout_is("{\"name\":\"c\",\"connector\":false,\"tasks\":[0]}\n");
    let sent = || worker.request_lines().pop().unwrap();
    assert_eq!(sent(), "POST /connectors/c/restart?includeTasks=true&onlyFailed=true");
    ctl(&scene, &["restart", "c"]).succeeds();
    assert_eq!(sent(), "POST /connectors/c/restart?includeTasks=true&onlyFailed=false");
    worker.reply("POST", "/connectors/c/tasks/0/restart", 204, "");
    ctl(&scene, &["restart", "c", "--task", "0"]).succeeds();
    assert_eq!(sent(), "POST /connectors/c/tasks/0/restart");
}

/// A connector that fails, each time for another reason, until it was restarted so often.
fn cured_by_restart(worker: &HttpStub, number: usize) {
    let restarts = Arc::new(AtomicUsize::new(0));
    let now = {
        let restarts = Arc::clone(&restarts);
        move || {
            let count = restarts.load(Ordering::SeqCst);
            let state = if count < number { "FAILED" } else { "RUNNING" };
            status("c", "RUNNING", state).replace("Table x", &format!("Table {count}"))
        }
    };
    let json = |body: String| ResponseTemplate::new(200).set_body_raw(body, "application/json");
    let shown = now.clone();
    let seen = move |_: &Request| json(shown());
    worker.mount(Mock::given(method("GET")).and(path("/connectors/c/status")).respond_with(seen));
    let restarted = move |_: &Request| {
        restarts.fetch_add(1, Ordering::SeqCst);
        json(status("c", "RUNNING", "RESTARTING"))
    };
    worker.mount(Mock::given(method("POST")).and(path("/connectors/c/restart")).respond_with(restarted));
    worker.reply("GET", "/connectors", 200, &crate::all(&[("c", "RUNNING", "FAILED")]));
}

#[test]
fn what_fails_again_is_restarted_again_until_it_runs() {
    let (worker, scene) = scene();
    cured_by_restart(&worker, 2);
    let args = ["restart", "c", "--failed", "--wait", "60s", "--retries", "5", "--backoff", "100ms"];
    ctl(&scene, &args)
        .succeeds()
        .stdout_is(
            "{\"name\":\"c\",\"connector\":false,\"tasks\":[0]}\n\
             {\"name\":\"c\",\"connector\":false,\"tasks\":[0],\"retry\":1}\n",
        )
        .stderr_is(
            "connect-ctl: failed: c task 0: ServerException: Code: 60. Table 1 does not exist; retry 1 of 5 in 0.1 s\n",
        );
}

#[test]
fn retries_that_are_used_up_end_with_the_last_cause() {
    let (worker, scene) = scene();
    cured_by_restart(&worker, 9);
    let args = ["restart", "c", "--failed", "--wait", "60s", "--retries", "1", "--backoff", "0s"];
    ctl(&scene, &args).fails_with(1).stderr_has("Table 1 does not exist; retry 1 of 1 in 0 s\n").stderr_has(
        "connect-ctl: failed: c task 0: ServerException: Code: 60. Table 2 does not exist\n\
         hint: once that is cured: connect-ctl restart --failed c\n",
    );
    assert_eq!(worker.request_lines().iter().filter(|line| line.starts_with("POST")).count(), 2);
    ctl(&scene, &["restart", "c", "--retries", "1"]).fails_with(2).stderr_has("--wait");
    let one = ["restart", "c", "--task", "0", "--wait", "60s", "--retries", "1"];
    ctl(&scene, &one).fails_with(2).stderr_has("cannot be used with");
}

#[test]
fn ctrl_c_ends_the_pause_before_a_retry() {
    let (worker, scene) = scene();
    cured_by_restart(&worker, 9);
    let args = ["restart", "c", "--wait", "60s", "--retries", "3", "--backoff", "10m"];
    let mut running = scene.tool("connect-ctl").args(args).spawn();
    running.until_stderr("retry 1 of 3 in 600 s").signal(kch_test::Signal::Interrupt);
    running.wait().fails_with(130).stdout_is("{\"name\":\"c\",\"connector\":false,\"tasks\":[0]}\n");
}

#[test]
fn a_worker_before_connect_3_restarts_task_by_task() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "FAILED")]);
    worker.reply("POST", "/connectors/c/restart", 204, "");
    worker.reply("POST", "/connectors/c/tasks/0/restart", 204, "");
    ctl(&scene, &["restart", "c", "--failed"])
        .succeeds()
        .stdout_is("{\"name\":\"c\",\"connector\":true,\"tasks\":[0]}\n");
    assert_eq!(worker.request_lines().pop().unwrap(), "POST /connectors/c/tasks/0/restart");
}

#[test]
fn one_that_is_refused_does_not_keep_the_others_from_it() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("a", "RUNNING", "RUNNING"), ("b", "RUNNING", "RUNNING")]);
    worker.reply("PUT", "/connectors/a/stop", 404, r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#);
    worker.reply("PUT", "/connectors/b/stop", 204, "");
    let outcome = ctl(&scene, &["stop", "a", "b"]);
    outcome.fails_with(1).stdout_is("{\"name\":\"b\",\"result\":\"stopped\"}\n").stderr_is(
        "connect-ctl: this worker cannot stop connectors, Connect 3.5 and later can\nhint: connect-ctl pause a\n",
    );
}

#[test]
fn nothing_is_done_when_one_that_was_named_is_not_there() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("a", "RUNNING", "RUNNING")]);
    for name in ["gone", "lost"] {
        worker.reply("GET", &format!("/connectors/{name}/config"), 404, MISSING);
    }
    for verb in ["pause", "resume", "stop", "restart", "delete"] {
        ctl(&scene, &[verb, "a", "gone", "b-*", "lost", "--dry-run"])
            .fails_with(1)
            .stdout_is("")
            .stderr_has("connector gone does not exist\n")
            .stderr_has("no connector matches \"b-*\"\n")
            .stderr_has("connector lost does not exist\n");
        ctl(&scene, &[verb, "gone", "a", "--wait", "60s"]).fails_with(1).stdout_is("");
    }
    ctl(&scene, &["patch", "a", "gone", "-s", "x=y"]).fails_with(1).stdout_is("");
    assert!(worker.request_lines().iter().all(|line| line.starts_with("GET ")));
}

#[test]
fn delete_of_what_is_not_there_is_an_error_unless_that_is_fine() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("d", "RUNNING", "RUNNING")]);
    worker.reply("GET", "/connectors/c/config", 404, MISSING);
    worker.reply("DELETE", "/connectors/d", 204, "");
    ctl(&scene, &["delete", "c"]).fails_with(1).stderr_has("connector c does not exist");
    ctl(&scene, &["delete", "c", "--if-exists"]).succeeds().stdout_is("{\"name\":\"c\",\"deleted\":false}\n");
    ctl(&scene, &["delete", "c", "d", "--if-exists", "--dry-run"]).succeeds().stdout_is(
        "{\"name\":\"c\",\"dry_run\":true,\"deleted\":false}\n{\"name\":\"d\",\"dry_run\":true,\"deleted\":true}\n",
    );
    assert!(!worker.request_lines().iter().any(|line| line.starts_with("DELETE")));
    ctl(&scene, &["delete", "b-*", "--if-exists"]).succeeds().stdout_is("");
    ctl(&scene, &["delete", "d"]).succeeds().stdout_is("{\"name\":\"d\",\"deleted\":true}\n");
    assert_eq!(worker.request_lines().pop().unwrap(), "DELETE /connectors/d");
}

#[test]
fn one_who_sits_at_a_terminal_is_asked_before_connectors_are_deleted() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("a-1", "RUNNING", "RUNNING"), ("a-2", "PAUSED", "PAUSED")]);
    worker.reply("DELETE", "/connectors/a-1", 204, "");
    worker.reply("DELETE", "/connectors/a-2", 204, "");
    let at_terminal = |args: &[&str]| scene.tool("connect-ctl").args(args).at_terminal();
    let deleted = || worker.request_lines().iter().filter(|line| line.starts_with("DELETE")).count();
    let mut asked = at_terminal(&["delete", "a-*"]).spawn();
    asked.until_stdout("Go on? [y/N] ").type_in("n\n");
    asked.wait().fails_with(1).stdout_is(
        "connect-ctl: about to delete for good, with their configurations:\n  a-1 (RUNNING)\n  a-2 (PAUSED)\n\
         Go on? [y/N] n\nconnect-ctl: not confirmed: nothing was changed\n",
    );
    at_terminal(&["delete", "a-*", "--dry-run"]).run().succeeds();
    assert_eq!(deleted(), 0);
    let mut asked = at_terminal(&["delete", "a-1"]).spawn();
    asked.until_stdout("Go on?").type_in("y\n");
    asked.wait().succeeds();
    at_terminal(&["delete", "a-2", "-y"]).run().succeeds();
    assert_eq!(deleted(), 2);
}
