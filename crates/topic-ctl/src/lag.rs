//! `lag`: how far groups are behind.

use kch_cli::{Io, Render, Result};
use kch_kafka::{At, Place};
use serde_json::{Value, json};

use crate::places::{Leaderless, places};
use crate::topics::prefixed;
use crate::{Job, told};

pub(crate) fn of(
    job: &Job,
    groups: &[String],
    topics: &[String],
    io: &mut Io,
    render: &Render,
) -> Result<Vec<Value>> {
    let (places, leaderless) = places(job, topics)?;
    let names = match groups {
        [] => {
            let consumers =
                job.admin.groups()?.into_iter().filter(|g| matches!(&*g.protocol_type, "consumer" | ""));
            consumers.map(|group| group.name).collect()
        }
        named => {
            named.iter().try_for_each(|name| job.admin.group(name).map(drop))?;
            named.to_vec()
        }
    };
    let (mut rows, mut read) = (Vec::new(), Vec::new());
    for name in names {
        let (partitions, places) = partitions(job, &name, &places, &leaderless)?;
        read.extend(places);
        // It is not known when one of its parts is not.
        let total: Option<i64> = partitions.iter().map(|partition| partition["lag"].as_i64()).sum();
        if job.table {
            rows.extend(partitions.into_iter().map(|partition| prefixed("group", name.as_str(), partition)));
            rows.push(json!({"group": name, "topic": "all", "partition": null, "offset": null, "end": null, "lag": total}));
        } else {
            rows.push(json!({"group": name, "lag": total, "partitions": partitions}));
        }
    }
    told(rows, leaderless.ensure_none_of(&read), io, render)
}

/// One row for each partition that the group has read, and these partitions.
fn partitions(
    job: &Job,
    group: &str,
    places: &[Place],
    leaderless: &Leaderless,
) -> Result<(Vec<Value>, Vec<Place>)> {
    let committed = job.admin.committed(group, places)?;
    let read: Vec<(Place, i64)> =
        places.iter().zip(committed).filter_map(|(place, at)| Some((place.clone(), at?))).collect();
    let places: Vec<Place> = read.iter().map(|(place, _)| place.clone()).collect();
    let ends = leaderless.ask(&places, |led| job.admin.offsets(led, At::End))?;
    let row = |(((topic, partition), offset), end): ((Place, i64), Option<i64>)| {
        // Records that were deleted behind a group's back are not ahead of it.
        let lag = end.map(|end| (end - offset).max(0));
        json!({"topic": topic, "partition": partition, "offset": offset, "end": end, "lag": lag})
    };
    Ok((read.into_iter().zip(ends).map(row).collect(), places))
}
