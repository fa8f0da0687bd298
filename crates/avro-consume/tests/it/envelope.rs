//! `--envelope`: the whole record, nothing lost.

use crate::{Desk, Put, event};

/// A schema of one string, id 3, for keys.
fn with_key_schema() -> Desk {
    let desk = Desk::new();
    desk.registry.reply("GET", "/schemas/ids/3", 200, r#"{"schema":"\"string\""}"#);
    desk.registry.reply(
        "GET",
        "/schemas/ids/4",
        404,
        r#"{"error_code":40403,"message":"Schema 4 not found"}"#,
    );
    desk
}

/// The keys of the envelopes and their schema ids, as printed.
fn keys(desk: &Desk, args: &[&str]) -> Vec<(String, String)> {
    let outcome = desk.consume(&["--envelope"]).args(args).run();
    let lines = outcome.succeeds().json_lines();
    lines.iter().map(|line| (line["key"].to_string(), line["key_schema_id"].to_string())).collect()
}

#[test]
fn an_envelope_has_all_of_a_record_in_a_fixed_order() {
    let desk = Desk::new();
    let value = event(1);
    let headers = [
        ("h", Some(&b"v"[..])),
        ("null", None),
        ("empty", Some(b"")),
        ("raw", Some(&[0xff, 0xfe])),
        ("h", Some("é\"".as_bytes())),
    ];
    let time = Some(1_795_341_600_123);
    desk.put_records(
        "t",
        1,
        &[
            Put { key: Some(b"k\n"), value: Some(&value), timestamp: time, headers: &headers },
            Put { key: Some(&[0xc3]), value: None, timestamp: Some(1), headers: &[] },
        ],
    );
    desk.consume(&["--envelope"]).run().succeeds().stderr_is("").stdout_is(concat!(
        r#"{"topic":"t","partition":1,"offset":0,"timestamp":"2026-11-22T10:00:00.123Z","key":"k\n","#,
        r#""value":{"id":1,"s":"é"},"headers":[{"key":"h","value":"v"},{"key":"null","value":null},"#,
        r#"{"key":"empty","value":""},{"key":"raw","value":{"base64":"//4="}},{"key":"h","value":"é\""}],"#,
        r#""key_schema_id":null,"value_schema_id":7}"#,
        "\n",
        r#"{"topic":"t","partition":1,"offset":1,"timestamp":"1970-01-01T00:00:00.001Z","key":{"base64":"ww=="},"#,
        r#""value":null,"headers":[],"key_schema_id":null,"value_schema_id":null}"#,
        "\n"
    ));
}

#[test]
fn null_keys_and_empty_keys_differ() {
    let desk = Desk::new();
    desk.put_records("t", 0, &[Put::default(), Put { key: Some(b""), ..Put::default() }]);
    let expected = [("null", "null"), ("\"\"", "null")];
    assert_eq!(keys(&desk, &[]), expected.map(|(key, id)| (key.to_owned(), id.to_owned())));
}

#[test]
fn a_key_is_avro_only_if_the_registry_knows_it_and_it_fits() {
    let desk = with_key_schema();
    let put = |key: &'static [u8]| Put { key: Some(key), ..Put::default() };
    desk.put_records(
        "t",
        0,
        &[
            put(b"\x00\x00\x00\x00\x03\x04ab"),
            put(b"ab"),
            // A frame of an unknown schema, one whose bytes do not fit, and a Java long of 5.
            put(b"\x00\x00\x00\x00\x04\x04ab"),
            put(b"\x00\x00\x00\x00\x03\x04abc"),
            put(b"\x00\x00\x00\x00\x00\x00\x00\x05"),
            put(b"\x00\xff"),
        ],
    );
    let expected = [
        ("\"ab\"", "3"),
        ("\"ab\"", "null"),
        ("\"\\u0000\\u0000\\u0000\\u0000\\u0004\\u0004ab\"", "null"),
        ("\"\\u0000\\u0000\\u0000\\u0000\\u0003\\u0004abc\"", "null"),
        ("\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0005\"", "null"),
        ("{\"base64\":\"AP8=\"}", "null"),
    ];
    desk.registry.reply(
        "GET",
        "/schemas/ids/0",
        404,
        r#"{"error_code":40403,"message":"Schema 0 not found"}"#,
    );
    assert_eq!(keys(&desk, &[]), expected.map(|(key, id)| (key.to_owned(), id.to_owned())));
}

#[test]
fn key_format_says_what_keys_are() {
    let desk = with_key_schema();
    let put = |key: &'static [u8]| Put { key: Some(key), ..Put::default() };
    desk.put_records("t", 0, &[put(b"\x00\x00\x00\x00\x03\x04ab")]);
    desk.put_records("t", 1, &[put(b"{\"a\": 1.0,\n\"b\":[]}")]);
    let key = |partition: &str, format: &str| {
        let args = ["--envelope", "-o", partition, "--key-format", format];
        let outcome = desk.consume(&args).run();
        outcome
            .succeeds()
            .stdout_text()
            .split_once("\"key\":")
            .unwrap()
            .1
            .split_once(",\"value\"")
            .unwrap()
            .0
            .to_owned()
    };
    assert_eq!(key("0=start", "avro"), "\"ab\"");
    assert_eq!(key("0=start", "string"), "\"\\u0000\\u0000\\u0000\\u0000\\u0003\\u0004ab\"");
    assert_eq!(key("0=start", "none"), "null");
    assert_eq!(key("1=start", "json"), "{\"a\": 1.0, \"b\":[]}");
    assert_eq!(key("1=start", "auto"), "\"{\\\"a\\\": 1.0,\\n\\\"b\\\":[]}\"");
    desk.consume(&["--envelope", "--key-format", "avro", "-o", "1=start"]).run().fails_with(1).stderr_is(
        "avro-consume: t[1]@0: key: the first byte is 0x7b, not 0x00: no registry frame (plain JSON) (18 bytes: 7b 22 [..])\n",
    );
    desk.consume(&["--envelope", "--key-format", "json", "-o", "0=start"])
        .run()
        .fails_with(1)
        .stderr_has("key: not JSON: ");
}

#[test]
fn a_registry_that_is_down_does_not_make_avro_keys_text() {
    let desk = with_key_schema();
    desk.put_records("t", 0, &[Put { key: Some(b"\x00\x00\x00\x00\x03\x04ab"), ..Put::default() }]);
    desk.registry.reset().reply("GET", "/schemas/ids/3", 401, "who are you");
    desk.consume(&["--envelope"]).run().fails_with(2).stdout_is("");
}

#[test]
fn a_topic_copied_through_avro_produce_is_the_same() {
    let desk = with_key_schema();
    desk.mock.create_topic("copy", 2, 1);
    let latest = r#"{"subject":"copy-value","version":1,"id":7,"schema":"{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"s\",\"type\":\"string\"}]}"}"#;
    desk.registry.reply("GET", "/subjects/copy-value/versions/latest", 200, latest);
    let (value, headers) =
        (event(1), [("h", Some(&b"v"[..])), ("n", None), ("e", Some(b"")), ("b", Some(&[0xff]))]);
    let keys: [Option<&[u8]>; 6] = [
        None,
        Some(b""),
        Some(b"k"),
        Some(&[0xff, 0]),
        Some(b"{\"base64\":\"/w==\"}"),
        Some(b"\x00\x00\x00\x00\x03\x04ab"),
    ];
    for (at, key) in keys.into_iter().enumerate() {
        let timestamp = Some(1_795_341_600_000 + at as i64);
        let partition = at as i32 % 2;
        let put = Put { key, value: Some(&value), timestamp, headers: &headers };
        desk.put_records("t", partition, &[put, Put { key, value: None, timestamp, headers: &[] }]);
    }
    let line = "avro-consume -t t --envelope | avro-produce -t copy --envelope";
    desk.scene.shell(line).run().succeeds();
    let read = |topic: &str| {
        let outcome =
            desk.scene.tool("avro-consume").args(["-t", topic, "--envelope", "--order", "time"]).run();
        outcome.succeeds().stdout_text().replace("\"topic\":\"copy\"", "\"topic\":\"t\"")
    };
    assert_eq!(read("copy"), read("t"));
    assert_eq!(read("t").lines().count(), 12);
}
