//! `lag`: how far groups are behind.

use std::io::Write as _;
use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;
use std::time::Instant;

use kch_cli::{Exit, Failure, Io, Render, Result};
use kch_kafka::{At, KafkaError, Place};
use serde_json::{Value, json};

use crate::args::LagArgs;
use crate::places::{Leaderless, places};
use crate::topics::prefixed;
use crate::{EVERY, Job, names};

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
        match measure(job, args) {
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
    let said = |group: &GroupLag| {
        let lag = group.lag.filter(|_| !group.is_within(max.unwrap_or(0)))?;
        Some(match max {
            Some(max) => format!("group {:?} is {lag} records behind, more than {max}", group.group),
            None => format!("group {:?} is still {lag} records behind", group.group),
        })
    };
    let behind: Vec<String> = groups.iter().filter_map(said).collect();
    if behind.is_empty() {
        return Ok(());
    }
    let text = behind.join("\n  ");
    Err(if waited { Failure::unavailable(text) } else { Failure::refused(text) })
}

fn measure(job: &Job, args: &LagArgs) -> Result<Measured> {
    let (places, leaderless) = places(job, &args.topics)?;
    let names = match args.groups.as_slice() {
        [] => {
            let consumers =
                job.admin.groups()?.into_iter().filter(|g| matches!(&*g.protocol_type, "consumer" | ""));
            consumers.map(|group| group.name).collect()
        }
        asked => {
            let named = names::groups(job, asked)?;
            named.iter().try_for_each(|name| job.admin.group(name).map(drop))?;
            named
        }
    };
    let (mut groups, mut read) = (Vec::new(), Vec::new());
    for (group, committed) in names.iter().zip(committed(job, &names, &places)?) {
        let (partitions, places) = partitions(job, &places, committed, &leaderless)?;
        // Who reads a topic is asked without the names of those that do not.
        if partitions.is_empty() && args.groups.is_empty() && !args.topics.is_empty() {
            continue;
        }
        read.extend(places);
        let lag = partitions.iter().map(|partition| partition["lag"].as_i64()).sum();
        groups.push(GroupLag { group: group.clone(), lag, partitions });
    }
    Ok((groups, leaderless.ensure_none_of(&read)))
}

/// Where each group is in each of the places. Each needs a client of its own, which takes its time to connect: some are
/// asked at once.
fn committed(job: &Job, groups: &[String], places: &[Place]) -> Result<Vec<Vec<Option<i64>>>> {
    let mut all = Vec::with_capacity(groups.len());
    for some in groups.chunks(AT_ONCE) {
        let answers: Vec<std::result::Result<_, KafkaError>> = std::thread::scope(|scope| {
            let ask = |group| scope.spawn(move || job.admin.committed(group, places));
            let asked: Vec<_> = some.iter().map(String::as_str).map(ask).collect();
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

/// One row for each partition that the group has read, and these partitions.
fn partitions(
    job: &Job,
    places: &[Place],
    committed: Vec<Option<i64>>,
    leaderless: &Leaderless,
) -> Result<(Vec<Value>, Vec<Place>)> {
    let read: Vec<(Place, i64)> =
        places.iter().zip(committed).filter_map(|(place, at)| Some((place.clone(), at?))).collect();
    let places: Vec<Place> = read.iter().map(|(place, _)| place.clone()).collect();
    let starts = leaderless.ask(&places, |led| job.admin.offsets(led, At::Start))?;
    let ends = leaderless.ask(&places, |led| job.admin.offsets(led, At::End))?;
    let row = |(((topic, partition), offset), (start, end)): ((Place, i64), (Option<i64>, Option<i64>))| {
        // Records that were deleted behind a group's back are not ahead of it.
        let lag = start.zip(end).map(|(start, end)| (end - offset.max(start)).max(0));
        json!({"topic": topic, "partition": partition, "offset": offset, "end": end, "lag": lag})
    };
    let ends = starts.into_iter().zip(ends);
    Ok((read.into_iter().zip(ends).map(row).collect(), places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_and_a_wait_judge_the_groups() {
        let group = |name: &str, lag| GroupLag { group: name.to_owned(), lag, partitions: Vec::new() };
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
