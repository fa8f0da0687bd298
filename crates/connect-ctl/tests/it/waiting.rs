//! Waiting, and watching.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kch_test::wiremock::matchers::{method, path};
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{RawServer, Scene, Signal};

use crate::{MISSING, all, ctl, scene, status, until, with_connectors};

#[test]
fn waiting_ends_with_running_with_failed_or_with_the_time() {
    let (worker, scene) = scene();
    let wait = |time: &str| ctl(&scene, &["wait", "c", "--timeout", time]);
    worker.reply("GET", "/connectors/c/status", 200, &status("c", "RUNNING", "RUNNING"));
    wait("30s").succeeds().stdout_is("").stderr_is("");
    worker.reset().reply("GET", "/connectors/c/status", 200, &status("c", "RUNNING", "FAILED"));
    wait("40s").fails_with(1).stderr_has("failed: c task 0: ServerException");
    worker.reset().reply("GET", "/connectors/c/status", 200, &status("c", "RUNNING", "UNASSIGNED"));
    wait("1s")
        .fails_with(3)
        .stderr_is("connect-ctl: connector c is not RUNNING after 1 s: RUNNING, task 0 UNASSIGNED\n");
}

#[test]
fn one_that_is_late_does_not_keep_from_waiting_for_the_others() {
    let (worker, scene) = scene();
    with_connectors(
        &worker,
        &[("a", "RUNNING", "UNASSIGNED"), ("b", "RUNNING", "FAILED"), ("c", "RUNNING", "RUNNING")],
    );
    for place in ["a/resume", "b/resume", "c/resume", "a/stop", "c/stop"] {
        worker.reply("PUT", &format!("/connectors/{place}"), 202, "");
    }
    let late = |name: &str, state: &str, task: &str| {
        format!("connect-ctl: connector {name} is not {state} after 1 s: RUNNING, task 0 {task}\n")
    };
    let (a, b) = (late("a", "RUNNING", "UNASSIGNED"), late("b", "RUNNING", "FAILED"));
    // The last one runs, although the time was over when it was looked at.
    ctl(&scene, &["wait", "a", "b", "c", "--timeout", "1s"]).fails_with(3).stderr_is(format!("{a}{b}"));
    ctl(&scene, &["resume", "*", "--wait", "1s"]).fails_with(3).stderr_is(format!("{a}{b}"));
    ctl(&scene, &["stop", "a", "c", "--wait", "1s"])
        .fails_with(3)
        .stderr_is(late("a", "STOPPED", "UNASSIGNED") + &late("c", "STOPPED", "RUNNING"));
}

#[test]
fn other_states_are_waited_for_too() {
    let (worker, scene) = scene();
    let wait = |state: &str| ctl(&scene, &["wait", "c", "--for", state, "--timeout", "1s"]);
    for (own, task, reached) in
        [("PAUSED", "PAUSED", "paused"), ("PAUSED", "FAILED", "paused"), ("STOPPED", "", "stopped")]
    {
        worker.reset().reply("GET", "/connectors/c/status", 200, &status("c", own, task));
        wait(reached).succeeds();
        wait("gone").fails_with(3).stderr_has("connector c is not gone after 1 s");
    }
    worker.reset().reply("GET", "/connectors/c/status", 404, crate::MISSING);
    worker.reply("GET", "/connectors/c/config", 404, crate::MISSING).reply("GET", "/connectors", 200, "{}");
    wait("gone").succeeds();
    wait("running").fails_with(1).stderr_has("connector c does not exist");
}

#[test]
fn globs_are_waited_for_too() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("a", "RUNNING", "RUNNING"), ("b-1", "PAUSED", "PAUSED")]);
    let wait = |args: &[&str]| ctl(&scene, &[&["wait", "--timeout", "30s"], args].concat());
    wait(&["a*", "a"]).succeeds();
    wait(&["b-*", "--for", "paused"]).succeeds();
    wait(&["b-?"]).fails_with(1).stderr_has("connector b-1 is PAUSED");
    wait(&["c*", "--for", "gone"]).succeeds();
    ctl(&scene, &["wait", "c*", "a", "--timeout", "1s"])
        .fails_with(3)
        .stderr_is("connect-ctl: no connector matches \"c*\" after 1 s\n");
}

