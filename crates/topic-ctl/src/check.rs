//! `check`: partitions that are not well.

use std::collections::BTreeMap;
use std::time::Instant;

use kch_cli::{Exit, Failure, Io, Render, Result};
use kch_kafka::{KafkaError, PartitionInfo, TopicInfo};
use serde_json::{Value, json};

use crate::{EVERY, Job, names};

pub(crate) fn run(job: &Job, names: &[String], io: &mut Io, render: &Render) -> Result<Exit> {
    loop {
        let is_over = job.deadline.is_none_or(|deadline| Instant::now() + EVERY > deadline);
        match Health::of(job, names) {
            Ok(health) if is_over || health.is_known_to_be_well() => {
                return health.tell(job.deadline.is_some(), io, render);
            }
            Ok(_) => {}
            // What is waited for may have to be created first, by a cluster that has to come up first.
            Err(failure) if !is_over && matches!(failure.exit(), Exit::Unavailable | Exit::Refused) => {}
            Err(failure) => return Err(failure),
        }
        if let Some(signal) = io.signals.pause(EVERY) {
            return Err(Failure::interrupted(signal));
        }
    }
}

struct Health {
    /// One row for each partition that is not well.
    unwell: Vec<Value>,
    /// How many partitions were looked at.
    partitions: usize,
    /// Why no minimum of in-sync replicas is known.
    unchecked: Option<KafkaError>,
}

impl Health {
    fn of(job: &Job, asked: &[String]) -> Result<Health> {
        let topics = if asked.is_empty() { job.admin.topics()? } else { names::found(job, asked)? };
        let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        let (minima, unchecked) = match job.admin.min_in_sync(&names) {
            Ok(minima) => (minima, None),
            Err(error) => (BTreeMap::new(), Some(error)),
        };
        let unwell =
            topics.iter().flat_map(|topic| unwell(topic, minima.get(&topic.name).copied())).collect();
        Ok(Health { unwell, partitions: topics.iter().map(|topic| topic.partitions.len()).sum(), unchecked })
    }

    /// Brokers that start may know their partitions before they can be asked for settings. One who may not ask never knows
    /// more.
    fn is_known_to_be_well(&self) -> bool {
        self.unwell.is_empty() && matches!(self.unchecked, None | Some(KafkaError::Authorization { .. }))
    }

    fn tell(&self, waited: bool, io: &mut Io, render: &Render) -> Result<Exit> {
        if let Some(error) = &self.unchecked {
            io.messages.say(&format!("warning: min.insync.replicas is not checked: {error}"));
        }
        if waited && self.unwell.is_empty() && !self.is_known_to_be_well() {
            return Err(Failure::unavailable("nobody knows whether the partitions are well"));
        }
        if self.unwell.is_empty() {
            return Ok(Exit::Done);
        }
        render.rows(&self.unwell, &mut io.output)?;
        let (still, count) = (if waited { "still " } else { "" }, self.unwell.len());
        let text = format!("{count} of {} partitions are {still}not well", self.partitions);
        let failure = if waited { Failure::unavailable(text) } else { Failure::refused(text) };
        Err(failure.hint(format!("{}topic-ctl brokers shows who is up", missing(&self.unwell))))
    }
}

/// Which brokers are out of sync, most partitions first; empty where none is known to be.
fn missing(unwell: &[Value]) -> String {
    let ids = |row: &Value, field: &str| -> Vec<i64> {
        row[field].as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
    };
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for row in unwell {
        let in_sync = ids(row, "in_sync");
        for id in ids(row, "replicas").into_iter().filter(|id| !in_sync.contains(id)) {
            *counts.entry(id).or_default() += 1;
        }
    }
    let mut counts: Vec<(i64, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
    let named: Vec<String> =
        counts.iter().map(|(id, count)| format!("broker {id} is out of sync in {count} of them; ")).collect();
    named.concat()
}

/// The worst that is wrong with each partition. One of fewer replicas than `min.insync.replicas` needs no more than it has,
/// as brokers count it.
fn unwell(topic: &TopicInfo, min_in_sync: Option<usize>) -> Vec<Value> {
    let row = |p: &PartitionInfo| {
        let min_in_sync = min_in_sync.map(|minimum| minimum.min(p.replicas.len()));
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

    #[test]
    fn brokers_that_are_missing_are_named() {
        let row = |in_sync: &[i32]| json!({"replicas": [1, 2, 3], "in_sync": in_sync});
        assert_eq!(
            missing(&[row(&[1, 2]), row(&[2])]),
            "broker 3 is out of sync in 2 of them; broker 1 is out of sync in 1 of them; "
        );
        assert_eq!(missing(&[row(&[1, 2, 3])]), "");
    }

    #[test]
    fn what_is_not_well_is_refused_and_after_a_wait_worth_another_try() {
        let told = |health: Health, waited| {
            let mut io = Io {
                input: kch_cli::Input::new("stdin", std::io::empty()),
                output: kch_cli::Output::new(std::io::sink(), false),
                messages: kch_cli::Messages::new("topic-ctl", std::io::sink()),
                signals: kch_cli::Signals::none(),
            };
            let render = Render::new(None, &io.output);
            health
                .tell(waited, &mut io, &render)
                .map_err(|failure| (failure.exit(), failure.text().to_owned()))
        };
        let says = |exit, text: &str| Err((exit, text.to_owned()));
        let unwell = || Health { unwell: vec![json!({"topic": "t"})], partitions: 3, unchecked: None };
        assert_eq!(told(unwell(), false), says(Exit::Refused, "1 of 3 partitions are not well"));
        assert_eq!(told(unwell(), true), says(Exit::Unavailable, "1 of 3 partitions are still not well"));

        // Without settings a look tells what it can, and a wait goes on.
        let (what, reason) = ("settings".to_owned(), "no answer".to_owned());
        let silent = KafkaError::Failed { what: what.clone(), reason: reason.clone() };
        let unchecked = |error| Health { unwell: Vec::new(), partitions: 3, unchecked: Some(error) };
        let not_allowed = KafkaError::Authorization { what, user: "u".to_owned(), reason };
        assert!(unchecked(not_allowed).is_known_to_be_well());
        let silent = unchecked(silent);
        assert!(!silent.is_known_to_be_well());
        assert!(told(silent, true).is_err_and(|(exit, _)| exit == Exit::Unavailable));
    }

    #[test]
    fn a_partition_of_fewer_replicas_than_the_minimum_takes_records_when_it_has_them_all() {
        let told = |replicas: &[i32], in_sync: &[i32]| {
            let partition =
                PartitionInfo { id: 0, leader: 1, replicas: replicas.to_vec(), in_sync: in_sync.to_vec() };
            let topic = TopicInfo { name: "t".to_owned(), partitions: vec![partition] };
            let told = unwell(&topic, Some(3)).into_iter().next();
            told.map(|row| (row["problem"].clone(), row["min_in_sync"].clone()))
        };
        assert_eq!(told(&[1], &[1]), None);
        assert_eq!(told(&[1, 2], &[1, 2]), None);
        assert_eq!(told(&[1, 2], &[1]), Some((json!("below min.insync.replicas"), json!(2))));
    }
}
