//! `${VARIABLE}` in a configuration's values, filled in from the settings. Values are filled after the JSON was read, so
//! no variable can change its structure.

use kch_cli::{Failure, Result, Settings, vars};

use crate::mask::is_secret_name;

/// A filled value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) text: String,
    /// Whether a secret variable went into it.
    pub(crate) secret: bool,
    /// Variables that have no value.
    pub(crate) missing: Vec<String>,
}

/// Fills one value. `$$` is a dollar, `${NAME}` and `${NAME:-default}` are variables; all else with a dollar is left
/// alone: Connect's `${file:path:key}`, a transformation's `$1`.
pub(crate) fn fill(value: &str, settings: &Settings) -> Result<Filled> {
    let mut filled = Filled { text: String::with_capacity(value.len()), secret: false, missing: Vec::new() };
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        filled.text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            filled.text.push('$');
            rest = after;
        } else if let Some((name, default, after)) = variable(rest) {
            match (lookup(name, settings)?, default) {
                (Some(value), _) => {
                    filled.text.push_str(&value);
                    filled.secret |= is_secret(name);
                }
                (None, Some(default)) => filled.text.push_str(default),
                (None, None) => filled.missing.push(name.to_owned()),
            }
            rest = after;
        } else {
            filled.text.push('$');
            rest = &rest[1..];
        }
    }
    filled.text.push_str(rest);
    Ok(filled)
}

/// A value in which [`fill`] finds nothing to fill: what it gives is `value` again.
pub(crate) fn escape(value: &str) -> String {
    let means_more =
        value.contains("$$") || value.match_indices("${").any(|(at, _)| variable(&value[at..]).is_some());
    if means_more { value.replace('$', "$$") } else { value.to_owned() }
}

/// Name, default and what follows, when `text` begins with a variable of ours.
fn variable(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let (inside, after) = text.strip_prefix("${")?.split_once('}')?;
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, default, after))
}

/// A variable that the tools know has its default here too.
fn lookup(name: &str, settings: &Settings) -> Result<Option<String>> {
    match vars::ALL.iter().find(|var| var.name == name) {
        Some(var) => settings.text(var),
        None => Ok(settings.lookup(name)?.map(|(value, _)| value)),
    }
}

fn is_secret(name: &str) -> bool {
    vars::ALL.iter().any(|var| var.name == name && var.secret) || is_secret_name(name)
}

/// The failure for variables that have no value.
pub(crate) fn missing(file: &str, names: &[String]) -> Failure {
    let (are, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    Failure::usage(format!("{file}: {} {are} not set", names.join(", ")))
        .hint(format!("put {them} into .env or the environment; a dollar that is meant is written $$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(value: &str) -> Filled {
        let settings = Settings::from_pairs([("HOST", "ch"), ("MY_PASSWORD", "a$b\"c"), ("EMPTY", "")]);
        fill(value, &settings).unwrap()
    }

    #[test]
    fn variables_are_filled_and_connects_own_are_left_alone() {
        assert_eq!(filled("http://${HOST}:8123").text, "http://ch:8123");
        for untouched in ["${file:/s:k}", "${env:HOME}", "${dir:/s:k}", "$1-x", "cost: 5$", "${1}", "${open"]
        {
            assert_eq!(filled(untouched).text, untouched);
        }
        assert_eq!(filled("$${HOST} $$5").text, "${HOST} $5");
    }

    #[test]
    fn what_is_escaped_is_filled_to_itself() {
        for value in ["", "$", "$$", "${HOST}", "${file:/s:k}", "$1 $${HOST} ${NOT_THERE:-x}", "a$$b$"] {
            assert_eq!(filled(&escape(value)).text, value);
        }
        assert_eq!(escape("${file:/s:k} $1"), "${file:/s:k} $1");
    }

    #[test]
    fn a_default_stands_in_and_a_missing_one_is_named() {
        assert_eq!(filled("${NOT_THERE:-http://r:8081}").text, "http://r:8081");
        assert_eq!(filled("${EMPTY:-x}").text, "x");
        assert_eq!(filled("${NOT_THERE}/${EMPTY}").missing, ["NOT_THERE", "EMPTY"]);
        assert_eq!(filled("${CLICKHOUSE_USER}").text, "admin");
    }

    #[test]
    fn a_filled_value_is_not_filled_again_and_remembers_a_secret() {
        let password = filled("${MY_PASSWORD}");
        assert_eq!(password.text, "a$b\"c");
        assert!(password.secret && !filled("${HOST}").secret);
    }
}
