//! `ch-query insert` against servers that fail on purpose, and the flags of the other verbs.

use std::time::{Duration, Instant};

use kch_test::wiremock::matchers::{any, body_string_contains, query_param};
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{HttpStub, RawServer, Scene, Signal};

const NO_DEDUP: &str =
    r#"{"engine":"MergeTree","engine_full":"MergeTree ORDER BY id SETTINGS index_granularity = 8192"}"#;
const DEDUP: &str = r#"{"engine":"MergeTree","engine_full":"MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100"}"#;
const COLUMN: &str = r#"{"name":"id","type":"Int64","default_kind":""}"#;

fn answer(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).insert_header("X-ClickHouse-Query-Id", "q").set_body_string(body)
}

fn done(rows: usize) -> ResponseTemplate {
    answer("").insert_header(
        "X-ClickHouse-Summary",
        format!("{{\"read_rows\":\"{rows}\",\"written_rows\":\"{rows}\"}}"),
    )
}

fn refusal(code: u32, name: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(400)
        .set_body_string(format!("Code: {code}. DB::Exception: {message}. ({name}) (version 26.7)"))
}

/// A server with a table `t`; its answers to an INSERT are up to the test.
fn server(table: &str) -> HttpStub {
    let stub = HttpStub::start();
    stub.mount(
        Mock::given(body_string_contains("SELECT engine")).respond_with(answer(table)).with_priority(1),
    );
    stub.mount(
        Mock::given(body_string_contains("SELECT name, type")).respond_with(answer(COLUMN)).with_priority(1),
    );
    let defaults = answer("non_replicated_deduplication_window\t0\nreplicated_deduplication_window\t10000\n");
    stub.mount(
        Mock::given(body_string_contains("merge_tree_settings")).respond_with(defaults).with_priority(1),
    );
    stub
}

fn at(stub: &HttpStub) -> Scene {
    Scene::new().env("CLICKHOUSE_HTTP", stub.url()).env("CLICKHOUSE_PASSWORD", "hunter2")
}

/// The INSERTs that arrived: token and lines.
fn inserts(stub: &HttpStub) -> Vec<(String, String)> {
    let token = |request: &kch_test::wiremock::Request| {
        let mut pairs = request.url.query_pairs();
        pairs.find(|(name, _)| name == "insert_deduplication_token").map(|(_, token)| token.into_owned())
    };
    let requests = stub.requests();
    let inserts = requests.iter().filter_map(|request| Some((token(request)?, request.body.clone())));
    inserts.map(|(token, body)| (token, String::from_utf8_lossy(&body).into_owned())).collect()
}

#[test]
fn a_batch_whose_fate_is_unknown_is_sent_again_with_its_token() {
    let stub = server(DEDUP);
    let unknown = refusal(319, "UNKNOWN_STATUS_OF_INSERT", "Unknown status");
    stub.mount(Mock::given(any()).respond_with(unknown).up_to_n_times(2).with_priority(5));
    stub.mount(Mock::given(any()).respond_with(done(2)).with_priority(6));
    let run =
        at(&stub).tool("ch-query").args(["insert", "t", "--stats"]).stdin("{\"id\":1}\n{\"id\":2}\n").run();
    run.succeeds().stdout_is("").stderr_has("\"inserted\":2,\"refused\":0,").stderr_has("\"retries\":2,");
    let inserts = inserts(&stub);
    assert_eq!(inserts.len(), 3);
    assert!(
        inserts.iter().all(|insert| *insert == inserts[0] && insert.1 == "{\"id\":1}\n{\"id\":2}\n"),
        "{inserts:?}"
    );
}

