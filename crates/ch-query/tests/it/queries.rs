//! Queries of all kinds against the real ClickHouse: parameters from lines, stdin as a table, polling, killing, huge
//! answers.

use kch_test::RawServer;
use kch_test::live::{self, Service, Stack};

use crate::wait_until;

fn need() -> Option<Stack> {
    live::need(&[Service::ClickHouse])
}

#[test]
fn each_line_is_one_execution_with_typed_parameters_live() {
    let Some(stack) = need() else { return };
    let scene = stack.scene();
    let lines = "{\"id\":18446744073709551615,\"s\":\"it's\\t\\\\N\",\"l\":[\"a'b\",null],\"m\":{\"k\":1.50},\"n\":null}\n\n\
                 {\"id\":2,\"s\":\"'); DROP TABLE x; --\",\"l\":[],\"m\":{},\"n\":7}\n";
    let sql = "SELECT {id:UInt64} AS id, {s:String} AS s, {l:Array(Nullable(String))} AS l, \
               {m:Map(String, Decimal(9, 2))} AS m, {n:Nullable(Int8)} AS n";
    let run = scene.tool("ch-query").args(["--each", sql]).stdin(lines).run();
    run.succeeds().stderr_is("").stdout_is(
        "{\"id\":18446744073709551615,\"s\":\"it's\\t\\\\N\",\"l\":[\"a'b\",null],\"m\":{\"k\":1.5},\"n\":null}\n\
         {\"id\":2,\"s\":\"'); DROP TABLE x; --\",\"l\":[],\"m\":{},\"n\":7}\n",
    );
    let table = stack.unique_table("each");
    stack.clickhouse(&format!("CREATE TABLE {table} (id Int64) ENGINE = MergeTree ORDER BY id"));
    let insert = format!("INSERT INTO {table} VALUES ({{id:Int64}})");
    let lines = "{\"id\":1}\n{\"id\":\"x\"}\n{\"id\":3}\n";
    let run = scene.tool("ch-query").args(["--each", &insert]).stdin(lines).run();
    run.fails_with(1).stderr_has("ch-query: stdin:2: code ");
    assert_eq!(stack.clickhouse(&format!("SELECT groupArray(id) FROM {table}")), "[1]\n");
    let run = scene.tool("ch-query").args(["--each", "SELECT 1"]).stdin("{\"a\":1\n").run();
    run.fails_with(1).stderr_has("ch-query: stdin:1: not a JSON object: ");
}

#[test]
fn lists_are_parameters_of_the_command_line_too_live() {
    let Some(stack) = need() else { return };
    let args = ["-p", r"l=['a\'b','c']", "-p", r"s=a\b", "SELECT {l:Array(String)} AS l, {s:String} AS s"];
    let run = stack.scene().tool("ch-query").args(args).run();
    run.succeeds().stdout_is("{\"l\":[\"a'b\",\"c\"],\"s\":\"a\\\\b\"}\n");
}

