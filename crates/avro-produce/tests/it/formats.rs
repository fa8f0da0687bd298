//! CSV and Avro container files.

use apache_avro::types::Value;
use apache_avro::{Codec, Schema, Writer};
use rdkafka::message::Message as _;
use serde_json::{Value as Json, json};

use crate::{Desk, event};

const ROWS: &str = "ts,id,payload,source\r\nt1,1,\"a, \"\"b\"\"\",s\r\n\nt2,2,\"two\nlines\",s\nt3,3,,s\n";

#[test]
fn csv_names_its_fields_in_the_first_line() {
    let desk = Desk::new();
    desk.scene
        .tool("avro-produce")
        .args(["-t", "t", "--format", "csv"])
        .stdin(ROWS)
        .run()
        .succeeds()
        .stderr_is("");
    let expected =
        [event(1, "s", "t1", "a, \"b\""), event(2, "s", "t2", "two\nlines"), event(3, "s", "t3", "")];
    assert_eq!(desk.values(3), expected);
}

#[test]
fn a_cell_is_read_as_its_field_needs_it_and_an_empty_one_is_no_value() {
    let schema = r#"{"type":"record","name":"W","fields":[{"name":"b","type":"boolean"},{"name":"d","type":"double","default":1.5},
        {"name":"n","type":["null","string"]},{"name":"day","type":{"type":"int","logicalType":"date"}},
        {"name":"p","type":{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}},
        {"name":"a","type":{"type":"array","items":"int"}},{"name":"s","type":"string"}]}"#;
    let desk = Desk::with_schema(schema);
    let rows = "b;d;n;day;p;a;s\ntrue;;;1970-01-02;12.50;\"[1,2]\";5\nfalse;2;7;3;-1;[];x\n";
    let args = ["-t", "t", "--format", "csv", "--delimiter", ";"];
    desk.scene.tool("avro-produce").args(args).stdin(rows).run().succeeds();
    let head = [0, 0, 0, 0, 7];
    let first =
        [&head[..], &[1], &1.5f64.to_le_bytes(), &[0], &[2], &[4, 0x04, 0xe2], &[4, 2, 4, 0], &[2, b'5']]
            .concat();
    let second =
        [&head[..], &[0], &2f64.to_le_bytes(), &[2, 2, b'7'], &[6], &[2, 0x9c], &[0], &[2, b'x']].concat();
    assert_eq!(desk.values(2), [first, second]);
}

#[test]
fn keys_headers_times_and_fill_rules_take_cells_too() {
    let desk = Desk::new();
    let rows = "id,payload,when,region\n1,p,2026-11-22T10:00:00.123Z,eu\n2,q,1795341600123,\n";
    let args = [
        "-t",
        "t",
        "--format",
        "csv",
        "--unknown",
        "ignore",
        "--set",
        "source=@line",
        "--set",
        "ts=@@x",
        "--key-field",
        "region",
        "--timestamp-field",
        "when",
        "--header-field",
        "id",
    ];
    desk.scene.tool("avro-produce").args(args).stdin(rows).run().succeeds();
    let records = desk.records("t", 2);
    assert_eq!((records[0].key(), records[1].key()), (Some(&b"eu"[..]), None));
    assert!(records.iter().all(|record| record.timestamp().to_millis() == Some(1_795_341_600_123)));
    let line = "1,p,2026-11-22T10:00:00.123Z,eu";
    assert_eq!(records[0].payload(), Some(event(1, line, "@x", "p").as_slice()));
}

