//! `lag`: how far groups are behind.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Render, Result, Signals};
use kch_kafka::{At, GroupInfo, KafkaError, Place};
use serde_json::{Value, json};

use crate::args::LagArgs;
use crate::places::{Leaderless, places};
use crate::topics::prefixed;
use crate::{EVERY, Job, names};

/// So often it is looked again, after a moment, when a topic goes away meanwhile.
const LOOKS: u32 = 5;
const AGAIN: Duration = Duration::from_millis(200);
/// So many groups are asked for at once.
const AT_ONCE: usize = 16;

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
                    io.output.flush()?;
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
            // A watch has nothing that a signal could leave undone.
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
        (Some(lag), Some(max)) => format!("group {group:?} is {lag} records behind, more than {max}"),
        (Some(lag), None) => format!("group {group:?} is still {lag} records behind"),
        (None, _) => {
            format!("group {group:?} has members that have committed no offset yet: its lag is not known")
        }
    };
    let text = behind.iter().map(said).collect::<Vec<_>>().join("\n  ");
    let is_unknown = behind.iter().all(|group| group.lag.is_none());
    Err(if waited || is_unknown { Failure::unavailable(text) } else { Failure::refused(text) })
}

/// A topic that is deleted between two questions is refused: the next look is without it, or misses it by its name.
fn look(job: &Job, args: &LagArgs, signals: &Signals) -> Result<Measured> {
    for _ in 0..LOOKS {
        match measure(job, args) {
            Err(failure) if failure.exit() == Exit::Refused && signals.pause(AGAIN).is_none() => {}
            measured => return measured,
        }
    }
    measure(job, args)
}

fn measure(job: &Job, args: &LagArgs) -> Result<Measured> {
    let (places, leaderless) = places(job, &args.topics)?;
    let asked: Vec<GroupInfo> = match args.groups.as_slice() {
        [] => {
            let is_consumer = |group: &GroupInfo| matches!(&*group.protocol_type, "consumer" | "");
            job.admin.groups()?.into_iter().filter(is_consumer).collect()
        }
        asked => {
            let found = names::groups(job, asked)?.into_iter().map(|name| job.admin.group(&name));
            found.collect::<std::result::Result<_, _>>()?
        }
    };
    let is_named = !args.groups.is_empty() && !args.topics.is_empty();
    let (mut groups, mut read) = (Vec::new(), Vec::new());
    for (group, committed) in asked.iter().zip(committed(job, &asked, &places)?) {
        let positions = positions(group, &places, &committed, is_named);
        let (partitions, places) = partitions(job, &positions, &leaderless)?;
        // Who reads a topic is asked without the names of those that do not.
        if partitions.is_empty() && args.groups.is_empty() && !args.topics.is_empty() {
            continue;
        }
        read.extend(places);
        let lag = partitions.iter().map(|partition| partition["lag"].as_i64()).sum();
        groups.push(GroupLag { group: group.name.clone(), lag, partitions });
    }
    Ok((groups, leaderless.ensure_none_of(&read)))
}

/// Where each group is in each of the places. Each needs a client of its own, which takes its time to connect: some are
/// asked at once.
fn committed(job: &Job, groups: &[GroupInfo], places: &[Place]) -> Result<Vec<Vec<Option<i64>>>> {
    let mut all = Vec::with_capacity(groups.len());
    for some in groups.chunks(AT_ONCE) {
        let answers: Vec<std::result::Result<_, KafkaError>> = std::thread::scope(|scope| {
            let ask = |group| scope.spawn(move || job.admin.committed(group, places));
            let asked: Vec<_> = some.iter().map(|group| group.name.as_str()).map(ask).collect();
            let answer =
                |thread: ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            asked.into_iter().map(answer).collect()
        });
        for answer in answers {
            all.push(answer?);
        }
    }
    Ok(all)
}

/// Where a group is in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    place: Place,
    offset: Option<i64>,
    /// Whether a member of the group reads it.
    given: bool,
}

