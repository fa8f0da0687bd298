//! The verbs that look at schemas in files: no registry is asked, and none is there.

use kch_test::{Outcome, RawServer, Scene};

const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
    {"name":"id","type":"long","doc":"the order's number"},
    {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"state","type":{"type":"enum","name":"State","symbols":["NEW","SENT"],"default":"NEW"}},
    {"name":"total","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
    {"name":"note","type":["null","string"],"default":null},
    {"name":"tags","type":["null",{"type":"array","items":"string"}],"default":null}]}"#;

/// A scene with the schema, and a registry's address where nobody listens.
fn scene() -> Scene {
    let scene = Scene::new().env("SCHEMA_REGISTRY_URL", format!("http://{}", RawServer::nobody()));
    scene.file("order.avsc", ORDER);
    scene.file("v2.avsc", ORDER.replace("\"long\",\"doc\"", "\"string\",\"doc\""));
    scene.file("v3.avsc", ORDER.replace("\"SENT\"", "\"SENT\",\"GONE\""));
    scene
}

fn sr(scene: &Scene, args: &[&str]) -> Outcome {
    scene.tool("sr").args(args).run()
}

#[test]
fn check_judges_files_by_a_level() {
    let scene = scene();
    let outcome = sr(&scene, &["check", "--old", "order.avsc", "--new", "v2.avsc", "--level", "FULL"]);
    outcome.fails_with(1).stderr_has("sr: v2.avsc is incompatible with order.avsc (FULL):\n");
    outcome.stderr_has(
        "field \"id\" was long and is now string, which cannot read it\n    TYPE_MISMATCH\n    old /fields/0/type  \"long\"",
    );
    let row = &outcome.json_lines()[0];
    assert_eq!(
        (&row["old"], &row["level"], &row["compatible"]),
        (&"order.avsc".into(), &"FULL".into(), &false.into())
    );
    let directions: Vec<_> =
        row["errors"].as_array().unwrap().iter().map(|error| &error["direction"]).collect();
    assert_eq!(directions, ["BACKWARD", "FORWARD"]);
    sr(&scene, &["check", "--old", "order.avsc", "--new", "v2.avsc", "--level", "none"]).succeeds();
    sr(&scene, &["check", "--old", "order.avsc", "--new", "v3.avsc"])
        .succeeds()
        .stdout_has("\"level\":\"BACKWARD\"");
}

#[test]
fn a_transitive_level_compares_with_every_old_schema() {
    let scene = scene();
    let check = |level: &str| {
        sr(
            &scene,
            &["check", "--old", "v2.avsc", "--old", "order.avsc", "--new", "v3.avsc", "--level", level],
        )
    };
    assert_eq!(check("BACKWARD").succeeds().json_lines().len(), 1);
    let outcome = check("BACKWARD_TRANSITIVE");
    outcome.fails_with(1).stderr_has("v3.avsc is incompatible with v2.avsc (BACKWARD_TRANSITIVE)");
    let compatible: Vec<_> = outcome.json_lines().iter().map(|row| row["compatible"].clone()).collect();
    assert_eq!(compatible, [false, true]);
}

#[test]
fn check_reads_stdin_and_refuses_what_is_no_schema() {
    let scene = scene();
    let args = ["check", "--old", "-", "--new", "order.avsc"];
    scene.tool("sr").args(args).stdin(ORDER).run().succeeds();
    scene.tool("sr").args(args).stdin("{}").run().fails_with(1).stderr_has("sr: stdin: not an Avro schema: ");
    sr(&scene, &["check", "--old", "-", "--new", "-"])
        .fails_with(2)
        .stderr_has("stdin can be one schema only");
    sr(&scene, &["check", "--old", "gone.avsc", "--new", "order.avsc"])
        .fails_with(2)
        .stderr_has("sr: cannot read gone.avsc: ");
    sr(&scene, &["check", "--new", "order.avsc"]).fails_with(2);
}

