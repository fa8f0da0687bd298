//! No answer that is not whole and sound ends with exit code 0.

use kch_test::{Outcome, RawServer, Scene, Signal, Step};

use crate::{LAST_CHUNK, LIMIT, chunk, ended, head, scene};

const ERROR: &str = "Code: 395. DB::Exception: Value passed to 'throwIf' function is non-zero. \
    (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 26.7.2.1)\n";

fn select(answer: &str) -> Outcome {
    let server = RawServer::replying(answer);
    let run = scene(&server).tool("ch-query").args(["--query-id", "q", "SELECT 1"]).run();
    run.never_says("hunter2");
    run.replace(&server.address(), "ADDRESS")
}

const SAID: &str = "ch-query: 1 row was printed before: code 395 (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO): \
    Value passed to 'throwIf' function is non-zero (query id q)\n";

#[test]
fn a_whole_answer_is_printed() {
    let answer = format!("{}{}{}{LAST_CHUNK}", head(""), chunk("{\"a\":1}\n{\"a\":"), chunk("2}\n"));
    select(&answer).succeeds().stdout_is("{\"a\":1}\n{\"a\":2}\n").stderr_is("");
}

#[test]
fn an_exception_block_behind_rows_is_an_error() {
    let block =
        format!("\r\n__exception__\r\nabcdefghijklmnop\r\n{ERROR}80 abcdefghijklmnop\r\n__exception__\r\n");
    let head = head("X-ClickHouse-Exception-Tag: abcdefghijklmnop");
    let answer = format!("{head}{}{}{LAST_CHUNK}", chunk("{\"a\":1}\n{\"a\""), chunk(&block));
    select(&answer).fails_with(1).stdout_is("{\"a\":1}\n").stderr_is(SAID);
    // The same with the connection cut behind it.
    let answer = format!("{head}{}{}", chunk("{\"a\":1}\n"), chunk(&block));
    select(&answer).fails_with(1).stdout_is("{\"a\":1}\n").stderr_is(SAID);
}

#[test]
fn the_trailing_text_of_an_older_server_is_an_error() {
    let answer = format!("{}{}{}{LAST_CHUNK}", head(""), chunk("{\"a\":1}\n"), chunk(ERROR));
    select(&answer).fails_with(1).stdout_is("{\"a\":1}\n").stderr_is(SAID);
}

#[test]
fn an_answer_without_its_last_chunk_is_an_error() {
    let answer = format!("{}{}", head(""), chunk("{\"a\":1}\n{\"a\""));
    select(&answer).fails_with(3).stdout_is("{\"a\":1}\n").stderr_is(
        "ch-query: the answer is not complete; 1 row was printed before: ClickHouse at http://ADDRESS broke the \
         connection: [..]\nhint: [..]\n",
    );
    let short = head("").replace("Transfer-Encoding: chunked", "Content-Length: 100");
    select(&format!("{short}{{\"a\":1}}\n")).fails_with(3).stdout_is("{\"a\":1}\n");
}

#[test]
fn an_exception_code_in_the_head_of_a_200_is_an_error() {
    let answer = format!("{}{LAST_CHUNK}", head("X-ClickHouse-Exception-Code: 62"));
    select(&answer)
        .fails_with(1)
        .stdout_is("")
        .stderr_is("ch-query: code 62: the server gave no message (query id q)\n");
    let answer = format!("{}{LAST_CHUNK}", head("X-ClickHouse-Exception-Code: 209"));
    select(&answer).fails_with(3).stderr_has("code 209");
}

#[test]
fn a_200_of_something_else_is_no_success() {
    select("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").fails_with(2).stdout_is("").stderr_is(
        "ch-query: ClickHouse at http://ADDRESS answered without ClickHouse's headers\n\
         hint: something else listens there; CLICKHOUSE_HTTP is the address of its HTTP interface\n",
    );
}

