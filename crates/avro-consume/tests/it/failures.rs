//! Records and servers that are not what they should be.

use kch_test::RawServer;

use crate::{Desk, event, lines};

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
        .fails_with(2)
        .stderr_is("avro-consume: topic \"tt\" does not exist at BROKERS\nhint: did you mean \"t\"?\n");
    desk.consume(&["-o", "middle"]).run().fails_with(2).stderr_has("expected start, end or an offset");
    desk.consume(&["--json", "pretty"]).run().fails_with(2).stderr_has("expected plain, tagged or avro");
}
