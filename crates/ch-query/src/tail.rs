//! Tells rows from an error that comes behind them in an answer that began with status 200.
//!
//! Since 25.11 a server names a tag in a header and ends a broken answer with an `__exception__` block that carries it.
//! Older ones append plain text, or a last object with the key `exception`.
//!
//! The constraint it keeps: memory is bounded, and rows are not kept waiting. Held back are only a torn last line and
//! the beginning of a mark; from an older server, in formats that are not JSON lines, the last 16 KiB.

use std::io::{self, Write};

use memchr::memmem;
use serde_json::Value;

use crate::cap::Cut;
use crate::exception::{self, Exception};
use crate::text;

/// What the answer of an older server may end with, at most.
const OLD_ERROR: usize = 16 << 10;
/// A torn line longer than this is printed after all.
const LONGEST_HELD_LINE: usize = 1 << 20;
/// A server cuts its own message at 16 KiB.
const LONGEST_ERROR: usize = 64 << 10;

/// How an answer ended.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    /// The error behind the rows.
    pub exception: Option<Exception>,
    /// How many rows were printed, where lines are rows.
    pub rows: Option<u64>,
}

/// Whether each row of the format is a line of JSON.
pub(crate) fn is_json_lines(format: Option<&str>) -> bool {
    matches!(format, Some("JSONEachRow" | "JSONLines" | "NDJSON" | "JSONCompactEachRow"))
}

/// Passes rows on and stops at an error.
#[derive(Debug)]
pub struct Tail {
    mark: Option<Vec<u8>>,
    json_lines: bool,
    /// Rows must be text.
    only_text: bool,
    held: Vec<u8>,
    error: Option<Vec<u8>>,
    rows: u64,
    printed: bool,
}

impl Tail {
    /// For an answer with this `X-ClickHouse-Exception-Tag` and `X-ClickHouse-Format`.
    #[must_use]
    pub fn new(tag: Option<&str>, format: Option<&str>) -> Tail {
        let mark = tag.map(|tag| format!("\r\n__exception__\r\n{tag}\r\n").into_bytes());
        let json_lines = is_json_lines(format);
        Tail { mark, json_lines, only_text: false, held: Vec::new(), error: None, rows: 0, printed: false }
    }

    /// The same, where JSON lines were promised: bytes that are no text end them, in a [`Cut`].
    #[must_use]
    pub(crate) fn of_text(self) -> Tail {
        Tail { only_text: self.json_lines, ..self }
    }

    /// Whether anything was printed.
    #[must_use]
    pub fn has_printed(&self) -> bool {
        self.printed
    }

    /// Takes the next bytes of the answer and prints what cannot be part of an error.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn feed(&mut self, chunk: &[u8], out: &mut impl Write) -> io::Result<()> {
        if let Some(error) = &mut self.error {
            error.extend_from_slice(&chunk[..chunk.len().min(LONGEST_ERROR.saturating_sub(error.len()))]);
            return Ok(());
        }
        // Most chunks have no need of the copy: nothing is held, and only their last line will be.
        if self.held.is_empty() {
            let keep_from = self.scan(chunk);
            self.print(&chunk[..keep_from], out)?;
            self.hold(chunk, keep_from);
        } else {
            let mut all = std::mem::take(&mut self.held);
            all.extend_from_slice(chunk);
            let keep_from = self.scan(&all);
            self.print(&all[..keep_from], out)?;
            self.hold(&all, keep_from);
        }
        Ok(())
    }

    /// Where what must not be printed yet begins. Finds the error's mark.
    fn scan(&mut self, bytes: &[u8]) -> usize {
        let safe = match &self.mark {
            Some(mark) => match memmem::find(bytes, mark) {
                Some(at) => {
                    self.error = Some(Vec::new());
                    return at;
                }
                None => {
                    bytes.len() - (1..mark.len()).rev().find(|&n| bytes.ends_with(&mark[..n])).unwrap_or(0)
                }
            },
            None if self.json_lines => match sound_lines(bytes) {
                sound if bytes.len() - sound <= LONGEST_HELD_LINE => return sound,
                _ => bytes.len() - OLD_ERROR,
            },
            None => bytes.len().saturating_sub(OLD_ERROR),
        };
        if !self.json_lines {
            return safe;
        }
        match memchr::memrchr(b'\n', &bytes[..safe]) {
            Some(at) => at + 1,
            None if bytes.len() > LONGEST_HELD_LINE => text::whole_characters(&bytes[..safe]),
            None => 0,
        }
    }

    fn hold(&mut self, bytes: &[u8], from: usize) {
        match (&mut self.error, &self.mark) {
            (Some(error), Some(mark)) => {
                error.extend_from_slice(&bytes[(from + mark.len()).min(bytes.len())..]);
            }
            _ => self.held.extend_from_slice(&bytes[from..]),
        }
    }

    fn print(&mut self, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        // Rows are whole lines: of what an error leaves behind, the torn line is dropped.
        let bytes = match (&self.error, self.json_lines) {
            (Some(_), true) => &bytes[..memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1)],
            _ => bytes,
        };
        self.printed |= !bytes.is_empty();
        if self.only_text
            && let Some(at) = text::first_that_is_none(bytes)
        {
            let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
            self.rows += memchr::memchr_iter(b'\n', &bytes[..line]).count() as u64;
            out.write_all(&bytes[..line])?;
            return Err(io::Error::other(Cut::no_text(self.rows, text::column(&bytes[line..at]).as_deref())));
        }
        if self.json_lines {
            self.rows += memchr::memchr_iter(b'\n', bytes).count() as u64;
        }
        out.write_all(bytes)
    }

    /// The end of the answer. `whole` says whether the last chunk came.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self, whole: bool, out: &mut impl Write) -> io::Result<End> {
        let held = std::mem::take(&mut self.held);
        let exception = match &self.error {
            Some(error) => Some(parse_block(error)),
            None => {
                let (rows, exception) = self.old_error(&held);
                let torn = exception.is_some() || !whole;
                let rows = if self.json_lines && torn { whole_lines(rows) } else { rows };
                self.print(rows, out)?;
                exception
            }
        };
        Ok(End { exception, rows: self.json_lines.then_some(self.rows) })
    }

    /// The rows in `held`, and the error of an older server behind them.
    fn old_error<'a>(&self, held: &'a [u8]) -> (&'a [u8], Option<Exception>) {
        if self.mark.is_some() {
            return (held, None);
        }
        let last = held.trim_ascii_end();
        let last_line = memchr::memrchr(b'\n', last).map_or(0, |at| at + 1);
        if last[last_line..].starts_with(b"{") && last.ends_with(b"}") {
            return match exception_object(&last[last_line..]) {
                Some(exception) => (&held[..last_line], Some(exception)),
                None => (held, None),
            };
        }
        if let Some(exception) = exception_in_document(last) {
            return (held, Some(exception));
        }
        match exception::find_at_end(held) {
            Some(at) => (&held[..at], Exception::parse(&String::from_utf8_lossy(&held[at..]))),
            None => (held, None),
        }
    }
}

