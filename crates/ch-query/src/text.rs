//! That the lines which we call JSON are text. A ClickHouse String may hold any bytes, and prints them as they are: no JSON
//! line can hold them, and no reader of JSON takes them.

use serde_json::Value;

/// Where bytes that are no text begin, if some are.
pub(crate) fn first_that_is_none(bytes: &[u8]) -> Option<usize> {
    std::str::from_utf8(bytes).err().map(|error| error.valid_up_to())
}

/// The length without a last character of which only a part is there.
pub(crate) fn whole_characters(bytes: &[u8]) -> usize {
    let last = bytes.iter().rev().take(3).position(|byte| byte & 0xc0 != 0x80);
    let Some(at) = last.map(|from_end| bytes.len() - 1 - from_end) else { return bytes.len() };
    let length = match bytes[at] {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    };
    if at + length > bytes.len() { at } else { bytes.len() }
}

/// The column whose value is not whole in this beginning of a line.
pub(crate) fn column(line: &[u8]) -> Option<String> {
    let (mut depth, mut at, mut column) = (0, 0, None);
    while let Some(byte) = line.get(at) {
        let mut next = at + 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => {
                next = end_of_string(line, at);
                if depth == 1 && line.get(next) == Some(&b':') {
                    column = Some(&line[at..next]);
                }
            }
            _ => {}
        }
        at = next;
    }
    match serde_json::from_slice(column?) {
        Ok(Value::String(name)) => Some(name),
        _ => None,
    }
}

/// Behind the string that begins at `from`, or the end.
fn end_of_string(line: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    loop {
        match line.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => return line.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_is_found_before_the_bytes() {
        let column = |line: &str| column(line.as_bytes());
        assert_eq!(column(r#"{"a":1,"b\"c":"x"#).as_deref(), Some("b\"c"));
        assert_eq!(column(r#"{"a":{"k":"v","l":["#).as_deref(), Some("a"));
        assert_eq!(column(r#"{"a":[{"k":1}],"z":"{\"q\":"#).as_deref(), Some("z"));
        assert_eq!(column(r#"{"a"#), None);
        assert_eq!(column(""), None);
    }

    #[test]
    fn a_character_is_not_cut_in_two() {
        for character in ["a", "é", "€", "🦀"] {
            let text = format!("x{character}");
            for end in 1..=text.len() {
                let whole = if end == text.len() { end } else { 1 };
                assert_eq!(whole_characters(&text.as_bytes()[..end]), whole, "{text} {end}");
            }
        }
        assert_eq!(whole_characters(b""), 0);
        assert_eq!(first_that_is_none("aé".as_bytes()), None);
        assert_eq!(first_that_is_none(b"a\xff"), Some(1));
    }
}
