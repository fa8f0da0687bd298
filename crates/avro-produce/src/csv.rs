//! CSV as RFC 4180 has it: a first row of names, cells in quotes where they hold quotes, delimiters or line ends.
//!
//! Lines are fed to csv-core's automaton one by one, so that a row knows its line, and a quote that is never closed cannot take
//! more than the limit of a line.

use std::io::Read;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use kch_cli::{Failure, Line, LineReader};

use crate::fault::Fault;
use crate::source::{Entry, SourceError};

/// The cells of one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    columns: &'a [String],
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Row<'a> {
    /// The cell with this place.
    pub(crate) fn get(&self, at: usize) -> Option<&'a str> {
        let end = *self.ends.get(at)?;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        self.text.get(start..end)
    }

    /// The cell of the column with this name.
    pub(crate) fn cell(&self, column: &str) -> Option<&'a str> {
        self.get(self.columns.iter().position(|name| name == column)?)
    }
}

/// Reads rows.
#[derive(Debug)]
pub(crate) struct CsvReader<R> {
    lines: LineReader<R>,
    automaton: Reader,
    delimiter: u8,
    limit: usize,
    columns: Vec<String>,
    /// The row as it stands in the input.
    raw: Vec<u8>,
    cells: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

/// Where a row began, and why it is none.
struct Began {
    number: u64,
    offset: u64,
    fault: Option<Fault>,
}

impl<R: Read> CsvReader<R> {
    /// Reads the first row, which names the columns.
    ///
    /// # Errors
    /// No first row, one that is no CSV, or a name that stands there twice.
    pub(crate) fn open(input: R, delimiter: u8, limit: usize) -> Result<CsvReader<R>, SourceError> {
        let mut reader = CsvReader {
            lines: LineReader::new(input, limit),
            automaton: automaton(delimiter),
            delimiter,
            limit,
            columns: Vec::new(),
            raw: Vec::new(),
            cells: vec![0; 1024],
            ends: vec![0; 64],
            count: 0,
        };
        let began = reader.fill()?;
        let number = began.as_ref().map_or(1, |began| began.number);
        let refuse = |fault| SourceError::Refused { number, offset: 0, raw: None, fault };
        if let Some(fault) = began.and_then(|began| began.fault) {
            return Err(refuse(fault));
        }
        let mut columns: Vec<String> = Vec::with_capacity(reader.count);
        let row = reader.row().map_err(refuse)?;
        for name in (0..row.ends.len()).filter_map(|at| row.get(at)) {
            if name.is_empty() || columns.iter().any(|other| other == name) {
                let what = if name.is_empty() {
                    "a column without a name".to_owned()
                } else {
                    format!("the column {name:?} twice")
                };
                let failure = Failure::refused(format!("{what}: the first line of CSV names the fields"));
                return Err(refuse(Fault::Other(failure)));
            }
            columns.push(name.to_owned());
        }
        reader.columns = columns;
        Ok(reader)
    }

    /// The names of the columns; none for an input without a line.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next row, `None` at the end.
    pub(crate) fn next_row(&mut self) -> Result<Option<Entry<'_>>, SourceError> {
        let Some(Began { number, offset, fault }) = self.fill()? else { return Ok(None) };
        let raw = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        let refuse = |fault| SourceError::Refused { number, offset, raw: Some(raw.to_vec()), fault };
        if let Some(fault) = fault {
            return Err(refuse(fault));
        }
        if self.count != self.columns.len() {
            let (expected, got) = (format!("{} cells", self.columns.len()), self.count.to_string());
            return Err(refuse(Fault::Row { expected, got }));
        }
        let row = self.row().map_err(refuse)?;
        let line = Line { number, offset, bytes: raw };
        Ok(Some(Entry { line, row: Some(row) }))
    }

