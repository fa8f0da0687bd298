//! `ch-query insert` into the real ClickHouse: bad rows, killed runs, lost answers, endless pipes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kch_test::live::{self, Service, Stack};
use kch_test::{Scene, Signal};

/// A table of events that deduplicates.
fn table(stack: &Stack, name: &str) -> String {
    let table = stack.unique_table(name);
    stack.clickhouse(&format!(
        "CREATE TABLE {table} (id Int64, payload String) ENGINE = MergeTree ORDER BY id \
         SETTINGS non_replicated_deduplication_window = 1000"
    ));
    table
}

fn need() -> Option<Stack> {
    live::need(&[Service::ClickHouse])
}

fn row(id: u64) -> String {
    format!("{{\"id\":{id},\"payload\":\"payload of event {id}\"}}\n")
}

/// Rows, distinct ids, the sum of the ids.
fn account(stack: &Stack, table: &str) -> String {
    stack.clickhouse(&format!("SELECT count(), uniqExact(id), sum(id) FROM {table}"))
}

fn whole(count: u64) -> String {
    format!("{count}\t{count}\t{}\n", count * (count - 1) / 2)
}

/// What `avro-consume --envelope` prints of a topic with three partitions and ids from 0.
fn envelopes(count: u64) -> String {
    let line = |id: u64| {
        format!(
            "{{\"topic\":\"t\",\"partition\":{},\"offset\":{},\"timestamp\":\"2026-11-22T10:00:00.123Z\",\"key\":null,\
             \"value\":{},\"headers\":[],\"key_schema_id\":null,\"value_schema_id\":2}}\n",
            id % 3,
            id / 3,
            row(id).trim_end()
        )
    };
    (0..count).map(line).collect()
}

#[test]
fn one_bad_row_in_the_middle_of_100000_is_kept_and_all_others_are_in_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "bisect"));
    let mut lines: Vec<String> = (0..100_000).map(row).collect();
    lines[50_000] = "{\"id\":\"fifty thousand\",\"payload\":\"\"}\n".to_owned();
    lines[77_000] = "{\"id\":77000,\"paylod\":\"\"}\n".to_owned();
    let offset: usize = lines[..50_000].iter().map(String::len).sum();
    // Nothing is sent before all is read, however long that takes.
    let args = ["insert", &table, "--rejects", "bad.jsonl", "--flush", "60s"];
    let run = scene.tool("ch-query").args(args).stdin(lines.concat()).run();
    run.fails_with(1)
        .stdout_is("")
        .stderr_is(format!(
            "ch-query: 99998 of 100000 lines inserted into {table}, 2 refused\nhint: --ignore-unknown passes over such \
             fields; `ch-query check {table} SUBJECT|FILE` writes the ALTER TABLE for them\n"
        ));
    let bad: Vec<serde_json::Value> =
        scene.read("bad.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(bad[0]["line"], 50_001);
    assert_eq!(bad[0]["offset"], offset);
    assert_eq!(bad[0]["raw"], lines[50_000].trim_end());
    assert!(bad[0]["error"].as_str().unwrap().starts_with("Cannot parse input: expected"), "{}", bad[0]);
    assert_eq!((&bad[1]["line"], &bad[1]["code"]), (&77_001.into(), &117.into()));
    assert!(bad[1]["error"].as_str().unwrap().ends_with("(did you mean payload?)"), "{}", bad[1]);
    // Cut at two bad rows, and still one part: the good rows went in together.
    let parts = format!("SELECT count() FROM system.parts WHERE table = '{table}' AND active");
    assert_eq!(stack.clickhouse(&parts), "1\n");
    let sum: u64 = (0..100_000).filter(|id| ![50_000, 77_000].contains(id)).sum();
    assert_eq!(account(&stack, &table), format!("99998\t99998\t{sum}\n"));
}

#[test]
fn rows_that_break_a_constraint_or_have_no_row_number_are_found_too_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("constraint"));
    stack.clickhouse(&format!(
        "CREATE TABLE {table} (id Int64, CONSTRAINT small CHECK id != 500) ENGINE = MergeTree ORDER BY id"
    ));
    let lines: String = (0..1000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let run = scene.tool("ch-query").args(["insert", &table]).stdin(lines).run();
    run.fails_with(1)
        .stderr_has("ch-query: stdin:501: code 469 (VIOLATED_CONSTRAINT): Constraint `small`")
        .stderr_has(format!("ch-query: 999 of 1000 lines inserted into {table}, 1 refused\n"));
    assert_eq!(stack.clickhouse(&format!("SELECT count(), countIf(id = 500) FROM {table}")), "999\t0\n");
}

