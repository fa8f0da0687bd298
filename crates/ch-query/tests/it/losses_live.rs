//! `ch-query insert` refuses what ClickHouse would change in silence, and nothing else: the server is asked for both.

use kch_test::live::{self, Service, Stack};
use kch_test::{Outcome, Scene};
use serde_json::Value;

/// Columns of every type that has a rule, and a value that each would change.
const CHANGED: &[(&str, &str, &str)] = &[
    ("u8", "UInt8", "300"),
    ("u8", "UInt8", "\"\""),
    ("i64", "Int64", "9223372036854775808"),
    ("i64", "Int64", "null"),
    ("i256", "Int256", "57896044618658097711785492504343953926634992332820282019728792003956564819968"),
    ("f32", "Float32", "1e39"),
    ("f64", "Float64", "1e309"),
    ("f64", "Float64", "null"),
    ("dec", "Decimal(10, 2)", "1.239"),
    ("dec", "Decimal(10, 2)", "\"\""),
    ("dec", "Decimal(10, 2)", "12e-4"),
    ("dec", "Decimal(10, 2)", "\"-\""),
    ("d", "Date", "\"2021-02-29\""),
    ("d", "Date", "\"2200-01-01\""),
    ("d", "Date", "65536"),
    ("d", "Date", "9223372036854775808"),
    ("d", "Date", "\"2021 02 30\""),
    ("d32", "Date32", "\"1800-01-01\""),
    ("d32", "Date32", "null"),
    ("dt", "DateTime('UTC')", "\"1960-01-01 00:00:00\""),
    ("dt", "DateTime('UTC')", "5000000000"),
    ("dt", "DateTime('UTC')", "\"5000000000\""),
    ("dt", "DateTime('UTC')", "\"2106-02-07 06:28:16\""),
    ("dt", "DateTime('UTC')", "\"9223372036854775808\""),
    ("dt", "DateTime('UTC')", "\"1970-01-01T00:00:00+01:00\""),
    ("dt", "DateTime('UTC')", "\"25 Dec 2150 10:00:00\""),
    ("dt", "DateTime('UTC')", "\"0000-00-00 00:00:00\""),
    ("dt64", "DateTime64(3, 'UTC')", "\"2024-01-00 00:00:00\""),
    ("a", "Array(UInt8)", "[1,256]"),
    ("a", "Array(UInt8)", "[null]"),
    ("m", "Map(String, Date)", "{\"k\":null}"),
    ("k", "Map(UInt8, String)", "{\"300\":\"x\"}"),
    ("g", "SimpleAggregateFunction(max, UInt8)", "300"),
    ("t", "Tuple(n Int8, s String)", "{\"n\":128,\"s\":\"\"}"),
];

/// The outermost values that are kept, as they are printed.
const KEPT: &[(&str, &str)] = &[
    ("u8", "255"),
    ("i64", "-9223372036854775808"),
    ("i256", "-57896044618658097711785492504343953926634992332820282019728792003956564819968"),
    ("f32", "3.4028235e38"),
    ("f64", "1e308"),
    ("dec", "-12345678.12"),
    ("d", "\"2149-06-06\""),
    ("d32", "\"1900-01-01\""),
    ("dt", "\"2106-02-07T06:28:15Z\""),
    ("dt64", "\"1900-01-01T00:00:00.000Z\""),
    ("a", "[0,255]"),
    ("m", "{\"k\":\"1970-01-01\"}"),
    ("t", "{\"n\":-128,\"s\":\"x\"}"),
];

fn table(stack: &Stack) -> String {
    let table = stack.unique_table("losses");
    let mut columns: Vec<String> = CHANGED.iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
    columns.dedup();
    stack.clickhouse(&format!("CREATE TABLE {table} ({}) ENGINE = Memory", columns.join(", ")));
    table
}

fn insert(scene: &Scene, table: &str, flags: &[&str], lines: &str) -> Outcome {
    scene.tool("ch-query").args(["insert", table]).args(flags).stdin(lines).run()
}

