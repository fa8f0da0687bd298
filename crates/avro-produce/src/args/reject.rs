//! Flags: what happens to a line that does not fit.

use std::path::PathBuf;

use clap::ValueEnum;

/// What happens to a line that does not fit.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Bad lines")]
pub struct RejectArgs {
    /// On a line that does not fit: fail (stop there), skip (go on, exit 1 at the end), dlq (go on, send it to --dlq-topic)
    #[arg(long, value_enum, default_value_t = OnError::Fail, value_name = "WHAT")]
    pub on_error: OnError,

    /// Append each refused line to this file as JSON: line, offset, pointer, expected, got, error, raw
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Topic for refused lines, as the same JSON
    #[arg(long, value_name = "TOPIC", required_if_eq("on_error", "dlq"))]
    pub dlq_topic: Option<String>,

    /// Stop when more than this many lines were refused, or this share of them: 10 or 1%
    #[arg(long, value_name = "N|P%", value_parser = parse_limit)]
    pub max_errors: Option<Limit>,
}

/// What to do about a line that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnError {
    /// Stop there
    #[default]
    Fail,
    /// Go on; exit 1 at the end
    Skip,
    /// Go on, and send it to the dead-letter topic; exit 1 at the end
    Dlq,
}

/// How many refused lines are too many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// More than this many.
    Count(u64),
    /// More than this share of the lines read, in percent; looked at from the hundredth line on, and at the end.
    Percent(f64),
}

fn parse_limit(text: &str) -> Result<Limit, String> {
    let wrong = || "expected a number of lines, as 10, or a share of them, as 1%".to_owned();
    match text.strip_suffix('%') {
        Some(share) => match share.parse() {
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Limit::Percent(percent)),
            _ => Err(wrong()),
        },
        None => text.parse().map(Limit::Count).map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_or_a_share() {
        assert_eq!(parse_limit("10"), Ok(Limit::Count(10)));
        assert_eq!(parse_limit("0.5%"), Ok(Limit::Percent(0.5)));
        assert!(["", "x", "-1", "101%", "nan%"].iter().all(|text| parse_limit(text).is_err()));
    }
}