#[test]
fn a_glob_waits_for_what_it_will_match() {
    let (worker, scene) = scene();
    let none = ResponseTemplate::new(200).set_body_raw("{}", "application/json");
    let list = Mock::given(method("GET")).and(path("/connectors"));
    worker.mount(list.respond_with(none).up_to_n_times(3));
    with_connectors(&worker, &[("late", "RUNNING", "RUNNING")]);
    ctl(&scene, &["wait", "l*", "--timeout", "50s"]).succeeds();
    assert!(worker.request_lines().iter().any(|line| line == "GET /connectors/late/status"));
}

/// A worker that comes up: nobody, then a server without Connect's paths, then Connect.
#[test]
fn a_worker_that_is_not_up_yet_is_waited_for() {
    let address = RawServer::nobody();
    let url = format!("http://{address}");
    let scene = Scene::new().env("CONNECT_URL", &url);
    ctl(&scene, &["wait", "--timeout", "1s"]).fails_with(3).stderr_has("connection refused");
    let running = scene.tool("connect-ctl").args(["wait", "--timeout", "50s"]).spawn();
    std::thread::sleep(Duration::from_millis(600));
    let listener = TcpListener::bind(address).unwrap();
    for (head, body) in [
        ("404 Not Found", "<html><title>Error 404 Not Found</title></html>"),
        ("500 Server Error", r#"{"error_code":500,"message":"starting"}"#),
        ("200 OK", "[]"),
    ] {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let answer =
            format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).unwrap();
    }
    running.wait().succeeds().stdout_is("").stderr_is("");
}