#[test]
fn a_table_that_does_not_deduplicate_gets_a_batch_of_unknown_fate_once() {
    let stub = server(NO_DEDUP);
    stub.mount(
        Mock::given(any())
            .respond_with(refusal(319, "UNKNOWN_STATUS_OF_INSERT", "Unknown status"))
            .with_priority(5),
    );
    let scene = at(&stub);
    let run = scene.tool("ch-query").args(["insert", "t"]).stdin("{\"id\":1}\n{\"id\":2}\n").run();
    run.fails_with(3)
        .stderr_has("ch-query: 0 of 2 lines inserted into t; every line before 1 is done\n")
        .stderr_has("ch-query: lines 1 to 2 may be in, and sending them again could double them: t does not deduplicate: its non_replicated_deduplication_window is 0: ")
        .stderr_has("hint: ALTER TABLE t MODIFY SETTING non_replicated_deduplication_window = 1000\n");
    assert_eq!(inserts(&stub).len(), 1);
    let fresh = server(DEDUP);
    let unknown = refusal(319, "UNKNOWN_STATUS_OF_INSERT", "Unknown status");
    fresh.mount(Mock::given(any()).respond_with(unknown).with_priority(5));
    let args = ["insert", "t", "-s", "async_insert=1"];
    let run = at(&fresh).tool("ch-query").args(args).stdin("{\"id\":1}\n").run();
    run.fails_with(3)
        .stderr_has("with async_insert = 1 ClickHouse keeps no tokens")
        .stderr_has("hint: leave out -s async_insert\n");
    assert_eq!(inserts(&fresh).len(), 1);
    for flags in [&["--token", "x"][..], &["--envelope", "--state", "at.json"]] {
        let run = scene.tool("ch-query").args(["insert", "t"]).args(flags).stdin("{}\n").run();
        run.fails_with(2)
            .stderr_has(format!("{} would not keep rows from being doubled: t does", flags[flags.len() - 2]));
    }
}

#[test]
fn a_server_that_is_too_busy_is_tried_again_and_one_that_refuses_the_user_is_not() {
    let stub = server(NO_DEDUP);
    let busy = refusal(252, "TOO_MANY_PARTS", "Too many parts");
    stub.mount(Mock::given(any()).respond_with(busy).up_to_n_times(1).with_priority(5));
    stub.mount(Mock::given(any()).respond_with(done(1)).up_to_n_times(1).with_priority(6));
    let denied = refusal(497, "ACCESS_DENIED", "writer: Not enough privileges");
    stub.mount(Mock::given(any()).respond_with(denied).with_priority(7));
    let scene = at(&stub);
    scene.tool("ch-query").args(["insert", "t"]).stdin("{\"id\":1}\n").run().succeeds().stderr_is("");
    let run = scene.tool("ch-query").args(["insert", "t"]).stdin("{\"id\":1}\n").run();
    run.fails_with(2).stderr_has("code 497 (ACCESS_DENIED)");
    assert_eq!(inserts(&stub).len(), 3);
}

#[test]
fn a_batch_of_more_partitions_than_a_block_may_have_is_halved_until_it_is_in() {
    let stub = server(DEDUP);
    let wide = refusal(
        252,
        "TOO_MANY_PARTS",
        "Too many partitions for single INSERT block (more than 2). The limit is controlled by \
         'max_partitions_per_insert_block' setting",
    );
    let over_two = |request: &kch_test::wiremock::Request| {
        request.body.starts_with(b"{") && request.body.iter().filter(|&&byte| byte == b'\n').count() > 2
    };
    stub.mount(Mock::given(over_two).respond_with(wide).with_priority(5));
    stub.mount(Mock::given(any()).respond_with(done(99)).with_priority(6));
    let lines: String = (1..=8).map(|n| format!("{{\"id\":{n}}}\n")).collect();
    let args = ["insert", "t", "--stats", "--retry", "10m"];
    let run = at(&stub).tool("ch-query").args(args).stdin(lines).run();
    run.succeeds().stderr_has("\"inserted\":8,\"refused\":0,").stderr_has("\"retries\":0,");
    assert_eq!(inserts(&stub).len(), 7);
}