#[test]
fn a_refused_query_is_said_in_one_line() {
    let error =
        "Code: 60. DB::Exception: Unknown table\n expression 'x'. (UNKNOWN_TABLE) (version 26.7.2.1)\n";
    let answer =
        |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{error}", error.len());
    select(&answer("404 Not Found")).fails_with(1).stdout_is("").stderr_is(
        "ch-query: code 60 (UNKNOWN_TABLE): Unknown table expression 'x' (query id q)\n\
         hint: SHOW TABLES lists the tables; --database picks another database\n",
    );
    let proxy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 14\r\n\r\nno\x1b[31m server";
    select(proxy)
        .fails_with(3)
        .stderr_is("ch-query: ClickHouse at http://ADDRESS answered 503: no\\u{1b}[31m server\nhint: ClickHouse is there and not well: [..]\n");
    let unauthorized = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
    select(unauthorized).fails_with(2).stderr_has("rejected the credentials");
}

#[test]
fn a_server_that_is_not_there_can_be_tried_again() {
    let nobody = RawServer::nobody();
    let scene = Scene::new().env("CLICKHOUSE_HTTP", format!("http://{nobody}"));
    for args in [["SELECT 1"], ["--ping"]] {
        let run = scene.tool("ch-query").args(args).run().replace(&nobody.to_string(), "ADDRESS");
        run.fails_with(3).stdout_is("").stderr_is(
            "ch-query: ClickHouse at http://ADDRESS cannot be reached: connection refused\n\
             hint: is it running? CLICKHOUSE_HTTP is its address\n",
        );
    }
}

#[test]
fn a_silent_server_is_given_up_after_the_timeout_and_the_query_is_killed() {
    let server = RawServer::start(vec![Step::ReadRequest, Step::Drain]);
    let run =
        scene(&server).tool("ch-query").args(["--timeout", "200ms", "--query-id", "q", "SELECT 1"]).run();
    let run = run.replace(&server.address(), "ADDRESS");
    run.fails_with(3).stderr_is(
        "ch-query: ClickHouse at http://ADDRESS did not finish within 0.2 s: the connection was closed (query id q)\n",
    );
}

#[test]
fn an_interrupted_query_is_killed_on_the_server() {
    let row = head("") + &chunk("{\"a\":1}\n");
    let server = RawServer::start(vec![Step::ReadRequest, Step::send(row), Step::Drain]);
    for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
        let mut running = scene(&server).tool("ch-query").args(["--query-id", "me", "SELECT 1"]).spawn();
        running.until_stdout("{\"a\":1}\n").signal(signal);
        running
            .wait()
            .fails_with(code)
            .stderr_is("ch-query: interrupted: the query was cancelled (query id me)\n");
    }
    let kill = "\r\n\r\nKILL QUERY WHERE query_id = {id:String} ASYNC";
    let kills = ended(&server, kill, 2);
    assert!(kills.len() == 2 && kills.iter().all(|bytes| bytes.ends_with(kill.as_bytes())));
}

#[test]
fn a_closed_stdout_is_the_end_and_a_full_disk_an_error() {
    let rows = chunk(&"{\"a\":1}\n".repeat(20_000));
    let server = RawServer::replying(head("") + &rows.repeat(3) + LAST_CHUNK);
    let scene = scene(&server);
    let tool = || scene.tool("ch-query").arg("SELECT 1");
    tool().pipe_to(&["head", "-1"]).run().succeeds().stdout_is("{\"a\":1}\n").stderr_is("");
    tool()
        .stdout_to("/dev/full")
        .run()
        .fails_with(1)
        .stderr_is("ch-query: cannot write to stdout: No space left on device (os error 28)\n");
    let one = RawServer::replying(head("") + &chunk("{\"a\":1}\n") + LAST_CHUNK);
    let scene = crate::scene(&one);
    let run = scene.tool("ch-query").arg("SELECT 1").stdout_to("/dev/full").run();
    run.fails_with(1).stderr_is("ch-query: cannot write to stdout: No space left on device (os error 28)\n");
}

#[test]
fn a_reader_that_left_while_the_server_is_silent_ends_the_query() {
    let row = head("") + &chunk("{\"a\":1}\n");
    let server = RawServer::start(vec![Step::ReadHead, Step::send(row), Step::Drain]);
    let run = scene(&server).tool("ch-query").arg("SELECT 1").pipe_to(&["head", "-1"]).run();
    run.succeeds().stdout_is("{\"a\":1}\n").stderr_is("");
    assert!(server.client_closed(LIMIT));
}

#[test]
fn a_read_only_user_gets_rows_without_our_settings() {
    let error = "Code: 164. DB::Exception: Cannot modify 'output_format_json_quote_denormals' setting in readonly mode. \
        (READONLY) (version 24.1)";
    use kch_test::wiremock::matchers::query_param;
    use kch_test::wiremock::{Mock, ResponseTemplate, matchers::any};
    let stub = kch_test::HttpStub::start();
    let rows =
        ResponseTemplate::new(200).insert_header("X-ClickHouse-Query-Id", "q").set_body_string("{\"a\":1}\n");
    stub.mount(
        Mock::given(query_param("output_format_json_quote_denormals", "1"))
            .respond_with(ResponseTemplate::new(500).set_body_string(error)),
    );
    stub.mount(Mock::given(any()).respond_with(rows));
    let scene = Scene::new().env("CLICKHOUSE_HTTP", stub.url());
    scene
        .tool("ch-query")
        .arg("SELECT 1")
        .run()
        .succeeds()
        .stdout_is("{\"a\":1}\n")
        .stderr_is("ch-query: the user may not change settings: NaN and infinities are printed as null\n");
}
