//! Contexts, as Confluent's registry 7.7 and 8.1 were seen to answer: it looks for a subject without a context in all of
//! them, counts ids in each by itself, and a schema refers from the context that it is in.

use kch_cli::Explain as _;
use kch_registry::{Error, Level, NewSchema, Source, SubjectVersion, Version};
use kch_test::HttpStub;
use kch_test::wiremock::matchers::{method, path as at, query_param};
use kch_test::wiremock::{Mock, ResponseTemplate};

use crate::registry;

const MONEY: &str = r#"{"type":"record","name":"Money","fields":[]}"#;

fn answer(subject: &str, id: u32, schema: &str, references: &str) -> String {
    let schema = schema.replace('"', "\\\"");
    format!(
        r#"{{"subject":"{subject}","version":1,"id":{id},"schema":"{schema}","references":{references}}}"#
    )
}

#[test]
fn what_only_another_context_has_is_not_there() {
    let stub = HttpStub::start();
    let elsewhere = answer(":.eu:a", 1, "\"long\"", "[]");
    stub.reply("POST", "/subjects/a", 200, &elsewhere);
    stub.reply("GET", "/subjects/a/versions/latest", 200, &elsewhere);
    stub.reply("GET", "/schemas/ids/1", 404, r#"{"error_code":40403,"message":"no"}"#);
    let registry = registry(&stub);
    assert_eq!(registry.lookup("a", &NewSchema::avro("\"long\"")).unwrap(), None);
    let error = registry.subject_version("a", Version::Latest).unwrap_err();
    assert_eq!(error.to_string(), "subject a does not exist");
    assert_eq!(error.hint().as_deref(), Some("did you mean :.eu:a?"));
    let error = registry.schema_by_id(1).unwrap_err();
    assert!(matches!(error, Error::SchemaNotFound { .. }), "its id is none here: {error}");
}

#[test]
fn an_address_that_ends_in_a_context_gives_it_to_each_name() {
    let stub = HttpStub::start();
    stub.reply(
        "GET",
        "/contexts/.eu/subjects/a/versions/latest",
        200,
        &answer(":.eu:a", 1, "\"long\"", "[]"),
    );
    let registry = crate::registry_at(&format!("{}/contexts/.eu", stub.url()));
    assert_eq!(registry.latest("a").unwrap().schema.id, 1);
}

#[test]
fn a_schema_refers_from_the_context_that_it_is_in() {
    let stub = HttpStub::start();
    let refers = r#"[{"name":"Money","subject":"money","version":1}]"#;
    stub.reply(
        "GET",
        "/subjects/:.eu:bill/versions/latest",
        200,
        &answer(":.eu:bill", 2, "\"Money\"", refers),
    );
    stub.reply("GET", "/subjects/:.eu:money/versions/1", 200, &answer(":.eu:money", 1, MONEY, "[]"));
    stub.reply("GET", "/subjects/money/versions/1", 200, &answer("money", 1, "\"another\"", "[]"));
    stub.reply("GET", "/schemas/ids/2", 200, &answer(":.eu:bill", 2, "\"Money\"", refers));
    let registry = registry(&stub);
    let bill = registry.latest(":.eu:bill").unwrap().schema;
    assert_eq!(bill.references[0].subject, "money", "as it was registered");
    assert_eq!(registry.resolved(&bill).unwrap(), [MONEY]);
    let bill = registry.schema_by_id_of(2, ":.eu:whatever").unwrap();
    assert_eq!(registry.resolved(&bill).unwrap(), [MONEY]);
    assert_eq!(registry.references(&bill.references, ":.eu:new").unwrap(), [MONEY]);
    // With the whole name, the registry would say only whether that very subject has the id.
    assert!(stub.request_lines().contains(&"GET /schemas/ids/2?subject=:.eu:".to_owned()));
}

#[test]
fn those_who_refer_are_looked_for_in_the_contexts_where_they_do() {
    let stub = HttpStub::start();
    let money = answer(":.eu:money", 1, MONEY, "[]");
    let plain = r#"[{"name":"Money","subject":"money","version":1}]"#;
    let whole = r#"[{"name":"Money","subject":":.eu:money","version":1}]"#;
    stub.reply("GET", "/subjects/:.eu:money/versions/1", 200, &money);
    stub.reply("GET", "/subjects/:.eu:money/versions/1/referencedby", 200, "[4,5]");
    stub.reply("GET", "/contexts", 200, r#"[".",".eu"]"#);
    let in_context = |path: &str, eu: &str, default: &str| {
        let eu = ResponseTemplate::new(200).set_body_raw(eu.to_owned(), "application/json");
        let asked = Mock::given(method("GET")).and(at(path)).and(query_param("subject", ":.eu:"));
        stub.mount(asked.respond_with(eu));
        stub.reply("GET", path, 200, default);
    };
    // The default context has another schema 4, and only that context has a 5 that refers here.
    in_context("/schemas/ids/4", &answer("", 4, "\"Money\"", plain), &answer("", 4, "\"int\"", "[]"));
    in_context("/schemas/ids/5", &answer("", 5, "\"int\"", "[]"), &answer("", 5, "\"Money\"", whole));
    in_context(
        "/schemas/ids/4/versions",
        r#"[{"subject":":.eu:bill","version":1}]"#,
        r#"[{"subject":"wrong","version":1}]"#,
    );
    in_context(
        "/schemas/ids/5/versions",
        r#"[{"subject":":.eu:wrong","version":1}]"#,
        r#"[{"subject":"bill","version":1}]"#,
    );
    let user = |subject: &str, id| (SubjectVersion { subject: subject.into(), version: 1 }, id);
    let referring = registry(&stub).referring(":.eu:money", 1).unwrap();
    assert_eq!(referring, [user(":.eu:bill", 4), user("bill", 5)]);
}

#[test]
fn a_guid_stands_for_an_id_in_each_context_and_ours_is_the_default_ones() {
    let guid: [u8; 16] = std::array::from_fn(|byte| u8::try_from(byte).unwrap());
    let path = "/schemas/guids/00010203-0405-0607-0809-0a0b0c0d0e0f";
    for (ids, id, remembered) in [
        (r#"[{"context":".eu","id":1},{"context":".","id":7}]"#, 7, true),
        (r#"[{"context":".eu","id":7}]"#, 7, false),
    ] {
        let stub = HttpStub::start();
        stub.reply("GET", &format!("{path}/ids"), 200, ids);
        stub.reply("GET", path, 200, r#"{"schema":"\"long\""}"#);
        stub.reply("GET", "/schemas/ids/7", 200, r#"{"schema":"\"int\""}"#);
        let registry = registry(&stub);
        let schema = registry.schema_by_guid(&guid).unwrap();
        assert_eq!((schema.id, schema.text.as_str()), (id, "\"long\""));
        let by_id = registry.schema_by_id(7).unwrap();
        assert_eq!(by_id.text == "\"long\"", remembered, "{ids}: the id of another context is not ours");
    }
}

#[test]
fn a_subject_without_a_level_has_its_contexts() {
    let stub = HttpStub::start();
    let none = r#"{"error_code":40408,"message":"none"}"#;
    stub.reply("GET", "/config/:.eu:a", 404, none);
    stub.reply("GET", "/config/:.eu:", 200, r#"{"compatibilityLevel":"NONE"}"#);
    stub.reply("GET", "/config/:.gl:a", 404, none);
    let inherited =
        ResponseTemplate::new(200).set_body_raw(r#"{"compatibilityLevel":"FULL"}"#, "application/json");
    let asked =
        Mock::given(method("GET")).and(at("/config/:.gl:")).and(query_param("defaultToGlobal", "true"));
    stub.mount(asked.respond_with(inherited));
    stub.reply("GET", "/config/:.gl:", 404, none);
    let registry = registry(&stub);
    let level = |subject| registry.compatibility(Some(subject)).unwrap();
    assert_eq!(level(":.eu:a"), (Level::None, Source::Context));
    // Not that of /config, which is the default context's.
    assert_eq!(level(":.gl:a"), (Level::Full, Source::Global));
}
