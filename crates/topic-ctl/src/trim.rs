//! `trim`: the records before a place are deleted. All partitions are settled before one is cut.

use kch_cli::{Failure, Io, Result};
use kch_kafka::{At, Place};
use serde_json::{Value, json};

use crate::args::TrimArgs;
use crate::{Job, outcome, places};

/// What is deleted of one partition: the records from one offset to before another.
struct Cut {
    place: Place,
    from: i64,
    to: i64,
}

pub(crate) fn run(job: &Job, args: &TrimArgs, io: &mut Io) -> Result<Vec<Value>> {
    let cuts = cuts(job, args)?;
    if !args.dry_run {
        args.confirm.ask(io, "delete for good", || Ok(cuts.iter().filter_map(shown).collect()))?;
        let before: Vec<(Place, i64)> = cuts.iter().map(|cut| (cut.place.clone(), cut.to)).collect();
        job.admin.delete_records(&before)?;
    }
    let row = |cut: &Cut| {
        let (topic, partition) = &cut.place;
        let row = json!({"topic": topic, "partition": partition, "from": cut.from, "to": cut.to, "records": cut.to - cut.from});
        outcome(row, args.dry_run)
    };
    Ok(cuts.iter().map(row).collect())
}

fn cuts(job: &Job, args: &TrimArgs) -> Result<Vec<Cut>> {
    let (all, leaderless) = places::of(&[job.admin.topic(&args.topic)?]);
    let missing = args.partitions.iter().find(|id| all.iter().all(|(_, partition)| partition != *id));
    if let Some(id) = missing {
        return Err(Failure::usage(format!("topic {:?} has no partition {id}", args.topic)));
    }
    let is_meant = |(_, id): &Place| args.partitions.is_empty() || args.partitions.contains(id);
    let meant: Vec<Place> = all.into_iter().filter(is_meant).collect();
    leaderless.ensure_none_of(&meant)?;
    let starts = job.admin.offsets(&meant, At::Start)?;
    let wanted = job.admin.resolve(&meant, args.before)?;
    let cut = |((place, from), to): ((Place, i64), i64)| Cut { place, from, to: to.max(from) };
    Ok(meant.into_iter().zip(starts).zip(wanted).map(cut).collect())
}

/// A cut that deletes something, for one who is asked about it.
fn shown(cut: &Cut) -> Option<String> {
    let (topic, partition) = &cut.place;
    let last = cut.to - 1;
    (cut.to > cut.from).then(|| format!("{topic} partition {partition}: offsets {} to {last}", cut.from))
}
