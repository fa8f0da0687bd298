//! The table of what can be wrong: each has its exit code and one clear line.

use kch_test::{RawServer, Scene};

use crate::Desk;

const GOOD: &str = r#"{"id":1,"source":"s","ts":"t","payload":"p"}"#;

/// Runs with `lines` and compares the exit code and all of stderr.
fn expect(desk: &Desk, args: &[&str], lines: &[u8], code: i32, stderr: &str) {
    let outcome = desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin(lines).run();
    let outcome =
        outcome.replace(&desk.registry.url(), "REGISTRY").replace(&desk.mock.bootstrap(), "BROKERS");
    outcome.fails_with(code).stdout_is("").stderr_is(format!("{stderr}\n"));
}

#[test]
fn a_line_that_does_not_fit_is_named_with_field_expected_and_got() {
    let table: &[(&str, &str)] = &[
        (
            r#"{"id":"x","source":"s","ts":"t","payload":"p"}"#,
            "field \"id\": expected long, found string \"x\"",
        ),
        (
            r#"{"id":1,"source":"s","ts":"t"}"#,
            "field \"payload\": expected string, found no value\nhint: --set payload=VALUE fills it",
        ),
        (
            r#"{"id":1.5,"source":"s","ts":"t","payload":"p"}"#,
            "field \"id\": expected long, found number 1.5",
        ),
        (
            r#"{"id":1,"source":"s","ts":"t","payload":null}"#,
            "field \"payload\": expected string, found null",
        ),
        (
            r#"{"id":1,"sorce":"s","ts":"t","payload":"p"}"#,
            "unknown field \"sorce\"\nhint: did you mean \"source\"?",
        ),
        (
            r#"{"id":1,"source":"s""#,
            "[..]\nhint: a record is one line: jq -c . makes lines of JSON that is spread over several",
        ),
        (
            r#"{"id":9223372036854775808,"source":"s","ts":"t","payload":"p"}"#,
            "field \"id\": expected long, found number 9223372036854775808\nhint: a long is -9223372036854775808 to 9223372036854775807",
        ),
        ("hello", "not JSON\nhint: --format text sends lines as they are"),
        ("[1]", "[..]\nhint: a line is one record: jq -c '.[]' makes a line of each item"),
        ("null", "[..]"),
    ];
    for (bad, said) in table {
        let desk = Desk::new();
        let lines = format!("{GOOD}\n{GOOD}\n{bad}\n{GOOD}\n");
        let account =
            "avro-produce: 2 records acknowledged; every line before 3 is in, nothing from it on was sent";
        expect(&desk, &[], lines.as_bytes(), 1, &format!("avro-produce: stdin:3: {said}\n{account}"));
        assert_eq!(desk.count(), 2, "{bad}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let desk = Desk::new();
    let account =
        "avro-produce: 0 records acknowledged; every line before 1 is in, nothing from it on was sent";
    let expected = format!("avro-produce: stdin:1: [..]UTF-8[..]\n{account}");
    expect(&desk, &[], b"{\"id\":1,\"source\":\"\xff\",\"ts\":\"t\",\"payload\":\"p\"}\n", 1, &expected);
    expect(&desk, &["--format", "text"], b"ab\xff\n", 1, &expected);
}

#[test]
fn a_line_of_100_mb_is_refused_without_holding_it() {
    let desk = Desk::new();
    let mut lines = format!("{GOOD}\n").into_bytes();
    lines.resize(100_000_000, b'x');
    let outcome = desk.scene.tool("avro-produce").args(["-t", "t"]).stdin(lines).run();
    outcome.fails_with(1).stderr_is(
        "avro-produce: stdin:2: the line is longer than 64 MiB\n\
         hint: --max-line sets the limit, now 64 MiB\n\
         avro-produce: 1 record acknowledged; every line before 2 is in, nothing from it on was sent\n",
    );
    assert!(outcome.peak_memory < 220 << 20, "peak memory {} MiB", outcome.peak_memory >> 20);
}

#[test]
fn a_record_above_the_clients_limit_is_refused_with_its_line() {
    let desk = Desk::new();
    let long = format!(r#"{{"id":1,"source":"s","ts":"t","payload":"{}"}}"#, "x".repeat(2_000_000));
    let account =
        "avro-produce: 1 record acknowledged; every line before 2 is in, nothing from it on was sent";
    let expected = format!(
        "avro-produce: stdin:2: cannot send to topic \"t\": message size too large: 2000014 bytes\n\
             hint: -X message.max.bytes=BYTES lets it through here, topic-ctl alter t -s max.message.bytes=BYTES there\n{account}"
    );
    expect(&desk, &[], format!("{GOOD}\n{long}\n").as_bytes(), 1, &expected);
}

#[test]
fn what_is_wrong_before_the_first_line_is_told_by_name() {
    let desk = Desk::new();
    let good = GOOD.as_bytes();
    expect(
        &desk,
        &["--set", "sorce=x"],
        good,
        2,
        "avro-produce: --set sorce=x: the schema has no field \"sorce\"\nhint: did you mean \"source\"?",
    );
    expect(
        &desk,
        &["--set", "source=@env:NOPE"],
        good,
        2,
        "avro-produce: --set …=@env:NOPE: NOPE is not set",
    );
    expect(
        &desk,
        &["-X", "nope=1"],
        good,
        2,
        "avro-produce: kafka property nope: No such configuration property: \"nope\"",
    );
    expect(
        &desk,
        &["--schema", "no.avsc"],
        good,
        2,
        "avro-produce: cannot read no.avsc: No such file or directory (os error 2)",
    );
    expect(
        &desk,
        &["-b", &RawServer::nobody().to_string()],
        good,
        3,
        "avro-produce: cannot reach Kafka at 127.0.0.1:[..]: Connect to [..] failed: Connection refused\nhint: [..]",
    );
}

fn latest_of_u() -> String {
    r#"{"subject":"u-value","version":1,"id":8,"schema":"\"string\""}"#.to_owned()
}

#[test]
fn a_missing_topic_or_subject_is_refused_with_the_nearest_name() {
    let desk = Desk::new();
    desk.mock.create_topic("orders", 1, 1);
    desk.registry.reply("GET", "/subjects/ordres-value/versions/latest", 200, &latest_of_u());
    desk.registry.reply("GET", "/subjects", 200, r#"["orders-value","t-value"]"#);
    let not_found = r#"{"error_code":40401,"message":"Subject not found."}"#;
    desk.registry.reply("GET", "/subjects/orders-valu/versions/latest", 404, not_found);
    let run = |args: &[&str]| {
        let outcome = desk.scene.tool("avro-produce").args(args).stdin(GOOD).run();
        outcome.replace(&desk.mock.bootstrap(), "BROKERS")
    };
    run(&["-t", "ordres"]).fails_with(1).stderr_is(
        "avro-produce: topic \"ordres\" does not exist at BROKERS\nhint: did you mean \"orders\"?\n",
    );
    run(&["-t", "orders", "--subject", "orders-valu"]).fails_with(1).stderr_is(
        "avro-produce: subject orders-valu does not exist\nhint: did you mean [..]orders-value[..]?\n",
    );
    run(&[])
        .fails_with(2)
        .stderr_is("avro-produce: no topic given\nhint: name it with -t TOPIC, or put TOPIC=… into .env\n");
}

#[test]
fn a_registry_that_cannot_be_used_is_told_by_its_address() {
    let html = "<html><body>Sign in</body></html>";
    let desk = Desk::new();
    let table: &[(u16, &str, i32, &str)] = &[
        (200, html, 2, "[..]REGISTRY[..]HTML[..]"),
        (401, html, 2, "[..]REGISTRY[..]credentials[..]"),
        (403, "{}", 2, "[..]REGISTRY[..]"),
    ];
    for (status, body, code, said) in table {
        desk.registry.reset().reply("GET", "/subjects/t-value/versions/latest", *status, body);
        expect(&desk, &[], GOOD.as_bytes(), *code, &format!("avro-produce: {said}\nhint: [..]"));
    }
    let nobody = format!("http://{}", RawServer::nobody());
    let outcome = desk.scene.tool("avro-produce").args(["-t", "t", "--registry", &nobody]).stdin(GOOD).run();
    outcome.fails_with(3).stderr_has("cannot be reached: connection refused");
}

#[test]
fn secrets_are_asked_for_by_name_and_never_shown() {
    let scene = Scene::new().env("KAFKA_CLIENT_SASL_USERNAME", "client");
    scene
        .tool("avro-produce")
        .args(["-t", "t"])
        .run()
        .fails_with(2)
        .stderr_is("avro-produce: KAFKA_CLIENT_SASL_PASSWORD is not set (its password)\nhint: [..]\n");
    let scene =
        scene.env("KAFKA_CLIENT_SASL_PASSWORD", "hunter2").env("SCHEMA_REGISTRY_URL", "http://u:hunter2@h");
    let outcome = scene.tool("avro-produce").args(["-t", "t", "--show-config"]).run();
    outcome.succeeds().never_says("hunter2");
    outcome.stdout_has(r#"{"name":"TOPIC","value":"t","source":"flag"}"#);
    outcome.stdout_has(r#"{"name":"KAFKA_CLIENT_SASL_PASSWORD","value":"********","source":"environment"}"#);
    scene
        .tool("avro-produce")
        .arg("--show-config")
        .stdout_to("/dev/full")
        .run()
        .fails_with(1)
        .stderr_is("avro-produce: cannot write to stdout: No space left on device (os error 28)\n");
}

#[test]
fn what_cannot_be_read_or_written_is_told_with_a_true_account() {
    let desk = Desk::new();
    let tool = |args: &[&str]| desk.scene.tool("avro-produce").args(["-t", "t"]).args(args);
    let full = "avro-produce: cannot write to stdout: No space left on device (os error 28)\n";
    tool(&["--report"]).stdin("1\n2\n").stdout_to("/dev/full").run().fails_with(1).stderr_is(full);
    let many: String = (0..50_000).map(|n| format!("{n}\n")).collect();
    let outcome = tool(&["--report"]).stdin(many).stdout_to("/dev/full").run();
    let count = desk.count() - 2;
    outcome.fails_with(1).stderr_is(format!(
        "{full}avro-produce: {count} records acknowledged; every line before {} is in, nothing from it on was sent\n",
        count + 1
    ));
    tool(&[]).stdin_file(".").run().fails_with(1).stderr_is(
        "avro-produce: stdin:1: cannot read: Is a directory (os error 21)\n\
         avro-produce: 0 records acknowledged; every line before 1 is in, nothing from it on was sent\n",
    );
    tool(&["--on-error", "dlq", "--dlq-topic", "nope"])
        .stdin("1\n")
        .run()
        .fails_with(1)
        .stderr_has("topic \"nope\" does not exist");
    tool(&["--config", "nope.conf"])
        .stdin("1\n")
        .run()
        .fails_with(2)
        .stderr_is("avro-produce: cannot read nope.conf: No such file or directory (os error 2)\n");
    desk.scene.file("broken.avsc", "{\"type\":\"recrod\"}");
    tool(&["--schema", "broken.avsc"])
        .stdin("1\n")
        .run()
        .fails_with(2)
        .stderr_has("avro-produce: broken.avsc: ");
}

#[test]
fn a_registry_that_goes_away_in_the_middle_ends_in_exit_3_with_what_is_in() {
    let desk = Desk::new();
    let schema = format!("{{\"schema\":{}}}", crate::json_string(crate::EVENT));
    desk.registry.reply("GET", "/schemas/ids/7", 200, &schema);
    desk.registry.reply("GET", "/schemas/ids/8", 503, "{}");
    let line = |id| format!("{{\"topic\":\"t\",\"value\":{GOOD},\"value_schema_id\":{id}}}\n");
    let lines = [line(7), line(7), line(8), line(7)].concat();
    let args = ["--envelope", "--on-error", "skip"];
    let outcome = desk.scene.tool("avro-produce").args(args).stdin(lines).run();
    outcome.fails_with(3).stderr_has("avro-produce: stdin:3: ");
    outcome.stderr_has("2 records acknowledged; every line before 3 is in, nothing from it on was sent");
    assert_eq!(desk.count(), 2);
}
