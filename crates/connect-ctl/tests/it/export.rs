//! `export`, and the way back.

use std::os::unix::fs::PermissionsExt as _;

use crate::{ctl, scene, with_connectors};

const CONFIG: &str = r#"{"name":"a","connector.class":"X","password":"hun'$ter\"2\\","note":"${NOT} $$ ${file:/s:k}","url":"http://u:hunter3@h"}"#;

#[test]
fn what_is_exported_is_applied_back_unchanged() {
    let (worker, scene) = scene();
    with_connectors(&worker, &[("a", "RUNNING", "RUNNING"), ("b/c", "RUNNING", "RUNNING")]);
    worker.reply("GET", "/connectors/a/config", 200, CONFIG);
    worker.reply("GET", "/connectors/b%2Fc/config", 200, r#"{"name":"b/c","connector.class":"Y"}"#);
    let export = |args: &[&str]| ctl(&scene, &[&["export"], args].concat());

    let dry = export(&["out", "--dry-run", "--secrets", "s.env"]);
    dry.succeeds()
        .stdout_has("{\"name\":\"b/c\",\"file\":\"out/b%2Fc.json\",\"dry_run\":true,\"result\":\"created\"}");
    assert!(!scene.dir().join("out").exists() && !scene.dir().join("s.env").exists());

    scene.file("s.env", "old and open");
    export(&["out", "--secrets", "s.env"])
        .succeeds()
        .stderr_is("")
        .never_says("hunter3")
        .never_says("ter\"2");
    export(&["out", "--secrets", "s.env"])
        .succeeds()
        .stdout_has("\"file\":\"out/a.json\",\"result\":\"unchanged\"");
    let mode = std::fs::metadata(scene.dir().join("s.env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!scene.read("out/a.json").contains("hun"));
    let back = ctl(&scene, &["apply", "-f", "out", "--env-file", "s.env"]);
    assert!(
        back.succeeds().json_lines().iter().all(|row| row["result"] == "unchanged"),
        "{}",
        back.stdout_text()
    );

    let lines = export(&["-", "a"]);
    lines
        .succeeds()
        .never_says("hunter3")
        .stderr_is("connect-ctl: note: secrets are left out; before apply, set A_PASSWORD, A_URL\n");
    assert_eq!(lines.json_lines()[0]["config"]["password"], "${A_PASSWORD}");
    let apply = scene.tool("connect-ctl").args(["apply", "--dry-run"]).stdin(lines.stdout_text());
    apply.run().fails_with(2).stderr_has("stdin: A_PASSWORD, A_URL are not set");
}