#[test]
fn a_row_that_does_not_fit_is_named_by_its_line_and_kept_raw() {
    let desk = Desk::new();
    let rows = "id,source,ts,payload\n1,s,t,p\n2,s,t\n\"x\",s,t,p\n3,\"s\ns\",t,p,q\n4,s,t,p\n5,s,t,\"p\n";
    let args = ["-t", "t", "--format", "csv", "--on-error", "skip", "--rejects", "bad.jsonl"];
    let outcome = desk.scene.tool("avro-produce").args(args).stdin(rows).run();
    outcome.fails_with(1).stderr_is("avro-produce: 2 records acknowledged, 4 lines refused\n");
    assert_eq!(desk.values(2), [event(1, "s", "t", "p"), event(4, "s", "t", "p")]);
    let rejects: Vec<Json> =
        desk.scene.read("bad.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let facts = |at: usize| (&rejects[at]["line"], &rejects[at]["error"], &rejects[at]["raw"]);
    assert_eq!(facts(0), (&json!(3), &json!("expected 4 cells, found 3"), &json!("2,s,t")));
    assert_eq!(
        facts(1),
        (&json!(4), &json!("field \"id\": expected long, found text \"x\""), &json!("\"x\",s,t,p"))
    );
    assert_eq!(facts(2), (&json!(5), &json!("expected 4 cells, found 5"), &json!("3,\"s\ns\",t,p,q")));
    assert_eq!(facts(3), (&json!(8), &json!("a quote is not closed"), &json!("5,s,t,\"p")));
}

#[test]
fn a_column_that_the_schema_lacks_is_told_before_anything_is_sent() {
    let desk = Desk::new();
    let run = |args: &[&str], rows: &str| {
        desk.scene
            .tool("avro-produce")
            .args(["-t", "t", "--format", "csv"])
            .args(args)
            .stdin(rows.to_owned())
            .run()
    };
    let nothing =
        "avro-produce: 0 records acknowledged; every line before 1 is in, nothing from it on was sent\n";
    run(&[], "id,sorce,ts,payload\n1,s,t,p\n").fails_with(1).stderr_is(format!(
        "avro-produce: stdin:1: unknown column \"sorce\"\nhint: did you mean \"source\"?\n{nothing}"
    ));
    let hint = |rows: &str, hint: &str| {
        run(&[], rows).fails_with(1).stderr_has(format!("hint: {hint}\n"));
    };
    hint("id;source;ts;payload\n1;s;t;p\n", "the cells are not separated by commas: --delimiter ';'");
    hint("ID,source,ts,payload\n1,s,t,p\n", "did you mean \"id\"?");
    desk.scene
        .tool("avro-produce")
        .args(["-t", "t"])
        .stdin(b"\x1f\x8b\x08\x00\n".to_vec())
        .run()
        .fails_with(1)
        .stderr_has("hint: it is packed: zcat FILE | avro-produce -t TOPIC\n");
    run(&[], "id,id\n").fails_with(1).stderr_is(format!(
        "avro-produce: stdin:1: the column \"id\" twice: the first line of CSV names the fields\n{nothing}"
    ));
    run(&[], "").succeeds();
    run(&["--tombstone"], "id\n1\n").fails_with(2).stderr_has("a row is no key");
    run(&["--json", "avro"], "id\n").fails_with(2).stderr_has("--json says how JSON is written");
    let text = desk.scene.tool("avro-produce").args(["-t", "t", "--delimiter", ";"]).stdin("1\n").run();
    text.fails_with(2).stderr_has("--delimiter needs --format csv");
}

#[test]
fn csv_goes_on_where_the_account_says() {
    let desk = Desk::new();
    let run = |rows: &str, args: &[&str]| {
        desk.scene
            .tool("avro-produce")
            .args(["-t", "t", "--format", "csv"])
            .args(args)
            .stdin(rows.to_owned())
            .run()
    };
    let head = "id,source,ts,payload\n1,s,\"t\n\",p\n";
    run(&format!("{head}x,s,t,p\n3,s,t,p\n"), &[]).fails_with(1).stderr_has("every line before 4 is in");
    run(&format!("{head}2,s,t,p\n3,s,t,p\n"), &["--resume-from", "4"]).succeeds();
    assert_eq!(desk.values(3).len(), 3);
}

/// A container file with two events, the second without what the first has.
fn container(codec: Codec) -> Vec<u8> {
    let schema = r#"{"type":"record","name":"Old","fields":[{"name":"id","type":"long"},{"name":"payload","type":["null","string"]},
        {"name":"ts","type":"string"},{"name":"source","type":"string"}]}"#;
    let schema = Schema::parse_str(schema).unwrap();
    let mut writer = Writer::with_codec(&schema, Vec::new(), codec).unwrap();
    for (id, payload) in [(1, Some("p")), (2, None)] {
        let payload = match payload {
            Some(text) => Value::Union(1, Box::new(Value::String(text.to_owned()))),
            None => Value::Union(0, Box::new(Value::Null)),
        };
        let text = |text: &str| Value::String(text.to_owned());
        let fields =
            [("id", Value::Long(id)), ("payload", payload), ("ts", text("t")), ("source", text("s"))];
        writer
            .append_value(Value::Record(fields.map(|(name, value)| (name.to_owned(), value)).to_vec()))
            .unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn records_of_a_container_file_are_written_with_the_topics_schema() {
    let desk = Desk::new();
    let args = [
        "-t",
        "t",
        "--format",
        "avro",
        "--key-field",
        "source",
        "--on-error",
        "skip",
        "--rejects",
        "bad.jsonl",
    ];
    desk.scene.tool("avro-produce").args(args).stdin(container(Codec::Snappy)).run().fails_with(1);
    let records = desk.records("t", 1);
    assert_eq!(records[0].payload(), Some(event(1, "s", "t", "p").as_slice()));
    assert_eq!(records[0].key(), Some(&b"s"[..]));
    let reject: Json = serde_json::from_str(&desk.scene.read("bad.jsonl")).unwrap();
    assert_eq!(
        (&reject["line"], &reject["pointer"], &reject["got"]),
        (&json!(2), &json!("/payload"), &json!("null"))
    );
    assert_eq!(reject["raw"], json!(r#"{"id":2,"payload":null,"ts":"t","source":"s"}"#));
}

#[test]
fn a_broken_container_file_ends_the_run_with_what_is_in() {
    let desk = Desk::new();
    let run = |bytes: Vec<u8>, args: &[&str]| {
        desk.scene.tool("avro-produce").args(["-t", "t", "--format", "avro"]).args(args).stdin(bytes).run()
    };
    run(b"{\"id\":1}\n".to_vec(), &[]).fails_with(1).stderr_is(
        "avro-produce: stdin: not an Avro container file: it does not begin with Obj and 1\n\
         hint: --format json, text and csv read lines\n\
         avro-produce: 0 records acknowledged; every line before 1 is in, nothing from it on was sent\n",
    );
    let mut cut = container(Codec::Null);
    cut.truncate(cut.len() - 5);
    run(cut, &[]).fails_with(1).stderr_has("stdin:1: the Avro container file is broken: it ends too early");
}
