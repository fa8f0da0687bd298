//! `--max-rows` and `--max-bytes`: where an answer is cut, so that a script is not flooded. Cut is not whole: it is no
//! success, as it is none for ClickHouse's own `max_result_rows`. Whoever wants the first rows says LIMIT, or `head`.

use std::io;

use kch_cli::{Failure, Result};

use crate::answer::with_rows;
use crate::tail;

/// Makes one array of all rows, whose brackets are lines too.
const ARRAY_OF_ROWS: &str = "output_format_json_array_of_rows";
/// What it must be for rows to be counted.
pub(crate) const ROWS_AS_LINES: (&str, &str) = (ARRAY_OF_ROWS, "0");

/// How much of an answer is printed at most.
#[derive(Clone, Debug)]
pub(crate) struct Cap {
    max_rows: Option<u64>,
    max_bytes: Option<u64>,
    rows: u64,
    bytes: u64,
    json_lines: bool,
    /// Each line is an object: none begins with a bracket.
    begins_with_object: bool,
}

/// An answer has more than may be printed, or what may not be.
#[derive(Debug)]
pub(crate) struct Cut {
    why: String,
    hint: Option<String>,
    /// The rows printed before, where they are known.
    rows: Option<u64>,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Cut {}

impl Cut {
    fn after(why: String) -> Cut {
        Cut { why, hint: None, rows: None }
    }

    /// The row behind so many has bytes that JSON cannot hold.
    pub(crate) fn no_text(rows: u64, column: Option<&str>) -> Cut {
        let place = column.map(|column| format!(", column {column}")).unwrap_or_default();
        let why = format!("row {}{place}: not UTF-8, so no line of JSON can hold it", rows + 1);
        let column = column.unwrap_or("column");
        let hint = format!(
            "SELECT hex({column}) makes text of it; --format JSONEachRow prints the bytes as they are"
        );
        Cut { why, hint: Some(hint), rows: Some(rows) }
    }

    /// The failure to report, for a query with this id.
    pub(crate) fn failure(&self, query_id: &str) -> Failure {
        let mut failure =
            Failure::refused(format!("{self} (query id {query_id})")).fact("query_id", query_id);
        if let Some(hint) = &self.hint {
            failure = failure.hint(hint.as_str());
        }
        with_rows(failure, self.rows)
    }

    /// The cut that a write came to, if it was one.
    pub(crate) fn of(error: &io::Error) -> Option<&Cut> {
        error.get_ref()?.downcast_ref()
    }
}

impl Cap {
    pub(crate) fn new(max_rows: Option<u64>, max_bytes: Option<u64>) -> Option<Cap> {
        let wanted = max_rows.is_some() || max_bytes.is_some();
        wanted.then_some(Cap {
            max_rows,
            max_bytes,
            rows: 0,
            bytes: 0,
            json_lines: false,
            begins_with_object: false,
        })
    }

    /// Whether rows are counted.
    pub(crate) fn counts_rows(&self) -> bool {
        self.max_rows.is_some()
    }

    /// Refuses, before anything runs, rows that settings make one array of.
    ///
    /// # Errors
    /// A usage error that names the setting.
    pub(crate) fn ensure_lines(&self, settings: &[(String, String)]) -> Result<()> {
        let is_on = |(name, value): &(String, String)| {
            name == ARRAY_OF_ROWS && !matches!(value.as_str(), "0" | "false")
        };
        if self.counts_rows() && settings.iter().any(is_on) {
            let why = format!(
                "--max-rows: rows are counted in JSON lines, and {ARRAY_OF_ROWS} makes one array of them"
            );
            return Err(Failure::usage(why).hint("leave the setting out; --max-bytes cuts any answer"));
        }
        Ok(())
    }

    /// Refuses, before anything runs, rows in a format in which they cannot be counted.
    ///
    /// # Errors
    /// A usage error that names the format.
    pub(crate) fn ensure_counts(&self, format: &str) -> Result<()> {
        if !self.counts_rows() || tail::is_json_lines(Some(format)) {
            return Ok(());
        }
        Err(Failure::usage(format!("--max-rows: rows are counted in JSON lines, and the answer is {format}"))
            .hint("-o json makes it JSON lines; --max-bytes cuts any answer"))
    }

    /// An answer begins, in this format. The answer to a statement that gives no rows, such as INSERT, names none.
    ///
    /// # Errors
    /// As [`Cap::ensure_counts`]: the SQL's own FORMAT is known only now.
    pub(crate) fn begin(&mut self, format: Option<&str>) -> Result<()> {
        (self.rows, self.bytes, self.json_lines) = (0, 0, tail::is_json_lines(format));
        self.begins_with_object = self.json_lines && format != Some("JSONCompactEachRow");
        format.map_or(Ok(()), |format| self.ensure_counts(format))
    }

