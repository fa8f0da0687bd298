//! Against a real registry, which is asked afterwards.

use kch_test::live::{self, Service};

use crate::{Pair, V1, V2};

#[test]
fn a_subject_lives_and_dies_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let subject = stack.unique_subject("sr-life");
    let scene = stack.scene();
    scene.file("v1.avsc", V1);
    scene.file("v2.avsc", V2);
    scene.file("v2-good.avsc", V2.replace("\"string\"", "\"string\",\"default\":\"\""));
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();

    sr(&["compat", "set", &subject, "BACKWARD"]).succeeds();
    let created = sr(&["register", &subject, "v1.avsc"]).succeeds().json_lines();
    assert_eq!(created[0]["created"], true);
    let (_, text) = stack.registry("GET", &format!("/subjects/{subject}/versions/1"), None);
    assert!(text.contains(&format!("\"id\":{}", created[0]["id"])), "{text}");

    sr(&["check", &subject, "v2.avsc"]).fails_with(1).stderr_has("field \"s\" is new and has no default");
    sr(&["register", &subject, "v2.avsc"]).fails_with(1).stderr_has("is incompatible with");
    sr(&["check", &subject, "v2-good.avsc"]).succeeds();
    sr(&["register", &subject, "v2-good.avsc"]).succeeds().stdout_has("\"version\":2");
    sr(&["register", &subject, "v2-good.avsc"]).succeeds().stdout_has("\"created\":false");
    sr(&["get", &subject, "1", "--raw"]).succeeds().stdout_is(format!("{V1}\n"));
    sr(&["get", &subject, "9"]).fails_with(1).stderr_has("has no version 9, only 1 to 2");
    assert_eq!(sr(&["versions", &subject]).succeeds().json_lines().len(), 2);

    sr(&["delete", &subject, "1"]).succeeds();
    sr(&["delete", &subject]).succeeds();
    sr(&["delete", &subject]).succeeds().stderr_has("was softly deleted before");
    sr(&["delete", &subject, "--permanent"]).succeeds();
    let (status, _) = stack.registry("GET", &format!("/subjects/{subject}/versions?deleted=true"), None);
    assert_eq!(status, 404);
    sr(&["delete", &subject, "--permanent"]).fails_with(1).stderr_has("does not exist");
}

#[test]
fn a_referenced_subject_is_found_and_not_deleted_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let scene = stack.scene();
    let money = r#"{"type":"record","name":"ex.Money","fields":[{"name":"cents","type":"long"}]}"#;
    let order = r#"{"type":"record","name":"ex.Order","fields":[{"name":"m","type":"ex.Money"}]}"#;
    let Pair { order, money, .. } = Pair::register(&stack, &scene, money, order);
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    sr(&["register", &order, "order.avsc"]).fails_with(1).stderr_has("not an Avro schema");
    sr(&["get", &order]).succeeds().stdout_has("\"references\":[{\"name\":\"ex.Money\"");
    sr(&["delete", &money]).fails_with(1).stderr_has(format!("is referenced by {order} version 1"));
    sr(&["delete", &order, "--permanent"]).succeeds();
    sr(&["delete", &money, "--permanent"]).succeeds();
}
