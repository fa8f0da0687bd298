//! Just enough of ClickHouse's lexer: words, quoted things, single characters. Comments and white space are passed over.
//! See `src/Parsers/Lexer.cpp` in ClickHouse, whose rules these are: `--`, `//`, `# ` and `#!` comments, nested `/* */`,
//! backslashes and doubled quotes, heredocs, and quotation marks from a word processor.

use memchr::memmem;

/// A piece of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A bare identifier, keyword or number.
    Word(&'a [u8]),
    /// A string, a quoted identifier or a heredoc.
    Quoted,
    /// One other byte.
    Other(u8),
}

impl Token<'_> {
    /// Whether it is this keyword.
    pub(crate) fn is_word(self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword.as_bytes()))
    }
}

/// Walks over SQL.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Lexer<'a> {
        Lexer { text, at: 0 }
    }

    /// Where the next token is looked for.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn jump(&mut self, to: usize) {
        self.at = to;
    }

    /// The next token and where it begins.
    pub(crate) fn next_token(&mut self) -> Option<(usize, Token<'a>)> {
        self.skip_blank();
        let from = self.at;
        let rest = &self.text[from..];
        let (length, token) = match *rest.first()? {
            quote @ (b'\'' | b'"' | b'`') => (quoted_length(rest, quote), Token::Quoted),
            b'$' => match heredoc_length(rest) {
                Some(length) => (length, Token::Quoted),
                None => word(rest),
            },
            byte if is_word(byte) => word(rest),
            byte => match curly_quoted_length(rest) {
                Some(length) => (length, Token::Quoted),
                None => (1, Token::Other(byte)),
            },
        };
        self.at = from + length;
        Some((from, token))
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += match rest {
                [byte, ..] if byte.is_ascii_whitespace() => 1,
                [b'-', b'-', ..] | [b'/', b'/', ..] | [b'#', b' ' | b'!', ..] => {
                    memchr::memchr(b'\n', rest).unwrap_or(rest.len())
                }
                [b'/', b'*', ..] => block_comment_length(rest),
                // A byte order mark, which editors leave at the beginning of a file.
                [0xef, 0xbb, 0xbf, ..] => 3,
                _ => return,
            };
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

fn word(rest: &[u8]) -> (usize, Token<'_>) {
    let length = rest.iter().position(|&byte| !is_word(byte)).unwrap_or(rest.len());
    (length, Token::Word(&rest[..length]))
}

/// To the closing quote, which a backslash or a doubled quote keeps from closing; to the end when there is none.
fn quoted_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(found) = memchr::memchr2(quote, b'\\', &rest[at.min(rest.len())..]) {
        at += found;
        if rest[at] == b'\\' || rest.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    rest.len()
}

fn block_comment_length(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while let Some(found) = memchr::memchr2(b'*', b'/', &rest[at.min(rest.len())..]) {
        at += found;
        match rest[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// `$tag$ … $tag$`.
fn heredoc_length(rest: &[u8]) -> Option<usize> {
    let tag = 1 + rest[1..].iter().position(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))?;
    let mark = rest.get(..=tag).filter(|mark| mark.ends_with(b"$"))?;
    memmem::find(&rest[mark.len()..], mark).map(|at| at + 2 * mark.len())
}

fn curly_quoted_length(rest: &[u8]) -> Option<usize> {
    let [open, close] =
        [["‘", "’"], ["“", "”"]].into_iter().find(|[open, _]| rest.starts_with(open.as_bytes()))?;
    memmem::find(rest, close.as_bytes()).map(|at| at + close.len()).or(Some(open.len()))
}
