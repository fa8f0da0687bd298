//! Data out on stdout, everything else on stderr.

use std::io::{self, BufWriter, IsTerminal, Write};

use rustix::event::{PollFd, PollFlags};
use serde_json::json;

use crate::field::Sought;
use crate::{ErrorFormat, Failure};

/// The stdout of a tool: buffered; flushed at each line when a person looks at it.
/// A write after the reader has gone gives [`io::ErrorKind::BrokenPipe`], which [`crate::Failure`] knows as the end.
pub struct Output {
    write: BufWriter<Box<dyn Write + Send>>,
    terminal: bool,
    pipe: bool,
    outlives_reader: bool,
    /// Whether a row that was printed had the field that was asked for.
    pub(crate) sought: Sought,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

/// Stdout without std's line buffer, which would write each line by itself.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    /// The process's stdout.
    #[must_use]
    pub fn stdout() -> Output {
        Output { pipe: true, ..Output::new(Stdout, io::stdout().is_terminal()) }
    }

    /// Any writer. For tests.
    pub fn new(write: impl Write + Send + 'static, terminal: bool) -> Output {
        let write = BufWriter::with_capacity(128 << 10, Box::new(write) as Box<dyn Write + Send>);
        Output { write, terminal, pipe: false, outlives_reader: false, sought: Sought::default() }
    }

    /// Whether a person looks at it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes `line` and its end.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.write_all(line)?;
        self.write_all(b"\n")?;
        if self.terminal { self.flush() } else { Ok(()) }
    }

    /// Hands what a stream has printed to its reader, before it waits for more. That no row so far has the field which alone
    /// is printed (`-q`) is said then: such a stream may have no end.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn hand_over(&mut self, messages: &mut Messages) -> io::Result<()> {
        self.sought.tell(messages);
        self.flush()
    }

    /// From now on a reader that goes away ends nothing: what is written for it is dropped. For work that has an effect,
    /// or a verdict, besides its rows; without this it is the end of the work, as it should be of a stream.
    pub fn outlive_reader(&mut self) {
        self.outlives_reader = true;
    }

    fn unless_unread<T>(&mut self, written: io::Result<T>, dropped: T) -> io::Result<T> {
        match written {
            Err(error) if self.outlives_reader && error.kind() == io::ErrorKind::BrokenPipe => {
                self.abandon();
                Ok(dropped)
            }
            other => other,
        }
    }

    /// Gives up on it, after an error that the tool has told itself: what is buffered is dropped, and what comes is lost.
    pub fn abandon(&mut self) {
        let gone = std::mem::replace(&mut self.write, BufWriter::new(Box::new(io::sink())));
        // Dropped whole, it would try once more.
        drop(gone.into_parts());
    }

    /// Whether the reader of our stdout has gone: asked while there is nothing to write, when no write can tell.
    #[must_use]
    pub fn reader_gone(&self) -> bool {
        if !self.pipe {
            return false;
        }
        let mut fds = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty())];
        rustix::event::poll(&mut fds, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok()
            && fds[0].revents().contains(PollFlags::ERR)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.write.write(bytes);
        self.unless_unread(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.write.flush();
        self.unless_unread(written, ())
    }
}

/// The stderr of a tool: `tool: text` lines, or a JSON object for each where programs read it. Control characters of foreign text are escaped, so that no record or
/// server can drive the terminal.
pub struct Messages {
    tool: &'static str,
    write: Box<dyn Write + Send>,
    terminal: bool,
    format: ErrorFormat,
    /// Whether the last line is one of [`Messages::progress`].
    passing: bool,
}

impl std::fmt::Debug for Messages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messages").field("tool", &self.tool).finish_non_exhaustive()
    }
}

impl Messages {
    /// The process's stderr.
    #[must_use]
    pub fn stderr(tool: &'static str) -> Messages {
        Messages::new(tool, io::stderr()).on_terminal(io::stderr().is_terminal())
    }

    /// Any writer. For tests.
    pub fn new(tool: &'static str, write: impl Write + Send + 'static) -> Messages {
        Messages { tool, write: Box::new(write), terminal: false, format: ErrorFormat::Text, passing: false }
    }

    /// Says whether a person looks at it. For tests.
    #[must_use]
    pub fn on_terminal(self, terminal: bool) -> Messages {
        Messages { terminal, ..self }
    }

    /// The same, in this format.
    #[must_use]
    pub fn in_format(self, format: ErrorFormat) -> Messages {
        Messages { format, ..self }
    }

    /// Whether a person looks at it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether a line that is replaced in place is of use: to a person, not to a program that reads the terminal.
    #[must_use]
    pub fn takes_progress(&self) -> bool {
        self.terminal && self.format == ErrorFormat::Text
    }

    /// Prints a failure and its hint.
    pub fn failure(&mut self, failure: &Failure) {
        if self.format == ErrorFormat::Json {
            return self.json(&failure.to_json(self.tool));
        }
        self.say(failure.text());
        if let Some(hint) = failure.hint_text() {
            self.hint(hint);
        }
    }

