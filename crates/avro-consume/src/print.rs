//! One record to one line, or to what is said of it when it cannot be.

use kch_cli::{Failure, Io, Messages, Result, count};
use kch_envelope::{Codec, Envelope, Fault, Ids, Kind, first_bytes};
use kch_kafka::{BorrowedMessage, Consumer, Message as _};

use crate::args::{OnError, OutputFormat, PrintArgs};
use crate::container::Container;
use crate::fields::Fields;
use crate::filter::Filter;
use crate::progress::Progress;
use crate::stats::{Found, Stats};

/// How many undecodable records are named one by one.
const NAMED: u64 = 20;

/// Prints records, and knows how many it could not.
#[derive(Debug)]
pub(crate) struct Printer {
    codec: Codec,
    filter: Filter,
    envelope: Envelope,
    /// The whole record, not its value only.
    whole: bool,
    on_error: OnError,
    fields: Option<Fields>,
    stats: Option<Stats>,
    container: Option<Container>,
    /// Tombstones that an Avro file has no place for.
    left_out: u64,
    undecodable: u64,
    /// Whether one of them was JSON, as a dead-letter topic has it.
    has_json: bool,
    progress: Progress,
    /// How many schemas the codec had asked for when it was last looked for a notice.
    asked: usize,
    line: Vec<u8>,
    datum: Vec<u8>,
}

impl Printer {
    pub(crate) fn new(
        codec: Codec,
        filter: Filter,
        args: &PrintArgs,
        on_error: OnError,
        progress: Progress,
    ) -> Printer {
        Printer {
            codec,
            filter,
            envelope: Envelope::new(args.key_format),
            whole: args.envelope,
            on_error,
            fields: Fields::new(&args.fields),
            stats: args.stats.then(Stats::default),
            container: (args.format == OutputFormat::Avro).then(Container::default),
            left_out: 0,
            undecodable: 0,
            has_json: false,
            progress,
            asked: 0,
            line: Vec::new(),
            datum: Vec::new(),
        }
    }

    /// Whether some record could not be decoded.
    pub(crate) fn has_refused(&self) -> bool {
        self.undecodable > 0
    }

    /// Whether the filter takes a record. One that cannot be decoded is taken, so that it is named when it is printed.
    pub(crate) fn wants(&mut self, topic: &str, record: &BorrowedMessage<'_>) -> Result<bool> {
        match self.decode_wanted(topic, record) {
            Ok(ids) => Ok(ids.is_some()),
            Err(Fault::Record(..)) => Ok(true),
            Err(Fault::Stop(failure)) => Err(failure),
        }
    }

    /// Prints a record; gives the length of its line, or none when the filter does not take it.
    pub(crate) fn print(
        &mut self,
        topic: &str,
        record: &BorrowedMessage<'_>,
        io: &mut Io,
    ) -> Result<Option<usize>> {
        self.progress.count();
        let decoded = self.decode_wanted(topic, record);
        if self.codec.asked() != self.asked {
            self.asked = self.codec.asked();
            self.codec
                .take_notice()
                .into_iter()
                .for_each(|notice| io.messages.say(&format!("warning: {notice}")));
        }
        match decoded {
            Ok(ids) => self.write(topic, record, ids, io),
            Err(Fault::Record(kind, text)) => self.refuse(topic, record, kind, &text, io).map(Some),
            Err(Fault::Stop(failure)) => Err(failure),
        }
    }

    /// Writes what was decoded to the line.
    fn write(
        &mut self,
        topic: &str,
        record: &BorrowedMessage<'_>,
        ids: Option<Ids>,
        io: &mut Io,
    ) -> Result<Option<usize>> {
        if let Some(stats) = &mut self.stats {
            let found = |ids: Ids| record.payload().map_or(Found::Tombstone, |_| Found::Avro(ids.value));
            stats.count(topic, record, ids.map(found));
            return Ok(ids.map(|_| 0));
        }
        if ids.is_none() {
            return Ok(None);
        }
        if self.container.is_some() {
            return self.add_to_file(topic, record, io).map(Some);
        }
        if let Some(fields) = &mut self.fields {
            fields.project(&mut self.line);
        }
        io.output.line(&self.line)?;
        Ok(Some(self.line.len() + 1))
    }

    /// Decodes a record into the line; none when the filter does not take it.
    fn decode_wanted(
        &mut self,
        topic: &str,
        record: &BorrowedMessage<'_>,
    ) -> std::result::Result<Option<Ids>, Fault> {
        self.line.clear();
        if !self.filter.takes(record, &mut self.codec)? {
            return Ok(None);
        }
        let ids = self.decode(topic, record)?;
        Ok(self.filter.holds(&self.line).then_some(ids))
    }

