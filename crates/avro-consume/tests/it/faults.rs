//! Every way in which a record can be bad, and what is said of it: a table. All are exit 1, and the rest goes on.

use crate::{Desk, Put, event, line, lines};

/// A desk whose registry has schemas that are fine, wrong, of another language, or away.
fn desk() -> Desk {
    let desk = Desk::new();
    let schema = |id: u32, body: &str| {
        desk.registry.reply("GET", &format!("/schemas/ids/{id}"), 200, body);
    };
    schema(
        10,
        r#"{"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"b\",\"type\":\"boolean\"},{\"name\":\"u\",\"type\":[\"null\",\"int\"]},{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"K\",\"symbols\":[\"A\"]}},{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"float\"}}]}"}"#,
    );
    schema(11, r#"{"schema":"syntax = \"proto3\";","schemaType":"PROTOBUF"}"#);
    schema(12, r#"{"schema":"{\"type\":\"record\"}"}"#);
    schema(13, r#"{"schema":"\"ex.Gone\"","references":[{"name":"ex.Gone","subject":"gone","version":1}]}"#);
    desk.registry.reply("GET", "/subjects/gone/versions/1", 404, r#"{"error_code":40401,"message":"no"}"#);
    desk.registry.reply("GET", "/subjects", 200, "[]");
    desk.registry.reply("GET", "/schemas/ids/99", 404, r#"{"error_code":40403,"message":"no"}"#);
    desk
}

#[test]
fn every_kind_of_bad_value_is_named_and_counted() {
    let desk = desk();
    let framed = |id: u8, avro: &[u8]| [&[0, 0, 0, 0, id], avro].concat();
    let table: [(Vec<u8>, &str, &str); 23] = [
        (b"".to_vec(), "frame", "the message is empty (0 bytes: )"),
        (
            b"\0\0\0".to_vec(),
            "frame",
            "the message has 3 bytes, a registry frame alone has 5 (3 bytes: 00 00 00)",
        ),
        (
            b"{\"a\":1}".to_vec(),
            "frame",
            "the first byte is 0x7b, not 0x00: no registry frame (plain JSON) (7 bytes: 7b 22 61 22 3a 31 7d)",
        ),
        (
            b"hello".to_vec(),
            "frame",
            "the first byte is 0x68, not 0x00: no registry frame (UTF-8 text) (5 bytes: [..])",
        ),
        (
            b"\x0a\x02\xff\xfe".to_vec(),
            "frame",
            "the first byte is 0x0a, not 0x00: no registry frame (maybe protobuf) [..]",
        ),
        (
            b"\xc3\x01abcdefgh\x02".to_vec(),
            "frame",
            "the first byte is 0xc3, not 0x00: no registry frame (Avro's single-object encoding) [..]",
        ),
        (
            b"Obj\x01\x04".to_vec(),
            "frame",
            "the first byte is 0x4f, not 0x00: no registry frame (an Avro file) [..]",
        ),
        (
            b"\xff\xfe\x07".to_vec(),
            "frame",
            "the first byte is 0xff, not 0x00: no registry frame (binary data) [..]",
        ),
        (
            [&[1u8; 17][..], b"x"].concat(),
            "schema",
            "the schema registry at REGISTRY has no schema with the GUID 01010101-0101-0101-0101-010101010101 [..]",
        ),
        (
            framed(99, b"x"),
            "schema",
            "the schema registry at REGISTRY has no schema with id 99 (6 bytes: 00 00 00 00 63 78)",
        ),
        (framed(11, b"x"), "schema", "the schema with id 11 is PROTOBUF, not AVRO [..]"),
        (
            framed(12, b"x"),
            "schema",
            "schema id 12: schema: expected a named type with a \"name\", found [..]",
        ),
        (framed(13, b"x"), "schema", "subject gone does not exist [..]"),
        (
            framed(7, b"\x02\x04"),
            "data",
            "schema id 7: field \"s\": length 2, but 0 bytes are left (byte 1) [..]",
        ),
        (framed(7, b"\x02\x04ab\0"), "data", "schema id 7: 1 bytes are left over (byte 4) [..]"),
        (
            framed(7, b"\x02\x02\xff"),
            "data",
            "schema id 7: field \"s\": the string is not UTF-8 at its byte 0 (byte 1) [..]",
        ),
        (
            framed(7, &[0x80; 11]),
            "data",
            "schema id 7: field \"id\": a variable-length integer is longer than 10 bytes (byte 0) [..]",
        ),
        (framed(10, b"\x05"), "data", "schema id 10: field \"b\": byte 0x05 is no boolean (byte 0) [..]"),
        (
            framed(10, b"\x01\x04"),
            "data",
            "schema id 10: field \"u\": branch 2 of a union of 2 (byte 1) [..]",
        ),
        (
            framed(10, b"\x01\x00\x02"),
            "data",
            "schema id 10: field \"e\": symbol 1 of an enum of 1 (byte 2) [..]",
        ),
        (
            framed(10, b"\x01\x00\x00\x7e"),
            "data",
            "schema id 10: field \"l\": a block of 63 items, but 0 bytes are left (byte 3) [..]",
        ),
        (
            framed(10, b"\x01\x00\x00\x02\x00"),
            "data",
            "schema id 10: field \"l\": a block of 1 items, but 1 bytes are left (byte 3) [..]",
        ),
        (
            framed(10, b"\x01\x02\x80\x80\x80\x80\x20"),
            "data",
            "schema id 10: field \"u\": [..] does not fit an int (byte 2) [..]",
        ),
    ];
    let registry = desk.registry.url();
    // Two topics, since only the first twenty of a run are named one by one.
    for (at, half) in table.chunks(12).enumerate() {
        let topic = format!("bad-{at}");
        desk.mock.create_topic(&topic, 1, 1);
        let (first, last) = (event(1), event(2));
        let values = [first.as_slice()]
            .into_iter()
            .chain(half.iter().map(|(value, ..)| value.as_slice()))
            .chain([last.as_slice()]);
        let records: Vec<Put<'_>> =
            values.map(|value| Put { value: Some(value), ..Put::default() }).collect();
        desk.put_records(&topic, 0, &records);
        let read = |args: &[&str]| {
            desk.scene
                .tool("avro-consume")
                .args(["-t", &topic])
                .args(args)
                .run()
                .replace(&registry, "REGISTRY")
        };
        let said = |(offset, (_, _, said)): (usize, &(Vec<u8>, &str, &str))| {
            format!("avro-consume: {topic}[0]@{}: {said}\n", offset + 1)
        };
        let text: String = half.iter().enumerate().map(said).collect();
        // Where one is JSON, the way to its text is told at the end.
        let hint = half.iter().any(|(value, ..)| value.starts_with(b"{"));
        let hint = if hint {
            "avro-consume: for values that are JSON, as on a dead-letter topic: [..]\n"
        } else {
            ""
        };
        read(&[]).fails_with(1).stdout_is(lines([1, 2])).stderr_is(format!("{text}{hint}"));
        // In the counts each has its kind.
        for count in read(&["--stats"]).fails_with(1).json_lines() {
            let Some(kind) = count["error"].as_str() else { continue };
            let expected = half.iter().filter(|(_, of, _)| *of == kind).count();
            assert_eq!(count["records"].as_u64(), Some(expected as u64), "{kind}");
        }
    }
}

#[test]
fn a_bad_key_is_named_by_its_own_bytes() {
    let desk = desk();
    let value = event(1);
    let put = |key: &'static [u8]| Put { key: Some(key), value: Some(&value), ..Put::default() };
    desk.put_records("t", 0, &[put(b"{"), put(b"\0\0\0\0\x63x"), put(b"\0\0\0\0\x07\x02"), put(b"5")]);
    let read = |format: &str| {
        let args = ["--envelope", "--fields", "key", "--key-format", format];
        desk.consume(&args).run().replace(&desk.registry.url(), "REGISTRY")
    };
    read("avro").fails_with(1).stdout_is("").stderr_is(
        "avro-consume: t[0]@0: key: the first byte is 0x7b, not 0x00: no registry frame (UTF-8 text) (1 bytes: 7b)\n\
         avro-consume: t[0]@1: key: the schema registry at REGISTRY has no schema with id 99 (6 bytes: 00 00 00 00 63 78)\n\
         avro-consume: t[0]@2: key: schema id 7: field \"s\": the bytes end inside a string (byte 1) (6 bytes: 00 00 00 00 07 02)\n\
         avro-consume: t[0]@3: key: the first byte is 0x35, not 0x00: no registry frame (plain JSON) (1 bytes: 35)\n\
",
    );
    read("json")
        .fails_with(1)
        .stdout_is("{\"key\":5}\n")
        .stderr_has("t[0]@0: key: not JSON: EOF while parsing an object");
    let base64 = read("base64");
    base64.succeeds().stdout_has("{\"key\":{\"base64\":\"ew==\"}}\n").stderr_is("");
}

#[test]
fn one_bad_record_among_many_costs_one_line_and_exit_1() {
    let desk = desk();
    for _ in 0..20 {
        desk.put_events(0, 0..=49);
    }
    desk.put(0, &[Some(b"oops")]);
    desk.put_events(0, 50..=59);
    let outcome = desk.consume(&["--on-error", "skip"]).run();
    assert_eq!(outcome.fails_with(1).json_lines().len(), 1_010);
    outcome.stderr_is("avro-consume: t[0]@1000: the first byte is 0x6f, not 0x00: no registry frame (UTF-8 text) (4 bytes: 6f 6f 70 73)\n");
    assert!(outcome.stdout_text().ends_with(&line(59)));
}

#[test]
fn what_cannot_be_used_is_exit_2_and_says_why() {
    let desk = desk();
    desk.scene.file("bad.state", "not ours");
    for (args, said) in [
        (&["--where", "id ="][..], "expected a number, a text in quotes, true, false or null at character 5"),
        (&["--header", "=x"], "expected NAME or NAME=VALUE"),
        (&["--schema-id", "x"], "invalid digit"),
        (&["--max-bytes", "1T"], "expected a number of bytes, as 1000, 64k, 10M or 1G"),
        (&["--timeout", "soon"], "write it like 500ms, 60s, 5m or 1h"),
        (&["--bytes", "x"], "expected base64, hex or latin1"),
        (&["--format", "parquet"], "[possible values: json, avro]"),
        (&["--key-format", "x"], "[possible values: auto, string, avro, json, base64, none]"),
        (&["--state", "bad.state"], "--state bad.state: not a file of this tool"),
        (&["--state", "/nowhere/s"], "--state /nowhere/s: cannot write it: No such file"),
        (&["--unframed", "none.avsc"], "--unframed none.avsc: cannot read it: No such file"),
        (&["-X", "no.such=1"], "no.such"),
        (&["-f", "-e"], "cannot be used with"),
    ] {
        desk.consume(args).run().fails_with(2).stdout_is("").stderr_has(said);
    }
}
