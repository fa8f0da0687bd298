//! How far the reading is, on a terminal's stderr, while stdout goes elsewhere.

use std::io::{self, Write as _};
use std::time::Instant;

/// A line that is replaced each second and leaves no trace.
#[derive(Debug)]
pub(crate) struct Progress {
    /// None when nobody looks.
    began: Option<Instant>,
    records: u64,
    shown: bool,
}

impl Progress {
    pub(crate) fn new(wanted: bool) -> Progress {
        Progress { began: wanted.then(Instant::now), records: 0, shown: false }
    }

    pub(crate) fn count(&mut self) {
        self.records += 1;
    }

    /// Shows how far it is.
    pub(crate) fn show(&mut self, to_go: Option<u64>) {
        let Some(began) = self.began else { return };
        print(&text(self.records, began.elapsed().as_secs_f64(), to_go));
        self.shown = true;
    }

    /// Makes room for a message, and for the end.
    pub(crate) fn clear(&mut self) {
        if self.shown {
            print("");
            self.shown = false;
        }
    }
}

fn text(records: u64, seconds: f64, to_go: Option<u64>) -> String {
    let rate = records as f64 / seconds.max(0.001);
    let to_go = to_go.map(|offsets| format!(", {offsets} to go")).unwrap_or_default();
    format!("{records} records read, {rate:.0}/s{to_go}")
}

fn print(line: &str) {
    // A terminal that cannot be written to must not change how the work ends.
    let _ = write!(io::stderr(), "\r\x1b[K{line}");
    let _ = io::stderr().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_many_how_fast_and_how_many_are_left() {
        assert_eq!(text(5000, 2.0, Some(70)), "5000 records read, 2500/s, 70 to go");
        assert_eq!(text(3, 2.0, None), "3 records read, 2/s");
    }
}