    /// Which of these bytes, the next of the answer, may be printed. Of JSON lines only whole ones.
    ///
    /// # Errors
    /// A [`Cut`], with the bytes that may be, when they are not all.
    pub(crate) fn take<'a>(&mut self, bytes: &'a [u8]) -> (&'a [u8], Option<io::Error>) {
        let cut = |kept, limit: u64, what, flag| {
            let text = format!("the answer was cut after {limit} {what}, as {flag} says");
            (kept, Some(io::Error::other(Cut::after(text))))
        };
        let begins_with_object = std::mem::replace(&mut self.begins_with_object, false);
        if self.counts_rows() && begins_with_object && bytes.starts_with(b"[") {
            let text = format!("{ARRAY_OF_ROWS} makes one array of the rows, which --max-rows cannot count");
            return (&[], Some(io::Error::other(Cut::after(text))));
        }
        if let Some(max) = self.max_rows {
            let left = usize::try_from(max - self.rows).unwrap_or(usize::MAX);
            let mut ends = memchr::memchr_iter(b'\n', bytes);
            let kept = if left == 0 { Some(0) } else { ends.nth(left - 1).map(|at| at + 1) };
            if let Some(kept) = kept.filter(|&kept| kept < bytes.len()) {
                return cut(&bytes[..kept], max, "rows", "--max-rows");
            }
            self.rows += memchr::memchr_iter(b'\n', bytes).count() as u64;
        }
        if let Some(max) = self.max_bytes {
            let left = usize::try_from(max - self.bytes).unwrap_or(usize::MAX);
            if left < bytes.len() {
                let whole = memchr::memrchr(b'\n', &bytes[..left]).map_or(0, |at| at + 1);
                let kept = if self.json_lines { whole } else { left };
                let printed = self.bytes + kept as u64;
                return cut(&bytes[..kept], printed, "bytes", "--max-bytes");
            }
            self.bytes += bytes.len() as u64;
        }
        (bytes, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is printed of an answer that comes in such pieces, and whether it was cut.
    fn printed(cap: Option<Cap>, format: &str, pieces: &[&str]) -> (String, Option<String>) {
        let (mut cap, mut out) = (cap.unwrap(), String::new());
        cap.begin(Some(format)).unwrap();
        for piece in pieces {
            let (kept, error) = cap.take(piece.as_bytes());
            out += std::str::from_utf8(kept).unwrap();
            if let Some(error) = error {
                return (out, Some(Cut::of(&error).unwrap().to_string()));
            }
        }
        (out, None)
    }

    #[test]
    fn rows_and_bytes_are_counted_over_all_pieces() {
        let rows = |max, pieces: &[&str]| printed(Cap::new(Some(max), None), "JSONEachRow", pieces);
        assert_eq!(rows(3, &["1\n2\n", "3\n"]), ("1\n2\n3\n".to_owned(), None));
        let cut = Some("the answer was cut after 2 rows, as --max-rows says".to_owned());
        assert_eq!(rows(2, &["1\n2\n", "3\n"]), ("1\n2\n".to_owned(), cut.clone()));
        assert_eq!(rows(2, &["1\n2\n3\n4\n"]), ("1\n2\n".to_owned(), cut));
        assert_eq!(rows(0, &["1\n"]).0, "");
        // A long row comes in pieces, and the second one may begin like an array of rows.
        assert_eq!(rows(1, &["{\"a\":[", "[1]]}\n"]), ("{\"a\":[[1]]}\n".to_owned(), None));
        let bytes = |format, max, pieces: &[&str]| printed(Cap::new(None, Some(max)), format, pieces);
        assert_eq!(bytes("JSONEachRow", 4, &["1\n", "2\n"]), ("1\n2\n".to_owned(), None));
        let cut = Some("the answer was cut after 4 bytes, as --max-bytes says".to_owned());
        assert_eq!(bytes("JSONEachRow", 5, &["1\n2\n333\n"]), ("1\n2\n".to_owned(), cut));
        assert_eq!(bytes("CSV", 5, &["1\n2\n", "333\n"]).0, "1\n2\n3");
    }

    #[test]
    fn rows_of_other_formats_are_not_counted() {
        let mut cap = Cap::new(Some(1), None).unwrap();
        assert!(cap.begin(Some("PrettyCompact")).is_err());
        assert!(cap.begin(None).is_ok(), "a statement without rows has run: there is nothing to refuse");
        assert!(Cap::new(None, None).is_none());
    }
}
