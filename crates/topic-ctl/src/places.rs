//! Which partitions are meant. One without a leader has no one to ask for its offsets: it is named, never left out.

use std::collections::BTreeSet;

use kch_cli::{Failure, Result};
use kch_kafka::{KafkaError, Place, TopicInfo};

use crate::{Job, names};

/// The partitions of these topics, by name or glob, or of all, and those of them that have no leader.
pub(crate) fn places(job: &Job, topics: &[String]) -> Result<(Vec<Place>, Leaderless)> {
    let topics: Vec<TopicInfo> = match topics {
        [] => job.admin.topics()?.into_iter().filter(|topic| !topic.is_internal()).collect(),
        asked => names::found(job, asked)?,
    };
    Ok(of(&topics))
}

pub(crate) fn of(topics: &[TopicInfo]) -> (Vec<Place>, Leaderless) {
    let (mut places, mut leaderless) = (Vec::new(), BTreeSet::new());
    for topic in topics {
        for partition in &topic.partitions {
            let place = (topic.name.clone(), partition.id);
            if partition.leader < 0 {
                leaderless.insert(place.clone());
            }
            places.push(place);
        }
    }
    (places, Leaderless(leaderless))
}

/// Partitions that have no leader.
#[derive(Debug, Default)]
pub(crate) struct Leaderless(BTreeSet<Place>);

impl Leaderless {
    /// What is known of each place, in their order, asked of those that have a leader.
    pub(crate) fn ask(
        &self,
        places: &[Place],
        ask: impl FnOnce(&[Place]) -> std::result::Result<Vec<i64>, KafkaError>,
    ) -> Result<Vec<Option<i64>>> {
        let led: Vec<Place> = places.iter().filter(|place| !self.0.contains(*place)).cloned().collect();
        let mut known = ask(&led)?.into_iter();
        Ok(places.iter().map(|place| if self.0.contains(place) { None } else { known.next() }).collect())
    }

    /// An error that names the first of these places that has no leader.
    pub(crate) fn ensure_none_of(&self, places: &[Place]) -> Result<()> {
        let without: BTreeSet<&Place> = places.iter().filter(|place| self.0.contains(*place)).collect();
        let Some((topic, partition)) = without.first() else { return Ok(()) };
        let more = match without.len() - 1 {
            0 => String::new(),
            more => format!("; nor have {more} more"),
        };
        let text =
            format!("topic {topic:?} partition {partition} has no leader to ask for its offsets{more}");
        Err(Failure::unavailable(text).hint(format!("topic-ctl check {topic}")))
    }
}

#[cfg(test)]
mod tests {
    use kch_cli::Exit;
    use kch_kafka::PartitionInfo;

    use super::*;

    #[test]
    fn what_has_no_leader_is_not_asked_and_not_left_out() {
        let partition = |(id, leader)| PartitionInfo { id, leader, replicas: vec![1], in_sync: vec![1] };
        let topic = |name: &str, leaders: &[i32]| TopicInfo {
            name: name.to_owned(),
            partitions: (0..).zip(leaders.iter().copied()).map(partition).collect(),
        };
        let (places, leaderless) = of(&[topic("a", &[1, -1]), topic("b", &[1, -1])]);
        let place = |topic: &str, partition| (topic.to_owned(), partition);
        assert_eq!(places, [place("a", 0), place("a", 1), place("b", 0), place("b", 1)]);
        let known = leaderless.ask(&places, |led| {
            assert_eq!(led, [place("a", 0), place("b", 0)]);
            Ok(vec![7, 8])
        });
        assert_eq!(known, Ok(vec![Some(7), None, Some(8), None]));

        assert_eq!(leaderless.ensure_none_of(&[place("a", 0), place("b", 0)]), Ok(()));
        let failure = leaderless.ensure_none_of(&places[..2]).unwrap_err();
        assert_eq!((failure.exit(), failure.hint_text()), (Exit::Unavailable, Some("topic-ctl check a")));
        assert_eq!(failure.text(), "topic \"a\" partition 1 has no leader to ask for its offsets");
        // Two groups may have read the same one.
        let failure = leaderless.ensure_none_of(&[places.clone(), places].concat()).unwrap_err();
        assert!(failure.text().ends_with("its offsets; nor have 1 more"), "{failure:?}");
    }
}
