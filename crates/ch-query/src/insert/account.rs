//! What was read, what is in, and how to say so.

use std::time::Instant;

use serde_json::{Value, json};

use super::batch::Sealed;
use super::courier::Delivery;
use super::lines::Piece;
use crate::session::seconds;

/// The counts of a run.
#[derive(Debug)]
pub(super) struct Account {
    table: String,
    dry: bool,
    begun: Instant,
    /// Lines that were looked at: rows, tombstones, records that were in, refused ones.
    lines: u64,
    tombstones: u64,
    skipped: u64,
    bytes: u64,
    batches: u64,
    inserted: u64,
    retries: u64,
    /// First and last line of the batches that are not done, in the order in which they were sent.
    open: Vec<(String, u64, u64)>,
}

impl Account {
    pub(super) fn new(table: &str, dry: bool) -> Account {
        Account {
            table: table.to_owned(),
            dry,
            begun: Instant::now(),
            lines: 0,
            tombstones: 0,
            skipped: 0,
            bytes: 0,
            batches: 0,
            inserted: 0,
            retries: 0,
            open: Vec::new(),
        }
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Whether fewer rows are in than there were lines.
    pub(super) fn differs(&self, refused: u64) -> bool {
        refused + self.skipped + self.tombstones > 0
    }

    pub(super) fn read(&mut self, piece: &Piece) {
        self.lines += (piece.rows.len() + piece.refused.len()) as u64 + piece.tombstones + piece.skipped;
        self.tombstones += piece.tombstones;
        self.skipped += piece.skipped;
    }

    pub(super) fn sent(&mut self, batch: &Sealed) {
        let (first, last) = batch.span();
        self.open.push((batch.token.clone(), first, last));
        self.batches += 1;
        self.bytes += batch.data.len() as u64;
    }

    pub(super) fn book(&mut self, delivery: &Delivery) {
        self.inserted += delivery.inserted as u64;
        self.retries += delivery.retries;
        if delivery.failure.is_none() {
            self.open.retain(|(token, ..)| *token != delivery.batch.token);
        }
    }

    /// One line for a person. `waiting` is the first line that was not sent.
    pub(super) fn summary(&self, refused: u64, waiting: Option<u64>) -> String {
        let what = if self.dry { "would go into" } else { "inserted into" };
        let mut text = format!("{} of {} lines {what} {}", self.inserted, self.lines, self.table);
        for (count, name) in
            [(refused, "refused"), (self.tombstones, "without a value"), (self.skipped, "in already")]
        {
            if count > 0 {
                text += &format!(", {count} {name}");
            }
        }
        if let Some(first) = self.open.iter().map(|(_, first, _)| *first).chain(waiting).min() {
            text += &format!("; every line before {first} is done");
        }
        text
    }

    /// One line for a program.
    pub(super) fn to_json(&self, refused: u64) -> Value {
        json!({
            "table": self.table,
            "lines": self.lines,
            "inserted": self.inserted,
            "refused": refused,
            "tombstones": self.tombstones,
            "skipped": self.skipped,
            "batches": self.batches,
            "retries": self.retries,
            "bytes": self.bytes,
            "seconds": seconds(self.begun.elapsed()),
        })
    }

    /// The progress line.
    pub(super) fn show(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a rate for a person")]
        let rate = self.inserted as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        crate::progress::show(&format!("{} rows in, {rate:.0} rows/s", self.inserted));
    }
}
