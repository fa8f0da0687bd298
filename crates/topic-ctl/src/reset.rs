//! `reset-offsets`: where a group goes on. All partitions are settled before one is set.

use kch_cli::{Failure, Result};
use kch_kafka::{Bound, KafkaError, Place};
use serde_json::{Value, json};

use crate::args::ResetArgs;
use crate::{Job, groups, lag, outcome};

pub(crate) fn run(job: &Job, args: &ResetArgs) -> Result<Vec<Value>> {
    let group = &args.group;
    match job.admin.group(group) {
        Ok(info) => groups::ensure_idle(&info)?,
        Err(KafkaError::GroupMissing { .. }) if args.create => {}
        Err(error @ KafkaError::GroupMissing { nearest: None, .. }) => {
            return Err(Failure::usage(error.to_string()).hint("--create makes it, with -t TOPIC"));
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
    let all = lag::places(job, &args.topics)?;
    let committed = job.admin.committed(&args.group, &all)?;
    let is_meant = |((_, partition), offset): &(Place, Option<i64>)| {
        let numbered = args.partitions.is_empty() || args.partitions.contains(partition);
        numbered && (!args.topics.is_empty() || offset.is_some())
    };
    let chosen: Vec<(Place, Option<i64>)> = all.into_iter().zip(committed).filter(is_meant).collect();
    let missing = args.partitions.iter().find(|id| chosen.iter().all(|((_, partition), _)| partition != *id));
    if let Some(id) = missing {
        return Err(Failure::usage(format!("there is no partition {id} to set")));
    }
    if chosen.is_empty() {
        return Err(Failure::usage(format!("group {:?} has read no topic", args.group))
            .hint("-t TOPIC says which one it is to read"));
    }
    Ok(chosen.into_iter().unzip())
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