/// The partitions that a group reads or is to read: all of the topics that were asked for by name, or in which it has
/// committed any offset, and those that a member of it has been given.
fn positions(
    group: &GroupInfo,
    places: &[Place],
    committed: &[Option<i64>],
    is_named: bool,
) -> Vec<Position> {
    let is_given = |(topic, partition): &Place| {
        let mut given = group.members.iter().flat_map(|member| &member.partitions);
        given.any(|(name, ids)| name == topic && ids.contains(partition))
    };
    let known = places.iter().zip(committed).filter(|(_, offset)| offset.is_some());
    let topics: BTreeSet<&str> = known.map(|((topic, _), _)| topic.as_str()).collect();
    let position = |(place, offset): (&Place, &Option<i64>)| Position {
        given: is_given(place),
        place: place.clone(),
        offset: *offset,
    };
    let is_read =
        |position: &Position| is_named || position.given || topics.contains(position.place.0.as_str());
    places.iter().zip(committed).map(position).filter(is_read).collect()
}

/// One row for each partition, and the partitions.
fn partitions(
    job: &Job,
    positions: &[Position],
    leaderless: &Leaderless,
) -> Result<(Vec<Value>, Vec<Place>)> {
    let places: Vec<Place> = positions.iter().map(|position| position.place.clone()).collect();
    let starts = leaderless.ask(&places, |led| job.admin.offsets(led, At::Start))?;
    let ends = leaderless.ask(&places, |led| job.admin.offsets(led, At::End))?;
    let rows = positions.iter().zip(starts.into_iter().zip(ends)).map(|(position, (start, end))| {
        let (topic, partition) = &position.place;
        let lag = start.zip(end).and_then(|(start, end)| lag(position, start, end));
        json!({"topic": topic, "partition": partition, "offset": position.offset, "end": end, "lag": lag})
    });
    Ok((rows.collect(), places))
}

/// Records to go: all that are there where nothing was read yet. Those that were deleted behind a group's back are not
/// ahead of it. Where a member begins that has committed nothing yet, it alone knows.
fn lag(position: &Position, start: i64, end: i64) -> Option<i64> {
    match position.offset {
        None if position.given && start < end => None,
        offset => Some((end - offset.unwrap_or(start).max(start)).max(0)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn a_lag_counts_the_records_that_are_there() {
        let lag = |offset, given, start, end| {
            lag(&Position { place: ("t".to_owned(), 0), offset, given }, start, end)
        };
        assert_eq!(lag(Some(5), false, 0, 8), Some(3));
        assert_eq!(lag(Some(1), true, 4, 8), Some(4));
        assert_eq!(lag(Some(9), false, 0, 8), Some(0));
        assert_eq!(lag(None, false, 4, 8), Some(4));
        assert_eq!(lag(None, true, 4, 4), Some(0));
        assert_eq!(lag(None, true, 0, 8), None);
    }

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
    fn partitions_without_a_commit_are_not_left_out() {
        let member = kch_kafka::Member {
            id: "m".to_owned(),
            client_id: "m".to_owned(),
            host: "h".to_owned(),
            partitions: vec![("c".to_owned(), vec![0])],
        };
        let group = GroupInfo {
            name: "g".to_owned(),
            state: "Stable".to_owned(),
            protocol: String::new(),
            protocol_type: "consumer".to_owned(),
            members: vec![member],
        };
        let place = |topic: &str, partition| (topic.to_owned(), partition);
        let places = [place("a", 0), place("a", 1), place("b", 0), place("c", 0), place("c", 1)];
        let committed = [Some(4), None, None, None, None];
        let position = |place: &Place, offset, given| Position { place: place.clone(), offset, given };
        let mut all: Vec<Position> = places.iter().map(|place| position(place, None, false)).collect();
        (all[0].offset, all[3].given) = (Some(4), true);
        assert_eq!(positions(&group, &places, &committed, true), all);
        let read = [0, 1, 3].map(|at: usize| all[at].clone());
        assert_eq!(positions(&group, &places, &committed, false), read);
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
