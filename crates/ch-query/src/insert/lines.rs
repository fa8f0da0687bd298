//! Stdin to rows: read by a thread of its own, a little ahead of the server.
//!
//! The constraint it keeps: a row is one line and one JSON object. Two lines that are broken each for itself can never
//! become one row together.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use kch_cli::{Input, Line, LineError, LineReader, MAX_LINE, Signals};
use tokio::sync::mpsc;

use super::batch::{Record, Row};
use super::envelope;
use super::losses::Losses;
use super::scan::is_one_value;

/// A piece is passed on when it is this large, or when there is no whole line at hand.
const PIECE: usize = 256 << 10;
/// How many pieces may wait for the server.
const PIECES_AHEAD: usize = 4;

/// A partition of a topic.
pub(super) type Partition = (String, i32);

/// Some rows, and what was found between them.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// Their ends are in `bytes`.
    pub(super) rows: Vec<Row>,
    /// Partitions that came for the first time; slots are numbered in this order.
    pub(super) partitions: Vec<Partition>,
    pub(super) refused: Vec<Refused>,
    pub(super) tombstones: u64,
    /// Records that were in already.
    pub(super) skipped: u64,
    /// Stdin cannot be read any more.
    pub(super) failed: Option<String>,
}

impl Piece {
    fn is_empty(&self) -> bool {
        let Piece { rows, refused, tombstones, skipped, failed, .. } = self;
        rows.is_empty() && refused.is_empty() && tombstones + skipped == 0 && failed.is_none()
    }
}

/// A line that cannot be a row.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) number: u64,
    pub(super) at: u64,
    pub(super) why: String,
    /// Whether it could be one if its values may change.
    pub(super) changed: bool,
    /// Missing when it was too long to keep.
    pub(super) raw: Option<Bytes>,
}

/// How lines become rows.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) envelope: bool,
    /// The next offset of each partition; records below it are in. Grows as they come, when `in_order` is set.
    pub(super) next: BTreeMap<Partition, i64>,
    /// Offsets of a partition only rise: one that does not was read twice.
    pub(super) in_order: bool,
    /// What no row may lose.
    pub(super) losses: Losses,
}

/// Begins to read. The receiver ends at the end of stdin.
pub(super) fn start(input: Input, signals: Signals, reading: Reading) -> io::Result<mpsc::Receiver<Piece>> {
    let (send, receive) = mpsc::channel(PIECES_AHEAD);
    // Not joined: it may wait for a stdin that never ends.
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || read(input, &signals, Slots { reading, slots: HashMap::new(), last: None }, &send))?;
    Ok(receive)
}

fn read(input: Input, signals: &Signals, mut slots: Slots, send: &mpsc::Sender<Piece>) {
    let total = Arc::<AtomicU64>::default();
    let mut lines = LineReader::new(Counted { input, total: Arc::clone(&total) }, MAX_LINE);
    let mut piece = Piece::default();
    loop {
        match lines.next_line() {
            Ok(None) => break,
            // A signal ends stdin wherever it is: a last line without its end is half a line.
            Ok(Some(line)) if signals.received().is_some() && reaches(&line, &total) => break,
            Ok(Some(line)) => add(&line, &mut slots, &mut piece),
            Err(LineError::Io(error)) => {
                piece.failed = Some(format!("cannot read stdin: {error}"));
                break;
            }
            Err(LineError::TooLong { number, offset, limit }) => {
                let why = format!("the line is longer than {} MiB", limit >> 20);
                piece.refused.push(Refused { number, at: offset, why, changed: false, raw: None });
            }
        }
        let at_hand = lines.has_buffered_line();
        if (piece.bytes.len() >= PIECE || !at_hand) && !piece.is_empty() {
            let room = piece.rows.len();
            let next = Piece {
                bytes: Vec::with_capacity(PIECE),
                rows: Vec::with_capacity(room),
                ..Piece::default()
            };
            if send.blocking_send(std::mem::replace(&mut piece, next)).is_err() {
                return;
            }
        }
    }
    // Nobody receives any more when the run has failed.
    let _ = send.blocking_send(piece);
}

