//! What the command line asks for is what the server gets.

use kch_test::wiremock::matchers::any;
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{HttpStub, Scene};

fn answering(body: &str) -> HttpStub {
    let stub = HttpStub::start();
    let answer = ResponseTemplate::new(200).insert_header("X-ClickHouse-Query-Id", "q").set_body_string(body);
    stub.mount(Mock::given(any()).respond_with(answer));
    stub
}

fn at(stub: &HttpStub) -> Scene {
    Scene::new().env("CLICKHOUSE_HTTP", stub.url()).env("CLICKHOUSE_PASSWORD", "hunter2")
}

fn queries(stub: &HttpStub) -> Vec<std::collections::HashMap<String, String>> {
    stub.requests().iter().map(|request| request.url.query_pairs().into_owned().collect()).collect()
}

#[test]
fn flags_become_parameters_of_the_request() {
    let stub = answering("");
    let args =
        ["-p", "a=x\ty", "-s", "max_threads=1", "-d", "db", "--query-id", "me", "-u", "joe", "SELECT 1;"];
    at(&stub).tool("ch-query").args(args).run().succeeds();
    let query = &queries(&stub)[0];
    let expected = [
        ("param_a", "x\\ty"),
        ("max_threads", "1"),
        ("database", "db"),
        ("query_id", "me"),
        ("default_format", "JSONEachRow"),
        ("output_format_json_quote_64bit_integers", "0"),
    ];
    for (name, value) in expected {
        assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
    }
    let request = &stub.requests()[0];
    assert_eq!(request.body, b"SELECT 1");
    assert_eq!(request.headers["authorization"], "Basic am9lOmh1bnRlcjI=");
    assert!(!request.url.as_str().contains("hunter2"));
}

/// `sr ddl TYPO | ch-query`: what was to print SQL has failed.
#[test]
fn a_pipe_without_sql_is_no_question_for_the_latest_rows() {
    let stub = answering("");
    let scene = at(&stub);
    scene.file("empty.sql", "\n");
    for run in [
        scene.tool("ch-query").stdin("").run(),
        scene.tool("ch-query").stdin_file(scene.dir().join("empty.sql")).run(),
        scene.shell("false | ch-query").run(),
    ] {
        run.fails_with(2).stdout_is("").stderr_has("ch-query: stdin: there is no SQL in it\nhint: ");
    }
    scene.tool("ch-query").args(["--until", "n > 1", "--limit", "1"]).run().fails_with(2);
    assert!(stub.request_lines().is_empty());
    scene.file("tables", "t\n");
    scene.shell("while read t; do TABLE=$t ch-query; done < tables").run().succeeds();
    scene.shell("ch-query < /dev/null").run().succeeds();
    assert!(!stub.request_lines().is_empty());
}

#[test]
fn the_form_of_rows_can_be_chosen() {
    let stub = answering("");
    let scene = at(&stub);
    for (args, format) in [
        (&["-o", "table"][..], "PrettyCompact"),
        (&["-o", "raw"], "TabSeparatedRaw"),
        (&["--format", "Parquet"], "Parquet"),
    ] {
        stub.reset();
        let answer = ResponseTemplate::new(200).insert_header("X-ClickHouse-Query-Id", "q");
        stub.mount(Mock::given(any()).respond_with(answer));
        scene.tool("ch-query").args(args).arg("SELECT 1").run().succeeds();
        assert_eq!(queries(&stub)[0]["default_format"], format);
    }
    stub.reset();
    stub.mount(
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).insert_header("X-ClickHouse-Query-Id", "q")),
    );
    scene.tool("ch-query").arg("SELECT 1").on_terminal().run().succeeds();
    assert_eq!(queries(&stub)[0]["default_format"], "PrettyCompact");
}

#[test]
fn rows_that_are_counted_are_asked_for_as_lines_whatever_the_profile_says() {
    let stub = answering("");
    let scene = at(&stub);
    let array = "output_format_json_array_of_rows";
    scene.tool("ch-query").args(["--max-rows", "3", "SELECT 1"]).run().succeeds();
    scene.tool("ch-query").args(["--max-bytes", "3k", "SELECT 1"]).run().succeeds();
    let asked = queries(&stub);
    assert_eq!(asked[0][array], "0");
    assert!(!asked[1].contains_key(array));
}

#[test]
fn statements_run_one_after_the_other_and_set_and_use_last() {
    let stub = answering("");
    let scene = at(&stub);
    scene.file(
        "a.sql",
        "-- a comment; with a semicolon\nSET max_threads = 2, x = 'it''s';\nUSE other;\nSELECT 1",
    );
    scene.tool("ch-query").args(["-f", "a.sql"]).run().succeeds();
    assert_eq!(stub.request_bodies(), ["SET max_threads = 2, x = 'it''s'", "USE other", "SELECT 1"]);
    let last = &queries(&stub)[2];
    assert_eq!((&*last["max_threads"], &*last["x"], &*last["database"]), ("2", "it's", "other"));
}

