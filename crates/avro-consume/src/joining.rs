//! The time in which a group has given no partitions: its coordinator may be away, and for long nothing else would tell.

use std::time::{Duration, Instant};

use kch_cli::Messages;

/// When a person is told: a rebalance takes seconds.
const WARN_AFTER: Duration = Duration::from_secs(30);

/// The wait for partitions.
#[derive(Debug, Default)]
pub(crate) struct Joining {
    since: Option<Instant>,
    warned: bool,
}

impl Joining {
    /// There are none yet. Said once, when that has lasted.
    pub(crate) fn goes_on(&mut self, messages: &mut Messages) {
        let waited = self.since.get_or_insert_with(Instant::now).elapsed();
        if self.is_told(waited) {
            messages.say("warning: the group has given no partitions yet; still waiting");
            messages.hint(
                "topic-ctl groups describe GROUP shows who has them; topic-ctl check __consumer_offsets whether its \
                 coordinator can work",
            );
        }
    }

    /// There are some.
    pub(crate) fn is_over(&mut self) {
        self.since = None;
    }

    fn is_told(&mut self, waited: Duration) -> bool {
        waited >= WARN_AFTER && !std::mem::replace(&mut self.warned, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_is_told_once() {
        let mut joining = Joining::default();
        let told: Vec<bool> =
            [29, 30, 31].map(|seconds| joining.is_told(Duration::from_secs(seconds))).into();
        assert_eq!(told, [false, true, false]);
    }
}
