//! Settings that a class says are passwords, and the classes of a configuration that are asked.

use kch_test::HttpStub;

use crate::{ctl, scene, with_connectors};

const CONFIG: &str = r#"{"name":"c","connector.class":"X","key.converter":"K","value.converter":"V","value.converter.door":"hunter1",
    "transforms":"hash","transforms.hash.type":"H$Value","transforms.hash.seed":"hunter2","transforms.hash.fields":"a",
    "predicates":"is","predicates.is.type":"P","predicates.is.word":"hunter3"}"#;

/// A worker whose classes have a password each.
fn with_classes(worker: &HttpStub) {
    worker.reply("GET", "/connectors/c/config", 200, CONFIG);
    for (class, password) in [("X", "pin"), ("V", "door"), ("H%24Value", "seed"), ("P", "word")] {
        let settings =
            format!(r#"[{{"name":"{password}","type":"PASSWORD"}},{{"name":"fields","type":"LIST"}}]"#);
        worker.reply("GET", &format!("/connector-plugins/{class}/config"), 200, &settings);
    }
}

#[test]
fn passwords_of_converters_transformations_and_predicates_are_never_shown() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "RUNNING")]);
    with_classes(&worker);
    let config = &ctl(&scene, &["get", "c"]).succeeds().never_says("hunter").json_lines()[0]["config"];
    for setting in ["value.converter.door", "transforms.hash.seed", "predicates.is.word"] {
        assert_eq!(config[setting], "********", "{setting}");
    }
    assert_eq!(config["transforms.hash.fields"], "a");

    ctl(&scene, &["export", "-", "c"])
        .succeeds()
        .never_says("hunter")
        .stdout_has(r#""transforms.hash.seed":"${C_TRANSFORMS_HASH_SEED}""#);

    // Those that a change takes away were passwords too.
    let diff =
        scene.tool("connect-ctl").args(["diff", "c"]).stdin(r#"{"connector.class":"X","pin":"hunter4"}"#);
    let diff = diff.run();
    let rows = diff.fails_with(1).stderr_is("").never_says("hunter").json_lines();
    let is_masked =
        |setting: &str| rows.iter().any(|row| row["setting"] == setting && row["from"] == "********");
    assert!(is_masked("value.converter.door") && is_masked("predicates.is.word"), "{rows:?}");
}

/// A worker that is busy does not say that there is none.
#[test]
fn without_an_answer_nothing_is_shown() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/config", 200, r#"{"name":"c","connector.class":"X","pin":"hunter2"}"#);
    let broken = r#"{"error_code":500,"message":"no such luck"}"#;
    worker.reply("GET", "/connector-plugins/X/config", 500, broken);
    ctl(&scene, &["get", "c"]).fails_with(3).stdout_is("").stderr_has("no such luck").never_says("hunter");
}

#[test]
fn a_class_is_asked_once_however_many_connectors_have_it_and_one_without_settings_never() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "RUNNING"), ("d", "RUNNING", "RUNNING")]);
    with_classes(&worker);
    worker.reply("GET", "/connectors/d/config", 200, &CONFIG.replace("\"c\"", "\"d\""));
    ctl(&scene, &["export", "-"]).succeeds();
    let mut asked = worker.request_lines();
    asked.retain(|line| line.contains("connector-plugins"));
    asked.sort();
    let classes = ["H%24Value", "P", "V", "X"];
    assert_eq!(asked, classes.map(|class| format!("GET /connector-plugins/{class}/config")));
}

#[test]
fn what_a_converter_or_a_transformation_does_not_know_is_told() {
    let (worker, scene) = scene();
    with_classes(&worker);
    worker.reply("PUT", "/connector-plugins/X/config/validate", 200, r#"{"configs":[]}"#);
    let config = r#"{"name":"c","value.converter":"V","value.converter.dor":"1","value.converter.else":"2",
        "key.converter":"K","key.converter.else":"3","transforms.hash.type":"H$Value","transforms.hash.feilds":"a"}"#;
    let config = config.replacen('{', r#"{"connector.class":"X","#, 1);
    let validate = |args: &[&str]| {
        let tool = scene.tool("connect-ctl").arg("validate").args(args).stdin(config.as_str());
        tool.run().fails_with(1).stdout_text()
    };
    let slips = validate(&["-q", "error"]);
    for near in ["value.converter.door", "transforms.hash.fields"] {
        assert!(slips.contains(&format!("did you mean {near}?")), "{slips}");
    }
    let strict = validate(&["--strict", "-q", "setting"]);
    assert!(strict.lines().any(|setting| setting == "value.converter.else"), "{strict}");
    // Of this class nobody knows.
    assert!(!strict.contains("key.converter.else"), "{strict}");
}

/// A worker that loads one of Java's own classes for that question answers 500 ever after, on the thread that did so.
#[test]
fn a_class_of_javas_own_is_never_asked() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("c", "RUNNING", "RUNNING")]);
    let config = r#"{"name":"c","connector.class":"X","transforms":"t","transforms.t.type":"java.lang.String","transforms.t.a":"1"}"#;
    worker.reply("GET", "/connectors/c/config", 200, config);
    ctl(&scene, &["get", "c"]).succeeds().stdout_has("java.lang.String");
    ctl(&scene, &["plugin", "java.lang.String"]).fails_with(1).stderr_has("no plugin java.lang.String");
    assert!(worker.request_lines().iter().all(|line| !line.contains("java.lang")));
}
