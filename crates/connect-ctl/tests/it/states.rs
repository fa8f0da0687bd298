//! States: listing, and what a failure looks like.

use kch_test::{RawServer, Scene, TlsServer};

use crate::{MISSING, ctl, scene, with_connectors};

#[test]
fn a_failed_task_is_exit_1_with_its_root_cause() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "FAILED"), ("d", "RUNNING", "RUNNING")]);
    let outcome = ctl(&scene, &["status", "c"]);
    outcome.fails_with(1).stderr_is(
        "connect-ctl: failed: c task 0: ServerException: Code: 60. Table x does not exist\n\
         hint: once that is cured: connect-ctl restart --failed c\n",
    );
    let row = &outcome.json_lines()[0];
    assert_eq!(row["tasks"][0]["cause"], "ServerException: Code: 60. Table x does not exist");
    assert!(row["tasks"][0].get("trace").is_none());
    let traced = ctl(&scene, &["status", "c", "--traces"]);
    assert!(traced.json_lines()[0]["tasks"][0]["trace"].as_str().unwrap().contains("\tat d.E"));
    ctl(&scene, &["status", "c", "-o", "table"]).fails_with(1).stdout_has("c     sink  0     FAILED");
    ctl(&scene, &["status", "d"]).succeeds();
    ctl(&scene, &["status", "d", "-q", "cause"]).succeeds().stdout_is("\n");
    ctl(&scene, &["status", "d", "--traces", "-q", "tasks.0.trace"]).succeeds().stdout_is("\n");
    ctl(&scene, &["status"]).fails_with(1).stdout_has("\"name\":\"d\"");
}

#[test]
fn a_script_says_which_states_stop_it() {
    let (worker, scene) = scene();
    with_connectors(
        &worker,
        &[
            ("bad", "RUNNING", "FAILED"),
            ("idle", "RUNNING", ""),
            ("lost", "RUNNING", "UNASSIGNED"),
            ("off", "STOPPED", ""),
            ("on", "RUNNING", "RUNNING"),
            ("rest", "PAUSED", "PAUSED"),
        ],
    );
    let fails = |name: &str, states: &[&str]| {
        let flags: Vec<&str> = states.iter().flat_map(|state| ["--fail-on", state]).collect();
        let outcome = ctl(&scene, &[&["status", name], &flags[..]].concat());
        outcome.stdout_has("\"state\":");
        outcome.code == 1
    };
    for (state, name) in [("failed", "bad"), ("unassigned", "lost"), ("stopped", "off"), ("PAUSED", "rest")] {
        assert!(fails(name, &[state]), "{name} is {state}");
        assert!(fails(name, &["not-running"]) && !fails(name, &["never"]) && !fails("on", &[state]));
    }
    assert!(fails("idle", &["not-running"]) && !fails("idle", &[]) && !fails("rest", &[]));
    assert!(fails("*", &["stopped", "paused"]) && !fails("o*", &["paused", "unassigned"]));
    ctl(&scene, &["status", "r*", "off", "--fail-on", "paused", "--fail-on", "stopped"])
        .fails_with(1)
        .stderr_is(
            "connect-ctl: 2 connectors:\n  off is STOPPED, no tasks\n  rest is PAUSED, task 0 PAUSED\n",
        );
    ctl(&scene, &["status", "rest", "--fail-on", "paused"])
        .fails_with(1)
        .stderr_is("connect-ctl: rest is PAUSED, task 0 PAUSED\n");
    ctl(&scene, &["status", "bad", "--fail-on", "not-running"])
        .fails_with(1)
        .stderr_has("Table x does not exist");
}

#[test]
fn list_is_one_call() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "FAILED")]);
    ctl(&scene, &["list"]).succeeds().stdout_is(
        "{\"name\":\"c\",\"type\":\"sink\",\"class\":\"x.y.FileSinkConnector\",\"state\":\"RUNNING\",\"tasks\":1,\"failed\":1}\n",
    );
    assert_eq!(worker.request_lines(), ["GET /connectors?expand=status&expand=info"]);
}

#[test]
fn connectors_are_chosen_by_glob_state_and_class() {
    let (worker, scene) = scene();
    with_connectors(
        &worker,
        &[
            ("a-1", "RUNNING", "RUNNING"),
            ("a-2", "PAUSED", "PAUSED"),
            ("b", "RUNNING", "FAILED"),
            ("s", "STOPPED", ""),
        ],
    );
    let names = |args: &[&str]| {
        let outcome = ctl(&scene, &[&["list", "-o", "raw"], args].concat());
        let names = outcome.succeeds().stdout_text();
        names.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["a-*"]), ["a-1", "a-2"]);
    assert_eq!(names(&["?", "--state", "FAILED"]), ["b"]);
    assert_eq!(names(&["--state", "running"]), ["a-1"]);
    assert_eq!(names(&["--state", "paused"]), ["a-2"]);
    assert_eq!(names(&["--state", "stopped"]), ["s"]);
    assert_eq!(names(&["--class", "FileSink", "b", "s"]), ["b", "s"]);
    assert_eq!(names(&["--class", "OtherSink"]), [""; 0]);
}

