//! One line to one record: value, key, headers, partition.

use kch_avro::Plan;
use kch_cli::{Failure, Line, Result};
use kch_kafka::{Header, Outgoing, OwnedHeaders};

use crate::encode::LineEncoder;
use crate::envelope::EnvelopeMaker;
use crate::fault::Fault;
use crate::key::KeyMaker;

/// Makes the records of a run.
#[derive(Debug)]
pub(crate) enum RecordMaker<'p> {
    /// The line is the value; the rest comes from flags.
    Lines(Box<LineMaker<'p>>),
    /// The line says it all.
    Envelopes(Box<EnvelopeMaker>),
}

/// What flags add to the value that a line is.
#[derive(Debug)]
pub(crate) struct LineMaker<'p> {
    pub(crate) value: LineEncoder<'p>,
    pub(crate) key: Option<KeyMaker<'p>>,
    pub(crate) headers: Option<OwnedHeaders>,
    pub(crate) partition: Option<i32>,
}

impl RecordMaker<'_> {
    /// The record of one line; `None` for a blank one.
    ///
    /// # Errors
    /// Why the line is no record.
    pub(crate) fn make(&mut self, line: &Line<'_>) -> std::result::Result<Option<Outgoing<'_>>, Fault> {
        match self {
            RecordMaker::Lines(maker) => maker.make(line),
            RecordMaker::Envelopes(_) if line.bytes.trim_ascii().is_empty() => Ok(None),
            RecordMaker::Envelopes(maker) => maker.make(line).map(Some),
        }
    }
}

impl LineMaker<'_> {
    fn make(&mut self, line: &Line<'_>) -> std::result::Result<Option<Outgoing<'_>>, Fault> {
        let Some(value) = self.value.encode(line)? else { return Ok(None) };
        let key = match &mut self.key {
            Some(key) => key.make(line.bytes)?,
            None => None,
        };
        let (headers, partition) = (self.headers.clone(), self.partition);
        Ok(Some(Outgoing { key, value: Some(value), headers, partition, ..Outgoing::default() }))
    }
}

/// The headers of `-H KEY=VALUE`.
///
/// # Errors
/// A usage failure for one without `=`.
pub(crate) fn parse_headers(pairs: &[String]) -> Result<Option<OwnedHeaders>> {
    if pairs.is_empty() {
        return Ok(None);
    }
    let mut headers = OwnedHeaders::new_with_capacity(pairs.len());
    for pair in pairs {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| Failure::usage(format!("-H {pair}: expected KEY=VALUE")))?;
        headers = headers.insert(Header { key, value: Some(value) });
    }
    Ok(Some(headers))
}

/// The key's schema, kept beside its plan while a run lasts.
#[derive(Debug)]
pub(crate) struct KeySchema {
    pub(crate) plan: Plan,
    pub(crate) id: u32,
}