#[test]
fn an_endless_pipe_keeps_inserting_and_an_interrupt_keeps_whole_lines_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "endless"));
    let mut running =
        scene.tool("ch-query").args(["insert", &table, "--flush", "100ms"]).stdin_open().spawn();
    for count in 1..=3 {
        running.write(row(count - 1));
        until(&stack, &format!("SELECT count() FROM {table}"), &format!("{count}\n"));
    }
    running.write(row(3)).write("{\"id\":4,");
    until(&stack, &format!("SELECT count() FROM {table}"), "4\n");
    running.signal(Signal::Interrupt);
    let said = format!("ch-query: 4 of 4 lines inserted into {table}\n");
    running.wait_with_open_stdin().fails_with(130).stdout_is("").stderr_is(said);
    assert_eq!(account(&stack, &table), whole(4));
}

#[test]
fn a_run_that_is_killed_again_and_again_inserts_each_record_once_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "killed"));
    const COUNT: u64 = 60_000;
    scene.file("all.jsonl", envelopes(COUNT));
    let insert = || {
        let args = ["insert", &table, "--envelope", "--state", "at.json", "--batch-rows", "1000"];
        scene.tool("ch-query").args(args).stdin_file("all.jsonl")
    };
    let mut kills = 0;
    for rows in [1, 7_000, 20_000, 33_000, 48_000] {
        let mut running = insert().spawn();
        let begun = Instant::now();
        while running.is_running() && begun.elapsed() < Duration::from_secs(60) {
            let count = stack.clickhouse(&format!("SELECT count() FROM {table}"));
            if count.trim().parse::<u64>().unwrap() >= rows {
                break;
            }
        }
        if running.is_running() {
            running.signal(Signal::Kill);
            kills += 1;
        }
        let _ = running.wait();
    }
    assert!(kills > 0, "the machine is too fast for this test: more records");
    insert().run().succeeds();
    assert_eq!(account(&stack, &table), whole(COUNT));
    assert_eq!(scene.read("at.json"), "{\"t\":{\"0\":20000,\"1\":20000,\"2\":20000}}\n");
    let database = stack.setting("CLICKHOUSE_DATABASE");
    assert_eq!(
        scene.read("at.json.pending"),
        format!("{{\"table\":\"{database}.{table}\",\"batches\":[]}}\n")
    );
    // Once more adds nothing.
    let run = insert().arg("--stats").run();
    run.succeeds().stderr_has("\"inserted\":0,").stderr_has(format!("\"skipped\":{COUNT},"));
    assert_eq!(account(&stack, &table), whole(COUNT));
    let run = insert().run();
    run.succeeds()
        .stderr_is(format!("ch-query: 0 of {COUNT} lines inserted into {table}, {COUNT} in already\n"));
}

#[test]
fn a_batch_on_its_way_that_does_not_come_again_is_missed_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "missed"));
    let pending = "[{\"token\":\"x\",\"ranges\":{\"t\":{\"0\":[5,7]}}}]";
    let database = stack.setting("CLICKHOUSE_DATABASE");
    scene.file("at.json.pending", format!("{{\"table\":\"{database}.{table}\",\"batches\":{pending}}}"));
    let args = ["insert", &table, "--envelope", "--state", "at.json"];
    let run = scene.tool("ch-query").args(args).stdin(envelopes(3)).run();
    run.fails_with(1).stderr_has(
        "ch-query: records 5 to 6 of t, partition 0 were on their way when the last run ended, and did not all come again",
    );
    assert!(scene.read("at.json.pending").contains("\"token\":\"x\""));
}

#[test]
fn tombstones_are_passed_over_and_bad_values_are_kept_with_their_place_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "envelope"));
    let lines = envelopes(3).replace(row(1).trim_end(), "null").replace("{\"id\":2,", "{\"id\":\"two\",");
    let args = ["insert", &table, "--envelope", "--rejects", "bad.jsonl"];
    let run = scene.tool("ch-query").args(args).stdin(lines).run();
    run.fails_with(1)
        .stderr_is(format!("ch-query: 1 of 3 lines inserted into {table}, 1 refused, 1 without a value\n"));
    let bad: serde_json::Value = serde_json::from_str(&scene.read("bad.jsonl")).unwrap();
    assert_eq!(bad["record"], serde_json::json!({"topic": "t", "partition": 2, "offset": 0}));
    assert_eq!(bad["raw"], "{\"id\":\"two\",\"payload\":\"payload of event 2\"}");
}