#[test]
fn the_first_failure_ends_the_run_and_says_where() {
    let stub = HttpStub::start();
    let error = "Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR) (version 26.7)";
    stub.reply("POST", "/", 400, error);
    let scene = at(&stub);
    scene.file("a.sql", "\n\nSELEC 1;\nSELECT 2;");
    let run = scene.tool("ch-query").args(["--query-id", "q", "-f", "a.sql"]).run();
    run.fails_with(1).stderr_is("ch-query: a.sql:3: code 62 (SYNTAX_ERROR): Syntax error (query id q)\n");
    assert_eq!(stub.requests().len(), 1);
    let run = scene.tool("ch-query").args(["--query-id", "q", "SELEC 1; SELECT 2"]).run();
    run.fails_with(1).stderr_is("ch-query: statement 1: code 62 (SYNTAX_ERROR): Syntax error (query id q)\n");
}

#[test]
fn stdin_is_sql_when_none_is_given_and_left_alone_when_it_is() {
    let stub = answering("{\"a\":1}\n");
    let scene = at(&stub);
    scene.tool("ch-query").stdin("SELECT 1").run().succeeds().stdout_is("{\"a\":1}\n");
    scene.tool("ch-query").args(["-f", "-"]).stdin("SELECT 2").run().succeeds();
    // A loop that reads the same stdin keeps its lines.
    let line = "printf '3\\n4\\n' | while read n; do ch-query \"SELECT $n\"; done";
    scene.shell(line).run().succeeds().stdout_is("{\"a\":1}\n{\"a\":1}\n");
    // A stdin that never ends does not matter either.
    scene.tool("ch-query").arg("SELECT 5").stdin_file("/dev/zero").run().succeeds();
    assert_eq!(stub.request_bodies(), ["SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4", "SELECT 5"]);
}

#[test]
fn without_sql_the_latest_rows_of_the_table_are_shown() {
    let stub = answering("id, ts\n");
    let scene = at(&stub).env("TABLE", "db.events").env("LIMIT", "3");
    let expected = "SELECT * FROM `db`.`events` ORDER BY id DESC, ts DESC LIMIT 3";
    scene.tool("ch-query").stdin_file("/dev/null").run().succeeds();
    assert_eq!(stub.request_bodies().last().map(String::as_str), Some(expected));
    scene.tool("ch-query").args(["--limit", "5"]).stdin_file("/dev/zero").run().succeeds();
    assert!(stub.request_bodies().last().is_some_and(|sql| sql.ends_with("LIMIT 5")));
    assert_eq!(queries(&stub)[0]["param_table"], "events");
}

#[test]
fn usage_errors_say_what_is_wrong() {
    let scene = Scene::new();
    for (args, text) in [
        (&["-f", "no.sql"][..], "ch-query: no.sql: No such file or directory (os error 2)\n"),
        (&["  -- nothing"], "ch-query: there is no SQL statement in it\n"),
        (&["--url", "localhost:8123", "SELECT 1"], "ch-query: CLICKHOUSE_HTTP: localhost:8123 "),
    ] {
        scene.tool("ch-query").args(args).run().fails_with(2).stdout_is("").stderr_has(text);
    }
    scene
        .tool("ch-query")
        .args(["-p", "x", "SELECT 1"])
        .run()
        .fails_with(2)
        .stderr_has("expected NAME=VALUE");
}

#[test]
fn a_ping_wants_ok() {
    let stub = HttpStub::start();
    stub.reply("GET", "/ping", 200, "Ok.\n");
    let run = at(&stub).tool("ch-query").arg("--ping").run().replace(&stub.url(), "URL");
    run.succeeds().stdout_is("{\"url\":\"URL\",\"ping\":\"Ok.\"}\n").stderr_is("");
    stub.reset().reply("GET", "/ping", 200, "hello");
    at(&stub)
        .tool("ch-query")
        .arg("--ping")
        .run()
        .fails_with(3)
        .stderr_has("answered the ping with \"hello\", not Ok.");
    stub.reset();
    at(&stub)
        .tool("ch-query")
        .arg("--ping")
        .run()
        .fails_with(3)
        .stderr_has("answered the ping with status 404");
}

#[test]
fn the_settings_are_shown_without_the_password() {
    let run = Scene::new().env("CLICKHOUSE_PASSWORD", "hunter2").tool("ch-query").arg("--show-config").run();
    run.succeeds().never_says("hunter2");
    let names: Vec<_> =
        run.json_lines().iter().map(|row| row["name"].as_str().unwrap_or("").to_owned()).collect();
    assert!(
        names.contains(&"CLICKHOUSE_DATABASE".to_owned()) && names.contains(&"LIMIT".to_owned()),
        "{names:?}"
    );
}

#[test]
fn help_ends_with_pipelines() {
    let run = Scene::new().tool("ch-query").arg("--help").run();
    run.succeeds().stdout_has("Examples:\n  ch-query 'SELECT count()").stderr_is("");
    let short = Scene::new().tool("ch-query").arg("-h").run();
    assert!(short.stdout_text().lines().count() < 50, "{}", short.stdout_text());
}