    /// Prints what to do about something that was said before.
    pub fn hint(&mut self, text: &str) {
        match self.format {
            ErrorFormat::Text => self.print(&format!("hint: {text}")),
            ErrorFormat::Json => self.json(&json!({"tool": self.tool, "kind": "note", "hint": text})),
        }
    }

    /// Prints one `tool: text` line. A text that begins with `warning: ` is one, all others are notes.
    pub fn say(&mut self, text: &str) {
        if self.format == ErrorFormat::Text {
            return self.print(&format!("{}: {text}", self.tool));
        }
        let (kind, message) = match text.strip_prefix("warning: ") {
            Some(warning) => ("warning", warning),
            None => ("note", text.strip_prefix("note: ").unwrap_or(text)),
        };
        self.json(&json!({"tool": self.tool, "kind": kind, "message": message}));
    }

    /// Prints one line of JSON, for programs that read stderr: without the tool's name in front.
    pub fn json(&mut self, line: &serde_json::Value) {
        self.end_progress();
        let _ = writeln!(self.write, "{}", json_without_control(line));
    }

    /// Shows how far the work is, in a line that the next one takes the place of; nothing where no terminal is.
    pub fn progress(&mut self, text: &str) {
        if self.takes_progress() {
            let _ = write!(self.write, "\r\x1b[K{}", escape_control(text)).and_then(|()| self.write.flush());
            self.passing = true;
        }
    }

    /// Takes the line of [`Messages::progress`] away: at the end of the work.
    pub fn end_progress(&mut self) {
        if std::mem::take(&mut self.passing) {
            let _ = write!(self.write, "\r\x1b[K").and_then(|()| self.write.flush());
        }
    }

    /// Prints a question, and leaves the cursor behind it.
    pub(crate) fn ask(&mut self, question: &str) {
        self.end_progress();
        let _ = write!(self.write, "{question}").and_then(|()| self.write.flush());
    }

    /// Prints one line. A stderr that cannot be written to must not change how the work ends.
    pub(crate) fn print(&mut self, text: &str) {
        self.end_progress();
        let _ = writeln!(self.write, "{}", escape_control(text));
    }
}

fn escape_control(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// JSON escapes control characters below the space alone.
pub(crate) fn json_without_control(line: &serde_json::Value) -> String {
    let mut out = String::new();
    for c in line.to_string().chars() {
        match c {
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Takes nothing.
    pub(crate) struct Broken(pub(crate) io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn work_outlives_its_reader_if_it_says_so_and_no_full_disk() {
        let long = vec![b'x'; 1 << 20];
        let write = |kind, outlives: bool| {
            let mut output = Output::new(Broken(kind), false);
            if outlives {
                output.outlive_reader();
            }
            output.line(&long).and_then(|()| output.line(&long)).and_then(|()| output.flush())
        };
        assert_eq!(write(io::ErrorKind::BrokenPipe, true).map_err(|error| error.kind()), Ok(()));
        for (kind, outlives) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
            assert_eq!(write(kind, outlives).map_err(|error| error.kind()), Err(kind));
        }
    }

    /// Keeps what is written, for who has a copy of it.
    #[derive(Clone, Default)]
    struct Shared(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shared {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn programs_are_told_each_thing_in_an_object() {
        let said = Shared::default();
        let mut messages = Messages::new("sr", said.clone()).in_format(ErrorFormat::Json);
        messages.say("warning: it is\u{9b}31m late");
        messages.say("note: x");
        messages.hint("wait");
        messages.failure(&Failure::unavailable("a\nb").hint("c").fact("code", 60).context("at"));
        assert_eq!(
            said.text().lines().collect::<Vec<_>>(),
            [
                r#"{"tool":"sr","kind":"warning","message":"it is\u009b31m late"}"#,
                r#"{"tool":"sr","kind":"note","message":"x"}"#,
                r#"{"tool":"sr","kind":"note","hint":"wait"}"#,
                r#"{"tool":"sr","kind":"unavailable","exit":3,"message":"at: a\nb","hint":"c","code":60}"#,
            ]
        );
    }

    #[test]
    fn progress_makes_room_for_what_is_said_and_is_not_there_without_a_terminal() {
        let said = |terminal| {
            let kept = Shared::default();
            let mut messages = Messages::new("tool", kept.clone()).on_terminal(terminal);
            messages.progress("1 of 2");
            messages.say("oops");
            messages.progress("2 of 2");
            messages.end_progress();
            messages.end_progress();
            kept.text()
        };
        assert_eq!(said(false), "tool: oops\n");
        assert_eq!(said(true), "\r\x1b[K1 of 2\r\x1b[Ktool: oops\n\r\x1b[K2 of 2\r\x1b[K");
    }

    #[test]
    fn control_characters_are_escaped_and_text_is_left_alone() {
        assert_eq!(escape_control("Zürich\u{1b}[31m\tok"), "Zürich\\u{1b}[31m\tok");
    }
}
