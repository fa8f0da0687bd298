//! `--report`: one JSON line on stdout for each acknowledged record.

use std::io::Write as _;

use kch_cli::{Failure, Output, Result};
use serde_json::json;

use crate::sink::Sink;

/// Prints receipts, while somebody wants them.
#[derive(Debug)]
pub(crate) struct Receipts {
    pub(crate) wanted: bool,
}

impl Receipts {
    /// Prints the receipts that have come.
    ///
    /// # Errors
    /// When stdout cannot be written to. A reader that went away only ends the printing: records go on.
    pub(crate) fn print(&mut self, sink: &Sink, output: &mut Output) -> Result<()> {
        if !self.wanted {
            return Ok(());
        }
        for receipt in sink.take_receipts() {
            let timestamp = receipt.timestamp.map(|millis| match jiff::Timestamp::from_millisecond(millis) {
                Ok(time) => json!(format!("{time:.3}")),
                // RFC 3339 cannot say it.
                Err(_) => json!(millis),
            });
            let row = json!({"line": receipt.line, "topic": receipt.topic, "partition": receipt.partition,
                "offset": receipt.offset, "timestamp": timestamp});
            let written = output.line(row.to_string().as_bytes());
            self.accept(written, output)?;
            if !self.wanted {
                break;
            }
        }
        Ok(())
    }

    /// Lets the reader have what was printed.
    ///
    /// # Errors
    /// As [`Receipts::print`].
    pub(crate) fn flush(&mut self, output: &mut Output) -> Result<()> {
        if !self.wanted {
            return Ok(());
        }
        let written = output.flush();
        self.accept(written, output)
    }

    fn accept(&mut self, written: std::io::Result<()>, output: &mut Output) -> Result<()> {
        let Err(error) = written else { return Ok(()) };
        self.wanted = false;
        output.abandon();
        let failure = Failure::from(error);
        if failure.is_closed_pipe() { Ok(()) } else { Err(failure.context("cannot write to stdout")) }
    }
}
