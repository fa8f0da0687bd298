//! Rows in: streamed, counted, and never half taken for whole.

use kch_test::wiremock::matchers::any;
use kch_test::wiremock::{Mock, ResponseTemplate};
use kch_test::{HttpStub, RawServer, Scene, Signal, Step};

use crate::{LAST_CHUNK, LIMIT, ended, head, scene, wait_until};

const ROW: &str = "{\"a\":1}";
const INSERT: &str = "INSERT INTO t FORMAT JSONEachRow";

fn taking(rows: &str) -> HttpStub {
    let stub = HttpStub::start();
    let summary = format!("{{\"written_rows\":\"{rows}\"}}");
    let answer = ResponseTemplate::new(200).insert_header("X-ClickHouse-Summary", summary.as_str());
    stub.mount(Mock::given(any()).respond_with(answer));
    stub
}

fn at(stub: &HttpStub) -> Scene {
    Scene::new().env("CLICKHOUSE_HTTP", stub.url())
}

#[test]
fn data_follow_the_sql_and_nothing_is_printed() {
    let stub = taking("2");
    let run = at(&stub).tool("ch-query").arg(INSERT).stdin("{\"a\":1}\n{\"a\":2}\n").run();
    run.succeeds().stdout_is("").stderr_is("");
    assert_eq!(stub.request_bodies(), ["INSERT INTO t FORMAT JSONEachRow\n{\"a\":1}\n{\"a\":2}\n"]);
}

#[test]
fn an_insert_without_a_format_takes_json_lines() {
    let stub = taking("1");
    at(&stub).tool("ch-query").arg("INSERT INTO t (a) -- now").stdin("{\"a\":1}\n").run().succeeds();
    assert_eq!(stub.request_bodies(), ["INSERT INTO t (a) FORMAT JSONEachRow\n{\"a\":1}\n"]);
}

#[test]
fn a_file_may_hold_the_insert_and_stdin_its_data() {
    let stub = taking("1");
    let scene = at(&stub);
    scene.file("in.sql", "TRUNCATE TABLE t;\nINSERT INTO t FORMAT CSV;\n");
    scene.tool("ch-query").args(["-f", "in.sql"]).stdin("1\n").run().succeeds();
    assert_eq!(stub.request_bodies(), ["TRUNCATE TABLE t", "INSERT INTO t FORMAT CSV\n1\n"]);
    scene.file("two.sql", "INSERT INTO t FORMAT CSV;\nINSERT INTO u FORMAT CSV");
    let run = scene.tool("ch-query").args(["-f", "two.sql"]).stdin("1\n").run();
    run.fails_with(2)
        .stderr_is("ch-query: two.sql:2: a second INSERT without data: stdin can feed only one\n");
}

#[test]
fn no_data_on_stdin_is_an_error_unless_allowed() {
    let stub = taking("0");
    let scene = at(&stub);
    scene.tool("ch-query").arg(INSERT).run().fails_with(1).stdout_is("").stderr_is(
        "ch-query: the INSERT got no data on stdin: nothing was inserted\nhint: --allow-empty takes that for done\n",
    );
    assert!(stub.requests().is_empty());
    scene.tool("ch-query").args(["--allow-empty", INSERT]).run().succeeds().stderr_is("");
    scene.tool("ch-query").stdin(INSERT).run().fails_with(1).stderr_has("stdin: the INSERT has no data");
    let run = scene.tool("ch-query").arg(INSERT).on_terminal().run();
    run.fails_with(2).stderr_has("the INSERT wants data on stdin, which is a terminal\nhint: ");
}

#[test]
fn an_insert_that_wrote_nothing_is_an_error() {
    let stub = taking("0");
    let run = at(&stub).tool("ch-query").args(["--query-id", "q", INSERT]).stdin("\n\n").run();
    run.fails_with(1).stderr_is(
        "ch-query: ClickHouse answered that it wrote 0 rows (query id q)\n\
         hint: the data may be empty lines, or a proxy answered in the server's place; count the table's rows\n",
    );
    let server = RawServer::replying(head("") + LAST_CHUNK);
    let run = scene(&server).tool("ch-query").args(["--query-id", "q", INSERT]).stdin("{}").run();
    run.fails_with(1).stderr_has("ClickHouse did not say how many rows it wrote (query id q)");
}

