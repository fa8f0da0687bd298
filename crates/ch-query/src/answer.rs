//! From a response to rows on stdout, and to the truth about how it ended.

use std::io::{self, Write};
use std::pin::pin;

use http::HeaderMap;
use http_body_util::BodyExt as _;
use kch_cli::Failure;
use kch_http::{Client, Error, Response};

use crate::cap::Cap;
use crate::compress::Decoder;
use crate::exception::{self, Exception, one_line};
use crate::progress;
use crate::summary::Summary;
use crate::tail::{End, Tail};
use crate::watch::{Stop, Watch};

/// The longest error text that is read.
const LONGEST_ERROR: usize = 64 << 10;

/// Where rows go.
pub(crate) enum Sink<'a> {
    Stdout(&'a mut kch_cli::Output),
    /// No more than so much.
    Capped(&'a mut kch_cli::Output, Cap),
    Memory(&'a mut Vec<u8>),
    /// No rows are expected: an `INSERT` of ours.
    Nowhere,
}

impl Sink<'_> {
    pub(crate) fn reader_gone(&self) -> bool {
        match self {
            Sink::Stdout(output) | Sink::Capped(output, _) => output.reader_gone(),
            Sink::Memory(_) | Sink::Nowhere => false,
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if matches!(self, Sink::Stdout(output) | Sink::Capped(output, _) if output.is_terminal()) {
            progress::clear();
        }
        match self {
            Sink::Stdout(output) => output.write(bytes),
            Sink::Capped(output, cap) => {
                let (kept, cut) = cap.take(bytes);
                output.write_all(kept)?;
                cut.map_or(Ok(bytes.len()), Err)
            }
            Sink::Memory(memory) => memory.write(bytes),
            Sink::Nowhere => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout(output) | Sink::Capped(output, _) => output.flush(),
            Sink::Memory(_) | Sink::Nowhere => Ok(()),
        }
    }
}

/// How an exchange went wrong, or was ended by us.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server refused or failed; `before` says what was printed or written until then, `rows` how many were printed, where
    /// that is known.
    Exception { exception: Exception, before: Option<String>, rows: Option<u64> },
    /// There is no whole answer.
    Failed(Failure),
    /// There is no answer of ClickHouse's.
    Unreached(Error),
    /// We gave up: the query shall be cancelled.
    Stopped(Stop),
    /// Stdout cannot be written: the query shall be cancelled.
    Unwritable(io::Error),
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Trouble::Stopped(stop)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Unreached(error)
    }
}

/// An answer that came whole and without an error.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What the server had done when it sent the head of its answer: all of it, for an `INSERT` or a held-back answer.
    pub(crate) summary: Option<Summary>,
    /// The rows printed, where lines are rows.
    pub(crate) rows: Option<u64>,
    /// The bytes of the answer, unpacked.
    pub(crate) bytes: u64,
}

