//! Records and servers that are not what they should be.

use kch_test::RawServer;

use crate::{Desk, Put, event, lines};

#[test]
fn records_that_cannot_be_decoded_are_named_and_the_rest_goes_on() {
    let desk = Desk::new();
    desk.registry.reply(
        "GET",
        "/schemas/ids/99",
        404,
        r#"{"error_code":40403,"message":"Schema 99 not found"}"#,
    );
    let short = &event(2)[..7];
    desk.put(
        0,
        &[
            Some(&event(1)),
            Some(b"{\"id\":1}"),
            Some(b""),
            Some(b"\x00\x00\x00"),
            Some(b"\x00\x00\x00\x00\x63abc"),
            Some(short),
            Some(&[event(3), vec![0]].concat()),
            None,
            Some(&event(4)),
        ],
    );
    let outcome = desk.consume(&[]).run().replace(&desk.registry.url(), "REGISTRY");
    outcome.fails_with(1).stdout_is(format!("{}null\n{}", lines([1]), lines([4])));
    let said = "\
avro-consume: t[0]@1: [..]0x7b[..]JSON[..] (8 bytes: 7b 22 69 64 22 3a 31 7d)
avro-consume: t[0]@2: [..]empty[..] (0 bytes: )
avro-consume: t[0]@3: [..] (3 bytes: 00 00 00)
avro-consume: t[0]@4: the schema registry at REGISTRY has no schema with id 99 (8 bytes: 00 00 00 00 63 61 62 63)
avro-consume: t[0]@5: schema id 7: field \"s\": [..] (7 bytes: 00 00 00 00 07 04 04)
avro-consume: t[0]@6: schema id 7: [..] (10 bytes: 00 00 00 00 07 06 04 c3 a9 00)
avro-consume: for values that are JSON, as on a dead-letter topic: --on-error emit | jq -r '.value.base64 | @base64d'
";
    outcome.stderr_is(said);
}

#[test]
fn a_schema_is_asked_for_once() {
    let desk = Desk::new();
    desk.put_events(0, 1..=50);
    desk.consume(&[]).run().succeeds();
    assert_eq!(desk.registry.request_lines(), ["GET /schemas/ids/7"]);
}

#[test]
fn a_registry_that_is_down_is_not_a_bad_record() {
    let desk = Desk::new();
    desk.put_events(0, 1..=3);
    let url = format!("http://{}", RawServer::nobody());
    let outcome = desk.consume(&["--registry", &url]).run();
    outcome.fails_with(3).stdout_is("").stderr_has("cannot be reached: connection refused");
    desk.registry.reset().reply("GET", "/schemas/ids/7", 401, "<html>who are you</html>");
    desk.consume(&[]).run().fails_with(2).stdout_is("").stderr_has("hint: ");
}

#[test]
fn a_wrong_port_or_topic_is_told_by_name() {
    let desk = Desk::new();
    let nobody = RawServer::nobody().to_string();
    desk.consume(&["-b", &nobody]).run().replace(&nobody, "NOBODY").fails_with(3).stderr_is(
        "avro-consume: cannot reach Kafka at NOBODY: Connect to [..] failed: Connection refused\nhint: [..]\n",
    );
    let outcome =
        desk.scene.tool("avro-consume").args(["-t", "tt"]).run().replace(&desk.mock.bootstrap(), "BROKERS");
    outcome
        .fails_with(1)
        .stderr_is("avro-consume: topic \"tt\" does not exist at BROKERS\nhint: did you mean \"t\"?\n");
    desk.consume(&["-o", "middle"]).run().fails_with(2).stderr_has("expected start, end, N (an offset)");
    desk.consume(&["--json", "pretty"]).run().fails_with(2).stderr_has("expected plain, tagged or avro");
}

/// A partition with a bad record in the middle: its value, and behind it one whose key is no frame.
fn with_a_bad_record() -> Desk {
    let desk = Desk::new();
    let good = [event(1), event(2)];
    desk.put_records(
        "t",
        0,
        &[
            Put { value: Some(&good[0]), timestamp: Some(1000), ..Put::default() },
            Put { key: Some(b"k"), value: Some(b"oops"), timestamp: Some(2000), ..Put::default() },
            Put { value: Some(&good[1]), timestamp: Some(3000), ..Put::default() },
        ],
    );
    desk
}

#[test]
fn a_bad_record_is_named_and_skipped_unless_told_otherwise() {
    let desk = with_a_bad_record();
    let said = "avro-consume: t[0]@1: the first byte is 0x6f, not 0x00: no registry frame (UTF-8 text) (4 bytes: 6f 6f 70 73)\n";
    for args in [&[][..], &["--on-error", "skip"]] {
        desk.consume(args).run().fails_with(1).stdout_is(lines([1, 2])).stderr_is(said);
    }
}

#[test]
fn on_error_fail_stops_at_the_first_bad_record_and_keeps_what_came_before() {
    let desk = with_a_bad_record();
    let args = ["--on-error", "fail", "--state", "s"];
    let outcome = desk.consume(&args).run();
    outcome.fails_with(1).stdout_is(lines([1])).stderr_is(
        "avro-consume: t[0]@1: the first byte is 0x6f, not 0x00: no registry frame (UTF-8 text) \
         (4 bytes: 6f 6f 70 73)\nhint: --on-error skip goes on behind it\n",
    );
    // The next run stands at the same record.
    desk.consume(&args).run().fails_with(1).stdout_is("").stderr_has("t[0]@1: ");
    desk.consume(&["--state", "s"]).run().fails_with(1).stdout_is(lines([2]));
}

#[test]
fn on_error_emit_prints_the_bytes_and_the_error_in_both_modes() {
    let desk = with_a_bad_record();
    let bad = "{\"topic\":\"t\",\"partition\":0,\"offset\":1,\"timestamp\":\"1970-01-01T00:00:02.000Z\",\"key\":\"k\",\
               \"value\":{\"base64\":\"b29wcw==\"},\"headers\":[],\"key_schema_id\":null,\"value_schema_id\":null,\
               \"error\":\"the first byte is 0x6f, not 0x00: no registry frame (UTF-8 text)\"}\n";
    let outcome = desk.consume(&["--on-error", "emit"]).run();
    outcome.fails_with(1).stdout_is(format!("{}{bad}{}", lines([1]), lines([2])));
    outcome.stderr_is("avro-consume: 1 record could not be decoded\n");
    let outcome = desk.consume(&["--on-error", "emit", "--envelope"]).run();
    outcome.fails_with(1).stdout_has(bad);
    assert_eq!(outcome.json_lines().len(), 3);
    // A key that is not what was asked for is the record's fault too.
    let outcome = desk.consume(&["--on-error", "emit", "--envelope", "--key-format", "avro"]).run();
    outcome.fails_with(1).stdout_has("\"key\":\"k\",\"value\":{\"base64\":\"b29wcw==\"}");
    outcome.stdout_has("\"error\":\"key: the first byte is 0x6b, not 0x00");
}

#[test]
fn librdkafka_says_what_it_does_when_it_is_asked() {
    let desk = Desk::new();
    desk.put_events(0, 1..=1);
    let run = desk.consume(&["-X", "debug=broker"]).run();
    run.succeeds().stdout_is(lines(1..=1)).stderr_has("librdkafka: BROKER: ");
}

#[test]
fn flags_of_kcat_are_told_what_they_are_here() {
    let hint = "hint: it always reads: leave -C out\n";
    Desk::new().consume(&["-C"]).run().fails_with(2).stdout_is("").stderr_has(hint);
}
