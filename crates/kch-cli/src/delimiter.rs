//! What stands between the cells of a line of CSV.

/// Reads one character, as `;`, or the word `tab`.
///
/// # Errors
/// What is accepted, when it is something else.
pub fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        &[byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(&byte) => Ok(byte),
        _ => Err("expected one character, as ; or |, or the word tab".to_owned()),
    }
}

/// The flag for a first line of CSV that is one cell, since another delimiter than a comma stands in it.
#[must_use]
pub fn other_delimiter(line: &str) -> Option<&'static str> {
    let flags = [('\t', "--delimiter tab"), (';', "--delimiter ';'"), ('|', "--delimiter '|'")];
    flags.into_iter().find(|(delimiter, _)| line.contains(*delimiter)).map(|(_, flag)| flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_one_character() {
        assert_eq!(parse_delimiter(";"), Ok(b';'));
        assert_eq!(parse_delimiter("tab"), Ok(b'\t'));
        assert!(["", "ab", "a", "\"", "é"].iter().all(|text| parse_delimiter(text).is_err()));
    }

    #[test]
    fn another_delimiter_is_seen_in_the_first_line() {
        assert_eq!(other_delimiter("id;name"), Some("--delimiter ';'"));
        assert_eq!(other_delimiter("id\tname"), Some("--delimiter tab"));
        assert_eq!(other_delimiter("id"), None);
    }
}