/// Prints the rows of `response`. Those of `our_lines`, which we call JSON, must be text.
pub(crate) async fn read(
    client: &Client,
    response: Response,
    watch: &Watch,
    sink: &mut Sink<'_>,
    our_lines: bool,
) -> Result<Answer, Trouble> {
    let (head, mut body) = response.into_parts();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let code =
        text("x-clickhouse-exception-code").and_then(|code| code.parse().ok()).filter(|&code| code != 0);
    let decoder = Decoder::new(text("content-encoding"));
    let mut decoder = decoder.map_err(|error| Trouble::Failed(unreadable(client, &error)))?;
    if !head.status.is_success() || code.is_some() {
        let mut error = Vec::new();
        while let Some(Ok(frame)) = watch.over(pin!(body.frame()), sink).await? {
            // What cannot be unpacked is shown as it is.
            let data = frame.into_data().unwrap_or_default();
            error.extend_from_slice(&decoder.feed(data.clone()).unwrap_or(data));
            // Rows that were held back may come before the error: its end is what counts.
            if error.len() > 2 * LONGEST_ERROR {
                error.drain(..error.len() - LONGEST_ERROR);
            }
        }
        return Err(refusal(client, head.status.as_u16(), code, &head.headers, &error));
    }
    if !head.headers.keys().any(|name| name.as_str().starts_with("x-clickhouse-")) {
        return Err(Trouble::Failed(not_clickhouse(client)));
    }
    if let Sink::Capped(_, cap) = sink {
        cap.begin(text("x-clickhouse-format")).map_err(Trouble::Failed)?;
    }
    let mut tail = Tail::new(text("x-clickhouse-exception-tag"), text("x-clickhouse-format"));
    if our_lines && matches!(sink, Sink::Stdout(_) | Sink::Capped(..)) {
        tail = tail.of_text();
    }
    let mut bytes = 0;
    let broken = loop {
        match watch.over(pin!(body.frame()), sink).await? {
            None => break None,
            Some(Err(error)) => break Some(client.broken(&error)),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    let data =
                        decoder.feed(data).map_err(|error| Trouble::Failed(unreadable(client, &error)))?;
                    bytes += data.len() as u64;
                    tail.feed(&data, sink).and_then(|()| sink.flush()).map_err(Trouble::Unwritable)?;
                }
            }
        }
    };
    let had_printed = tail.has_printed();
    let End { exception, rows } = tail.finish(broken.is_none(), sink).map_err(Trouble::Unwritable)?;
    sink.flush().map_err(Trouble::Unwritable)?;
    let printed = printed(rows, had_printed);
    match (exception, broken) {
        (Some(exception), _) => Err(Trouble::Exception { exception, before: printed, rows }),
        (None, Some(error)) => {
            let failure = Failure::from(error);
            let cut = format!(
                "the answer is not complete{}",
                printed.map_or(String::new(), |text| format!("; {text}"))
            );
            Err(Trouble::Failed(with_rows(failure.context(cut), rows)))
        }
        (None, None) => Ok(Answer { summary: Summary::from_headers(&head.headers), rows, bytes }),
    }
}

/// For programs: how many rows are out already, where that is known.
pub(crate) fn with_rows(failure: Failure, rows: Option<u64>) -> Failure {
    match rows {
        Some(rows) => failure.fact("rows_before_error", rows),
        None => failure,
    }
}

/// What to say of the rows that are out already.
fn printed(rows: Option<u64>, had_printed: bool) -> Option<String> {
    match rows {
        Some(0) => None,
        Some(1) => Some("1 row was printed before".to_owned()),
        Some(rows) => Some(format!("{rows} rows were printed before")),
        None if had_printed => Some("a part of the answer was printed before".to_owned()),
        None => None,
    }
}

fn refusal(client: &Client, status: u16, code: Option<u32>, headers: &HeaderMap, body: &[u8]) -> Trouble {
    let begins = if body.starts_with(b"Code: ") { None } else { exception::find_at_end(body) };
    let text = String::from_utf8_lossy(&body[begins.unwrap_or(0)..]);
    let known = Exception::parse(&text).or_else(|| code.map(Exception::from_code));
    if let Some(exception) = known {
        let written = Summary::from_headers(headers).and_then(|summary| summary.written_rows);
        let written = written.filter(|&rows| rows > 0);
        let before = written.map(|rows| format!("up to {rows} rows were written before"));
        return Trouble::Exception { exception, before, rows: Some(0) };
    }
    let (place, detail) = (client.endpoint().place(), one_line(&text));
    Trouble::from(match status {
        401 => Error::Unauthorized { place, detail },
        403 => Error::Forbidden { place, detail },
        300..=399 => Error::redirected(place, status, headers),
        status => Error::Status { place, status, detail },
    })
}

fn not_clickhouse(client: &Client) -> Failure {
    let endpoint = client.endpoint();
    let what = format!("{} answered without ClickHouse's headers", endpoint.place());
    let name = endpoint.vars().url.name;
    Failure::usage(what)
        .hint(format!("something else listens there; {name} is the address of its HTTP interface"))
}

fn unreadable(client: &Client, error: &io::Error) -> Failure {
    Failure::unavailable(format!("the answer of {} cannot be unpacked: {error}", client.endpoint().place()))
        .hint("--compress none asks for it as it is")
}
