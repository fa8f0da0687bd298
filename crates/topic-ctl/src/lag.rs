//! `lag`: how far groups are behind.

use std::io::Write as _;
use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Render, Result};
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
    let mut before: Vec<GroupLag> = Vec::new();
    loop {
        let is_over = job.deadline.is_none_or(|deadline| Instant::now() + EVERY > deadline);
        match look(job, args, io) {
            Ok((groups, known)) => {
                let is_reached = known.is_ok() && groups.iter().all(|g| g.is_within(args.max.unwrap_or(0)));
                if args.watch || is_over || is_reached {
                    let changed = groups.iter().filter(|group| !before.contains(group));
                    let rows: Vec<Value> = changed.flat_map(|group| group.rows(job.table)).collect();
                    let printed = render.rows(&rows, &mut io.output).and_then(|()| Ok(io.output.flush()?));
                    // Why it failed matters more than that no one reads the rows.
                    if !args.watch {
                        known?;
                    }
                    verdict(&groups, args.max, job.deadline.is_some())?;
                    printed?;
                    if !args.watch {
                        return Ok(Exit::Done);
                    }
                }
                before = groups;
            }
            Err(failure) if is_over || failure.exit() != Exit::Unavailable => return Err(failure),
            Err(_) => {}
        }
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
fn look(job: &Job, args: &LagArgs, io: &Io) -> Result<Measured> {
    for _ in 0..LOOKS {
        match measure(job, args) {
            Err(failure) if failure.exit() == Exit::Refused && io.signals.pause(AGAIN).is_none() => {}
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
    let (mut groups, mut read) = (Vec::new(), Vec::new());
    for (group, committed) in asked.iter().zip(committed(job, &asked, &places)?) {
        let positions = positions(group, &places, &committed);
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

/// The partitions that a group reads: those where it has committed an offset, and those that a member of it has been given.
fn positions(group: &GroupInfo, places: &[Place], committed: &[Option<i64>]) -> Vec<(Place, Option<i64>)> {
    let is_given = |(topic, partition): &Place| {
        let mut given = group.members.iter().flat_map(|member| &member.partitions);
        given.any(|(name, ids)| name == topic && ids.contains(partition))
    };
    let places = places.iter().cloned().zip(committed.iter().copied());
    places.filter(|(place, offset)| offset.is_some() || is_given(place)).collect()
}

/// One row for each partition, and the partitions.
fn partitions(
    job: &Job,
    positions: &[(Place, Option<i64>)],
    leaderless: &Leaderless,
) -> Result<(Vec<Value>, Vec<Place>)> {
    let places: Vec<Place> = positions.iter().map(|(place, _)| place.clone()).collect();
    let starts = leaderless.ask(&places, |led| job.admin.offsets(led, At::Start))?;
    let ends = leaderless.ask(&places, |led| job.admin.offsets(led, At::End))?;
    let rows = positions.iter().zip(starts.into_iter().zip(ends)).map(|(position, (start, end))| {
        let ((topic, partition), offset) = position;
        let lag = start.zip(end).and_then(|(start, end)| lag(*offset, start, end));
        json!({"topic": topic, "partition": partition, "offset": offset, "end": end, "lag": lag})
    });
    Ok((rows.collect(), places))
}

/// Records to go. Those that were deleted behind a group's back are not ahead of it. Where one begins that has committed
/// nothing yet, it alone knows.
fn lag(offset: Option<i64>, start: i64, end: i64) -> Option<i64> {
    match offset {
        Some(offset) => Some((end - offset.max(start)).max(0)),
        None => (start == end).then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_counts_the_records_that_are_there() {
        assert_eq!(lag(Some(5), 0, 8), Some(3));
        assert_eq!(lag(Some(1), 4, 8), Some(4));
        assert_eq!(lag(Some(9), 0, 8), Some(0));
        assert_eq!(lag(None, 4, 4), Some(0));
        assert_eq!(lag(None, 0, 8), None);
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
