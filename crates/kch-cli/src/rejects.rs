//! Refused input lines: the file that keeps them, and how many are too many.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::{Failure, Result};

/// A share is not looked at before this many lines.
const ENOUGH_FOR_A_SHARE: u64 = 100;

/// How many refused lines a tool names one by one on stderr when nothing else keeps them.
pub const NAMED_REJECTS: u64 = 20;

/// How many refused lines are too many: `10`, or a share as `1%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RejectLimit {
    /// More than this many.
    Count(u64),
    /// More than this share of the lines read, in percent; looked at from the hundredth line on, and at the end.
    Percent(f64),
}

impl RejectLimit {
    /// The failure that ends a run when `count` refused ones of `lines` lines read are too many; `at_end` looks at a share
    /// however few lines there are.
    #[must_use]
    pub fn exceeded(self, count: u64, lines: u64, at_end: bool) -> Option<Failure> {
        let over = match self {
            RejectLimit::Count(limit) => count > limit,
            RejectLimit::Percent(share) if at_end || lines >= ENOUGH_FOR_A_SHARE => {
                #[expect(clippy::cast_precision_loss, reason = "a share needs no 53 bits")]
                let percent = count as f64 * 100.0 / lines.max(1) as f64;
                percent > share
            }
            RejectLimit::Percent(_) => false,
        };
        over.then(|| {
            Failure::refused(format!("{count} of {lines} lines were refused, more than --max-errors"))
        })
    }
}

impl FromStr for RejectLimit {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parsed = match text.strip_suffix('%') {
            Some(share) => {
                share.parse().ok().filter(|percent| (0.0..=100.0).contains(percent)).map(Self::Percent)
            }
            None => text.parse().ok().map(Self::Count),
        };
        parsed.ok_or_else(|| "expected a number of lines, as 10, or a share of them, as 1%".to_owned())
    }
}

/// A file with one JSON line for each refused line. It grows: an earlier run's lines stay.
#[derive(Debug)]
pub struct RejectFile {
    name: String,
    file: BufWriter<File>,
}

impl RejectFile {
    /// Opens it for appending.
    ///
    /// # Errors
    /// A usage failure when it cannot be opened.
    pub fn open(path: &Path) -> Result<RejectFile> {
        let name = path.display().to_string();
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|error| Failure::usage(format!("cannot write to {name}: {error}")))?;
        Ok(RejectFile { name, file: BufWriter::new(file) })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When it cannot be written: a lost reject would be a lost record.
    pub fn keep(&mut self, row: impl Display) -> Result<()> {
        writeln!(self.file, "{row}").map_err(|error| self.lost(&error))
    }

    /// Hands what is buffered to the system.
    ///
    /// # Errors
    /// As [`RejectFile::keep`].
    pub fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|error| self.lost(&error))
    }

    fn lost(&self, error: &std::io::Error) -> Failure {
        Failure::refused(format!("cannot write to {}: {error}", self.name))
    }
}

/// A refused line's bytes without loss: their text, or `{"base64":"…"}` where they are not UTF-8.
#[must_use]
pub fn raw_json(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => json!({"base64": STANDARD.encode(bytes)}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_or_a_share() {
        assert_eq!("10".parse(), Ok(RejectLimit::Count(10)));
        assert_eq!("0.5%".parse(), Ok(RejectLimit::Percent(0.5)));
        assert!(["", "x", "-1", "101%", "nan%"].iter().all(|text| text.parse::<RejectLimit>().is_err()));
    }

    #[test]
    fn too_many_is_a_number_or_a_share_of_enough_lines() {
        let by_count = RejectLimit::Count(1);
        assert!(by_count.exceeded(1, 1, true).is_none());
        assert!(by_count.exceeded(2, 2, false).is_some());
        let by_share = RejectLimit::Percent(1.0);
        assert!(by_share.exceeded(2, 50, false).is_none(), "too early to tell");
        assert!(by_share.exceeded(2, 50, true).is_some());
        assert!(by_share.exceeded(2, 200, false).is_none());
        assert!(by_share.exceeded(2, 199, false).is_some());
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_as_they_were() {
        assert_eq!(raw_json("é".as_bytes()), json!("é"));
        assert_eq!(raw_json(b"\xff{"), json!({"base64": "/3s="}));
    }
}