#[test]
fn an_answer_that_is_lost_doubles_nothing_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "lost"));
    let proxy = Proxy::start(stack.setting("CLICKHOUSE_HTTP"), 2);
    let args = ["insert", &table, "--batch-rows", "1000", "--stats", "--url", &proxy.url];
    let lines: String = (0..3000).map(row).collect();
    let run = scene.tool("ch-query").args(args).stdin(lines).run();
    run.succeeds().stderr_has("\"inserted\":3000,").stderr_has("\"retries\":2,");
    assert_eq!(proxy.lost.load(Ordering::SeqCst), 2);
    assert_eq!(account(&stack, &table), whole(3000));
}

#[test]
fn a_load_with_a_name_adds_nothing_twice_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "named"));
    let lines: String = (0..2500).map(row).collect();
    let load = |name: &str, lines: &str| {
        let args = ["insert", &table, "--token", name, "--batch-rows", "1000"];
        scene.tool("ch-query").args(args).stdin(lines).run().succeeds().stderr_is("");
        stack.clickhouse(&format!("SELECT count() FROM {table}"))
    };
    assert_eq!(load("monday", &lines), "2500\n");
    assert_eq!(load("monday", &lines), "2500\n");
    assert_eq!(load("monday", &lines.replace("payload of", "changed")), "5000\n");
    assert_eq!(load("tuesday", &lines), "7500\n");
}

#[test]
fn a_dry_run_says_what_would_be_refused_and_inserts_nothing_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "dry"));
    let lines = format!("{}{{\"id\":\"x\"}}\n{}", row(1), row(2));
    let run = scene.tool("ch-query").args(["insert", &table, "--dry-run"]).stdin(lines).run();
    run.fails_with(1)
        .stderr_has("ch-query: stdin:2: code 27 (CANNOT_PARSE_INPUT_ASSERTION_FAILED): ")
        .stderr_has(format!("ch-query: 2 of 3 lines would go into {table}, 1 refused\n"));
    assert_eq!(stack.clickhouse(&format!("SELECT count() FROM {table}")), "0\n");
}

#[test]
fn a_field_that_the_table_lacks_is_refused_or_passed_over_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "unknown"));
    let line = row(0).replace("{", "{\"pay_load\":\"x\",");
    let insert = |flags: &[&str]| {
        scene.tool("ch-query").args(["insert", &table]).args(flags).stdin(line.as_str()).run()
    };
    insert(&[]).fails_with(1).stderr_has("pay_load").stderr_has("(did you mean payload?)");
    insert(&["--ignore-unknown", "--dry-run"]).succeeds();
    assert_eq!(stack.clickhouse(&format!("SELECT count() FROM {table}")), "0\n");
    insert(&["--ignore-unknown"]).succeeds().stderr_is("");
    assert_eq!(account(&stack, &table), whole(1));
}

/// ClickHouse itself passes over them in silence.
#[test]
fn so_is_a_field_that_a_tuple_of_the_table_lacks_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("tuples"));
    stack.clickhouse(&format!("CREATE TABLE {table} (a Array(Tuple(x Int32, y Int32))) ENGINE = Memory"));
    let lines = "{\"a\":[{\"x\":1,\"z\":2}]}\n{\"a\":[{\"x\":1,\"y\":2,\"z\":3}]}\n{\"a\":[{\"x\":4}]}\n";
    let insert =
        |flags: &[&str]| scene.tool("ch-query").args(["insert", &table]).args(flags).stdin(lines).run();
    let hint =
        format!("hint: --ignore-unknown passes over such fields; `ch-query check {table} SUBJECT|FILE` ");
    insert(&["--dry-run"])
        .fails_with(1)
        .stderr_has(
            "stdin:1: code 10 (NOT_FOUND_COLUMN_IN_BLOCK): Tuple doesn't have element with name 'z': (while",
        )
        .stderr_has(
            "stdin:2: code 117 (INCORRECT_DATA): Unexpected number of elements in named tuple. Expected no",
        )
        .stderr_has("1 of 3 lines would go into")
        .stderr_has(hint);
    insert(&["--ignore-unknown"]).succeeds().stderr_is("");
    assert_eq!(
        stack.clickhouse(&format!("SELECT a.x, a.y FROM {table} FORMAT CSV")),
        "\"[1]\",\"[0]\"\n\"[1]\",\"[2]\"\n\"[4]\",\"[0]\"\n"
    );
}