#[test]
fn the_same_bytes_with_another_meaning_are_a_warning() {
    let scene = scene();
    scene.file("micros.avsc", ORDER.replace("timestamp-millis", "timestamp-micros"));
    sr(&scene, &["check", "--old", "order.avsc", "--new", "micros.avsc"]).succeeds().stderr_is(
        "sr: warning: field \"at\" was timestamp-millis and is now timestamp-micros: readers take the same bytes, and for \
         another value\n",
    );
}

#[test]
fn types_of_another_file_are_found() {
    let scene = scene();
    scene.file(
        "line.avsc",
        r#"{"type":"record","name":"Line","fields":[{"name":"order","type":"shop.Order"}]}"#,
    );
    sr(&scene, &["ddl", "line.avsc"])
        .fails_with(1)
        .stderr_has("hint: --with FILE names a file that defines it");
    sr(&scene, &["ddl", "line.avsc", "--with", "order.avsc"])
        .succeeds()
        .stdout_has("`order` Tuple(`id` Int64,");
}

#[test]
fn diff_lists_changes_and_gives_the_verdict() {
    let scene = scene();
    let outcome = sr(&scene, &["diff", "order.avsc", "v3.avsc"]);
    outcome.succeeds().stderr_is("sr: FULL: old and new read each other's records\n").stdout_is(
        "{\"path\":\"state\",\"change\":\"symbols\",\"old\":[\"NEW\",\"SENT\"],\"new\":[\"NEW\",\"SENT\",\"GONE\"],\"breaks\":[]}\n",
    );
    let outcome = sr(&scene, &["diff", "order.avsc", "v2.avsc"]);
    outcome.succeeds().stderr_has("NONE: neither reads the other's records");
    outcome.stdout_has("\"breaks\":[\"BACKWARD\",\"FORWARD\"]");
    for exit_code in [&[][..], &["--exit-code"]] {
        sr(&scene, &[&["diff", "order.avsc", "order.avsc"], exit_code].concat()).succeeds().stdout_is("");
    }
    let table = sr(&scene, &["diff", "order.avsc", "v2.avsc", "-o", "table"]).succeeds().stdout_text();
    assert!(table.contains("BACKWARD, FORWARD") && !table.contains('['), "{table}");
    sr(&scene, &["diff", "order.avsc", "v3.avsc", "--exit-code"]).fails_with(1).stdout_has("GONE");
}

#[test]
fn lint_sees_a_key_that_is_there_twice() {
    let scene = Scene::new();
    let twice = crate::V1.replace("\"name\":\"id\"", "\"name\":\"no\",\"name\":\"id\"");
    scene
        .tool("sr")
        .args(["lint", "-", "-q", "rule"])
        .stdin(twice)
        .run()
        .fails_with(1)
        .stdout_is("key-twice\n");
}

