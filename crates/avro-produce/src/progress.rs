//! How many records went out, on a terminal's stderr.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use kch_cli::Messages;

/// How often it is said.
const PERIOD: Duration = Duration::from_secs(1);

/// Says it each second, where it is wanted.
#[derive(Debug)]
pub(crate) struct Progress {
    /// None when nobody looks.
    began: Option<Instant>,
    shown: Instant,
}

impl Progress {
    /// A person who types the records needs no count of them.
    pub(crate) fn new(wanted: bool) -> Progress {
        let now = Instant::now();
        Progress { began: (wanted && !io::stdin().is_terminal()).then_some(now), shown: now }
    }

    /// Shows how many records there are, if it is time.
    pub(crate) fn show(&mut self, records: u64, messages: &mut Messages) {
        if let Some(began) = self.began
            && self.shown.elapsed() >= PERIOD
        {
            self.shown = Instant::now();
            messages.progress(&text(records, began.elapsed()));
        }
    }
}

fn text(records: u64, time: Duration) -> String {
    format!("{records} records, {:.0}/s", records as f64 / time.as_secs_f64().max(0.001))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_many_and_how_fast() {
        assert_eq!(text(5000, Duration::from_secs(2)), "5000 records, 2500/s");
    }
}
