//! The main loop: lines in, records out, until the input ends, something stops it, or a signal comes.

use kch_cli::{Failure, Io, Line, LineError, LineReader, Messages, Output, Result, Signals};
use kch_kafka::{Outgoing, Producer};
use serde_json::json;

use crate::fault::Fault;
use crate::record::RecordMaker;
use crate::reject::{Refused, Rejects};
use crate::report::Ending;

/// Where records go.
#[derive(Debug)]
pub(crate) enum Sink {
    /// To the cluster.
    Kafka(Box<Producer>),
    /// Nowhere (`--dry-run`); counted.
    Nowhere { records: u64 },
}

impl Sink {
    fn send(&mut self, line: u64, outgoing: Outgoing<'_>) -> std::result::Result<(), Fault> {
        match self {
            Sink::Kafka(producer) => {
                producer.send(line, outgoing).map_err(|error| Fault::Other(error.into()))
            }
            Sink::Nowhere { records } => {
                *records += u64::from(!outgoing.dead_letter);
                Ok(())
            }
        }
    }

    /// Why no more should be sent: a record refused by the cluster, which `--on-error` may go past, or one that could
    /// not be delivered, which it may not.
    fn must_stop(&self, on_refusal: bool) -> bool {
        match self {
            Sink::Kafka(producer) => {
                producer.has_rejections() && (on_refusal || producer.has_transient_rejections())
            }
            Sink::Nowhere { .. } => false,
        }
    }
}

/// The parts of a run.
#[derive(Debug)]
pub(crate) struct Pump<'p> {
    pub(crate) maker: RecordMaker<'p>,
    pub(crate) sink: Sink,
    pub(crate) rejects: Rejects,
    pub(crate) max_line: u16,
    /// The first line to look at.
    pub(crate) first: u64,
    /// Whether acknowledged records are printed.
    pub(crate) report: bool,
}

impl Pump<'_> {
    /// `--message`: one record out of one text, no stdin.
    pub(crate) fn send_message(&mut self, id: &str, io: &mut Io) -> Ending {
        let line = Line { number: 1, offset: 0, bytes: id.as_bytes() };
        match self.send_line(&line, "MESSAGE_ID", &mut io.messages) {
            Ok(()) => Ending::InputEnded,
            Err(failure) => Ending::Stopped { line: 1, failure },
        }
    }

    /// Sends the lines of stdin. The caller then waits for the acknowledgements.
    pub(crate) fn send_lines(&mut self, io: &mut Io) -> Ending {
        let Io { input, output, messages, signals } = io;
        let name = input.name().to_owned();
        let mut lines = LineReader::new(input, usize::from(self.max_line) << 20);
        loop {
            if let Some(ending) = self.should_end(signals, lines.lines_read()) {
                return ending;
            }
            let (number, outcome) = match lines.next_line() {
                // A signal ends stdin early; the head of the loop says so.
                Ok(None) if signals.received().is_some() => continue,
                Ok(None) => return self.end_of_input(lines.lines_read()),
                Ok(Some(line)) if line.number < self.first => continue,
                Ok(Some(line)) => (line.number, self.send_line(&line, &name, messages)),
                Err(LineError::TooLong { number, offset, limit }) => {
                    let fault = self.too_long(LineError::TooLong { number, offset, limit });
                    (number, self.refuse(Refused { number, offset, raw: None }, &fault, &name, messages))
                }
                Err(error) => (lines.lines_read() + 1, Err(Failure::from(error))),
            };
            let printed = outcome.and_then(|()| self.print_receipts(output, false));
            if let Err(failure) = printed {
                return Ending::Stopped { line: number, failure };
            }
            if let Some(failure) = self.rejects.too_many(number, false) {
                return Ending::Stopped { line: number + 1, failure };
            }
        }
    }

    fn should_end(&self, signals: &Signals, lines_read: u64) -> Option<Ending> {
        if let Some(exit) = signals.received() {
            return Some(Ending::Signal { exit, line: lines_read + 1 });
        }
        self.sink.must_stop(self.rejects.stops_at_refusals()).then_some(Ending::Refused)
    }

    fn end_of_input(&self, lines_read: u64) -> Ending {
        match self.rejects.too_many(lines_read, true) {
            Some(failure) => Ending::Stopped { line: lines_read + 1, failure },
            None => Ending::InputEnded,
        }
    }

    fn send_line(&mut self, line: &Line<'_>, name: &str, messages: &mut Messages) -> Result<()> {
        let sent = match self.maker.make(line) {
            Ok(Some(outgoing)) => self.sink.send(line.number, outgoing),
            Ok(None) => Ok(()),
            Err(fault) => Err(fault),
        };
        sent.or_else(|fault| self.refuse(line.into(), &fault, name, messages))
    }

    /// Does with a refused line what `--on-error` says.
    fn refuse(
        &mut self,
        refused: Refused<'_>,
        fault: &Fault,
        name: &str,
        messages: &mut Messages,
    ) -> Result<()> {
        let json = self.rejects.keep(refused, fault, name, messages)?;
        if self.rejects.stops_at(fault) {
            return Err(fault.failure().context(format!("{name}:{}", refused.number)));
        }
        let Some(topic) = self.rejects.dlq_topic() else { return Ok(()) };
        let letter = Outgoing {
            topic: Some(topic),
            value: Some(json.as_bytes()),
            dead_letter: true,
            ..Outgoing::default()
        };
        self.sink.send(refused.number, letter).map_err(|fault| fault.failure())
    }

    fn too_long(&self, error: LineError) -> Fault {
        let hint = format!("--max-line sets the limit, now {} MiB", self.max_line);
        Fault::Other(Failure::from(error).hint(hint))
    }

    /// Prints the receipts that have come, when they are asked for.
    ///
    /// # Errors
    /// When stdout cannot be written to. A reader that went away only ends the printing: records go on.
    pub(crate) fn print_receipts(&mut self, output: &mut Output, flush: bool) -> Result<()> {
        let (true, Sink::Kafka(producer)) = (self.report, &self.sink) else { return Ok(()) };
        for receipt in producer.take_receipts() {
            let row = json!({"line": receipt.line, "topic": receipt.topic, "partition": receipt.partition,
                "offset": receipt.offset});
            if let Err(error) = output.line(row.to_string().as_bytes()) {
                self.report = false;
                let failure = Failure::from(error);
                return if failure.is_closed_pipe() { Ok(()) } else { Err(failure) };
            }
        }
        if flush { std::io::Write::flush(output).map_err(Failure::from) } else { Ok(()) }
    }
}