/// Whether the line ends where stdin does, so without a line end.
fn reaches(line: &Line<'_>, total: &AtomicU64) -> bool {
    line.offset + line.bytes.len() as u64 >= total.load(Ordering::Relaxed)
}

fn add(line: &Line<'_>, slots: &mut Slots, piece: &mut Piece) {
    let text = line.bytes.trim_ascii();
    if text.is_empty() {
        return;
    }
    match slots.row(text, piece) {
        Ok(Some((value, _))) if let Err(why) = slots.reading.losses.find(value) => {
            refuse(line, why, true, piece);
        }
        Ok(Some((value, record))) => {
            piece.bytes.extend_from_slice(value);
            piece.bytes.push(b'\n');
            piece.rows.push(Row { number: line.number, at: line.offset, end: piece.bytes.len(), record });
        }
        Ok(None) => {}
        Err(why) => refuse(line, why, false, piece),
    }
}

fn refuse(line: &Line<'_>, why: String, changed: bool, piece: &mut Piece) {
    let raw = Some(Bytes::copy_from_slice(line.bytes));
    piece.refused.push(Refused { number: line.number, at: line.offset, why, changed, raw });
}

/// A row as JSON, and where it was.
type Value<'a> = (&'a [u8], Option<Record>);

/// The partitions seen so far.
struct Slots {
    reading: Reading,
    slots: HashMap<Partition, usize>,
    last: Option<(Partition, usize, i64)>,
}

impl Slots {
    /// The row of a line and where it was; `None` when the line has none to insert.
    fn row<'a>(&mut self, line: &'a [u8], piece: &mut Piece) -> Result<Option<Value<'a>>, String> {
        if !self.reading.envelope {
            return ensure_object(line).map(|()| Some((line, None)));
        }
        let envelope = envelope::parse(line)?;
        let slot = self.slot(&envelope.topic, envelope.partition, piece);
        if let Some((.., next)) = &mut self.last {
            if envelope.offset < *next {
                piece.skipped += 1;
                return Ok(None);
            }
            if self.reading.in_order {
                *next = envelope.offset + 1;
            }
        }
        if envelope.value == b"null" {
            piece.tombstones += 1;
            return Ok(None);
        }
        ensure_object(envelope.value)?;
        Ok(Some((envelope.value, Some(Record { slot, offset: envelope.offset }))))
    }

    /// The partition's number; `last` is then this partition's.
    fn slot(&mut self, topic: &str, partition: i32, piece: &mut Piece) -> usize {
        if let Some((last, slot, next)) = &self.last {
            if last.0 == topic && last.1 == partition {
                return *slot;
            }
            self.reading.next.insert(last.clone(), *next);
        }
        let key = (topic.to_owned(), partition);
        let count = self.slots.len();
        let slot = *self.slots.entry(key.clone()).or_insert_with(|| {
            piece.partitions.push(key.clone());
            count
        });
        let next = self.reading.next.get(&key).copied().unwrap_or(0);
        self.last = Some((key, slot, next));
        slot
    }
}

/// What is said of a line that is nothing of the kind.
pub(super) const NOT_AN_OBJECT: &str = "not a JSON object";

/// Refuses what is not one object that ends on its line. The rest is the server's to judge.
fn ensure_object(line: &[u8]) -> Result<(), String> {
    if line == b"null" {
        return Err(
            "null is no row; the tombstones of avro-consume are passed over with --envelope".to_owned()
        );
    }
    if !(line.starts_with(b"{") && line.ends_with(b"}")) {
        return Err(NOT_AN_OBJECT.to_owned());
    }
    if has_open_string(line) {
        return Err("not a JSON object: a string does not end".to_owned());
    }
    // ClickHouse makes a row of each object of a line. Most lines have no other brace behind which one could begin.
    if memchr::memchr(b'}', &line[..line.len() - 1]).is_some() && !is_one_value(line) {
        return Err(
            "not one JSON object: brackets that do not match, or several objects on a line".to_owned()
        );
    }
    Ok(())
}

