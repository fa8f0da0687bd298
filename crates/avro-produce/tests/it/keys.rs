//! Keys: from one field, from several, from the line; their bytes; and where they land.

use rdkafka::message::{Headers as _, Message as _};

use crate::{Desk, json_string};

const LINE: &str = "{\"id\":5,\"source\":\"eu\",\"ts\":\"t\",\"payload\":\"p\"}\n";
const KEY_RECORD: &str = r#"{"type":"record","name":"K","fields":[{"name":"source","type":"string"},{"name":"id","type":"long"}]}"#;

impl Desk {
    /// The registry has this schema as the latest of a subject.
    pub(crate) fn register(&self, subject: &str, id: u32, schema: &str) {
        let latest =
            format!(r#"{{"subject":"{subject}","version":1,"id":{id},"schema":{}}}"#, json_string(schema));
        self.registry.reply("GET", &format!("/subjects/{subject}/versions/latest"), 200, &latest);
    }

    /// The registry has only this schema, as the latest of `t-value` with id 7.
    pub(crate) fn with_schema(schema: &str) -> Desk {
        let desk = Desk::new();
        desk.registry.reset();
        desk.register("t-value", 7, schema);
        desk
    }

    fn keys(&self, count: usize) -> Vec<Option<Vec<u8>>> {
        self.records("t", count).iter().map(|record| record.key().map(<[u8]>::to_vec)).collect()
    }
}

#[test]
fn a_key_of_several_fields_is_an_avro_record_or_a_json_object() {
    let desk = Desk::new();
    desk.register("t-key", 9, KEY_RECORD);
    let run = |args: &[&str]| desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin(LINE).run();
    run(&["--key-from", "id,source"]).succeeds();
    run(&["--key-from", "id,source", "--key-format", "json"]).succeeds();
    let keys = [b"\x00\x00\x00\x00\x09\x04eu\x0a".to_vec(), br#"{"id":5,"source":"eu"}"#.to_vec()];
    assert_eq!(desk.keys(2), keys.map(Some));
    run(&["--key-from", "id,payload"]).fails_with(2).stderr_is(
        "avro-produce: --key-from payload: the key's schema, subject \"t-key\" version 1, has no field \"payload\"\n\
         hint: --key-format json makes a JSON object of any fields\n",
    );
    run(&["--key-from", "id,source", "--key-format", "string"])
        .fails_with(2)
        .stderr_has("a key of several fields is a record: --key-format avro or json");
}

#[test]
fn the_keys_schema_comes_from_a_file_or_another_subject() {
    let desk = Desk::new();
    desk.scene.file("key.avsc", "\"long\"");
    let found = r#"{"subject":"t-key","version":1,"id":12,"schema":"\"long\""}"#;
    let run = |args: &[&str]| desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin(LINE).run();
    desk.registry.reply(
        "POST",
        "/subjects/t-key",
        404,
        r#"{"error_code":40403,"message":"Schema not found"}"#,
    );
    let with_file = ["--key-field", "id", "--key-schema", "key.avsc"];
    run(&with_file).fails_with(2).stderr_is(
        "avro-produce: subject t-key does not have the schema of key.avsc\nhint: --register registers it\n",
    );
    desk.registry.reset();
    desk.register("t-value", 7, crate::EVENT);
    desk.register("other", 11, "\"string\"");
    desk.registry.reply("POST", "/subjects/t-key", 200, found);
    run(&with_file).succeeds();
    run(&["--key-field", "source", "--key-subject", "other"]).succeeds();
    let keys = [b"\x00\x00\x00\x00\x0c\x0a".to_vec(), b"\x00\x00\x00\x00\x0b\x04eu".to_vec()];
    assert_eq!(desk.keys(2), keys.map(Some));
}

#[test]
fn a_null_key_field_is_no_key_and_none_leaves_an_envelopes_key_out() {
    let desk =
        Desk::with_schema(r#"{"type":"record","name":"N","fields":[{"name":"k","type":["null","string"]}]}"#);
    let args = ["-t", "t", "--key-field", "k"];
    desk.scene.tool("avro-produce").args(args).stdin("{\"k\":null}\n{\"k\":\"x\"}\n").run().succeeds();
    let envelope = r#"{"topic":"t","key":"k","value":{"k":"v"},"headers":[{"key":"h","value":"v"}]}"#;
    let args = ["--envelope", "--key-format", "none"];
    desk.scene.tool("avro-produce").args(args).stdin(envelope).run().succeeds();
    assert_eq!(desk.keys(3), [None, Some(b"x".to_vec()), None]);
    assert_eq!(desk.records("t", 3)[2].headers().map(|headers| headers.count()), Some(1));
}

#[test]
fn flags_that_say_nothing_of_where_a_key_comes_from_are_refused() {
    let desk = Desk::new();
    let run = |args: &[&str]| desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin(LINE).run();
    let whence = "keys need --key-field or --key-from, which say where they come from";
    run(&["--key-format", "json"]).fails_with(2).stderr_has(whence);
    run(&["--key-schema", "x.avsc"]).fails_with(2).stderr_has(whence);
    run(&["--key-format", "none", "--key-field", "id"])
        .fails_with(2)
        .stderr_has("--key-format none leaves keys out");
    run(&["--key-format", "json", "--key-field", "id", "--key-subject", "s"])
        .fails_with(2)
        .stderr_has("--key-schema and --key-subject are for --key-format avro");
    run(&["--key-field", "id", "--key-from", "id"]).fails_with(2).stderr_has("cannot be used with");
    run(&["--key-field", "id", "--format", "text"]).fails_with(2).stderr_has("text has no fields");
}

/// Keys with their hashes, computed by other code: murmur2 by Kafka's own `UtilsTest`, CRC-32 by zlib, and 32 bits FNV-1a by its
/// authors' test vectors.
const HASHES: [(&str, &[(&str, u32)]); 3] = [
    (
        "murmur2",
        &[
            ("21", (-973_932_308_i32).cast_unsigned()),
            ("foobar", (-790_332_482_i32).cast_unsigned()),
            ("a-little-bit-long-string", (-985_981_536_i32).cast_unsigned()),
            ("a-little-bit-longer-string", (-1_486_304_829_i32).cast_unsigned()),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", (-58_897_971_i32).cast_unsigned()),
            ("abc", 479_470_107),
        ],
    ),
    ("crc32", &[("abc", 0x3524_41c2), ("foobar", 0x9ef6_1f95), ("123456789", 0xcbf4_3926)]),
    ("fnv1a", &[("a", 0xe40c_292c), ("foobar", 0xbf9c_f968), ("b", 0xe70c_2de5)]),
];

#[test]
fn each_partitioner_puts_keys_where_its_clients_put_them() {
    const PARTITIONS: u32 = 12;
    for (partitioner, hashes) in HASHES {
        let desk = Desk::new();
        desk.mock.create_topic("keyed", PARTITIONS as i32, 1);
        desk.register(
            "keyed-value",
            7,
            r#"{"type":"record","name":"K","fields":[{"name":"k","type":"string"}]}"#,
        );
        let lines: String = hashes.iter().map(|(key, _)| format!("{{\"k\":\"{key}\"}}\n")).collect();
        let mut args = vec!["-t", "keyed", "--key-field", "k"];
        // murmur2 is what happens without a word.
        if partitioner != "murmur2" {
            args.extend(["--partitioner", partitioner]);
        }
        desk.scene.tool("avro-produce").args(args).stdin(lines).run().succeeds();
        let records = desk.records("keyed", hashes.len());
        for &(key, hash) in hashes {
            let record = records.iter().find(|record| record.key() == Some(key.as_bytes())).expect(key);
            // Java drops the sign bit; librdkafka takes CRC-32 whole; Sarama takes the absolute value.
            let number = match partitioner {
                "murmur2" => hash & 0x7fff_ffff,
                "crc32" => hash,
                _ => hash.cast_signed().unsigned_abs(),
            };
            assert_eq!(record.partition(), (number % PARTITIONS) as i32, "{partitioner} {key}");
        }
    }
}

#[test]
fn random_sends_one_key_to_many_partitions() {
    let desk = Desk::new();
    desk.mock.create_topic("keyed", 4, 1);
    desk.register("keyed-value", 7, crate::EVENT);
    let args = ["-t", "keyed", "--key-field", "source", "--partitioner", "random"];
    desk.scene.tool("avro-produce").args(args).stdin(LINE.repeat(100)).run().succeeds();
    let mut partitions: Vec<i32> =
        desk.records("keyed", 100).iter().map(|record| record.partition()).collect();
    partitions.dedup();
    assert!(partitions.len() > 1, "{partitions:?}");
}
