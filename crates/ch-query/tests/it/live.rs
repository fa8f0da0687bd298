//! Against the real ClickHouse of the native stack.

use std::time::{Duration, Instant};

use kch_test::live::{self, Service, Stack};
use kch_test::{RawServer, Signal};

fn stack() -> Option<Stack> {
    live::need(&[Service::ClickHouse])
}

#[test]
fn selects_rows_exactly_live() {
    let Some(stack) = stack() else { return };
    let sql = "SELECT toInt64(9007199254740993) AS big, toDecimal64('0.1', 3) AS d, nan AS n, -inf AS i, \
               toUInt256('115792089237316195423570985008687907853269984665640564039457584007913129639935') AS huge";
    stack.scene().tool("ch-query").arg(sql).run().succeeds().stderr_is("").stdout_is(
        "{\"big\":9007199254740993,\"d\":0.1,\"n\":\"nan\",\"i\":\"-inf\",\"huge\":\
         115792089237316195423570985008687907853269984665640564039457584007913129639935}\n",
    );
    let run = stack.scene().tool("ch-query").args(["-p", "s=a\tb\\c'\n", "SELECT {s:String} AS s"]).run();
    run.succeeds().stdout_is("{\"s\":\"a\\tb\\\\c'\\n\"}\n");
    let run = stack.scene().tool("ch-query").args(["-o", "raw", "SELECT 1, 'a\\nb'"]).run();
    run.succeeds().stdout_is("1\ta\nb\n");
    let run = stack.scene().tool("ch-query").arg("SELECT 1 AS one").on_terminal().run();
    run.succeeds().stdout_has("┌─one─┐");
}

#[test]
fn bytes_that_no_json_line_can_hold_end_the_answer_live() {
    let Some(stack) = stack() else { return };
    let run = |args: &[&str]| stack.scene().tool("ch-query").args(args).run();
    let sql = "SELECT number AS n, if(n = 2, unhex('fffe'), 'é') AS bin FROM numbers(4)";
    let rows = "{\"n\":0,\"bin\":\"é\"}\n{\"n\":1,\"bin\":\"é\"}\n";
    let refused = run(&[sql, "--query-id", "no-text"]);
    refused.fails_with(1).stdout_is(rows).stderr_is(
        "ch-query: row 3, column bin: not UTF-8, so no line of JSON can hold it (query id no-text)\n\
         hint: SELECT hex(bin) makes text of it; --format JSONEachRow prints the bytes as they are\n",
    );
    run(&[sql, "--max-rows", "9", "--errors", "json"])
        .fails_with(1)
        .stdout_is(rows)
        .stderr_has("\"rows_before_error\":2");
    // Who names the format gets what ClickHouse prints.
    for args in
        [&[sql, "--format", "JSONEachRow"][..], &[&format!("{sql} FORMAT JSONEachRow")], &[sql, "-o", "raw"]]
    {
        let whole = run(args);
        let bytes: &[u8] = whole.succeeds().stderr_is("").stdout.as_ref();
        assert!(bytes.windows(2).any(|pair| pair == b"\xff\xfe"), "{args:?}");
    }
    let hex = "SELECT hex(bin) AS bin FROM (".to_owned() + sql + ")";
    assert_eq!(run(&[&hex]).succeeds().json_lines()[2]["bin"], "FFFE");
}

#[test]
fn headers_of_the_users_say_who_asks_live() {
    let Some(stack) = stack() else { return };
    let (user, password) = (stack.setting("CLICKHOUSE_USER"), stack.setting("CLICKHOUSE_PASSWORD"));
    let ask = |key: &str| {
        let headers = format!("X-ClickHouse-User: {user}; X-ClickHouse-Key: {key}");
        let query = stack.scene().tool("ch-query").arg("SELECT currentUser() AS u");
        query.env("CLICKHOUSE_PASSWORD", "").env("CLICKHOUSE_HEADERS", &headers).run()
    };
    ask(password).succeeds().stdout_is(format!("{{\"u\":\"{user}\"}}\n"));
    ask("hunter2").fails_with(2).stderr_has("AUTHENTICATION_FAILED").never_says("hunter2");
    let shown = stack.scene().tool("ch-query").args(["--show-config", "-o", "raw"]);
    let shown = shown
        .env("CLICKHOUSE_HEADERS", "X-Token: hunter2")
        .env("http_proxy", "http://me:hunter2@proxy")
        .run();
    shown.succeeds().stdout_has("CLICKHOUSE_HEADERS\t********").never_says("hunter2");
}

