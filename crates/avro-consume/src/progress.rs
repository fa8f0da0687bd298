//! How far the reading is, on a terminal's stderr, while stdout goes elsewhere.

use std::time::Instant;

use kch_cli::Messages;

/// A line that is replaced each second and leaves no trace.
#[derive(Debug)]
pub(crate) struct Progress {
    /// None when nobody looks.
    began: Option<Instant>,
    records: u64,
}

impl Progress {
    pub(crate) fn new(wanted: bool) -> Progress {
        Progress { began: wanted.then(Instant::now), records: 0 }
    }

    pub(crate) fn count(&mut self) {
        self.records += 1;
    }

    /// Shows how far it is.
    pub(crate) fn show(&self, to_go: Option<u64>, messages: &mut Messages) {
        let Some(began) = self.began else { return };
        messages.progress(&text(self.records, began.elapsed().as_secs_f64(), to_go));
    }
}

fn text(records: u64, seconds: f64, to_go: Option<u64>) -> String {
    let rate = records as f64 / seconds.max(0.001);
    let to_go = to_go.map(|offsets| format!(", {offsets} to go")).unwrap_or_default();
    format!("{records} records read, {rate:.0}/s{to_go}")
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
