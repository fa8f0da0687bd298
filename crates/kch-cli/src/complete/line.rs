//! The command line up to the cursor, as words.

use std::path::PathBuf;

use clap::{Args, Command};

use crate::{CommonArgs, Result, Settings};

/// The words up to the cursor; the last one is the one to complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) words: Vec<String>,
    /// What of the last word bash takes as words of their own, since they end in `=` or `:`.
    pub(super) typed: String,
}

impl Line {
    /// `cursor` is the place of the word to complete. With the line's `text` the words are bash's, which splits at `=`
    /// and `:` too; they are put together again where nothing stands between them.
    pub(super) fn new(words: Vec<String>, cursor: usize, text: &str) -> Option<Line> {
        let mut line = Line { words: Vec::new(), typed: String::new() };
        let mut rest = text;
        for word in words.into_iter().take(cursor + 1) {
            let gap = text.is_empty() || rest.starts_with(char::is_whitespace) || line.words.is_empty();
            rest = rest.split_once(word.as_str()).map_or("", |(_, rest)| rest);
            line.typed.clear();
            match line.words.last_mut().filter(|_| !gap) {
                Some(last) => {
                    let is_separator = !word.is_empty() && word.bytes().all(|b| b == b'=' || b == b':');
                    line.typed.clone_from(last);
                    last.push_str(&word);
                    if is_separator {
                        line.typed.clone_from(last);
                    }
                }
                None => line.words.push(word),
            }
        }
        line.words.iter_mut().for_each(|word| *word = without_quotes(word));
        line.typed = without_quotes(&line.typed);
        (!line.words.is_empty()).then_some(line)
    }
}

fn without_quotes(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut escaped = false;
    for c in word.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            '\'' | '"' if !escaped => {}
            _ => {
                out.push(c);
                escaped = false;
            }
        }
    }
    out
}

