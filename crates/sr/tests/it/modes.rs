//! Modes and contexts, which the live registry (Apicurio's) does not have: a stub answers as Confluent's does.

use std::time::{Duration, Instant};

use kch_test::live::{self, Service};
use kch_test::{Scene, Signal};

use crate::confluent::Confluent;
use crate::{V1, V2, scene, sr, version};

const READ_ONLY: &str = r#"{"error_code":42205,"message":"Subject s is in read-only mode"}"#;

#[test]
fn a_mode_is_set_for_a_subject_and_for_all_and_taken_away() {
    let (registry, scene) = scene();
    registry.reply("GET", "/mode/s", 200, r#"{"mode":"READWRITE"}"#);
    registry.reply("GET", "/mode", 200, r#"{"mode":"READWRITE"}"#);
    registry.reply("PUT", "/mode/s", 200, r#"{"mode":"IMPORT"}"#);
    registry.reply("PUT", "/mode", 200, r#"{"mode":"READONLY"}"#);
    registry.reply("DELETE", "/mode/s", 200, r#"{"mode":"IMPORT"}"#);
    sr(&scene, &["mode", "get", "s"]).succeeds().stdout_is("{\"subject\":\"s\",\"mode\":\"READWRITE\"}\n");
    let set = "{\"subject\":\"s\",\"mode\":\"IMPORT\",\"was\":\"READWRITE\"}\n";
    sr(&scene, &["mode", "set", "s", "import", "--force", "--dry-run"])
        .succeeds()
        .stdout_is(set.replace('}', ",\"dry_run\":true}"));
    // It asks whether there are modes, with one that there is not.
    let changes_nothing = |body: &String| body.is_empty() || body.contains("NONE_SUCH");
    assert!(registry.request_bodies().iter().all(changes_nothing), "a dry run");
    sr(&scene, &["mode", "set", "s", "import", "--force"]).succeeds().stdout_is(set);
    sr(&scene, &["mode", "set", "READONLY"]).succeeds().stdout_has("\"subject\":null,\"mode\":\"READONLY\"");
    sr(&scene, &["mode", "delete", "s"]).succeeds();
    let changes: Vec<String> =
        registry.request_lines().into_iter().filter(|line| !line.starts_with("GET")).collect();
    assert_eq!(changes[1..], ["PUT /mode/s?force=true", "PUT /mode", "DELETE /mode/s"]);
}

#[test]
fn a_registry_that_is_read_only_says_so_with_the_cure() {
    let (registry, scene) = scene();
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40401,"message":"no"}"#);
    registry.reply("POST", "/subjects/s/versions", 422, READ_ONLY);
    registry.reply("DELETE", "/subjects/s", 422, READ_ONLY);
    registry.reply("GET", "/mode/s", 200, r#"{"mode":"READONLY"}"#);
    registry.reply("GET", "/subjects/s/versions", 200, "[1]");
    registry.reply("PUT", "/config/s", 422, READ_ONLY);
    registry.reply("GET", "/config/s", 404, r#"{"error_code":40408,"message":"none"}"#);
    registry.reply("GET", "/config", 200, r#"{"compatibilityLevel":"BACKWARD"}"#);
    let refused = [
        &["register", "s", "v1.avsc"][..],
        &["register", "s", "v1.avsc", "--dry-run"],
        &["delete", "s"],
        &["delete", "s", "--dry-run"],
        &["compat", "set", "s", "FULL"],
        &["compat", "set", "s", "FULL", "--dry-run"],
        &["compat", "delete", "s", "--dry-run"],
    ];
    for args in refused {
        sr(&scene, args).fails_with(1).stdout_is("").stderr_is(
            "sr: subject s takes no changes: its mode is READONLY\nhint: sr mode set s READWRITE\n",
        );
    }
    registry.reset();
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40401,"message":"no"}"#);
    registry.reply("POST", "/subjects/s/versions", 422, READ_ONLY);
    registry.reply("GET", "/mode/s", 200, r#"{"mode":"READONLY_OVERRIDE"}"#);
    sr(&scene, &["register", "s", "v1.avsc"]).fails_with(1).stderr_is(
        "sr: subject s takes no changes: its mode is READONLY_OVERRIDE\n\
         hint: that is the registry's, and counts before a subject's own: sr mode set READWRITE\n",
    );
    registry.reply("PUT", "/mode/s", 200, r#"{"mode":"READWRITE"}"#);
    sr(&scene, &["mode", "set", "s", "READWRITE"])
        .succeeds()
        .stderr_is("sr: READONLY_OVERRIDE still counts for s: it is the registry's mode\n");
}

#[test]
fn what_the_mode_does_not_forbid_is_told_in_the_registrys_words() {
    let (registry, scene) = scene();
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40401,"message":"no"}"#);
    registry.reply("POST", "/subjects/s/versions", 422, r#"{"error_code":42205,"message":"not today"}"#);
    registry.reply("GET", "/mode/s", 200, r#"{"mode":"IMPORT"}"#);
    sr(&scene, &["register", "s", "v1.avsc"])
        .fails_with(1)
        .stderr_has("does not permit this: not today\nhint: ");
}

#[test]
fn import_mode_where_there_are_schemas_needs_force_and_a_dry_run_says_so_too() {
    let (registry, scene) = scene();
    registry.reply("GET", "/mode/s", 200, r#"{"mode":"READWRITE"}"#);
    registry.reply("GET", "/mode/:.eu:", 200, r#"{"mode":"READWRITE"}"#);
    registry.reply("GET", "/subjects/s/versions", 200, "[1]");
    registry.reply("GET", "/subjects", 200, r#"["s",":.eu:s"]"#);
    let no = r#"{"error_code":42205,"message":"Cannot import since found existing subjects"}"#;
    registry.reply("PUT", "/mode", 422, r#"{"error_code":42204,"message":"Invalid mode"}"#);
    registry.reply("PUT", "/mode/s", 422, no);
    registry.reply("PUT", "/mode/:.eu:", 422, no);
    for subject in ["s", ":.eu:"] {
        for dry_run in [&[][..], &["--dry-run"]] {
            let args = [&["mode", "set", subject, "IMPORT"][..], dry_run].concat();
            sr(&scene, &args).fails_with(1).stdout_is("").stderr_is(format!(
                "sr: {subject} has schemas, so that IMPORT mode does not begin\nhint: --force lets it\n"
            ));
        }
    }
    registry.reply("GET", "/mode/:.us:", 200, r#"{"mode":"READWRITE"}"#);
    sr(&scene, &["mode", "set", ":.us:", "IMPORT", "--dry-run"]).succeeds();
    sr(&scene, &["mode", "set", "s"]).fails_with(2).stderr_has("a mode is one of READWRITE, READONLY");
}

#[test]
fn a_registry_that_cannot_take_its_mode_away_is_set_to_the_default() {
    let (registry, scene) = scene();
    registry.reply("GET", "/mode", 200, r#"{"mode":"READONLY"}"#);
    registry.reply("DELETE", "/mode", 405, r#"{"error_code":405,"message":"HTTP 405 Method Not Allowed"}"#);
    registry.reply("PUT", "/mode", 200, r#"{"mode":"READWRITE"}"#);
    sr(&scene, &["mode", "delete", "--dry-run"])
        .succeeds()
        .stdout_is("{\"subject\":null,\"mode\":\"READWRITE\",\"was\":\"READONLY\",\"dry_run\":true}\n");
    assert!(!registry.request_bodies().iter().any(|body| body.contains("READWRITE")));
    sr(&scene, &["mode", "delete"]).succeeds();
    assert!(registry.request_bodies().contains(&r#"{"mode":"READWRITE"}"#.to_owned()));
}

#[test]
fn a_level_that_was_set_for_a_schema_is_put_back_when_it_is_refused() {
    let (registry, scene) = scene();
    registry.reply("GET", "/config/s", 200, r#"{"compatibilityLevel":"BACKWARD"}"#);
    registry.reply("PUT", "/config/s", 200, r#"{"compatibility":"FULL"}"#);
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40401,"message":"no"}"#);
    registry.reply("POST", "/subjects/s/versions", 422, READ_ONLY);
    sr(&scene, &["register", "s", "v1.avsc", "--set-compat", "FULL"]).fails_with(1);
    let levels: Vec<String> =
        registry.request_bodies().into_iter().filter(|body| body.contains("compatibility")).collect();
    assert_eq!(levels, [r#"{"compatibility":"FULL"}"#, r#"{"compatibility":"BACKWARD"}"#]);
}

#[test]
fn a_level_that_was_set_for_a_schema_is_put_back_before_the_refusal_is_explained() {
    let (registry, scene) = scene();
    registry.reply("GET", "/config/s", 404, r#"{"error_code":40408,"message":"none"}"#);
    registry.reply("PUT", "/config/s", 200, r#"{"compatibility":"FULL"}"#);
    registry.reply("DELETE", "/config/s", 200, r#"{"compatibilityLevel":"FULL"}"#);
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40401,"message":"no"}"#);
    registry.reply("POST", "/subjects/s/versions", 409, r#"{"error_code":409,"message":"no"}"#);
    registry.reply(
        "GET",
        "/subjects/s/versions/latest",
        403,
        r#"{"error_code":40301,"message":"not yours"}"#,
    );
    let register = || sr(&scene, &["register", "s", "v2.avsc", "--set-compat", "FULL"]);
    register().fails_with(2).stderr_has("not yours");
    assert_eq!(registry.request_lines().iter().filter(|line| *line == "DELETE /config/s").count(), 1);
    // The level that it was refused by is the one that is told, and not the one that is there again.
    registry.reset();
    registry.reply("GET", "/config/s", 200, r#"{"compatibilityLevel":"BACKWARD"}"#);
    registry.reply("PUT", "/config/s", 200, r#"{"compatibility":"FULL"}"#);
    registry.reply("POST", "/subjects/s", 404, r#"{"error_code":40401,"message":"no"}"#);
    registry.reply("POST", "/subjects/s/versions", 409, r#"{"error_code":409,"message":"no"}"#);
    registry.reply("GET", "/subjects/s/versions/latest", 200, &version(1, V1));
    register().fails_with(1).stderr_has("v2.avsc is incompatible with s version 1 (FULL)");
}

#[test]
fn a_signal_in_the_middle_of_a_registration_puts_the_level_back() {
    for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
        let (registry, scene) = (Confluent::start(), Scene::new());
        registry.put("s", V1, &serde_json::json!([]));
        registry.set_level("s", "BACKWARD");
        registry.trouble_after(0, Some(Duration::from_secs(50)));
        scene.file("v2.avsc", V2);
        let tool = scene.tool("sr").args(["register", "s", "v2.avsc", "--set-compat", "NONE"]);
        let mut running = tool.env("SCHEMA_REGISTRY_URL", registry.stub.url()).spawn();
        let deadline = Instant::now() + Duration::from_secs(40);
        while registry.versions().len() < 2 {
            assert!(Instant::now() < deadline && running.is_running());
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(registry.levels(), ["s=NONE"]);
        running.signal(signal);
        running.wait().fails_with(code);
        assert_eq!(registry.levels(), ["s=BACKWARD"]);
    }
}

#[test]
fn contexts_reach_the_registry_as_they_are_written() {
    let (registry, scene) = scene();
    registry.reply("GET", "/subjects", 200, r#"["a",":.eu:a",":.eu:b/c"]"#);
    registry.reply("GET", "/subjects/:.eu:b%2Fc/versions", 200, "[1]");
    let b = version(1, V1).replace("\"s\"", "\":.eu:b/c\"");
    registry.reply("GET", "/subjects/:.eu:b%2Fc/versions/1", 200, &b);
    registry.reply("GET", "/schemas/ids/7/versions", 200, r#"[{"subject":":.eu:a","version":1}]"#);
    registry.reply("GET", "/schemas/ids/7", 200, r#"{"schema":"\"long\"","subject":":.eu:a"}"#);
    sr(&scene, &["subjects", "--prefix", ":.eu:", "-o", "raw"]).succeeds().stdout_is(":.eu:a\n:.eu:b/c\n");
    sr(&scene, &["versions", ":.eu:b/c"]).succeeds().stdout_has("\"version\":1,\"id\":11");
    sr(&scene, &["id", "7", "--context", "eu"])
        .succeeds()
        .stdout_is("{\"id\":7,\"subject\":\":.eu:a\",\"version\":1}\n");
    sr(&scene, &["get", "--id", "7", "--context", ".eu", "--raw"]).succeeds().stdout_is("\"long\"\n");
    let asked = registry.request_lines();
    assert!(asked.contains(&"GET /schemas/ids/7/versions?subject=:.eu:".to_owned()), "{asked:?}");
    assert!(asked.contains(&"GET /schemas/ids/7?subject=:.eu:".to_owned()), "{asked:?}");
}

#[test]
fn the_live_registry_has_a_mode_to_show_and_none_to_set_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let subject = stack.unique_subject("sr-mode");
    let scene = stack.scene();
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    sr(&["mode", "get"]).succeeds().stdout_has("\"mode\":\"READWRITE\"");
    assert_eq!(stack.registry("GET", "/mode", None), (200, r#"{"mode":"READWRITE"}"#.to_owned()));
    // Apicurio 2 has no modes; Confluent's registry sets it.
    let outcome = sr(&["mode", "set", &subject, "READONLY"]);
    if outcome.stderr_text().is_empty() {
        sr(&["mode", "get", &subject]).succeeds().stdout_has("READONLY");
        sr(&["mode", "delete", &subject]).succeeds();
    } else {
        outcome.fails_with(1).stderr_has("cannot set a mode");
        sr(&["mode", "set", &subject, "READONLY", "--dry-run"])
            .fails_with(1)
            .stdout_is("")
            .stderr_has("cannot set a mode");
        sr(&["mode", "delete", &subject, "--dry-run"]).fails_with(1).stderr_has("cannot take a mode away");
        sr(&["compat", "delete", "--dry-run"])
            .fails_with(1)
            .stdout_is("")
            .stderr_has("cannot reset the global level\nhint: `sr compat set LEVEL` sets it");
    }
}

#[test]
fn odd_names_of_subjects_live() {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let scene = stack.scene();
    scene.file("v1.avsc", V1);
    let sr = |args: &[&str]| scene.tool("sr").args(args).run();
    for odd in ["a/b", "a b", "a%2Fb", "é?&#+", ":.eu:a", "a:b=c"] {
        let subject = stack.unique(odd);
        sr(&["register", &subject, "v1.avsc"]).succeeds().stdout_has("\"created\":true");
        sr(&["versions", &subject]).succeeds().stdout_has("\"version\":1");
        let listed = sr(&["subjects", "-o", "raw"]).succeeds().stdout_text();
        assert!(listed.lines().any(|line| line == subject), "{subject}");
        sr(&["delete", &subject, "--permanent"]).succeeds();
        sr(&["versions", &subject]).fails_with(1);
    }
}
