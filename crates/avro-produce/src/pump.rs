//! The main loop: entries in, records out, until the input ends, something stops it, or a signal comes.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Input, Io, Messages, Output, Result, Signals};
use kch_kafka::Outgoing;

use crate::args::{FlowArgs, Format};
use crate::fault::Fault;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::receipts::Receipts;
use crate::record::{self, RecordMaker};
use crate::reject::{Refused, Rejects};
use crate::report::Ending;
use crate::sink::Sink;
use crate::source::{Entry, Source, SourceError};

/// How long stdin may be idle, or records may come and go, before we look after what is under way.
const IDLE: Duration = Duration::from_millis(100);
/// How many different fields that the schema lacks are named.
const MOST_NAMED: usize = 20;

/// The parts of a run.
#[derive(Debug)]
pub(crate) struct Pump<'p> {
    pub(crate) maker: RecordMaker<'p>,
    pub(crate) sink: Sink,
    pub(crate) rejects: Rejects,
    pub(crate) flow: &'p FlowArgs,
    pub(crate) format: Format,
    pub(crate) delimiter: u8,
    pub(crate) receipts: Receipts,
    pub(crate) pace: Option<Pace>,
    pub(crate) progress: Progress,
    /// When we last looked after what is under way.
    pub(crate) tended: Instant,
    /// Records made so far.
    pub(crate) made: u64,
    /// What `--repeat` has made of the line under way.
    pub(crate) copies: Copies,
    /// Fields that the schema lacks, named already.
    pub(crate) named: HashSet<String>,
}

/// How many copies of a line were sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Copies {
    /// As many as there are to be.
    pub(crate) all: u64,
    /// Of the line under way; none between lines.
    pub(crate) sent: u64,
    /// Of the line that the open transaction begins with: those that were in before it.
    pub(crate) committed: u64,
}

/// What became of one entry.
enum Sent {
    /// All its records were sent, or it was refused and the run goes on.
    Whole,
    /// The limit was reached, the cluster refused a record, or a signal came, between its records.
    Partly,
}