#[test]
fn stdin_is_a_table_of_the_query_live() {
    let Some(stack) = need() else { return };
    let scene = stack.scene();
    let lines = "{\"id\":3,\"name\":\"c$$'\",\"at\":{\"x\":1}}\n{\"id\":5,\"name\":\"e\"}\n";
    let sql = "SELECT number, name, at.x AS x FROM numbers(10) AS n JOIN ids ON toInt64(n.number) = ids.id ORDER BY number";
    let run = scene.tool("ch-query").args(["--table", "ids", sql]).stdin(lines).run();
    run.succeeds()
        .stderr_is("")
        .stdout_is("{\"number\":3,\"name\":\"c$$'\",\"x\":1}\n{\"number\":5,\"name\":\"e\",\"x\":null}\n");
    let args = [
        "--table",
        "ids",
        "--structure",
        "id UInt8",
        "SELECT sum(id) AS s, toTypeName(id) AS t FROM ids GROUP BY t",
    ];
    let run = scene.tool("ch-query").args(args).stdin("{\"id\":1}\n{\"id\":2}\n").run();
    run.succeeds().stdout_is("{\"s\":3,\"t\":\"UInt8\"}\n");
    // More than the sample, and more than one chunk.
    let many: String = (0..200_000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let run = scene
        .tool("ch-query")
        .args(["--table", "ids", "SELECT count() AS n, max(id) AS m FROM ids"])
        .stdin(many)
        .run();
    run.succeeds().stdout_is("{\"n\":200000,\"m\":199999}\n");
    let run = scene.tool("ch-query").args(["--table", "ids", "SELECT 1"]).stdin("").run();
    run.fails_with(1).stderr_has(
        "--table: stdin has no lines, so its columns are not known\nhint: give them: --structure",
    );
}

#[test]
fn a_condition_is_waited_for_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("until"));
    stack.clickhouse(&format!("CREATE TABLE {table} (id Int64) ENGINE = MergeTree ORDER BY id"));
    let count = format!("SELECT count() AS n FROM {table} -- rows");
    let mut running = scene.tool("ch-query").args(["--until", "n >= 2", &count]).spawn();
    for id in 1..=2 {
        assert!(running.is_running());
        stack.clickhouse(&format!("INSERT INTO {table} VALUES ({id})"));
    }
    running.wait().succeeds().stdout_is("{\"n\":2}\n").stderr_is("");
    let run = scene.tool("ch-query").args(["--until", "n > 5", "--timeout", "300ms", &count]).run();
    run.fails_with(3)
        .stdout_is("")
        .stderr_is("ch-query: after 0.3 s no row fulfils n > 5: the first one is {\"n\":2}\n");
    let run = scene.tool("ch-query").args(["--until", "m > 5", &count]).run();
    run.fails_with(1).stderr_has("UNKNOWN_IDENTIFIER");
    let url = format!("http://{}", RawServer::nobody());
    let run =
        scene.tool("ch-query").args(["--url", &url, "--until", "1", "--timeout", "300ms", "SELECT 1"]).run();
    run.fails_with(3)
        .stderr_has("ch-query: after 0.3 s no row fulfils 1: ClickHouse at ")
        .stderr_has("connection refused");
}

#[test]
fn a_query_that_is_killed_on_the_server_has_failed_live() {
    let Some(stack) = need() else { return };
    let id = stack.unique("ch-query-killed-");
    let slow = "SELECT number, sleepEachRow(0.01) FROM system.numbers SETTINGS max_block_size = 10";
    let mut running = stack.scene().tool("ch-query").args(["--query-id", &id, slow]).spawn();
    running.until_stdout("\"number\":10,");
    stack.clickhouse(&format!("KILL QUERY WHERE query_id = '{id}' ASYNC"));
    running.wait().fails_with(1).stderr_has("rows were printed before: code 394 (QUERY_WAS_CANCELLED)");
}

#[test]
fn an_error_behind_a_gigabyte_of_rows_is_found_in_flat_memory_live() {
    let Some(stack) = need() else { return };
    let sql = "SELECT repeat('x', 100000) AS x, throwIf(number = 11000) AS t FROM system.numbers \
               SETTINGS max_block_size = 100, max_threads = 1";
    let run =
        stack.scene().tool("ch-query").args(["--format", "JSONEachRow", sql]).pipe_to(&["wc", "-c"]).run();
    run.fails_with(1).stderr_has("code 395 (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)");
    let bytes: u64 = run.stdout_text().trim().parse().unwrap();
    assert!(bytes > 1 << 30, "{bytes}");
    assert!(run.peak_memory < 64 << 20, "{} bytes", run.peak_memory);
}

#[test]
fn an_error_is_found_in_packed_rows_too_live() {
    let Some(stack) = need() else { return };
    let sql = "SELECT randomPrintableASCII(100) AS s, throwIf(number = 200000) AS x FROM system.numbers SETTINGS max_threads = 1";
    for compression in ["gzip", "zstd"] {
        let run = stack.scene().tool("ch-query").args(["--compress", compression, sql]).run();
        run.fails_with(1)
            .stderr_has("rows were printed before: code 395 (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)");
        assert!(run.stdout.ends_with(b"}\n"));
        let sql = "SELECT sum(number) AS s FROM numbers(10)";
        stack
            .scene()
            .tool("ch-query")
            .args(["--compress", compression, sql])
            .run()
            .succeeds()
            .stdout_is("{\"s\":45}\n");
        let run = stack.scene().tool("ch-query").args(["--compress", compression, "SELECT x"]).run();
        run.fails_with(1).stderr_has("UNKNOWN_IDENTIFIER");
    }
}

