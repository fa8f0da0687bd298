//! `check`: partitions that are not well.

use std::collections::BTreeMap;

use kch_cli::{Failure, Io, Render, Result};
use kch_kafka::{PartitionInfo, TopicInfo};
use serde_json::{Value, json};

use crate::Job;

pub(crate) fn run(job: &Job, names: &[String], io: &mut Io, render: &Render) -> Result<Vec<Value>> {
    let topics = match names {
        [] => job.admin.topics()?,
        named => named.iter().map(|name| job.admin.topic(name)).collect::<std::result::Result<_, _>>()?,
    };
    let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    let minima = job.admin.min_in_sync(&names).unwrap_or_else(|error| {
        io.messages.say(&format!("warning: min.insync.replicas is not checked: {error}"));
        BTreeMap::new()
    });
    let rows: Vec<Value> =
        topics.iter().flat_map(|topic| unwell(topic, minima.get(&topic.name).copied())).collect();
    if rows.is_empty() {
        return Ok(rows);
    }
    render.rows(&rows, &mut io.output)?;
    let (count, of) = (rows.len(), topics.iter().map(|topic| topic.partitions.len()).sum::<usize>());
    Err(Failure::refused(format!("{count} of {of} partitions are not well")))
}

/// The worst that is wrong with each partition.
fn unwell(topic: &TopicInfo, min_in_sync: Option<usize>) -> Vec<Value> {
    let row = |p: &PartitionInfo| {
        let problem = problem(p, min_in_sync)?;
        Some(json!({
            "topic": topic.name, "partition": p.id, "problem": problem, "leader": (p.leader >= 0).then_some(p.leader),
            "replicas": p.replicas, "in_sync": p.in_sync, "min_in_sync": min_in_sync,
        }))
    };
    topic.partitions.iter().filter_map(row).collect()
}

fn problem(p: &PartitionInfo, min_in_sync: Option<usize>) -> Option<&'static str> {
    if p.leader < 0 {
        return Some("offline");
    }
    if min_in_sync.is_some_and(|minimum| p.in_sync.len() < minimum) {
        return Some("below min.insync.replicas");
    }
    (p.in_sync.len() < p.replicas.len()).then_some("under-replicated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_a_partition_is_told() {
        let partition = |leader, in_sync: &[i32]| PartitionInfo {
            id: 0,
            leader,
            replicas: vec![1, 2, 3],
            in_sync: in_sync.to_vec(),
        };
        let told = |leader, in_sync: &[i32]| problem(&partition(leader, in_sync), Some(2));
        assert_eq!(told(1, &[1, 2, 3]), None);
        assert_eq!(told(1, &[1, 2]), Some("under-replicated"));
        assert_eq!(told(1, &[1]), Some("below min.insync.replicas"));
        assert_eq!(told(-1, &[1, 2, 3]), Some("offline"));
        assert_eq!(problem(&partition(1, &[1, 2, 3]), None), None);
    }
}
