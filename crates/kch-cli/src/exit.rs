//! The six exit codes, the same in every tool. This is the only place that knows the numbers.

use std::process::ExitCode;

/// How a tool ended. [`Exit::worst`] combines two of them: an unreachable service wins over refused data, because a
/// script's first question is whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Exit {
    /// 0: everything was done and acknowledged. A reader that closed our stdout early is no error.
    #[default]
    Done,
    /// 1: something was refused: a bad record, an incompatible schema, a failed connector; or what the user named (a
    /// topic, a subject, a connector) is not there.
    Refused,
    /// 2: usage or configuration, found before any work was done.
    Usage,
    /// 3: a service was unreachable, timed out or lost quorum. Try again.
    Unavailable,
    /// 130: SIGINT, after draining.
    Interrupted,
    /// 143: SIGTERM, after draining.
    Terminated,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::Unavailable => 3,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// The word for it in a failure that programs read.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Refused => "refused",
            Exit::Usage => "usage",
            Exit::Unavailable => "unavailable",
            Exit::Interrupted => "interrupted",
            Exit::Terminated => "terminated",
        }
    }

    /// The graver of two outcomes: a signal, then unavailable, then usage, then refused, then done.
    #[must_use]
    pub fn worst(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::Unavailable => 3,
            Exit::Interrupted | Exit::Terminated => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_the_documented_six() {
        let all =
            [Exit::Done, Exit::Refused, Exit::Usage, Exit::Unavailable, Exit::Interrupted, Exit::Terminated];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 130, 143]);
    }

    #[test]
    fn unavailable_wins_over_refused_and_a_signal_over_both() {
        assert_eq!(Exit::Refused.worst(Exit::Unavailable), Exit::Unavailable);
        assert_eq!(Exit::Unavailable.worst(Exit::Refused), Exit::Unavailable);
        assert_eq!(Exit::Interrupted.worst(Exit::Unavailable), Exit::Interrupted);
        assert_eq!(Exit::Done.worst(Exit::Refused), Exit::Refused);
    }
}
