//! Schemas: names, references, hints that other tools leave in them, and what a tool asks of a plan.

use std::fs;

use kch_avro::{JsonMode, Plan, SchemaError};
use kch_test::{foreign_file, foreign_schemas};

use crate::{decode, encode, plan, through};

#[test]
fn a_plan_is_shared_between_threads() {
    fn ensure<T: Send + Sync + 'static>() {}
    ensure::<Plan>();
    ensure::<kch_avro::EncodeError>();
    ensure::<kch_avro::DecodeError>();
}

#[test]
fn tells_its_name_and_fields() {
    let plan = plan(
        r#"{"type":"record","name":"Event","namespace":"shop","fields":[
        {"name":"id","type":"long"},{"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"},"default":0},
        {"name":"note","type":["null","string"]},{"name":"source","type":"string"},{"name":"tags","type":{"type":"array","items":"string"}},
        {"name":"bad","type":"int","default":"x"},{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
        {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A"]}}]}"#,
    );
    assert_eq!(plan.name(), Some("shop.Event"));
    let fields = plan.record_fields().unwrap();
    let facts: Vec<_> = fields.iter().map(|f| (f.name, f.type_name, f.required, f.is_string)).collect();
    assert_eq!(
        facts,
        [
            ("id", "long", true, false),
            ("ts", "timestamp-millis", false, false),
            ("note", "null or string", false, true),
            ("source", "string", true, true),
            ("tags", "array of string", true, false),
            ("bad", "int", true, false),
            ("price", "decimal(10,2)", true, false),
            ("kind", "enum shop.Kind", true, false),
        ]
    );
    let bare = Plan::compile("string").unwrap();
    assert_eq!((bare.name(), bare.record_fields()), (None, None));
}

#[test]
fn references_come_in_any_order() {
    let order = r#"{"type":"record","name":"shop.Order","fields":[{"name":"by","type":"Customer"},{"name":"at","type":"geo.Place"}]}"#;
    let customer =
        r#"{"type":"record","name":"shop.Customer","fields":[{"name":"home","type":"geo.Place"}]}"#
            .to_owned();
    let place =
        r#"{"type":"record","name":"geo.Place","fields":[{"name":"lat","type":"double"}]}"#.to_owned();
    let json = br#"{"by":{"home":{"lat":1}},"at":{"lat":2}}"#;
    for references in [[customer.clone(), place.clone()], [place.clone(), customer.clone()]] {
        let plan = Plan::compile_with_references(order, &references).unwrap();
        assert_eq!(plan.name(), Some("shop.Order"));
        assert_eq!(encode(&plan, JsonMode::Plain, std::str::from_utf8(json).unwrap()).unwrap().len(), 16);
    }
    // The same text twice is one definition; another under the same name is not.
    assert!(Plan::compile_with_references(order, &[place.clone(), customer.clone(), place.clone()]).is_ok());
    let other = place.replace("double", "float");
    let error = Plan::compile_with_references(order, &[place, customer, other]).unwrap_err();
    assert_eq!(error, SchemaError::Redefined { name: "geo.Place".into() });
    assert_eq!(
        Plan::compile(order).map(|_| ()).unwrap_err(),
        SchemaError::UnknownType { at: "shop.Order.at".into(), name: "geo.Place".into(), nearest: None }
    );
}

#[test]
fn names_take_the_namespace_around_them() {
    let schema = r#"{"type":"record","name":"a.b.Outer","fields":[
        {"name":"x","type":{"type":"enum","name":"E","symbols":["S"]}},
        {"name":"y","type":{"type":"record","name":"Inner","namespace":"c","fields":[{"name":"z","type":["null","a.b.E","F"]}]}},
        {"name":"f","type":{"type":"fixed","name":"F","namespace":"","size":1}}]}"#;
    let plan = plan(schema);
    let avro = encode(&plan, JsonMode::Plain, r#"{"x":"S","y":{"z":{"F":"AA=="}},"f":"AA=="}"#).unwrap();
    assert_eq!(
        decode(&plan, JsonMode::Tagged, &avro).unwrap(),
        r#"{"x":"S","y":{"z":{"F":"AA=="}},"f":"AA=="}"#
    );
    let avro = encode(&plan, JsonMode::Plain, r#"{"x":"S","y":{"z":"S"},"f":"AA=="}"#).unwrap();
    assert_eq!(
        decode(&plan, JsonMode::Tagged, &avro).unwrap(),
        r#"{"x":"S","y":{"z":{"a.b.E":"S"}},"f":"AA=="}"#
    );
}

#[test]
fn a_logical_type_that_does_not_fit_is_ignored() {
    for (schema, json) in [
        (r#"{"type":"string","logicalType":"date"}"#, "\"x\""),
        (r#"{"type":"long","logicalType":"date"}"#, "5000000000"),
        (r#"{"type":"int","logicalType":"made-up"}"#, "5"),
        (r#"{"type":"bytes","logicalType":"decimal","precision":2,"scale":3}"#, "\"AAEC\""),
        (r#"{"type":"bytes","logicalType":"decimal"}"#, "\"AAEC\""),
        (r#"{"type":"fixed","name":"F","size":1,"logicalType":"decimal","precision":3}"#, "\"AA==\""),
        (r#"{"type":"fixed","name":"F","size":2,"logicalType":"uuid"}"#, "\"AAA=\""),
        (r#"{"type":"fixed","name":"F","size":2,"logicalType":"duration"}"#, "\"AAA=\""),
    ] {
        assert_eq!(through(schema, json), json, "{schema}");
    }
}

#[test]
fn comments_are_blanked_as_java_does() {
    let schema = "// one\n{\"type\":\"enum\", /* two\n \" */ \"name\":\"E\",\"doc\":\"http://x /* \\\" no */\",\"symbols\":[\"A\"]} // three";
    assert_eq!(plan(schema).name(), Some("E"));
    let error = Plan::compile("// one\n{]").unwrap_err();
    assert!(error.to_string().ends_with("line 2 column 2"), "{error}");
}

#[test]
fn defaults_of_every_type() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"b","type":"bytes","default":"\u00ff\u0001"},
        {"name":"f","type":{"type":"fixed","name":"F","size":2},"default":"\u0000\u00e9"},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]},"default":"B"},
        {"name":"t","type":{"type":"long","logicalType":"timestamp-millis"},"default":1},
        {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2},"default":"\u0001\u0000"},
        {"name":"u","type":["string","null"],"default":"x"},
        {"name":"n","type":["string","null"],"default":null},
        {"name":"a","type":{"type":"array","items":["null","int"]},"default":[1,null]},
        {"name":"m","type":{"type":"map","values":"double"},"default":{"k":1}},
        {"name":"r","type":{"type":"record","name":"S","fields":[{"name":"x","type":"int","default":3},{"name":"y","type":"int"}]},"default":{"y":4}}]}"#;
    assert_eq!(
        through(schema, "{}"),
        r#"{"b":"/wE=","f":"AOk=","e":"B","t":"1970-01-01T00:00:00.001Z","d":"2.56","u":"x","n":null,"a":[1,null],"m":{"k":1.0},"r":{"x":3,"y":4}}"#
    );
}

#[test]
fn real_schemas_compile() {
    for path in foreign_schemas(&["avro", "datagen"]) {
        let text = fs::read_to_string(&path).unwrap();
        Plan::compile(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[test]
fn real_data_survives() {
    let Some(path) = foreign_file("avro/data-weather.avro") else { return };
    let reader = apache_avro::Reader::new(fs::File::open(path).unwrap()).unwrap();
    let schema = reader.writer_schema().clone();
    let plan = plan(&serde_json::to_string(&schema).unwrap());
    let mut count = 0;
    for value in reader {
        let writer = apache_avro::writer::datum::GenericDatumWriter::builder(&schema).build().unwrap();
        let avro = writer.write_value_to_vec(value.unwrap()).unwrap();
        let json = decode(&plan, JsonMode::Plain, &avro).unwrap();
        assert_eq!(encode(&plan, JsonMode::Plain, &json).unwrap(), avro);
        count += 1;
    }
    assert!(count > 0);
}