impl Pump<'_> {
    /// `--message`: one record out of one text, no stdin.
    pub(crate) fn send_message(&mut self, id: &str, io: &mut Io) -> Ending {
        match self.send_entry(
            &record::message(id),
            "MESSAGE_ID",
            &mut io.messages,
            &io.signals,
            &mut io.output,
        ) {
            Ok(_) => Ending::InputEnded,
            Err(failure) => Ending::Stopped { line: 1, failure },
        }
    }

    /// Sends what stdin has. The caller then waits for the acknowledgements.
    pub(crate) fn send_input(&mut self, io: &mut Io) -> Ending {
        let Io { input, output, messages, signals } = io;
        let name = input.name().to_owned();
        let limit = usize::from(self.flow.max_line) << 20;
        let opened = self.open(input, limit, &name);
        if let Some(exit) = signals.received() {
            return Ending::Signal { exit, line: 1 };
        }
        let mut source = match opened {
            Ok(source) => source,
            Err(failure) => return Ending::Stopped { line: 1, failure },
        };
        loop {
            if let Some(ending) = self.should_end(signals, source.last_number()) {
                return ending;
            }
            if !source.has_buffered() {
                // Once for each read of the input: the clock costs as much as a good part of a record.
                let tended = self.tend(messages, output);
                match tended.and_then(|()| self.idle(source.input(), signals, output)) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(failure) => return Ending::Stopped { line: source.last_number() + 1, failure },
                }
            }
            let line = source.last_number() + 1;
            let next = source.next();
            // A signal ends stdin wherever it is: what was read may be half a line.
            if let Some(exit) = signals.received() {
                return Ending::Signal { exit, line };
            }
            let (number, outcome) = match next {
                Ok(None) => {
                    let (first, last) = (self.flow.resume_from.unwrap_or(1), source.last_number());
                    if first > last + 1 {
                        messages.say(&format!("warning: --resume-from {first}: {name} ends at line {last}"));
                    }
                    return self.end_of_input(last);
                }
                Ok(Some(entry)) if entry.line.number < self.flow.resume_from.unwrap_or(1) => continue,
                Ok(Some(entry)) => {
                    (entry.line.number, self.send_entry(&entry, &name, messages, signals, output))
                }
                Err(SourceError::Refused { number, offset, raw, fault }) => {
                    let refused = Refused { number, offset, raw: raw.as_deref() };
                    (number, self.refuse(refused, &fault, &name, messages).map(|()| Sent::Whole))
                }
                Err(SourceError::Broken(failure)) => {
                    let line = source.last_number() + 1;
                    let failure = failure.context(format!("{name}:{line}")).fact("line", line);
                    return Ending::Stopped { line, failure };
                }
            };
            match outcome {
                Ok(Sent::Whole) => {}
                Ok(Sent::Partly) => {
                    return self.should_end(signals, number - 1).unwrap_or(Ending::InputEnded);
                }
                Err(failure) => return Ending::Stopped { line: number, failure },
            }
            // Before the next transaction begins, which keeps receipts back.
            if let Err(failure) = self.receipts.print(&self.sink, output) {
                return Ending::Stopped { line: number + 1, failure };
            }
            if let Some(failure) = self.rejects.too_many(number, false) {
                return Ending::Stopped { line: number + 1, failure };
            }
        }
    }

    /// Reads what stands before the first record.
    fn open<'i>(&mut self, input: &'i mut Input, limit: usize, name: &str) -> Result<Source<&'i mut Input>> {
        let source =
            Source::open(input, self.format, self.delimiter, limit).map_err(|error| match error {
                SourceError::Refused { number, fault, .. } => {
                    fault.failure().context(format!("{name}:{number}"))
                }
                SourceError::Broken(failure) => failure.context(name),
            })?;
        if let Some(columns) = source.columns().filter(|columns| !columns.is_empty()) {
            self.maker.bind(columns).map_err(|fault| fault.failure().context(format!("{name}:1")))?;
        }
        Ok(source)
    }

    fn should_end(&self, signals: &Signals, last_number: u64) -> Option<Ending> {
        if let Some(exit) = signals.received() {
            return Some(Ending::Signal { exit, line: last_number + 1 });
        }
        if self.is_enough() {
            return Some(Ending::InputEnded);
        }
        self.sink.must_stop(self.rejects.stops_at_refusals()).then_some(Ending::Refused)
    }

    fn is_enough(&self) -> bool {
        self.flow.limit.is_some_and(|limit| self.made >= limit)
    }

    fn end_of_input(&self, last_number: u64) -> Ending {
        match self.rejects.too_many(last_number, true) {
            Some(failure) => Ending::Stopped { line: last_number + 1, failure },
            None => Ending::InputEnded,
        }
    }

    /// While stdin has nothing: takes acknowledgements, prints receipts, commits what has waited long enough. False when
    /// the run has to end.
    fn idle(&mut self, input: &Input, signals: &Signals, output: &mut Output) -> Result<bool> {
        while self.sink.has_unfinished() && signals.received().is_none() && !input.is_ready(IDLE) {
            self.sink.look_after()?;
            self.receipts.print(&self.sink, output)?;
            self.receipts.flush(output)?;
            if self.sink.must_stop(self.rejects.stops_at_refusals()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks after what is under way, now and then, while records come.
    fn tend(&mut self, messages: &mut Messages, output: &mut Output) -> Result<()> {
        if self.tended.elapsed() < IDLE {
            return Ok(());
        }
        self.tended = Instant::now();
        self.progress.show(self.made, messages);
        self.sink.poll();
        self.sink.commit_if_due()?;
        self.receipts.print(&self.sink, output)?;
        self.receipts.flush(output)
    }

    /// Waits until `--rate` allows the next record. False when the run has to end before.
    fn wait_for_turn(
        &mut self,
        messages: &mut Messages,
        signals: &Signals,
        output: &mut Output,
    ) -> Result<bool> {
        let Some(mut pace) = self.pace.take() else { return Ok(true) };
        let mut tended = Ok(());
        let in_time = pace.wait(|| {
            tended = self.tend(messages, output);
            tended.is_ok()
                && signals.received().is_none()
                && !self.sink.must_stop(self.rejects.stops_at_refusals())
        });
        self.pace = Some(pace);
        tended.map(|()| in_time)
    }

    /// Sends the records of one entry: as many as `--repeat` says.
    fn send_entry(
        &mut self,
        entry: &Entry<'_>,
        name: &str,
        messages: &mut Messages,
        signals: &Signals,
        output: &mut Output,
    ) -> Result<Sent> {
        for again in 0..self.flow.repeat {
            if again > 0 {
                self.receipts.print(&self.sink, output)?;
            }
            let in_time = self.wait_for_turn(messages, signals, output)?;
            if !in_time || (again > 0 && (self.is_enough() || signals.received().is_some())) {
                return Ok(Sent::Partly);
            }
            self.note_transaction();
            let sent = match self.maker.make(entry) {
                Ok(Some(outgoing)) => self.sink.send(entry.line.number, outgoing),
                Ok(None) => return Ok(Sent::Whole),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = sent {
                self.refuse((&entry.line).into(), &fault, name, messages)?;
                break;
            }
            self.made += 1;
            self.copies.sent += 1;
            self.say_notes(entry.line.number, name, messages);
            self.sink.commit_if_due()?;
        }
        self.copies.sent = 0;
        Ok(Sent::Whole)
    }

    /// Keeps in mind where the transaction begins that the next record is to open.
    fn note_transaction(&mut self) {
        if !self.sink.has_open_transaction() {
            self.copies.committed = self.copies.sent;
        }
    }

    /// Names the fields that the schema lacks, each once, and says what the registry has to say.
    fn say_notes(&mut self, number: u64, name: &str, messages: &mut Messages) {
        if let Some(notice) = self.maker.take_notice() {
            messages.say(&format!("warning: {notice}"));
        }
        for field in self.maker.noted() {
            if self.named.len() < MOST_NAMED && !self.named.contains(field) {
                messages.say(&format!("{name}:{number}: warning: left out: unknown field {field}"));
                self.named.insert(field.clone());
            }
        }
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
            let failure = fault.failure().context(format!("{name}:{}", refused.number));
            return Err(failure.fact("line", refused.number));
        }
        self.note_transaction();
        let Some(topic) = self.rejects.dlq_topic() else { return Ok(()) };
        let letter = Outgoing {
            topic: Some(topic),
            value: Some(json.as_bytes()),
            dead_letter: true,
            ..Outgoing::default()
        };
        self.sink.send(refused.number, letter).map_err(|fault| fault.failure())
    }

    /// Ends the open transaction as the run ended: commits it, unless something failed.
    pub(crate) fn settle(&mut self, ending: Ending) -> Ending {
        let commit = match &ending {
            Ending::InputEnded => true,
            // The input of one transaction for all is not whole.
            Ending::Signal { .. } => self.sink.commits_as_it_goes(),
            Ending::Stopped { .. } | Ending::Refused => false,
        };
        if !commit {
            return ending;
        }
        match (self.sink.commit(), ending) {
            (Ok(()), ending) => ending,
            (Err(_), _) if self.sink.must_stop(true) => Ending::Refused,
            (Err(failure), Ending::Signal { exit, line }) => {
                Ending::Stopped { line, failure: failure.context(signal_name(exit)) }
            }
            (Err(failure), _) => Ending::Stopped { line: 1, failure },
        }
    }
}

fn signal_name(exit: Exit) -> &'static str {
    if exit == Exit::Terminated { "SIGTERM" } else { "SIGINT" }
}
