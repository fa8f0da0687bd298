//! The logical types of time: integers since an epoch and their RFC 3339 text.
//!
//! The one constraint: exact. Text with more digits than the unit holds is refused, a value outside the years 0000 to 9999
//! (or outside a day, for a time of day) has no text and stays an integer.

/// A logical type of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// Days since 1970-01-01, in an `int`.
    Date,
    /// Units since midnight: `int` for milliseconds, `long` for microseconds.
    OfDay(Unit),
    /// Units since 1970-01-01T00:00:00Z, in a `long`.
    Timestamp(Unit),
    /// Units since 1970-01-01T00:00:00 wherever the reader is, in a `long`.
    Local(Unit),
}

/// Parts of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    fn digits(self) -> usize {
        match self {
            Unit::Millis => 3,
            Unit::Micros => 6,
            Unit::Nanos => 9,
        }
    }

    fn per_second(self) -> i64 {
        match self {
            Unit::Millis => 1_000,
            Unit::Micros => 1_000_000,
            Unit::Nanos => 1_000_000_000,
        }
    }
}

/// Why a text is no value of a type of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another form of text.
    Form,
    /// The form is right; the value does not fit the unit or the integer.
    Range,
}

const DAY: i64 = 86_400;

impl Time {
    /// Whether the integer underneath is an `int`, not a `long`.
    pub(crate) fn is_int(self) -> bool {
        matches!(self, Time::Date | Time::OfDay(Unit::Millis))
    }

    /// The name in a schema.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Time::Date => "date",
            Time::OfDay(Unit::Millis) => "time-millis",
            Time::OfDay(_) => "time-micros",
            Time::Timestamp(Unit::Millis) => "timestamp-millis",
            Time::Timestamp(Unit::Micros) => "timestamp-micros",
            Time::Timestamp(Unit::Nanos) => "timestamp-nanos",
            Time::Local(Unit::Millis) => "local-timestamp-millis",
            Time::Local(Unit::Micros) => "local-timestamp-micros",
            Time::Local(Unit::Nanos) => "local-timestamp-nanos",
        }
    }

    /// An example of the text, for failures.
    pub(crate) fn form(self) -> &'static str {
        match self {
            Time::Date => "2026-11-22",
            Time::OfDay(_) => "10:00:00.123",
            Time::Timestamp(_) => "2026-11-22T10:00:00.123Z",
            Time::Local(_) => "2026-11-22T10:00:00.123",
        }
    }

    /// Appends the text of `value`, without quotes; false, with nothing appended, if it has none.
    pub(crate) fn print(self, value: i64, out: &mut Vec<u8>) -> bool {
        let mut text = Text { bytes: [0; 35], len: 0 };
        let good = match self {
            Time::Date => text.date(value),
            Time::OfDay(unit) => {
                let seconds = value.div_euclid(unit.per_second());
                if !(0..DAY).contains(&seconds) {
                    return false;
                }
                text.clock(seconds, value.rem_euclid(unit.per_second()), unit);
                true
            }
            Time::Timestamp(unit) | Time::Local(unit) => {
                let seconds = value.div_euclid(unit.per_second());
                let good = text.date(seconds.div_euclid(DAY));
                text.push(b'T');
                text.clock(seconds.rem_euclid(DAY), value.rem_euclid(unit.per_second()), unit);
                if matches!(self, Time::Timestamp(_)) {
                    text.push(b'Z');
                }
                good
            }
        };
        if good {
            out.extend_from_slice(&text.bytes[..text.len]);
        }
        good
    }

    /// The value of a text.
    pub(crate) fn parse(self, text: &[u8]) -> Result<i64, Fault> {
        let mut scan = Scan { rest: text };
        let value = match self {
            Time::Date => scan.date()?,
            Time::OfDay(unit) => scan.clock(unit).map(|(s, f)| s * unit.per_second() + f)?,
            Time::Timestamp(unit) | Time::Local(unit) => {
                let days = scan.date()?;
                scan.one_of(b"Tt ")?;
                let (seconds, fraction) = scan.clock(unit)?;
                let zone = if matches!(self, Time::Timestamp(_)) { scan.zone()? } else { 0 };
                let total = i128::from(days * DAY + seconds - zone) * i128::from(unit.per_second())
                    + i128::from(fraction);
                i64::try_from(total).map_err(|_| Fault::Range)?
            }
        };
        if scan.rest.is_empty() { Ok(value) } else { Err(Fault::Form) }
    }
}

