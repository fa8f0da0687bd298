//! The definitions of all six tools side by side: a verb, a flag and an exit code mean the same in each.

#[path = "definitions/proof.rs"]
mod proof;

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command, CommandFactory as _};

/// One verb of a tool; the tool itself where it has none.
struct Page {
    /// `topic-ctl groups list`.
    name: String,
    command: Command,
}

fn tools() -> Vec<Command> {
    let tools = [
        avro_produce::Args::command(),
        avro_consume::Args::command(),
        sr::Args::command(),
        connect_ctl::Args::command(),
        ch_query::Args::command(),
        topic_ctl::Args::command(),
    ];
    tools
        .map(|mut tool| {
            tool.build();
            tool
        })
        .into()
}

/// The tools and all their verbs, without `help`.
fn pages() -> Vec<Page> {
    fn add(name: &str, command: &Command, pages: &mut Vec<Page>) {
        pages.push(Page { name: name.to_owned(), command: command.clone() });
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set())
        {
            add(&format!("{name} {}", verb.get_name()), verb, pages);
        }
    }
    let mut pages = Vec::new();
    for tool in tools() {
        add(tool.get_name(), &tool, &mut pages);
    }
    pages
}

/// What a flag looks like: its short form and the name of its value.
type Shape = (Option<char>, Option<String>);

fn shape(arg: &Arg) -> Shape {
    let value = arg.get_action().takes_values().then(|| {
        let names = arg.get_value_names().unwrap_or_default();
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    });
    (arg.get_short(), value)
}