#[test]
fn an_atomic_answer_is_all_or_nothing_live() {
    let Some(stack) = need() else { return };
    let sql = "SELECT number, throwIf(number = 1000000) AS x FROM system.numbers LIMIT 2000000";
    let run = stack.scene().tool("ch-query").args(["--atomic", sql]).run();
    run.fails_with(1).stdout_is("").stderr_has("code 395");
    let run = stack
        .scene()
        .tool("ch-query")
        .args(["--atomic", "--stats", "SELECT count() AS n FROM numbers(1000)"])
        .run();
    run.succeeds().stdout_is("{\"n\":1000}\n").stderr_has("\"rows\":1,").stderr_has("\"read_rows\":1000,");
}

#[test]
fn nothing_is_changed_when_only_reading_is_allowed_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("readonly"));
    let create = format!("CREATE TABLE {table} (id Int64) ENGINE = Memory");
    let run = scene.tool("ch-query").args(["--readonly", &create]).run();
    run.fails_with(1).stderr_has("code 164 (READONLY)").stderr_has("hint: --readonly, or ");
    assert_eq!(stack.clickhouse(&format!("EXISTS TABLE {table}")), "0\n");
    scene.tool("ch-query").args(["--readonly", "SELECT 1 AS a"]).run().succeeds().stdout_is("{\"a\":1}\n");
    stack.clickhouse(&create);
    let run = scene.tool("ch-query").args(["--readonly", "insert", &table]).stdin("{\"id\":1}\n").run();
    run.fails_with(1).stderr_has("code 164 (READONLY)");
    assert_eq!(stack.clickhouse(&format!("SELECT count() FROM {table}")), "0\n");
}

#[test]
fn tables_and_columns_are_rows_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("catalog"));
    stack.clickhouse(&format!(
        "CREATE TABLE {table} (id Int64 COMMENT 'the key', day Date DEFAULT today()) ENGINE = MergeTree ORDER BY id PARTITION BY day"
    ));
    let run = scene.tool("ch-query").args(["tables", &table]).run();
    assert_eq!(run.json_lines()[0]["engine"], "MergeTree");
    let run = scene.tool("ch-query").args(["describe", &table]).run();
    run.succeeds().stdout_is(
        "{\"name\":\"id\",\"type\":\"Int64\",\"default_kind\":\"\",\"default_expression\":\"\",\"comment\":\"the key\",\
         \"in_sorting_key\":true,\"in_partition_key\":false}\n\
         {\"name\":\"day\",\"type\":\"Date\",\"default_kind\":\"DEFAULT\",\"default_expression\":\"today()\",\"comment\":\"\",\
         \"in_sorting_key\":false,\"in_partition_key\":true}\n",
    );
    let globbed = format!("{}?", &table[..table.len() - 1]);
    let run = scene.tool("ch-query").args(["tables", &globbed.replace("test_", "*_")]).run();
    assert!(run.json_lines().iter().any(|row| row["name"] == table.as_str()));
    scene.tool("ch-query").args(["tables", &table]).on_terminal().run().succeeds().stdout_has("name ");
    let run = scene.tool("ch-query").args(["describe", &format!("{table}x")]).run();
    run.fails_with(1).stderr_has(format!("hint: did you mean {table}?"));
    let run = scene.tool("ch-query").args(["tables", "-d", "no_such_database"]).run();
    run.fails_with(1).stderr_has("UNKNOWN_DATABASE");
}

#[test]
fn a_syntax_error_has_a_caret_under_its_place_live() {
    let Some(stack) = need() else { return };
    let run = stack.scene().tool("ch-query").args(["--query-id", "q", "SELECT 1,\n  2 FORM x y"]).run();
    run.fails_with(1).stderr_is(
        "ch-query: code 62 (SYNTAX_ERROR): Syntax error: failed at position 20 (x) (line 2, col 10): x y (query id q)\n  \
         \x20 2 FORM x y\n           ^\n",
    );
}