#[test]
fn inserts_from_stdin_and_shows_the_latest_rows_live() {
    let Some(stack) = stack() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("insert"));
    let ddl =
        format!("CREATE TABLE {table} (id UInt64, ts DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY id");
    scene.tool("ch-query").arg(ddl).run().succeeds().stdout_is("");
    let rows: String =
        (0..1000).map(|n| format!("{{\"id\":{n},\"ts\":\"2026-11-22T10:00:00.123Z\"}}\n")).collect();
    let insert = format!("INSERT INTO {table} FORMAT JSONEachRow");
    let run = scene.tool("ch-query").args(["--stats", &insert]).stdin(rows).run();
    run.succeeds().stdout_is("").stderr_has("\"written_rows\":1000,");
    assert_eq!(
        stack.clickhouse(&format!("SELECT count(), max(ts) FROM {table}")),
        "1000\t2026-11-22 10:00:00.123\n"
    );
    let run = scene.tool("ch-query").env("TABLE", &table).env("LIMIT", "2").run();
    assert_eq!(run.json_lines().iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), [999, 998]);
    // As avro-produce takes it; a format that the query names has its own ways.
    let select = format!("SELECT ts FROM {table} LIMIT 1");
    scene.tool("ch-query").arg(&select).run().stdout_is("{\"ts\":\"2026-11-22T10:00:00.123Z\"}\n");
    let csv = format!("{select} FORMAT CSV");
    scene.tool("ch-query").arg(csv).run().stdout_is("\"2026-11-22 10:00:00.123\"\n");
    let plain = ["-s", "date_time_output_format=simple", &select];
    scene.tool("ch-query").args(plain).run().stdout_is("{\"ts\":\"2026-11-22 10:00:00.123\"}\n");

    let run = scene.tool("ch-query").arg(&insert).stdin("{\"id\":1,\"tss\":\"x\"}\n").run();
    run.fails_with(1).stderr_has("(INCORRECT_DATA): Unknown field").stderr_has("hint: leave the field out");
    let run = scene.tool("ch-query").arg(&insert).stdin("\n\n").run();
    run.fails_with(1).stderr_has("wrote 0 rows");
}

#[test]
fn an_error_in_the_middle_of_the_rows_is_found_live() {
    let Some(stack) = stack() else { return };
    let sql = "SELECT number, throwIf(number = 1000000) AS x FROM system.numbers LIMIT 2000000";
    for format in ["JSONEachRow", "CSV", "RowBinary"] {
        let args = ["--format", format, "-s", "wait_end_of_query=0", sql];
        let run = stack.scene().tool("ch-query").args(args).run();
        run.fails_with(1)
            .stderr_has("code 395 (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO): Value passed to 'throwIf'");
        assert!(run.stdout.len() > 1 << 20, "{}", run.stdout.len());
        assert!(!run.stdout.windows(13).any(|window| window == b"__exception__"));
        if format == "JSONEachRow" {
            assert!(run.stdout.ends_with(b"}\n"));
            let rows = memchr_count(&run.stdout);
            run.stderr_has(format!("ch-query: {rows} rows were printed before: code 395"));
        }
    }
}

fn memchr_count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

#[test]
fn refused_credentials_and_a_wrong_port_differ_live() {
    let Some(stack) = stack() else { return };
    let scene = stack.scene().env("CLICKHOUSE_PASSWORD", "wrong-one");
    let run = scene.tool("ch-query").arg("SELECT 1").run();
    run.fails_with(2)
        .never_says("wrong-one")
        .stderr_has("code 516 (AUTHENTICATION_FAILED)")
        .stderr_has("\nhint: set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD in .env or the environment\n");
    scene.tool("ch-query").arg("--ping").run().succeeds().stdout_has("\"ping\":\"Ok.\"");
    let url = format!("http://{}", RawServer::nobody());
    scene
        .tool("ch-query")
        .args(["--url", &url, "SELECT 1"])
        .run()
        .fails_with(3)
        .stderr_has("connection refused");
}