#[test]
fn retries_end_when_their_time_is_over() {
    let stub = server(DEDUP);
    stub.mount(
        Mock::given(any()).respond_with(refusal(242, "TABLE_IS_READ_ONLY", "read-only")).with_priority(5),
    );
    let run = at(&stub).tool("ch-query").args(["insert", "t", "--retry", "5s"]).stdin("{\"id\":1}\n").run();
    run.fails_with(3).stderr_has("code 242 (TABLE_IS_READ_ONLY): read-only");
    assert!(inserts(&stub).len() > 1);
}

#[test]
fn a_batch_that_is_not_answered_in_time_is_given_up() {
    let stub = server(DEDUP);
    stub.mount(
        Mock::given(query_param("async_insert", "0"))
            .respond_with(done(1).set_delay(Duration::from_secs(20)))
            .with_priority(5),
    );
    let args = ["insert", "t", "--timeout", "2s", "--retry", "10s", "--query-id", "me"];
    let run = at(&stub).tool("ch-query").args(args).stdin("{\"id\":1}\n").run();
    run.fails_with(3).stderr_has("did not answer a batch within 2 s");
    let id = |request: &kch_test::wiremock::Request| {
        request.url.query_pairs().find(|(name, _)| name == "query_id").map(|(_, id)| id.into_owned())
    };
    let ids: Vec<String> = stub.requests().iter().filter_map(id).filter(|id| id.starts_with("me")).collect();
    assert_eq!(ids[..2], ["me-1", "me-2"]);
}

#[test]
fn an_interrupt_ends_the_tries() {
    let stub = server(DEDUP);
    stub.mount(
        Mock::given(any()).respond_with(refusal(242, "TABLE_IS_READ_ONLY", "read-only")).with_priority(5),
    );
    let args = ["insert", "t", "--retry", "10m", "--flush", "50ms"];
    let mut running = at(&stub).tool("ch-query").args(args).stdin_open().spawn();
    running.write("{\"id\":1}\n");
    let begun = Instant::now();
    while inserts(&stub).len() < 2 && begun.elapsed() < Duration::from_secs(40) {
        std::thread::sleep(Duration::from_millis(10));
    }
    running.signal(Signal::Interrupt);
    running
        .wait()
        .fails_with(130)
        .stderr_has("ch-query: 0 of 1 lines inserted into t; every line before 1 is done\n");
}

#[test]
fn bad_lines_are_found_without_the_server_naming_them() {
    let stub = server(DEDUP);
    let bad = refusal(6, "CANNOT_PARSE_TEXT", "bad value");
    stub.mount(Mock::given(body_string_contains("\"bad\"")).respond_with(bad).with_priority(5));
    stub.mount(Mock::given(any()).respond_with(done(99)).with_priority(6));
    let lines: String =
        (1..=20)
            .map(|n| {
                if [7, 8, 20].contains(&n) {
                    "{\"id\":\"bad\"}\n".into()
                } else {
                    format!("{{\"id\":{n}}}\n")
                }
            })
            .collect();
    let scene = at(&stub);
    let run = scene.tool("ch-query").args(["insert", "t", "--rejects", "bad.jsonl"]).stdin(lines).run();
    run.fails_with(1).stdout_is("").stderr_is("ch-query: 17 of 20 lines inserted into t, 3 refused\n");
    let numbers: Vec<String> = scene
        .read("bad.jsonl")
        .lines()
        .map(|line| line.split([':', ',']).nth(1).unwrap_or("").to_owned())
        .collect();
    assert_eq!(numbers, ["7", "8", "20"]);
    let mut accepted: Vec<String> = Vec::new();
    for (token, body) in inserts(&stub).into_iter().filter(|(_, body)| !body.contains("bad")) {
        assert!(!token.is_empty());
        accepted.extend(body.lines().map(str::to_owned));
    }
    assert_eq!(accepted.len(), 17, "each good line went in once: {accepted:?}");
}