#[test]
fn progress_is_shown_on_a_terminal_only_live() {
    let Some(stack) = need() else { return };
    let sql = "SELECT sum(sleepEachRow(0.02)) AS s FROM numbers(100) SETTINGS max_block_size = 10";
    let scene = stack.scene();
    scene.tool("ch-query").arg(sql).run().succeeds().stderr_is("");
    // `script` makes stderr a terminal; what it prints is the terminal's.
    let line = |flags: &str| format!("script -qec \"ch-query {flags} '{sql}' | cat\" /dev/null");
    let run = scene.shell(&line("")).run();
    run.succeeds().stdout_has(" rows read").stdout_has("{\"s\":0}");
    // On the same terminal, no row begins behind a line of progress.
    let rows = "SELECT number AS n, sleepEachRow(0.4) AS s FROM numbers(4) SETTINGS max_block_size = 1";
    let line_of_both = format!("script -qec \"ch-query -o json '{rows}'\" /dev/null");
    let run = scene.shell(&line_of_both).run();
    run.succeeds().stdout_has(" rows read");
    let text = run.stdout_text();
    let begins: Vec<&str> = text.match_indices("{\"n\"").map(|(at, _)| &text[..at]).collect();
    assert!(
        begins.len() == 4 && begins.iter().all(|before| before.is_empty() || before.ends_with(['\n', 'K'])),
        "{text:?}"
    );
    let run = scene.shell(&line("--no-progress")).run();
    assert!(!run.succeeds().stdout_text().contains("rows read"));
    // Far more lines than an HTTP parser takes, all of them told and none of them left.
    let long =
        "SELECT count() AS n FROM numbers(150) WHERE sleepEachRow(0.01) = 0 SETTINGS max_block_size = 1";
    let heads = "-s send_progress_in_http_headers=1 -s http_headers_progress_interval_ms=1";
    let line = format!("script -qec \"ch-query {heads} '{long}' | cat\" /dev/null");
    scene.shell(&line).run().succeeds().stdout_has(" rows read of 150 (").stdout_has("{\"n\":150}");
    let table = stack.unique_table("progress");
    stack.clickhouse(&format!("CREATE TABLE {table} (id Int64) ENGINE = Null"));
    scene.file("rows.sh", "for id in 1 2 3 4 5; do echo \"{\\\"id\\\":$id}\"; sleep 0.2; done");
    let line = format!("script -qec \"sh rows.sh | ch-query insert {table} --flush 50ms\" /dev/null");
    scene.shell(&line).run().succeeds().stdout_has(" rows in, ").stdout_has("5 of 5 lines inserted");
}

#[test]
fn an_answer_that_is_too_long_is_cut_and_its_query_ends_live() {
    let Some(stack) = need() else { return };
    let (scene, id) = (stack.scene(), stack.unique("cut"));
    let run = |args: &[&str]| scene.tool("ch-query").args(args).run();
    run(&["--query-id", &id, "--max-rows", "3", "SELECT number AS n FROM system.numbers"])
        .fails_with(1)
        .stdout_is("{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n")
        .stderr_is(format!(
            "ch-query: the answer was cut after 3 rows, as --max-rows says (query id {id})\n"
        ));
    let running = format!("SELECT count() FROM system.processes WHERE query_id = '{id}'");
    wait_until("the query is gone", || stack.clickhouse(&running) == "0\n");
    run(&["--max-bytes", "10", "SELECT number AS n FROM system.numbers"])
        .fails_with(1)
        .stdout_is("{\"n\":0}\n")
        .stderr_has("the answer was cut after 8 bytes, as --max-bytes says");
    run(&["--max-bytes", "3", "--format", "CSV", "SELECT number FROM system.numbers"])
        .fails_with(1)
        .stdout_is("0\n1");
    // What has no more than that is whole.
    run(&["--max-rows", "3", "--max-bytes", "24", "SELECT number AS n FROM numbers(3)"])
        .succeeds()
        .stdout_is("{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n");
    run(&["--max-rows", "3", "-o", "table", "SELECT 1"]).fails_with(2).stdout_is("").stderr_has(
        "--max-rows: rows are counted in JSON lines, and the answer is PrettyCompact\nhint: -o json",
    );
}

