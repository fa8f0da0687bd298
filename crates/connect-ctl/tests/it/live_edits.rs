//! `patch`, `clone` and `apply --prune` against a real worker, which is asked afterwards.

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
