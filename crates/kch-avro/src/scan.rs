//! Looking for the bytes that JSON strings treat specially, eight at a time in one register.
//!
//! The one constraint: no unsafe code and no processor features; a `u64` does it everywhere.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte that is a quote, a backslash or a control character. Exact for the lowest such byte, which is
/// all that is asked; bytes from 0x80 on never count.
#[inline]
fn specials(chunk: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(chunk);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * 0x22);
    let slash = word ^ (ONES * 0x5c);
    (control | (quote.wrapping_sub(ONES) & !quote) | (slash.wrapping_sub(ONES) & !slash)) & HIGH
}

/// How many bytes come before the first quote, backslash or control character. Eight at a time, in one register.
#[inline]
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let found = specials(*chunk);
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + bytes[at..].iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len() - at)
}

/// Whether all bytes are ASCII that JSON strings hold as they are.
#[inline]
pub(crate) fn is_plain_ascii(bytes: &[u8]) -> bool {
    let not_plain = |chunk: &[u8; 8]| specials(*chunk) | (u64::from_le_bytes(*chunk) & HIGH);
    let (chunks, rest) = bytes.as_chunks::<8>();
    let found = chunks.iter().fold(0, |found, chunk| found | not_plain(chunk));
    if found != 0 {
        return false;
    }
    match bytes.last_chunk::<8>() {
        // The last eight bytes: some are looked at twice.
        Some(last) => rest.is_empty() || not_plain(last) == 0,
        None => rest.iter().all(|b| (0x20..0x80).contains(b) && !matches!(b, b'"' | b'\\')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_agree_with_one_byte_at_a_time() {
        let special = |b: &u8| matches!(b, b'"' | b'\\' | 0..0x20);
        for length in 0..20 {
            for at in 0..length {
                for byte in 0..=255u8 {
                    let mut bytes = vec![b' '; length];
                    bytes[length - 1] = 0x7f;
                    bytes[at] = byte;
                    assert_eq!(
                        plain_run(&bytes),
                        bytes.iter().position(special).unwrap_or(length),
                        "{bytes:?}"
                    );
                    assert_eq!(
                        is_plain_ascii(&bytes),
                        bytes.iter().all(|b| *b < 0x80 && !special(b)),
                        "{bytes:?}"
                    );
                }
            }
        }
    }
}