#[test]
fn a_refusal_of_every_row_is_the_tables_fault_and_ends_the_run() {
    let stub = server(DEDUP);
    stub.mount(
        Mock::given(any()).respond_with(refusal(999_999, "NEW_ERROR", "no rows today")).with_priority(5),
    );
    let lines = "{\"id\":1}\n".repeat(1000);
    let run = at(&stub).tool("ch-query").args(["insert", "t"]).stdin(lines).run();
    run.fails_with(1).stderr_has("every row so far is refused: code 999999 (NEW_ERROR): no rows today");
    assert!(inserts(&stub).len() < 100);
}

#[test]
fn too_many_bad_lines_end_the_run() {
    let stub = server(DEDUP);
    stub.mount(Mock::given(any()).respond_with(done(99)).with_priority(6));
    let scene = at(&stub);
    let lines = "oops\n{\"id\":1}\n[]\n";
    let run = scene.tool("ch-query").args(["insert", "t", "--max-errors", "1"]).stdin(lines).run();
    run.fails_with(1).stderr_is(
        "ch-query: stdin:1: not a JSON object\nch-query: stdin:3: not a JSON object\n\
         ch-query: 0 of 3 lines inserted into t, 2 refused; every line before 2 is done\n\
         ch-query: 2 of 3 lines were refused, more than --max-errors\n",
    );
    let run = scene.tool("ch-query").args(["insert", "t", "--max-errors", "70%"]).stdin(lines).run();
    run.fails_with(1).stderr_has("ch-query: 1 of 3 lines inserted into t, 2 refused\n");
}

#[test]
fn a_full_disk_under_the_rejects_is_an_error() {
    let stub = server(DEDUP);
    stub.mount(Mock::given(any()).respond_with(done(99)).with_priority(6));
    let run =
        at(&stub).tool("ch-query").args(["insert", "t", "--rejects", "/dev/full"]).stdin("oops\n").run();
    run.fails_with(1).stderr_has("ch-query: cannot write to /dev/full: No space left on device");
}

#[test]
fn no_lines_are_an_error_unless_allowed() {
    let stub = server(DEDUP);
    let scene = at(&stub);
    let run = scene.tool("ch-query").args(["insert", "t"]).stdin("\n\n").run();
    run.fails_with(1).stderr_has("insert got no lines on stdin: nothing was inserted\nhint: --allow-empty");
    scene.tool("ch-query").args(["insert", "t", "--allow-empty"]).stdin("").run().succeeds().stderr_is("");
}

#[test]
fn an_unanswered_row_count_is_no_success() {
    let stub = server(DEDUP);
    stub.mount(Mock::given(any()).respond_with(done(1)).up_to_n_times(1).with_priority(5));
    stub.mount(Mock::given(any()).respond_with(answer("")).with_priority(6));
    let scene = at(&stub);
    let two = "{\"id\":1}\n{\"id\":2}\n";
    let run = scene.tool("ch-query").args(["insert", "t"]).stdin(two).run();
    run.fails_with(1).stderr_has("ClickHouse read 1 rows out of 2 lines");
    let run = scene.tool("ch-query").args(["insert", "t"]).stdin(two).run();
    run.fails_with(1).stderr_has("ClickHouse did not say how many rows it read");
}

#[test]
fn the_first_node_that_answers_is_asked() {
    let stub = HttpStub::start();
    stub.reply("GET", "/ping", 200, "Ok.\n");
    stub.mount(Mock::given(any()).respond_with(answer("{\"a\":1}\n")).with_priority(9));
    let sick = HttpStub::start();
    sick.reply("GET", "/ping", 503, "too late");
    let urls = format!("http://{},{},{}", RawServer::nobody(), sick.url(), stub.url());
    let scene = Scene::new().env("CLICKHOUSE_HTTP", urls);
    scene.tool("ch-query").arg("SELECT 1").run().succeeds().stdout_is("{\"a\":1}\n").stderr_is("");
    assert_eq!(sick.request_lines(), ["GET /ping"]);
    scene.tool("ch-query").arg("--ping").run().succeeds().stdout_has(stub.url());
}

