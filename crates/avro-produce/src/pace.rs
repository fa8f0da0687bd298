//! `--rate`: no more than so many records a second.

use std::time::{Duration, Instant};

/// How far behind its plan a run may be and still catch up. After a longer pause of the input the plan begins anew.
const SLACK: Duration = Duration::from_millis(100);
/// The longest sleep, so that reports are served and signals are seen.
const NAP: Duration = Duration::from_millis(20);

/// When the next record is due.
#[derive(Debug)]
pub(crate) struct Pace {
    between: Duration,
    due: Instant,
}

impl Pace {
    pub(crate) fn new(between: Duration) -> Pace {
        Pace { between, due: Instant::now() }
    }

    /// Waits until the next record is due; `go_on` is asked now and then, and ends the waiting with false.
    pub(crate) fn wait(&mut self, mut go_on: impl FnMut() -> bool) -> bool {
        let mut now = Instant::now();
        while now < self.due {
            if !go_on() {
                return false;
            }
            std::thread::sleep((self.due - now).min(NAP));
            now = Instant::now();
        }
        self.due = if now > self.due + SLACK { now } else { self.due } + self.between;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_no_faster_than_they_are_due() {
        let began = Instant::now();
        let mut pace = Pace::new(Duration::from_millis(5));
        assert!((0..21).all(|_| pace.wait(|| true)));
        assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
    }

    #[test]
    fn a_pause_is_not_caught_up_and_a_wait_can_be_ended() {
        let mut pace = Pace::new(Duration::from_secs(60));
        pace.due = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        assert!(pace.wait(|| true));
        assert!(pace.due > Instant::now() + Duration::from_secs(50));
        assert!(!pace.wait(|| false));
    }
}