#[test]
fn a_value_that_the_column_would_change_is_refused_live() {
    let Some(stack) = live::need(&[Service::ClickHouse]) else { return };
    let (scene, table) = (stack.scene(), table(&stack));
    let lines: String = CHANGED.iter().map(|(name, _, value)| format!("{{\"{name}\":{value}}}\n")).collect();
    insert(&scene, &table, &["--rejects", "bad.jsonl"], &lines)
        .fails_with(1)
        .stderr_has("hint: --lossy lets ClickHouse change what a column does not keep");
    assert_eq!(stack.clickhouse(&format!("SELECT count() FROM {table}")), "0\n");
    let rejects = scene.read("bad.jsonl");
    let rejects: Vec<Value> = rejects.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let named: Vec<String> = rejects
        .iter()
        .map(|reject| format!("{}: {}", reject["line"], reject["error"].as_str().unwrap_or_default()))
        .collect();
    for (at, (name, ..)) in CHANGED.iter().enumerate() {
        let begins = format!("{}: field \"{name}", at + 1);
        assert!(named.get(at).is_some_and(|found| found.starts_with(&begins)), "{begins}\n{named:#?}");
    }
    // The server takes each of them: no rule refuses what it would refuse itself, in better words.
    insert(&scene, &table, &["--lossy"], &lines).succeeds().stderr_is("");
    assert_eq!(stack.clickhouse(&format!("SELECT count() FROM {table}")), format!("{}\n", CHANGED.len()));
}

#[test]
fn the_outermost_values_go_in_and_come_back_live() {
    let Some(stack) = live::need(&[Service::ClickHouse]) else { return };
    let (scene, table) = (stack.scene(), table(&stack));
    let fields: Vec<String> = KEPT.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let row = format!("{{{}}}\n", fields.join(","));
    insert(&scene, &table, &[], &row).succeeds().stderr_is("");
    let names: Vec<&str> = KEPT.iter().map(|(name, _)| *name).collect();
    let select = format!("SELECT {} FROM {table}", names.join(", "));
    scene.tool("ch-query").arg(select).run().succeeds().stdout_is(row);
    // Nothing is looked at behind the last field with a rule: one that comes twice is refused by the server.
    let twice = "{\"u8\":1,\"u8\":2}\n";
    insert(&scene, &table, &[], twice).fails_with(1).stderr_has("Duplicate field found");
}

/// ClickHouse looks for a name in other case too, and makes a row of each object of a line.
#[test]
fn neither_another_case_nor_another_object_hides_a_value_live() {
    let Some(stack) = live::need(&[Service::ClickHouse]) else { return };
    let (scene, table) = (stack.scene(), table(&stack));
    let count = || stack.clickhouse(&format!("SELECT count() FROM {table}"));
    insert(&scene, &table, &[], "{\"U8\":300}\n")
        .fails_with(1)
        .stderr_has("field \"u8\": 300 does not fit UInt8");
    insert(&scene, &table, &["--lossy"], "{\"U8\":300}\n").succeeds();
    assert_eq!(count(), "1\n");
    for line in ["{\"u8\":1}{\"u8\":300}\n", "{\"u8\":1},{\"u8\":2}\n"] {
        let run = insert(&scene, &table, &[], line);
        run.fails_with(1)
            .stderr_has("stdin:1: not one JSON object: ")
            .stderr_has("several objects on a line");
    }
    assert_eq!(count(), "1\n");
}

#[test]
fn a_null_that_is_to_be_the_default_is_taken_live() {
    let Some(stack) = live::need(&[Service::ClickHouse]) else { return };
    let (scene, table) = (stack.scene(), table(&stack));
    let line = "{\"i64\":null,\"d32\":null}\n";
    insert(&scene, &table, &["-s", "input_format_null_as_default=1"], line).succeeds();
    assert_eq!(stack.clickhouse(&format!("SELECT i64, d32 FROM {table}")), "0\t1970-01-01\n");
}