#[test]
fn a_cap_on_rows_lets_statements_without_rows_run_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("capped"));
    let run =
        |sql: &str, stdin: &str| scene.tool("ch-query").args(["--max-rows", "3", sql]).stdin(stdin).run();
    let create = format!("CREATE TABLE {table} (id Int64) ENGINE = MergeTree ORDER BY id");
    run(&create, "").succeeds().stdout_is("").stderr_is("");
    let insert = format!("INSERT INTO {table} VALUES (1); SELECT id FROM {table}");
    run(&insert, "").succeeds().stdout_is("{\"id\":1}\n").stderr_is("");
    run(&format!("INSERT INTO {table} SELECT 2"), "").succeeds().stdout_is("");
    run(&format!("INSERT INTO {table} FORMAT CSV"), "3\n").succeeds().stdout_is("");
    assert_eq!(stack.clickhouse(&format!("SELECT id FROM {table} ORDER BY id")), "1\n2\n3\n");
    // What cannot be counted is refused before anything runs.
    let insert = format!("INSERT INTO {table} VALUES (4)");
    for form in [&["-o", "table"], &["--format", "CSV"]] {
        let run = scene.tool("ch-query").args(["--max-rows", "3"]).args(form).arg(&insert).run();
        run.fails_with(2).stderr_has("--max-rows: rows are counted in JSON lines");
    }
    assert_eq!(stack.clickhouse(&format!("SELECT count() FROM {table}")), "3\n");
}

#[test]
fn rows_are_counted_where_they_are_lines_and_no_array_live() {
    let Some(stack) = need() else { return };
    let scene = stack.scene();
    let run = |args: &[&str]| scene.tool("ch-query").args(["--max-rows", "2"]).args(args).run();
    let setting = "output_format_json_array_of_rows";
    let (three, on) = ("SELECT number AS n FROM numbers(3)", format!("{setting}=1"));
    run(&["-s", &on, three])
        .fails_with(2)
        .stdout_is("")
        .stderr_has(format!("--max-rows: rows are counted in JSON lines, and {setting} makes one array"));
    run(&["-s", &format!("{setting}=0"), three]).fails_with(1).stdout_is("{\"n\":0}\n{\"n\":1}\n");
    run(&[&format!("SET {on}; {three}")]).fails_with(2).stdout_is("").stderr_has("statement 1: --max-rows");
    run(&[&format!("{three} SETTINGS {on}")])
        .fails_with(1)
        .stdout_is("")
        .stderr_has("makes one array of the rows, which --max-rows cannot count");
    let arrays = ["--format", "JSONCompactEachRow", three];
    run(&arrays).fails_with(1).stdout_is("[0]\n[1]\n");
    // Without a cap it is the user's own affair.
    let array = scene.tool("ch-query").args(["-s", &on, "SELECT 1 AS n"]).run();
    array.succeeds().stdout_is("[\n{\"n\":1}\n]\n");
}

#[test]
fn the_server_is_told_who_asks_live() {
    let Some(stack) = need() else { return };
    let scene = stack.scene();
    let sql = "SELECT getSetting('log_comment') AS who";
    scene.tool("ch-query").arg(sql).run().succeeds().stdout_is("{\"who\":\"ch-query\"}\n");
    let named = scene.tool("ch-query").args(["-s", "log_comment=nightly", sql]).run();
    named.succeeds().stdout_is("{\"who\":\"nightly\"}\n");
    let table = stack.unique_table("who");
    stack.clickhouse(&format!(
        "CREATE TABLE {table} (id Int64, who String DEFAULT getSetting('log_comment')) ENGINE = MergeTree ORDER BY id"
    ));
    scene.tool("ch-query").args(["insert", &table]).stdin("{\"id\":1}\n").run().succeeds();
    assert_eq!(stack.clickhouse(&format!("SELECT who FROM {table}")), "ch-query insert\n");
}
