//! From a response to rows on stdout, and to the truth about how it ended.

use std::io::{self, Write};
use std::pin::pin;

use http::HeaderMap;
use http_body_util::BodyExt as _;
use kch_cli::Failure;
use kch_http::{Client, Error, Response};
use serde_json::Value;

use crate::exception::{Exception, one_line};
use crate::tail::{End, Tail};
use crate::watch::{Stop, Watch};

/// The longest error text that is read.
const LONGEST_ERROR: usize = 64 << 10;

/// Where rows go.
pub(crate) enum Sink<'a> {
    Stdout(&'a mut kch_cli::Output),
    Memory(&'a mut Vec<u8>),
}

impl Sink<'_> {
    pub(crate) fn reader_gone(&self) -> bool {
        match self {
            Sink::Stdout(output) => output.reader_gone(),
            Sink::Memory(_) => false,
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stdout(output) => output.write(bytes),
            Sink::Memory(memory) => memory.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout(output) => output.flush(),
            Sink::Memory(_) => Ok(()),
        }
    }
}

/// How an exchange went wrong, or was ended by us.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server refused or failed; `before` says what was printed or written until then.
    Exception { exception: Exception, before: Option<String> },
    /// There is no whole answer.
    Failed(Failure),
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
        Trouble::Failed(error.into())
    }
}

/// An answer that came whole and without an error.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `X-ClickHouse-Summary`, complete for an `INSERT` only.
    pub(crate) written_rows: Option<u64>,
    /// The rows printed, where lines are rows.
    pub(crate) rows: Option<u64>,
}

/// Prints the rows of `response`.
pub(crate) async fn read(
    client: &Client,
    response: Response,
    watch: &Watch,
    sink: &mut Sink<'_>,
) -> Result<Answer, Trouble> {
    let (head, mut body) = response.into_parts();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let code =
        text("x-clickhouse-exception-code").and_then(|code| code.parse().ok()).filter(|&code| code != 0);
    if !head.status.is_success() || code.is_some() {
        let mut error = Vec::new();
        while error.len() < LONGEST_ERROR
            && let Some(Ok(frame)) = watch.over(pin!(body.frame()), sink).await?
        {
            error.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        }
        return Err(refusal(client, head.status.as_u16(), code, &head.headers, &error));
    }
    if !head.headers.keys().any(|name| name.as_str().starts_with("x-clickhouse-")) {
        return Err(Trouble::Failed(not_clickhouse(client)));
    }
    let mut tail = Tail::new(text("x-clickhouse-exception-tag"), text("x-clickhouse-format"));
    let broken = loop {
        match watch.over(pin!(body.frame()), sink).await? {
            None => break None,
            Some(Err(error)) => break Some(client.broken(&error)),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    tail.feed(data, sink).and_then(|()| sink.flush()).map_err(Trouble::Unwritable)?;
                }
            }
        }
    };
    let had_printed = tail.has_printed();
    let End { exception, rows } = tail.finish(broken.is_none(), sink).map_err(Trouble::Unwritable)?;
    sink.flush().map_err(Trouble::Unwritable)?;
    let printed = printed(rows, had_printed);
    match (exception, broken) {
        (Some(exception), _) => Err(Trouble::Exception { exception, before: printed }),
        (None, Some(error)) => {
            let failure = Failure::from(error);
            let cut = format!(
                "the answer is not complete{}",
                printed.map_or(String::new(), |text| format!("; {text}"))
            );
            Err(Trouble::Failed(failure.context(cut)))
        }
        (None, None) => Ok(Answer { written_rows: written_rows(&head.headers), rows }),
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

fn written_rows(headers: &HeaderMap) -> Option<u64> {
    let summary = headers.get("x-clickhouse-summary")?.as_bytes();
    let summary: Value = serde_json::from_slice(summary).ok()?;
    match summary.get("written_rows")? {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    }
}

fn refusal(client: &Client, status: u16, code: Option<u32>, headers: &HeaderMap, body: &[u8]) -> Trouble {
    let text = String::from_utf8_lossy(body);
    let known = Exception::parse(&text).or_else(|| code.map(Exception::from_code));
    if let Some(exception) = known {
        let written = written_rows(headers).filter(|&rows| rows > 0);
        let before = written.map(|rows| format!("up to {rows} rows were written before"));
        return Trouble::Exception { exception, before };
    }
    let (place, detail) = (client.endpoint().place(), one_line(&text));
    Trouble::from(match status {
        401 => Error::Unauthorized { place, detail },
        403 => Error::Forbidden { place, detail },
        300..=399 => {
            let to = headers.get("location").map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
            Error::Redirected { place, status, to: to.unwrap_or_default() }
        }
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
