//! `trim`: the records before a place are deleted. All partitions are settled before one is cut.

use kch_cli::{Exit, Failure, Io, Render, Result};
use kch_kafka::{At, KafkaError, Place};
use serde_json::{Value, json};

use crate::args::TrimArgs;
use crate::{Job, outcome, places, told};

/// What is deleted of one partition: the records from one offset to before another.
struct Cut {
    place: Place,
    from: i64,
    to: i64,
}

pub(crate) fn run(job: &Job, args: &TrimArgs, io: &mut Io, render: &Render) -> Result<Vec<Value>> {
    let cuts = cuts(job, args)?;
    if args.dry_run {
        return Ok(cuts.iter().map(|cut| outcome(row(cut, cut.to), true)).collect());
    }
    args.confirm.ask(io, "delete for good", || Ok(cuts.iter().filter_map(shown).collect()))?;
    let before: Vec<(Place, i64)> = cuts.iter().map(|cut| (cut.place.clone(), cut.to)).collect();
    let (rows, end) = done(&cuts, job.admin.delete_records(&before)?);
    told(rows, end, io, render)
}

/// The rows of the partitions that were cut, and the partitions that were not.
fn done(cuts: &[Cut], starts: Vec<std::result::Result<i64, KafkaError>>) -> (Vec<Value>, Result<()>) {
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for (cut, start) in cuts.iter().zip(starts) {
        match start {
            Ok(start) => rows.push(row(cut, start)),
            Err(error) => failures.push(Failure::from(error)),
        }
    }
    // Another try does the rest of what is worth one, and ends as the brokers refuse.
    let worst = failures.iter().find(|failure| failure.exit() == Exit::Unavailable).or(failures.first());
    let Some(worst) = worst.cloned() else { return (rows, Ok(())) };
    let text: Vec<&str> = failures.iter().map(Failure::text).collect();
    (rows, Err(worst.map_text(|_| text.join("\n  "))))
}

fn row(cut: &Cut, start: i64) -> Value {
    let (topic, partition) = &cut.place;
    json!({"topic": topic, "partition": partition, "from": cut.from, "to": start, "records": start - cut.from})
}

fn cuts(job: &Job, args: &TrimArgs) -> Result<Vec<Cut>> {
    let (all, leaderless) = places::of(&[job.admin.topic(&args.topic)?]);
    let missing = args.partitions.iter().find(|id| all.iter().all(|(_, partition)| partition != *id));
    if let Some(id) = missing {
        return Err(KafkaError::PartitionMissing { topic: args.topic.clone(), partition: *id }.into());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_is_told_beside_what_was_not() {
        let cut = |id| Cut { place: ("t".to_owned(), id), from: 1, to: 5 };
        let row =
            |id: i32, to: i64| json!({"topic": "t", "partition": id, "from": 1, "to": to, "records": to - 1});
        let away = |what: &str| KafkaError::Failed { what: what.to_owned(), reason: "no answer".to_owned() };
        let refused = || KafkaError::Refused { what: "b".to_owned(), reason: "no".to_owned() };
        let cuts = [cut(0), cut(1), cut(2), cut(3)];
        // Others may have cut more of it meanwhile.
        let (rows, end) = done(&cuts, vec![Ok(5), Err(away("a")), Err(refused()), Ok(7)]);
        assert_eq!(rows, [row(0, 5), row(3, 7)]);
        let failure = end.unwrap_err();
        assert_eq!((failure.exit(), failure.text()), (Exit::Unavailable, "a: no answer\n  b: no"));
        let (_, end) = done(&cuts[..1], vec![Err(refused())]);
        assert_eq!(end.unwrap_err().exit(), Exit::Refused);
        let (rows, end) = done(&cuts[..1], vec![Err(away("a"))]);
        assert_eq!((rows.len(), end.unwrap_err().exit()), (0, Exit::Unavailable));
        assert_eq!(done(&cuts[..1], vec![Ok(5)]), (vec![row(0, 5)], Ok(())));
    }
}