#[test]
fn bodies_are_packed_when_asked_for() {
    let stub = HttpStub::start();
    stub.mount(Mock::given(any()).respond_with(done(1)));
    let args = ["--compress", "zstd", "INSERT INTO t"];
    at(&stub).tool("ch-query").args(args).stdin("{\"a\":1}\n").run().succeeds();
    let request = &stub.requests()[0];
    assert_eq!(request.headers["content-encoding"], "zstd");
    assert_eq!(request.headers["accept-encoding"], "zstd");
    assert!(request.body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]), "{:?}", request.body);
    assert!(request.url.query_pairs().any(|(name, value)| name == "enable_http_compression" && value == "1"));
}

#[test]
fn flags_for_the_server_become_settings() {
    let stub = HttpStub::start();
    stub.mount(
        Mock::given(query_param("readonly", "2"))
            .and(query_param("wait_end_of_query", "1"))
            .respond_with(answer("")),
    );
    at(&stub).tool("ch-query").args(["--readonly", "--atomic", "SELECT 1"]).run().succeeds();
}

#[test]
fn one_call_has_one_use_for_stdin_and_a_verb_none_for_flags_of_sql() {
    let scene = Scene::new();
    for (args, text) in [
        (&["-p", "a=1", "tables"][..], "--param is for SQL, and tables is a verb that has no use for it"),
        (
            &["show", "tables"],
            "a verb that has no use for it\nhint: SQL is one argument, in quotes: ch-query 'show …'",
        ),
        (&["tabels"], "tabels: not SQL\nhint: did you mean the verb tables?"),
        (&["INSERT"], "INSERT: not SQL\nhint: did you mean the verb insert?"),
        (
            &["--each", "INSERT INTO t"],
            "--each: stdin has the parameters, so it cannot have the data of an INSERT",
        ),
        (&["--table", "ids", "SELECT 1; SELECT 2"], "--table: stdin is a table for one statement"),
        (&["--until", "1", "SELECT 1; SELECT 2"], "--until: it asks one statement again and again"),
        (&["--table", "t", "--structure", "a Int8"], "--structure describes the table on stdin"),
        (&["insert", "t", "--token", "x", "--flush", "1s"], "cannot be used with"),
        (&["insert", "t", "--state", "x"], "--envelope"),
        (&["insert", "t", "--max-errors", "x%"], "expected a number of lines"),
    ] {
        scene
            .tool("ch-query")
            .args(args)
            .stdin_file("/dev/null")
            .run()
            .fails_with(2)
            .stdout_is("")
            .stderr_has(text);
    }
    scene
        .tool("ch-query")
        .args(["insert", "t"])
        .on_terminal()
        .env("CLICKHOUSE_HTTP", format!("http://{}", RawServer::nobody()))
        .run()
        .fails_with(3);
}

#[test]
fn data_on_stdin_that_nothing_reads_are_an_error() {
    let stub = HttpStub::start();
    stub.mount(Mock::given(any()).respond_with(answer("{\"a\":1}\n")));
    let scene = at(&stub);
    let text =
        "ch-query: stdin has data, and nothing in this call reads them\nhint: an INSERT without data, ";
    scene.file("rows.jsonl", "{\"a\":1}\n");
    scene.tool("ch-query").arg("SELECT 1").stdin_file("rows.jsonl").run().fails_with(2).stderr_has(text);
    let run = scene.shell("printf '1\\n2\\n' | (read one; exec ch-query 'INSERT INTO t VALUES (1)')").run();
    run.fails_with(2).stderr_has(text);
    assert!(stub.requests().is_empty());
    // The lines of a loop are the loop's.
    let line = "printf '3\\n4\\n' > n; while read n; do ch-query \"SELECT $n\"; done < n";
    scene.shell(line).run().succeeds().stdout_is("{\"a\":1}\n{\"a\":1}\n");
}
