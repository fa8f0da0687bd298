//! `sr canonical`: the form and the fingerprints.

use kch_test::Scene;
use kch_test::live::{self, Service};
use serde_json::json;

use crate::{V1, sr};

const FORM: &str = r#"{"name":"R","type":"record","fields":[{"name":"id","type":"long"}]}"#;

#[test]
fn the_form_and_its_fingerprints_are_printed() {
    let scene = Scene::new();
    scene.file("a.avsc", V1.replace("\"long\"", "{\"type\":\"long\"},\"doc\":\"x\",\"default\":1"));
    sr(&scene, &["canonical", "a.avsc"]).succeeds().stdout_is(format!("{FORM}\n"));
    let rabin = sr(&scene, &["canonical", "a.avsc", "--fingerprint", "rabin"]).succeeds().stdout_text();
    let row = sr(&scene, &["canonical", "a.avsc", "-o", "json"]).succeeds().json_lines().remove(0);
    assert_eq!(row["canonical"], serde_json::from_str::<serde_json::Value>(FORM).unwrap());
    assert_eq!((row["schema"].as_str(), row["rabin"].as_str()), (Some("a.avsc"), Some(rabin.trim())));
    assert_eq!((row["md5"].as_str().unwrap().len(), row["sha256"].as_str().unwrap().len()), (32, 64));
    for kind in ["md5", "sha256"] {
        let alone = sr(&scene, &["canonical", "a.avsc", "--fingerprint", kind]).succeeds().stdout_text();
        assert_eq!(row[kind], alone.trim());
    }
    // Apache Avro's own: the number is its 7195948357588979594, with the least byte first.
    let of_null = scene.tool("sr").args(["canonical", "-", "--fingerprint", "rabin"]).stdin("\"null\"").run();
    of_null.succeeds().stdout_is("8a8f25cce724dd63\n");
    scene.file("no.avsc", "{\"type\":\"recrd\"}");
    sr(&scene, &["canonical", "no.avsc"]).fails_with(1).stderr_has("not an Avro schema");
    sr(&scene, &["canonical", "a.avsc", "--fingerprint", "md5", "-q", "md5"]).fails_with(2);
}

#[test]
fn a_registered_schema_has_the_form_of_its_file_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let (subject, scene) = (stack.unique_subject("sr-form"), stack.scene());
    let schema = V1.replace("\"long\"", "\"long\",\"doc\":\"x\"");
    let body = json!({"schema": schema}).to_string();
    let (status, said) = stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body));
    assert_eq!(status, 200, "{said}");
    sr(&scene, &["canonical", &subject]).succeeds().stdout_is(format!("{FORM}\n"));
    sr(&scene, &["canonical", &format!("{subject}@1")]).succeeds().stdout_is(format!("{FORM}\n"));
}
