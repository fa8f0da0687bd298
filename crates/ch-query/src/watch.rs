//! What may end a wait for the server: a signal, the timeout, or a reader of our stdout that has gone.

use std::pin::Pin;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Signals};

use crate::answer::Sink;

/// How often one looks.
const TICK: Duration = Duration::from_millis(50);

/// Why waiting has ended before the server did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Signal(Exit),
    TimedOut,
    ReaderGone,
}

/// Looks for reasons to stop while a future is waited for.
#[derive(Debug)]
pub(crate) struct Watch {
    signals: Signals,
    deadline: Option<Instant>,
}

impl Watch {
    pub(crate) fn new(signals: Signals, timeout: Option<Duration>) -> Watch {
        Watch { signals, deadline: timeout.map(|timeout| Instant::now() + timeout) }
    }

    /// The future's outcome, or why it was given up.
    pub(crate) async fn over<T>(
        &self,
        mut future: Pin<&mut impl Future<Output = T>>,
        sink: &Sink<'_>,
    ) -> Result<T, Stop> {
        loop {
            if let Some(exit) = self.signals.received() {
                return Err(Stop::Signal(exit));
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Stop::TimedOut);
            }
            match tokio::time::timeout(TICK, future.as_mut()).await {
                Ok(outcome) => return Ok(outcome),
                Err(_) if sink.reader_gone() => return Err(Stop::ReaderGone),
                Err(_) => {}
            }
        }
    }
}
