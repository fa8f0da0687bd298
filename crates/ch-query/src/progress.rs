//! How far a query is, on a terminal's stderr.
//!
//! It comes from `system.processes`, over a connection of its own, which a balancer may lead to another node than the
//! query's: whoever does not know the query is passed over, and the next question is a new connection.
//!
//! With the setting `send_progress_in_http_headers` it comes from the head of the answer, which needs no right to read
//! `system.processes`. That is the user's to ask for: HAProxy, nginx and their like hold a head back until it is whole, so
//! nothing would be seen, and answer 502 to one of more than 100 lines or 16 KiB, so that a long query would be lost.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Method;
use http::header::CONNECTION;
use http_body_util::{BodyExt as _, Limited};
use kch_http::{Client, body};
use serde_json::{Map, Value};
use tokio::task::JoinHandle;

use crate::session::{Pairs, Session};

/// Quick queries need none.
const FIRST: Duration = Duration::from_millis(600);
const EVERY: Duration = Duration::from_millis(300);
const SQL: &str = "SELECT read_rows, total_rows_approx, written_rows, memory_usage FROM system.processes \
     WHERE query_id = {id:String} FORMAT TabSeparated";
/// ClickHouse's setting, and the header that it brings.
const IN_HEADS: &str = "send_progress_in_http_headers";
const HEADER: &str = "x-clickhouse-progress";

/// What the heads of answers have said last, when the user wants progress in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heads(Arc<Mutex<Option<State>>>);

impl Heads {
    pub(crate) fn wanted_by(settings: &Pairs) -> Option<Heads> {
        settings.iter().any(asks_for_them).then(Heads::default)
    }

    /// A client that reads progress out of heads, however many lines they have.
    pub(crate) fn client(&self, client: &Client) -> Client {
        let latest = Arc::clone(&self.0);
        *latest.lock().unwrap_or_else(PoisonError::into_inner) = None;
        client.watching_heads(HEADER, move |value| {
            if let Some(state) = State::from_header(value) {
                *latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
            }
        })
    }

    fn latest(&self) -> Option<State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether a setting is the one that puts progress into heads.
pub(crate) fn asks_for_them((name, value): &(String, String)) -> bool {
    name == IN_HEADS && value != "0" && value != "false"
}

/// Shows progress until it is dropped, and leaves no trace.
#[derive(Debug)]
pub(crate) struct Progress {
    task: JoinHandle<()>,
}

impl Progress {
    pub(crate) fn start(session: &Session, query_id: &str) -> Progress {
        let source = match &session.heads {
            Some(heads) => Source::Heads(heads.clone()),
            None => Source::Processes(Box::new(session.client().clone()), query_id.to_owned()),
        };
        let task = tokio::spawn(async move {
            let begun = Instant::now();
            tokio::time::sleep(FIRST).await;
            while let Some(known) = source.ask().await {
                if let Some(state) = known {
                    show(&state.line(begun.elapsed()));
                }
                tokio::time::sleep(EVERY).await;
            }
        });
        Progress { task }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
        clear();
    }
}

/// Who knows how far a query is.
enum Source {
    Processes(Box<Client>, String),
    Heads(Heads),
}

impl Source {
    /// Nothing when it cannot be known at all; an empty answer when it is not known now.
    async fn ask(&self) -> Option<Option<State>> {
        match self {
            Source::Processes(client, query_id) => ask(client, query_id).await,
            Source::Heads(heads) => Some(heads.latest()),
        }
    }
}

/// Whether a line of progress stands on stderr, of which there is one.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Takes the line away, if there is one: rows that go to the same terminal must not begin behind it.
pub(crate) fn clear() {
    if SHOWN.load(Ordering::Relaxed) {
        show("");
    }
}

/// A line that the next one replaces.
pub(crate) fn show(line: &str) {
    SHOWN.store(!line.is_empty(), Ordering::Relaxed);
    // A terminal that cannot be written to must not change how the work ends.
    let _ = write!(io::stderr(), "\r\x1b[K{line}");
    let _ = io::stderr().flush();
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    read: u64,
    total: u64,
    written: u64,
    memory: u64,
}

impl State {
    fn parse(text: &str) -> Option<State> {
        let mut numbers = text.trim().split('\t').map(|number| number.parse::<i64>());
        let mut next = || numbers.next()?.ok().map(|number| u64::try_from(number).unwrap_or(0));
        Some(State { read: next()?, total: next()?, written: next()?, memory: next()? })
    }

    /// `{"read_rows":"2","total_rows_to_read":"3",…}`: numbers as strings, or as numbers.
    fn from_header(value: &[u8]) -> Option<State> {
        let fields: Map<String, Value> = serde_json::from_slice(value).ok()?;
        let number = |name: &str| match fields.get(name) {
            Some(Value::String(text)) => text.parse().unwrap_or(0),
            Some(number) => number.as_u64().unwrap_or(0),
            None => 0,
        };
        Some(State {
            read: number("read_rows"),
            total: number("total_rows_to_read"),
            written: number("written_rows"),
            memory: number("memory_usage"),
        })
    }

    fn line(&self, elapsed: Duration) -> String {
        let mut line = format!("{} rows read", count(self.read));
        if self.total > self.read {
            line += &format!(" of {} ({} %)", count(self.total), self.read * 100 / self.total);
        }
        if self.written > 0 {
            line += &format!(", {} written", count(self.written));
        }
        line + &format!(", {} MB, {:.1} s", self.memory >> 20, elapsed.as_secs_f64())
    }
}

/// A number with a thin mark between thousands.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

async fn ask(client: &Client, query_id: &str) -> Option<Option<State>> {
    let parameters = [("param_id", query_id)];
    // The next question may so come to another node.
    let request = client.request(Method::POST, &[], &parameters).header(CONNECTION, "close");
    let request = request.body(body::full(SQL)).ok()?;
    let response = client.send(request).await.ok().filter(|response| response.status().is_success())?;
    let text = Limited::new(response.into_body(), 4096).collect().await.ok()?.to_bytes();
    // No row: the query has not begun or has ended, or runs on another node.
    Some(State::parse(&String::from_utf8_lossy(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_said_in_one_line() {
        let state = State::parse("1234567\t2000000\t0\t3145728\n").unwrap();
        let line = state.line(Duration::from_millis(1500));
        assert_eq!(line, "1,234,567 rows read of 2,000,000 (61 %), 3 MB, 1.5 s");
        assert_eq!(State::parse(""), None);
        let header = r#"{"read_rows":"1234567","total_rows_to_read":"2000000","elapsed_ns":"5","memory_usage":3145728}"#;
        assert_eq!(State::from_header(header.as_bytes()), Some(state));
        assert_eq!(State::from_header(b"2 of 3"), None);
        assert_eq!(
            State::parse("5\t0\t7\t-1").unwrap().line(Duration::ZERO),
            "5 rows read, 7 written, 0 MB, 0.0 s"
        );
    }
}
