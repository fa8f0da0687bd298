//! Java's `.properties`: how connectors of a standalone worker are kept.

/// The pairs in `text`, in order.
///
/// # Errors
/// The number of a line that cannot be read, and why.
pub(crate) fn parse(text: &str) -> Result<Vec<(String, String)>, (usize, String)> {
    let mut pairs = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, first)) = lines.next() {
        let mut line = first.trim_start().to_owned();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        // An odd number of backslashes at the end goes on in the next line.
        while line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 {
            line.pop();
            match lines.next() {
                Some((_, next)) => line.push_str(next.trim_start()),
                None => break,
            }
        }
        let (key, value) = split(&line);
        let plain = |text: &str| unescape(text).map_err(|why| (number + 1, why));
        pairs.push((plain(key)?, plain(value)?));
    }
    Ok(pairs)
}

/// The key ends at the first `=`, `:` or white space that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let ends = !escaped && (matches!(c, '=' | ':') || c.is_whitespace());
        escaped = c == '\\' && !escaped;
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    (key, rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start())
}

fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
                let c =
                    code.and_then(char::from_u32).ok_or_else(|| format!("\\u{digits} is no character"))?;
                out.push(c);
            }
            Some(c) => out.push(c),
            None => {}
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn javas_rules_are_kept() {
        let text = "# comment\n! another\n\n name=local-sink\nconnector.class = FileStreamSink\n\
                    topics:a,\\\n   b\nfile /tmp/o\\u00e9\na\\ b\\=c=1 = 2 \\\\\nempty=\nbare\n";
        let pairs = parse(text).unwrap();
        let expected = [
            ("name", "local-sink"),
            ("connector.class", "FileStreamSink"),
            ("topics", "a,b"),
            ("file", "/tmp/oé"),
            ("a b=c", "1 = 2 \\"),
            ("empty", ""),
            ("bare", ""),
        ];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(parse("a=1\nb=\\uzz"), Err((2, "\\uzz is no character".to_owned())));
    }
}