/// `00` to `99`.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut at = 0;
    while at < 100 {
        pairs[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
        at += 1;
    }
    pairs
};

/// A text under construction; the longest is `2026-11-22T10:00:00.123456789Z`.
struct Text {
    bytes: [u8; 35],
    len: usize,
}

impl Text {
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// The last `count` digits of a value that is not negative, two at a time.
    fn digits(&mut self, value: i64, count: usize) {
        let mut value = value as u32;
        let mut at = self.len + count;
        while at >= self.len + 2 {
            at -= 2;
            self.bytes[at..at + 2].copy_from_slice(&PAIRS[(value % 100) as usize]);
            value /= 100;
        }
        if at > self.len {
            self.bytes[at - 1] = b'0' + (value % 10) as u8;
        }
        self.len += count;
    }

    /// False outside the years 0000 to 9999.
    fn date(&mut self, days: i64) -> bool {
        if !(FIRST_DAY..=LAST_DAY).contains(&days) {
            return false;
        }
        let (year, month, day) = civil(days);
        self.digits(year, 4);
        self.push(b'-');
        self.digits(month, 2);
        self.push(b'-');
        self.digits(day, 2);
        true
    }

    fn clock(&mut self, seconds: i64, fraction: i64, unit: Unit) {
        self.digits(seconds / 3600, 2);
        self.push(b':');
        self.digits(seconds / 60 % 60, 2);
        self.push(b':');
        self.digits(seconds % 60, 2);
        self.push(b'.');
        self.digits(fraction, unit.digits());
    }
}

/// 0000-01-01 and 9999-12-31 as days since 1970-01-01.
const FIRST_DAY: i64 = -719_528;
const LAST_DAY: i64 = 2_932_896;

/// Year, month, day of a day since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// The inverse of [`civil`].
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// A cursor over a text of time.
struct Scan<'t> {
    rest: &'t [u8],
}

