//! A cursor over JSON text: tokens, strings, numbers, skipping.
//!
//! The one constraint: the text is UTF-8 already (checked once for the whole line), so that no string is checked again.

use crate::error::{EncodeErrorKind, Encoded, Fail};
use crate::scan::plain_run;

/// JSON nesting that skipping follows. A tag takes a level of its own, hence twice the data's limit and some.
const SKIP_DEPTH: usize = 320;

/// The kinds of JSON value, as their first byte tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// A string between its quotes, escapes not yet resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawString<'t> {
    pub(crate) raw: &'t [u8],
    pub(crate) escaped: bool,
    /// Offset of the first byte after the quote.
    pub(crate) at: usize,
}

/// The cursor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'t> {
    pub(crate) text: &'t [u8],
    pub(crate) at: usize,
    /// Failures carry no facts: a union is trying a branch.
    pub(crate) quiet: bool,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Reader { text, at: 0, quiet: false }
    }

    /// The next byte that is no white space, without taking it.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// The kind of the next value.
    #[inline]
    pub(crate) fn kind(&mut self) -> Encoded<Kind> {
        match self.peek() {
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'{') => Ok(Kind::Object),
            Some(b'n') => Ok(Kind::Null),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'[') => Ok(Kind::Array),
            _ => Err(self.syntax("a value")),
        }
    }

    /// Takes `byte` if it comes next.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, name: &str) -> Encoded {
        if self.take(byte) { Ok(()) } else { Err(self.syntax(name)) }
    }

    /// Takes a comma (true) or the closing bracket (false).
    #[inline]
    pub(crate) fn comma_or(&mut self, close: u8, name: &str) -> Encoded<bool> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.syntax(name)),
        }
    }

    /// Takes `word` (`null`, `true`, `false`).
    pub(crate) fn word(&mut self, word: &str) -> Encoded {
        let rest = &self.text[self.at..];
        let ends = |byte: Option<&u8>| !byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if rest.starts_with(word.as_bytes()) && ends(rest.get(word.len())) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.syntax("a value"))
        }
    }

    /// Takes `key`, which is a quoted name and its colon, if exactly these bytes come next.
    #[inline]
    pub(crate) fn take_exactly(&mut self, key: &[u8]) -> bool {
        let found = self.text[self.at..].starts_with(key);
        if found {
            self.at += key.len();
        }
        found
    }

    /// Takes a string; `name` says what it is in the failure.
    #[inline]
    pub(crate) fn raw_string(&mut self, name: &str) -> Encoded<RawString<'t>> {
        self.expect(b'"', name)?;
        let start = self.at;
        let mut end = start + plain_run(&self.text[start..]);
        let mut escaped = false;
        loop {
            match self.text.get(end) {
                Some(b'"') => {
                    self.at = end + 1;
                    return Ok(RawString { raw: &self.text[start..end], escaped, at: start });
                }
                Some(b'\\') if end + 1 < self.text.len() => {
                    escaped = true;
                    end += 2;
                }
                Some(byte) if *byte >= 0x20 && *byte != b'\\' => end += 1,
                _ => {
                    self.at = end.min(self.text.len());
                    return Err(self.syntax("the rest of a string"));
                }
            }
            end += plain_run(&self.text[end..]);
        }
    }

    /// Takes a number as its text, checked against JSON's grammar; also whether it has neither fraction nor exponent.
    pub(crate) fn number(&mut self) -> Encoded<(&'t [u8], bool)> {
        let start = self.at;
        let mut at = start + usize::from(self.text.get(start) == Some(&b'-'));
        let digits = |from: usize| self.text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let whole = digits(at);
        let mut good = whole == 1 || (whole > 1 && self.text[at] != b'0');
        at += whole;
        let mut integral = true;
        if self.text.get(at) == Some(&b'.') {
            let count = digits(at + 1);
            good &= count > 0;
            integral = false;
            at += 1 + count;
        }
        if let Some(b'e' | b'E') = self.text.get(at) {
            at += 1 + usize::from(matches!(self.text.get(at + 1), Some(b'+' | b'-')));
            let count = if at <= self.text.len() { digits(at) } else { 0 };
            good &= count > 0;
            integral = false;
            at += count;
        }
        if !good {
            return Err(self.syntax("a number"));
        }
        self.at = at;
        Ok((&self.text[start..at], integral))
    }

    /// Takes an integer of at most 18 digits; None, with nothing taken, for all else.
    #[inline]
    pub(crate) fn small_integer(&mut self) -> Option<i64> {
        let rest = &self.text[self.at..];
        let negative = rest.first() == Some(&b'-');
        let digits = &rest[usize::from(negative)..];
        let mut value = 0i64;
        let mut len = 0;
        for &byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            len += 1;
            if len > 18 {
                return None;
            }
            value = value * 10 + i64::from(digit);
        }
        let ends = !matches!(digits.get(len), Some(b'.' | b'e' | b'E'));
        if len == 0 || !ends || (len > 1 && digits[0] == b'0') {
            return None;
        }
        self.at += len + usize::from(negative);
        Some(if negative { -value } else { value })
    }

    /// Takes any value without looking into it further than brackets, commas and tokens go.
    pub(crate) fn skip(&mut self) -> Encoded {
        let mut open = [false; SKIP_DEPTH]; // true for an object
        let mut depth = 0;
        loop {
            match self.kind()? {
                Kind::Null => self.word("null")?,
                Kind::Bool => self.boolean().map(drop)?,
                Kind::Number => self.number().map(drop)?,
                Kind::String => self.raw_string("a string").map(drop)?,
                kind => {
                    if depth == SKIP_DEPTH {
                        return Err(self.fail(
                            EncodeErrorKind::TooDeep,
                            "320 levels",
                            "deeper nesting",
                            self.at,
                        ));
                    }
                    self.at += 1;
                    open[depth] = kind == Kind::Object;
                    depth += 1;
                    let close = if kind == Kind::Object { b'}' } else { b']' };
                    if self.take(close) {
                        depth -= 1;
                    } else {
                        if kind == Kind::Object {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
            }
            // A value is over: close what closes here, then go on behind a comma.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = open[depth - 1];
                let (close, name) = if object { (b'}', "\",\" or \"}\"") } else { (b']', "\",\" or \"]\"") };
                if self.comma_or(close, name)? {
                    if object {
                        self.skip_key()?;
                    }
                    break;
                }
                depth -= 1;
            }
        }
    }

    fn skip_key(&mut self) -> Encoded {
        self.raw_string("a key in quotes")?;
        self.expect(b':', "\":\"")
    }

    /// Takes `true` or `false`.
    #[inline]
    pub(crate) fn boolean(&mut self) -> Encoded<bool> {
        let value = self.text.get(self.at) == Some(&b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// Checks that only white space is left.
    pub(crate) fn end(&mut self) -> Encoded {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.syntax("the end of the line")),
        }
    }

    /// A failure of JSON's grammar here.
    #[cold]
    pub(crate) fn syntax(&mut self, expected: &str) -> Fail {
        if self.quiet {
            return Fail::QUIET;
        }
        let got = match self
            .text
            .get(self.at..)
            .map(String::from_utf8_lossy)
            .and_then(|rest| rest.chars().next())
        {
            None => "the end of the text".to_owned(),
            Some(c) => format!("\"{}\"", c.escape_debug()),
        };
        Fail::new(EncodeErrorKind::Syntax, expected, got, self.at)
    }

    /// A failure at `offset`.
    #[cold]
    pub(crate) fn fail(&self, kind: EncodeErrorKind, expected: &str, got: &str, offset: usize) -> Fail {
        if self.quiet { Fail::QUIET } else { Fail::new(kind, expected, got, offset) }
    }

    /// A failure about the value at `offset`, described from the text.
    #[cold]
    pub(crate) fn refuse(&self, kind: EncodeErrorKind, expected: &str, offset: usize) -> Fail {
        if self.quiet {
            return Fail::QUIET;
        }
        // A token that is broken in itself is better named as such.
        let mut probe = Reader { at: offset, ..*self };
        match probe.skip() {
            Err(fail) => fail,
            Ok(()) => Fail::new(kind, expected, describe(&self.text[offset..probe.at]), offset),
        }
    }
}

/// `string "x"`, `number 5`, `object {"a":1…`, at most 40 characters of it.
pub(crate) fn describe(value: &[u8]) -> String {
    let kind = match value.first() {
        Some(b'"') => "string ",
        Some(b'{') => "object ",
        Some(b'[') => "array ",
        Some(b'-' | b'0'..=b'9') => "number ",
        _ => "",
    };
    format!("{kind}{}", shorten(&String::from_utf8_lossy(value)))
}

/// At most 40 characters, control characters escaped.
pub(crate) fn shorten(text: &str) -> String {
    let mut short = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == 40 {
            short.push('…');
            break;
        }
        if c.is_control() { short.extend(c.escape_default()) } else { short.push(c) }
    }
    short
}

