//! How a tool ended, and the assertions on it. A failed one prints expected and got in full.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::Value;

use crate::diff;

/// Exit code, stdout and stderr of a tool that has ended. The assertions chain.
#[derive(Clone, Debug)]
pub struct Outcome {
    name: String,
    /// The exit code as a shell shows it: 128 and the signal's number when a signal killed it.
    pub code: i32,
    /// The bytes of stdout; on a terminal with `\r\n` read as `\n`.
    pub stdout: Vec<u8>,
    /// The bytes of stderr.
    pub stderr: Vec<u8>,
    /// From start to end.
    pub elapsed: Duration,
    /// The most memory it was seen to have resident, in bytes: read every 10 ms, so for long runs only.
    pub peak_memory: u64,
}

impl Outcome {
    pub(crate) fn new(
        name: String,
        status: ExitStatus,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
        elapsed: Duration,
        peak_memory: u64,
    ) -> Outcome {
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
        Outcome { name, code, stdout, stderr, elapsed, peak_memory }
    }

    /// stdout as text.
    #[must_use]
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// stderr as text.
    #[must_use]
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The same outcome with `from` replaced in stdout and stderr: for ports, paths and ids that differ each time.
    #[must_use]
    pub fn replace(mut self, from: &str, to: &str) -> Outcome {
        self.stdout = self.stdout_text().replace(from, to).into_bytes();
        self.stderr = self.stderr_text().replace(from, to).into_bytes();
        self
    }

    /// Ended with 0.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn succeeds(&self) -> &Outcome {
        self.fails_with(0)
    }

    /// Ended with `code`.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn fails_with(&self, code: i32) -> &Outcome {
        assert!(
            self.code == code,
            "{}\nexpected exit code {code}, got {}\n{}",
            self.name,
            self.code,
            self.said()
        );
        self
    }

    /// stdout is exactly `expected`, where `[..]` stands for anything within a line.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn stdout_is(&self, expected: impl AsRef<str>) -> &Outcome {
        self.check("stdout", expected.as_ref(), &self.stdout_text());
        self
    }

    /// stderr is exactly `expected`, where `[..]` stands for anything within a line.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn stderr_is(&self, expected: impl AsRef<str>) -> &Outcome {
        self.check("stderr", expected.as_ref(), &self.stderr_text());
        self
    }

    /// stdout has `part` in it.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn stdout_has(&self, part: impl AsRef<str>) -> &Outcome {
        let part = part.as_ref();
        assert!(self.stdout_text().contains(part), "{}\nnot in stdout: {part}\n{}", self.name, self.said());
        self
    }

    /// stderr has `part` in it.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn stderr_has(&self, part: impl AsRef<str>) -> &Outcome {
        let part = part.as_ref();
        assert!(self.stderr_text().contains(part), "{}\nnot in stderr: {part}\n{}", self.name, self.said());
        self
    }

    /// `part`, such as a password, is neither in stdout nor in stderr.
    ///
    /// # Panics
    /// When it is.
    #[track_caller]
    pub fn never_says(&self, part: impl AsRef<str>) -> &Outcome {
        let part = part.as_ref();
        let said = self.stdout_text().contains(part) || self.stderr_text().contains(part);
        assert!(!said, "{}\nmust not say: {part}\n{}", self.name, self.said());
        self
    }

    /// stdout as JSON, one value a line.
    ///
    /// # Panics
    /// When a line is not JSON.
    #[must_use]
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| match serde_json::from_str(line) {
            Ok(value) => value,
            Err(error) => panic!("{}\nnot JSON: {error}: {line}\n{}", self.name, self.said()),
        };
        self.stdout_text().lines().map(parse).collect()
    }

    #[track_caller]
    fn check(&self, what: &str, expected: &str, got: &str) {
        if !diff::matches(expected, got) {
            let end = |text: &str| {
                if text.is_empty() || text.ends_with('\n') { "" } else { " (no newline at the end)" }
            };
            panic!(
                "{}\n{what} differs: - expected{}, + got{}\n{}\n{}",
                self.name,
                end(expected),
                end(got),
                diff::diff(expected, got),
                self.said()
            );
        }
    }

    fn said(&self) -> String {
        let (out, err) = (self.stdout_text(), self.stderr_text());
        format!("exit code {}\n--- stdout\n{}\n--- stderr\n{}", self.code, shorten(&out), shorten(&err))
    }
}

/// A megabyte of rows helps nobody.
fn shorten(text: &str) -> String {
    const KEEP: usize = 4000;
    if text.len() <= 2 * KEEP {
        return text.to_owned();
    }
    let (head, tail) = (text.floor_char_boundary(KEEP), text.ceil_char_boundary(text.len() - KEEP));
    format!("{}\n… {} bytes …\n{}", &text[..head], tail - head, &text[tail..])
}
