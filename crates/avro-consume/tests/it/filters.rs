//! Which records are printed: --key, --where, --header, --schema-id.

use crate::{Desk, Put, event, line, lines};

#[test]
fn a_key_is_read_from_the_one_partition_that_java_gives_to_it() {
    let desk = Desk::new();
    desk.mock.create_topic("keyed", 10, 1);
    // Java's murmur2 puts "foobar" into partition 6 of 10 (the hash is in Kafka's own tests).
    let home = (-790_332_482i32 & 0x7fff_ffff) % 10;
    let values = [event(1), event(2), event(3)];
    let put = |key: &'static [u8], value: usize| Put {
        key: Some(key),
        value: Some(&values[value]),
        ..Put::default()
    };
    desk.put_records("keyed", home, &[put(b"foobar", 0), put(b"other", 1)]);
    desk.put_records("keyed", (home + 1) % 10, &[put(b"foobar", 2)]);
    let read = |args: &[&str]| {
        desk.scene.tool("avro-consume").args(["-t", "keyed", "--key", "foobar"]).args(args).run()
    };
    read(&[]).succeeds().stdout_is(line(1)).stderr_is("");
    let both = read(&["--any-partition", "--order", "time"]).succeeds().stdout_text();
    assert_eq!(both, lines([1, 3]));
    let other = ((home + 1) % 10).to_string();
    read(&["-o", &format!("{other}=start")]).succeeds().stdout_is(line(3));
    read(&["--last", "1"]).succeeds().stdout_is(line(1));
    // Partitions that were added later move keys: that nothing was found is said.
    let absent = desk.scene.tool("avro-consume").args(["-t", "keyed", "--key", "nobody"]).run();
    absent.succeeds().stdout_is("").stderr_has("--any-partition reads 9 more");
    desk.consume(&["--any-partition"]).run().fails_with(2).stderr_has("--key");
}

#[test]
fn a_key_may_be_json_or_avro() {
    let desk = Desk::new();
    desk.registry.reply("GET", "/schemas/ids/3", 200, r#"{"schema":"\"string\""}"#);
    let values = [event(1), event(2), event(3)];
    let put = |key: &'static [u8], value: usize| Put {
        key: Some(key),
        value: Some(&values[value]),
        ..Put::default()
    };
    let avro = b"\x00\x00\x00\x00\x03\x04ab";
    desk.put_records("t", 1, &[put(avro, 0), put(b"{\"a\": 1}", 1), put(b"\"ab\"", 2), Put::default()]);
    desk.consume(&["--key", "\"ab\"", "--key-format", "avro"]).run().succeeds().stdout_is(lines([1, 3]));
    desk.consume(&["--key", "{\"a\":1}", "--key-format", "json"]).run().succeeds().stdout_is(line(2));
    desk.consume(&["--key", "ab", "--key-format", "avro"])
        .run()
        .fails_with(2)
        .stderr_has("--key ab: not JSON");
}

#[test]
fn a_condition_is_asked_of_the_line() {
    let desk = Desk::new();
    desk.put_events(0, 1..=9);
    desk.put(0, &[None]);
    let read = |condition: &str, args: &[&str]| desk.consume(&["--where", condition]).args(args).run();
    read("id > 3 and id <= 5", &[]).succeeds().stdout_is(lines([4, 5])).stderr_is("");
    read("s =~ '^é$' and not id < 9", &[]).succeeds().stdout_is(line(9));
    // A tombstone has no field, so that each is null.
    read("id == null", &[]).succeeds().stdout_is("null\n");
    read("id > 3", &["-n", "2"]).succeeds().stdout_is(lines([4, 5]));
    read("id < 4", &["--last", "2"]).succeeds().stdout_is(lines([2, 3]));
    read("offset == 2 and value.id == 3", &["--envelope", "--fields", "value.id"])
        .succeeds()
        .stdout_is("{\"value.id\":3}\n");
    let counted = read("id != null", &["--stats"]).succeeds().json_lines();
    assert_eq!(counted.len(), 1);
    assert_eq!((counted[0]["records"].as_u64(), counted[0]["lag"].as_u64()), (Some(9), Some(0)));
    read("nope == 3", &[]).succeeds().stdout_is("").stderr_has("--where nope: no record has this field");
    read("id >", &[]).fails_with(2).stderr_has("expected a number, a text in quotes");
    // A record that cannot be decoded is not filtered out, it is named.
    desk.put(0, &[Some(b"oops")]);
    read("id == 1", &[]).fails_with(1).stdout_is(line(1)).stderr_has("t[0]@10: ");
}

#[test]
fn headers_and_schema_ids_are_asked_for_before_anything_is_decoded() {
    let desk = Desk::new();
    let values = [event(1), event(2), event(3)];
    let with = |value: usize, headers: &'static [(&'static str, Option<&'static [u8]>)]| Put {
        value: Some(&values[value]),
        headers,
        ..Put::default()
    };
    desk.put_records(
        "t",
        0,
        &[
            with(0, &[("h", Some(b"a")), ("h", Some(b"b"))]),
            with(1, &[("h", Some(b"c")), ("n", None)]),
            with(2, &[]),
            Put { value: Some(b"oops"), headers: &[("x", Some(b"1"))], ..Put::default() },
            Put { value: Some(b"\x00\x00\x00\x00\x09\x02"), ..Put::default() },
        ],
    );
    desk.registry.reply("GET", "/schemas/ids/9", 200, r#"{"schema":"\"int\""}"#);
    desk.consume(&["--header", "h=b"]).run().succeeds().stdout_is(line(1));
    desk.consume(&["--header", "h"]).run().succeeds().stdout_is(lines([1, 2]));
    desk.consume(&["--header", "h", "--header", "n"]).run().succeeds().stdout_is(line(2));
    desk.consume(&["--header", "h=zz"]).run().succeeds().stdout_is("").stderr_is("");
    desk.consume(&["--schema-id", "9"]).run().succeeds().stdout_is("1\n").stderr_is("");
    let outcome = desk.consume(&["--schema-id", "9", "--schema-id", "7"]).run();
    outcome.succeeds().stdout_is(format!("{}1\n", lines([1, 2, 3])));
}

#[test]
fn a_group_and_a_state_go_behind_what_was_filtered_out() {
    let desk = Desk::new();
    desk.put_events(0, 1..=9);
    let args = ["--state", "s", "--where", "id == 2"];
    desk.consume(&args).run().succeeds().stdout_is(line(2));
    desk.consume(&["--state", "s"]).run().succeeds().stdout_is("");
    assert!(desk.scene.read("s").contains("\"0\":9"));
}