#[test]
fn an_apply_that_waits_waits_for_the_worker_too() {
    let address = RawServer::nobody();
    let scene = Scene::new().env("CONNECT_URL", format!("http://{address}"));
    let apply = |wait: &str| {
        let tool = scene.tool("connect-ctl").args(["apply", "c", "--wait", wait]);
        tool.stdin(r#"{"connector.class":"X"}"#)
    };
    apply("1s").run().fails_with(3).stderr_has("connection refused");
    let running = apply("90s").timeout(Duration::from_secs(100)).spawn();
    // Longer than what any request tries to reach it.
    std::thread::sleep(Duration::from_millis(1500));
    let listener = TcpListener::bind(address).unwrap();
    let (there, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let answer = |line: &str| match line.split(' ').take(2).collect::<Vec<_>>()[..] {
        ["GET", "/connectors"] => ("200 OK", "[]".to_owned()),
        ["PUT", "/connectors/c/config"] => {
            there.store(true, Ordering::Relaxed);
            ("201 Created", "{}".to_owned())
        }
        ["GET", "/connectors/c/status"] if there.load(Ordering::Relaxed) => {
            ("200 OK", status("c", "RUNNING", "RUNNING"))
        }
        _ => ("404 Not Found", MISSING.to_owned()),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            listener.set_nonblocking(true).unwrap();
            let end = Instant::now() + Duration::from_secs(120);
            while !done.load(Ordering::Relaxed) && Instant::now() < end {
                let Ok((mut stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                };
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or_default();
                let (status, body) = answer(&String::from_utf8_lossy(&head[..read]));
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}"
                );
                let _ = stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n{body}").as_bytes());
            }
        });
        running.wait().succeeds().stdout_has("\"result\":\"created\"");
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_worker_that_restarts_does_not_end_the_wait_for_a_connector() {
    let (worker, scene) = scene();
    let busy =
        ResponseTemplate::new(500).set_body_string(r#"{"error_code":500,"message":"Request timed out"}"#);
    let mock = Mock::given(method("GET")).and(path("/connectors/c/status"));
    worker.mount(mock.respond_with(busy).up_to_n_times(2));
    worker.reply("GET", "/connectors/c/status", 200, &status("c", "RUNNING", "RUNNING"));
    ctl(&scene, &["wait", "c", "--timeout", "50s"]).succeeds();
}

#[test]
fn ctrl_c_ends_a_wait() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/status", 200, &status("c", "UNASSIGNED", ""));
    let mut running = scene.tool("connect-ctl").args(["wait", "c"]).spawn();
    until("the first look", || !worker.request_lines().is_empty());
    running.signal(Signal::Interrupt);
    running.wait().fails_with(130);
}

#[test]
fn a_watch_prints_what_changes_until_a_signal_comes() {
    let (worker, scene) = scene();
    let answers = |status: u16, body: String, times: u64| {
        let answer = ResponseTemplate::new(status).set_body_raw(body, "application/json");
        let mock = Mock::given(method("GET")).and(path("/connectors")).respond_with(answer);
        worker.mount(mock.up_to_n_times(times));
    };
    answers(200, all(&[("c", "RUNNING", "RUNNING"), ("other", "RUNNING", "RUNNING")]), 3);
    // A worker that restarts is no end.
    answers(500, r#"{"error_code":500,"message":"starting"}"#.to_owned(), 2);
    answers(200, all(&[("c", "RUNNING", "FAILED"), ("other", "PAUSED", "PAUSED")]), 3);
    answers(200, "{}".to_owned(), u64::MAX);
    let args = ["watch", "c", "--initial", "--interval", "50ms"];
    let mut running = scene.tool("connect-ctl").args(args).spawn();
    running.until_stdout("\"task\":0,\"from\":\"FAILED\",\"to\":null");
    running.signal(Signal::Terminate);
    let outcome = running.wait();
    outcome.fails_with(143).never_says("other").stderr_is(format!(
        "connect-ctl: Kafka Connect at {} answered 500: starting; still watching\n\
         connect-ctl: the worker answers again\n",
        worker.url()
    ));
    let changes: Vec<String> = outcome
        .json_lines()
        .iter()
        .map(|line| format!("{} {} {} {}", line["task"], line["from"], line["to"], line["cause"]))
        .collect();
    assert_eq!(
        changes,
        [
            r#"null null "RUNNING" null"#,
            r#"0 null "RUNNING" null"#,
            r#"0 "RUNNING" "FAILED" "ServerException: Code: 60. Table x does not exist""#,
            r#"null "RUNNING" null null"#,
            r#"0 "FAILED" null null"#,
        ]
    );
}

#[test]
fn a_watch_ends_with_its_reader_and_with_its_count() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "RUNNING")]);
    let watch = |args: &[&str]| scene.tool("connect-ctl").args(["watch", "--interval", "50ms"]).args(args);
    let head = watch(&["--initial"]).pipe_to(&["head", "-1"]).run();
    head.succeeds().stdout_has("\"name\":\"c\",\"task\":null,\"from\":null,\"to\":\"RUNNING\"");
    assert_eq!(watch(&["--initial", "-n", "2"]).run().succeeds().json_lines().len(), 2);
    watch(&["--initial", "-n", "2", "-q", "cause"]).run().succeeds().stdout_is("\n\n");
}

#[test]
fn a_watch_for_a_field_that_no_row_has_says_so_at_its_first_rows() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "RUNNING")]);
    let watch = |args: &[&str]| {
        scene.tool("connect-ctl").args(["watch", "--interval", "50ms", "--initial", "-q", "nme"]).args(args)
    };
    let said = "connect-ctl: -q nme: there is no such field so far\nhint: did you mean name?\n";
    let mut watching = watch(&[]).spawn();
    watching.until_stderr("hint: did you mean name?\n").signal(kch_test::Signal::Interrupt);
    watching.wait().fails_with(130).stdout_is("").stderr_is(said);
    // It is said once, and ends a watch that has an end as it ends any other verb.
    watch(&["-n", "2"]).run().fails_with(2).stdout_is("").stderr_has("hint: did you mean name?\n");
}
