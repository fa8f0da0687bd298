//! From the topic to stdout, and what is kept of how far that went.
//!
//! The constraint it keeps: a record counts as read only when its line has left this process.

use std::io::Write as _;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result};
use kch_kafka::{Consumer, KafkaError, Merge, Message as _, Next};

use crate::joining::Joining;
use crate::print::Printer;
use crate::state::State;

/// How often a group commits, or a state file is replaced, while records flow.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// How much may be unwritten while it matters which lines are out: it fits into a pipe, so that a reader that goes away
/// leaves whole writes behind, and those count.
const UNWRITTEN: usize = 32 << 10;
/// How long the copying waits for a record before it looks at signals again.
pub(crate) const WAIT: Duration = Duration::from_millis(100);

/// Where records come from.
pub(crate) enum Source<'c> {
    /// As they arrive.
    Arrival(&'c Consumer),
    /// The oldest first.
    Time(Merge<'c>),
}

impl<'c> Source<'c> {
    fn next(&mut self, wait: Duration) -> std::result::Result<Next<'c>, KafkaError> {
        match self {
            Source::Arrival(consumer) => consumer.next(wait),
            Source::Time(merge) => merge.next(wait),
        }
    }
}

/// When the copying stops before the end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// So many records were printed.
    pub(crate) records: Option<u64>,
    /// So many bytes were printed.
    pub(crate) bytes: Option<u64>,
    /// No record came for so long.
    pub(crate) idle: Option<Duration>,
}

/// Copies records to stdout and knows which of them are out.
pub(crate) struct Copier<'c> {
    consumer: &'c Consumer,
    printer: Printer,
    state: Option<State>,
    /// The last offset of each slot whose line is in the output buffer, perhaps not yet written.
    pending: Vec<Option<i64>>,
    /// The bytes of those lines.
    unwritten: usize,
    /// Whether a group or a state needs to know which lines are out, so that only a few may be unwritten.
    keeps_track: bool,
}

impl<'c> Copier<'c> {
    /// A state that is kept knows every partition from the beginning: one that has nothing to read now is not to be
    /// skipped to its end the next time.
    pub(crate) fn new(
        consumer: &'c Consumer,
        printer: Printer,
        mut state: Option<State>,
        io: &mut Io,
    ) -> Result<Copier<'c>> {
        if let Some(state) = &mut state {
            for (topic, partition, start) in consumer.starts() {
                if let Some(gone) = state.gone_before(topic, partition, start) {
                    io.messages.say(&format!(
                        "warning: topic {topic:?} partition {partition}: the next {gone} offsets are gone, reading goes on at \
                         {start} (deleted by the topic's retention?)"
                    ));
                }
                state.set(topic, partition, start);
            }
            state.save()?;
        }
        let keeps_track = state.is_some() || consumer.is_member();
        Ok(Copier { consumer, printer, state, pending: Vec::new(), unwritten: 0, keeps_track })
    }

    pub(crate) fn copy(mut self, source: Source<'c>, limits: Limits, io: &mut Io) -> Result<Exit> {
        let copied = self.copy_records(source, limits, io);
        // Whatever ended the copying: what is out is committed, what is not is left for the next run.
        let said = self.printer.finish(self.consumer, io);
        let written = self.flush(io);
        let committed = self.commit();
        let ended = [said, written, committed]
            .into_iter()
            .fold(copied, |ended, then| ended.and_then(|exit| then.map(|()| exit)));
        finish(ended, &self.printer)
    }

    fn copy_records(&mut self, mut source: Source<'c>, limits: Limits, io: &mut Io) -> Result<Exit> {
        let (mut last_commit, mut last_record) = (Instant::now(), None);
        let mut joining = Joining::default();
        let (mut left, mut bytes_left) =
            (limits.records.unwrap_or(u64::MAX), limits.bytes.unwrap_or(u64::MAX));
        while left > 0 && bytes_left > 0 {
            if let Some(exit) = io.signals.received() {
                return Ok(exit);
            }
            // The next record is asked for without waiting first: a flush is due only when there is none at hand.
            let next = match source.next(Duration::ZERO)? {
                Next::Idle => {
                    self.flush(io)?;
                    if io.output.reader_gone() {
                        return Err(Failure::closed_pipe());
                    }
                    source.next(WAIT)?
                }
                next => next,
            };
            match next {
                Next::Record(slot, record) => {
                    let (topic, _) = self.consumer.place(slot);
                    let printed = self.printer.print(topic, &record, io)?;
                    last_record = None;
                    if self.pending.len() <= slot {
                        self.pending.resize(slot + 1, None);
                    }
                    self.pending[slot] = Some(record.offset());
                    if let Some(length) = printed {
                        left -= 1;
                        bytes_left = bytes_left.saturating_sub(length as u64);
                        self.unwritten += length;
                    }
                    if self.keeps_track && self.unwritten >= UNWRITTEN {
                        self.flush(io)?;
                    }
                }
                Next::Idle if !self.consumer.is_assigned() => {
                    joining.goes_on(&mut io.messages);
                }
                Next::Idle => {
                    joining.is_over();
                    let since: &mut Instant = last_record.get_or_insert_with(Instant::now);
                    if limits.idle.is_some_and(|idle| since.elapsed() >= idle) {
                        // Silence because the brokers are gone is another thing.
                        self.consumer.ensure_answers()?;
                        break;
                    }
                }
                Next::End => break,
            }
            if last_commit.elapsed() > COMMIT_EVERY {
                self.flush(io)?;
                self.commit()?;
                self.printer.show_progress(self.consumer.to_go(), &mut io.messages);
                last_commit = Instant::now();
            }
        }
        Ok(Exit::Done)
    }

    /// Writes out what is buffered; only then do its records count as written.
    fn flush(&mut self, io: &mut Io) -> Result<()> {
        self.printer.flush(io)?;
        io.output.flush()?;
        self.unwritten = 0;
        for (slot, offset) in self.pending.iter_mut().enumerate() {
            let Some(offset) = offset.take() else { continue };
            self.consumer.mark_written(slot, offset);
            if let Some(state) = &mut self.state {
                let (topic, partition) = self.consumer.place(slot);
                state.set(topic, partition, offset + 1);
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.consumer.commit()?;
        self.state.as_mut().map_or(Ok(()), State::save)
    }
}

/// The exit code of a run that ended like this: 1 if a record could not be decoded and nothing graver came up.
pub(crate) fn finish(ended: Result<Exit>, printer: &Printer) -> Result<Exit> {
    let refused = if printer.has_refused() { Exit::Refused } else { Exit::Done };
    match ended {
        Ok(exit) => Ok(exit.worst(refused)),
        Err(failure) if failure.is_closed_pipe() => Ok(refused),
        Err(failure) => Err(failure),
    }
}
