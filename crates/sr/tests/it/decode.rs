//! What is in a record's bytes.

use kch_test::Outcome;

use crate::{V1, scene};

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
    decode(&["--schema", "v1.avsc"], b"{}").fails_with(1).stderr_has("not base64");
    decode(&["--schema", "v1.avsc"], &[1, 2, 3]).fails_with(1).stderr_has("the first byte is 0x01, not 0x00");
    decode(&[], b"").fails_with(1).stderr_is("sr: stdin is empty\n");
}
