//! One record to one line, or to what is said of it when it cannot be.

use kch_cli::{Failure, Io, Result};
use kch_envelope::{Codec, Envelope, Fault, Ids, Kind, first_bytes};
use kch_kafka::{BorrowedMessage, Message as _};

use crate::args::{OnError, PrintArgs};

use crate::fields::Fields;
use crate::stats::{Found, Stats};

/// How many undecodable records are named one by one.
const NAMED: u64 = 20;

/// Prints records, and knows how many it could not.
#[derive(Debug)]
pub(crate) struct Printer {
    codec: Codec,
    envelope: Envelope,
    /// The whole record, not its value only.
    whole: bool,
    on_error: OnError,
    fields: Option<Fields>,
    stats: Option<Stats>,
    undecodable: u64,
    line: Vec<u8>,
}

impl Printer {
    pub(crate) fn new(codec: Codec, args: &PrintArgs, on_error: OnError) -> Printer {
        Printer {
            codec,
            envelope: Envelope::new(args.key_format),
            whole: args.envelope,
            on_error,
            fields: Fields::new(&args.fields),
            stats: args.stats.then(Stats::default),
            undecodable: 0,
            line: Vec::new(),
        }
    }

    /// Whether some record could not be decoded.
    pub(crate) fn has_refused(&self) -> bool {
        self.undecodable > 0
    }

    /// Prints a record; gives the length of its line.
    pub(crate) fn print(&mut self, topic: &str, record: &BorrowedMessage<'_>, io: &mut Io) -> Result<usize> {
        self.line.clear();
        match self.decode(topic, record) {
            Ok(ids) => {
                if let Some(stats) = &mut self.stats {
                    stats.count(topic, record, ids.value.map_or(Found::Tombstone, Found::Avro));
                    return Ok(0);
                }
                if let Some(fields) = &mut self.fields {
                    fields.project(&mut self.line);
                }
                io.output.line(&self.line)?;
                Ok(self.line.len())
            }
            Err(Fault::Record(kind, text)) => self.refuse(topic, record, kind, &text, io),
            Err(Fault::Stop(failure)) => Err(failure),
        }
    }

    fn decode(&mut self, topic: &str, record: &BorrowedMessage<'_>) -> std::result::Result<Ids, Fault> {
        if self.whole {
            return self.envelope.print(topic, record, &mut self.codec, &mut self.line);
        }
        let Some(framed) = record.payload() else {
            self.line.extend_from_slice(b"null");
            return Ok(Ids::default());
        };
        let id = self.codec.decode(framed, &mut self.line)?;
        Ok(Ids { key: None, value: Some(id) })
    }

    #[cold]
    fn refuse(
        &mut self,
        topic: &str,
        record: &BorrowedMessage<'_>,
        kind: Kind,
        text: &str,
        io: &mut Io,
    ) -> Result<usize> {
        self.undecodable += 1;
        self.line.clear();
        if let Some(stats) = &mut self.stats {
            stats.count(topic, record, Found::Error(kind));
        }
        let bytes = match kind {
            Kind::Key => record.key(),
            _ => record.payload(),
        };
        let said = || {
            let place = format!("{topic}[{}]@{}", record.partition(), record.offset());
            format!("{place}: {text} ({})", first_bytes(bytes.unwrap_or_default()))
        };
        match self.on_error {
            OnError::Fail => return Err(Failure::refused(said()).hint("--on-error skip goes on behind it")),
            OnError::Emit if self.stats.is_none() => {
                self.envelope.print_undecoded(topic, record, text, &mut self.codec, &mut self.line);
                if self.whole
                    && let Some(fields) = &mut self.fields
                {
                    fields.project(&mut self.line);
                }
                io.output.line(&self.line)?;
            }
            _ if self.undecodable <= NAMED => io.messages.say(&said()),
            _ => {}
        }
        Ok(self.line.len())
    }

    /// What is said when all records are through.
    pub(crate) fn finish(&mut self, io: &mut Io) -> Result<()> {
        if let Some(stats) = &self.stats {
            stats.print(&mut io.output)?;
        }
        for path in self.fields.iter().flat_map(Fields::never_found) {
            io.messages.say(&format!("warning: --fields {path}: no record has this field"));
        }
        let all_named = self.undecodable <= NAMED && self.on_error != OnError::Emit;
        if !all_named && self.undecodable > 0 && self.on_error != OnError::Fail {
            io.messages.say(&format!("{} records could not be decoded", self.undecodable));
        }
        Ok(())
    }
}