#[test]
fn an_early_refusal_is_read_in_the_middle_of_the_upload() {
    let error = "Code: 27. DB::Exception: Cannot parse input: (at row 1). (CANNOT_PARSE) (version 26.7)";
    let answer = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{error}", error.len());
    let server = RawServer::start(vec![Step::Read(100_000), Step::send(answer), Step::Drain]);
    let endless = scene(&server).tool("ch-query").args(["--query-id", "q", INSERT]).stdin_with(|stdin| {
        let rows = "{\"a\":1}\n".repeat(10_000);
        loop {
            stdin.write_all(rows.as_bytes())?;
        }
    });
    let run = endless.run();
    run.fails_with(1)
        .stderr_is("ch-query: code 27 (CANNOT_PARSE): Cannot parse input: (at row 1) (query id q)\n");
    assert!(run.peak_memory < 64 << 20, "{} bytes", run.peak_memory);
}

#[test]
fn rows_that_were_written_before_a_refusal_are_said() {
    let error = "Code: 27. DB::Exception: Cannot parse input. (CANNOT_PARSE) (version 26.7)";
    let summary = "X-ClickHouse-Summary: {\"written_rows\":\"4000\"}";
    let answer =
        format!("HTTP/1.1 400 Bad Request\r\n{summary}\r\nContent-Length: {}\r\n\r\n{error}", error.len());
    let server = RawServer::replying(answer);
    let run = scene(&server).tool("ch-query").args(["--query-id", "q", INSERT]).stdin("{}").run();
    run.fails_with(1).stderr_has("ch-query: up to 4000 rows were written before: code 27 (CANNOT_PARSE): ");
    let server = RawServer::start(vec![Step::ReadRequest, Step::Cut]);
    let run = scene(&server).tool("ch-query").arg(INSERT).stdin("{}").run();
    run.fails_with(3)
        .stderr_has("ch-query: rows that were sent may have been written: ClickHouse at http://");
}

#[test]
fn an_interrupted_upload_never_looks_whole() {
    let server = RawServer::start(vec![Step::ReadRequest]);
    let mut running = scene(&server).tool("ch-query").args(["--query-id", "q", INSERT]).stdin_open().spawn();
    running.write("{\"a\":1}\n");
    assert!(server.has_read(ROW, 1, LIMIT));
    running.signal(Signal::Interrupt);
    // `wait` closes stdin, which is an end of the data as good as any.
    wait_until("the tool has ended", || !running.is_running());
    running.wait().fails_with(130).stderr_is(
        "ch-query: interrupted: the connection was closed; rows that were sent before may have been written (query id q)\n",
    );
    for upload in ended(&server, ROW, 1) {
        assert!(!upload.ends_with(LAST_CHUNK.as_bytes()), "{}", String::from_utf8_lossy(&upload));
    }
}

#[test]
fn a_producer_that_the_same_signal_ended_does_not_make_the_upload_whole() {
    let server = RawServer::start(vec![Step::ReadRequest]);
    for number in 1..=5 {
        let mut running = scene(&server).tool("ch-query").arg(INSERT).stdin_open().spawn();
        running.write("{\"a\":1}\n");
        assert!(server.has_read(ROW, number, LIMIT));
        running.signal(Signal::Interrupt).close_stdin();
        running.wait().fails_with(130);
    }
    for upload in ended(&server, ROW, 5) {
        assert!(!upload.ends_with(LAST_CHUNK.as_bytes()), "{}", String::from_utf8_lossy(&upload));
    }
}

#[test]
fn rows_are_counted_with_stats() {
    let stub = taking("2");
    let run = at(&stub).tool("ch-query").args(["--stats", "--query-id", "q", INSERT]).stdin("{}\n{}\n").run();
    run.succeeds()
        .stderr_is("{\"query_id\":\"q\",\"sent_bytes\":6,[..]\"written_rows\":2,[..]\"seconds\":[..]}\n");
}
