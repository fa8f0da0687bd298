//! Where records come from: lines, rows of CSV, or an Avro container file.

use std::io::Read;

use kch_cli::{Failure, Line, LineError, LineReader};

use crate::args::Format;
use crate::container::ContainerReader;
use crate::csv::{CsvReader, Row};
use crate::fault::Fault;

/// One piece of input that is to become a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// Its text and its place. For a container file: the record as JSON, and its number.
    pub(crate) line: Line<'a>,
    /// Its cells, for CSV.
    pub(crate) row: Option<Row<'a>>,
}

/// Why there is no entry.
#[derive(Debug)]
pub(crate) enum SourceError {
    /// This one is none; the next one may be.
    Refused {
        number: u64,
        offset: u64,
        /// Its bytes, unless they were too many to keep.
        raw: Option<Vec<u8>>,
        fault: Fault,
    },
    /// The input cannot be read on.
    Broken(Failure),
}

impl From<LineError> for SourceError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::TooLong { number, offset, limit } => {
                let hint = format!("--max-line sets the limit, now {} MiB", limit >> 20);
                let fault = Fault::Other(Failure::from(error).hint(hint));
                SourceError::Refused { number, offset, raw: None, fault }
            }
            LineError::Io(_) => SourceError::Broken(Failure::from(error)),
        }
    }
}

/// The input, as entries.
#[derive(Debug)]
pub(crate) enum Source<R> {
    Lines(LineReader<R>),
    Csv(Box<CsvReader<R>>),
    Container(Box<ContainerReader<R>>),
}

impl<R: Read> Source<R> {
    /// Reads what stands before the first record: nothing, a row of names, or a header.
    pub(crate) fn open(
        input: R,
        format: Format,
        delimiter: u8,
        limit: usize,
    ) -> Result<Source<R>, SourceError> {
        Ok(match format {
            Format::Json | Format::Text => Source::Lines(LineReader::new(input, limit)),
            Format::Csv => Source::Csv(Box::new(CsvReader::open(input, delimiter, limit)?)),
            Format::Avro => Source::Container(Box::new(ContainerReader::open(input)?)),
        })
    }

    /// The names of the columns of CSV.
    pub(crate) fn columns(&self) -> Option<&[String]> {
        match self {
            Source::Csv(csv) => Some(csv.columns()),
            Source::Lines(_) | Source::Container(_) => None,
        }
    }

    /// The next entry, `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Entry<'_>>, SourceError> {
        match self {
            Source::Lines(lines) => Ok(lines.next_line()?.map(|line| Entry { line, row: None })),
            Source::Csv(csv) => csv.next_row(),
            Source::Container(container) => container.next_record(),
        }
    }

    /// The number of the last entry that was handed out or refused: what comes next is behind it.
    pub(crate) fn last_number(&self) -> u64 {
        match self {
            Source::Lines(lines) => lines.lines_read(),
            Source::Csv(csv) => csv.lines_read(),
            Source::Container(container) => container.records_read(),
        }
    }

    /// Whether the next entry can be had without waiting for the input.
    pub(crate) fn has_buffered(&self) -> bool {
        match self {
            Source::Lines(lines) => lines.has_buffered_line(),
            Source::Csv(csv) => csv.has_buffered_line(),
            Source::Container(container) => container.has_buffered_record(),
        }
    }

    /// What it is read from.
    pub(crate) fn input(&self) -> &R {
        match self {
            Source::Lines(lines) => lines.input(),
            Source::Csv(csv) => csv.input(),
            Source::Container(container) => container.input(),
        }
    }
}
