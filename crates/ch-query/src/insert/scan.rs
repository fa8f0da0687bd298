//! JSON taken apart without building a tree, as slices of the line: by brackets and quotes only. What is found so is JSON only
//! where the line is; who needs to know asks serde.

/// What of the line has not been read.
pub(super) struct Rest<'a>(pub(super) &'a [u8]);

impl<'a> Rest<'a> {
    pub(super) fn literal(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    fn byte(&mut self, expected: u8) -> Option<()> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        (first == expected).then_some(())
    }

    pub(super) fn integer(&mut self) -> Option<i64> {
        let length = self.0.iter().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Passes over what ClickHouse takes for white space.
    fn blank(&mut self) {
        while let [first, rest @ ..] = self.0
            && is_blank(*first)
        {
            self.0 = rest;
        }
    }

    /// What stands between the quotes of a string, escapes as they are written.
    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.0.starts_with(b"\"").then(|| string_length(self.0))??;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(&text[1..length - 1])
    }

    /// One JSON value, by its brackets and quotes only: the server looks at the rest of it.
    pub(super) fn value(&mut self) -> Option<&'a [u8]> {
        let length = match self.0.first()? {
            b'"' => string_length(self.0)?,
            b'{' | b'[' => nested_length(self.0)?,
            _ => self.0.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?,
        };
        let (value, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(value)
    }
}

/// The items of an array, up to where it is none.
pub(super) fn items(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Rest(array);
    let mut more = rest.byte(b'[').is_some();
    std::iter::from_fn(move || {
        rest.blank();
        if !more || rest.0.starts_with(b"]") {
            return None;
        }
        let item = without_blank_end(rest.value()?);
        rest.blank();
        more = rest.byte(b',').is_some();
        Some(item)
    })
}

/// Names and values of an object, up to where it is none; in names, escapes are as they are written.
pub(super) fn members(object: &[u8]) -> Members<'_> {
    let mut rest = Rest(object);
    let more = rest.byte(b'{').is_some();
    rest.blank();
    Members { rest, more }
}

/// See [`members`].
pub(super) struct Members<'a> {
    rest: Rest<'a>,
    more: bool,
}

impl<'a> Members<'a> {
    /// The next member's value, if the member begins with exactly this: its name in quotes, and the colon.
    pub(super) fn next_if(&mut self, key: &[u8]) -> Option<&'a [u8]> {
        self.more.then(|| self.rest.literal(key))??;
        self.value()
    }

    fn value(&mut self) -> Option<&'a [u8]> {
        self.rest.blank();
        let value = without_blank_end(self.rest.value()?);
        self.rest.blank();
        self.more = self.rest.byte(b',').is_some();
        self.rest.blank();
        Some(value)
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.more.then(|| self.rest.string())??;
        self.rest.blank();
        self.rest.byte(b':')?;
        Some((name, self.value()?))
    }
}

/// Whether the text is one object or array, and nothing behind it.
pub(super) fn is_one_value(text: &[u8]) -> bool {
    nested_length(text) == Some(text.len())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn without_blank_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text
        && is_blank(*last)
    {
        text = rest;
    }
    text
}

/// The length of the string that `text` begins with, quotes included.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn nested_length(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => at += string_length(&text[at..])?,
            b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
            b'}' | b']' if depth == 1 => return Some(at + 1),
            b'}' | b']' => (at, depth) = (at + 1, depth - 1),
            _ => at += 1,
        }
    }
}
