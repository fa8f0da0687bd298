//! `lag`: how far groups are behind.

mod look;

use std::time::Instant;

use kch_cli::{Exit, Failure, Io, Render, Result};
use serde_json::{Value, json};

use self::look::look;
use crate::args::LagArgs;
use crate::topics::prefixed;
use crate::{EVERY, Job};

/// One group. Its lag is not known when that of one of its partitions is not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct GroupLag {
    group: String,
    lag: Option<i64>,
    partitions: Vec<Value>,
}

impl GroupLag {
    fn rows(&self, table: bool) -> Vec<Value> {
        if !table {
            return vec![json!({"group": self.group, "lag": self.lag, "partitions": self.partitions})];
        }
        let partitions = self.partitions.iter().cloned();
        let mut rows: Vec<Value> =
            partitions.map(|row| prefixed("group", self.group.as_str(), row)).collect();
        rows.push(json!({
            "group": self.group, "topic": "all", "partition": null, "offset": null, "end": null, "lag": self.lag,
        }));
        rows
    }

    fn is_within(&self, max: i64) -> bool {
        self.lag.is_some_and(|lag| lag <= max)
    }
}

/// All groups that were asked for, and the partitions that have no one to ask.
type Measured = (Vec<GroupLag>, Result<()>);

pub(crate) fn run(job: &Job, args: &LagArgs, io: &mut Io, render: &Render) -> Result<Exit> {
    let signals = io.signals.clone();
    follow(args, job.deadline, job.table, io, render, || look(job, args, &signals))
}

/// One look, or one each second. A wait and a watch outlive brokers that are away for a moment.
fn follow(
    args: &LagArgs,
    deadline: Option<Instant>,
    table: bool,
    io: &mut Io,
    render: &Render,
    mut look: impl FnMut() -> Result<Measured>,
) -> Result<Exit> {
    let mut before: Option<Vec<GroupLag>> = None;
    let mut told: Option<Failure> = None;
    loop {
        let is_over = !args.watch && deadline.is_none_or(|deadline| Instant::now() + EVERY > deadline);
        let trouble = match look() {
            Ok((groups, known)) => {
                let is_reached = known.is_ok() && groups.iter().all(|g| g.is_within(args.max.unwrap_or(0)));
                if args.watch || is_over || is_reached {
                    let is_new = |group: &&GroupLag| before.as_ref().is_none_or(|all| !all.contains(group));
                    let rows: Vec<Value> =
                        groups.iter().filter(is_new).flat_map(|group| group.rows(table)).collect();
                    render.rows(&rows, &mut io.output)?;
                    io.output.hand_over(&mut io.messages)?;
                    if !args.watch || args.max.is_some() {
                        known.clone()?;
                    }
                    verdict(&groups, args.max, deadline.is_some())?;
                    if !args.watch {
                        return Ok(Exit::Done);
                    }
                }
                before = Some(groups);
                known.err()
            }
            // A watch has nothing that a signal could leave undone.
            Err(failure) if args.watch && io.signals.received() == Some(failure.exit()) => {
                return Ok(failure.exit());
            }
            // A watch that has seen nothing yet may be a slip in an address.
            Err(failure) if is_over || args.watch && before.is_none() => return Err(failure),
            Err(failure) if failure.exit() != Exit::Unavailable => return Err(failure),
            Err(failure) => Some(failure),
        };
        if let Some(failure) = trouble.as_ref().filter(|_| args.watch && trouble != told) {
            io.messages.failure(failure);
        }
        told = trouble;
        if args.watch && io.output.reader_gone() {
            return Ok(Exit::Done);
        }
        if let Some(signal) = io.signals.pause(EVERY) {
            return if args.watch { Ok(signal) } else { Err(Failure::interrupted(signal)) };
        }
    }
}

/// What the lags are worth: with a limit, and at the end of a wait.
fn verdict(groups: &[GroupLag], max: Option<i64>, waited: bool) -> Result<()> {
    if max.is_none() && !waited {
        return Ok(());
    }
    let behind: Vec<&GroupLag> = groups.iter().filter(|group| !group.is_within(max.unwrap_or(0))).collect();
    if behind.is_empty() {
        return Ok(());
    }
    let said = |GroupLag { group, lag, .. }: &&GroupLag| match (lag, max) {
        (Some(lag), Some(max)) => format!("group {group:?} is {} behind, more than {max}", records(*lag)),
        (Some(lag), None) => format!("group {group:?} is still {} behind", records(*lag)),
        (None, _) => {
            format!("group {group:?} has members that have committed no offset yet: its lag is not known")
        }
    };
    let text = behind.iter().map(said).collect::<Vec<_>>().join("\n  ");
    let is_unknown = behind.iter().all(|group| group.lag.is_none());
    Err(if waited || is_unknown { Failure::unavailable(text) } else { Failure::refused(text) })
}

