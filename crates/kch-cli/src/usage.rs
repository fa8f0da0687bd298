//! What clap says of a bad command line, in the form of all other errors: `tool: what: why`, then hints.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::output::json_without_control;
use crate::{ErrorFormat, Failure, nearest};

/// What somebody who comes from another tool means here: of a word that has no place, behind the words before it that are
/// no flags (the verb and its arguments); of two flags that exclude each other, `--a with --b`, in either order. `None` is "no such habit".
pub type Habit = fn(word: &str, before: &[&str]) -> Option<&'static str>;

/// Clap's text in this format, which ends with a line's end. `cure` stands in place of clap's tips.
pub(crate) fn told(tool: &str, text: &str, cure: Option<String>, format: ErrorFormat) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let tip = |line: &str| line.trim_start().strip_prefix("tip: ").map(str::to_owned);
    let tips = || text.lines().filter_map(tip).filter(|tip| is_of_use(tip, text)).collect();
    let hints = cure.map_or_else(tips, |cure| vec![cure]);
    let mut rest = text.lines().filter(|line| tip(line).is_none());
    let what: Vec<&str> = rest.by_ref().take_while(|line| !line.is_empty()).collect();
    match format {
        ErrorFormat::Text => as_text(tool, &what, &hints, rest),
        ErrorFormat::Json => {
            let mut failure = Failure::usage(what.join("\n"));
            if !hints.is_empty() {
                failure = failure.hint(hints.join("; "));
            }
            json_without_control(&failure.to_json(tool)) + "\n"
        }
    }
}

