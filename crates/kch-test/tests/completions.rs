//! Every tool completes the names that its services have. What completions are else is tested with `topic-ctl`.

use std::time::{Duration, Instant};

use kch_test::live::{self, Stack};

/// What a shell is told at the end of this line. On a busy machine the service may be too late for one who types, and
/// that is kept for a moment, so each try has a folder of its own for what is kept.
fn candidates(stack: &Stack, words: &[&str]) -> String {
    let cursor = (words.len() - 1).to_string();
    let tool = stack.scene().tool(words[0]);
    let asked = tool.args(["--complete", "zsh", &cursor, ""]).args(words).run();
    asked.succeeds().stderr_is("").stdout_text()
}

#[track_caller]
fn offers(stack: &Stack, words: &[&str], expected: &str) {
    let began = Instant::now();
    loop {
        let offered = candidates(stack, words);
        if offered == format!("{expected}\n") {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{words:?}: {offered:?}");
    }
}

#[test]
fn names_of_running_services_are_offered_live() {
    let Some(stack) = live::stack() else { return };
    let subject = stack.unique_subject("complete");
    let schema = r#"{"schema":"\"long\""}"#;
    let (status, said) = stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(schema));
    assert_eq!(status, 200, "{said}");
    let table = stack.unique_table("complete");
    stack.clickhouse(&format!("CREATE TABLE {table} (id Int64) ENGINE = Memory"));
    let connector = stack.unique("test-complete-");
    let config = r#"{"connector.class":"org.apache.kafka.connect.file.FileStreamSinkConnector","topics":"kafka-events","file":"/dev/null"}"#;
    let (status, said) = stack.connect("PUT", &format!("/connectors/{connector}/config"), Some(config));
    assert!(status == 200 || status == 201, "{said}");

    let prefix = |name: &str| name[..name.len() - 1].to_owned();
    offers(&stack, &["sr", "get", &prefix(&subject)], &subject);
    offers(&stack, &["avro-produce", "--subject", &prefix(&subject)], &subject);
    offers(&stack, &["avro-produce", "-t", "kafka-event"], "kafka-events");
    offers(&stack, &["avro-consume", "--topic=kafka-event"], "--topic=kafka-events");
    offers(&stack, &["topic-ctl", "describe", "kafka-event"], "kafka-events");
    offers(&stack, &["ch-query", "describe", &prefix(&table)], &table);
    offers(&stack, &["connect-ctl", "status", &prefix(&connector)], &connector);
    let (status, said) = stack.connect("DELETE", &format!("/connectors/{connector}"), None);
    assert_eq!(status, 204, "{said}");
}
