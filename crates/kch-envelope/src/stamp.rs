//! A record's time as text. Records that follow each other share the second: its text is kept.

use jiff::Timestamp;

/// The first second of the year 0; the last one of 9999 is the library's.
const YEAR_0: i64 = -62_167_219_200;

/// Prints times, and remembers the text of the last second.
#[derive(Debug, Default)]
pub struct Stamp {
    second: Option<i64>,
    text: String,
}

impl Stamp {
    /// Appends `"2026-11-22T10:00:00.123Z"`, `null` for a record without a time, and the bare number of milliseconds
    /// for a time outside of the years 0 to 9999.
    pub fn print(&mut self, millis: Option<i64>, out: &mut Vec<u8>) {
        let Some(millis) = millis else {
            out.extend_from_slice(b"null");
            return;
        };
        let (second, fraction) = (millis.div_euclid(1000), millis.rem_euclid(1000));
        if self.second != Some(second) {
            let time = Timestamp::from_second(second).ok().filter(|_| second >= YEAR_0);
            self.text = time.map(|time| format!("\"{time:.0}")).unwrap_or_default();
            self.second = Some(second);
        }
        // `"2026-11-22T10:00:00Z` without its Z.
        match self.text.strip_suffix('Z') {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                let digit = |by: i64| b'0' + u8::try_from(fraction / by % 10).unwrap_or(0);
                out.extend_from_slice(&[b'.', digit(100), digit(10), digit(1), b'Z', b'"']);
            }
            None => out.extend_from_slice(itoa::Buffer::new().format(millis).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_with_milliseconds() {
        let mut stamp = Stamp::default();
        let mut print = |millis| {
            let mut out = Vec::new();
            stamp.print(millis, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(print(None), "null");
        assert_eq!(print(Some(1_795_341_600_123)), "\"2026-11-22T10:00:00.123Z\"");
        assert_eq!(print(Some(1_795_341_600_007)), "\"2026-11-22T10:00:00.007Z\"");
        assert_eq!(print(Some(0)), "\"1970-01-01T00:00:00.000Z\"");
        assert_eq!(print(Some(-1)), "\"1969-12-31T23:59:59.999Z\"");
        assert_eq!(print(Some(253_402_207_200_999)), "\"9999-12-30T22:00:00.999Z\"");
        assert_eq!(print(Some(253_402_300_800_000)), "253402300800000");
        assert_eq!(print(Some(i64::MAX)), i64::MAX.to_string());
    }
}
