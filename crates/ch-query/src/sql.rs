//! Cuts SQL text into statements as ClickHouse's own lexer would, and finds out which of them want data.
//!
//! The constraint it keeps: it never changes a statement, and never takes a `;` inside quotes, comments, heredocs or
//! inline data for the end of one.

use crate::lexer::{Lexer, Token};

/// Whether a query says itself which format its answer has: `… FORMAT name`, before `SETTINGS` or at its end.
pub(crate) fn names_a_format(sql: &[u8]) -> bool {
    let is_clause = |[before, last]: [Option<Token<'_>>; 2]| {
        before.is_some_and(|before| before.is_word("FORMAT")) && matches!(last, Some(Token::Word(_)))
    };
    let (mut lexer, mut last_two) = (Lexer::new(sql), [None, None]);
    while let Some((_, token)) = lexer.next_token() {
        if token.is_word("SETTINGS") && is_clause(last_two) {
            return true;
        }
        last_two = [last_two[1], Some(token)];
    }
    is_clause(last_two)
}

/// One statement of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The statement without its `;`, with inline data if it has some.
    pub text: &'a [u8],
    /// The line of the text where it begins, from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind<'a>,
}

/// What a statement means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Anything that carries all it needs.
    Whole,
    /// `INSERT … FORMAT x` or `INSERT … VALUES` without data: they come from stdin.
    WantsData,
    /// `INSERT INTO t` without a format: data come from stdin, as JSON lines.
    WantsFormatAndData,
    /// `INSERT` with its data in the text.
    HasData,
    /// `USE database`.
    Use(&'a [u8]),
    /// `SET …`: what follows.
    Set(&'a [u8]),
}

impl Kind<'_> {
    /// Whether it takes its data from stdin.
    #[must_use]
    pub fn wants_stdin(self) -> bool {
        matches!(self, Kind::WantsData | Kind::WantsFormatAndData)
    }

    /// Whether it is an `INSERT` whose data we send.
    #[must_use]
    pub fn is_insert(self) -> bool {
        self.wants_stdin() || self == Kind::HasData
    }
}

/// The statements of `text`; empty ones are left out.
#[must_use]
pub fn split(text: &[u8]) -> Vec<Statement<'_>> {
    let mut lexer = Lexer::new(text);
    let mut statements = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    while let Some(found) = next_statement(text, &mut lexer) {
        let Found { from, to, kind } = found;
        statements.push(Statement { text: text[from..to].trim_ascii_end(), line: lines.line_of(from), kind });
    }
    statements
}

/// Counts lines in one pass over the text.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn line_of(&mut self, at: usize) -> usize {
        self.line += memchr::memchr_iter(b'\n', &self.text[self.at..at]).count();
        self.at = at;
        self.line
    }
}

struct Found<'a> {
    from: usize,
    to: usize,
    kind: Kind<'a>,
}

/// How far an `INSERT` has been understood.
#[derive(Clone, Copy, PartialEq)]
enum Insert {
    No,
    /// Neither data, format nor query seen.
    Open,
    /// `VALUES` seen; nothing after it yet.
    Values,
    /// `FORMAT` seen; the name follows.
    Format,
    /// Data follow as values.
    Inline,
    /// It takes its rows from a query or a file of the server.
    Query,
}