    fn decode(&mut self, topic: &str, record: &BorrowedMessage<'_>) -> std::result::Result<Ids, Fault> {
        if self.whole {
            return self.envelope.print(topic, record, &mut self.codec, &mut self.line);
        }
        let Some(payload) = record.payload() else {
            self.line.extend_from_slice(b"null");
            return Ok(Ids::default());
        };
        let value = self.codec.decode_value(record, payload, &mut self.line)?;
        Ok(Ids { key: None, value })
    }

    fn add_to_file(&mut self, topic: &str, record: &BorrowedMessage<'_>, io: &mut Io) -> Result<usize> {
        let (Some(container), Some(payload)) = (&mut self.container, record.payload()) else {
            self.left_out += 1;
            return Ok(0);
        };
        self.datum.clear();
        let (id, schema) = match self.codec.avro_value(record, payload, &mut self.datum) {
            Ok(found) => found,
            Err(Fault::Stop(failure)) => return Err(failure),
            Err(Fault::Record(_, text)) => return Err(Failure::refused(text)),
        };
        match container.schema() {
            None => container.begin(schema, &mut io.output)?,
            Some(own) if own == schema => {}
            Some(_) => {
                let place = format!("{topic}[{}]@{}", record.partition(), record.offset());
                let id = id.map_or("another schema".to_owned(), |id| format!("schema id {id}"));
                let text = format!("{place}: {id}, and the file has another one");
                return Err(Failure::refused(text)
                    .hint("an Avro file has one schema: --reader-schema reads all records as one"));
            }
        }
        container.add(&self.datum, &mut io.output)?;
        Ok(self.datum.len())
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
        self.has_json |= record.payload().is_some_and(|value| value.starts_with(b"{"));
        self.line.clear();
        if let Some(stats) = &mut self.stats {
            stats.count(topic, record, Some(Found::Error(kind)));
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
            _ if self.undecodable <= NAMED => io.messages.failure(&Failure::refused(said())),
            _ => {}
        }
        Ok(self.line.len())
    }

    /// Shows how far it is to whoever looks.
    pub(crate) fn show_progress(&self, to_go: Option<u64>, messages: &mut Messages) {
        self.progress.show(to_go, messages);
    }

    /// Hands all that is held back to the output.
    pub(crate) fn flush(&mut self, io: &mut Io) -> Result<()> {
        match &mut self.container {
            Some(container) => Ok(container.flush(&mut io.output)?),
            None => Ok(()),
        }
    }

    /// What is written and said when all records are through.
    pub(crate) fn finish(&mut self, consumer: &Consumer, io: &mut Io) -> Result<()> {
        io.messages.end_progress();
        if let Some(stats) = &self.stats {
            stats.print(|topic, partition| consumer.end_now(topic, partition), &mut io.output)?;
        }
        if let Some(container) = &mut self.container {
            match (container.schema(), self.codec.reader_text()) {
                (None, Some(schema)) => container.begin(schema, &mut io.output)?,
                (None, None) => io.messages.say("warning: no record, so no schema: nothing was written"),
                (Some(_), _) => {}
            }
            container.flush(&mut io.output)?;
        }
        if self.left_out > 0 {
            io.messages.say(&format!(
                "warning: {} left out: an Avro file has no place for them",
                count(self.left_out, "tombstone")
            ));
        }
        for path in self.fields.iter().flat_map(Fields::never_found) {
            io.messages.say(&format!("warning: --fields {path}: no record has this field"));
        }
        if self.filter.misses_key() && consumer.without_key() > 0 {
            let read: Vec<String> =
                consumer.starts().iter().map(|(topic, id, _)| format!("{topic}[{id}]")).collect();
            io.messages.say(&format!(
                "warning: --key: no record has it in {}, where its partitioner puts it; --any-partition reads {} more",
                read.join(" "),
                consumer.without_key()
            ));
        }
        for path in self.filter.never_found() {
            io.messages.say(&format!("warning: --where {path}: no record has this field"));
        }
        let all_named = self.undecodable <= NAMED && self.on_error != OnError::Emit;
        if !all_named && self.undecodable > 0 && self.on_error != OnError::Fail {
            io.messages.say(&format!("{} could not be decoded", count(self.undecodable, "record")));
        }
        if self.has_json && self.on_error == OnError::Skip && self.stats.is_none() {
            io.messages.say(
                "for values that are JSON, as on a dead-letter topic: --on-error emit | jq -r '.value.base64 | @base64d'",
            );
        }
        Ok(())
    }
}
