//! Durations as people write them on a command line.

use std::time::Duration;

/// Reads `500ms`, `60s`, `5m`, `1h`, or a bare number of seconds.
///
/// # Errors
/// What is accepted, when it is something else.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(milliseconds)) {
        Some(total) if milliseconds > 0 => Ok(Duration::from_millis(total)),
        _ => Err("write it like 500ms, 60s, 5m or 1h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write_and_nothing_else() {
        let ms = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(ms("500ms"), Ok(500));
        assert_eq!(ms("60s"), Ok(60_000));
        assert_eq!(ms("2"), Ok(2_000));
        assert_eq!(ms("5m"), Ok(300_000));
        for bad in ["", "s", "-1s", "1.5s", "1d", "1 s"] {
            assert!(ms(bad).is_err(), "{bad}");
        }
    }
}
