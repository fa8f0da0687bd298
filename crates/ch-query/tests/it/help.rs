//! The examples of `--help` work.

use kch_test::live::{self, Service};

#[test]
fn every_example_of_the_help_runs_live() {
    let Some(stack) = live::need(&[Service::ClickHouse, Service::Registry]) else { return };
    let table = stack.unique_table("help");
    stack.clickhouse(&format!(
        "CREATE TABLE {table} (id Int64, source String, ts String, payload String) ENGINE = MergeTree ORDER BY id \
         SETTINGS non_replicated_deduplication_window = 100"
    ));
    let row = |id: u64| format!("{{\"id\":{id},\"source\":\"app\",\"ts\":\"t\",\"payload\":\"hello\"}}");
    let (scene, all) = (stack.scene(), (1..=7).map(|id| row(id) + "\n").collect::<String>());
    scene.file("events.json", (1..=7).map(|id| format!("{{\"value\":{}}}\n", row(id))).collect::<String>());
    scene.file("events.jsonl", all);
    scene.file("sql/ddl/clickhouse_kafka_sink.sql", "SELECT 1;\n");
    let envelope = format!("{{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"value\":{}}}\n", row(8));
    scene.file("consumed.jsonl", envelope);
    let subject = stack.unique_subject("help");
    let schema = include_str!("../../../../configs/schemas/kafka-events-value.avsc");
    scene.file("configs/schemas/kafka-events-value.avsc", schema);
    let body = serde_json::json!({"schema": schema}).to_string();
    stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body));
    let mut count = 0;
    for verb in [&[][..], &["insert"], &["tables"], &["describe"], &["check"]] {
        let help = scene.tool("ch-query").args(verb).arg("--help").run().succeeds().stdout_text();
        let examples = help.split("Examples:\n").nth(1).unwrap_or_default().lines();
        for example in examples.map(str::trim).take_while(|line| !line.is_empty()) {
            let line = example
                .replace("kafka_events", &table)
                .replace("avro-consume -t kafka-events --envelope", "cat consumed.jsonl");
            // The rows are there before they are asked for.
            if count == 0 {
                scene.shell(&format!("ch-query insert {table} < events.jsonl")).run().succeeds();
            }
            let run = scene.shell(&line).stdin_file("/dev/null").run();
            assert!(run.code == 0, "{line}: {run:?}");
            count += 1;
        }
    }
    assert!(count >= 20, "{count} examples");
}