/// The length of the lines that are rows for sure: whole values, and not the object that an error may be.
fn sound_lines(bytes: &[u8]) -> usize {
    let mut sound = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        let row = match &bytes[sound..end] {
            [b'{', .., b'}'] => !bytes[sound..].starts_with(b"{\"exception\""),
            [b'[', .., b']'] => true,
            other => other == b"{}",
        };
        if !row {
            break;
        }
        sound = end + 1;
    }
    sound
}

fn whole_lines(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1)]
}

/// What stands between the mark and `LENGTH TAG\r\n__exception__`.
fn parse_block(block: &[u8]) -> Exception {
    let text = String::from_utf8_lossy(block);
    let text = text.trim_end().strip_suffix("__exception__").unwrap_or(&text).trim_end();
    let message = text.rsplit_once('\n').filter(|(_, last)| last.starts_with(|c: char| c.is_ascii_digit()));
    let message = message.map_or(text, |(message, _)| message);
    Exception::parse(message).unwrap_or_else(|| Exception {
        code: 0,
        name: None,
        message: exception::one_line(message),
    })
}

/// `{"exception": "Code: …"}` as the last row.
fn exception_object(line: &[u8]) -> Option<Exception> {
    let object = serde_json::from_slice::<serde_json::Map<String, Value>>(line).ok()?;
    let text = object.get("exception").filter(|_| object.len() == 1)?.as_str()?;
    Exception::parse(text).filter(|_| text.starts_with("Code: "))
}

