//! `--until CONDITION`: the query is asked again until a row fulfils the condition.

use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result};

use crate::answer::{Sink, Trouble};
use crate::plan::Text;
use crate::session::{Query, Session};
use crate::watch::{Stop, Watch};

/// Without `--timeout`.
const PATIENCE: Duration = Duration::from_secs(60);
/// The first pause between two polls; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Polls the one statement of `text`, and prints the rows that fulfil the condition.
pub(crate) async fn run(condition: &str, text: &Text, session: &mut Session, io: &mut Io) -> Result<Exit> {
    let statements = text.statements(true)?;
    let [statement] = statements[..] else {
        return Err(Failure::usage("--until: it asks one statement again and again, and there are several"));
    };
    let limit = session.timeout.take().unwrap_or(PATIENCE);
    let deadline = Instant::now() + limit;
    let watch = Watch::new(io.signals.clone(), Some(limit));
    // Line ends of our own: either may end with a comment.
    let query = String::from_utf8_lossy(statement.text);
    let matching = format!("SELECT * FROM (\n{query}\n) WHERE (\n{condition}\n)");
    let format = session.format.clone();
    let mut pause = FIRST_PAUSE;
    let mut away = None;
    loop {
        session.nodes.find_live().await;
        match session.fetch(matching.as_bytes(), &format, Vec::new(), &watch).await {
            Ok(rows) if !rows.trim().is_empty() && has_rows(&rows, &format) => {
                std::io::Write::write_all(&mut io.output, rows.as_bytes())?;
                return Ok(Exit::Done);
            }
            Ok(_) => away = None,
            Err((Trouble::Stopped(Stop::TimedOut), _)) => break,
            Err((trouble, query_id)) => {
                let query = Query::whole(matching.as_bytes());
                match session.explain(trouble, &query, &query_id, io).await {
                    // Gone for a moment: that is what one waits for.
                    Err(failure) if failure.exit() == Exit::Unavailable => away = Some(failure),
                    ended => return ended,
                }
            }
        }
        if Instant::now() + pause >= deadline {
            break;
        }
        match watch.over(std::pin::pin!(tokio::time::sleep(pause)), &Sink::Stdout(&mut io.output)).await {
            Ok(()) => {}
            Err(Stop::Signal(exit)) => return Ok(exit),
            Err(Stop::ReaderGone) => return Err(Failure::closed_pipe()),
            Err(Stop::TimedOut) => break,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    let what = format!("after {} s no row fulfils {condition}", limit.as_secs_f64());
    if let Some(away) = away {
        return Err(Failure::unavailable(format!("{what}: {}", away.text())));
    }
    let last = session
        .fetch(
            statement.text,
            "JSONEachRow",
            Vec::new(),
            &Watch::new(io.signals.clone(), Some(LONGEST_PAUSE * 5)),
        )
        .await;
    let last = last.ok().and_then(|rows| rows.lines().next().map(str::to_owned));
    let last = last.map_or_else(|| "there is no row".to_owned(), |row| format!("the first one is {row}"));
    Err(Failure::unavailable(format!("{what}: {last}")))
}

/// A table without rows may still have a head.
fn has_rows(text: &str, format: &str) -> bool {
    !format.starts_with("Pretty") || text.lines().count() > 1
}
