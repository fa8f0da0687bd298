//! Each verb with a registry that answers.

use kch_test::Scene;
use kch_test::wiremock::matchers::any;
use kch_test::wiremock::{Mock, ResponseTemplate};
use serde_json::json;

use crate::confluent::Confluent;
use crate::{V1, V2, scene, sr, version};

#[test]
fn subjects_are_json_lines_in_a_pipe_and_a_table_on_a_terminal() {
    let (registry, scene) = scene();
    registry.reply("GET", "/subjects", 200, r#"["b","a","other"]"#);
    sr(&scene, &["subjects"])
        .succeeds()
        .stdout_is("{\"subject\":\"a\"}\n{\"subject\":\"b\"}\n{\"subject\":\"other\"}\n")
        .stderr_is("");
    sr(&scene, &["subjects", "--prefix", "o", "-o", "raw"]).succeeds().stdout_is("other\n");
    sr(&scene, &["subjects", "?", "-o", "raw"]).succeeds().stdout_is("a\nb\n");
    sr(&scene, &["subjects", "a", "o*", "-o", "raw"]).succeeds().stdout_is("a\nother\n");
    sr(&scene, &["subjects", "a", "othr"])
        .fails_with(1)
        .stdout_is("")
        .stderr_is("sr: subject othr does not exist\nhint: did you mean other?\n");
    // That a glob or a prefix matches nothing is no failure, and is said to a person alone.
    sr(&scene, &["subjects", "x*"]).succeeds().stdout_is("").stderr_is("");
    let person = scene.tool("sr").args(["subjects", "--prefix", "x"]).at_terminal().run();
    person.succeeds().stdout_has("sr: no such subjects");
    let terminal = scene.tool("sr").arg("subjects").on_terminal().run().succeeds().stdout_text();
    assert_eq!(terminal.split_whitespace().collect::<Vec<_>>(), ["subject", "a", "b", "other"]);
}

#[test]
fn get_prints_the_schema_as_json_or_as_it_was_registered() {
    let (registry, scene) = scene();
    registry.reply("GET", "/subjects/s/versions/latest", 200, &version(2, V1));
    sr(&scene, &["get", "s"]).succeeds().stdout_is(format!(
        "{{\"subject\":\"s\",\"version\":2,\"id\":12,\"type\":\"AVRO\",\"schema\":{V1}}}\n"
    ));
    sr(&scene, &["get", "s", "--raw"]).succeeds().stdout_is(format!("{V1}\n"));
    registry.reply("GET", "/schemas/ids/7", 200, r#"{"schema":"\"long\""}"#);
    sr(&scene, &["get", "--id", "7"])
        .succeeds()
        .stdout_is("{\"id\":7,\"type\":\"AVRO\",\"schema\":\"long\"}\n");
}

#[test]
fn one_field_is_printed_alone() {
    let (registry, scene) = scene();
    registry.reply("GET", "/subjects", 200, r#"["b","a"]"#);
    sr(&scene, &["subjects", "-q", "subject"]).succeeds().stdout_is("a\nb\n");
    sr(&scene, &["-q", "subjct", "subjects"])
        .fails_with(2)
        .stdout_is("")
        .stderr_is("sr: -q subjct: there is no such field\nhint: did you mean subject?\n");
    registry.reply("GET", "/subjects/s/versions/latest", 200, &version(2, V1));
    sr(&scene, &["get", "s", "--field", "id"]).succeeds().stdout_is("12\n");
    sr(&scene, &["get", "s", "-q", "schema"]).succeeds().stdout_is(format!("{V1}\n"));
    sr(&scene, &["get", "s", "-q", "schema.fields.0.name"]).succeeds().stdout_is("id\n");
    sr(&scene, &["get", "s", "-q", "schema.fields.0.nam"])
        .fails_with(2)
        .stderr_has("did you mean schema.fields.0.name?");
    let terminal = scene.tool("sr").args(["get", "s", "-q", "version"]).on_terminal().run();
    assert_eq!(terminal.succeeds().stdout_text().trim(), "2");
    sr(&scene, &["get", "s", "-q", "id", "-o", "table"]).fails_with(2).stderr_has("cannot be used with");
    sr(&scene, &["get", "s", "-q", "id", "--raw"]).fails_with(2).stderr_has("cannot be used with");
    // Verbs that print lines or documents, and no rows.
    sr(&scene, &["sample", "v1.avsc", "-n", "2", "-q", "id"]).succeeds();
    let table = sr(&scene, &["sample", "v1.avsc", "-n", "2", "-o", "table"]).succeeds().stdout_text();
    assert!(table.starts_with("id\n") && table.lines().count() == 3, "{table}");
    sr(&scene, &["jsonschema", "v1.avsc", "-q", "title"]).succeeds().stdout_is("R\n");
    sr(&scene, &["ddl", "v1.avsc", "-q", "column"]).succeeds().stdout_is("id\n");
    let decoded = scene.tool("sr").args(["decode", "--schema", "v1.avsc", "-q", "value.id"]);
    decoded.stdin("0000000007 0a\n").run().succeeds().stdout_is("5\n");
}

#[test]
fn register_says_whether_anything_changed() {
    let (registry, scene) = scene();
    registry.reply("POST", "/subjects/s", 200, &version(1, V1));
    sr(&scene, &["register", "s", "v1.avsc"])
        .succeeds()
        .stdout_is("{\"subject\":\"s\",\"version\":1,\"id\":11,\"created\":false}\n");
    let piped = scene.tool("sr").args(["register", "s", "-"]).stdin(V1).run();
    piped.succeeds().stdout_has("\"created\":false");
}

#[test]
fn register_sends_references() {
    let (registry, scene) = scene();
    registry.reply(
        "GET",
        "/subjects/money/versions/1",
        200,
        &version(1, r#"{"type":"fixed","name":"Money","size":8}"#),
    );
    registry.reply("POST", "/subjects/s", 200, &version(1, V1));
    scene.file("order.avsc", r#"{"type":"record","name":"O","fields":[{"name":"m","type":"Money"}]}"#);
    sr(&scene, &["register", "s", "order.avsc", "--reference", "Money=money:1"]).succeeds();
    let body = registry.request_bodies().pop().unwrap();
    assert!(body.ends_with(r#""references":[{"name":"Money","subject":"money","version":1}]}"#), "{body}");
}

#[test]
fn check_says_why_not() {
    let (registry, scene) = scene();
    registry.reply("POST", "/compatibility/subjects/s/versions/latest", 200, r#"{"is_compatible":false}"#);
    registry.reply("GET", "/subjects/s/versions/latest", 200, &version(1, V1));
    registry.reply("GET", "/config/s", 200, r#"{"compatibilityLevel":"BACKWARD"}"#);
    let reason = "field \"s\" is new and has no default, so old records cannot be read with the new schema";
    let outcome = sr(&scene, &["check", "s", "v2.avsc"]);
    outcome.fails_with(1).stderr_is(format!(
        "sr: v2.avsc is incompatible with s version 1 (BACKWARD):\n  {reason}\n    \
         READER_FIELD_MISSING_DEFAULT_VALUE\n    old /fields  [{{\"name\":\"id\",\"type\":\"long\"}}]\n    \
         new /fields/1  {{\"name\":\"s\",\"type\":\"string\"}}\n    \
         cure: give it a default, such as \"default\": \"\"\n"
    ));
    let row = &outcome.json_lines()[0];
    assert_eq!((&row["compatible"], &row["version"]), (&false.into(), &1.into()));
    assert_eq!(row["reasons"][0], reason);
    assert_eq!(row["errors"][0]["kind"], "READER_FIELD_MISSING_DEFAULT_VALUE");
    assert_eq!(row["errors"][0]["new"]["pointer"], "/fields/1");
}

#[test]
fn a_registry_that_refuses_a_schema_is_explained_too() {
    let (registry, scene) = scene();
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40403,"message":"no"}"#);
    registry.reply("POST", "/subjects/s/versions", 409, r#"{"error_code":409,"message":"s at /fields/1"}"#);
    registry.reply("GET", "/subjects/s/versions/latest", 200, &version(1, V1));
    registry.reply("GET", "/config/s", 404, r#"{"error_code":40408,"message":"none"}"#);
    registry.reply("GET", "/config", 200, r#"{"compatibilityLevel":"FULL"}"#);
    sr(&scene, &["register", "s", "v2.avsc"])
        .fails_with(1)
        .stdout_is("")
        .stderr_has("sr: v2.avsc is incompatible with s version 1 (FULL):\n  field \"s\" is new");
}

/// The registry would judge by a level that it does not have yet: we do, by the same rules.
#[test]
fn a_dry_run_judges_by_the_level_that_is_to_be_set() {
    let (registry, scene) = scene();
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40403,"message":"no"}"#);
    registry.reply("GET", "/subjects/s/versions", 200, "[1]");
    registry.reply("GET", "/subjects/s/versions/latest", 200, &version(1, V1));
    registry.reply("GET", "/subjects/s/versions/1", 200, &version(1, V1));
    registry.reply("GET", "/mode/s", 200, r#"{"mode":"READWRITE"}"#);
    let plan = |level: &str| sr(&scene, &["register", "s", "v2.avsc", "--dry-run", "--set-compat", level]);
    for level in ["BACKWARD", "FULL_TRANSITIVE"] {
        plan(level)
            .fails_with(1)
            .stdout_is("")
            .stderr_has(format!("v2.avsc is incompatible with s version 1 ({level}):\n  field \"s\" is new"));
    }
    plan("FORWARD").succeeds().stdout_has("\"created\":true,\"compatibility\":\"FORWARD\"").stderr_is("");
}

#[test]
fn a_version_stands_behind_its_subject_or_beside_it() {
    let registry = Confluent::start();
    let scene = Scene::new().env("SCHEMA_REGISTRY_URL", registry.stub.url());
    for schema in [V1, V2] {
        registry.put("money", schema, &json!([]));
    }
    let reference = json!([{"name": "R", "subject": "money", "version": 2}]);
    registry.put("order", r#"{"type":"record","name":"O","fields":[{"name":"m","type":"R"}]}"#, &reference);
    let user = "{\"subject\":\"order\",\"version\":1,\"id\":3,\"uses\":2}\n";
    for args in [&["refs", "money@2"][..], &["refs", "money", "2"], &["refs", "money@latest"]] {
        sr(&scene, args).succeeds().stdout_is(user);
    }
    sr(&scene, &["refs", "money@1"]).succeeds().stdout_is("").stderr_is("");
    sr(&scene, &["refs", "money@3"]).fails_with(1).stderr_has("subject money has no version 3");
    let person = scene.tool("sr").args(["refs", "money@1"]).at_terminal().run();
    person.succeeds().stdout_has("sr: nothing refers to money version 1");
    sr(&scene, &["refs", "order", "--needs", "-q", "subject"]).succeeds().stdout_is("money\n");
    registry.delete("money", 1);
    sr(&scene, &["undelete", "money@latest"]).fails_with(2);
    sr(&scene, &["undelete", "money@1", "--dry-run"]).succeeds().stdout_has("\"was\":1");

    let (registry, scene) = crate::scene();
    registry.reply("GET", "/subjects/s/versions/2", 200, &version(2, V2));
    registry.reply("GET", "/subjects/s/versions/latest", 200, &version(3, V2));
    for (args, number) in
        [(&["s@2"][..], 2), (&["s", "2"], 2), (&["s@latest"], 3), (&["s"], 3), (&["s@2", "-q", "version"], 2)]
    {
        let got = sr(&scene, &[&["get"], args].concat()).succeeds().stdout_text();
        assert!(got.contains(&format!("\"version\":{number}")) || got == format!("{number}\n"), "{got}");
    }
}

#[test]
fn lookup_fails_when_the_schema_is_not_there() {
    let (registry, scene) = scene();
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40403,"message":"no"}"#);
    sr(&scene, &["lookup", "s", "v1.avsc"])
        .fails_with(1)
        .stderr_is("sr: the schema in v1.avsc is not registered under s\n");
}

#[test]
fn compat_is_set_for_a_subject_and_for_all() {
    let (registry, scene) = scene();
    registry.reply("GET", "/config/s", 404, r#"{"error_code":40408,"message":"none"}"#);
    registry.reply("GET", "/config", 200, r#"{"compatibilityLevel":"BACKWARD"}"#);
    registry.reply("PUT", "/config/s", 200, r#"{"compatibility":"FULL"}"#);
    registry.reply("PUT", "/config", 200, r#"{"compatibility":"NONE"}"#);
    sr(&scene, &["compat", "set", "s", "full"]).succeeds().stdout_is(
        "{\"subject\":\"s\",\"compatibility\":\"FULL\",\"source\":\"subject\",\"was\":\"BACKWARD\"}\n",
    );
    sr(&scene, &["compat", "set", "NONE"]).succeeds();
    let sent: Vec<String> = registry.request_bodies().into_iter().filter(|body| !body.is_empty()).collect();
    assert_eq!(sent, [r#"{"compatibility":"FULL"}"#, r#"{"compatibility":"NONE"}"#]);
}

#[test]
fn a_dry_run_deletes_nothing() {
    let (registry, scene) = scene();
    registry.reply("GET", "/subjects/s/versions", 200, "[1,2]");
    registry.reply("GET", "/subjects/s/versions/1/referencedby", 200, "[]");
    registry.reply("GET", "/subjects/s/versions/2/referencedby", 200, "[]");
    sr(&scene, &["delete", "s", "--permanent", "--dry-run"]).succeeds().stdout_is(
        "{\"subject\":\"s\",\"version\":1,\"permanent\":true,\"deleted\":true,\"dry_run\":true}\n\
         {\"subject\":\"s\",\"version\":2,\"permanent\":true,\"deleted\":true,\"dry_run\":true}\n",
    );
    assert_eq!(registry.request_lines()[0], "GET /subjects/s/versions?deleted=true");
    assert!(registry.request_lines().iter().all(|line| line.starts_with("GET ")));
}

#[test]
fn wait_ends_when_the_registry_is_up() {
    let (registry, scene) = scene();
    let starting = ResponseTemplate::new(503).insert_header("retry-after", "1");
    registry.mount(Mock::given(any()).respond_with(starting).up_to_n_times(2));
    registry.reply("GET", "/subjects", 200, "[]");
    sr(&scene, &["wait", "--timeout", "20s"]).succeeds().stdout_is("").stderr_is("");
}

#[test]
fn a_schema_that_is_none_never_reaches_the_registry() {
    let (registry, scene) = scene();
    let register = |text: &str| scene.tool("sr").args(["register", "s", "-"]).stdin(text).run();
    register("{\"type\":\"record\",}").fails_with(1).stderr_is("sr: stdin:1:18: not JSON: [..]\n");
    register(r#"{"type":"record","name":"R","fields":[{"name":"a","type":"lng"}]}"#)
        .fails_with(1)
        .stderr_is("sr: stdin: not an Avro schema: R.a: unknown type \"lng\", did you mean \"long\"?\n");
    register(r#"{"type":"record","name":"shop.Ord","fields":[{"name":"a","type":"Money"}]}"#)
        .fails_with(1)
        .stderr_is(
            "sr: stdin: not an Avro schema: shop.Ord.a: unknown type \"shop.Money\"\nhint: --references auto looks for it \
             beside the file; --reference shop.Money=SUBJECT:VERSION says where it is\n",
        );
    for answer in [
        r#"{"subject":"s","version":1,"id":7,"type":"AVRO","schema":{"type":"long"}}"#,
        r#"{"schema":"\"long\""}"#,
    ] {
        register(answer)
            .fails_with(1)
            .stderr_has("sr: stdin: not a schema, but an answer of the registry, which has it in \"schema\"\nhint: jq -r .schema")
            .stderr_has("`sr get SUBJECT --raw` prints a schema alone");
    }
    register(" ").fails_with(1).stderr_is("sr: stdin is empty\n");
    assert!(registry.request_lines().is_empty());
}

#[test]
fn comments_in_a_schema_stay_at_home() {
    let (registry, scene) = scene();
    registry.reply("POST", "/subjects/s", 200, &version(1, V1));
    let commented = format!("// the first\n{V1} /* and only */");
    scene.tool("sr").args(["lookup", "s", "-"]).stdin(commented).run().succeeds();
    let body: serde_json::Value = serde_json::from_str(&registry.request_bodies().pop().unwrap()).unwrap();
    assert_eq!(body["schema"], V1);
}

#[test]
fn what_is_softly_deleted_is_listed_alone() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("a", V1, &json!([]));
    registry.put("a", V2, &json!([]));
    registry.put("gone", V1, &json!([]));
    registry.delete("a", 1);
    registry.delete("gone", 1);
    let scene = scene.env("SCHEMA_REGISTRY_URL", registry.stub.url());
    sr(&scene, &["subjects", "--only-deleted"]).succeeds().stdout_is("{\"subject\":\"gone\"}\n");
    sr(&scene, &["versions", "a", "--only-deleted", "-q", "version"]).succeeds().stdout_is("1\n");
    sr(&scene, &["versions", "gone", "--only-deleted", "-q", "version"]).succeeds().stdout_is("1\n");
    sr(&scene, &["versions", "a", "-q", "version"]).succeeds().stdout_is("2\n");
    sr(&scene, &["subjects", "--deleted", "--only-deleted"]).fails_with(2);
}

#[test]
fn a_schema_is_printed_with_what_it_refers_to() {
    let (registry, scene) = (Confluent::start(), Scene::new());
    registry.put("money", r#"{"type":"fixed","name":"ex.M","size":8}"#, &json!([]));
    let order =
        r#"{"type":"record","name":"ex.O","fields":[{"name":"m","type":"M"},{"name":"n","type":"ex.M"}]}"#;
    let id = registry.put("order", order, &json!([{"name": "ex.M", "subject": "money", "version": 1}]));
    let scene = scene.env("SCHEMA_REGISTRY_URL", registry.stub.url());
    let alone = sr(&scene, &["get", "order", "--resolved", "--raw"]).succeeds().stdout_text();
    let schema: serde_json::Value = serde_json::from_str(&alone).unwrap();
    assert_eq!(schema["fields"][0]["type"], json!({"type": "fixed", "name": "ex.M", "size": 8}));
    assert_eq!(schema["fields"][1]["type"], "ex.M");
    let row = sr(&scene, &["get", "--id", &id.to_string(), "--resolved"]).succeeds().json_lines().remove(0);
    assert_eq!((&row["schema"], row.get("references")), (&schema, None));
    scene.file("alone.avsc", &alone);
    sr(&scene, &["lint", "alone.avsc"]).succeeds();
}