#[test]
fn a_missing_connector_names_its_nearest() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("clickhouse-sink", "RUNNING", "RUNNING")]);
    worker.reply("GET", "/connectors/clickhous-sink/config", 404, MISSING);
    ctl(&scene, &["status", "clickhous-sink"]).fails_with(1).stderr_is(
        "connect-ctl: connector clickhous-sink does not exist\nhint: did you mean clickhouse-sink?\n",
    );
}

#[test]
fn tasks_have_their_states_and_masked_configurations() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "RUNNING")]);
    let tasks = r#"[{"id":{"connector":"c","task":0},"config":{"file":"/f","api.key.id":"hunter2","task.class":"T"}}]"#;
    worker.reply("GET", "/connectors/c/tasks", 200, tasks);
    worker.reply("GET", "/connectors/c/config", 200, r#"{"name":"c","connector.class":"X"}"#);
    let settings = r#"[{"name":"api.key.id","type":"PASSWORD"},{"name":"file","type":"STRING"}]"#;
    worker.reply("GET", "/connector-plugins/X/config", 200, settings);
    ctl(&scene, &["tasks", "c"]).succeeds().never_says("hunter2").stdout_is(
        "{\"name\":\"c\",\"task\":0,\"state\":\"RUNNING\",\"worker\":\"w:1\",\"cause\":null,\
         \"config\":{\"api.key.id\":\"********\",\"file\":\"/f\",\"task.class\":\"T\"}}\n",
    );
}

#[test]
fn a_setting_that_the_class_calls_a_password_is_masked_whatever_its_name() {
    let (worker, scene) = scene();
    worker.reply(
        "GET",
        "/connectors/c/config",
        200,
        r#"{"name":"c","connector.class":"X","shibboleth":"hunter2"}"#,
    );
    worker.reply("GET", "/connector-plugins/X/config", 200, r#"[{"name":"shibboleth","type":"PASSWORD"}]"#);
    ctl(&scene, &["get", "c"]).succeeds().never_says("hunter2").stdout_has("\"shibboleth\":\"********\"");
}

#[test]
fn topics_are_listed_and_forgotten() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 200, r#"{"name":"c"}"#);
    worker.reply("GET", "/connectors/c/topics", 200, r#"{"c":{"topics":["t2","t1"]}}"#);
    worker.reply("PUT", "/connectors/c/topics/reset", 200, "");
    ctl(&scene, &["topics", "c"])
        .succeeds()
        .stdout_is("{\"name\":\"c\",\"topic\":\"t1\"}\n{\"name\":\"c\",\"topic\":\"t2\"}\n");
    let dry = ctl(&scene, &["topics", "c", "--reset", "--dry-run"]);
    dry.succeeds().stdout_is("{\"name\":\"c\",\"dry_run\":true,\"forgotten\":[\"t1\",\"t2\"]}\n");
    assert!(!worker.request_lines().iter().any(|line| line.starts_with("PUT")));
    ctl(&scene, &["topics", "c", "--reset"])
        .succeeds()
        .stdout_is("{\"name\":\"c\",\"forgotten\":[\"t1\",\"t2\"]}\n");
    assert_eq!(worker.request_lines().pop().unwrap(), "PUT /connectors/c/topics/reset");
}

#[test]
fn loggers_are_read_and_set() {
    let (worker, scene) = scene();
    let all = r#"{"root":{"level":"INFO","last_modified":null},"org.x":{"level":"DEBUG","last_modified":5}}"#;
    worker.reply("GET", "/admin/loggers", 200, all);
    worker.reply("GET", "/admin/loggers/roo", 404, r#"{"error_code":404,"message":"Logger roo not found."}"#);
    worker.reply("PUT", "/admin/loggers/org.x", 200, r#"["org.x"]"#);
    let loggers = |args: &[&str]| ctl(&scene, &[&["loggers"], args].concat());
    loggers(&["get", "-o", "raw"]).succeeds().stdout_is("org.x\tDEBUG\nroot\tINFO\n");
    loggers(&["get", "roo"]).fails_with(1).stderr_has("hint: did you mean root?");
    let dry = loggers(&["set", "org.x", "trace", "--dry-run"]);
    dry.succeeds()
        .stdout_is("{\"logger\":\"org.x\",\"dry_run\":true,\"from\":\"DEBUG\",\"level\":\"TRACE\"}\n");
    worker.reset().reply("GET", "/admin/loggers", 200, all).reply("PUT", "/admin/loggers/org.x", 204, "");
    loggers(&["set", "org.x", "WARN", "--cluster"]).succeeds();
    assert_eq!(worker.request_lines().pop().unwrap(), "PUT /admin/loggers/org.x?scope=cluster");
    assert_eq!(worker.request_bodies().pop().unwrap(), r#"{"level":"WARN"}"#);
}

#[test]
fn a_worker_that_is_not_there_is_exit_3_and_another_service_exit_2() {
    let address = RawServer::nobody();
    let url = format!("http://{address}");
    Scene::new().tool("connect-ctl").args(["list", "--connect", &url]).run().fails_with(3).stderr_is(
        format!(
            "connect-ctl: Kafka Connect at {url} cannot be reached: connection refused\n\
         hint: is it running? CONNECT_URL is its address\n"
        ),
    );
    let (worker, scene) = scene();
    worker.reply("GET", "/", 200, "{}");
    ctl(&scene, &["info"])
        .fails_with(2)
        .stderr_has("answered 200 with JSON of another shape: missing field `version`");
    ctl(&scene, &["plugins"]).fails_with(2).stderr_has("hint: is ");
}

#[test]
fn of_several_workers_one_that_answers_is_asked() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "RUNNING")]);
    let dead = format!("http://{}", RawServer::nobody());
    let both = format!("{dead},{}", worker.url());
    ctl(&scene, &["list", "--connect", &both]).succeeds().stderr_is("").stdout_has("\"name\":\"c\"");
    worker.reply("GET", "/", 200, r#"{"version":"3.7.2","commit":"c","kafka_cluster_id":"k"}"#);
    ctl(&scene, &["info", "-q", "url", "--connect", &both])
        .succeeds()
        .stdout_is(format!("{}\n", worker.url()));
    let none = format!("{dead},{dead}/connect");
    ctl(&Scene::new(), &["list", "--connect", &none]).fails_with(3).stderr_is(format!(
        "connect-ctl: Kafka Connect at {dead} cannot be reached: connection refused; {dead}/connect cannot be reached: \
         connection refused\nhint: is it running? CONNECT_URL is its address\n"
    ));
}

#[test]
fn wrong_credentials_are_exit_2_and_are_never_shown() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors", 401, r#"{"error_code":401,"message":"Unauthorized"}"#);
    let scene = scene.env("CONNECT_USERNAME", "me").env("CONNECT_PASSWORD", "hunter2");
    ctl(&scene, &["list"]).fails_with(2).never_says("hunter2").stderr_is(format!(
        "connect-ctl: Kafka Connect at {} rejected the credentials: Unauthorized\n\
         hint: set CONNECT_USERNAME and CONNECT_PASSWORD, or CONNECT_TOKEN, in .env or the environment\n",
        worker.url()
    ));
}

