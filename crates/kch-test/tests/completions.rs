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

/// A connector that is deleted when the test ends, however it does.
struct Connector<'s> {
    stack: &'s Stack,
    path: String,
}

impl Connector<'_> {
    /// Asks until the answer is one of these: while tasks are handed out anew, Connect says 409 or does not answer in time.
    fn ask(&self, method: &str, path: &str, body: Option<&str>, expected: &[u16]) {
        let began = Instant::now();
        loop {
            let answer = self.stack.try_connect(method, &format!("{}{path}", self.path), body);
            if answer.as_ref().is_ok_and(|(status, _)| expected.contains(status)) {
                return;
            }
            if began.elapsed() > Duration::from_secs(60) {
                assert!(std::thread::panicking(), "{method} {}{path}: {answer:?}", self.path);
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Connector<'_> {
    fn drop(&mut self) {
        self.ask("DELETE", "", None, &[204, 404]);
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
    // A source: a sink would leave a consumer group behind.
    let config = r#"{"connector.class":"org.apache.kafka.connect.file.FileStreamSourceConnector","topic":"kafka-events","file":"/dev/null"}"#;
    let made = Connector { stack: &stack, path: format!("/connectors/{connector}") };
    made.ask("PUT", "/config", Some(config), &[200, 201]);

    let prefix = |name: &str| name[..name.len() - 1].to_owned();
    offers(&stack, &["sr", "get", &prefix(&subject)], &subject);
    offers(&stack, &["avro-produce", "--subject", &prefix(&subject)], &subject);
    offers(&stack, &["avro-produce", "-t", "kafka-event"], "kafka-events");
    offers(&stack, &["avro-consume", "--topic=kafka-event"], "--topic=kafka-events");
    offers(&stack, &["topic-ctl", "describe", "kafka-event"], "kafka-events");
    offers(&stack, &["ch-query", "describe", &prefix(&table)], &table);
    offers(&stack, &["connect-ctl", "status", &prefix(&connector)], &connector);
}
