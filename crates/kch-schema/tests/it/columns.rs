//! The columns that fit a record, and what they cannot keep.

use kch_schema::{
    ColumnType, Columns, Mapping, NoteKind, OrderError, Route, Schema, Table, columns, sentences,
};

use crate::{record, schema};

const ALL: &str = r#"
    {"name":"b","type":"boolean"}, {"name":"i","type":"int"}, {"name":"l","type":"long"},
    {"name":"f","type":"float"}, {"name":"d","type":"double"}, {"name":"s","type":"string"},
    {"name":"y","type":"bytes"}, {"name":"x","type":{"type":"fixed","name":"X","size":4}},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
    {"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
    {"name":"u","type":{"type":"string","logicalType":"uuid"}},
    {"name":"day","type":{"type":"int","logicalType":"date"}},
    {"name":"t","type":{"type":"int","logicalType":"time-millis"}},
    {"name":"ms","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"us","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
    {"name":"a","type":{"type":"array","items":["null","long"]}},
    {"name":"m","type":{"type":"map","values":"string"}},
    {"name":"r","type":{"type":"record","name":"In","fields":[{"name":"n","type":"int"}]}},
    {"name":"v","type":["null","string","long"]}
"#;

fn types(columns: &Columns) -> Vec<String> {
    columns.columns.iter().map(|column| format!("{} {}", column.name, column.column_type)).collect()
}

fn notes(columns: &Columns) -> Vec<String> {
    columns.notes.iter().map(|note| format!("{:?} {}: {}", note.kind, note.path, note.text)).collect()
}

fn fit(schema: &Schema) -> Columns {
    columns(schema, &Mapping::default()).unwrap()
}

#[test]
fn each_type_has_its_column() {
    let expected = [
        "b Bool",
        "i Int32",
        "l Int64",
        "f Float32",
        "d Float64",
        "s String",
        "y String",
        "x String",
        "e String",
        "dec Decimal(10, 2)",
        "u UUID",
        "day Date32",
        "t Int32",
        "ms DateTime64(3, 'UTC')",
        "us Nullable(DateTime64(6, 'UTC'))",
        "a Array(Nullable(Int64))",
        "m Map(String, String)",
        "r Tuple(`n` Int32)",
        "v Variant(String, Int64)",
    ];
    assert_eq!(types(&fit(&record(ALL))), expected);
}

#[test]
fn json_lines_need_other_columns_for_bytes_and_times_of_day() {
    let mapping =
        Mapping { route: Route::Json, enums: true, low_cardinality: vec!["s".into()], ..Mapping::default() };
    let columns = columns(&record(ALL), &mapping).unwrap();
    let types = types(&columns);
    for expected in ["x String", "t String", "e Enum8('A' = 0, 'B' = 1)", "s LowCardinality(String)"] {
        assert!(types.iter().any(|found| found == expected), "{expected}: {types:?}");
    }
    assert!(notes(&columns).contains(&"Form y: is kept as base64 text".to_owned()));
}

#[test]
fn what_a_table_cannot_keep_is_said() {
    let schema = record(
        r#"{"name":"nothing","type":"null"},
           {"name":"list","type":["null",{"type":"array","items":"int"}]},
           {"name":"huge","type":{"type":"bytes","logicalType":"decimal","precision":77}},
           {"name":"tree","type":["null",{"type":"record","name":"Tree","fields":[{"name":"of","type":{"type":"array","items":"Tree"}}]}]},
           {"name":"text","type":["string","bytes"]},
           {"name":"id","type":"long"}"#,
    );
    let columns = fit(&schema);
    assert_eq!(types(&columns), ["list Array(Int32)", "id Int64"]);
    assert_eq!(
        notes(&columns),
        [
            "LeftOut nothing: is always null",
            "Lost list: null becomes an empty array",
            "LeftOut huge: ClickHouse has no decimal of more than 76 digits",
            "LeftOut tree: holds itself, which ClickHouse cannot read from Avro",
            "LeftOut text: cannot be read from Avro: its branches are not as many types in ClickHouse",
        ]
    );
    assert!(columns.notes.iter().any(|note| note.kind == NoteKind::LeftOut));
}

#[test]
fn a_record_that_holds_itself_is_text_for_json_lines() {
    let schema = schema(
        r#"{"type":"record","name":"Node","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","Node"]}]}"#,
    );
    let mapping = Mapping { route: Route::Json, ..Mapping::default() };
    assert_eq!(types(&columns(&schema, &mapping).unwrap()), ["v Int32", "next Nullable(String)"]);
    assert_eq!(types(&fit(&schema)), ["v Int32"]);
}

/// Each of them was tried out with the real sink: scripts/test_sink_connect.sh does it again.
#[test]
fn what_the_sink_of_connect_cannot_write_is_said() {
    let schema = record(
        r#"{"name":"id","type":"long"}, {"name":"nothing","type":"null"},
           {"name":"list","type":["null",{"type":"array","items":"int"}]},
           {"name":"map","type":["null",{"type":"map","values":"int"}]},
           {"name":"part","type":["null",{"type":"record","name":"P","fields":[{"name":"n","type":"int"}]}]},
           {"name":"price","type":{"type":"fixed","name":"F","size":8,"logicalType":"decimal","precision":9,"scale":2}},
           {"name":"blobs","type":{"type":"array","items":"bytes"}},
           {"name":"lists","type":{"type":"array","items":["null",{"type":"array","items":"int"}]}},
           {"name":"text","type":["null","string","bytes"]},
           {"name":"mixed","type":["null","string","long",{"type":"array","items":"int"},{"type":"int","logicalType":"date"}]},
           {"name":"several","type":{"type":"array","items":["null","string","long"]}},
           {"name":"neither","type":["bytes",{"type":"array","items":"int"}]},
           {"name":"seven","type":["long","null"],"default":7}"#,
    );
    let mapping = Mapping { route: Route::Sink, ..Mapping::default() };
    let found = columns(&schema, &mapping).unwrap();
    assert_eq!(
        types(&found),
        [
            "id Int64",
            "list Array(Int32)",
            "map Map(String, Int32)",
            "part Tuple(`n` Int32)",
            "price Decimal(9, 2)",
            "blobs Array(String)",
            "lists Array(Array(Int32))",
            "text Nullable(String)",
            "mixed Variant(String, Int64)",
            "several Array(Variant(String, Int64))",
            "seven Nullable(Int64)",
        ]
    );
    assert_eq!(found.columns.last().unwrap().default, None);
    assert_eq!(
        sentences(&found.notes),
        [
            "refused: nothing: every record is refused: Connect's Avro converter knows no type null; take the field out of \
             the schema",
            "refused: map, part, several[]: a record with null here is refused, and its batch with it",
            "refused: price: every record is refused behind Apicurio's Avro converter, though not behind Confluent's: a \
             decimal in bytes fits both",
            "refused: blobs[]: a record with one is refused, and its batch with it: the sink writes bytes as a field, not \
             as an item",
            "refused: lists[]: null here spoils its batch: the sink writes nothing for it, and what follows is read as \
             something else",
            "left out: neither: is a union of which the sink writes no branch",
            "lost: list: null becomes an empty array",
            "lost: mixed<array of int>, mixed<date>: the sink writes NULL for this \
             branch of a union, in silence",
            "lossy: seven: a record without it gets null, not its default: the sink would write the default for null too",
            "note: text: is kept without which branch it was",
        ]
    );
}

#[test]
fn what_both_avro_routes_read_has_the_same_columns() {
    let schema = record(ALL);
    let sink = columns(&schema, &Mapping { route: Route::Sink, ..Mapping::default() }).unwrap();
    assert_eq!(types(&sink), types(&fit(&schema)));
}

#[test]
fn defaults_that_clickhouse_would_not_fill_in_are_kept() {
    let columns = fit(&record(
        r#"{"name":"s","type":"string","default":"it's"}, {"name":"z","type":"string","default":""},
           {"name":"n","type":"long","default":7}, {"name":"o","type":"int","default":0},
           {"name":"b","type":"boolean","default":true}, {"name":"y","type":"bytes","default":"a"},
           {"name":"q","type":["null","long"],"default":null}"#,
    ));
    let defaults: Vec<_> = columns.columns.iter().map(|column| column.default.as_deref()).collect();
    assert_eq!(defaults, [Some(r"'it\'s'"), None, Some("7"), None, Some("true"), None, None]);
}

#[test]
fn a_schema_that_is_no_record_has_no_table() {
    let error = columns(&schema(r#"["null","string"]"#), &Mapping::default()).unwrap_err();
    assert_eq!(error.to_string(), "a table needs a record, and the schema is null or string");
}

fn table(order_by: Option<&str>) -> Table {
    let schema = record(
        r#"{"name":"tags","type":{"type":"array","items":"string"}}, {"name":"id","type":"long","doc":"the id"},
           {"name":"at","type":["null","long"]}"#,
    );
    Table {
        name: "db.t".into(),
        columns: fit(&schema).columns,
        cluster: None,
        engine: "MergeTree".into(),
        order_by: order_by.map(str::to_owned),
        deduplicate: false,
    }
}

#[test]
fn a_table_that_is_not_replicated_remembers_blocks_when_asked_to() {
    let with = |engine: &str| Table { engine: engine.into(), deduplicate: true, ..table(None) };
    assert!(
        with("MergeTree")
            .create()
            .unwrap()
            .ends_with("\nORDER BY `id`\nSETTINGS non_replicated_deduplication_window = 1000;\n")
    );
    assert!(with("ReplicatedMergeTree('/a', 'b')").create().unwrap().ends_with("\nORDER BY `id`;\n"));
}

#[test]
fn a_table_is_sorted_by_what_can_be_a_key() {
    assert_eq!(
        table(None).create().unwrap(),
        "CREATE TABLE IF NOT EXISTS `db`.`t`\n(\n    `tags` Array(String),\n    `id` Int64 COMMENT 'the id',\n    \
         `at` Nullable(Int64)\n)\nENGINE = MergeTree\nORDER BY `id`;\n"
    );
    assert!(table(Some("id")).create().unwrap().ends_with("ORDER BY `id`;\n"));
    assert!(
        table(Some("intDiv(id, 10), id")).create().unwrap().ends_with("ORDER BY (intDiv(id, 10), id);\n")
    );
    assert!(table(Some("tuple()")).create().unwrap().ends_with("ORDER BY tuple();\n"));
    let unknown = table(Some("ID")).create().unwrap_err();
    assert_eq!(unknown, OrderError::Unknown { name: "ID".into(), nearest: Some("id".into()) });
    let nullable = ColumnType::Nullable(Box::new(ColumnType::Int64));
    let refused = OrderError::NotAKey { name: "at".into(), column_type: nullable };
    assert_eq!(table(Some("id,at")).create().unwrap_err(), refused);
}