/// `\n\t"exception": "Code: …"\n}` at the end of a JSON document.
fn exception_in_document(end: &[u8]) -> Option<Exception> {
    let at = memmem::rfind(end, b"\n\t\"exception\": \"Code: ")?;
    let value = end[at..].strip_prefix(b"\n\t\"exception\": ")?.trim_ascii_end().strip_suffix(b"}")?;
    Exception::parse(&serde_json::from_slice::<String>(value.trim_ascii()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERROR: &str = "Code: 395. DB::Exception: too\nbad. (FUNCTION_THROW) (version 26.7.2.1)\n";

    fn run(tag: Option<&str>, format: &str, answer: &str, step: usize, whole: bool) -> (String, End) {
        let (mut tail, mut out) = (Tail::new(tag, Some(format)), Vec::new());
        for chunk in answer.as_bytes().chunks(step) {
            tail.feed(chunk, &mut out).unwrap();
        }
        let end = tail.finish(whole, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), end)
    }

    fn code(end: &End) -> Option<u32> {
        end.exception.as_ref().map(|exception| exception.code)
    }

    #[test]
    fn the_tagged_block_is_found_however_it_is_cut() {
        let block = format!(
            "\r\n__exception__\r\nabcdefghijklmnop\r\n{ERROR}80 abcdefghijklmnop\r\n__exception__\r\n"
        );
        for step in [1, 2, 7, 30, 10_000] {
            let answer = format!("{{\"a\":1}}\n{{\"a\":2}}\n{{\"a\":{block}");
            let (out, end) = run(Some("abcdefghijklmnop"), "JSONEachRow", &answer, step, true);
            assert_eq!(out, "{\"a\":1}\n{\"a\":2}\n", "step {step}");
            assert_eq!((end.rows, code(&end)), (Some(2), Some(395)));
            assert_eq!(end.exception.unwrap().message, "too bad");
            let (out, end) = run(Some("abcdefghijklmnop"), "CSV", &format!("1\n2{block}"), step, true);
            assert_eq!((out.as_str(), code(&end)), ("1\n2", Some(395)));
        }
    }

    #[test]
    fn another_tag_is_data() {
        let answer = "1\n\r\n__exception__\r\nxxxxxxxxxxxxxxxx\r\nCode: 1. DB::Exception: x (A) (version 1)";
        let (out, end) = run(Some("abcdefghijklmnop"), "TabSeparated", answer, 3, true);
        assert_eq!((out.as_str(), end.exception), (answer, None));
    }

    #[test]
    fn the_text_of_an_older_server_is_found() {
        for step in [1, 5, 10_000] {
            let (out, end) = run(None, "JSONEachRow", &format!("{{\"a\":1}}\n{{\"a\":{ERROR}"), step, true);
            assert_eq!((out.as_str(), code(&end)), ("{\"a\":1}\n", Some(395)));
            let (out, end) = run(None, "TabSeparated", &format!("1\n2\n{ERROR}"), step, true);
            assert_eq!((out.as_str(), code(&end)), ("1\n2\n", Some(395)));
            let object = "{\"a\":1}\n{\"exception\": \"Code: 395. DB::Exception: x. (N) (version 24.1)\"}\n";
            let (out, end) = run(None, "JSONEachRow", object, step, true);
            assert_eq!((out.as_str(), code(&end)), ("{\"a\":1}\n", Some(395)));
        }
        let document =
            "{\n\t\"data\": [],\n\n\t\"exception\": \"Code: 395. DB::Exception: x. (N) (version 24.1)\"\n}\n";
        assert_eq!(code(&run(None, "JSON", document, 10, true).1), Some(395));
    }

    #[test]
    fn rows_that_speak_of_errors_are_rows() {
        let row = format!("{}\n", serde_json::json!({"last": ERROR}));
        let (out, end) = run(None, "JSONEachRow", &row, 9, true);
        assert_eq!((out, end), (row, End { exception: None, rows: Some(1) }));
    }

    #[test]
    fn rows_do_not_wait_for_the_end() {
        for (tag, format) in [(None, "JSONEachRow"), (Some("abcdefghijklmnop"), "CSV")] {
            let (mut tail, mut out) = (Tail::new(tag, Some(format)), Vec::new());
            tail.feed(b"{\"a\":1}\n", &mut out).unwrap();
            assert_eq!(out, b"{\"a\":1}\n");
        }
    }

    #[test]
    fn long_answers_pass_through_unchanged() {
        let rows: String = (0..20_000).map(|n| format!("{{\"number\":{n}}}\n")).collect();
        for (tag, step) in [(Some("abcdefghijklmnop"), 1000), (None, 1000), (None, 65_536)] {
            let (out, end) = run(tag, "JSONEachRow", &rows, step, true);
            assert!(out == rows);
            assert_eq!(end, End { exception: None, rows: Some(20_000) });
        }
    }

    #[test]
    fn bytes_that_are_no_text_end_what_was_promised_as_json() {
        let answer = b"{\"n\":1,\"b\":\"\xc3\xa9\"}\n{\"n\":2,\"b\":\"\xff\xfe\"}\n{\"n\":3,\"b\":\"x\"}\n";
        for step in [1, 7, 1000] {
            let mut tail = Tail::new(Some("abcdefghijklmnop"), Some("JSONEachRow")).of_text();
            let mut out = Vec::new();
            let fed = answer.chunks(step).try_for_each(|chunk| tail.feed(chunk, &mut out));
            let error = fed.and_then(|()| tail.finish(true, &mut out)).unwrap_err();
            assert_eq!(error.to_string(), "row 2, column b: not UTF-8, so no line of JSON can hold it");
            assert_eq!(out, "{\"n\":1,\"b\":\"é\"}\n".as_bytes(), "step {step}");
        }
        // A line that is printed before its end is there is cut between characters.
        let long = format!("{{\"a\":\"{}\"}}\n", "x€".repeat(LONGEST_HELD_LINE));
        let (mut tail, mut out) =
            (Tail::new(Some("abcdefghijklmnop"), Some("JSONEachRow")).of_text(), Vec::new());
        long.as_bytes().chunks(4099).for_each(|chunk| tail.feed(chunk, &mut out).unwrap());
        tail.finish(true, &mut out).unwrap();
        assert!(out == long.as_bytes());
    }

    #[test]
    fn a_torn_line_of_a_broken_answer_is_dropped() {
        let (out, end) = run(Some("abcdefghijklmnop"), "JSONEachRow", "{\"a\":1}\n{\"a\":", 4, false);
        assert_eq!((out.as_str(), end.rows), ("{\"a\":1}\n", Some(1)));
        let (out, _) = run(Some("abcdefghijklmnop"), "CSV", "1\n2", 4, false);
        assert_eq!(out, "1\n2");
    }
}
