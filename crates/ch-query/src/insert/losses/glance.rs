//! Values that are kept beyond doubt, seen at a glance.
//!
//! Each value of a load is looked at, and nearly all are plain: a number of few digits, a day of this century. A loop over
//! their bytes is several times faster than the whole rule (`make bench`, insert), which is asked about all others.

use super::numbers::Whole;

/// An integer without a sign, in digits that are no more than the bound's.
pub(super) fn whole(json: &[u8], kept: &Whole) -> bool {
    let bound = kept.highest.as_bytes();
    let fits = json.len() < bound.len() || json.len() == bound.len() && json <= bound;
    fits && !json.is_empty() && are_digits(json)
}

/// A number without an exponent that has no more digits than fit the smallest type's largest value.
pub(super) fn float(json: &[u8]) -> bool {
    !json.is_empty() && json.len() <= 38 && json.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'))
}

/// Digits, and no more of them behind the point than there are places.
pub(super) fn decimal(json: &[u8], places: usize) -> bool {
    match json.iter().position(|&byte| byte == b'.') {
        None => !json.is_empty() && are_digits(json),
        Some(point) => {
            let (whole, fraction) = (&json[..point], &json[point + 1..]);
            json.len() > 1 && fraction.len() <= places && are_digits(whole) && are_digits(fraction)
        }
    }
}

/// One of the first 28 days of a month, in the years that all types keep.
pub(super) fn day(json: &[u8]) -> bool {
    let &[b'"', a, b, c, d, b'-', m, n, b'-', e, f, ..] = json else { return false };
    are_digits(&[a, b, c, d, m, n, e, f])
        && (*b"1971"..=*b"2105").contains(&[a, b, c, d])
        && (*b"01"..=*b"12").contains(&[m, n])
        && (*b"01"..=*b"28").contains(&[e, f])
}

fn are_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::super::days::Days;
    use super::super::numbers;
    use super::*;

    /// All texts of up to six of these characters; and longer ones around each of them.
    fn texts() -> impl Iterator<Item = String> {
        const OF: &[u8] = b"0127.-e\"";
        let all = (1..=6).flat_map(|length| {
            (0..OF.len().pow(length)).map(move |mut n| {
                let character = |_| {
                    let at = n % OF.len();
                    n /= OF.len();
                    char::from(OF[at])
                };
                (0..length).map(character).collect::<String>()
            })
        });
        all.flat_map(|text| [format!("\"2026-{text}"), format!("\"21{text}-11-25\""), text])
    }

    #[test]
    fn what_a_glance_lets_by_is_kept_by_the_whole_rule() {
        let types = ["UInt8", "Int8", "UInt16", "Int64"].map(|name| Whole::named(name).unwrap());
        let mut plain = [0; 4];
        for text in texts() {
            let json = text.as_bytes();
            for kept in &types {
                if whole(json, kept) {
                    plain[0] += 1;
                    assert_eq!(kept.fault(&text), None, "{text} {kept}");
                }
            }
            if float(json) {
                plain[1] += 1;
                assert!(numbers::finite(&text, 32), "{text}");
            }
            for places in 0..3 {
                if decimal(json, places) {
                    plain[2] += 1;
                    assert!(numbers::decimal(&text, places), "{text} {places}");
                }
            }
            if day(json) {
                plain[3] += 1;
                for days in [Days::Date, Days::Date32, Days::DateTime, Days::DateTime64] {
                    assert_eq!(days.fault(&text), None, "{text} {days:?}");
                }
            }
        }
        assert!(plain.iter().all(|&count| count > 0), "{plain:?}");
        assert!(float(&[b'9'; 38]) && numbers::finite(&"9".repeat(38), 32));
    }
}