#[test]
fn lint_exits_with_1_for_errors_and_when_strict_for_warnings() {
    let scene = scene();
    sr(&scene, &["lint", "order.avsc"]).succeeds().stdout_is("").stderr_is("");
    scene.file(
        "bad.avsc",
        r#"{"type":"record","name":"B","fields":[{"name":"ts","type":"long","logicalType":"timestamp-millis"}]}"#,
    );
    let outcome = sr(&scene, &["lint", "bad.avsc", "order.avsc"]);
    outcome.fails_with(1).stderr_is("sr: 1 error, 0 warnings\n");
    let row = &outcome.json_lines()[0];
    assert_eq!((&row["schema"], &row["rule"]), (&"bad.avsc".into(), &"logical-type-beside-type".into()));
    assert_eq!(row["cure"], r#"write "type": {"type":"long","logicalType":"timestamp-millis"}"#);
    scene.file("enum.avsc", r#"{"type":"enum","name":"E","symbols":["A"]}"#);
    // What is no schema at all is looked through to its end.
    scene.file(
        "worse.avsc",
        r#"{"type":"record","name":"bad-name","fields":[{"name":"n","type":"lng"},{"name":"n"},{"name":"t","type":"long","defualt":1}]}"#,
    );
    let rows = sr(&scene, &["lint", "worse.avsc"])
        .fails_with(1)
        .stderr_is("sr: 5 errors, 0 warnings\n")
        .json_lines();
    let pointers: Vec<&str> = rows.iter().filter_map(|row| row["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/fields/0/type", "/fields/1", "/fields/1/name", "/fields/2/defualt", "/name"]);
    sr(&scene, &["lint", "enum.avsc"]).succeeds().stderr_is("sr: 1 warning\n");
    sr(&scene, &["lint", "enum.avsc", "--strict"]).fails_with(1);
    scene
        .tool("sr")
        .args(["lint", "-"])
        .stdin("{\"type\":\"integer\"}")
        .run()
        .fails_with(1)
        .stdout_has("\"rule\":\"schema\"");
}

#[test]
fn infer_drafts_a_schema_and_names_the_bad_line() {
    let scene = scene();
    let infer = |args: &[&str], lines: &str| scene.tool("sr").arg("infer").args(args).stdin(lines).run();
    let outcome = infer(
        &["--name", "shop.Order", "-o", "json"],
        "{\"id\":1,\"at\":\"2026-11-22T10:00:00Z\"}\n\n{\"id\":2}\n",
    );
    outcome.succeeds().stderr_is("").stdout_is(
        "{\"type\":\"record\",\"name\":\"shop.Order\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"at\",\"type\":\
         [\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}],\"default\":null}]}\n",
    );
    let choices = infer(
        &["--ints", "--no-logical", "--map", "m", "-o", "json"],
        "{\"d\":\"2026-11-22\",\"n\":1,\"m\":{\"a\":1}}",
    );
    choices
        .succeeds()
        .stdout_has("\"name\":\"d\",\"type\":\"string\"")
        .stdout_has("\"name\":\"n\",\"type\":\"int\"");
    choices.stdout_has("{\"type\":\"map\",\"values\":\"int\"}");
    let states = "{\"s\":\"OPEN\",\"p\":1.25}\n{\"s\":\"OPEN\",\"p\":2}\n";
    let enums = infer(&["--symbols", "3", "--decimals", "-o", "json"], states);
    enums.succeeds().stdout_has(r#""symbols":["OPEN"]"#).stdout_has(r#""precision":18,"scale":2"#);
    enums.stderr_has("field \"s\" is an enum of OPEN: any other text is refused");
    infer(&["--symbols", "257"], states).fails_with(2).stderr_has("256");
    infer(&[], "{\"a\":1}\n{\"a\":").fails_with(1).stdout_is("").stderr_has("sr: stdin:2: not JSON: ");
    infer(&[], "{\n  \"a\": 1\n}\n")
        .fails_with(1)
        .stdout_is("")
        .stderr_has("\nhint: a line is one JSON object: jq -c .");
    infer(&[], "[{\"a\":1}]\n").succeeds().stderr_has("the lines are arrays: jq -c '.[]'");
    infer(&["--delimiter", ";"], "").fails_with(2).stderr_has("--delimiter needs --format csv");
    infer(&[], "\u{feff}{\"a\":1}\r\n").succeeds();
    scene
        .tool("sr")
        .arg("infer")
        .stdin(b"\x1f\x8b\x08\x00".to_vec())
        .run()
        .fails_with(1)
        .stderr_is("sr: stdin:1: not UTF-8\nhint: it is packed: zcat FILE | sr infer\n");
    infer(&[], "{\"a\":1,\"a\":2}").fails_with(1).stderr_is("sr: stdin:1: key \"a\" is there twice\n");
    infer(&[], "").fails_with(1).stderr_is("sr: stdin has no lines to draft from\n");
    infer(&["--name", "a-b"], "{}").fails_with(2);
    infer(&[], "{\"user-id\":1}").succeeds().stderr_has("field \"user-id\" has no name that Avro takes");
}

#[test]
fn ddl_prints_the_table_and_says_what_it_cannot_keep() {
    let scene = scene();
    let outcome = sr(&scene, &["ddl", "order.avsc"]);
    outcome.succeeds().stdout_is(
        "CREATE TABLE IF NOT EXISTS `order`\n(\n    `id` Int64 COMMENT 'the order\\'s number',\n    \
         `at` DateTime64(3, 'UTC'),\n    `state` String,\n    `total` Decimal(10, 2),\n    `note` Nullable(String),\n    \
         `tags` Array(String)\n)\nENGINE = MergeTree\nORDER BY `id`;\n",
    );
    outcome.stderr_is(
        "sr: lost: tags: null becomes an empty array\nsr: lossy: at: years outside 1900 to 2299 are not kept\n",
    );
}

#[test]
fn each_choice_of_ddl_is_in_the_statement() {
    let scene = scene();
    let ddl = |args: &[&str]| scene.tool("sr").args(["ddl", "order.avsc"]).args(args).run();
    ddl(&["--table", "shop.orders", "--order-by", "at,id"])
        .succeeds()
        .stdout_has("EXISTS `shop`.`orders`\n")
        .stdout_has("ORDER BY (`at`, `id`);\n");
    ddl(&["--engine", "ReplacingMergeTree(at)"]).succeeds().stdout_has("ENGINE = ReplacingMergeTree(at)\n");
    ddl(&["--engine", "Memory"]).succeeds().stdout_has("ENGINE = Memory;\n");
    ddl(&["--on-cluster", "c"]).succeeds().stdout_has("`order` ON CLUSTER `c`\n").stdout_has(
        "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/order', '{replica}')\n",
    );
    ddl(&["--cluster", "c"]).succeeds().stdout_has("ON CLUSTER `c`\n");
    ddl(&["--enums"]).succeeds().stdout_has("`state` Enum8('NEW' = 0, 'SENT' = 1)");
    ddl(&["--low-cardinality", "note"]).succeeds().stdout_has("`note` LowCardinality(Nullable(String))");
    ddl(&["--via", "json"])
        .succeeds()
        .stderr_has("lossy: at")
        .stderr_has("refused: tags: a line with null here is refused by ch-query insert");
    ddl(&["--via", "sink"])
        .succeeds()
        .stdout_has("`note` Nullable(String)")
        .stderr_has("lost: tags: null becomes an empty array");
    scene.file(
        "sink.avsc",
        ORDER.replace(r#"{"type":"array","items":"string"}"#, r#"{"type":"map","values":"int"}"#),
    );
    sr(&scene, &["ddl", "sink.avsc", "--via", "sink"])
        .succeeds()
        .stderr_has("sr: refused: tags: a record with null here is refused, and its batch with it\n");
    ddl(&["-o", "json"])
        .succeeds()
        .stdout_has("{\"column\":\"id\",\"type\":\"Int64\",\"avro\":\"long\",\"default\":null}\n");
    ddl(&["--low-cardinality", "id"]).fails_with(2).stderr_has("only a text can be LowCardinality");
    ddl(&["--order-by", "ID"]).fails_with(2).stderr_has("there is no such column\nhint: did you mean id?\n");
    ddl(&["--order-by", "note"]).fails_with(2).stderr_has("cannot be sorted by Nullable(String)");
    scene
        .tool("sr")
        .args(["ddl", "-"])
        .stdin("\"long\"")
        .run()
        .fails_with(1)
        .stderr_is("sr: stdin: a table needs a record, and the schema is long\n");
    scene.tool("sr").args(["ddl", "-"]).stdin(ORDER).run().succeeds().stdout_has("EXISTS `Order`\n");
}

#[test]
fn the_verdict_stands_when_nobody_reads_the_rows() {
    let scene = Scene::new();
    let all =
        |kind: &str| (0..2000).map(|n| format!(r#"{{"name":"f{n}","type":"{kind}"}}"#)).collect::<Vec<_>>();
    for (name, kind) in [("old.avsc", "string"), ("new.avsc", "int")] {
        scene.file(name, format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, all(kind).join(",")));
    }
    let unread = |args: &[&str]| scene.tool("sr").args(args).pipe_to(&["true"]).run();
    unread(&["check", "--old", "old.avsc", "--new", "new.avsc"]).fails_with(1).stderr_has("field \"f0\"");
    unread(&["diff", "old.avsc", "new.avsc"])
        .succeeds()
        .stderr_is("sr: NONE: neither reads the other's records\n");
}

#[test]
fn samples_are_lines_that_stay_the_same_for_a_seed() {
    let scene = scene();
    let sample = |args: &[&str]| scene.tool("sr").args(["sample", "order.avsc"]).args(args).run();
    let lines = sample(&["-n", "3"]).succeeds().stdout_text();
    assert_eq!(lines.lines().count(), 3);
    assert_eq!(lines, sample(&["-n", "3", "--seed", "1"]).succeeds().stdout_text());
    assert_ne!(lines, sample(&["-n", "3", "--seed", "2"]).succeeds().stdout_text());
    sample(&["-n", "20", "--json", "tagged"]).succeeds().stdout_has("{\"string\":");
    let piped =
        scene.tool("sr").args(["sample", "order.avsc", "-n", "1000000000"]).pipe_to(&["head", "-1"]).run();
    piped.succeeds().stderr_is("");
    let full = scene.tool("sr").args(["sample", "order.avsc", "-n", "100000"]).stdout_to("/dev/full").run();
    full.fails_with(1).stderr_has("No space left on device");
}

#[test]
fn jsonschema_describes_the_lines() {
    let scene = scene();
    let described = sr(&scene, &["jsonschema", "order.avsc", "-o", "json"]).succeeds().json_lines();
    let order = &described[0]["$defs"]["shop.Order"];
    assert_eq!(order["required"], serde_json::json!(["id", "at", "state", "total"]));
    assert_eq!(order["properties"]["id"]["description"], "the order's number");
    sr(&scene, &["jsonschema", "order.avsc"]).succeeds().stdout_has("{\n  \"$schema\"");
}

#[test]
fn a_name_that_is_no_file_is_a_subject() {
    let scene = scene();
    sr(&scene, &["ddl", "orders-value"]).fails_with(3).stderr_has("cannot be reached");
    sr(&scene, &["ddl", "orders.avsc"]).fails_with(2).stderr_has("cannot read orders.avsc");
}

#[test]
fn infer_drafts_a_schema_from_csv() {
    let scene = Scene::new();
    let infer = |args: &[&str], rows: &str| {
        let args = ["infer", "--format", "csv", "-o", "json"].iter().chain(args);
        scene.tool("sr").args(args).stdin(rows.to_owned()).run()
    };
    let rows = "\u{feff}id,at,zip,price,open,note,code\r\n1,2026-11-22T10:00:00Z,00123,9.5,true,\"a, \"\"b\"\"\nc\",7\r\n\
                2,2026-11-22T10:00:01Z,45678,10,false,,x7\r\n";
    let draft = infer(&["--name", "ex.Row"], rows);
    let fields = r#"[{"name":"id","type":"long"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"zip","type":"string"},{"name":"price","type":"double"},{"name":"open","type":"boolean"},{"name":"note","type":["null","string"],"default":null},{"name":"code","type":"string"}]"#;
    draft
        .succeeds()
        .stdout_is(format!(r#"{{"type":"record","name":"ex.Row","fields":{fields}}}"#) + "\n")
        .stderr_is("");
    infer(&["--delimiter", ";"], "a;b\n1;x\n").succeeds().stdout_has(r#"{"name":"b","type":"string"}"#);
    infer(&["--decimals"], "p\n1.50\n").succeeds().stdout_has(r#""scale":2"#);
    let refused = |rows: &str, text: &str| {
        infer(&[], rows).fails_with(1).stdout_is("").stderr_has(text);
    };
    refused("a;b\n1;x\n", "hint: the cells are not separated by commas: --delimiter ';'");
    refused(
        "order id,b\n",
        "sr: stdin:1: the column \"order id\" cannot be the name of a field\nhint: names have",
    );
    refused("a,a\n", "sr: stdin:1: the column \"a\" is there twice");
    refused("a,b\n1,2\n3\n", "sr: stdin:3: expected 2 cells, found 1\n");
    refused("", "sr: stdin has no lines to draft from\n");
    refused("a,b\n", "sr: stdin has no lines to draft from\n");
}