impl Scan<'_> {
    fn one_of(&mut self, bytes: &[u8]) -> Result<u8, Fault> {
        match self.rest.split_first() {
            Some((byte, rest)) if bytes.contains(byte) => {
                self.rest = rest;
                Ok(*byte)
            }
            _ => Err(Fault::Form),
        }
    }

    fn digits(&mut self, count: usize) -> Result<i64, Fault> {
        let (digits, rest) = self.rest.split_at_checked(count).ok_or(Fault::Form)?;
        self.rest = rest;
        digits.iter().try_fold(0, |value, b| {
            if b.is_ascii_digit() { Ok(value * 10 + i64::from(b - b'0')) } else { Err(Fault::Form) }
        })
    }

    /// Two digits of at most `most`.
    fn pair(&mut self, most: i64) -> Result<i64, Fault> {
        let value = self.digits(2)?;
        if value <= most { Ok(value) } else { Err(Fault::Form) }
    }

    fn date(&mut self) -> Result<i64, Fault> {
        let year = self.digits(4)?;
        self.one_of(b"-")?;
        let month = self.digits(2)?;
        self.one_of(b"-")?;
        let day = self.digits(2)?;
        let days = days_of(year, month, day);
        if (1..=12).contains(&month) && civil(days) == (year, month, day) {
            Ok(days)
        } else {
            Err(Fault::Form)
        }
    }

    /// Seconds of the day and units of the fraction.
    fn clock(&mut self, unit: Unit) -> Result<(i64, i64), Fault> {
        let hours = self.pair(23)?;
        self.one_of(b":")?;
        let minutes = self.pair(59)?;
        self.one_of(b":")?;
        let seconds = hours * 3600 + minutes * 60 + self.pair(59)?;
        if self.rest.first() != Some(&b'.') {
            return Ok((seconds, 0));
        }
        let count = self.rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.rest[1..].split_at(count);
        self.rest = rest;
        let (kept, beyond) = digits.split_at(count.min(unit.digits()));
        if count == 0 {
            return Err(Fault::Form);
        }
        if beyond.iter().any(|b| *b != b'0') {
            return Err(Fault::Range);
        }
        let padded = kept.iter().copied().chain(std::iter::repeat(b'0')).take(unit.digits());
        Ok((seconds, padded.fold(0, |value, b| value * 10 + i64::from(b - b'0'))))
    }

    /// Seconds east of UTC.
    fn zone(&mut self) -> Result<i64, Fault> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Ok(0),
        };
        let hours = self.pair(23)?;
        self.one_of(b":")?;
        Ok(sign * (hours * 3600 + self.pair(59)? * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(time: Time, value: i64) -> Option<String> {
        let mut out = Vec::new();
        time.print(value, &mut out).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn prints_and_reads_rfc_3339() {
        let millis = Time::Timestamp(Unit::Millis);
        assert_eq!(print(millis, 0).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(print(millis, -1).as_deref(), Some("1969-12-31T23:59:59.999Z"));
        assert_eq!(print(Time::Date, -719_528).as_deref(), Some("0000-01-01"));
        assert_eq!(print(Time::Date, 2_932_896).as_deref(), Some("9999-12-31"));
        assert_eq!(print(Time::Date, 2_932_897), None);
        assert_eq!(print(Time::OfDay(Unit::Micros), 86_399_999_999).as_deref(), Some("23:59:59.999999"));
        assert_eq!(print(Time::OfDay(Unit::Millis), 86_400_000), None);
        assert_eq!(print(Time::OfDay(Unit::Millis), -1), None);
        assert_eq!(print(Time::Local(Unit::Nanos), 1).as_deref(), Some("1970-01-01T00:00:00.000000001"));
        assert_eq!(print(millis, i64::MAX), None);
        assert_eq!(print(millis, i64::MIN), None);
        assert_eq!(millis.parse(b"2026-11-22T10:00:00.123Z"), Ok(1_795_341_600_123));
        assert_eq!(millis.parse(b"2026-11-22t11:30:00+01:30"), Ok(1_795_341_600_000));
        assert_eq!(millis.parse(b"2026-11-22T10:00:00.1230000Z"), Ok(1_795_341_600_123));
    }

    #[test]
    fn refuses_what_is_not_exact_or_not_a_time() {
        let millis = Time::Timestamp(Unit::Millis);
        assert_eq!(millis.parse(b"2026-11-22T10:00:00.1234Z"), Err(Fault::Range));
        assert_eq!(Time::Timestamp(Unit::Nanos).parse(b"2263-01-01T00:00:00Z"), Err(Fault::Range));
        for bad in [
            "2026-11-22T10:00:00",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T10:00:60Z",
            "2026-11-22T10:00:00.Z",
            "2026-11-22T10:00:00Zx",
            "",
            "x",
        ] {
            assert_eq!(millis.parse(bad.as_bytes()), Err(Fault::Form), "{bad}");
        }
        assert_eq!(Time::Local(Unit::Millis).parse(b"2026-11-22T10:00:00Z"), Err(Fault::Form));
    }

    #[test]
    fn agrees_with_jiff_over_all_years() {
        for step in 0..20_000i64 {
            let seconds = -62_167_219_200 + step * 15_778_463;
            let Ok(stamp) = jiff::Timestamp::from_second(seconds) else { continue };
            if seconds > 253_402_207_200 {
                break;
            }
            let text = print(Time::Timestamp(Unit::Micros), seconds * 1_000_000).unwrap();
            assert_eq!(text, format!("{stamp:.6}"));
            assert_eq!(Time::Timestamp(Unit::Micros).parse(text.as_bytes()), Ok(seconds * 1_000_000));
        }
    }
}
