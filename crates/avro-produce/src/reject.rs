//! Lines that do not fit: named, counted, kept as JSON in a file or on a topic, and too many of them.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kch_cli::{Exit, Failure, Line, Messages, Result};
use serde_json::{Value, json};

use crate::args::{Limit, OnError, RejectArgs};
use crate::fault::Fault;

/// How many refused lines are named one by one on stderr when none is kept elsewhere.
const NAMED: u64 = 20;
/// A share is not looked at before this many lines.
const ENOUGH_FOR_A_SHARE: u64 = 100;

/// What happens to lines that do not fit, and how many there were.
#[derive(Debug)]
pub(crate) struct Rejects {
    policy: OnError,
    file: Option<(String, BufWriter<File>)>,
    dlq_topic: Option<String>,
    limit: Option<Limit>,
    count: u64,
}

/// A refused line and where it stood. The raw bytes are missing when the line was too long to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) number: u64,
    pub(crate) offset: u64,
    pub(crate) raw: Option<&'a [u8]>,
}

impl<'a> From<&Line<'a>> for Refused<'a> {
    fn from(line: &Line<'a>) -> Self {
        Refused { number: line.number, offset: line.offset, raw: Some(line.bytes) }
    }
}

impl Rejects {
    /// Opens the file of refused lines, if one is asked for.
    ///
    /// # Errors
    /// A usage failure when it cannot be opened.
    pub(crate) fn open(args: &RejectArgs) -> Result<Rejects> {
        let open = |path: &std::path::PathBuf| -> Result<_> {
            let name = path.display().to_string();
            let file = File::options().create(true).append(true).open(path);
            let file = file.map_err(|error| Failure::usage(format!("cannot write to {name}: {error}")))?;
            Ok((name, BufWriter::new(file)))
        };
        let file = args.rejects.as_ref().map(open).transpose()?;
        let (policy, limit) = (args.on_error, args.max_errors);
        Ok(Rejects { policy, file, dlq_topic: args.dlq_topic.clone(), limit, count: 0 })
    }

    /// How many refused lines the run went past.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The topic for refused lines, if that is the policy.
    pub(crate) fn dlq_topic(&self) -> Option<&str> {
        self.dlq_topic.as_deref().filter(|_| self.policy == OnError::Dlq)
    }

    /// Whether the run ends at a fault: always when it is not the line's own.
    pub(crate) fn stops_at(&self, fault: &Fault) -> bool {
        self.policy == OnError::Fail || fault.exit() != Exit::Refused
    }

    /// Whether a record that the cluster refused for good ends the run as well.
    pub(crate) fn stops_at_refusals(&self) -> bool {
        self.policy == OnError::Fail
    }

    /// Keeps a refused line in the file, counts it if the run goes past it, and gives its JSON for the dead-letter topic.
    ///
    /// # Errors
    /// When the file cannot be written to: a lost reject would be a lost record.
    pub(crate) fn keep(
        &mut self,
        refused: Refused<'_>,
        fault: &Fault,
        name: &str,
        messages: &mut Messages,
    ) -> Result<String> {
        let failure = fault.failure();
        // The line that ends the run is named by its own message.
        if !self.stops_at(fault) {
            self.count += 1;
            let kept_elsewhere = self.file.is_some() || self.dlq_topic().is_some();
            if !kept_elsewhere && self.count <= NAMED {
                messages.failure(&failure.clone().context(format!("{name}:{}", refused.number)));
            }
        }
        let json = to_json(refused, fault, failure.text()).to_string();
        if let Some((name, file)) = &mut self.file {
            writeln!(file, "{json}").map_err(|error| cannot_write(name, &error))?;
        }
        Ok(json)
    }

    /// Whether there are too many, of `lines` lines read; `at_end` looks at a share however few there are.
    pub(crate) fn too_many(&self, lines: u64, at_end: bool) -> Option<Failure> {
        let over = match self.limit? {
            Limit::Count(limit) => self.count > limit,
            Limit::Percent(share) if at_end || lines >= ENOUGH_FOR_A_SHARE => {
                #[expect(clippy::cast_precision_loss, reason = "a share needs no 53 bits")]
                let percent = self.count as f64 * 100.0 / lines.max(1) as f64;
                percent > share
            }
            Limit::Percent(_) => false,
        };
        over.then(|| {
            Failure::refused(format!("{} of {lines} lines were refused, more than --max-errors", self.count))
        })
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub(crate) fn close(&mut self) -> Result<()> {
        match &mut self.file {
            Some((name, file)) => file.flush().map_err(|error| cannot_write(name, &error)),
            None => Ok(()),
        }
    }
}

fn cannot_write(name: &str, error: &std::io::Error) -> Failure {
    Failure::refused(format!("cannot write to {name}: {error}"))
}

fn to_json(refused: Refused<'_>, fault: &Fault, error: &str) -> Value {
    let (pointer, expected, got) = fault.facts();
    let raw = refused.raw.map(|raw| match std::str::from_utf8(raw) {
        Ok(text) => Value::from(text),
        Err(_) => json!({"base64": STANDARD.encode(raw)}),
    });
    json!({
        "line": refused.number, "offset": refused.offset, "pointer": pointer, "expected": expected, "got": got,
        "error": error, "raw": raw,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejects(limit: Option<Limit>) -> Rejects {
        Rejects { policy: OnError::Skip, file: None, dlq_topic: None, limit, count: 0 }
    }

    #[test]
    fn a_refused_line_keeps_its_place_and_its_bytes() {
        let refused = Refused { number: 3, offset: 40, raw: Some(b"\xff{") };
        let json = to_json(refused, &Fault::NotUtf8 { offset: 0 }, "not UTF-8");
        assert_eq!(
            json.to_string(),
            r#"{"line":3,"offset":40,"pointer":null,"expected":"UTF-8","got":null,"error":"not UTF-8","raw":{"base64":"/3s="}}"#
        );
    }

    #[test]
    fn too_many_is_a_number_or_a_share_of_enough_lines() {
        let mut by_count = rejects(Some(Limit::Count(1)));
        by_count.count = 1;
        assert!(by_count.too_many(1, true).is_none());
        by_count.count = 2;
        assert!(by_count.too_many(2, false).is_some());
        let mut by_share = rejects(Some(Limit::Percent(1.0)));
        by_share.count = 2;
        assert!(by_share.too_many(50, false).is_none(), "too early to tell");
        assert!(by_share.too_many(50, true).is_some());
        assert!(by_share.too_many(200, false).is_none());
        assert!(by_share.too_many(199, false).is_some());
    }
}