    fn row(&self) -> Result<Row<'_>, Fault> {
        let ends = &self.ends[..self.count];
        let bytes = &self.cells[..ends.last().copied().unwrap_or(0)];
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Row { columns: &self.columns, text, ends }),
            Err(error) => {
                Err(Fault::NotUtf8 { offset: error.valid_up_to(), unpacker: kch_cli::unpacker(bytes) })
            }
        }
    }

    /// Feeds lines until a row is complete. Says where it began.
    fn fill(&mut self) -> Result<Option<Began>, SourceError> {
        self.raw.clear();
        let (mut fed, mut written, mut ended) = (0, 0, 0);
        let mut began: Option<Began> = None;
        loop {
            match self.lines.next_line() {
                Ok(Some(line)) if line.bytes.is_empty() && began.is_none() => continue,
                Ok(Some(line)) => {
                    began.get_or_insert(Began { number: line.number, offset: line.offset, fault: None });
                    self.raw.extend_from_slice(line.bytes);
                    self.raw.push(b'\n');
                }
                Ok(None) => {
                    // A quote that was never closed.
                    self.automaton = automaton(self.delimiter);
                    return Ok(began.map(|began| Began { fault: Some(Fault::OpenQuote), ..began }));
                }
                Err(error) => {
                    // It may be in the middle of a quote; the row is refused whole.
                    self.automaton = automaton(self.delimiter);
                    return Err(match (began, SourceError::from(error)) {
                        (Some(Began { number, offset, .. }), SourceError::Refused { fault, .. }) => {
                            SourceError::Refused { number, offset, raw: None, fault }
                        }
                        (_, error) => error,
                    });
                }
            }
            if self.raw.len() > self.limit {
                self.automaton = automaton(self.delimiter);
                return Ok(began.map(|began| Began { fault: Some(Fault::OpenQuote), ..began }));
            }
            loop {
                let (result, read, wrote, ends) = self.automaton.read_record(
                    &self.raw[fed..],
                    &mut self.cells[written..],
                    &mut self.ends[ended..],
                );
                (fed, written, ended) = (fed + read, written + wrote, ended + ends);
                match result {
                    ReadRecordResult::InputEmpty => break,
                    ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                    ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                    ReadRecordResult::Record | ReadRecordResult::End => {
                        self.count = ended;
                        return Ok(began);
                    }
                }
            }
        }
    }

    pub(crate) fn lines_read(&self) -> u64 {
        self.lines.lines_read()
    }

    pub(crate) fn has_buffered_line(&self) -> bool {
        self.lines.has_buffered_line()
    }

    pub(crate) fn input(&self) -> &R {
        self.lines.input()
    }
}

fn automaton(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and cells of each row, or what was said of it.
    fn rows(text: &str, delimiter: u8) -> Vec<Result<(u64, Vec<String>), String>> {
        let mut reader = match CsvReader::open(text.as_bytes(), delimiter, 1 << 20) {
            Ok(reader) => reader,
            Err(error) => return vec![Err(said(error))],
        };
        let mut found = Vec::new();
        loop {
            match reader.next_row() {
                Ok(None) => return found,
                Ok(Some(entry)) => {
                    let row = entry.row.unwrap();
                    let cells = (0..row.ends.len()).map(|at| row.get(at).unwrap().to_owned());
                    found.push(Ok((entry.line.number, cells.collect())));
                }
                Err(error) => found.push(Err(said(error))),
            }
        }
    }

    fn said(error: SourceError) -> String {
        match error {
            SourceError::Refused { number, fault, .. } => format!("{number}: {}", fault.failure().text()),
            SourceError::Broken(failure) => failure.text().to_owned(),
        }
    }

    fn good(number: u64, cells: [&str; 2]) -> Result<(u64, Vec<String>), String> {
        Ok((number, cells.map(str::to_owned).to_vec()))
    }

    #[test]
    fn quotes_hold_delimiters_quotes_and_line_ends() {
        let text = "a,b\r\n1,\"x, \"\"y\"\"\"\n\n2,\"two\nlines\"\n3,";
        assert_eq!(
            rows(text, b','),
            [good(2, ["1", "x, \"y\""]), good(4, ["2", "two\nlines"]), good(6, ["3", ""])]
        );
        assert_eq!(rows("a\tb\n1\tx,y\n", b'\t'), [good(2, ["1", "x,y"])]);
    }

    #[test]
    fn a_row_that_is_none_is_refused_with_its_line_and_the_next_one_is_read() {
        let found = rows("a,b\n1\n2,x,y\n3,z\n4,\"open\n5,w\n", b',');
        assert_eq!(found[0], Err("2: expected 2 cells, found 1".to_owned()));
        assert_eq!(found[1], Err("3: expected 2 cells, found 3".to_owned()));
        assert_eq!(found[2], good(4, ["3", "z"]));
        assert_eq!(found[3], Err("5: a quote is not closed".to_owned()));
        assert_eq!(
            rows("a,a\n1,2\n", b',')[0],
            Err("1: the column \"a\" twice: the first line of CSV names the fields".to_owned())
        );
        assert_eq!(rows("", b','), []);
    }

    #[test]
    fn a_line_too_long_inside_a_quote_ends_its_row_and_the_next_one_is_read() {
        let text = format!("a,b\n1,\"open\n{}\n2,y\n3,\"z\nz\"\n", "x".repeat(2 << 20));
        let found = rows(&text, b',');
        assert_eq!(found[0], Err("2: the line is longer than 1 MiB".to_owned()));
        assert_eq!(found[1..], [good(4, ["2", "y"]), good(5, ["3", "z\nz"])]);
    }

    #[test]
    fn a_quote_that_is_never_closed_takes_no_more_than_a_line_may() {
        let text = format!("a,b\n1,\"{}\n2,y\n", "x\n".repeat(600_000));
        let found = rows(&text, b',');
        assert_eq!(found[0], Err("2: a quote is not closed".to_owned()));
        assert!(found.len() > 2 && found.last() == Some(&good(600_003, ["2", "y"])), "{:?}", found.last());
    }
}
