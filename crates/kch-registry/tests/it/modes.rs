//! Modes, imports, and who uses what: as Confluent's registry answers (its error codes: 40409, 42205, 42206).

use kch_cli::Explain as _;
use kch_registry::{Error, Mode, NewSchema, SubjectVersion};
use kch_test::HttpStub;

use crate::registry;

#[test]
fn a_subject_has_a_mode_of_its_own_or_none() {
    let stub = HttpStub::start();
    stub.reply("GET", "/mode/a", 200, r#"{"mode":"IMPORT"}"#);
    stub.reply("GET", "/mode/b", 404, r#"{"error_code":40409,"message":"none"}"#);
    let registry = registry(&stub);
    assert_eq!(registry.own_mode("a").unwrap(), Some(Mode::Import));
    assert_eq!(registry.own_mode("b").unwrap(), None);
}

#[test]
fn a_mode_is_set_with_force_and_taken_away() {
    let stub = HttpStub::start();
    stub.reply("PUT", "/mode/a", 200, r#"{"mode":"IMPORT"}"#);
    stub.reply("DELETE", "/mode/a", 404, r#"{"error_code":40401,"message":"no"}"#);
    let registry = registry(&stub);
    registry.set_mode(Some("a"), &Mode::Import, true).unwrap();
    registry.delete_mode(Some("a")).unwrap();
    assert_eq!(stub.request_lines(), ["PUT /mode/a?force=true", "DELETE /mode/a"]);
    assert_eq!(stub.request_bodies()[0], r#"{"mode":"IMPORT"}"#);
}

#[test]
fn a_registry_without_modes_says_so() {
    for (status, body) in [(404, r#"{"error_code":404,"message":"No such path"}"#), (405, ""), (404, "")] {
        let stub = HttpStub::start();
        stub.reply("PUT", "/mode/a", status, body);
        let error = registry(&stub).set_mode(Some("a"), &Mode::Import, false).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{status}: {error}");
        assert_eq!(error.hint().unwrap(), "Confluent's registry has modes, Apicurio's has none");
    }
}

#[test]
fn what_a_mode_forbids_is_refused_with_the_cure() {
    let stub = HttpStub::start();
    stub.reply("POST", "/subjects/a", 404, r#"{"error_code":40401,"message":"no"}"#);
    let read_only = r#"{"error_code":42205,"message":"Subject a is in read-only mode"}"#;
    stub.reply("POST", "/subjects/a/versions", 422, read_only);
    let error = registry(&stub).register("a", &NewSchema::avro("\"long\"")).unwrap_err();
    assert!(error.to_string().ends_with("does not permit this: Subject a is in read-only mode"), "{error}");
    assert!(error.hint().unwrap().contains("sr mode"));
}

#[test]
fn an_import_brings_version_and_id_and_insists_on_them() {
    let stub = HttpStub::start();
    stub.reply("POST", "/subjects/a/versions", 200, r#"{"id":70}"#);
    let registry = registry(&stub);
    registry.import("a", 3, 70, &NewSchema::avro("\"long\"")).unwrap();
    assert_eq!(stub.request_bodies(), [r#"{"version":3,"id":70,"schema":"\"long\""}"#]);
    let error = registry.import("a", 3, 71, &NewSchema::avro("\"long\"")).unwrap_err();
    assert_eq!(error.to_string(), "the registry gave a the id 70 in place of 71");
}

#[test]
fn normalizing_is_asked_of_lookup_and_register_alike() {
    let stub = HttpStub::start();
    stub.reply("POST", "/subjects/a", 404, r#"{"error_code":40403,"message":"no"}"#);
    stub.reply("POST", "/subjects/a/versions", 200, r#"{"id":1}"#);
    let _ = registry(&stub).register("a", &NewSchema::avro("\"long\"").normalized(true));
    assert_eq!(
        stub.request_lines()[..2],
        ["POST /subjects/a?normalize=true", "POST /subjects/a/versions?normalize=true"]
    );
}

#[test]
fn an_id_names_its_versions_in_the_context_asked_for() {
    let stub = HttpStub::start();
    let body = r#"[{"subject":"b","version":1},{"subject":"a","version":2}]"#;
    stub.reply("GET", "/schemas/ids/7/versions", 200, body);
    let found = registry(&stub).versions_with_id(7, true, Some(":.eu:")).unwrap();
    let version = |subject: &str, version| SubjectVersion { subject: subject.into(), version };
    assert_eq!(found, [version("a", 2), version("b", 1)]);
    assert_eq!(stub.request_lines(), ["GET /schemas/ids/7/versions?deleted=true&subject=:.eu:"]);
}
