//! One look at the groups: where each of them is in its partitions, and where these end.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kch_cli::{Exit, Result, Signals};
use kch_kafka::{At, GroupInfo, KafkaError, Place};
use serde_json::{Value, json};

use super::{GroupLag, Measured};
use crate::args::LagArgs;
use crate::places::{Leaderless, places};
use crate::{Job, names};

/// So often it is looked again, after a moment, when a topic goes away meanwhile.
const LOOKS: u32 = 5;
const AGAIN: Duration = Duration::from_millis(200);
/// So many groups are asked for at once.
const AT_ONCE: usize = 64;

/// A topic that is deleted between two questions is refused: the next look is without it, or misses it by its name.
pub(super) fn look(job: &Job, args: &LagArgs, signals: &Signals) -> Result<Measured> {
    for _ in 0..LOOKS {
        // A name that is not there is not looked for again.
        let asked = asked(job, args)?;
        match measure(job, args, asked) {
            Err(failure) if failure.exit() == Exit::Refused && signals.pause(AGAIN).is_none() => {}
            measured => return measured,
        }
    }
    measure(job, args, asked(job, args)?)
}

/// Which groups are asked, and about which partitions.
struct Asked {
    groups: Vec<GroupInfo>,
    places: Vec<Place>,
    leaderless: Leaderless,
}

fn asked(job: &Job, args: &LagArgs) -> Result<Asked> {
    let (places, leaderless) = places(job, &args.topics)?;
    let groups = match args.groups.as_slice() {
        [] => {
            let is_consumer = |group: &GroupInfo| matches!(&*group.protocol_type, "consumer" | "");
            job.admin.groups()?.into_iter().filter(is_consumer).collect()
        }
        asked => {
            let names = names::groups(job, asked)?.matched()?;
            names.iter().map(|name| job.admin.group(name)).collect::<std::result::Result<_, _>>()?
        }
    };
    Ok(Asked { groups, places, leaderless })
}

fn measure(job: &Job, args: &LagArgs, asked: Asked) -> Result<Measured> {
    let Asked { groups: asked, places, leaderless } = asked;
    let is_named = |name: &str, names: &[String]| names.iter().any(|asked| asked == name);
    let mut read = Vec::new();

    for (group, committed) in asked.iter().zip(committed(job, &asked, &places)?) {
        // A glob asks for what there is to tell, not for topics that the group has nothing to do with.
        let is_to_read = |topic: &str| is_named(&group.name, &args.groups) && is_named(topic, &args.topics);
        let positions = positions(group, &places, &committed, is_to_read);
        // Who reads a topic is asked without the names of those that do not.
        if !positions.is_empty() || is_named(&group.name, &args.groups) || args.topics.is_empty() {
            read.push((group.name.clone(), positions));
        }
    }

    let ends = Ends::of(job, read.iter().flat_map(|(_, positions)| positions), &leaderless)?;

    let lag = |(group, positions): (String, Vec<Position>)| {
        let partitions: Vec<Value> = positions.iter().map(|position| ends.row(position)).collect();
        let lag = partitions.iter().map(|partition| partition["lag"].as_i64()).sum();
        GroupLag { group, lag, partitions }
    };
    Ok((read.into_iter().map(lag).collect(), leaderless.ensure_none_of(&ends.places())))
}

/// Where each group is in each of the places. Each needs a client of its own, which takes its time to connect: some are
/// asked at once.
fn committed(job: &Job, groups: &[GroupInfo], places: &[Place]) -> Result<Vec<Vec<Option<i64>>>> {
    type Answer = (usize, std::result::Result<Vec<Option<i64>>, KafkaError>);
    let next = AtomicUsize::new(0);
    let ask_until_none_is_left = || -> Vec<Answer> {
        let mine = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let groups = mine.map_while(|at| Some((at, groups.get(at)?)));
        groups.map(|(at, group)| (at, job.admin.committed(&group.name, places))).collect()
    };
    let mut answers: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..groups.len().min(AT_ONCE)).map(|_| scope.spawn(ask_until_none_is_left)).collect();
        let ended =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        ended.flatten().collect()
    });
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| Ok(answer?)).collect()
}

/// Where a group is in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    place: Place,
    offset: Option<i64>,
    /// Whether a member of the group reads it.
    given: bool,
}

/// The partitions that a group reads or is to read: all of the topics that it was asked for by name, or in which it has
/// committed any offset, and those that a member of it has been given.
fn positions(
    group: &GroupInfo,
    places: &[Place],
    committed: &[Option<i64>],
    is_to_read: impl Fn(&str) -> bool,
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
    let is_read = |position: &Position| {
        let topic = position.place.0.as_str();
        position.given || topics.contains(topic) || is_to_read(topic)
    };
    places.iter().zip(committed).map(position).filter(is_read).collect()
}

/// The first and the next offset of each partition that any of the groups reads, asked for at once: groups may share
/// partitions, and be many. None where there is no leader to ask.
struct Ends(BTreeMap<Place, (Option<i64>, Option<i64>)>);

impl Ends {
    fn of<'p>(
        job: &Job,
        positions: impl Iterator<Item = &'p Position>,
        leaderless: &Leaderless,
    ) -> Result<Ends> {
        let places: BTreeSet<&Place> = positions.map(|position| &position.place).collect();
        let places: Vec<Place> = places.into_iter().cloned().collect();
        let starts = leaderless.ask(&places, |led| job.admin.offsets(led, At::Start))?;
        let ends = leaderless.ask(&places, |led| job.admin.offsets(led, At::End))?;
        Ok(Ends(places.into_iter().zip(starts.into_iter().zip(ends)).collect()))
    }

    fn places(&self) -> Vec<Place> {
        self.0.keys().cloned().collect()
    }

    fn row(&self, position: &Position) -> Value {
        let (topic, partition) = &position.place;
        let (start, end) = self.0.get(&position.place).copied().unwrap_or_default();
        let lag = start.zip(end).and_then(|(start, end)| lag(position, start, end));
        json!({"topic": topic, "partition": partition, "offset": position.offset, "end": end, "lag": lag})
    }
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
        assert_eq!(positions(&group, &places, &committed, |_| true), all);
        let read = [0, 1, 3].map(|at: usize| all[at].clone());
        assert_eq!(positions(&group, &places, &committed, |_| false), read);
    }
}
