//! What the live registry has, put there and asked for past our tools, is what the verbs print and change.

use kch_test::live::{self, Service};
use serde_json::{Value, json};

use crate::V1;

#[test]
fn what_the_registry_has_is_what_is_read_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let (subject, scene) = (stack.unique_subject("sr-read"), stack.scene());
    scene.file("v1.avsc", V1);
    let body = json!({"schema": V1}).to_string();
    let (status, said) = stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body));
    assert_eq!(status, 200, "{said}");
    let id = serde_json::from_str::<Value>(&said).unwrap()["id"].clone();
    let sr = |args: &[&str]| scene.tool("sr").args(args).run().succeeds().json_lines();

    sr(&["wait", "--timeout", "60s"]);
    assert_eq!(sr(&["subjects", "--prefix", &subject]), [json!({"subject": subject})]);
    assert_eq!(sr(&["versions", &subject]), [json!({"subject": subject, "version": 1, "id": id})]);
    let got = sr(&["get", &subject]).remove(0);
    assert_eq!((&got["id"], &got["version"]), (&id, &json!(1)));
    assert_eq!(got["schema"], serde_json::from_str::<Value>(V1).unwrap());
    let found = sr(&["lookup", &subject, "v1.avsc"]).remove(0);
    assert_eq!((&found["id"], &found["version"]), (&id, &json!(1)));
    // Other tests may have registered the same schema.
    let uses = sr(&["id", &id.to_string()]);
    assert!(uses.contains(&json!({"id": id, "subject": subject, "version": 1})), "{uses:?}");
    sr(&["export", "out", &subject]);
    assert_eq!(
        serde_json::from_str::<Value>(&scene.read(format!("out/{subject}.v1.avsc"))).unwrap(),
        got["schema"]
    );
}

#[test]
fn a_subjects_level_is_shown_set_and_deleted_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let (subject, scene) = (stack.unique_subject("sr-level"), stack.scene());
    let body = json!({"schema": V1}).to_string();
    assert_eq!(stack.registry("POST", &format!("/subjects/{subject}/versions"), Some(&body)).0, 200);
    let compat = |args: &[&str]| scene.tool("sr").arg("compat").args(args).run();
    let level = || stack.registry("GET", &format!("/config/{subject}"), None).1;
    compat(&["set", &subject, "FULL_TRANSITIVE"]).succeeds();
    assert!(level().contains("FULL_TRANSITIVE"), "{}", level());
    let own = json!({"subject": subject, "compatibility": "FULL_TRANSITIVE", "source": "subject"});
    assert_eq!(compat(&["get", &subject]).succeeds().json_lines(), [own]);
    compat(&["delete", &subject]).succeeds();
    assert!(!level().contains("FULL_TRANSITIVE"), "{}", level());
    // What rules it then is the registry's, also where Apicurio says NONE of it.
    let (_, global) = stack.registry("GET", "/config", None);
    let row = compat(&["get", &subject]).succeeds().stderr_is("").json_lines().remove(0);
    assert_eq!(row["source"], "global");
    assert!(global.contains(&format!(":{}", row["compatibility"])), "{row} {global}");
    // And NONE is then no level that it can have, which only a registry with modes knows better.
    if !global.contains("NONE") && stack.registry("PUT", "/mode", Some("{}")).0 == 405 {
        for dry_run in [&["set", &subject, "NONE", "--dry-run"][..], &["set", &subject, "NONE"]] {
            compat(dry_run).fails_with(1).stdout_is("").stderr_has("cannot have the level NONE");
        }
    }
}