#[test]
fn a_flag_looks_the_same_wherever_it_is() {
    let mut shapes: BTreeMap<String, BTreeMap<Shape, Vec<String>>> = BTreeMap::new();
    for page in pages() {
        for arg in page.command.get_arguments() {
            if let Some(long) = arg.get_long() {
                shapes
                    .entry(long.to_owned())
                    .or_default()
                    .entry(shape(arg))
                    .or_default()
                    .push(page.name.clone());
            }
        }
    }
    let differing: Vec<String> = shapes
        .iter()
        .filter(|(long, shapes)| shapes.len() > 1 && !MAY_DIFFER.iter().any(|(name, _)| name == long))
        .map(|(long, shapes)| format!("--{long}: {shapes:?}"))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Flags that look different in two tools, and why.
const MAY_DIFFER: &[(&str, &str)] = &[
    ("file", "of connect-ctl: a folder too"),
    ("format", "of avro-produce and avro-consume: what a line is; of ch-query: any of ClickHouse's own"),
    ("header", "of avro-produce: a header to send; of avro-consume: one to ask for, of any value"),
    ("partition", "of topic-ctl, where -p is how many, without a letter"),
    ("set", "of avro-produce: a record's field; of connect-ctl: a connector's setting"),
    ("unset", "of topic-ctl: a topic's setting; of connect-ctl: a connector's"),
    ("state", "of avro-consume and ch-query: a file with offsets; of connect-ctl: which connectors"),
    ("to", "of sr: another registry; of topic-ctl and connect-ctl: a place in a partition"),
    ("version", "of sr: a version of a subject; else the tool's own"),
];

#[test]
fn a_letter_is_the_same_flag_in_every_tool() {
    let mut longs: BTreeMap<char, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for page in pages() {
        for arg in page.command.get_arguments() {
            let long = arg.get_long().unwrap_or_default().to_owned();
            for short in
                arg.get_short().into_iter().chain(arg.get_visible_short_aliases().unwrap_or_default())
            {
                longs.entry(short).or_default().entry(long.clone()).or_default().push(page.name.clone());
            }
        }
    }
    let differing: Vec<String> = longs
        .iter()
        .filter(|(short, longs)| {
            longs.len() > 1 && !SHARED_LETTERS.iter().any(|(letter, _)| letter == *short)
        })
        .map(|(short, longs)| format!("-{short}: {longs:?}"))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Letters that mean different flags, and why.
const SHARED_LETTERS: &[(char, &str)] = &[
    ('c', "of avro-consume: the count, as in kcat"),
    ('f', "of avro-consume: follow, as in tail; of ch-query: a file with SQL"),
    ('n', "how many of what the verb prints"),
    ('o', "of avro-consume: the offset, as in kcat; else the output's format"),
    ('p', "a partition, as in kcat; of topic-ctl: how many; of ch-query: a parameter"),
    ('s', "a setting: --setting of topic-ctl, --set of connect-ctl"),
];

/// Flags whose words are the same too, since what they do is.
const SAME_WORDS: &[&str] =
    &["yes", "env-file", "show-config", "errors", "completions", "registry", "brokers", "config", "field"];

#[test]
fn a_flag_of_all_tools_is_told_in_the_same_words() {
    let mut words: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for page in pages() {
        for arg in page.command.get_arguments() {
            if let Some(long) = SAME_WORDS.iter().find(|long| Some(**long) == arg.get_long()) {
                words
                    .entry(*long)
                    .or_default()
                    .insert(arg.get_help().map(ToString::to_string).unwrap_or_default());
            }
        }
    }
    for (long, words) in words {
        assert_eq!(words.len(), 1, "--{long}: {words:?}");
    }
}

/// Words for verbs that change something on a server. Each has `--dry-run`.
const CHANGING: &[&str] = &[
    "create",
    "alter",
    "patch",
    "clone",
    "apply",
    "register",
    "import",
    "copy",
    "delete",
    "undelete",
    "set",
    "reset",
    "reset-offsets",
    "restart",
    "pause",
    "resume",
    "stop",
    "configs",
    "trim",
];

#[test]
fn a_verb_that_changes_something_can_be_tried() {
    let changes =
        |page: &&Page| page.name.split(' ').skip(1).last().is_some_and(|verb| CHANGING.contains(&verb));
    let cannot: Vec<String> = pages()
        .iter()
        .filter(changes)
        .filter(|page| {
            let is_dry_run = |arg: &Arg| {
                arg.get_long_and_visible_aliases().is_some_and(|names| names.contains(&"dry-run"))
            };
            !page.command.get_arguments().any(is_dry_run)
        })
        .map(|page| page.name.clone())
        .collect();
    assert!(cannot.is_empty(), "no --dry-run: {cannot:?}");
}

/// Verbs that destroy what they cannot bring back, or what was not named one by one.
const DESTROYING: &[&str] = &[
    "connect-ctl apply",
    "connect-ctl delete",
    "sr apply",
    "sr delete",
    "topic-ctl delete",
    "topic-ctl groups delete",
    "topic-ctl trim",
];

/// Verbs that delete what a `set` brings back, or what is empty.
const HARMLESS: &[&str] = &["sr compat delete", "sr contexts delete", "sr mode delete"];

#[test]
fn a_verb_that_destroys_asks_and_no_other() {
    let has_yes = |page: &&Page| page.command.get_arguments().any(|arg| arg.get_long() == Some("yes"));
    let asking: BTreeSet<String> = pages().iter().filter(has_yes).map(|page| page.name.clone()).collect();
    assert_eq!(asking, DESTROYING.iter().map(|&name| name.to_owned()).collect());
    let names = pages().into_iter().map(|page| page.name).filter(|name| name.ends_with(" delete"));
    let silent: BTreeSet<String> = names.filter(|name| !asking.contains(name)).collect();
    assert_eq!(silent, HARMLESS.iter().map(|&name| name.to_owned()).collect());
}

/// What stands behind the flags of `--help`.
fn behind(command: &Command) -> String {
    command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string).unwrap_or_default()
}

#[test]
fn every_verb_has_examples_of_itself() {
    // Those of a verb's verbs may stand together, with the verb.
    let pages = pages();
    let above = |page: &Page| {
        let name = page.name.rsplit_once(' ').map(|(above, _)| above).filter(|above| above.contains(' '));
        pages.iter().find(|other| Some(other.name.as_str()) == name)
    };
    let is_shown = |page: &Page, of: &Page| {
        let text = behind(&of.command);
        let examples = text.split_once("Examples:\n").map(|(_, rest)| rest).unwrap_or_default();
        let lines: Vec<&str> = examples.lines().take_while(|line| line.starts_with("  ")).collect();
        lines.iter().any(|line| line.contains(&page.name))
    };
    let has_examples =
        |page: &&Page| is_shown(page, page) || above(page).is_some_and(|above| is_shown(page, above));
    let without: Vec<String> =
        pages.iter().filter(|page| !has_examples(page)).map(|page| page.name.clone()).collect();
    assert!(without.is_empty(), "no examples: {without:?}");
}

#[test]
fn every_tool_tells_its_exit_codes() {
    for tool in tools() {
        let text = behind(&tool);
        let codes = text.split_once("Exit codes:").map(|(_, codes)| codes).unwrap_or_default();
        let told: Vec<&str> = codes
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| ["0", "1", "2", "3"].contains(word))
            .take(4)
            .collect();
        assert_eq!(told, ["0", "1", "2", "3"], "{}: {codes}", tool.get_name());
        assert!(codes.contains("try again"), "{}: {codes}", tool.get_name());
    }
}

#[test]
fn a_verb_begins_with_the_same_word_wherever_it_is() {
    let mut words: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for page in pages() {
        let Some(verb) = page.name.split(' ').skip(1).last() else { continue };
        let about = page.command.get_about().map(ToString::to_string).unwrap_or_default();
        let word = about.split([' ', ',']).next().unwrap_or_default().to_owned();
        words.entry(verb.to_owned()).or_default().entry(word).or_default().push(page.name.clone());
    }
    let differing: Vec<String> = words
        .iter()
        .filter(|(_, words)| words.len() > 1)
        .map(|(verb, words)| format!("{verb}: {words:?}"))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
