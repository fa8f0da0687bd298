//! One line to one record: value, key, headers, time, partition.

use kch_cli::Line;
use kch_kafka::{Header, Outgoing, OwnedHeaders};

use crate::encode::LineEncoder;
use crate::envelope::EnvelopeMaker;
use crate::fault::Fault;
use crate::fields::{Fields, Picked};
use crate::key::KeyMaker;
use crate::meta::{HeaderField, TimeField};
use crate::source::Entry;

/// Makes the records of a run.
#[derive(Debug)]
pub(crate) enum RecordMaker<'p> {
    /// The line is the value; the rest comes from flags.
    Lines(Box<LineMaker<'p>>),
    /// The line says it all.
    Envelopes(Box<EnvelopeMaker>),
}

/// What flags make of a line.
#[derive(Debug)]
pub(crate) struct LineMaker<'p> {
    /// Makes values; without it every line is a tombstone.
    pub(crate) value: Option<LineEncoder<'p>>,
    pub(crate) key: Option<KeyMaker<'p>>,
    /// The field whose truth makes a tombstone.
    pub(crate) tombstone_if: Option<String>,
    pub(crate) headers: Option<OwnedHeaders>,
    pub(crate) header_fields: Vec<HeaderField>,
    pub(crate) time: Option<TimeField>,
    pub(crate) partition: Option<i32>,
    /// Whether lines are text, not JSON.
    pub(crate) is_text: bool,
}

impl RecordMaker<'_> {
    /// The record of one line; `None` for a blank one.
    ///
    /// # Errors
    /// Why the line is no record.
    pub(crate) fn make(&mut self, entry: &Entry<'_>) -> Result<Option<Outgoing<'_>>, Fault> {
        match self {
            RecordMaker::Lines(maker) => maker.make(entry),
            RecordMaker::Envelopes(_) if entry.line.bytes.trim_ascii().is_empty() => Ok(None),
            RecordMaker::Envelopes(maker) => maker.make(&entry.line).map(Some),
        }
    }

    /// Tells the columns of CSV, once they are known.
    ///
    /// # Errors
    /// A column that the schema does not have, where that matters.
    pub(crate) fn bind(&mut self, columns: &[String]) -> Result<(), Fault> {
        match self {
            RecordMaker::Lines(maker) => maker.value.as_mut().map_or(Ok(()), |value| value.bind(columns)),
            RecordMaker::Envelopes(_) => Ok(()),
        }
    }

    /// What the registry has to say to people, once.
    pub(crate) fn take_notice(&mut self) -> Option<String> {
        match self {
            RecordMaker::Lines(_) => None,
            RecordMaker::Envelopes(maker) => maker.take_notice(),
        }
    }

    /// The keys of the last line that the schema lacks, where they are to be named.
    pub(crate) fn noted(&self) -> &[String] {
        match self {
            RecordMaker::Lines(maker) => maker.value.as_ref().map_or(&[], LineEncoder::noted),
            RecordMaker::Envelopes(maker) => maker.noted(),
        }
    }
}

impl LineMaker<'_> {
    fn make(&mut self, entry: &Entry<'_>) -> Result<Option<Outgoing<'_>>, Fault> {
        let fields = self.fields(entry)?;
        if let (Fields::Json(b""), None) = (fields, entry.row) {
            return Ok(None);
        }
        let key = match &mut self.key {
            Some(key) => key.make(fields)?,
            None => None,
        };
        let is_tombstone = match &self.tombstone_if {
            Some(field) => is_true(fields, field)?,
            None => self.value.is_none(),
        };
        let value = match &mut self.value {
            Some(encoder) if !is_tombstone => match encoder.encode(entry)? {
                None => return Ok(None),
                value => value,
            },
            _ if key.is_none() => return Err(Fault::TombstoneWithoutKey),
            _ => None,
        };
        let timestamp = match &self.time {
            Some(time) => time.of(fields)?,
            None => None,
        };
        let headers = headers(self.headers.as_ref(), &self.header_fields, fields)?;
        Ok(Some(Outgoing {
            topic: None,
            key,
            value,
            partition: self.partition,
            timestamp,
            headers,
            dead_letter: false,
        }))
    }

    fn fields<'a>(&self, entry: &Entry<'a>) -> Result<Fields<'a>, Fault> {
        Ok(match entry.row {
            Some(row) => Fields::Row(row),
            None if self.is_text => Fields::Text(crate::encode::utf8(entry.line.bytes)?),
            None => Fields::Json(entry.line.bytes.trim_ascii()),
        })
    }
}

/// Whether the field is true; a missing one is not.
fn is_true(fields: Fields<'_>, field: &str) -> Result<bool, Fault> {
    let fault = |got: String| Fault::Field {
        what: "tombstone field",
        field: field.to_owned(),
        expected: "true or false",
        got,
    };
    match fields.pick(field).map_err(|got| fault(got.to_owned()))? {
        Some(Picked::Json("true" | "\"true\"") | Picked::Text("true" | "TRUE" | "1")) => Ok(true),
        None
        | Some(Picked::Null | Picked::Json("false" | "\"false\"") | Picked::Text("false" | "FALSE" | "0")) => {
            Ok(false)
        }
        Some(Picked::Json(text) | Picked::Text(text)) => Err(fault(text.chars().take(40).collect())),
    }
}

fn headers(
    fixed: Option<&OwnedHeaders>,
    from_fields: &[HeaderField],
    fields: Fields<'_>,
) -> Result<Option<OwnedHeaders>, Fault> {
    let mut headers = fixed.cloned();
    for header in from_fields {
        let Some(value) = header.value(fields)? else { continue };
        let so_far = headers.unwrap_or_else(|| OwnedHeaders::new_with_capacity(from_fields.len()));
        headers = Some(so_far.insert(Header { key: &header.name, value: Some(&value) }));
    }
    Ok(headers)
}

/// The whole of a line that is a message of its own, `--message`.
pub(crate) fn message(text: &str) -> Entry<'_> {
    Entry { line: Line { number: 1, offset: 0, bytes: text.as_bytes() }, row: None }
}