/// What bash puts on the command line as it is.
pub(super) fn escape_for_bash(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,^~".contains(c);
    text.chars().flat_map(|c| (!is_plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

/// What a completer may know of the line that is being typed: the flags on it that say where a service is.
#[derive(Debug)]
pub struct Typed {
    words: Vec<String>,
}

impl Typed {
    pub(super) fn new(line: Line) -> Typed {
        Typed { words: line.words }
    }

    /// These flags as far as the line has them.
    #[must_use]
    pub fn args<A: Args + Default>(&self) -> A {
        let command = A::augment_args(Command::new("typed").no_binary_name(true));
        let known = known_flags(&command, &self.words);
        let matches = command.ignore_errors(true).try_get_matches_from(known);
        matches.ok().and_then(|matches| A::from_arg_matches(&matches).ok()).unwrap_or_default()
    }

    /// The value of `--long`, if the line has it.
    #[must_use]
    pub fn value(&self, long: &str) -> Option<&str> {
        let before_cursor = &self.words[..self.words.len().saturating_sub(1)];
        before_cursor.iter().enumerate().find_map(|(at, word)| {
            match word.strip_prefix("--")?.strip_prefix(long)? {
                "" => before_cursor.get(at + 1).map(String::as_str),
                rest => rest.strip_prefix('='),
            }
        })
    }

    /// The word right behind one of these verbs, if the line has it.
    #[must_use]
    pub fn behind(&self, verbs: &[&str]) -> Option<&str> {
        let before_cursor = &self.words[..self.words.len().saturating_sub(1)];
        let verb = before_cursor.iter().skip(1).position(|word| verbs.contains(&word.as_str()))?;
        before_cursor.get(verb + 2).map(String::as_str).filter(|word| !word.starts_with('-'))
    }

    /// The settings, read as the tool itself would for this line.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn settings(&self) -> Result<Settings> {
        let env_file: Option<PathBuf> = self.args::<CommonArgs>().env_file;
        Settings::load(env_file.as_deref())
    }
}

/// The flags of `command` in `words`, each with its value. The word at the cursor is none yet.
fn known_flags(command: &Command, words: &[String]) -> Vec<String> {
    let mut known = Vec::new();
    let mut words = words[..words.len().saturating_sub(1)].iter().peekable();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(word);
        let is_named = |arg: &clap::Arg| {
            arg.get_long().is_some_and(|long| name.strip_prefix("--") == Some(long))
                || arg.get_short().is_some_and(|short| name == format!("-{short}"))
        };
        let Some(arg) = command.get_arguments().find(|arg| is_named(arg)) else { continue };
        known.push(word.clone());
        let takes_value = matches!(arg.get_action(), clap::ArgAction::Set | clap::ArgAction::Append);
        if takes_value && !word.contains('=') {
            known.extend(words.next().cloned());
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str], text: &str) -> Line {
        Line::new(words.iter().map(|&w| w.to_owned()).collect(), words.len() - 1, text).unwrap()
    }

    #[test]
    fn words_that_bash_has_split_are_one_again() {
        let whole = |words: &[&str], text| {
            let line = line(words, text);
            (line.words.join("|"), line.typed)
        };
        let pair = |words: &str, typed: &str| (words.to_owned(), typed.to_owned());
        assert_eq!(whole(&["sr", "get", ""], "sr get "), pair("sr|get|", ""));
        assert_eq!(whole(&["t", "--topic", "=", "ka"], "t --topic=ka"), pair("t|--topic=ka", "--topic="));
        assert_eq!(whole(&["t", "--topic", "="], "t --topic="), pair("t|--topic=", "--topic="));
        assert_eq!(whole(&["sr", "get", ":", ".c", ":", "a"], "sr get :.c:a"), pair("sr|get|:.c:a", ":.c:"));
        assert_eq!(whole(&["t", "a", "=", "b"], "t a = b"), pair("t|a|=|b", ""));
        assert_eq!(whole(&["t", "-t", "'ka"], "t -t 'ka"), pair("t|-t|ka", ""));
        // Other shells give whole words and no text.
        assert_eq!(whole(&["t", "--topic=ka"], ""), pair("t|--topic=ka", ""));
    }

    #[test]
    fn what_follows_the_cursor_does_not_count() {
        let words = ["t", "describe", "ka", "-o"].map(str::to_owned).to_vec();
        assert_eq!(Line::new(words, 2, "t describe ka -o").unwrap().words, ["t", "describe", "ka"]);
        assert_eq!(Line::new(Vec::new(), 0, ""), None);
    }

    #[test]
    fn flags_on_the_line_are_found_among_others() {
        let words = ["t", "--env-file", "x.env", "list", "--other", "--show-config", "--env-file"];
        let typed = Typed::new(line(&words, ""));
        let common: CommonArgs = typed.args();
        assert_eq!(common.env_file, Some("x.env".into()));
        assert!(common.show_config);
        let words = ["t", "--env-file=y.env", "-z", ""];
        assert_eq!(Typed::new(line(&words, "")).args::<CommonArgs>().env_file, Some("y.env".into()));

        let typed = Typed::new(line(&["t", "--url", "http://a", "--user=me", "--urls", "x", "--url"], ""));
        assert_eq!((typed.value("url"), typed.value("user")), (Some("http://a"), Some("me")));
        assert_eq!(typed.value("database"), None);

        let behind = |words: &[&str]| Typed::new(line(words, "")).behind(&["patch"]).map(str::to_owned);
        assert_eq!(behind(&["t", "patch", "a", "-s", ""]).as_deref(), Some("a"));
        assert_eq!([behind(&["t", "patch", "-s", ""]), behind(&["t", "patch", "a"])], [None, None]);
    }

    #[test]
    fn what_the_shell_would_read_as_its_own_is_escaped() {
        assert_eq!(escape_for_bash("kafka-events_v1.x"), "kafka-events_v1.x");
        assert_eq!(escape_for_bash("a b$(c)"), r"a\ b\$\(c\)");
    }
}
