//! `--errors json`, or `KCH_ERRORS=json`: what goes wrong is one JSON object a line, of the same shape in all tools.

use kch_test::{Outcome, Scene, live};
use serde_json::Value;

const TOOLS: [&str; 6] = ["avro-produce", "avro-consume", "sr", "connect-ctl", "ch-query", "topic-ctl"];

/// Stderr, each line of which must be an object of the tool.
fn told(outcome: &Outcome, tool: &str) -> Vec<Value> {
    let text = outcome.stderr_text();
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {text}"));
    let lines: Vec<Value> = text.lines().map(read).collect();
    assert!(lines.iter().all(|line| line["tool"] == tool && line["kind"].is_string()), "{text}");
    lines
}

/// The one error, which has this exit code, and that of the tool.
fn error(outcome: &Outcome, tool: &str, exit: i32) -> Value {
    outcome.fails_with(exit).stdout_is("");
    let errors: Vec<Value> =
        told(outcome, tool).into_iter().filter(|line| line.get("exit").is_some()).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let kinds = [(1, "refused"), (2, "usage"), (3, "unavailable")];
    assert!(
        kinds
            .iter()
            .any(|&(code, kind)| code == exit && errors[0]["exit"] == code && errors[0]["kind"] == kind),
        "{errors:?}"
    );
    assert!(errors[0]["message"].as_str().is_some_and(|message| !message.is_empty()));
    errors[0].clone()
}

#[test]
fn a_bad_command_line_is_told_to_programs_by_every_tool() {
    let scene = Scene::new();
    for tool in TOOLS {
        for words in [["--errors", "json", "--nosuch"].as_slice(), &["--nosuch", "--errors=json"]] {
            let usage = error(&scene.tool(tool).args(words).run(), tool, 2);
            assert_eq!(usage["message"], "unexpected argument '--nosuch' found");
        }
        let asked = |value: &str| scene.tool(tool).env("KCH_ERRORS", value);
        let slip = error(&asked("json").arg("--show-cnfig").run(), tool, 2);
        assert_eq!(slip["hint"], "a similar argument exists: '--show-config'");
        let missing = error(&asked("json").args(["--env-file", "no.env", "--show-config"]).run(), tool, 2);
        assert!(missing["message"].as_str().unwrap().contains("no.env"), "{missing}");
        // The flag wins, and what neither may be is told.
        asked("json")
            .args(["--errors", "text", "--nosuch"])
            .run()
            .fails_with(2)
            .stderr_has(format!("{tool}: unexpected argument '--nosuch' found\n"));
        asked("xml")
            .arg("--show-config")
            .run()
            .fails_with(2)
            .stderr_is(format!("{tool}: KCH_ERRORS: expected text or json\n"));
        let bad = scene.tool(tool).args(["--errors", "xml", "--show-config"]).run();
        bad.fails_with(2).stderr_has(format!("{tool}: invalid value 'xml' for '--errors <FORMAT>'"));
        asked("").arg("--show-config").run().succeeds().stderr_is("");
    }
}

#[test]
fn a_tool_without_a_verb_prints_no_help_to_a_program() {
    let scene = Scene::new().env("KCH_ERRORS", "json");
    for tool in ["sr", "connect-ctl", "topic-ctl"] {
        let failure = error(&scene.tool(tool).run(), tool, 2);
        assert!(failure["hint"].as_str().unwrap().starts_with(&format!("{tool} --help")), "{failure}");
    }
}

#[test]
fn a_service_that_is_away_is_worth_another_try() {
    let address = format!("http://{}", kch_test::free_address());
    let scene = ["SCHEMA_REGISTRY_URL", "CONNECT_URL", "CLICKHOUSE_HTTP"]
        .into_iter()
        .fold(Scene::new().env("KCH_ERRORS", "json"), |scene, name| scene.env(name, &address));
    for (tool, words) in [("sr", "subjects"), ("connect-ctl", "list"), ("ch-query", "SELECT 1")] {
        let away = error(&scene.tool(tool).arg(words).run(), tool, 3);
        assert!(away["message"].as_str().unwrap().contains(&address), "{away}");
    }
}

#[test]
fn what_a_server_refuses_is_told_with_what_programs_want_apart_live() {
    let Some(stack) = live::stack() else { return };
    let (scene, name) = (stack.scene().env("KCH_ERRORS", "json"), stack.unique("nosuch"));
    let run = |line: &str| scene.shell(&line.replace("NAME", &name)).run();
    for (tool, line) in [
        ("topic-ctl", "topic-ctl describe NAME"),
        ("connect-ctl", "connect-ctl status NAME"),
        ("sr", "sr get NAME"),
        ("avro-consume", "avro-consume -t NAME"),
        ("avro-produce", "echo 1 | avro-produce -t NAME"),
        ("ch-query", "ch-query describe NAME"),
    ] {
        let refused = error(&run(line), tool, 1);
        assert!(refused["message"].as_str().unwrap().contains(&name), "{refused}");
    }
    // A note or a warning has no exit code, and the data is as ever.
    let with_warning = run("topic-ctl create kafka-events --if-not-exists -p 99");
    with_warning.succeeds().stdout_has("\"created\":false");
    let warning = &told(&with_warning, "topic-ctl")[0];
    assert_eq!((&warning["kind"], warning.get("exit")), (&"warning".into(), None));

    let unknown = error(&run("ch-query --query-id NAME 'SELECT nosuch'"), "ch-query", 1);
    assert_eq!(
        (&unknown["code"], &unknown["name"], &unknown["query_id"], &unknown["rows_before_error"]),
        (&47.into(), &"UNKNOWN_IDENTIFIER".into(), &name.as_str().into(), &0.into())
    );
    let broken =
        run("ch-query 'SELECT throwIf(number = 500000) FROM numbers(1000000) SETTINGS max_threads = 1'");
    broken.fails_with(1);
    let failure = &told(&broken, "ch-query")[0];
    let printed = broken.stdout_text().lines().count();
    assert!(printed > 0 && failure["rows_before_error"] == printed, "{failure}, {printed} rows");
    assert_eq!(failure["name"], "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO");

    let lines = r#"printf '{"id":"1","ts":"x"}\n{"no":1}\n' | avro-produce -t kafka-events --dry-run --on-error skip"#;
    let bad = run(lines);
    bad.fails_with(1);
    assert!(told(&bad, "avro-produce").iter().any(|line| line["line"] == 2 && line["exit"] == 1), "{bad:?}");
}
