//! Lines in, with their numbers and offsets. A line may be as long as a limit that is said; memory never grows past it.

use std::io::{self, IsTerminal as _, Read};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use crate::{Exit, Explain, Signals};

/// The default limit of a line, in bytes: 64 MiB.
pub const MAX_LINE: usize = 64 << 20;
const CHUNK: usize = 256 << 10;

/// Where a tool reads from: stdin (a read of it ends early when a signal comes), a file, or a test's bytes.
pub struct Input {
    read: Box<dyn Read + Send>,
    name: String,
    /// Set for stdin, whose readiness can be asked for.
    stdin: Option<Signals>,
    terminal: bool,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Input {
    /// Any reader, with the name that errors use for it.
    pub fn new(name: impl Into<String>, read: impl Read + Send + 'static) -> Input {
        Input { read: Box::new(read), name: name.into(), stdin: None, terminal: false }
    }

    /// The process's stdin.
    #[must_use]
    pub fn stdin(signals: Signals) -> Input {
        let terminal = io::stdin().is_terminal();
        Input { stdin: Some(signals.clone()), terminal, ..Input::new("stdin", Stdin { signals }) }
    }

    /// Says whether a person types it. For tests.
    #[must_use]
    pub fn on_terminal(self, terminal: bool) -> Input {
        Input { terminal, ..self }
    }

    /// Whether a person types it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Waits until a read would not wait, because of data, the end or a signal; at most so long. Always true for an input
    /// that is not stdin.
    #[must_use]
    pub fn is_ready(&self, wait: Duration) -> bool {
        let Some(signals) = &self.stdin else { return true };
        let wait = rustix::event::Timespec::try_from(wait).ok();
        signals.received().is_some() || !matches!(poll_stdin(signals, wait.as_ref()), Ok((0, _)))
    }

    /// The name that errors use: `stdin` or the path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read.read(buf)
    }
}

/// Stdin without std's own buffer and lock: [`LineReader`] has the buffer.
struct Stdin {
    signals: Signals,
}

impl Read for Stdin {
    /// Waits for data or a signal. After a signal it is at its end, whatever the pipe still holds.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.signals.received().is_some() {
                return Ok(0);
            }
            match poll_stdin(&self.signals, None) {
                Err(rustix::io::Errno::INTR) => {}
                result => {
                    if result?.1 {
                        return rustix::io::read(rustix::stdio::stdin(), buf).map_err(io::Error::from);
                    }
                }
            }
        }
    }
}

/// Waits for stdin or a signal: how many of them have something, and whether stdin is one.
fn poll_stdin(
    signals: &Signals,
    wait: Option<&rustix::event::Timespec>,
) -> rustix::io::Result<(usize, bool)> {
    let mut fds = vec![PollFd::from_borrowed_fd(rustix::stdio::stdin(), PollFlags::IN)];
    fds.extend(signals.wake().map(|wake| PollFd::new(wake, PollFlags::IN)));
    let ready = rustix::event::poll(&mut fds, wait)?;
    Ok((ready, !fds[0].revents().is_empty()))
}

/// One line, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// 1 for the first line.
    pub number: u64,
    /// Offset of the line's first byte in the input.
    pub offset: u64,
    /// The line without `\n` or `\r\n`, the first one also without a byte order mark.
    pub bytes: &'a [u8],
}

/// Why a line could not be read.
#[derive(Debug)]
pub enum LineError {
    /// Line `number` is longer than `limit` bytes. The reader has gone past it and can go on.
    TooLong {
        /// The line's number.
        number: u64,
        /// Offset of its first byte.
        offset: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// The input could not be read.
    Io(io::Error),
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LineError::TooLong { limit, .. } if limit % (1 << 20) == 0 => {
                write!(f, "the line is longer than {} MiB", limit >> 20)
            }
            LineError::TooLong { limit, .. } => write!(f, "the line is longer than {limit} bytes"),
            LineError::Io(error) => write!(f, "cannot read: {error}"),
        }
    }
}

impl std::error::Error for LineError {}

impl Explain for LineError {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// Splits an input into lines with one reused buffer: a line that lies in it whole is handed out without a copy.
#[derive(Debug)]
pub struct LineReader<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Behind the last `\n` of the buffer.
    lines_end: usize,
    limit: usize,
    number: u64,
    offset: u64,
}

impl<R: Read> LineReader<R> {
    /// Lines of `input`, each at most `limit` bytes long.
    pub fn new(input: R, limit: usize) -> LineReader<R> {
        LineReader {
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            lines_end: 0,
            limit,
            number: 0,
            offset: 0,
        }
    }

    /// What it reads from.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// How many lines were handed out or refused.
    pub fn lines_read(&self) -> u64 {
        self.number
    }

    /// Whether the next line can be had without waiting for the input.
    pub fn has_buffered_line(&self) -> bool {
        self.start < self.lines_end
    }

