//! Lines that do not fit: named, counted, kept as JSON in a file or on a topic, and too many of them.

use kch_cli::{Exit, Failure, Line, Messages, NAMED_REJECTS, RejectFile, RejectLimit, Result, raw_json};
use serde_json::{Value, json};

use crate::args::{OnError, RejectArgs};
use crate::fault::Fault;

/// What happens to lines that do not fit, and how many there were.
#[derive(Debug)]
pub(crate) struct Rejects {
    policy: OnError,
    file: Option<RejectFile>,
    dlq_topic: Option<String>,
    limit: Option<RejectLimit>,
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
        let file = args.rejects.as_deref().map(RejectFile::open).transpose()?;
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
            if !kept_elsewhere && self.count <= NAMED_REJECTS {
                let failure = failure.clone().context(format!("{name}:{}", refused.number));
                messages.failure(&failure.fact("line", refused.number));
            }
        }
        let json = to_json(refused, fault, failure.text()).to_string();
        if let Some(file) = &mut self.file {
            file.keep(&json)?;
        }
        Ok(json)
    }

    /// Whether there are too many, of `lines` lines read; `at_end` looks at a share however few there are.
    pub(crate) fn too_many(&self, lines: u64, at_end: bool) -> Option<Failure> {
        self.limit?.exceeded(self.count, lines, at_end)
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub(crate) fn close(&mut self) -> Result<()> {
        self.file.as_mut().map_or(Ok(()), RejectFile::flush)
    }
}

fn to_json(refused: Refused<'_>, fault: &Fault, error: &str) -> Value {
    let (pointer, expected, got) = fault.facts();
    let raw = refused.raw.map(raw_json);
    json!({
        "line": refused.number, "offset": refused.offset, "pointer": pointer, "expected": expected, "got": got,
        "error": error, "raw": raw,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_line_keeps_its_place_and_its_bytes() {
        let refused = Refused { number: 3, offset: 40, raw: Some(b"\xff{") };
        let json = to_json(refused, &Fault::NotUtf8 { offset: 0, unpacker: None }, "not UTF-8");
        assert_eq!(
            json.to_string(),
            r#"{"line":3,"offset":40,"pointer":null,"expected":"UTF-8","got":null,"error":"not UTF-8","raw":{"base64":"/3s="}}"#
        );
    }
}
