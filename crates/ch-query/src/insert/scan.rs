//! JSON taken apart without building a tree, as slices of the line: by brackets and quotes only. What is found so is JSON only
//! where the line is; who needs to know asks serde.

/// What of the line has not been read.
pub(super) struct Rest<'a>(pub(super) &'a [u8]);

impl<'a> Rest<'a> {
    pub(super) fn literal(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    pub(super) fn integer(&mut self) -> Option<i64> {
        let length = self.0.iter().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Passes over white space.
    pub(super) fn blank(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    /// A string without its quotes; none where there is a backslash in it.
    pub(super) fn plain_string(&mut self) -> Option<&'a [u8]> {
        self.literal(b"\"")?;
        let end = memchr::memchr2(b'"', b'\\', self.0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix(b"\"")?;
        Some(text)
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