    /// The next line, or `None` at the end. A last line without `\n` counts as a line.
    ///
    /// # Errors
    /// [`LineError::TooLong`], after which reading may go on, or [`LineError::Io`].
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, LineError> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &unread[searched..]) {
                let length = searched + at;
                return if length > self.limit {
                    Err(self.too_long(length + 1))
                } else {
                    Ok(Some(self.hand_out(length, 1)))
                };
            }
            searched = unread.len();
            if searched > self.limit {
                return Err(self.skip_line());
            }
            if self.fill().map_err(LineError::Io)? == 0 {
                return Ok((searched > 0).then(|| self.hand_out(searched, 0)));
            }
        }
    }

    fn hand_out(&mut self, length: usize, terminator: usize) -> Line<'_> {
        let (from, offset) = (self.start, self.offset);
        self.number += 1;
        self.start += length + terminator;
        self.offset += (length + terminator) as u64;
        let bytes = &self.buffer[from..from + length];
        // Editors put a byte order mark in front of a file; it is no part of its first line.
        let bytes =
            if self.number == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
        Line { number: self.number, offset, bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes) }
    }

    fn too_long(&mut self, consumed: usize) -> LineError {
        let error = LineError::TooLong { number: self.number + 1, offset: self.offset, limit: self.limit };
        self.number += 1;
        self.start += consumed;
        self.offset += consumed as u64;
        error
    }

    /// Goes past a line that is over the limit, keeping none of it.
    fn skip_line(&mut self) -> LineError {
        let (number, offset) = (self.number + 1, self.offset);
        loop {
            let unread = &self.buffer[self.start..self.end];
            let (consumed, ended) =
                memchr::memchr(b'\n', unread).map_or((unread.len(), false), |at| (at + 1, true));
            self.start += consumed;
            self.offset += consumed as u64;
            if !ended {
                match self.fill() {
                    Ok(0) => {}
                    Ok(_) => continue,
                    Err(error) => return LineError::Io(error),
                }
            }
            self.number = number;
            return LineError::TooLong { number, offset, limit: self.limit };
        }
    }

    /// Reads more behind what is unread; moves that to the front and grows the buffer when there is no room.
    fn fill(&mut self) -> io::Result<usize> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.lines_end = self.lines_end.saturating_sub(self.start);
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(count) => {
                    let read = &self.buffer[self.end..self.end + count];
                    if let Some(at) = memchr::memrchr(b'\n', read) {
                        self.lines_end = self.end + at + 1;
                    }
                    self.end += count;
                    return Ok(count);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most `step` bytes a read, so that lines straddle reads.
    struct Drip(Vec<u8>, usize);

    impl Read for Drip {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buf.len());
            buf[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    /// Number, offset and bytes of a line, or what was said of it.
    type Found = Result<(u64, u64, Vec<u8>), String>;

    fn lines(text: &[u8], limit: usize, step: usize) -> Vec<Found> {
        let mut reader = LineReader::new(Drip(text.to_vec(), step), limit);
        let mut found = Vec::new();
        loop {
            match reader.next_line() {
                Ok(None) => return found,
                Ok(Some(line)) => found.push(Ok((line.number, line.offset, line.bytes.to_vec()))),
                Err(error) => found.push(Err(error.to_string())),
            }
        }
    }

    #[test]
    fn lines_have_numbers_and_offsets_however_the_bytes_arrive() {
        for step in [1, 2, 3, 100] {
            let found = lines(b"a\r\n\nbc\nlast", 10, step);
            let expected = [(1, 0, "a"), (2, 3, ""), (3, 4, "bc"), (4, 7, "last")];
            assert_eq!(found, expected.map(|(n, o, t)| Ok((n, o, t.as_bytes().to_vec()))), "step {step}");
        }
    }

    #[test]
    fn it_knows_whether_a_line_is_there_already() {
        let mut reader = LineReader::new(Drip(b"a\nbb\ncc".to_vec(), 4), 10);
        let mut known = Vec::new();
        while let Some(line) = reader.next_line().unwrap().map(|line| line.bytes.len()) {
            known.push((line, reader.has_buffered_line()));
        }
        // The first read brings `a`, its end and half of `bb`.
        assert_eq!(known, [(1, false), (2, false), (2, false)]);
        let mut reader = LineReader::new(&b"a\nbb\ncc\n"[..], 10);
        reader.next_line().unwrap();
        assert!(reader.has_buffered_line());
        reader.next_line().unwrap();
        reader.next_line().unwrap();
        assert!(!reader.has_buffered_line());
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        let found = lines(b"\xef\xbb\xbfa\n\xef\xbb\xbfb", 10, 100);
        assert_eq!(found, [Ok((1, 0, b"a".to_vec())), Ok((2, 5, b"\xef\xbb\xbfb".to_vec()))]);
    }

    #[test]
    fn a_line_over_the_limit_is_refused_and_the_next_one_is_read() {
        for step in [1, 7, 100] {
            let found = lines(b"ok\n12345678\nok\n123456", 5, step);
            let long = Err("the line is longer than 5 bytes".to_owned());
            let expected = [Ok((1, 0, b"ok".to_vec())), long.clone(), Ok((3, 12, b"ok".to_vec())), long];
            assert_eq!(found, expected, "step {step}");
        }
    }

    #[test]
    fn memory_stays_near_the_limit_for_an_endless_line() {
        let mut reader = LineReader::new(io::repeat(b'x').take(50 << 20), 1 << 20);
        assert!(matches!(reader.next_line(), Err(LineError::TooLong { number: 1, .. })));
        assert!(reader.buffer.len() <= 4 << 20, "{}", reader.buffer.len());
        assert!(matches!(reader.next_line(), Ok(None)));
    }
}
