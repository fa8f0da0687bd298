//! How far a query is, on a terminal's stderr.
//!
//! ClickHouse also sends progress as headers of its answer, but a head is seen only when it is complete, which is when
//! the query has begun to answer. So `system.processes` is asked, over a connection of its own; a user who may not read
//! it sees no progress.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use http_body_util::{BodyExt as _, Limited};
use kch_http::{Client, body};
use tokio::task::JoinHandle;

use crate::session::Session;

/// Quick queries need none.
const FIRST: Duration = Duration::from_millis(600);
const EVERY: Duration = Duration::from_millis(300);
const SQL: &str = "SELECT read_rows, total_rows_approx, written_rows, memory_usage FROM system.processes \
     WHERE query_id = {id:String} FORMAT TabSeparated";

/// Shows progress until it is dropped, and leaves no trace.
#[derive(Debug)]
pub(crate) struct Progress {
    task: JoinHandle<()>,
    shown: Arc<AtomicBool>,
}

impl Progress {
    /// `shares_terminal`: rows go to the same terminal. Then progress ends with the first of them that can be there.
    pub(crate) fn start(session: &Session, query_id: &str, shares_terminal: bool) -> Progress {
        let (client, query_id) = (session.client().clone(), query_id.to_owned());
        let shown = Arc::<AtomicBool>::default();
        let shows = Arc::clone(&shown);
        let task = tokio::spawn(async move {
            let begun = Instant::now();
            tokio::time::sleep(FIRST).await;
            while let Some(state) = ask(&client, &query_id).await {
                show(&state.line(begun.elapsed()));
                shows.store(true, Ordering::Relaxed);
                if shares_terminal && state.is_whole() {
                    break;
                }
                tokio::time::sleep(EVERY).await;
            }
        });
        Progress { task, shown }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
        if self.shown.load(Ordering::Relaxed) {
            show("");
        }
    }
}

/// A line that the next one replaces.
pub(crate) fn show(line: &str) {
    // A terminal that cannot be written to must not change how the work ends.
    let _ = write!(io::stderr(), "\r\x1b[K{line}");
    let _ = io::stderr().flush();
}

#[derive(Debug, Default, PartialEq, Eq)]
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

    fn is_whole(&self) -> bool {
        self.total > 0 && self.read >= self.total
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

async fn ask(client: &Client, query_id: &str) -> Option<State> {
    let parameters = [("param_id", query_id)];
    let request = client.request(Method::POST, &[], &parameters).body(body::full(SQL)).ok()?;
    let response = client.send(request).await.ok().filter(|response| response.status().is_success())?;
    let text = Limited::new(response.into_body(), 4096).collect().await.ok()?.to_bytes();
    // No row: the query has not begun or has ended.
    Some(State::parse(&String::from_utf8_lossy(&text)).unwrap_or_default())
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
        assert_eq!(
            State::parse("5\t0\t7\t-1").unwrap().line(Duration::ZERO),
            "5 rows read, 7 written, 0 MB, 0.0 s"
        );
    }
}