/// A proxy before the worker says it in its own way.
#[test]
fn a_401_in_html_is_about_credentials_too() {
    let (worker, scene) = scene();
    let page = "<html><head><title>401 Authorization Required</title></head></html>";
    worker.reply("GET", "/connectors", 401, page);
    ctl(&scene, &["list"]).fails_with(2).stdout_is("").stderr_is(format!(
        "connect-ctl: Kafka Connect at {} wants credentials: \"401 Authorization Required\"\n\
         hint: set CONNECT_USERNAME and CONNECT_PASSWORD, or CONNECT_TOKEN, in .env or the environment\n",
        worker.url()
    ));
}

#[test]
fn a_login_page_is_a_wrong_address() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors", 200, "<html><head><title>Sign in</title></head></html>");
    ctl(&scene, &["status"]).fails_with(2).stdout_is("").stderr_is(format!(
        "connect-ctl: Kafka Connect at {0} answered 200 with HTML, not JSON: \"Sign in\"\nhint: is {0} really the address \
         of Kafka Connect? this looks like a proxy, a login page or another service\n",
        worker.url()
    ));
}

#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_is_none() {
    let (worker, scene) = scene();
    let many: Vec<String> = (0..2000).map(|number| format!("connector-{number}")).collect();
    let many: Vec<(&str, &str, &str)> =
        many.iter().map(|name| (name.as_str(), "RUNNING", "RUNNING")).collect();
    worker.reply("GET", "/connectors", 200, &crate::all(&many));
    scene
        .tool("connect-ctl")
        .arg("list")
        .stdout_to("/dev/full")
        .run()
        .fails_with(1)
        .stderr_has("No space left");
    scene.tool("connect-ctl").arg("status").pipe_to(&["head", "-1"]).run().succeeds().stderr_is("");
    let failed = crate::all(&many).replacen("RUNNING", "FAILED", 1);
    worker.reset().reply("GET", "/connectors", 200, &failed);
    let unread = scene.tool("connect-ctl").arg("status").pipe_to(&["true"]).run();
    unread.fails_with(1).stderr_has("failed: connector-0");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_until_it_is_named() {
    let scene = Scene::new();
    scene.file(
        "connector-plugins?connectorsOnly=true",
        "HTTP/1.0 200 OK\r\n\r\n[{\"class\":\"a.B\",\"type\":\"sink\",\"version\":\"1\"}]",
    );
    let server = TlsServer::start(&scene);
    let plugins = || scene.tool("connect-ctl").arg("plugins").env("CONNECT_URL", server.url());
    plugins().run().replace(&server.url(), "URL").fails_with(3).stdout_is("").stderr_is(
        "connect-ctl: Kafka Connect at URL cannot be reached: TLS: its certificate is signed by an unknown authority\n\
         hint: set CONNECT_CA to the PEM file of the authority that signed it\n",
    );
    let trusting = plugins().env("CONNECT_CA", "cert.pem").run();
    trusting.succeeds().stdout_has("\"class\":\"a.B\"");
}
