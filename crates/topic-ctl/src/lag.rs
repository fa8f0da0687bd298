//! `lag`: how far groups are behind.

use kch_cli::Result;
use kch_kafka::{At, Place, TopicInfo};
use serde_json::{Value, json};

use crate::Job;
use crate::topics::prefixed;

pub(crate) fn of(job: &Job, groups: &[String], topics: &[String]) -> Result<Vec<Value>> {
    let places = places(job, topics)?;
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
    let mut rows = Vec::new();
    for name in names {
        let partitions = partitions(job, &name, &places)?;
        let total: i64 = partitions.iter().filter_map(|partition| partition["lag"].as_i64()).sum();
        if job.table {
            rows.extend(partitions.into_iter().map(|partition| prefixed("group", name.as_str(), partition)));
            rows.push(json!({"group": name, "topic": "all", "partition": null, "offset": null, "end": null, "lag": total}));
        } else {
            rows.push(json!({"group": name, "lag": total, "partitions": partitions}));
        }
    }
    Ok(rows)
}

/// The partitions that have a leader, of these topics or of all.
pub(crate) fn places(job: &Job, topics: &[String]) -> Result<Vec<Place>> {
    let topics: Vec<TopicInfo> = match topics {
        [] => job.admin.topics()?.into_iter().filter(|topic| !topic.is_internal()).collect(),
        named => named.iter().map(|name| job.admin.topic(name)).collect::<std::result::Result<_, _>>()?,
    };
    let led = |topic: &TopicInfo| {
        let ids = topic.partitions.iter().filter(|p| p.leader >= 0).map(|p| p.id);
        ids.map(|id| (topic.name.clone(), id)).collect::<Vec<_>>()
    };
    Ok(topics.iter().flat_map(led).collect())
}

/// One row for each partition that the group has read.
fn partitions(job: &Job, group: &str, places: &[Place]) -> Result<Vec<Value>> {
    let committed = job.admin.committed(group, places)?;
    let read: Vec<(Place, i64)> =
        places.iter().zip(committed).filter_map(|(place, at)| Some((place.clone(), at?))).collect();
    let places: Vec<Place> = read.iter().map(|(place, _)| place.clone()).collect();
    let ends = job.admin.offsets(&places, At::End)?;
    let row = |(((topic, partition), offset), end): ((Place, i64), i64)| {
        // Records that were deleted behind a group's back are not ahead of it.
        json!({"topic": topic, "partition": partition, "offset": offset, "end": end, "lag": (end - offset).max(0)})
    };
    Ok(read.into_iter().zip(ends).map(row).collect())
}