fn next_statement<'a>(text: &'a [u8], lexer: &mut Lexer<'a>) -> Option<Found<'a>> {
    // Skips empty statements.
    let (from, first) = loop {
        let (at, token) = lexer.next_token()?;
        if token != Token::Other(b';') {
            break (at, token);
        }
    };
    let mut depth = usize::from(matches!(first, Token::Other(b'(' | b'[' | b'{')));
    let mut insert = if first.is_word("INSERT") { Insert::Open } else { Insert::No };
    let mut qualified = false;
    let mut to = lexer.position();
    let first_end = to;
    while let Some((_, token)) = lexer.next_token() {
        match token {
            Token::Other(b';') => break,
            Token::Other(b'(' | b'[' | b'{') => depth += 1,
            Token::Other(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        to = lexer.position();
        let keyword = depth == 0 && !qualified;
        qualified = token == Token::Other(b'.');
        insert = match insert {
            Insert::Format if matches!(token, Token::Word(_) | Token::Quoted) => {
                return Some(insert_format(text, lexer, from));
            }
            Insert::Values => Insert::Inline,
            Insert::Open if keyword && token.is_word("VALUES") => Insert::Values,
            Insert::Open | Insert::Query if keyword && token.is_word("FORMAT") => Insert::Format,
            Insert::Open
                if keyword
                    && ["SELECT", "WITH", "INFILE", "WATCH"].iter().any(|word| token.is_word(word)) =>
            {
                Insert::Query
            }
            // `INSERT INTO t (SELECT …)`
            Insert::Open if depth == 1 && token.is_word("SELECT") => Insert::Query,
            other => other,
        };
    }
    let rest = &text[first_end.min(to)..to];
    let kind = match insert {
        Insert::Open => Kind::WantsFormatAndData,
        Insert::Values => Kind::WantsData,
        Insert::Inline => Kind::HasData,
        Insert::No if first.is_word("USE") => Kind::Use(rest.trim_ascii()),
        Insert::No if first.is_word("SET") => Kind::Set(rest.trim_ascii()),
        _ => Kind::Whole,
    };
    Some(Found { from, to, kind })
}

/// After `INSERT … FORMAT name`: data until the first empty line or the end, unless there is none before a `;`.
fn insert_format<'a>(text: &'a [u8], lexer: &mut Lexer<'a>, from: usize) -> Found<'a> {
    let after_name = lexer.position();
    let mut probe = lexer.clone();
    match probe.next_token() {
        None | Some((_, Token::Other(b';'))) => {
            *lexer = probe;
            return Found { from, to: after_name, kind: Kind::WantsData };
        }
        // `INSERT INTO t FORMAT x SETTINGS a = 1` is a clause, not data.
        Some((_, token)) if token.is_word("SETTINGS") => {
            let mut to = probe.position();
            while let Some((_, token)) = probe.next_token() {
                if token == Token::Other(b';') {
                    break;
                }
                to = probe.position();
            }
            *lexer = probe;
            return Found { from, to, kind: Kind::WantsData };
        }
        Some(_) => {}
    }
    let begin =
        text[after_name..].iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0) + after_name;
    let empty_line = memchr::memmem::find_iter(&text[begin..], b"\n")
        .map(|at| begin + at)
        .find(|&at| text[at + 1..].starts_with(b"\n") || text[at + 1..].starts_with(b"\r\n"));
    let to = empty_line.map_or(text.len(), |at| at + 1);
    lexer.jump(to);
    Found { from, to, kind: Kind::HasData }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_a_clause_and_no_column() {
        for sql in [
            "SELECT 1 FORMAT CSV",
            "select 1 format TSV settings max_threads = 1",
            "SELECT 1 FORMAT Null -- x",
        ] {
            assert!(names_a_format(sql.as_bytes()), "{sql}");
        }
        for sql in [
            "SELECT 1",
            "SELECT format FROM t",
            "SELECT a AS format",
            "SELECT 'FORMAT CSV'",
            "SELECT format, b FROM t SETTINGS x = 1",
        ] {
            assert!(!names_a_format(sql.as_bytes()), "{sql}");
        }
    }

    fn texts(sql: &str) -> Vec<&str> {
        split(sql.as_bytes()).iter().map(|statement| std::str::from_utf8(statement.text).unwrap()).collect()
    }

    fn kinds(sql: &str) -> Vec<Kind<'_>> {
        split(sql.as_bytes()).iter().map(|statement| statement.kind).collect()
    }

    #[test]
    fn statements_end_at_semicolons_and_empty_ones_are_left_out() {
        assert_eq!(texts("SELECT 1; SELECT 2 ;\n; -- end\n"), ["SELECT 1", "SELECT 2"]);
        assert_eq!(texts(" \n-- nothing\n"), Vec::<&str>::new());
        assert_eq!(split(b"-- a\nSELECT 1;\n\nSELECT\n2")[1].line, 4);
    }

    #[test]
    fn a_semicolon_in_quotes_comments_and_heredocs_is_no_end() {
        for sql in [
            r"SELECT 'a;b'",
            r"SELECT 'it\'s;', 'it''s;'",
            r#"SELECT ";" FROM `a;b`"#,
            "SELECT 1 -- ;\n, 2",
            "SELECT 1 // ;\n, 2",
            "SELECT 1 # ;\n, 2",
            "SELECT 1 #!;\n, 2",
            "SELECT /* ; /* ; */ ; */ 1",
            "SELECT $x$;'$x$, $$;$$",
            "SELECT ‘;’, “;”",
        ] {
            assert_eq!(texts(&format!("{sql}; SELECT 2")), [sql, "SELECT 2"]);
        }
        assert_eq!(texts("SELECT 1 - -1, a$b; SELECT $c"), ["SELECT 1 - -1, a$b", "SELECT $c"]);
    }

    #[test]
    fn an_insert_without_data_wants_them_from_stdin() {
        for sql in [
            "INSERT INTO t FORMAT JSONEachRow",
            "insert into t (a, b) format CSV;",
            "INSERT INTO t SETTINGS async_insert = 0 FORMAT `JSONEachRow` -- rows follow",
            "INSERT INTO t VALUES",
            "INSERT INTO t SELECT a FROM input('a Int8') FORMAT CSV",
            "INSERT INTO t FORMAT JSONEachRow SETTINGS a = 1",
        ] {
            assert_eq!(kinds(sql), [Kind::WantsData], "{sql}");
        }
        for sql in ["INSERT INTO t", "INSERT INTO db.format (values)", "INSERT INTO `values`"] {
            assert_eq!(kinds(sql), [Kind::WantsFormatAndData], "{sql}");
        }
        for sql in [
            "INSERT INTO t SELECT 1",
            "INSERT INTO t (SELECT 1)",
            "INSERT INTO t FROM INFILE 'x'",
            "SELECT 1",
        ] {
            assert_eq!(kinds(sql), [Kind::Whole], "{sql}");
        }
    }

    #[test]
    fn inline_values_end_at_the_semicolon_and_formatted_data_at_an_empty_line() {
        let sql = "INSERT INTO t VALUES (1, ';'), (2, 'b'); SELECT 1";
        assert_eq!(texts(sql), ["INSERT INTO t VALUES (1, ';'), (2, 'b')", "SELECT 1"]);
        assert_eq!(kinds(sql), [Kind::HasData, Kind::Whole]);
        let sql = "INSERT INTO t FORMAT CSV\n1,a;'b\n2,c\n\nSELECT 1;";
        assert_eq!(texts(sql), ["INSERT INTO t FORMAT CSV\n1,a;'b\n2,c", "SELECT 1"]);
        assert_eq!(split(sql.as_bytes())[1].line, 5);
        assert_eq!(texts("INSERT INTO t FORMAT JSONEachRow {\"a\": \";\"}").len(), 1);
    }

    #[test]
    fn use_and_set_are_known() {
        assert_eq!(
            kinds("USE `a b`; SET x = 1, y = ';'"),
            [Kind::Use(b"`a b`"), Kind::Set(b"x = 1, y = ';'")]
        );
    }
}