fn records(count: i64) -> String {
    format!("{count} record{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    /// What a lag printed and said when the looks found this, and how it ended.
    fn followed(args: &[&str], mut looks: Vec<Result<Measured>>) -> (Result<Exit>, String, String) {
        let Some(crate::Verb::Lag(lag)) =
            crate::Args::parse_from([&["topic-ctl", "lag"], args].concat()).verb
        else {
            panic!("no lag: {args:?}")
        };
        let (printed, said) = (Pipe::default(), Pipe::default());
        let mut io = Io {
            input: kch_cli::Input::new("stdin", std::io::empty()),
            output: kch_cli::Output::new(printed.clone(), false),
            messages: kch_cli::Messages::new("topic-ctl", said.clone()),
            signals: kch_cli::Signals::none(),
        };
        let render = Render::new(None, &io.output);
        let deadline = lag.wait.map(|wait| Instant::now() + wait);
        looks.reverse();
        let end = follow(&lag, deadline, false, &mut io, &render, || looks.pop().expect("no more looks"));
        (end, printed.text(), said.text())
    }

    #[derive(Clone, Default)]
    struct Pipe(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl Pipe {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl std::io::Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn found(lag: Option<i64>) -> Result<Measured> {
        Ok((vec![GroupLag { group: "g".to_owned(), lag, partitions: Vec::new() }], Ok(())))
    }

    #[test]
    fn brokers_that_are_away_for_a_moment_do_not_end_a_watch_or_a_wait() {
        let away = || Err(Failure::unavailable("no broker").hint("is it up?"));
        let (row, gone) = (
            |lag| format!("{{\"group\":\"g\",\"lag\":{lag},\"partitions\":[]}}\n"),
            "topic-ctl: no broker\nhint: is it up?\n",
        );
        let refused = || Err(Failure::refused("no"));

        let looks = vec![found(Some(3)), away(), away(), found(Some(3)), away(), found(Some(9)), refused()];
        let (end, printed, said) = followed(&["g", "--watch"], looks);
        // It is told when it begins.
        assert_eq!((end.unwrap_err().text(), said), ("no", gone.repeat(2)));
        assert_eq!(printed, row(3) + &row(9));
        let (end, printed, said) = followed(&["g", "--watch"], vec![away()]);
        assert_eq!((end.unwrap_err().text(), printed.as_str(), said.as_str()), ("no broker", "", ""));

        let (end, printed, said) =
            followed(&["g", "--wait", "1h"], vec![away(), found(Some(3)), found(Some(0))]);
        assert_eq!((end, printed, said.as_str()), (Ok(Exit::Done), row(0), ""));
        assert!(followed(&["g"], vec![away()]).0.is_err());
    }

    #[test]
    fn a_watch_says_what_has_no_leader_and_ends_when_a_limit_cannot_be_judged() {
        let leaderless = || {
            let (groups, _) = found(None).unwrap();
            Ok((groups, Err(Failure::unavailable("no leader"))))
        };
        let (end, _, said) =
            followed(&["g", "--watch"], vec![leaderless(), leaderless(), Err(Failure::refused("no"))]);
        assert_eq!((end.unwrap_err().text(), said.as_str()), ("no", "topic-ctl: no leader\n"));
        let (end, printed, _) = followed(&["g", "--watch", "--max", "5"], vec![found(Some(1)), leaderless()]);
        let failure = end.unwrap_err();
        assert_eq!((failure.exit(), failure.text()), (Exit::Unavailable, "no leader"));
        assert_eq!(printed.lines().count(), 2);
    }

    #[test]
    fn a_limit_and_a_wait_judge_the_groups() {
        let group = |name: &str, lag| GroupLag { group: name.to_owned(), lag, partitions: Vec::new() };
        let unknown = verdict(&[group("a", None)], Some(9), false).unwrap_err();
        assert_eq!(unknown.exit(), Exit::Unavailable);
        let groups = [group("a", Some(3)), group("b", Some(9)), group("c", Some(0))];
        let said = |max, waited| verdict(&groups, max, waited).map_err(|f| (f.exit(), f.text().to_owned()));
        let says = |exit, text: &str| Err((exit, text.to_owned()));
        assert_eq!(said(None, false), Ok(()));
        assert_eq!(said(Some(9), false), Ok(()));
        assert_eq!(said(Some(3), false), says(Exit::Refused, "group \"b\" is 9 records behind, more than 3"));
        assert_eq!(
            said(None, true),
            says(
                Exit::Unavailable,
                "group \"a\" is still 3 records behind\n  group \"b\" is still 9 records behind"
            )
        );
    }
}
