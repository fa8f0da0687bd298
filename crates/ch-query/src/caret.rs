//! The line of the SQL that a syntax error speaks of, with a caret under the place.

use crate::exception::Exception;

/// Longer lines are shown around the place only.
const SHOWN: usize = 76;

/// Two lines: the SQL, and `^` under the byte that the server's message names.
pub(crate) fn point(exception: &Exception, sql: &[u8]) -> Option<String> {
    let at = position(&exception.message)?.checked_sub(1).filter(|&at| at <= sql.len())?;
    let from = memchr::memrchr(b'\n', &sql[..at]).map_or(0, |newline| newline + 1);
    let to = memchr::memchr(b'\n', &sql[at..]).map_or(sql.len(), |newline| at + newline);
    let before = String::from_utf8_lossy(&sql[from..at]).replace('\t', " ");
    let after = String::from_utf8_lossy(&sql[at..to]).replace('\t', " ");
    let skipped = before.chars().count().saturating_sub(SHOWN / 2);
    let mark = if skipped > 0 { "…" } else { "" };
    let before: String = before.chars().skip(skipped).collect();
    let column = before.chars().count() + mark.chars().count();
    let room = SHOWN.saturating_sub(column);
    let rest: String = after.chars().take(room).collect();
    let end = if after.chars().count() > room { "…" } else { "" };
    Some(format!("  {mark}{before}{rest}{end}\n  {}^", " ".repeat(column)))
}

/// `failed at position 8 (…)`: from 1.
fn position(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("ailed at position ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str, sql: &str) -> Option<String> {
        let exception = Exception { message: message.to_owned(), ..Exception::from_code(62) };
        point(&exception, sql.as_bytes())
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        let message = "Syntax error: failed at position 20 (y) (line 2, col 10): y z";
        assert_eq!(shown(message, "SELECT 1,\n  FORM x y z").unwrap(), "    FORM x y z\n           ^");
        assert_eq!(shown("failed at position 8 (end of query)", "SELECT ").unwrap(), "  SELECT \n         ^");
        assert_eq!(shown("no place", "SELECT 1"), None);
        assert_eq!(shown("failed at position 99 (x)", "SELECT 1"), None);
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let sql = format!("SELECT {} FORM {}", "é".repeat(300), "x".repeat(300));
        let at = sql.find("FORM").unwrap() + 1;
        let shown = shown(&format!("Syntax error: failed at position {at} (FORM)"), &sql).unwrap();
        let (line, caret) = shown.split_once('\n').unwrap();
        assert_eq!(line.chars().nth(caret.chars().count() - 1), Some('F'));
        assert!(line.chars().count() < 85 && line.contains('…'), "{line}");
    }
}