/// As the tool's own: its name in front in place of `error`, hints right behind what is wrong. Usage follows as clap writes it.
fn as_text<'t>(tool: &str, what: &[&str], hints: &[String], rest: impl Iterator<Item = &'t str>) -> String {
    let mut lines = vec![format!("{tool}: {}", what.join("\n"))];
    lines.extend(hints.iter().map(|hint| format!("hint: {hint}")));
    let mut gap = true;
    for line in rest {
        // A tip leaves its empty line behind.
        if !line.is_empty() && gap {
            lines.push(String::new());
        }
        gap = line.is_empty();
        if !gap {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// Whether one of clap's tips is about a slip of the keyboard. `--exit` is none of `--registry`, which clap finds alike, and
/// nobody who types a flag that is not there means it as a value.
fn is_of_use(tip: &str, text: &str) -> bool {
    let quoted = |text: &str| text.split('\'').nth(1).unwrap_or_default().trim_start_matches('-').to_owned();
    let (typed, offered) = (quoted(text), quoted(tip));
    let is_alike = || {
        nearest(&typed, [offered.as_str()]).is_some()
            || typed.starts_with(&offered)
            || offered.starts_with(&typed)
    };
    !tip.starts_with("to pass '") && (tip.contains(" value") || is_alike())
}

/// The cure for a word that has no place, where it is another tool's, a verb with a slip, a topic without its flag, or SQL
/// that was not put in quotes; `typed` is the command line behind the tool's name. `None` where clap's own words do.
#[must_use]
pub fn cure(error: &clap::Error, command: &Command, typed: &[String], habit: Habit) -> Option<String> {
    let place = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::ArgumentConflict => {
            let (one, other) = conflict(error)?;
            let meant = habit(&format!("{one} with {other}"), &[]);
            return meant.or_else(|| habit(&format!("{other} with {one}"), &[])).map(str::to_owned);
        }
        _ => return None,
    };
    let Some(ContextValue::String(word)) = error.get(place) else { return None };
    let is_it = |typed: &&String| {
        *typed == word
            || typed.strip_prefix(word.as_str()).is_some_and(|rest| !rest.is_empty() && word.starts_with('-'))
    };
    let before = typed.iter().take_while(|typed| !is_it(typed)).filter(|typed| !typed.starts_with('-'));
    if let Some(meant) = habit(word, &before.map(String::as_str).collect::<Vec<_>>()) {
        return Some(meant.to_owned());
    }
    let verbs = || command.get_subcommands().map(Command::get_name);
    let first = typed.iter().find(|word| !word.starts_with('-'))?;
    // A word that stands for a verb: what clap says of it is right.
    if word.starts_with('-') || place == ContextKind::InvalidSubcommand && word == first {
        return None;
    }
    if verbs().all(|verb| verb != first)
        && let Some(verb) = nearest(first, verbs())
    {
        return Some(format!("did you mean {verb}?"));
    }
    let takes_topic = command.get_arguments().any(|arg| arg.get_long() == Some("topic"));
    let positional = command.get_positionals().next();
    if takes_topic && positional.is_none() {
        return Some(format!("a topic is named with -t: -t {word}"));
    }
    let is_sql = positional.is_some_and(|arg| arg.get_id() == "sql") && verbs().all(|verb| verb != first);
    is_sql.then(|| format!("SQL is one argument, in quotes: {} 'SELECT 1'", command.get_name()))
}

/// Two flags that exclude each other.
fn conflict(error: &clap::Error) -> Option<(&str, &str)> {
    let flag = |kind| match error.get(kind)? {
        ContextValue::String(flag) => flag.split(' ').next(),
        ContextValue::Strings(flags) => flags.first()?.split(' ').next(),
        _ => None,
    };
    Some((flag(ContextKind::InvalidArg)?, flag(ContextKind::PriorArg)?))
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn said(command: &Command, words: &[&str]) -> String {
        let typed = std::iter::once(command.get_name()).chain(words.iter().copied());
        let error = command.clone().try_get_matches_from(typed).unwrap_err();
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        told(command.get_name(), &error.to_string(), cure(&error, command, &words, habit), ErrorFormat::Text)
    }

    fn habit(word: &str, before: &[&str]) -> Option<&'static str> {
        match (word, before) {
            ("-C", _) => Some("it always reads"),
            ("offsets", ["get"]) => Some("offsets get"),
            ("--group with --offset", _) => Some("a group knows"),
            _ => None,
        }
    }

    #[test]
    fn what_another_tool_calls_it_is_told_and_no_tip_that_leads_astray() {
        let verb = Command::new("get").arg(Arg::new("name"));
        let tool = Command::new("tool")
            .arg(Arg::new("registry").long("registry"))
            .arg(Arg::new("group").long("group").conflicts_with("offset"))
            .arg(Arg::new("offset").long("offset"))
            .subcommand(verb);
        let hints = |words: &[&str]| {
            let said = said(&tool, words);
            said.lines().filter_map(|line| line.strip_prefix("hint: ")).collect::<Vec<_>>().join("|")
        };
        assert_eq!(hints(&["-C"]), "it always reads");
        assert_eq!(hints(&["-Cx"]), "it always reads");
        assert_eq!(hints(&["get", "x", "offsets"]), "");
        assert_eq!(hints(&["get", "offsets", "offsets"]), "offsets get");
        assert_eq!(hints(&["--offset", "1", "--group", "g"]), "a group knows");
        assert_eq!(hints(&["--exit"]), "");
        assert_eq!(hints(&["get", "--registr"]), "");
        assert_eq!(hints(&["--registry-url"]), "a similar argument exists: '--registry'");
    }

    #[test]
    fn a_bad_flag_is_told_as_every_error_is_with_its_tips_as_hints() {
        let tool =
            Command::new("tool").arg(Arg::new("on-error").long("on-error").value_parser(["skip", "fail"]));
        assert_eq!(
            said(&tool, &["--on-eror", "x"]),
            "tool: unexpected argument '--on-eror' found\n\
             hint: a similar argument exists: '--on-error'\n\n\
             Usage: tool --on-error <on-error>\n\nFor more information, try '--help'.\n"
        );
        assert_eq!(
            said(&tool, &["--on-error", "skp"]),
            "tool: invalid value 'skp' for '--on-error <on-error>'\n  [possible values: skip, fail]\n\
             hint: a similar value exists: 'skip'\n\nFor more information, try '--help'.\n"
        );
    }

    #[test]
    fn programs_are_told_what_is_wrong_and_the_hints_alone() {
        let text = "error: invalid value 'skp' for '--on'\n  [possible values: skip, fail]\n\n  tip: a similar value exists: \
                    'skip'\n\nUsage: tool\n";
        assert_eq!(
            told("tool", text, None, ErrorFormat::Json),
            "{\"tool\":\"tool\",\"kind\":\"usage\",\"exit\":2,\"message\":\"invalid value 'skp' for '--on'\\n  \
             [possible values: skip, fail]\",\"hint\":\"a similar value exists: 'skip'\"}\n"
        );
    }

    #[test]
    fn a_word_without_a_place_is_told_where_it_belongs() {
        let topic = Command::new("tool").arg(Arg::new("topic").short('t').long("topic"));
        let first_lines = |said: String| said.lines().take(2).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            first_lines(said(&topic, &["orders"])),
            ["tool: unexpected argument 'orders' found", "hint: a topic is named with -t: -t orders"]
        );
        let verbs = ["insert", "tables"].map(Command::new);
        let sql = Command::new("tool").arg(Arg::new("sql")).subcommands(verbs);
        assert_eq!(
            first_lines(said(&sql, &["SELECT", "1"])),
            ["tool: unexpected argument '1' found", "hint: SQL is one argument, in quotes: tool 'SELECT 1'"]
        );
        assert_eq!(
            first_lines(said(&sql, &["insrt", "t"])),
            ["tool: unrecognized subcommand 't'", "hint: did you mean insert?"]
        );
        assert_eq!(
            first_lines(said(&Command::new("tool").subcommand(Command::new("list")), &["lst"])),
            ["tool: unrecognized subcommand 'lst'", "hint: a similar subcommand exists: 'list'"]
        );
    }
}
