//! A column's type as ClickHouse writes it, taken apart.

/// A type as ClickHouse writes it: `Name(arguments)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written<'a> {
    pub(crate) name: &'a str,
    pub(crate) arguments: Vec<&'a str>,
}

impl std::fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.arguments[..] {
            [] => f.write_str(self.name),
            arguments => write!(f, "{}({})", self.name, arguments.join(", ")),
        }
    }
}

impl<'a> Written<'a> {
    pub(crate) fn parse(text: &'a str) -> Written<'a> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once('(') else {
            return Written { name: text, arguments: Vec::new() };
        };
        Written { name: name.trim(), arguments: split(rest.strip_suffix(')').unwrap_or(rest)) }
    }

    pub(crate) fn number(&self, at: usize) -> Option<usize> {
        self.arguments.get(at)?.parse().ok()
    }

    fn inner(&self) -> Written<'a> {
        Written::parse(self.arguments.last().copied().unwrap_or_default())
    }

    /// Without `LowCardinality` and `Nullable`, and whether the latter was there.
    pub(crate) fn unwrapped(&self) -> (Written<'a>, bool) {
        match self.name {
            "LowCardinality" => self.inner().unwrapped(),
            "Nullable" => (self.inner().unwrapped().0, true),
            _ => (self.clone(), false),
        }
    }
}

/// The parts between commas that stand in no brackets and no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(_), b'\\') => drop(bytes.next()),
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'`') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            (None, b',') if depth == 0 => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(text[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}
