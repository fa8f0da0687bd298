//! Whether stderr is for people or for programs: `--errors json`, or `KCH_ERRORS=json`.
//!
//! It is looked for in the words of the command line themselves: what is wrong with these is told in that format too.

use std::ffi::OsString;

use clap::ValueEnum as _;

use crate::{Failure, Result};

/// The variable, of the environment alone: what reads stderr is whoever calls, not where it is called.
const VARIABLE: &str = "KCH_ERRORS";
const FLAG: &str = "--errors";

/// How failures, warnings and notes are told on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ErrorFormat {
    /// tool: what failed: why, and hints
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

impl ErrorFormat {
    /// What the process was asked for, by flag or by variable.
    ///
    /// # Errors
    /// A usage failure when the variable has a value that is none.
    pub(crate) fn asked() -> Result<ErrorFormat> {
        let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        of_flag(words).map_or_else(|| of_variable(std::env::var_os(VARIABLE)), Ok)
    }
}

/// What the flag says, if it is there. What it may not say is told by clap.
fn of_flag(words: impl IntoIterator<Item = String>) -> Option<ErrorFormat> {
    let mut words = words.into_iter().take_while(|word| word != "--");
    let value = words.find_map(|word| match word.strip_prefix(FLAG)? {
        "" => Some(None),
        rest => Some(Some(rest.strip_prefix('=')?.to_owned())),
    })?;
    ErrorFormat::from_str(&value.or_else(|| words.next())?, false).ok()
}

fn of_variable(value: Option<OsString>) -> Result<ErrorFormat> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(ErrorFormat::default()) };
    let format = value.to_str().and_then(|value| ErrorFormat::from_str(value, false).ok());
    format.ok_or_else(|| Failure::usage(format!("{VARIABLE}: expected text or json")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_found_among_words_that_clap_may_refuse() {
        let of = |line: &str| of_flag(line.split(' ').map(str::to_owned));
        assert_eq!(of("gt x --errors json --nosuch"), Some(ErrorFormat::Json));
        assert_eq!(of("--errors=text get x"), Some(ErrorFormat::Text));
        for line in
            ["get x", "--errors", "--errors xml", "--errorsjson", "-- --errors json", "--max-errors json"]
        {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn the_variable_has_one_of_two_values_or_none() {
        let of = |value: &str| of_variable(Some(value.into()));
        assert_eq!(of("json"), Ok(ErrorFormat::Json));
        assert_eq!([of(""), of("text"), of_variable(None)], [const { Ok(ErrorFormat::Text) }; 3]);
        assert_eq!(of("xml").unwrap_err().text(), "KCH_ERRORS: expected text or json");
    }
}
