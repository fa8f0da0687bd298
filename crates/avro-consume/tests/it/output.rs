//! What is printed of a record: some fields, or only counts.

use crate::{Desk, Put, event};

#[test]
fn fields_are_chosen_and_named_as_typed() {
    let desk = Desk::new();
    let value = event(5);
    desk.put_records(
        "t",
        0,
        &[Put { key: Some(b"k"), value: Some(&value), ..Put::default() }, Put::default()],
    );
    desk.consume(&["--fields", "s,id"])
        .run()
        .succeeds()
        .stdout_is("{\"s\":\"é\",\"id\":5}\nnull\n")
        .stderr_is("");
    let outcome = desk.consume(&["--envelope", "--fields", "offset,value.id,key"]).run();
    outcome.succeeds().stdout_is(
        "{\"offset\":0,\"value.id\":5,\"key\":\"k\"}\n{\"offset\":1,\"value.id\":null,\"key\":null}\n",
    );
    let outcome = desk.consume(&["--fields", "id,nmae"]).run();
    outcome.succeeds().stdout_is("{\"id\":5,\"nmae\":null}\nnull\n");
    outcome.stderr_is("avro-consume: warning: --fields nmae: no record has this field\n");
    desk.consume(&["--fields", "nmae", "-o", "end"]).run().succeeds().stdout_is("").stderr_is("");
    desk.consume(&["--fields", "a..b"]).run().fails_with(2).stderr_has("expected names with dots");
}

#[test]
fn stats_count_by_partition_schema_and_error() {
    let desk = Desk::new();
    desk.put_timed("t", 0, &[(1, 10), (2, 30), (3, 20)]);
    desk.put_records("t", 1, &[Put { key: Some(b"kk"), timestamp: Some(5000), ..Put::default() }]);
    desk.put_records("t", 1, &[Put { value: Some(b"oops"), timestamp: Some(6000), ..Put::default() }]);
    let outcome = desk.consume(&["--stats"]).run();
    outcome.fails_with(1).stdout_is(concat!(
        r#"{"topic":"t","partition":0,"schema_id":7,"tombstone":false,"error":null,"records":3,"bytes":27,"first":"1970-01-01T00:00:10.000Z","last":"1970-01-01T00:00:30.000Z","lag":0}"#,
        "\n",
        r#"{"topic":"t","partition":1,"schema_id":null,"tombstone":true,"error":null,"records":1,"bytes":2,"first":"1970-01-01T00:00:05.000Z","last":"1970-01-01T00:00:05.000Z","lag":0}"#,
        "\n",
        r#"{"topic":"t","partition":1,"schema_id":null,"tombstone":false,"error":"frame","records":1,"bytes":4,"first":"1970-01-01T00:00:06.000Z","last":"1970-01-01T00:00:06.000Z","lag":0}"#,
        "\n"
    ));
    outcome.stderr_has("t[1]@1: ");
    // Three of nine offsets are not read.
    desk.put_events(0, 4..=9);
    let outcome = desk.consume(&["--stats", "-o", "0=start", "-n", "6"]).run();
    assert_eq!(outcome.succeeds().json_lines()[0]["lag"], 3);
    desk.consume(&["--stats", "--fields", "id"]).run().fails_with(2);
    let empty = Desk::new();
    empty.consume(&["--stats"]).run().succeeds().stdout_is("");
}

#[test]
fn show_config_shows_what_x_and_config_say() {
    let desk = Desk::new();
    desk.scene.file("client.properties", "security.protocol=SASL_SSL\nsasl.password=s3cret\n");
    let outcome = desk
        .consume(&["--show-config", "--config", "client.properties", "-X", "sasl.username=somebody"])
        .run();
    outcome.succeeds().stdout_has("SASL_SSL").stdout_has("somebody");
    assert!(!outcome.stdout_text().contains("s3cret"));
}
