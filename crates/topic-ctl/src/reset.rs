//! `reset-offsets`: where a group goes on. All partitions are settled before one is set.

use kch_cli::{Failure, Result};
use kch_kafka::{Bound, KafkaError, Place};
use serde_json::{Value, json};

use crate::args::ResetArgs;
use crate::places::{Leaderless, places};
use crate::{Job, groups, outcome};

pub(crate) fn run(job: &Job, args: &ResetArgs) -> Result<Vec<Value>> {
    let group = &args.group;
    match job.admin.group(group) {
        Ok(info) => groups::ensure_idle(&info)?,
        Err(KafkaError::GroupMissing { .. }) if args.create => {}
        Err(error @ KafkaError::GroupMissing { nearest: None, .. }) => {
            return Err(Failure::from(error).hint("--create makes it, with -t TOPIC"));
        }
        Err(error) => return Err(error.into()),
    }
    let (places, now) = chosen(job, args)?;
    let wanted = match (args.to, args.shift_by) {
        (Some(to), _) => job.admin.resolve(&places, to)?,
        (None, shift) => shifted(job, args, &places, &now, shift.unwrap_or_default())?,
    };
    let moved: Vec<(Place, i64)> = places.iter().cloned().zip(wanted.iter().copied()).collect();
    if !args.dry_run {
        job.admin.commit(group, &moved)?;
    }
    let rows = moved.into_iter().zip(now).map(|(((topic, partition), to), from)| {
        let row = json!({"group": group, "topic": topic, "partition": partition, "from": from, "to": to});
        outcome(row, args.dry_run)
    });
    Ok(rows.collect())
}

/// The partitions that are meant, and where the group is in them.
fn chosen(job: &Job, args: &ResetArgs) -> Result<(Vec<Place>, Vec<Option<i64>>)> {
    let (all, leaderless) = places(job, &args.topics)?;
    let committed = job.admin.committed(&args.group, &all)?;
    meant(args, all, committed, &leaderless)
}

/// Of all partitions, with where the group is in them, those that are to be set. All of them need a leader.
fn meant(
    args: &ResetArgs,
    all: Vec<Place>,
    committed: Vec<Option<i64>>,
    leaderless: &Leaderless,
) -> Result<(Vec<Place>, Vec<Option<i64>>)> {
    let is_meant = |((_, partition), offset): &(Place, Option<i64>)| {
        let numbered = args.partitions.is_empty() || args.partitions.contains(partition);
        numbered && (!args.topics.is_empty() || offset.is_some())
    };
    let chosen: Vec<(Place, Option<i64>)> = all.into_iter().zip(committed).filter(is_meant).collect();
    let missing = args.partitions.iter().find(|id| chosen.iter().all(|((_, partition), _)| partition != *id));
    if let Some(id) = missing {
        return Err(Failure::refused(format!("there is no partition {id} to set")));
    }
    if chosen.is_empty() {
        return Err(Failure::refused(format!("group {:?} has read no topic", args.group))
            .hint("-t TOPIC says which one it is to read"));
    }
    let (places, now): (Vec<Place>, Vec<Option<i64>>) = chosen.into_iter().unzip();
    leaderless.ensure_none_of(&places)?;
    Ok((places, now))
}

fn shifted(
    job: &Job,
    args: &ResetArgs,
    places: &[Place],
    now: &[Option<i64>],
    shift: i64,
) -> Result<Vec<i64>> {
    let mut wanted = Vec::new();
    for (place, now) in places.iter().zip(now) {
        let Some(now) = now else {
            let text =
                format!("group {:?} has no offset in topic {:?} partition {}", args.group, place.0, place.1);
            return Err(Failure::refused(text).hint("--to says where it is to go on"));
        };
        let to = Bound::Offset(now.saturating_add(shift).max(0));
        wanted.extend(job.admin.resolve(std::slice::from_ref(place), to)?);
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use kch_cli::Exit;
    use kch_kafka::{PartitionInfo, TopicInfo};

    use super::*;

    #[test]
    fn a_wanted_partition_without_a_leader_is_named_and_others_are_not_asked_for_theirs() {
        let partition = |(id, leader)| PartitionInfo { id, leader, replicas: vec![1], in_sync: vec![1] };
        let partitions: Vec<PartitionInfo> = (0..).zip([1, -1, 1]).map(partition).collect();
        let topic = TopicInfo { name: "t".to_owned(), partitions };
        let chosen = |topics: &[&str], partitions: &[i32], committed: [Option<i64>; 3]| {
            let args = ResetArgs {
                group: "g".to_owned(),
                topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
                partitions: partitions.to_vec(),
                to: Some(kch_kafka::Bound::End),
                shift_by: None,
                create: false,
                dry_run: false,
            };
            let (all, leaderless) = crate::places::of(std::slice::from_ref(&topic));
            let chosen = meant(&args, all, committed.to_vec(), &leaderless);
            chosen.map(|(places, _)| places.into_iter().map(|(_, id)| id).collect::<Vec<_>>())
        };
        let fails = |chosen: Result<Vec<i32>>| {
            let failure = chosen.unwrap_err();
            assert_eq!(failure.exit(), Exit::Unavailable);
            assert!(failure.text().starts_with("topic \"t\" partition 1 has no leader"), "{failure:?}");
        };
        fails(chosen(&["t"], &[], [None, None, None]));
        fails(chosen(&["t"], &[1], [None, None, None]));
        fails(chosen(&[], &[], [Some(1), Some(2), Some(3)]));
        assert_eq!(chosen(&["t"], &[0, 2], [None, None, None]), Ok(vec![0, 2]));
        assert_eq!(chosen(&[], &[], [Some(1), None, Some(3)]), Ok(vec![0, 2]));
    }
}
