//! What is in a record's bytes.

use kch_test::Outcome;

use crate::{V1, scene, sr};

/// Schema 7, then the long 5.
const FRAME: [u8; 6] = [0, 0, 0, 0, 7, 10];
const ROW: &str = "{\"magic\":0,\"id\":7,\"name\":\"R\",\"value\":{\"id\":5}}\n";

#[test]
fn a_frame_is_found_in_bytes_base64_and_hexadecimal() {
    let (registry, scene) = scene();
    registry.reply("GET", "/schemas/ids/7", 200, &format!(r#"{{"schema":"{}"}}"#, V1.replace('"', "\\\"")));
    let decode = |args: &[&str], input: &[u8]| -> Outcome {
        scene.tool("sr").arg("decode").args(args).stdin(input).run()
    };
    decode(&[], &FRAME).succeeds().stdout_is(ROW);
    decode(&["--format", "binary"], &FRAME).succeeds().stdout_is(ROW);
    decode(&[], b"AAAAAAcK\n\nAAAAAAcK\n").succeeds().stdout_is(format!("{ROW}{ROW}"));
    decode(&[], b"00000000070a").succeeds().stdout_is(ROW);
    decode(&[], b"0x00000000070a").succeeds().stdout_is(ROW);
    decode(&["--format", "hex"], b"00 00 00 00 07 0A").succeeds().stdout_is(ROW);
    decode(&["--format", "base64"], b"\"AAAAAAcK\"").succeeds().stdout_is(ROW);
    decode(&["-o", "raw"], &FRAME).succeeds().stdout_is("0\t7\tR\t{\"id\":5}\n");
    assert_eq!(registry.request_lines().iter().filter(|line| line.contains("/schemas/ids/7")).count(), 8);
}

/// As those of `avro-consume -f` come.
#[test]
fn a_record_is_printed_before_the_next_one_comes() {
    let (_registry, scene) = scene();
    let (send, come) = std::sync::mpsc::channel::<&[u8]>();
    let tool = scene.tool("sr").args(["decode", "--schema", "v1.avsc", "-q", "value.id"]);
    let mut decoding =
        tool.stdin_with(move |stdin| come.iter().try_for_each(|line| stdin.write_all(line))).spawn();
    send.send(b"00000000070a\n").unwrap();
    decoding.until_stdout("5\n");
    send.send(b"00000000070c\n").unwrap();
    decoding.until_stdout("6\n");
    send.send(b"no\n").unwrap();
    drop(send);
    decoding.wait().fails_with(1).stdout_is("5\n6\n").stderr_has("sr: stdin:3: not base64");
    let mut slip =
        scene.tool("sr").args(["decode", "--schema", "v1.avsc", "-q", "value.di"]).stdin_open().spawn();
    slip.write("00000000070a\n")
        .until_stderr("sr: -q value.di: there is no such field so far\nhint: did you mean value.id?\n");
    slip.close_stdin();
    slip.wait().fails_with(2).stdout_is("");
}

#[test]
fn what_cannot_be_decoded_is_said_with_its_line() {
    let (registry, scene) = scene();
    registry.reply("GET", "/schemas/ids/7", 404, r#"{"error_code":40403,"message":"no"}"#);
    let decode = |args: &[&str], input: &[u8]| -> Outcome {
        scene.tool("sr").arg("decode").args(args).stdin(input).run()
    };
    decode(&["--schema", "v1.avsc"], b"00000000070a\n0000000007\n")
        .fails_with(1)
        .stdout_is(ROW)
        .stderr_has("sr: stdin:2: schema 7: ");
    decode(&[], &FRAME).fails_with(1).stderr_has("sr: stdin: ").stderr_has("7");
    decode(&["--schema", "v1.avsc"], b"zz!\n").fails_with(1).stderr_has("sr: stdin:1: not base64\nhint: ");
    decode(&["--schema", "v1.avsc"], b"{}").fails_with(1).stderr_has("no envelope: it has no value");
    decode(&["--schema", "v1.avsc"], b"{\"value\":{\"id\":5}}")
        .fails_with(1)
        .stderr_has("its value is decoded already\nhint: avro-consume --on-error emit");
    decode(&["--schema", "v1.avsc"], b"{\"value\":null}").fails_with(1).stderr_has("nothing to decode");
    decode(&["--schema", "v1.avsc", "--part", "key"], b"00000000070a")
        .fails_with(2)
        .stderr_has("--part key is for envelopes");
    decode(&["--schema", "v1.avsc", "--part", "key"], &FRAME).fails_with(2).stderr_has("--part key is for");
    decode(&["--schema", "v1.avsc"], &[1, 2, 3]).fails_with(1).stderr_has("the first byte is 0x01, not 0x00");
    decode(&[], b"").fails_with(1).stderr_is("sr: stdin is empty\n");
}

#[test]
fn a_guid_or_a_header_may_name_the_schema() {
    let (registry, scene) = scene();
    let schema = format!(r#"{{"schema":"{}"}}"#, V1.replace('"', "\\\""));
    let guid = "02030405-0607-0809-0a0b-0c0d0e0f1011";
    registry.reply("GET", "/schemas/ids/7", 200, &schema);
    registry.reply("GET", &format!("/schemas/guids/{guid}/ids"), 200, r#"[{"context":".","id":7}]"#);
    registry.reply("GET", &format!("/schemas/guids/{guid}"), 200, &schema);
    let decode = |args: &[&str], input: &[u8]| -> Outcome {
        scene.tool("sr").arg("decode").args(args).stdin(input).run()
    };
    let row = format!("{{\"magic\":1,\"guid\":\"{guid}\",\"id\":7,\"name\":\"R\",\"value\":{{\"id\":5}}}}\n");
    let framed: Vec<u8> = (1..=17).chain([10]).collect();
    decode(&[], &framed).succeeds().stdout_is(&row);
    decode(&[], b"0102030405060708090a0b0c0d0e0f10110a").succeeds().stdout_is(&row);
    decode(&[], b"AQIDBAUGBwgJCgsMDQ4PEBEK").succeeds().stdout_is(&row);
    decode(&["--schema", "v1.avsc"], &framed).succeeds().stdout_has("\"id\":null,");
    for written in [guid, &guid.replace('-', "")] {
        sr(&scene, &["get", "--guid", written, "--raw"]).succeeds().stdout_is(format!("{V1}\n"));
    }
    sr(&scene, &["get", "--guid", "0203"]).fails_with(2).stderr_has("a GUID is like ");

    let line = |value: &str, headers: &str| {
        format!(r#"{{"topic":"t","key":{value},"value":{value},"headers":[{headers}]}}"#).into_bytes()
    };
    let framed_value = r#"{"base64":"AAAAAAcK"}"#;
    decode(&[], &line(framed_value, "")).succeeds().stdout_is(ROW);
    let text = r#"{"key":"__value_schema_id","value":"\u0000\u0000\u0000\u0000\u0007"}"#;
    let bytes = r#"{"key":"__key_schema_id","value":{"base64":"AQIDBAUGBwgJCgsMDQ4PEBE="}}"#;
    let bare = line(r#""\n""#, &format!("{text},{bytes}"));
    decode(&[], &bare).succeeds().stdout_is(ROW);
    decode(&["--part", "key"], &bare).succeeds().stdout_is(&row);
    let too_long = r#"{"key":"__value_schema_id","value":"\u0000\u0000\u0000\u0000\u0007\n"}"#;
    decode(&[], &line(r#""\n""#, too_long))
        .fails_with(1)
        .stderr_is("sr: stdin:1: header __value_schema_id: more than a schema's id is in it\n");
}

#[test]
fn single_object_encoding_is_read_with_the_schema_that_it_names() {
    let (_registry, scene) = scene();
    let decode = |args: &[&str], input: Vec<u8>| scene.tool("sr").arg("decode").args(args).stdin(input).run();
    let fingerprint =
        sr(&scene, &["canonical", "v1.avsc", "--fingerprint", "rabin"]).succeeds().stdout_text();
    let line = format!("c301{}0a\n", fingerprint.trim()).into_bytes();
    decode(&["--schema", "v1.avsc", "-q", "value"], line.clone()).succeeds().stdout_is("{\"id\":5}\n");
    decode(&["--schema", "v1.avsc"], line.clone()).succeeds().stdout_has(format!(
        "{{\"magic\":\"c301\",\"fingerprint\":\"{}\",\"name\":\"R\"",
        fingerprint.trim()
    ));
    decode(&["--schema", "v2.avsc"], line.clone())
        .fails_with(1)
        .stderr_has("it was written with a schema of");
    decode(&[], line).fails_with(1).stderr_has("names a schema, and no registry\nhint: --schema FILE");
}
