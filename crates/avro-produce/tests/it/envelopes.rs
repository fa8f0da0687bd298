//! `--envelope`: what `avro-consume --envelope` prints, back onto a topic.

use rdkafka::message::{Headers as _, Message as _};

use crate::{Desk, event};

fn produce(desk: &Desk, args: &[&str], lines: &str) -> kch_test::Outcome {
    let schema = r#"{"schema":"\"long\""}"#;
    desk.registry.reply("GET", "/schemas/ids/9", 200, schema);
    let event = crate::EVENT.replace('"', "\\\"").replace('\n', " ");
    desk.registry.reply("GET", "/schemas/ids/7", 200, &format!("{{\"schema\":\"{event}\"}}"));
    desk.scene.tool("avro-produce").arg("--envelope").args(args).stdin(lines.to_owned()).run()
}

const VALUE: &str = r#"{"id":1,"source":"s","ts":"t","payload":"p"}"#;

#[test]
fn key_value_headers_timestamp_and_partition_are_those_of_the_envelope() {
    let desk = Desk::new();
    desk.mock.create_topic("two", 2, 1);
    let lines = format!(
        "{}\n{}\n{}\n",
        format_args!(
            r#"{{"topic":"two","partition":1,"offset":7,"timestamp":"2026-11-22T10:00:00.123Z","key":5,"value":{VALUE},"headers":[{{"key":"h","value":"é"}},{{"key":"h","value":null}},{{"key":"b","value":{{"base64":"/w=="}}}}],"key_schema_id":9,"value_schema_id":7}}"#
        ),
        r#"{"topic":"two","partition":1,"timestamp":253402300800000,"key":"k","value":null,"headers":[]}"#,
        format_args!(
            r#"{{"topic":"two","partition":1,"key":{{"base64":"AP8="}},"value":{VALUE},"value_schema_id":7}}"#
        ),
    );
    produce(&desk, &[], &lines).succeeds().stderr_is("");
    let records = desk.records("two", 3);
    assert!(records.iter().all(|record| record.partition() == 1));
    assert_eq!(records[0].timestamp().to_millis(), Some(1_795_341_600_123));
    assert_eq!(records[0].key(), Some(&b"\x00\x00\x00\x00\x09\x0a"[..]));
    assert_eq!(records[0].payload(), Some(event(1, "s", "t", "p").as_slice()));
    let headers: Vec<_> = records[0]
        .headers()
        .unwrap()
        .iter()
        .map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec)))
        .collect();
    let expected = [("h", Some("é".as_bytes().to_vec())), ("h", None), ("b", Some(vec![0xff]))];
    assert_eq!(headers, expected.map(|(key, value)| (key.to_owned(), value)));
    assert_eq!(records[1].timestamp().to_millis(), Some(253_402_300_800_000));
    assert_eq!((records[1].key(), records[1].payload()), (Some(&b"k"[..]), None));
    assert_eq!(records[2].key(), Some(&b"\x00\xff"[..]));
}

#[test]
fn a_topic_flag_sends_all_there_and_a_missing_id_takes_the_latest_schema() {
    let desk = Desk::new();
    let line = format!(r#"{{"topic":"elsewhere","key":null,"value":{VALUE}}}"#);
    produce(&desk, &["-t", "t"], &line).succeeds();
    let records = desk.records("t", 1);
    assert_eq!((records[0].key(), records[0].payload()), (None, Some(event(1, "s", "t", "p").as_slice())));
}

#[test]
fn a_dead_letter_is_sent_without_what_was_wrong_with_it() {
    let desk = Desk::new();
    let line = format!(r#"{{"topic":"t","key":null,"value":{VALUE},"dead_letter":{{"cause":"Code: 60."}}}}"#);
    produce(&desk, &[], &line).succeeds();
    assert_eq!(desk.records("t", 1)[0].payload(), Some(event(1, "s", "t", "p").as_slice()));
}

#[test]
fn a_time_that_librdkafka_would_replace_is_refused() {
    for time in ["0", r#""1970-01-01T00:00:00Z""#] {
        let line = format!(r#"{{"topic":"t","key":"k","value":null,"timestamp":{time}}}"#);
        produce(&Desk::new(), &[], &line)
            .fails_with(1)
            .stderr_has("stdin:1: timestamp 1970-01-01T00:00:00Z cannot be sent");
    }
}

#[test]
fn what_is_no_envelope_is_refused_with_its_line() {
    let table: &[(&str, &str)] = &[
        (r#"{"topic":"t","key":null}"#, "it has no value; a tombstone's is null"),
        (r#"{"topic":"t","value":null,"valeu":1}"#, "unknown field `valeu`, [..]"),
        (r#"{"value":null}"#, "it names no topic, and there is no -t"),
        (r#"{"topic":"t","value":null,"timestamp":"yesterday"}"#, "timestamp: expected RFC 3339 [..]"),
        (r#"{"topic":"t","value":null,"headers":[{"key":"h","value":5}]}"#, "header \"h\": expected [..]"),
        (r#"{"topic":"t","value":null,"key":{"base64":"!"}}"#, "base64: [..]"),
        ("5", "invalid type: [..]"),
        (r#"{"topic":"t","value":{"base64":"AA=="},"error":"not framed"}"#, "unknown field `error`, [..]"),
    ];
    for (line, reason) in table {
        let desk = Desk::new();
        produce(&desk, &[], line).fails_with(1).stderr_is(format!(
            "avro-produce: stdin:1: not an envelope: {reason}\nhint: avro-consume --envelope prints them\n\
             avro-produce: 0 records acknowledged; every line before 1 is in, nothing from it on was sent\n"
        ));
    }
    let desk = Desk::new();
    desk.registry.reply(
        "GET",
        "/schemas/ids/99",
        404,
        r#"{"error_code":40403,"message":"Schema not found"}"#,
    );
    let outcome = produce(&desk, &[], r#"{"topic":"t","value":5,"value_schema_id":99}"#);
    outcome.fails_with(1).stderr_has("has no schema with id 99");
    let outcome = produce(&desk, &[], r#"{"topic":"t","value":{"id":"x"},"value_schema_id":7}"#);
    outcome.fails_with(1).stderr_has("field \"id\": expected long, found string \"x\"");
    let outcome = produce(&desk, &[], r#"{"topic":"tt","value":null}"#);
    outcome.fails_with(1).stderr_has("topic \"tt\" does not exist");
}
