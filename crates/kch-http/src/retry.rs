//! When to try again, and how long to wait before it. Bounded: a tool must not hang on a service that is gone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long one call may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one request, from connecting to the last byte of its reply.
    pub request: Duration,
    /// How long after the first try a service that cannot be reached is tried again.
    pub unreachable: Duration,
    /// How long after the first try a service that is there, but busy (429, 502, 503, 504), is tried again.
    pub busy: Duration,
}

impl Default for Limits {
    /// 30 s for a request, 1 s of tries to reach a service, 15 s of tries while it is busy.
    fn default() -> Self {
        Limits {
            request: Duration::from_secs(30),
            unreachable: Duration::from_secs(1),
            busy: Duration::from_secs(15),
        }
    }
}

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// The pause before try `attempt + 1`: doubling from 100 ms to 5 s, of which a random half is left out, so that many
/// clients that failed together do not come back together.
pub(crate) fn pause(attempt: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << attempt.min(10)).min(LONGEST);
    full / 2 + (full / 2).mul_f64(random())
}

/// The pause that a `Retry-After` header asks for, in seconds. Its date form is rare, and clocks differ: left alone.
pub(crate) fn asked_pause(headers: &http::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Good enough to spread retries: the clock's nanoseconds.
fn random() -> f64 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
    f64::from(nanos % 1000) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let within = |attempt, low: u64, high: u64| {
            let pause = pause(attempt).as_millis();
            assert!(pause >= low.into() && pause <= high.into(), "{attempt}: {pause}");
        };
        within(0, 50, 100);
        within(1, 100, 200);
        within(3, 400, 800);
        within(20, 2500, 5000);
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        let mut headers = http::HeaderMap::new();
        assert_eq!(asked_pause(&headers), None);
        headers.insert("retry-after", http::HeaderValue::from_static("7"));
        assert_eq!(asked_pause(&headers), Some(Duration::from_secs(7)));
    }
}