#[test]
fn a_file_of_statements_runs_live() {
    let Some(stack) = stack() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("file"));
    scene.file(
        "all.sql",
        format!(
            "/* one; /* nested; */ */\nCREATE TABLE {table} (a Int32, b String) ENGINE = Memory;\n\
             INSERT INTO {table} VALUES (1, 'x;y'), (2, $$it's;$$);\n\
             INSERT INTO {table} FORMAT CSV\n3,\"q;\"\n4,r\n\n\
             SET max_result_rows = 3;\n\
             SELECT * FROM {table} ORDER BY a LIMIT 3; # the first ones\n\
             SELECT * FROM {table} ORDER BY a -- one too many\n"
        ),
    );
    let run = scene.tool("ch-query").args(["-f", "all.sql"]).run().replace(&table, "TABLE");
    run.fails_with(1)
        .stdout_is("{\"a\":1,\"b\":\"x;y\"}\n{\"a\":2,\"b\":\"it's;\"}\n{\"a\":3,\"b\":\"q;\"}\n")
        .stderr_has("ch-query: all.sql:10: code 396 (TOO_MANY_ROWS_OR_BYTES)");
}

#[test]
fn a_refusal_is_read_while_200_megabytes_are_being_sent_live() {
    let Some(stack) = stack() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("early"));
    stack.clickhouse(&format!("CREATE TABLE {table} (id UInt64) ENGINE = Null"));
    let send = |first: &'static str| {
        let insert = format!("INSERT INTO {table} FORMAT JSONEachRow");
        scene.tool("ch-query").arg(insert).stdin_with(move |stdin| {
            stdin.write_all(first.as_bytes())?;
            let rows = "{\"id\":1234567}\n".repeat(70_000);
            (0..200).try_for_each(|_| stdin.write_all(rows.as_bytes()))
        })
    };
    let run = send("{\"id\":\"no number\"}\n").run();
    run.fails_with(1).stderr_has("ch-query: code ").stderr_has("Cannot parse");
    assert!(run.peak_memory < 100 << 20, "{} bytes", run.peak_memory);
    let run = send("").env("CLICKHOUSE_PASSWORD", "wrong-one").run();
    run.fails_with(2).stderr_has("code 516 (AUTHENTICATION_FAILED)");
}

#[test]
fn ended_early_the_query_is_gone_from_the_server_live() {
    let Some(stack) = stack() else { return };
    let scene = stack.scene();
    let id = stack.unique("ch-query-test-");
    let endless = "SELECT number FROM system.numbers SETTINGS max_block_size = 1000";
    let run = scene.tool("ch-query").args(["--query-id", &id, endless]).pipe_to(&["head", "-1"]).run();
    run.succeeds().stdout_is("{\"number\":0}\n").stderr_is("");
    ensure_gone(&stack, &id);

    let id = stack.unique("ch-query-test-");
    let slow = "SELECT sum(sleepEachRow(0.01)) FROM system.numbers SETTINGS max_block_size = 10";
    let mut running = scene.tool("ch-query").args(["--query-id", &id, slow]).spawn();
    let begun = Instant::now();
    while stack.clickhouse(&running_query(&id)) == "0\n" {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal(Signal::Interrupt);
    let said = format!("ch-query: interrupted: the query was cancelled (query id {id})\n");
    running.wait().fails_with(130).stdout_is("").stderr_is(said);
    ensure_gone(&stack, &id);
}

fn running_query(id: &str) -> String {
    format!("SELECT count() FROM system.processes WHERE query_id = '{id}'")
}

fn ensure_gone(stack: &Stack, id: &str) {
    let begun = Instant::now();
    while stack.clickhouse(&running_query(id)) != "0\n" {
        assert!(begun.elapsed() < Duration::from_secs(60), "{id} still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}
