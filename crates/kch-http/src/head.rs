//! A response's head while it is still coming: ClickHouse adds lines to it for as long as a query runs.
//!
//! HTTP parsers see a head when it is whole, and refuse one of more than 100 lines. So the lines that are watched for are
//! taken out of the stream of bytes as they come.

use std::sync::Arc;

/// A head whose lines grow longer than this is passed on as it is, for the parser to refuse.
const LONGEST_LINE: usize = 64 << 10;

/// What to take out of heads, and who is told.
#[derive(Clone)]
pub(crate) struct Watched {
    /// The header's name.
    pub(crate) name: &'static str,
    pub(crate) seen: Arc<Listener>,
}

/// Gets a header's value.
type Listener = dyn Fn(&[u8]) + Send + Sync;

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The bytes of a connection that serves one response.
#[derive(Debug)]
pub(crate) struct Head {
    watched: Watched,
    line: Vec<u8>,
    ended: bool,
}

impl Head {
    pub(crate) fn new(watched: Watched) -> Head {
        Head { watched, line: Vec::new(), ended: false }
    }

    /// Whether the rest is to be passed on as it is.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes the next bytes, none at their end; puts what is to be passed on into `out`.
    pub(crate) fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|&byte| byte == b'\n').filter(|_| !self.ended) {
            self.line.extend_from_slice(&rest[..=at]);
            rest = &rest[at + 1..];
            self.ended = self.line.trim_ascii().is_empty();
            match value(&self.line, self.watched.name) {
                Some(value) => (self.watched.seen)(value),
                None => out.extend_from_slice(&self.line),
            }
            self.line.clear();
        }
        self.line.extend_from_slice(rest);
        self.ended |= bytes.is_empty() || self.line.len() > LONGEST_LINE;
        if self.ended {
            out.append(&mut self.line);
        }
    }
}

fn value<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (found, value) = line.split_at_checked(name.len())?;
    Some(value.strip_prefix(b":").filter(|_| found.eq_ignore_ascii_case(name.as_bytes()))?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const ANSWER: &str =
        "HTTP/1.1 200 OK\r\nX-Progress: 1\r\nx-progress:2\r\nX-Progress-Of: 3\r\n\r\nX-Progress: 4\r\n";

    fn run(answer: &str, step: usize) -> (String, Vec<String>) {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let told = Arc::clone(&seen);
        let tell = move |value: &[u8]| told.lock().unwrap().push(String::from_utf8(value.to_vec()).unwrap());
        let mut head = Head::new(Watched { name: "x-progress", seen: Arc::new(tell) });
        let mut out = Vec::new();
        answer.as_bytes().chunks(step).for_each(|chunk| head.feed(chunk, &mut out));
        head.feed(b"", &mut out);
        let seen = seen.lock().unwrap().clone();
        (String::from_utf8(out).unwrap(), seen)
    }

    #[test]
    fn lines_are_taken_out_of_the_head_and_left_in_the_body() {
        for step in [1, 3, 40, 1000] {
            let (out, seen) = run(ANSWER, step);
            assert_eq!(out, "HTTP/1.1 200 OK\r\nX-Progress-Of: 3\r\n\r\nX-Progress: 4\r\n", "{step}");
            assert_eq!(seen, ["1", "2"]);
        }
    }

    #[test]
    fn what_is_no_head_passes_through() {
        let long = format!("{}\nX-Progress: 1\n", "x".repeat(LONGEST_LINE + 5000));
        for answer in ["no head", "HTTP/1.1 200 OK\r\nhalf", &long] {
            assert_eq!(run(answer, 1000), (answer.to_owned(), vec![]));
        }
    }
}
