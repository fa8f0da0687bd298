//! Schema files are named after their subjects: `orders-value.avsc`, or `orders-value.v2.avsc` for one version. What a file
//! system would not bear is percent-encoded.

use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What no file's name shall hold. The dot is dealt with by itself.
const HARMFUL: &AsciiSet = &CONTROLS
    .add(b'%')
    .add(b'/')
    .add(b'\\')
    .add(b':')
    .add(b'*')
    .add(b'?')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'|')
    .add(b' ');

/// The file's name for one version of a subject.
pub(crate) fn of_version(subject: &str, version: u32, extension: &str) -> String {
    let encoded = utf8_percent_encode(subject, HARMFUL).to_string();
    // Neither hidden, nor a step up.
    let encoded = encoded.strip_prefix('.').map_or_else(|| encoded.clone(), |rest| format!("%2E{rest}"));
    format!("{encoded}.v{version}.{extension}")
}

/// The subject and, where the name says it, the version.
pub(crate) fn subject(path: &Path) -> Option<(String, Option<u32>)> {
    let stem = path.file_stem()?.to_str()?;
    let (name, version) = match stem.rsplit_once(".v") {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            (name, number.parse().ok())
        }
        _ => (stem, None),
    };
    let name = percent_decode_str(name).decode_utf8().ok()?.into_owned();
    (!name.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_comes_back_out_of_its_files_name() {
        for name in ["orders-value", "com.acme.Order", ":.eu:a/b %c", "..", "é", "x.v2"] {
            let file = of_version(name, 3, "avsc");
            assert!(!file.starts_with('.') && !file.contains(['/', ':']), "{file}");
            assert_eq!(subject(Path::new(&file)), Some((name.to_owned(), Some(3))), "{file}");
        }
        assert_eq!(subject(Path::new("d/orders-value.avsc")), Some(("orders-value".into(), None)));
        assert_eq!(subject(Path::new("x.vat.avsc")), Some(("x.vat".into(), None)));
    }
}