impl RawString<'_> {
    /// Appends the string's bytes, escapes resolved.
    pub(crate) fn unescape(&self, out: &mut Vec<u8>, quiet: bool) -> Encoded {
        let fault = |kind, expected: &str, got: &str, at: usize| {
            Err(if quiet { Fail::QUIET } else { Fail::new(kind, expected, got, self.at + at) })
        };
        let mut at = 0;
        while at < self.raw.len() {
            let run = plain_run(&self.raw[at..]);
            out.extend_from_slice(&self.raw[at..at + run]);
            at += run;
            let Some(&[_, code]) = self.raw.get(at..at + 2).and_then(|pair| pair.first_chunk::<2>()) else {
                break;
            };
            let plain = match code {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'b' => 8,
                b'f' => 12,
                b'"' | b'\\' | b'/' => code,
                b'u' => {
                    let Some(unit) = hex4(self.raw, at + 2) else {
                        return fault(EncodeErrorKind::Syntax, "four hex digits after \\u", "others", at);
                    };
                    let (c, len) = match unit {
                        0xd800..0xdc00 => match hex4(self.raw, at + 8) {
                            Some(low @ 0xdc00..0xe000) if self.raw[at + 6..].starts_with(b"\\u") => {
                                (char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)), 12)
                            }
                            _ => (None, 6),
                        },
                        unit => (char::from_u32(unit), 6),
                    };
                    let Some(c) = c else {
                        let got = format!("\\u{unit:04x}");
                        return fault(EncodeErrorKind::LoneSurrogate, "a whole surrogate pair", &got, at);
                    };
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    at += len;
                    continue;
                }
                _ => return fault(EncodeErrorKind::Syntax, "an escape that JSON knows", "another", at),
            };
            out.push(plain);
            at += 2;
        }
        Ok(())
    }
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, &b| Some(value * 16 + char::from(b).to_digit(16)?))
}