/// ClickHouse gathers the rows of several inserts then, and still answers for each of them.
#[test]
fn asynchronous_inserts_are_counted_truly_or_not_at_all_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), table(&stack, "async"));
    let lines = format!("{}{{\"id\":\"x\"}}\n{}", row(0), row(1));
    let insert = |flags: &[&str]| {
        scene.tool("ch-query").args(["insert", &table, "--stats"]).args(flags).stdin(lines.as_str()).run()
    };
    insert(&["-s", "async_insert=1"]).fails_with(1).stderr_has("\"inserted\":2,\"refused\":1,");
    assert_eq!(account(&stack, &table), whole(2));
    insert(&["-s", "async_insert=1", "-s", "wait_for_async_insert=0"])
        .fails_with(2)
        .stderr_has("wait_for_async_insert = 0: ClickHouse would answer before the rows are in");
    assert_eq!(account(&stack, &table), whole(2));
}

#[test]
fn a_table_that_is_not_there_is_named_with_its_neighbour_live() {
    let Some(stack) = need() else { return };
    let table = table(&stack, "near");
    let typo = format!("{table}x");
    let run = stack.scene().tool("ch-query").args(["insert", &typo]).stdin("{}\n").run();
    run.fails_with(1).stderr_is(format!("ch-query: there is no table {typo}\nhint: did you mean {table}?\n"));
}

#[test]
fn packed_lines_arrive_and_memory_stays_flat_live() {
    let Some(stack) = need() else { return };
    let (scene, table) = (stack.scene(), stack.unique_table("flat"));
    stack.clickhouse(&format!("CREATE TABLE {table} (id Int64, payload String) ENGINE = Null"));
    let feed = |scene: &Scene, args: &[&str]| {
        scene.tool("ch-query").args(["insert", &table, "--stats"]).args(args).stdin_with(|stdin| {
            let rows: String = (0..20_000).map(row).collect();
            (0..30).try_for_each(|_| stdin.write_all(rows.as_bytes()))
        })
    };
    for compression in ["none", "zstd", "gzip"] {
        let run = feed(&scene, &["--compress", compression]).run();
        run.succeeds().stderr_has("\"inserted\":600000,");
        assert!(run.peak_memory < 150 << 20, "{compression}: {} bytes", run.peak_memory);
    }
}

fn until(stack: &Stack, sql: &str, answer: &str) {
    let begun = Instant::now();
    while stack.clickhouse(sql) != answer {
        assert!(begun.elapsed() < Duration::from_secs(40), "{sql} is never {answer}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Passes bytes on, and loses the answers to the first INSERTs.
struct Proxy {
    url: String,
    lost: Arc<AtomicUsize>,
}

impl Proxy {
    fn start(server: &str, lose: usize) -> Proxy {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        let lost = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&lost);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, counter) =
                    (TcpStream::connect(&server).expect("the server"), Arc::clone(&counter));
                std::thread::spawn(move || pass(client, server, lose, &counter));
            }
        });
        Proxy { url, lost }
    }
}

fn pass(mut client: TcpStream, server: TcpStream, lose: usize, lost: &AtomicUsize) {
    let inserts = Arc::<AtomicUsize>::default();
    let (mut up, mut requests, seen) = (
        server.try_clone().expect("a second handle"),
        client.try_clone().expect("a second handle"),
        Arc::clone(&inserts),
    );
    std::thread::spawn(move || {
        let mut chunk = [0; 64 << 10];
        while let Ok(count @ 1..) = requests.read(&mut chunk) {
            if chunk[..count].windows(26).any(|window| window == b"insert_deduplication_token") {
                seen.fetch_add(1, Ordering::SeqCst);
            }
            if up.write_all(&chunk[..count]).is_err() {
                break;
            }
        }
        let _ = up.shutdown(std::net::Shutdown::Both);
    });
    let mut server = server;
    let mut chunk = [0; 64 << 10];
    while let Ok(count @ 1..) = server.read(&mut chunk) {
        // The server has answered, so the rows are in: the client does not get to know.
        if inserts.load(Ordering::SeqCst) > 0 && lost.load(Ordering::SeqCst) < lose {
            lost.fetch_add(1, Ordering::SeqCst);
            let _ = client.shutdown(std::net::Shutdown::Both);
            return;
        }
        if client.write_all(&chunk[..count]).is_err() {
            return;
        }
    }
}
