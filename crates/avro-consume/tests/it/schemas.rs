//! Values of other schemas, and in other forms: --reader-schema, --unframed, --format avro, --logical, --bytes, GUIDs.

use apache_avro::types::Value;

use crate::{Desk, Put, event, line, lines};

const READER: &str = r#"{"type":"record","name":"E","fields":[
    {"name":"text","aliases":["s"],"type":"string"},{"name":"id","type":"double"},{"name":"n","type":["null","int"],"default":null}]}"#;

#[test]
fn a_readers_schema_renames_promotes_and_fills_in() {
    let desk = Desk::new();
    desk.scene.file("reader.avsc", READER);
    desk.put_events(0, 1..=2);
    desk.put(0, &[None]);
    let expected = "{\"text\":\"é\",\"id\":1.0,\"n\":null}\n{\"text\":\"é\",\"id\":2.0,\"n\":null}\nnull\n";
    desk.consume(&["--reader-schema", "reader.avsc"]).run().succeeds().stdout_is(expected).stderr_is("");
    let from_stdin = desk.consume(&["--reader-schema", "-"]).stdin(desk.scene.read("reader.avsc"));
    from_stdin.run().succeeds().stdout_is(expected).stderr_is("");
    // From the registry, by subject and by version.
    let body = |version: u32| {
        let schema = serde_json::to_string(READER).unwrap();
        format!(r#"{{"subject":"r","version":{version},"id":70,"schema":{schema}}}"#)
    };
    desk.registry.reply("GET", "/subjects/r/versions/latest", 200, &body(2));
    desk.registry.reply("GET", "/subjects/r/versions/1", 200, &body(1));
    for subject in ["r", "r:1", "r:latest"] {
        desk.consume(&["--reader-schema", subject]).run().succeeds().stdout_is(expected);
    }
    let outcome = desk.consume(&["--reader-schema", "reader.avsc", "--envelope", "-n", "1"]).run();
    outcome
        .succeeds()
        .stdout_has("\"value\":{\"text\":\"é\",\"id\":1.0,\"n\":null}")
        .stdout_has("\"value_schema_id\":7}");
    outcome.stderr_is("");
}

#[test]
fn a_readers_schema_that_does_not_fit_is_the_records_fault() {
    let desk = Desk::new();
    desk.put_events(0, 1..=1);
    desk.scene.file("r.avsc", r#"{"type":"record","name":"E","fields":[{"name":"id","type":"string"}]}"#);
    desk.consume(&["--reader-schema", "r.avsc"]).run().fails_with(1).stdout_is("").stderr_is(
        "avro-consume: t[0]@0: schema id 7: field \"id\": long cannot be read as string (byte 0) (9 bytes: 00 00 00 00 07 02 04 c3 a9)\n",
    );
    desk.scene.file("bad.avsc", "{");
    desk.consume(&["--reader-schema", "bad.avsc"])
        .run()
        .fails_with(2)
        .stderr_has("--reader-schema bad.avsc: the schema is not JSON");
    desk.consume(&["--reader-schema", "none.avsc"])
        .run()
        .fails_with(2)
        .stderr_has("cannot read it: No such file");
    desk.registry.reply(
        "GET",
        "/subjects/none/versions/latest",
        404,
        r#"{"error_code":40401,"message":"no"}"#,
    );
    desk.registry.reply("GET", "/subjects", 200, "[]");
    desk.consume(&["--reader-schema", "none"]).run().fails_with(1).stderr_has("subject none does not exist");
}

#[test]
fn values_without_a_frame_are_read_with_a_schema_of_ours() {
    let desk = Desk::new();
    let schema =
        r#"{"type":"record","name":"E","fields":[{"name":"id","type":"long"},{"name":"s","type":"string"}]}"#;
    desk.scene.file("e.avsc", schema);
    desk.scene.file("reader.avsc", READER);
    desk.put(0, &[Some(&event(1)[5..]), None, Some(&event(2)[5..])]);
    let read = |args: &[&str]| desk.consume(&["--unframed", "e.avsc"]).args(args).run();
    read(&[]).succeeds().stdout_is(format!("{}null\n{}", line(1), line(2))).stderr_is("");
    assert_eq!(desk.registry.request_lines(), [""; 0]);
    read(&["--envelope", "-n", "1"])
        .succeeds()
        .stdout_has("\"value\":{\"id\":1,\"s\":\"é\"}")
        .stdout_has("\"value_schema_id\":null}");
    read(&["--reader-schema", "reader.avsc", "-n", "1"])
        .succeeds()
        .stdout_is("{\"text\":\"é\",\"id\":1.0,\"n\":null}\n");
    desk.put(0, &[Some(b"\x02\x7f")]);
    read(&["-o", "3"]).fails_with(1).stderr_has("t[0]@3: --unframed: field \"s\": length -64");
}

/// The records of an Avro file, as a reader that is not ours has them.
fn avro_file(bytes: &[u8]) -> Vec<Value> {
    apache_avro::Reader::new(bytes).expect("an Avro file").map(|value| value.expect("a datum")).collect()
}

fn a_record(id: i64) -> Value {
    let fields = [("id", Value::Long(id)), ("s", Value::String("é".into()))];
    Value::Record(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

#[test]
fn an_avro_file_is_what_others_read() {
    let desk = Desk::new();
    desk.put_events(0, 1..=50);
    desk.put(0, &[None]);
    let file = desk.scene.dir().join("out.avro");
    let read = |args: &[&str]| desk.consume(&["--format", "avro"]).args(args).stdout_to(&file).run();
    read(&[])
        .succeeds()
        .stderr_is("avro-consume: warning: 1 tombstone left out: an Avro file has no place for them\n");
    let values = avro_file(&std::fs::read(&file).unwrap());
    assert_eq!(values, (1..=50).map(a_record).collect::<Vec<_>>());
    read(&["--where", "id == 7"]).succeeds();
    assert_eq!(avro_file(&std::fs::read(&file).unwrap()), [a_record(7)]);
    // Nothing to read: a file with a schema where there is one, else none.
    desk.scene.file("reader.avsc", READER);
    read(&["-o", "end", "--reader-schema", "reader.avsc"]).succeeds().stderr_is("");
    assert_eq!(avro_file(&std::fs::read(&file).unwrap()), []);
    read(&["-o", "end"]).succeeds().stderr_has("no record, so no schema: nothing was written");
    assert_eq!(std::fs::read(&file).unwrap(), b"");
    // What is said of a bad record is the same as ever.
    desk.put(0, &[Some(b"oops")]);
    read(&[]).fails_with(1).stderr_has("t[0]@51: the first byte is 0x6f");
    assert_eq!(avro_file(&std::fs::read(&file).unwrap()).len(), 50);
}

#[test]
fn an_avro_file_has_one_schema_and_a_readers_schema_makes_it_one() {
    let desk = Desk::new();
    desk.put_events(0, 1..=1);
    let other = r#"{"schema":"{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"id\",\"type\":\"int\"},{\"name\":\"s\",\"type\":\"string\"}]}"}"#;
    desk.registry.reply("GET", "/schemas/ids/9", 200, other);
    desk.put(0, &[Some(b"\x00\x00\x00\x00\x09\x04\x04\xc3\xa9")]);
    let file = desk.scene.dir().join("out.avro");
    let read = |args: &[&str]| desk.consume(&["--format", "avro"]).args(args).stdout_to(&file).run();
    read(&[]).fails_with(1).stderr_is(
        "avro-consume: t[0]@1: schema id 9, and the file has another one\n\
         hint: an Avro file has one schema: --reader-schema reads all records as one\n",
    );
    assert_eq!(avro_file(&std::fs::read(&file).unwrap()), [a_record(1)]);
    let schema =
        r#"{"type":"record","name":"E","fields":[{"name":"id","type":"long"},{"name":"s","type":"string"}]}"#;
    desk.scene.file("e.avsc", schema);
    read(&["--reader-schema", "e.avsc"]).succeeds().stderr_is("");
    assert_eq!(avro_file(&std::fs::read(&file).unwrap()), [a_record(1), a_record(2)]);
    for flag in [&["--envelope"][..], &["--fields", "id"], &["--stats"], &["--on-error", "emit"]] {
        read(flag).fails_with(2).stderr_has("cannot be used with --format avro");
    }
    desk.consume(&["--format", "avro"]).on_terminal().run().fails_with(2);
}

#[test]
fn logical_types_and_bytes_have_other_styles() {
    let desk = Desk::new();
    let schema = r#"{"schema":"{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"t\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},{\"name\":\"b\",\"type\":[\"null\",\"bytes\"]}]}"}"#;
    desk.registry.reply("GET", "/schemas/ids/8", 200, schema);
    desk.put(0, &[Some(b"\x00\x00\x00\x00\x08\x0a\x02\x04\xff\x01")]);
    let read = |args: &[&str]| desk.consume(args).run().succeeds().stdout_text();
    assert_eq!(read(&[]), "{\"t\":\"1970-01-01T00:00:00.005Z\",\"b\":\"/wE=\"}\n");
    assert_eq!(read(&["--logical", "raw", "--bytes", "hex"]), "{\"t\":5,\"b\":\"ff01\"}\n");
    assert_eq!(read(&["--bytes", "latin1"]), "{\"t\":\"1970-01-01T00:00:00.005Z\",\"b\":\"ÿ\\u0001\"}\n");
    assert_eq!(
        read(&["--json", "tagged"]),
        "{\"t\":\"1970-01-01T00:00:00.005Z\",\"b\":{\"bytes\":\"/wE=\"}}\n"
    );
    assert_eq!(read(&["--json", "avro"]), "{\"t\":5,\"b\":{\"bytes\":\"ÿ\\u0001\"}}\n");
    for flag in [["--logical", "raw"], ["--bytes", "hex"]] {
        desk.consume(&["--json", "avro"])
            .args(flag)
            .run()
            .fails_with(2)
            .stderr_has("cannot be used with --json avro");
    }
    desk.consume(&["--logical", "x"]).run().fails_with(2).stderr_has("expected iso or raw");
}

#[test]
fn a_guid_in_a_header_or_in_front_stands_for_an_id() {
    let desk = Desk::new();
    desk.registry.reply("GET", "/schemas/ids/3", 200, r#"{"schema":"\"string\""}"#);
    let guid = "/schemas/guids/01010101-0101-0101-0101-010101010101";
    desk.registry.reply("GET", &format!("{guid}/ids"), 200, r#"[{"context":".","id":7}]"#);
    let schema = r#"{"schema":"{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"s\",\"type\":\"string\"}]}"}"#;
    desk.registry.reply("GET", guid, 200, schema);
    let (bare, in_front) = (event(1)[5..].to_vec(), [&[1; 17][..], &event(2)[5..]].concat());
    let put = |value, headers| Put { value: Some(value), headers, key: Some(b"\x04ab"), ..Put::default() };
    desk.put_records(
        "t",
        0,
        &[
            put(
                &bare,
                &[
                    ("h", Some(b"v")),
                    ("__value_schema_id", Some(&[1; 17])),
                    ("__key_schema_id", Some(b"\x00\x00\x00\x00\x03")),
                ],
            ),
            put(&in_front, &[]),
        ],
    );
    desk.consume(&[]).run().succeeds().stdout_is(lines([1, 2])).stderr_is("");
    let envelopes = desk.consume(&["--envelope"]).run().succeeds().json_lines();
    assert_eq!(envelopes[0]["headers"].to_string(), r#"[{"key":"h","value":"v"}]"#);
    assert_eq!(
        (envelopes[0]["value_schema_id"].as_u64(), envelopes[1]["value_schema_id"].as_u64()),
        (Some(7), Some(7))
    );
    assert_eq!((&envelopes[0]["key"], envelopes[0]["key_schema_id"].as_u64()), (&"ab".into(), Some(3)));
    assert_eq!((&envelopes[1]["key"], envelopes[1]["key_schema_id"].as_u64()), (&"\u{4}ab".into(), None));
    desk.consume(&["--schema-id", "7"]).run().succeeds().stdout_is(lines([1, 2]));
    // A registry without GUIDs.
    desk.registry.reset();
    desk.consume(&[]).run().fails_with(1).stderr_has("has no schema with the GUID 01010101-0101-");
}
