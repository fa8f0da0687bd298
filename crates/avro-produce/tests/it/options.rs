//! Flags, each by its effect.

use rdkafka::message::{Headers as _, Message as _, OwnedMessage};
use serde_json::{Value, json};

use crate::{Desk, event};

fn line(id: u8) -> String {
    format!("{{\"id\":{id},\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\"}}\n")
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn skip_goes_past_bad_lines_keeps_them_and_ends_with_1() {
    let desk = Desk::new();
    let lines = format!("{}oops\n{}{{\"id\":\"x\"}}\n{}", line(1), line(2), line(3));
    let args = ["-t", "t", "--on-error", "skip", "--rejects", "bad.jsonl"];
    desk.scene
        .tool("avro-produce")
        .args(args)
        .stdin(lines)
        .run()
        .fails_with(1)
        .stderr_is("avro-produce: 3 records acknowledged, 2 lines refused\n");
    assert_eq!(desk.values(3), [1, 2, 3].map(|id| event(id, "s", "t", "p")));
    let rejects = json_lines(&desk.scene.read("bad.jsonl"));
    let offset = line(1).len();
    assert_eq!(
        rejects[0],
        json!({"line": 2, "offset": offset, "pointer": null, "expected": "JSON", "got": null, "error": "not JSON", "raw": "oops"})
    );
    assert_eq!(rejects[1]["line"], 4);
    assert_eq!(rejects[1]["pointer"], "/id");
    assert_eq!(rejects[1]["expected"], "long");
    assert_eq!(rejects[1]["got"], "string \"x\"");
    assert_eq!(rejects[1]["raw"], "{\"id\":\"x\"}");
}

#[test]
fn skip_without_a_file_names_each_line() {
    let desk = Desk::new();
    let args = ["-t", "t", "--on-error", "skip"];
    desk.scene
        .tool("avro-produce")
        .args(args)
        .stdin(format!("oops\n{}", line(1)))
        .run()
        .fails_with(1)
        .stderr_is(
            "avro-produce: stdin:1: not JSON\nhint: --format text sends lines as they are\n\
         avro-produce: 1 record acknowledged, 1 line refused\n",
        );
}

#[test]
fn dlq_sends_bad_lines_to_their_topic() {
    let desk = Desk::new();
    desk.mock.create_topic("bad", 1, 1);
    let args = ["-t", "t", "--on-error", "dlq", "--dlq-topic", "bad"];
    desk.scene
        .tool("avro-produce")
        .args(args)
        .stdin(format!("{}oops\n", line(1)))
        .run()
        .fails_with(1)
        .stderr_is("avro-produce: 1 record acknowledged, 1 line refused, 1 on the dead-letter topic\n");
    let letters = desk.records("bad", 1);
    let letter: Value = serde_json::from_slice(letters[0].payload().unwrap()).unwrap();
    assert_eq!((&letter["line"], &letter["raw"]), (&json!(2), &json!("oops")));
    assert_eq!(desk.values(1).len(), 1);
    let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--on-error", "dlq"]);
    tool.run().fails_with(2).stderr_has("--dlq-topic");
}

#[test]
fn flags_for_bad_lines_need_a_run_that_goes_past_them() {
    let desk = Desk::new();
    let run = |args: &[&str]| desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin("1\n").run();
    for on_error in ["fail", "skip"] {
        run(&["--on-error", on_error, "--dlq-topic", "bad"])
            .fails_with(2)
            .stderr_has("hint: --on-error dlq sends them there");
    }
    run(&["--max-errors", "3"]).fails_with(2).stderr_has("hint: --on-error skip, or dlq with --dlq-topic");
    assert_eq!(desk.count(), 0);
}

#[test]
fn a_line_too_long_is_skipped_like_any_other() {
    let desk = Desk::new();
    let lines = format!("{}{}\n{}", line(1), "x".repeat(3 << 20), line(2));
    let args = ["-t", "t", "--max-line", "1", "--on-error", "skip", "--rejects", "bad.jsonl"];
    desk.scene.tool("avro-produce").args(args).stdin(lines).run().fails_with(1);
    assert_eq!(desk.values(2).len(), 2);
    let rejects = json_lines(&desk.scene.read("bad.jsonl"));
    assert_eq!((&rejects[0]["line"], &rejects[0]["raw"]), (&json!(2), &Value::Null));
}

#[test]
fn too_many_bad_lines_stop_the_run() {
    let desk = Desk::new();
    let lines = format!("{}a\nb\nc\n{}", line(1), line(2));
    let run = |limit: &str| {
        let args = ["-t", "t", "--on-error", "skip", "--rejects", "bad.jsonl", "--max-errors", limit];
        desk.scene.tool("avro-produce").args(args).stdin(lines.clone()).run()
    };
    run("1").fails_with(1).stderr_is(
        "avro-produce: 2 of 3 lines were refused, more than --max-errors\n\
         avro-produce: 1 record acknowledged, 2 lines refused; every other line before 4 is in, nothing from it on was sent\n",
    );
    assert_eq!(desk.count(), 1);
    run("3").fails_with(1).stderr_is("avro-produce: 2 records acknowledged, 3 lines refused\n");
    run("50%").fails_with(1).stderr_has("3 of 5 lines were refused, more than --max-errors");
    run("many").fails_with(2);
}

#[test]
fn a_rejects_file_that_cannot_be_written_stops_before_a_reject_is_lost() {
    let desk = Desk::new();
    let run = |file: &str| {
        let args = ["-t", "t", "--on-error", "skip", "--rejects", file];
        desk.scene.tool("avro-produce").args(args).stdin(format!("oops\n{}", line(1))).run()
    };
    run("no/such/dir").fails_with(2).stderr_has("cannot write to no/such/dir: No such file");
    run("/dev/full").fails_with(1).stderr_has("cannot write to /dev/full: No space left on device");
}

#[test]
fn a_key_comes_from_a_field_and_lands_where_java_puts_it() {
    let desk = Desk::new();
    desk.mock.create_topic("keyed", 10, 1);
    let schema = r#"{"subject":"keyed-value","version":1,"id":7,"schema":"\"string\""}"#;
    desk.registry.reply("GET", "/subjects/keyed-value/versions/latest", 200, schema);
    // Kafka's own Utils.murmur2 of these keys, from its unit tests; a partition is (hash & 0x7fffffff) % 10.
    let hashes: [(&str, i32); 3] =
        [("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536)];
    let schema = r#"{"subject":"keyed-value","version":1,"id":7,"schema":
        "{\"type\":\"record\",\"name\":\"K\",\"fields\":[{\"name\":\"k\",\"type\":\"string\"}]}"}"#;
    desk.registry.reset().reply("GET", "/subjects/keyed-value/versions/latest", 200, schema);
    let lines: String = hashes.iter().map(|(key, _)| format!("{{\"k\":\"{key}\"}}\n")).collect();
    let args = ["-t", "keyed", "--key-field", "k"];
    desk.scene.tool("avro-produce").args(args).stdin(lines).run().succeeds();
    let records = desk.records("keyed", 3);
    for (key, hash) in hashes {
        let record = records.iter().find(|record| record.key() == Some(key.as_bytes())).expect(key);
        assert_eq!(record.partition(), (hash & 0x7fff_ffff) % 10, "{key}");
    }
}

#[test]
fn avro_and_json_keys_and_a_missing_key_field() {
    let desk = Desk::new();
    let schema = r#"{"subject":"t-key","version":1,"id":9,"schema":"\"long\""}"#;
    desk.registry.reply("GET", "/subjects/t-key/versions/latest", 200, schema);
    let run =
        |args: &[&str]| desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin(line(1)).run();
    run(&["--key-field", "id", "--key-format", "avro"]).succeeds();
    run(&["--key-field", "source", "--key-format", "json"]).succeeds();
    run(&["--key-field", "nope"])
        .fails_with(1)
        .stderr_has("stdin:1: key field \"nope\": expected a string, number or boolean, found no value");
    let keys: Vec<_> = desk.records("t", 2).iter().map(|record| record.key().unwrap().to_vec()).collect();
    assert_eq!(keys, [b"\x00\x00\x00\x00\x09\x02".to_vec(), b"\"s\"".to_vec()]);
    run(&["--key-format", "json"]).fails_with(2).stderr_has("--key-field");
    run(&["--key-field", "id", "--format", "text"]).fails_with(2);
}

fn headers(record: &OwnedMessage) -> Vec<(String, Option<Vec<u8>>)> {
    let headers = record.headers().into_iter().flat_map(|headers| headers.iter());
    headers.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
}

#[test]
fn headers_and_partition_are_set() {
    let desk = Desk::new();
    desk.mock.create_topic("two", 2, 1);
    desk.registry.reply(
        "GET",
        "/subjects/two-value/versions/latest",
        200,
        r#"{"subject":"two-value","version":1,"id":7,"schema":"\"long\""}"#,
    );
    let args = ["-t", "two", "--partition", "1", "-H", "a=1", "-H", "b=x=y"];
    desk.scene.tool("avro-produce").args(args).stdin("5\n").run().succeeds();
    let records = desk.records("two", 1);
    assert_eq!(records[0].partition(), 1);
    let expected = [("a".to_owned(), Some(b"1".to_vec())), ("b".to_owned(), Some(b"x=y".to_vec()))];
    assert_eq!(headers(&records[0]), expected);
    let run =
        |extra: &[&str]| desk.scene.tool("avro-produce").args(["-t", "two"]).args(extra).stdin("5\n").run();
    run(&["--partition", "7"]).fails_with(1).stderr_has("stdin:1: ");
    run(&["-H", "nope"]).fails_with(2).stderr_has("-H nope: expected KEY=VALUE");
}

#[test]
fn dry_run_sends_nothing_and_needs_no_broker() {
    let desk = Desk::new();
    let run = |lines: &str| {
        let args = ["-t", "t", "--dry-run", "--on-error", "skip", "-b", "127.0.0.1:1"];
        desk.scene.tool("avro-produce").args(args).stdin(lines.to_owned()).run()
    };
    run(&format!("{}{}", line(1), line(2)))
        .succeeds()
        .stderr_is("avro-produce: 2 lines fit, 0 do not; nothing was sent\n");
    run("oops\n5\n").fails_with(1).stderr_has("1 line fits, 1 does not; nothing was sent");
    let stopped = desk.scene.tool("avro-produce").args(["-t", "t", "--dry-run", "-b", "127.0.0.1:1"]);
    stopped.stdin("5\noops\n6\n").run().fails_with(1).stderr_has(
        "1 line fits, 1 does not, the rest was not looked at (--on-error skip goes on); nothing was sent",
    );
    assert_eq!(desk.count(), 0);
}

#[test]
fn report_prints_a_receipt_for_each_record_and_a_closed_reader_does_not_stop_the_sending() {
    let desk = Desk::new();
    let outcome = desk.scene.tool("avro-produce").args(["-t", "t", "--report"]).stdin("1\n\n2\n").run();
    let receipts = outcome.succeeds().json_lines();
    // The mock broker says that this is when it took them.
    let time = "1970-01-01T00:00:01.234Z";
    let receipt = |line: u64, offset: u64| json!({"line": line, "topic": "t", "partition": 0, "offset": offset, "timestamp": time});
    assert_eq!(receipts, [receipt(1, 0), receipt(3, 1)]);
    let many: String = (0..50_000).map(|n| format!("{n}\n")).collect();
    let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--report"]).stdin(many);
    tool.pipe_to(&["head", "-1"]).run().succeeds();
    assert_eq!(desk.count(), 50_002);
}

#[test]
fn resume_begins_at_the_line_that_the_account_named() {
    let desk = Desk::new();
    let run = |lines: String, extra: &[&str]| {
        desk.scene.tool("avro-produce").args(["-t", "t"]).args(extra).stdin(lines).run()
    };
    run(format!("{}oops\n{}", line(1), line(3)), &[]).fails_with(1).stderr_has("every line before 2 is in");
    run(format!("{}{}{}", line(1), line(2), line(3)), &["--resume-from", "2"]).succeeds();
    run(line(1), &["--resume-from", "2"]).succeeds().stderr_is("");
    run(line(1), &["--resume-from", "20"])
        .succeeds()
        .stderr_is("avro-produce: warning: --resume-from 20: stdin ends at line 1\n");
    assert_eq!(desk.values(3), [1, 2, 3].map(|id| event(id, "s", "t", "p")));
}

#[test]
fn a_schema_is_chosen_by_id_by_version_or_by_subject() {
    let desk = Desk::new();
    desk.registry.reply("GET", "/schemas/ids/9", 200, r#"{"schema":"\"long\""}"#);
    let second = r#"{"subject":"other","version":2,"id":11,"schema":"\"int\""}"#;
    desk.registry.reply("GET", "/subjects/other/versions/2", 200, second);
    let run = |args: &[&str]| desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin("5\n").run();
    run(&["--schema-id", "9"]).succeeds();
    run(&["--subject", "other", "--schema-version", "2"]).succeeds();
    assert_eq!(desk.values(2), [b"\x00\x00\x00\x00\x09\x0a", b"\x00\x00\x00\x00\x0b\x0a"]);
    run(&["--schema-id", "9", "--subject", "other"]).fails_with(2);
    desk.registry.reply("GET", "/schemas/ids/8", 404, r#"{"error_code":40403,"message":"Schema not found"}"#);
    run(&["--schema-id", "8"]).fails_with(1).stderr_has("has no schema with id 8");
}

#[test]
fn explain_prints_the_schema_and_the_fills() {
    let desk = Desk::new();
    let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--explain", "--set", "source=me"]);
    let explained = tool.run().succeeds().json_lines().remove(0);
    assert_eq!((&explained["id"], &explained["name"]), (&json!(7), &json!("example.KafkaEvent")));
    let field = |name: &str, kind: &str, object: Value, bare: Value| json!({"field": name, "type": kind, "required": true, "fill_in_objects": object, "fill_in_bare_lines": bare});
    let expected = json!([
        field("id", "long", Value::Null, json!("the line's value")),
        field("source", "string", json!("me"), json!("me")),
        field("ts", "string", Value::Null, json!("@now")),
        field("payload", "string", Value::Null, json!("@line")),
    ]);
    assert_eq!(explained["fields"], expected);
}