fn has_open_string(line: &[u8]) -> bool {
    // Counting takes an instruction for some bytes; quotes behind backslashes do not count, and are rare.
    if memchr::memchr(b'\\', line).is_none() {
        return memchr::memchr_iter(b'"', line).count() % 2 == 1;
    }
    let (mut open, mut at) = (false, 0);
    while let Some(found) = memchr::memchr2(b'"', b'\\', &line[at..]) {
        at += found;
        open ^= line[at] == b'"';
        at = if line[at] == b'"' { at + 1 } else { (at + 2).min(line.len()) };
    }
    open
}

/// Knows how much was read.
#[derive(Debug)]
struct Counted {
    input: Input,
    total: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buf)?;
        self.total.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, reading: Reading) -> Vec<Piece> {
        let input = Input::new("stdin", io::Cursor::new(text.as_bytes().to_vec()));
        let mut receive = start(input, Signals::none(), reading).unwrap();
        std::iter::from_fn(|| receive.blocking_recv()).collect()
    }

    #[test]
    fn lines_become_rows_and_keep_their_numbers() {
        let pieces = pieces("{\"a\":1}\n\n[2]\n {\"a\":3} \r\n{\"a\":\"4}\n{\"a\":5}", Reading::default());
        let rows: Vec<(u64, u64)> =
            pieces.iter().flat_map(|piece| &piece.rows).map(|row| (row.number, row.at)).collect();
        assert_eq!(rows, [(1, 0), (4, 13), (6, 33)]);
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.clone()).collect();
        assert_eq!(bytes, b"{\"a\":1}\n{\"a\":3}\n{\"a\":5}\n");
        let refused: Vec<(u64, &str)> = pieces
            .iter()
            .flat_map(|piece| &piece.refused)
            .map(|refused| (refused.number, &*refused.why))
            .collect();
        assert_eq!(refused, [(3, "not a JSON object"), (5, "not a JSON object: a string does not end")]);
    }

    #[test]
    fn a_line_is_one_object_and_ends_with_it() {
        let one = [r#"{}"#, r#"{"a":{"b":[{}]}}"#, r#"{"a":"}{"}"#, r#"{"a":{"b":"\\\"}"}}"#];
        let none = [
            r#"{"a":1}{"a":2}"#,
            r#"{"a":1},{"a":2}"#,
            r#"{"a":1} {"a":"}"}"#,
            r#"{"a":1}}"#,
            r#"{"a":[1}]}"#,
        ];
        for (lines, good) in [(&one[..], true), (&none[..], false)] {
            for line in lines {
                assert_eq!(ensure_object(line.as_bytes()).is_ok(), good, "{line}");
            }
        }
    }

    #[test]
    fn records_below_the_next_offset_and_those_read_twice_are_passed_over() {
        let line = |partition: i32, offset: i64, value: &str| {
            format!("{{\"topic\":\"t\",\"partition\":{partition},\"offset\":{offset},\"value\":{value}}}\n")
        };
        let text = [
            line(0, 4, "{}"),
            line(0, 5, "{}"),
            line(1, 0, "{}"),
            line(0, 6, "null"),
            line(0, 5, "{}"),
            line(0, 7, "{}"),
        ];
        let next = BTreeMap::from([(("t".to_owned(), 0), 5)]);
        let pieces = pieces(
            &text.concat(),
            Reading { envelope: true, next, in_order: true, losses: Losses::default() },
        );
        let records: Vec<Option<Record>> =
            pieces.iter().flat_map(|piece| &piece.rows).map(|row| row.record).collect();
        let record = |slot, offset| Some(Record { slot, offset });
        assert_eq!(records, [record(0, 5), record(1, 0), record(0, 7)]);
        let sum = |count: fn(&Piece) -> u64| pieces.iter().map(count).sum::<u64>();
        assert_eq!((sum(|piece| piece.skipped), sum(|piece| piece.tombstones)), (2, 1));
    }
}
