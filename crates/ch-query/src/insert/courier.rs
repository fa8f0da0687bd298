//! A batch to the server: sent until its fate is known, and cut when the server refuses it, until the bad lines stand
//! alone.
//!
//! What makes it safe: a batch is one block of ClickHouse, so it is in as a whole or not at all, and a block that may be
//! in already is sent again only to a table that drops it by its token.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use http::header::CONTENT_ENCODING;
use kch_cli::{Exit, Failure, Signals};
use kch_http::{Error, body};
use uuid::Uuid;

use super::batch::Sealed;
use super::dedup::Dedup;
use crate::answer::{self, Answer, Sink, Trouble};
use crate::args::Compression;
use crate::compress::pack;
use crate::exception::Exception;
use crate::nodes::Nodes;
use crate::request::broken_request;
use crate::session::Pairs;
use crate::watch::{Stop, Watch};

/// How long one try may take, unless `--timeout` says otherwise.
pub(super) const TRY: Duration = Duration::from_secs(300);
/// The pauses between tries double from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// So many rows are taken out of a part one by one, where the server says which, before it is halved.
const PICKED: usize = 4;
/// When the first rows of a batch are all refused, and the server does not say which one it means, the table is at fault.
const HOPELESS: usize = 10;

/// Refusals that no other line would change: the table, the user, the query.
const NOT_THE_ROWS: &[u32] = &[16, 48, 60, 62, 81, 115, 159, 164, 243, 394];
/// Refused before anything was done: later it may work. Too many queries, too many parts, no memory, no quorum yet.
const LATER: &[u32] = &[202, 241, 242, 252, 286];

/// Delivers batches.
#[derive(Debug)]
pub(super) struct Courier {
    pub(super) nodes: Nodes,
    /// The URL's parameters, `query` among them, but for the token.
    pub(super) parameters: Pairs,
    pub(super) compression: Compression,
    pub(super) dedup: Dedup,
    pub(super) retry: Duration,
    pub(super) timeout: Duration,
    pub(super) signals: Signals,
    /// What the queries are named after, with a number behind it.
    pub(super) query_id: Option<String>,
    pub(super) queries: AtomicUsize,
}

/// How a batch fared.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) batch: Sealed,
    /// How many of its rows are in.
    pub(super) inserted: usize,
    /// Which are not, by index, and the server's words.
    pub(super) rejected: Vec<(usize, Exception)>,
    /// How often something was sent again because its fate was unknown or the server was away.
    pub(super) retries: u64,
    /// Why it was given up.
    pub(super) failure: Option<Failure>,
}

/// How one try ended.
enum Try {
    In,
    Refused(Exception),
    /// Nothing is in, and it may work later.
    Later(Failure),
    /// It may be in.
    InDoubt(Failure),
    Fatal(Failure),
}

impl Courier {
    /// Delivers all of the batch that can be.
    pub(super) async fn deliver(&self, batch: Sealed) -> Delivery {
        let mut delivery = Delivery { inserted: 0, rejected: Vec::new(), retries: 0, failure: None, batch };
        delivery.failure = self.settle(&mut delivery).await.err();
        delivery.rejected.sort_by_key(|(index, _)| *index);
        delivery
    }

