//! Input that is packed, where text is expected.

/// The program that unpacks what begins with these bytes; `None` for what is not packed.
#[must_use]
pub fn unpacker(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("zcat"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstdcat"),
        [b'B', b'Z', b'h', ..] => Some("bzcat"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xzcat"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::unpacker;

    #[test]
    fn what_is_packed_is_known_by_its_first_bytes() {
        assert_eq!(unpacker(b"\x1f\x8b\x08"), Some("zcat"));
        assert_eq!(unpacker(b"{\"id\":1}"), None);
    }
}
