//! Headers, times and tombstones out of fields.

use rdkafka::message::{Headers as _, Message as _, OwnedMessage};

use crate::{Desk, event};

const LINE: &str = "{\"id\":5,\"source\":\"eu\",\"ts\":\"2026-11-22T10:00:00.123Z\",\"payload\":\"p\"}\n";

fn headers(record: &OwnedMessage) -> Vec<(String, Option<String>)> {
    let headers = record.headers().into_iter().flat_map(|headers| headers.iter());
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    headers.map(|header| (header.key.to_owned(), header.value.map(text))).collect()
}

#[test]
fn headers_come_from_flags_and_from_fields() {
    let desk = Desk::new();
    let run = |args: &[&str]| desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin(LINE).run();
    run(&["-H", "from=test", "--header-field", "region=source", "--header-field", "id"]).succeeds();
    let expected = [("from", "test"), ("region", "eu"), ("id", "5")];
    let expected = expected.map(|(key, value)| (key.to_owned(), Some(value.to_owned())));
    assert_eq!(headers(&desk.records("t", 1)[0]), expected);
    run(&["--header-field", "region=sorce"]).fails_with(2).stderr_is(
        "avro-produce: --header-field sorce: the schema has no field \"sorce\"\nhint: did you mean \"source\"?\n",
    );
}

#[test]
fn a_header_field_that_is_missing_or_null_is_no_header() {
    let desk = Desk::new();
    let lines = "{\"id\":1,\"source\":\"a\",\"ts\":\"t\",\"payload\":\"p\",\"trace\":{\"id\":\"x\",\"n\":[1]}}\n\
                 {\"id\":2,\"source\":\"b\",\"ts\":\"t\",\"payload\":\"p\",\"trace\":null}\n\
                 {\"id\":3,\"source\":\"c\",\"ts\":\"t\",\"payload\":\"p\"}\n";
    let args = ["-t", "t", "--unknown", "ignore", "--header-field", "trace", "--header-field", "n=trace.n"];
    let outcome = desk.scene.tool("avro-produce").args(args).stdin(lines).run();
    outcome
        .fails_with(1)
        .stderr_has("stdin:2: header field \"trace.n\": expected a field of a JSON object, found no object");
    let args = ["-t", "t", "--unknown", "ignore", "--header-field", "trace"];
    desk.scene.tool("avro-produce").args(args).stdin(lines).run().succeeds();
    let records = desk.records("t", 4);
    assert_eq!(
        headers(&records[0]),
        [("trace", r#"{"id":"x","n":[1]}"#), ("n", "[1]")]
            .map(|(key, value)| (key.to_owned(), Some(value.to_owned())))
    );
    assert_eq!(headers(&records[1]).len(), 1);
    assert_eq!((headers(&records[2]), headers(&records[3])), (Vec::new(), Vec::new()));
}

#[test]
fn the_time_of_a_record_comes_from_a_field() {
    let desk = Desk::new();
    let run = |field: &str| {
        let args = ["-t", "t", "--timestamp-field", field];
        desk.scene.tool("avro-produce").args(args).stdin(LINE).run()
    };
    run("ts").succeeds();
    run("id").succeeds();
    let times: Vec<_> = desk.records("t", 2).iter().map(|record| record.timestamp().to_millis()).collect();
    assert_eq!(times, [Some(1_795_341_600_123), Some(5)]);
    run("payload")
        .fails_with(1)
        .stderr_has("stdin:1: timestamp field \"payload\": expected RFC 3339 or a number, found \"p\"");
    run("when")
        .fails_with(1)
        .stderr_has("timestamp field \"when\": expected RFC 3339 or a number, found no value");
}

#[test]
fn lines_of_keys_become_tombstones() {
    let desk = Desk::new();
    let run = |args: &[&str], lines: &str| {
        desk.scene
            .tool("avro-produce")
            .args(["-t", "t", "--tombstone"])
            .args(args)
            .stdin(lines.to_owned())
            .run()
    };
    run(&["--format", "text"], "eu\nu s\n").succeeds();
    run(&[], "17\n\"x\"\n\n").succeeds();
    run(&["--key-field", "id"], LINE).succeeds();
    run(&["--key-from", "source,id", "--key-format", "json"], LINE).succeeds();
    let records = desk.records("t", 6);
    assert!(records.iter().all(|record| record.payload().is_none()));
    let keys: Vec<_> =
        records.iter().map(|record| String::from_utf8(record.key().unwrap().to_vec()).unwrap()).collect();
    assert_eq!(keys, ["eu", "u s", "17", "x", "5", r#"{"source":"eu","id":5}"#]);
    run(&[], "null\n").fails_with(1).stderr_has("stdin:1: a tombstone needs a key, and this one is null");
    run(&[], "{\"a\":1}\n")
        .fails_with(1)
        .stderr_has("as a key: expected a string, number or boolean, found an object");
    // No value, so no schema for it either.
    let asked = desk.registry.request_lines();
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
fn a_true_field_makes_its_line_a_tombstone() {
    let desk = Desk::new();
    let lines = "{\"id\":1,\"gone\":true}\n{\"id\":2,\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\",\"gone\":false}\n\
                 {\"id\":3,\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\"}\n{\"id\":4,\"gone\":\"maybe\"}\n";
    let args = ["-t", "t", "--key-field", "id", "--tombstone-if", "gone", "--unknown", "ignore"];
    let outcome = desk.scene.tool("avro-produce").args(args).stdin(lines).run();
    outcome
        .fails_with(1)
        .stderr_has("stdin:4: tombstone field \"gone\": expected true or false, found \"maybe\"");
    let records = desk.records("t", 3);
    let found: Vec<_> = records.iter().map(|record| (record.key().unwrap(), record.payload())).collect();
    let (second, third) = (event(2, "s", "t", "p"), event(3, "s", "t", "p"));
    assert_eq!(found, [(&b"1"[..], None), (b"2", Some(second.as_slice())), (b"3", Some(third.as_slice()))]);
    let without_key = desk.scene.tool("avro-produce").args(["-t", "t", "--tombstone-if", "gone"]);
    without_key.run().fails_with(2).stderr_has("required arguments were not provided");
}

#[test]
fn an_unknown_field_is_refused_left_out_or_named() {
    let desk = Desk::new();
    let lines = "{\"id\":1,\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\",\"zzz\":{\"a\":[1]}}\n".repeat(2);
    let run = |args: &[&str]| {
        desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin(lines.clone()).run()
    };
    run(&[])
        .fails_with(1)
        .stderr_has("stdin:1: unknown field \"zzz\"\nhint: --unknown ignore leaves such fields out");
    run(&["--unknown", "ignore"]).succeeds().stderr_is("");
    run(&["--unknown", "warn"]).succeeds().stderr_is(
        "avro-produce: stdin:1: warning: left out: unknown field \"zzz\" of record example.KafkaEvent\n",
    );
    assert_eq!(desk.values(4), vec![event(1, "s", "t", "p"); 4]);
}