    async fn settle(&self, delivery: &mut Delivery) -> Result<(), Failure> {
        let batch = delivery.batch.clone();
        let mut parts: Vec<Vec<usize>> = vec![(0..batch.rows.len()).collect()];
        while let Some(mut part) = parts.pop() {
            let mut picked = 0;
            while !part.is_empty() {
                let Err(exception) = self.send_until_known(&batch, &part, delivery).await? else {
                    delivery.inserted += part.len();
                    break;
                };
                if let [only] = part[..] {
                    delivery.reject(only, exception)?;
                    break;
                }
                match row_in(&exception, part.len()).filter(|_| picked < PICKED) {
                    Some(row) => {
                        picked += 1;
                        let named = part.remove(row);
                        match self.send_until_known(&batch, &[named], delivery).await? {
                            Ok(()) => delivery.inserted += 1,
                            Err(exception) => delivery.rejected.push((named, exception)),
                        }
                    }
                    None => {
                        let second = part.split_off(part.len() / 2);
                        parts.extend([second, part]);
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends some rows of a batch until they are in or refused.
    async fn send_until_known(
        &self,
        batch: &Sealed,
        part: &[usize],
        delivery: &mut Delivery,
    ) -> Result<Result<(), Exception>, Failure> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        let data = pack(self.compression, batch.lines(part));
        let data = data.map_err(|error| Failure::refused(format!("cannot pack the data: {error}")))?;
        loop {
            let failure = match self.send(data.clone(), &batch.token_of(part), part.len()).await {
                Try::In => return Ok(Ok(())),
                Try::Refused(exception) => return Ok(Err(exception)),
                Try::Fatal(failure) => return Err(failure),
                Try::Later(failure) => failure,
                Try::InDoubt(failure) => match &self.dedup {
                    Dedup::Drops => failure,
                    Dedup::Keeps { why, hint } => {
                        let (first, last) = batch.span();
                        let what = format!(
                            "lines {first} to {last} may be in, and sending them again could double them"
                        );
                        return Err(
                            Failure::unavailable(format!("{what}: {why}: {}", failure.text())).hint(hint)
                        );
                    }
                },
            };
            if self.signals.received().is_some() || begun.elapsed() + pause > self.retry {
                return Err(failure);
            }
            delivery.retries += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn next_query_id(&self) -> String {
        let number = self.queries.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.query_id {
            None => Uuid::new_v4().to_string(),
            Some(id) => format!("{id}-{number}"),
        }
    }

    async fn send(&self, data: Bytes, token: &str, rows: usize) -> Try {
        let client = self.nodes.find_live().await;
        let query_id = self.next_query_id();
        let own = [("insert_deduplication_token", token), ("query_id", &query_id)];
        let parameters: Vec<(&str, &str)> =
            self.parameters.iter().map(|(name, value)| (&**name, &**value)).chain(own).collect();
        let mut request = client.request(Method::POST, &[], &parameters);
        if let Some(encoding) = self.compression.encoding() {
            request = request.header(CONTENT_ENCODING, encoding);
        }
        let request = match request.body(body::full(data)) {
            Ok(request) => request,
            Err(error) => return Try::Fatal(broken_request(&error)),
        };
        // A signal lets what was begun end: it is the reading that stops.
        let watch = Watch::new(Signals::none(), Some(self.timeout));
        let sent = async {
            let response = client.send(request).await?;
            answer::read(client, response, &watch, &mut Sink::Nowhere, false).await
        };
        match watch.over(std::pin::pin!(sent), &Sink::Nowhere).await {
            Ok(Ok(answer)) => judge(&answer, rows, &query_id),
            Ok(Err(trouble)) => judge_trouble(trouble, &query_id),
            Err(_) => {
                let (place, limit) = (client.endpoint().place(), self.timeout);
                Try::InDoubt(Failure::unavailable(format!(
                    "{place} did not answer a batch within {} s",
                    limit.as_secs_f64()
                )))
            }
        }
    }
}

impl Delivery {
    /// A row that stands alone and is refused. Gives up when nothing else happens.
    fn reject(&mut self, index: usize, exception: Exception) -> Result<(), Failure> {
        let hopeless = self.inserted == 0 && self.rejected.len() >= HOPELESS && !names_a_row(&exception);
        let failure = hopeless.then(|| exception.failure("").context("every row so far is refused"));
        self.rejected.push((index, exception));
        failure.map_or(Ok(()), Err)
    }
}

/// An answer that says so: the rows are in.
fn judge(answer: &Answer, rows: usize, query_id: &str) -> Try {
    let summary = answer.summary.unwrap_or_default();
    match summary.read_rows {
        Some(read) if read >= rows as u64 => Try::In,
        // Deduplicated or not, the server counts what it has parsed.
        Some(read) => Try::Fatal(Failure::refused(format!(
            "ClickHouse read {read} rows out of {rows} lines (query id {query_id})"
        ))),
        None => Try::Fatal(
            Failure::refused(format!("ClickHouse did not say how many rows it read (query id {query_id})"))
                .hint("a proxy may have answered in the server's place; count the table's rows"),
        ),
    }
}

fn judge_trouble(trouble: Trouble, query_id: &str) -> Try {
    match trouble {
        Trouble::Exception { exception, .. } => judge_exception(exception, query_id),
        Trouble::Unreached(error) => match error {
            Error::Unreachable { connected: false, transient: true, .. }
            | Error::Status { status: 429 | 503, .. } => Try::Later(error.into()),
            Error::Unreachable { connected: false, .. } => Try::Fatal(error.into()),
            error => Try::in_doubt_if_unavailable(error.into()),
        },
        Trouble::Failed(failure) => Try::in_doubt_if_unavailable(failure),
        Trouble::Unwritable(error) => Try::Fatal(error.into()),
        Trouble::Stopped(Stop::TimedOut | Stop::ReaderGone | Stop::Signal(_)) => {
            Try::InDoubt(Failure::unavailable("ClickHouse did not answer a batch in time"))
        }
    }
}

impl Try {
    fn in_doubt_if_unavailable(failure: Failure) -> Try {
        if failure.exit() == Exit::Unavailable { Try::InDoubt(failure) } else { Try::Fatal(failure) }
    }
}

fn judge_exception(exception: Exception, query_id: &str) -> Try {
    if exception.message.contains("while pushing to view") {
        // The table's own rows were written before the view refused them.
        let failure =
            exception.failure(query_id).context("a materialized view refused a batch that is in the table");
        return Try::Fatal(failure);
    }
    let failure = exception.failure(query_id);
    match exception.code {
        code if NOT_THE_ROWS.contains(&code) => Try::Fatal(failure),
        // The halves of the batch fit sooner or later.
        _ if exception.is_one_insert_too_wide() => Try::Refused(exception),
        code if LATER.contains(&code) => Try::Later(Failure::unavailable(failure.text())),
        _ if failure.exit() == Exit::Unavailable => Try::InDoubt(failure),
        _ if failure.exit() == Exit::Usage => Try::Fatal(failure),
        _ => Try::Refused(exception),
    }
}

/// Which of so many rows the server means, from 0: `(at row 3)`, `violated at row 3`.
fn row_in(exception: &Exception, rows: usize) -> Option<usize> {
    let (_, rest) = exception.message.rsplit_once("at row ")?;
    let row: usize = rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    row.checked_sub(1).filter(|&row| row < rows)
}

fn names_a_row(exception: &Exception) -> bool {
    row_in(exception, usize::MAX).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(code: u32, message: &str) -> Exception {
        Exception { message: message.to_owned(), ..Exception::from_code(code) }
    }

    #[test]
    fn the_row_that_the_server_names_is_found() {
        let row = |message: &str| row_in(&exception(27, message), 100);
        assert_eq!(row("Cannot parse input: x: (while reading the value of key id): (at row 51)"), Some(50));
        assert_eq!(row("Constraint `k` is violated at row 2. Expression: (id != 3)"), Some(1));
        assert_eq!(row("(at row 0)"), None);
        assert_eq!(row("(at row 101)"), None);
        assert_eq!(row("no row"), None);
    }

    #[test]
    fn what_a_refusal_means_depends_on_its_code() {
        let kind = |code, message| match judge_exception(exception(code, message), "q") {
            Try::In => "in",
            Try::Refused(_) => "refused",
            Try::Later(_) => "later",
            Try::InDoubt(_) => "in doubt",
            Try::Fatal(_) => "fatal",
        };
        assert_eq!(kind(27, "Cannot parse"), "refused");
        assert_eq!(kind(469, "Constraint"), "refused");
        assert_eq!(kind(60, "Unknown table"), "fatal");
        assert_eq!(kind(516, "Authentication failed"), "fatal");
        assert_eq!(kind(252, "Too many parts"), "later");
        assert_eq!(kind(252, "Too many partitions for single INSERT block (more than 100)"), "refused");
        assert_eq!(kind(319, "Unknown status of insert"), "in doubt");
        assert_eq!(kind(395, "x: while pushing to view default.mv"), "fatal");
    }
}
