//! `--last N`: the end of the merged stream of all partitions.

use std::collections::VecDeque;

use kch_cli::{Exit, Io, Result};
use kch_kafka::{Consumer, Next};

use crate::copy::{WAIT, finish};
use crate::print::Printer;

/// Prints the last `count` records. `open` gives a consumer, ordered by time, of so many offsets before the end of each
/// partition.
///
/// Offsets are not records: transactions and compaction leave gaps. Where a partition gave fewer records than asked for,
/// and has more in front of them, all is read again from further back. With a filter only what it takes counts.
pub(crate) fn print_last(
    count: u64,
    open: impl Fn(i64) -> Result<Consumer>,
    mut printer: Printer,
    io: &mut Io,
) -> Result<Exit> {
    let mut window = i64::try_from(count).unwrap_or(i64::MAX);
    loop {
        let consumer = open(window)?;
        let begins_late = consumer.begins_late();
        let mut given = vec![0; begins_late.len()];
        let mut last = VecDeque::new();
        let mut merge = consumer.by_time();
        loop {
            if let Some(exit) = io.signals.received() {
                return Ok(exit);
            }
            match merge.next(WAIT)? {
                Next::Record(slot, record) => {
                    if !printer.wants(consumer.place(slot).0, &record)? {
                        continue;
                    }
                    if last.len() as u64 == count {
                        last.pop_front();
                    }
                    last.push_back((slot, record));
                    given[slot] += 1;
                }
                Next::Idle => {}
                Next::End => break,
            }
        }
        if given.iter().zip(&begins_late).any(|(given, late)| *late && *given < count) {
            window = window.saturating_mul(16);
            continue;
        }
        let mut printed = Ok(Exit::Done);
        for (slot, record) in &last {
            if let Err(failure) = printer.print(consumer.place(*slot).0, record, io) {
                printed = Err(failure);
                break;
            }
        }
        let printed = printed.and_then(|exit| printer.finish(&consumer, io).map(|()| exit));
        return finish(printed, &printer);
    }
}
