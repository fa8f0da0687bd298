//! `patch`, `clone`, `apply --prune` and restarts that are retried against a real worker, which is asked afterwards.

use std::time::Duration;

use kch_test::RawServer;
use kch_test::live::Service;

use crate::live::{Live, sink};

#[test]
fn settings_are_changed_in_place_and_the_rest_stays_live() {
    let Some(live) = Live::new("patch", &[Service::Kafka]) else { return };
    let names = [live.name("a"), live.name("b")];
    let file = |name: &str| live.scene.dir().join(name).display().to_string();
    for name in &names {
        live.ctl_with(&["apply", name], &sink("kafka-events", &file(name))).succeeds();
    }
    let before = live.ask(&names[0], "/config").1;
    let patched = |args: &[&str]| live.ctl(&[&["patch", &live.name("*")], args].concat());
    patched(&["-s", "errors.tolerance=all", "--dry-run"]).succeeds().never_says("hunter2");
    assert_eq!(live.ask(&names[0], "/config").1, before);
    let args = ["-s", "errors.tolerance=all", "--unset", "secret.note", "--wait", "90s"];
    patched(&args).succeeds().never_says("hunter2").stdout_has("\"result\":\"updated\"");
    for name in &names {
        let config = live.ask(name, "/config").1;
        assert_eq!(config["errors.tolerance"], "all");
        assert_eq!(config["file"], file(name));
        assert!(config.get("secret.note").is_none());
    }
    patched(&args[..2]).succeeds().stdout_has("\"result\":\"unchanged\"");
    // What breaks it is told with its cause, and the next patch cures it.
    let broken = live.ctl(&["patch", &names[0], "-s", "file=/no/such/directory/out", "--wait", "60s"]);
    broken.fails_with(1).stderr_has("NoSuchFileException: /no/such/directory/out");
    live.ctl(&["patch", &names[0], "-s", &format!("file={}", file("a")), "--wait", "60s"]).succeeds();
    live.ctl(&["patch", &names[0], "-s", "tasks.max=x"]).fails_with(1).stderr_has("Invalid value x");
    assert_eq!(live.ask(&names[0], "/config").1.get("tasks.max"), None);
}

#[test]
fn a_clone_runs_beside_the_first_live() {
    let Some(live) = Live::new("clone", &[Service::Kafka]) else { return };
    let (first, second) = (live.name("first"), live.name("second"));
    let file = |name: &str| live.scene.dir().join(name).display().to_string();
    live.ctl_with(&["apply", &first], &sink("kafka-events", &file("first"))).succeeds();
    let other = format!("file={}", file("second"));
    let clone = |args: &[&str]| live.ctl(&[&["clone", &first, &second, "-s", &other], args].concat());
    clone(&["--dry-run"]).succeeds().stdout_has("\"result\":\"created\"");
    assert_eq!(live.ask(&second, "").0, 404);
    clone(&["--wait", "90s"]).succeeds().never_says("hunter2");
    let (_, config) = live.ask(&second, "/config");
    assert_eq!((&config["file"], &config["secret.note"]), (&file("second").into(), &"hunter2".into()));
    clone(&[]).succeeds().stdout_has("\"result\":\"unchanged\"");
    live.ctl(&["clone", &first, &second]).fails_with(1).stderr_has("exists already");
    assert_eq!(live.ask(&second, "/config").1, config);
}

#[test]
fn what_a_folder_does_not_have_is_gone_afterwards_live() {
    let Some(live) = Live::new("prune", &[Service::Kafka]) else { return };
    let names = [live.name("kept"), live.name("gone")];
    for name in &names {
        let file = live.scene.dir().join(name).display().to_string();
        live.ctl_with(&["apply", name], &sink("kafka-events", &file)).succeeds();
    }
    live.ctl(&["export", "folder", &names[0], "--secrets", "folder.env"]).succeeds();
    let prefix = live.name("");
    let prune = |verb: &str, args: &[&str]| {
        let common = [verb, "-f", "folder", "--env-file", "folder.env", "--prune", "--prefix", &prefix];
        live.ctl(&[&common[..], args].concat())
    };
    prune("diff", &[]).fails_with(1).never_says("hunter2").stdout_has(&names[1]).never_says(&names[0]);
    prune("apply", &["--dry-run"]).succeeds().stdout_has("\"result\":\"deleted\"");
    assert_eq!(live.ask(&names[1], "").0, 200);
    prune("apply", &["--wait", "90s"]).succeeds().never_says("hunter2");
    assert_eq!((live.ask(&names[0], "").0, live.ask(&names[1], "").0), (200, 404));
    prune("diff", &[]).succeeds().stdout_is("");
}

#[test]
fn what_is_cured_between_two_restarts_runs_live() {
    let Some(live) = Live::new("retry", &[Service::Kafka]) else { return };
    let name = live.name("sink");
    let folder = live.scene.dir().join("later");
    live.ctl_with(&["apply", &name], &sink("kafka-events", &folder.join("out").display().to_string()))
        .succeeds();
    let failed = || live.ask(&name, "/status").1.to_string().contains("FAILED");
    live.until("the failure", failed);
    live.ctl(&["status", &name, "--fail-on", "paused"]).succeeds();
    live.ctl(&["status", &name, "--fail-on", "not-running"]).fails_with(1).stderr_has("NoSuchFileException");
    let args = ["restart", &name, "--failed", "--wait", "30s", "--retries", "3", "--backoff", "1s"];
    let mut restart = live.scene.tool("connect-ctl").args(args).timeout(Duration::from_secs(150)).spawn();
    restart.until_stderr("NoSuchFileException: ").until_stderr("; retry 1 of 3 in 1 s");
    std::fs::create_dir(folder).expect("a folder");
    restart.wait().succeeds().stdout_has("\"tasks\":[0],\"retry\":1}");
    assert!(!failed());
}

#[test]
fn a_worker_that_is_away_is_no_obstacle_while_another_one_answers_live() {
    let Some(live) = Live::new("failover", &[Service::Kafka]) else { return };
    let name = live.name("sink");
    let url = live.stack.setting("CONNECT_URL").to_owned();
    let both = format!("http://{},{url}", RawServer::nobody());
    let config = sink("kafka-events", &live.scene.dir().join("out").display().to_string());
    live.ctl_with(&["apply", &name, "--wait", "90s", "--connect", &both], &config).succeeds().stderr_is("");
    live.ctl(&["restart", &name, "--connect", &both]).succeeds();
    live.ctl(&["delete", &name, "--connect", &both]).succeeds();
    assert_eq!(live.ask(&name, "").0, 404);
}

#[test]
fn a_change_is_waited_for_until_all_tasks_have_it_live() {
    let Some(live) = Live::new("tasks", &[Service::Kafka]) else { return };
    let name = live.name("sink");
    let file = live.scene.dir().join("out").display().to_string();
    live.ctl_with(&["apply", &name, "--wait", "90s"], &sink("kafka-events", &file)).succeeds();
    live.ctl(&["patch", &name, "-s", "tasks.max=3", "--wait", "90s"]).succeeds();
    let status = live.ask(&name, "/status").1;
    let states: Vec<_> =
        status["tasks"].as_array().unwrap().iter().map(|task| task["state"].as_str()).collect();
    assert_eq!(states, [Some("RUNNING"); 3]);
}
