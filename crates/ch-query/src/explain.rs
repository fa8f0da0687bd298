//! How a query that did not go well ends: cancelled on the server where it may still run, and said in words.

use std::io;
use std::time::Duration;

use http::Method;
use http::header::CONNECTION;
use http_body_util::BodyExt as _;
use kch_cli::{Exit, Failure, Io, Result};
use kch_http::body;

use crate::Output;
use crate::answer::{Answer, Trouble, with_rows};
use crate::cap::Cut;
use crate::caret;
use crate::session::{Query, Session};
use crate::watch::Stop;

/// How long cancelling a query on the server may take.
const CANCEL: Duration = Duration::from_secs(2);
/// How many nodes of a balancer may be asked for it.
const CANCEL_TRIES: usize = 3;

impl Session {
    /// Ends the query on the server where it may still run, and says what happened.
    pub(crate) async fn explain(
        &self,
        trouble: Trouble,
        query: &Query<'_>,
        query_id: &str,
        io: &mut Io,
    ) -> Result<Exit> {
        match trouble {
            Trouble::Failed(failure) => Err(failure.fact("query_id", query_id)),
            Trouble::Unreached(error) => Err(Failure::from(error).fact("query_id", query_id)),
            Trouble::Exception { exception, before, rows } => {
                let mut failure = with_rows(exception.failure(query_id), rows);
                if let Some(lines) = caret::point(&exception, query.sql) {
                    failure = failure.map_text(|text| format!("{text}\n{lines}"));
                }
                if let Some(before) = before {
                    failure = failure.context(before);
                }
                if failure.exit() == Exit::Usage {
                    failure = failure.context(self.nodes.current().endpoint().place());
                }
                Err(failure)
            }
            Trouble::Unwritable(error) => {
                self.cancel(query_id).await;
                if let Some(cut) = Cut::of(&error) {
                    return Err(cut.failure(query_id));
                }
                let failure = Failure::from(error);
                if failure.is_closed_pipe() {
                    return Err(failure);
                }
                // What is still buffered would fail once more.
                io.output = kch_cli::Output::new(io::sink(), false);
                Err(failure.context("cannot write to stdout"))
            }
            Trouble::Stopped(stop) => {
                let ended = if self.cancel(query_id).await {
                    "the query was cancelled"
                } else {
                    "the connection was closed"
                };
                match stop {
                    Stop::ReaderGone => Err(Failure::closed_pipe()),
                    Stop::TimedOut => {
                        let (place, limit) =
                            (self.nodes.current().endpoint().place(), self.timeout.unwrap_or_default());
                        let what =
                            format!("{place} did not finish within {} s: {ended}", limit.as_secs_f64());
                        let failure = Failure::unavailable(format!("{what} (query id {query_id})"));
                        Err(failure.fact("query_id", query_id))
                    }
                    Stop::Signal(exit) => {
                        let written = "; rows that were sent before may have been written";
                        let written = if query.kind.is_insert() { written } else { "" };
                        io.messages.say(&format!("interrupted: {ended}{written} (query id {query_id})"));
                        Ok(exit)
                    }
                }
            }
        }
    }

    /// Asks the server to end the query, and tells whether it knew it: a balancer may ask the other node, so the question
    /// is put again. The connection is closed in any case, which ends a query that only reads.
    async fn cancel(&self, query_id: &str) -> bool {
        let killed = async {
            for _ in 0..CANCEL_TRIES {
                if self.kill(query_id).await? {
                    return Some(true);
                }
            }
            None
        };
        tokio::time::timeout(CANCEL, killed).await.ok().flatten().unwrap_or(false)
    }

    /// Whether the node that was asked knew the query; nothing when it cannot be asked.
    async fn kill(&self, query_id: &str) -> Option<bool> {
        let parameters = [("param_id", query_id), ("default_format", Output::Json.format())];
        let client = self.nodes.current();
        let kill = body::full("KILL QUERY WHERE query_id = {id:String} ASYNC");
        let request = client.request(Method::POST, &[], &parameters).header(CONNECTION, "close");
        let response = client.send(request.body(kill).ok()?).await.ok()?;
        let success = response.status().is_success();
        let first = response.into_body().frame().await.transpose().ok()?;
        let named = first.and_then(|first| Some(first.data_ref()?.starts_with(b"{")));
        success.then_some(named.unwrap_or(false))
    }
}

/// An `INSERT` that sent rows and wrote none has failed, whatever the status says.
pub(crate) fn ensure_written(answer: &Answer, query_id: &str) -> Result<()> {
    let why = match answer.summary.and_then(|summary| summary.written_rows) {
        Some(0) => "ClickHouse answered that it wrote 0 rows",
        None => "ClickHouse did not say how many rows it wrote",
        Some(_) => return Ok(()),
    };
    let hint =
        "the data may be empty lines, or a proxy answered in the server's place; count the table's rows";
    let failure = Failure::refused(format!("{why} (query id {query_id})")).hint(hint);
    Err(failure.fact("query_id", query_id))
}
