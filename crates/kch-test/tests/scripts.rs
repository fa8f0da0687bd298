//! The scripts under `scripts/`: what they must not do when someone starts them from a terminal.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use std::path::{Path, PathBuf};

/// Verbs that ask before they destroy, as words of a command line.
const ASKING: [&[&str]; 6] = [
    &["topic-ctl", "delete"],
    &["topic-ctl", "groups", "delete"],
    &["topic-ctl", "trim"],
    &["connect-ctl", "delete"],
    &["sr", "delete", "--permanent"],
    &["apply", "--prune"],
];

fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|end| end == "sh" || end == "py") {
            found.push(path);
        }
    }
}

/// Whether the line runs a verb that asks, and does not answer.
fn would_ask(line: &str) -> bool {
    let words: Vec<&str> = line.split(|c: char| !(c.is_alphanumeric() || c == '-')).collect();
    let asks = |verb: &[&str]| {
        let mut rest = words.iter();
        verb.iter().all(|word| rest.any(|other| other == word))
    };
    let answers = words.iter().any(|word| ["--yes", "-y", "--dry-run", "--plan"].contains(word));
    !line.trim_start().starts_with('#') && !answers && ASKING.iter().any(|verb| asks(verb))
}

#[test]
fn a_script_never_stops_to_ask() {
    assert!(would_ask("  connect-ctl delete clickhouse-sink --if-exists"));
    assert!(would_ask(r#"tool("topic-ctl", "delete", topic)"#));
    assert!(!would_ask(r#"sr delete "$topic-value" >/dev/null"#));
    assert!(!would_ask("topic-ctl delete t -y"));

    let mut all = Vec::new();
    scripts(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts")), &mut all);
    assert!(all.len() > 20, "{all:?}");
    let mut asking = Vec::new();
    for path in all {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().enumerate().filter(|(_, line)| would_ask(line));
        asking.extend(lines.map(|(at, line)| format!("{}:{}: {line}", path.display(), at + 1)));
    }
    assert!(asking.is_empty(), "give these --yes:\n{}", asking.join("\n"));
}
