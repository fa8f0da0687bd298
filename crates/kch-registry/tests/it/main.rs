//! The client against registries that answer as Confluent's and as Apicurio's do.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod cache;
mod contexts;
mod modes;

use std::time::Duration;

use kch_cli::{Exit, Explain as _, Settings};
use kch_http::Limits;
use kch_registry::{
    Contract, Error, Level, NewSchema, Reference, Registry, Schema, SchemaType, Source, Version,
};
use kch_test::HttpStub;
use kch_test::wiremock::matchers::{any, method, path_regex, query_param};
use kch_test::wiremock::{Mock, ResponseTemplate};

fn registry(stub: &HttpStub) -> Registry {
    registry_at(&stub.url())
}

fn registry_at(url: &str) -> Registry {
    Registry::from_settings(&Settings::from_pairs([("SCHEMA_REGISTRY_URL", url)])).unwrap()
}

/// No second try.
fn at_once() -> Limits {
    Limits { unreachable: Duration::ZERO, busy: Duration::ZERO, ..Limits::default() }
}

#[test]
fn an_id_is_fetched_once() {
    let stub = HttpStub::start();
    stub.reply("GET", "/schemas/ids/7", 200, r#"{"schema":"\"long\"","schemaType":"AVRO"}"#);
    let registry = registry(&stub);
    for _ in 0..3 {
        assert_eq!(registry.schema_by_id(7).unwrap().text, "\"long\"");
    }
    assert_eq!(stub.request_lines(), ["GET /schemas/ids/7"]);
}

#[test]
fn of_several_addresses_one_that_answers_is_asked() {
    let stub = HttpStub::start();
    stub.reply("GET", "/subjects", 200, r#"["s"]"#);
    let nobody = kch_test::RawServer::nobody();
    let registry = registry_at(&format!("http://{nobody},{}", stub.url()));
    assert_eq!(registry.subjects(false).unwrap(), ["s"]);
    assert_eq!(registry.url(), stub.url());
}

#[test]
fn an_unknown_id_is_not_asked_for_at_every_record() {
    let stub = HttpStub::start();
    stub.reply("GET", "/schemas/ids/7", 404, r#"{"error_code":40403,"message":"Schema 7 not found"}"#);
    let registry = registry(&stub);
    for _ in 0..3 {
        let error = registry.schema_by_id(7).unwrap_err();
        assert!(matches!(error, Error::SchemaNotFound { id: 7, .. }), "{error}");
        assert_eq!(error.exit(), Exit::Refused);
    }
    assert_eq!(stub.request_lines().len(), 1);
}

#[test]
fn a_guid_is_looked_up_with_its_id() {
    let stub = HttpStub::start();
    let guid: [u8; 16] = std::array::from_fn(|at| at as u8);
    let path = "/schemas/guids/00010203-0405-0607-0809-0a0b0c0d0e0f";
    stub.reply("GET", &format!("{path}/ids"), 200, r#"[{"context":".","id":9},{"context":":.x:","id":3}]"#);
    stub.reply("GET", path, 200, r#"{"guid":"00010203-0405-0607-0809-0a0b0c0d0e0f","schema":"\"long\""}"#);
    let registry = registry(&stub);
    let schema = registry.schema_by_guid(&guid).unwrap();
    assert_eq!((schema.id, schema.text.as_str()), (9, "\"long\""));
    assert_eq!(registry.schema_by_id(9).unwrap(), schema);
    // Apicurio, and Confluent's before 8.0, know no such path.
    let error = registry.schema_by_guid(&[0xff; 16]).unwrap_err();
    assert_eq!(error.exit(), Exit::Refused);
    assert_eq!(
        error.to_string().replace(&stub.url(), "URL"),
        "the schema registry at URL has no schema with the GUID ffffffff-ffff-ffff-ffff-ffffffffffff"
    );
}

#[test]
fn a_missing_subject_names_its_nearest() {
    let stub = HttpStub::start();
    stub.reply("GET", "/subjects", 200, r#"["kafka-events-value","smoke"]"#);
    stub.reply(
        "GET",
        "/subjects/kafka-evnts-value/versions/latest",
        404,
        r#"{"error_code":40401,"message":"no"}"#,
    );
    let error = registry(&stub).latest("kafka-evnts-value").unwrap_err();
    assert_eq!(error.to_string(), "subject kafka-evnts-value does not exist");
    assert_eq!(error.hint().unwrap(), "did you mean kafka-events-value?");
}

#[test]
fn a_subject_is_meant_without_its_end_or_with_a_version_behind_it() {
    let stub = HttpStub::start();
    stub.reply("GET", "/subjects", 200, r#"["kafka-events-value","smoke"]"#);
    let missing =
        ResponseTemplate::new(404).set_body_raw(r#"{"error_code":40401,"message":"no"}"#, "application/json");
    stub.mount(
        Mock::given(method("GET")).and(path_regex("^/subjects/.+/versions/latest$")).respond_with(missing),
    );
    for (asked, hint) in [
        ("kafka-events", "did you mean kafka-events-value?"),
        ("kafka-evnts", "did you mean kafka-events-value?"),
        ("smoke@3", "did you mean smoke?"),
        ("smoke:latest", "did you mean smoke?"),
        ("smoke:no", "`sr subjects` lists those there are; `sr register smoke:no FILE` makes it"),
    ] {
        assert_eq!(registry(&stub).latest(asked).unwrap_err().hint().unwrap(), hint);
    }
}

#[test]
fn a_missing_version_names_those_there_are() {
    let stub = HttpStub::start();
    stub.reply("GET", "/subjects/s/versions/9", 404, r#"{"error_code":40402,"message":"no"}"#);
    stub.reply("GET", "/subjects/s/versions", 200, "[1,2,3]");
    let error = registry(&stub).subject_version("s", Version::Number(9)).unwrap_err();
    assert_eq!(error.to_string(), "subject s has no version 9, only 1 to 3");
}

#[test]
fn references_are_resolved_over_all_steps_each_once_and_first_things_first() {
    let stub = HttpStub::start();
    let version = |subject: &str, text: &str, references: &str| {
        let body = format!(
            r#"{{"subject":"{subject}","version":1,"id":1,"schema":"{text}","references":[{references}]}}"#
        );
        stub.reply("GET", &format!("/subjects/{subject}/versions/1"), 200, &body);
    };
    let reference = |subject: &str| format!(r#"{{"name":"{subject}","subject":"{subject}","version":1}}"#);
    version("a", "A", &format!("{},{}", reference("b"), reference("c")));
    version("b", "B", &reference("c"));
    version("c", "C", "");
    let registry = registry(&stub);
    let references = vec![Reference { name: "a".into(), subject: "a".into(), version: 1 }];
    let schema = Schema {
        id: 9,
        text: "S".into(),
        schema_type: SchemaType::Avro,
        references,
        contract: Contract::default(),
        context: None,
    };
    assert_eq!(registry.resolved(&schema).unwrap(), ["C", "B", "A"]);
    assert_eq!(registry.resolved(&schema).unwrap(), ["C", "B", "A"]);
    assert_eq!(stub.request_lines().len(), 3, "versions never change");
}

#[test]
fn references_in_a_circle_end_with_an_error() {
    let stub = HttpStub::start();
    let body = r#"{"subject":"a","version":1,"id":1,"schema":"A","references":[{"name":"a","subject":"a","version":1}]}"#;
    stub.reply("GET", "/subjects/a/versions/1", 200, body);
    let reference = Reference { name: "a".into(), subject: "a".into(), version: 1 };
    let error = registry(&stub).references(&[reference], "s").unwrap_err();
    assert_eq!(error.to_string(), "the references of a version 1 do not end");
}

#[test]
fn a_schema_in_another_language_is_said_to_be_one() {
    let stub = HttpStub::start();
    stub.reply("GET", "/schemas/ids/7", 200, r#"{"schema":"syntax = \"proto3\";","schemaType":"PROTOBUF"}"#);
    let registry = registry(&stub);
    let schema = registry.schema_by_id(7).unwrap();
    assert_eq!(
        registry.resolved(&schema).unwrap_err().to_string(),
        "the schema with id 7 is PROTOBUF, not AVRO"
    );
}

#[test]
fn a_refused_registration_gives_the_reasons() {
    let stub = HttpStub::start();
    stub.reply("POST", "/subjects/s", 404, r#"{"error_code":40403,"message":"no"}"#);
    let message = "Schema being registered is incompatible with an earlier schema for subject \\\"s\\\", details: \
        [{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'b' has no default', additionalInfo:'b'}, \
        {oldSchemaVersion: 1}]";
    stub.reply(
        "POST",
        "/subjects/s/versions",
        409,
        &format!(r#"{{"error_code":409,"message":"{message}"}}"#),
    );
    let error = registry(&stub).register("s", &NewSchema::avro("\"long\"")).unwrap_err();
    assert_eq!(error.to_string(), "the schema is incompatible with subject s: The field 'b' has no default");
}

#[test]
fn a_subject_without_a_level_has_the_registrys() {
    let stub = HttpStub::start();
    stub.reply("GET", "/config/s", 404, r#"{"error_code":40408,"message":"no subject-level config"}"#);
    stub.reply("GET", "/config", 200, r#"{"compatibilityLevel":"FULL"}"#);
    assert_eq!(registry(&stub).compatibility(Some("s")).unwrap(), (Level::Full, Source::Global));
}

#[test]
fn a_subject_with_slash_and_context_reaches_the_registry_whole() {
    let stub = HttpStub::start();
    stub.reply("GET", "/subjects/:.eu:a%2Fb/versions", 200, "[1]");
    assert_eq!(registry(&stub).versions(":.eu:a/b").unwrap(), [1]);
}

#[test]
fn a_registry_whose_store_is_away_is_tried_again() {
    let stub = HttpStub::start();
    let away = r#"{"error_code":50001,"message":"Error in the backend data store"}"#;
    stub.mount(
        Mock::given(any()).respond_with(ResponseTemplate::new(500).set_body_string(away)).up_to_n_times(2),
    );
    stub.reply("GET", "/subjects", 200, r#"["a"]"#);
    assert_eq!(registry(&stub).subjects(false).unwrap(), ["a"]);
}

#[test]
fn a_path_that_is_no_registrys_is_a_wrong_address() {
    let stub = HttpStub::start();
    stub.reply("GET", "/subjects", 404, r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#);
    let error = registry(&stub).subjects(false).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert!(error.hint().unwrap().contains("the whole address of the schema registry"), "{:?}", error.hint());
}

mod deleting {
    use super::*;

    #[test]
    fn for_good_takes_both_steps() {
        let stub = HttpStub::start();
        let permanent = Mock::given(method("DELETE")).and(query_param("permanent", "true"));
        stub.mount(permanent.respond_with(ResponseTemplate::new(200).set_body_string("[1,2]")));
        stub.reply("DELETE", "/subjects/s", 200, "[2]");
        let deletion = registry(&stub).delete_subject("s", true).unwrap();
        assert_eq!(deletion.versions, [1, 2]);
        assert_eq!(stub.request_lines(), ["DELETE /subjects/s", "DELETE /subjects/s?permanent=true"]);
    }

    #[test]
    fn what_is_softly_deleted_already_is_no_error() {
        let stub = HttpStub::start();
        // Confluent says 404 here, Apicurio for a version 409.
        stub.reply("DELETE", "/subjects/s", 404, r#"{"error_code":40404,"message":"soft deleted"}"#);
        stub.reply(
            "DELETE",
            "/subjects/s/versions/1",
            409,
            r#"{"error_code":40406,"message":"soft deleted"}"#,
        );
        let registry = registry(&stub);
        assert!(registry.delete_subject("s", false).unwrap().already);
        assert!(registry.delete_version("s", Version::Number(1), false).unwrap().already);
    }

    #[test]
    fn what_others_refer_to_is_not_deleted() {
        let stub = HttpStub::start();
        stub.reply("DELETE", "/subjects/s", 422, r#"{"error_code":42206,"message":"references exist"}"#);
        stub.reply(
            "DELETE",
            "/subjects/s/versions/1",
            422,
            r#"{"error_code":42206,"message":"references exist"}"#,
        );
        stub.reply("GET", "/subjects/s/versions", 200, "[1]");
        stub.reply("GET", "/subjects/s/versions/1/referencedby", 200, "[8,5]");
        stub.reply("GET", "/schemas/ids/5/versions", 200, r#"[{"subject":"b","version":1}]"#);
        stub.reply("GET", "/schemas/ids/8/versions", 200, r#"[{"subject":"a","version":2}]"#);
        let registry = registry(&stub);
        let error = registry.delete_subject("s", false).unwrap_err();
        assert_eq!(error.to_string(), "subject s is referenced by a version 2, b version 1");
        let error = registry.delete_version("s", Version::Number(1), false).unwrap_err();
        assert_eq!(error.to_string(), "s version 1 is referenced by a version 2, b version 1");
    }
}

#[test]
fn a_schema_that_is_registered_and_not_shown_is_not_called_missing() {
    let stub = HttpStub::start();
    stub.reply("POST", "/subjects/s", 404, r#"{"error_code":40401,"message":"no"}"#);
    stub.reply("POST", "/subjects/s/versions", 200, r#"{"id":7}"#);
    let error = registry(&stub).register("s", &NewSchema::avro("\"long\"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("s is registered with id 7, but the schema registry at {} does not show it yet", stub.url())
    );
    assert_eq!(error.exit(), Exit::Unavailable);
}

#[test]
fn a_node_that_hears_of_a_schema_later_is_asked_again() {
    let stub = HttpStub::start();
    let not_yet =
        ResponseTemplate::new(404).set_body_raw(r#"{"error_code":40401,"message":"no"}"#, "application/json");
    // Before it is registered, and right afterwards.
    let lookup = Mock::given(method("POST")).and(kch_test::wiremock::matchers::path("/subjects/s"));
    stub.mount(lookup.respond_with(not_yet).up_to_n_times(3));
    stub.reply("POST", "/subjects/s/versions", 200, r#"{"id":7}"#);
    stub.reply("POST", "/subjects/s", 200, r#"{"subject":"s","version":1,"id":7,"schema":"\"long\""}"#);
    let registered = registry(&stub).register("s", &NewSchema::avro("\"long\"")).unwrap();
    assert_eq!((registered.version, registered.schema.id, registered.created), (1, 7, true));
}
