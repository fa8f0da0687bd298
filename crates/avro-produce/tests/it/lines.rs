//! What lines become.

use crate::{Desk, event};

#[test]
fn bare_numbers_become_records_with_no_other_flag() {
    let desk = Desk::new();
    let before = jiff::Timestamp::now();
    desk.scene
        .tool("avro-produce")
        .args(["-t", "t"])
        .stdin("1\n2\n\n3\n")
        .run()
        .succeeds()
        .stdout_is("")
        .stderr_is("");
    let values = desk.values(3);
    for (value, id) in values.iter().zip(1..) {
        let ts = std::str::from_utf8(&value[20..44]).unwrap();
        assert_eq!(*value, event(id, "avro-produce", ts, &id.to_string()));
        let ts: jiff::Timestamp = ts.parse().unwrap();
        assert!(ts.as_second() >= before.as_second(), "{ts} is before {before}");
    }
}

#[test]
fn objects_come_in_any_order_and_set_fills_what_they_lack() {
    let desk = Desk::new();
    let lines = "{\"payload\":\"p\",\"ts\":\"t1\",\"id\":1,\"source\":\"s\"}\n{\"id\":2,\"payload\":\"q\"}";
    let args = ["-t", "t", "--set", "source=@line", "--set", "ts=@@home"];
    desk.scene.tool("avro-produce").args(args).stdin(lines).run().succeeds().stderr_is("");
    let line = r#"{"id":2,"payload":"q"}"#;
    assert_eq!(desk.values(2), [event(1, "s", "t1", "p"), event(2, line, "@home", "q")]);
}

#[test]
fn text_lines_go_to_the_first_field_as_they_are() {
    let desk = Desk::new();
    let schema = r#"{"subject":"t-value","version":2,"id":7,"schema":
        "{\"type\":\"record\",\"name\":\"W\",\"fields\":[{\"name\":\"word\",\"type\":\"string\"},{\"name\":\"n\",\"type\":\"int\",\"default\":3}]}"}"#;
    desk.registry.reset().reply("GET", "/subjects/t-value/versions/latest", 200, schema);
    let args = ["-t", "t", "--format", "text"];
    desk.scene.tool("avro-produce").args(args).stdin("{ \"a\n\n7").run().succeeds();
    let expected = [
        &b"\x00\x00\x00\x00\x07\x08{ \"a\x06"[..],
        b"\x00\x00\x00\x00\x07\x00\x06",
        b"\x00\x00\x00\x00\x07\x027\x06",
    ];
    assert_eq!(desk.values(3), expected);
}

#[test]
fn message_sends_one_record_from_the_environment_and_reads_no_stdin() {
    let desk = Desk::new();
    let scene = desk.scene;
    let tool = scene.tool("avro-produce").env("TOPIC", "t").env("MESSAGE_ID", "9").env("MESSAGE_TS", "then");
    tool.arg("--message").stdin_open().run().succeeds();
    let desk = Desk { scene, ..desk };
    assert_eq!(desk.values(1), [event(9, "avro-produce", "then", "9")]);
    // A time that has no place in the record is not dropped in silence.
    desk.registry.reply("GET", "/schemas/ids/9", 200, r#"{"schema":"\"long\""}"#);
    let tool = desk.scene.tool("avro-produce").env("MESSAGE_ID", "9").env("MESSAGE_TS", "then");
    tool.args(["-t", "t", "--message", "--dry-run", "--schema-id", "9"])
        .run()
        .fails_with(2)
        .stderr_has("MESSAGE_TS is set, and the schema has no field \"ts\"");
}

#[test]
fn a_schema_file_is_not_registered_unless_asked() {
    let desk = Desk::new();
    desk.scene.file("e.avsc", crate::EVENT);
    desk.registry.reply(
        "POST",
        "/subjects/t-value",
        404,
        r#"{"error_code":40403,"message":"Schema not found"}"#,
    );
    let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--schema", "e.avsc"]);
    tool.stdin("1\n").run().fails_with(2).stderr_is(
        "avro-produce: subject t-value does not have the schema of e.avsc\nhint: --register registers it\n",
    );
    let asked = desk.registry.request_lines();
    assert!(!asked.iter().any(|line| line.starts_with("POST /subjects/t-value/versions")), "{asked:?}");
    assert_eq!(desk.count(), 0);
}

#[test]
fn a_long_input_is_sent_in_bounded_memory() {
    let desk = Desk::new();
    let pad = "x".repeat(400);
    let tool = desk.scene.tool("avro-produce").args(["-t", "t"]).stdin_with(move |stdin| {
        (0..200_000)
            .try_for_each(|n| writeln!(stdin, r#"{{"id":{n},"source":"s","ts":"t","payload":"{pad}"}}"#))
    });
    let outcome = tool.run();
    outcome.succeeds();
    assert_eq!(desk.count(), 200_000);
    let peak = outcome.peak_memory;
    assert!(peak < 150 << 20, "peak memory {} MiB", peak >> 20);
}

#[test]
fn a_byte_order_mark_in_front_is_no_part_of_the_first_line() {
    let desk = Desk::new();
    desk.scene
        .tool("avro-produce")
        .args(["-t", "t"])
        .stdin("\u{feff}{\"id\":1,\"source\":\"s\",\"ts\":\"t\",\"payload\":\"p\"}\r\n")
        .run()
        .succeeds();
    assert_eq!(desk.values(1), [event(1, "s", "t", "p")]);
}
