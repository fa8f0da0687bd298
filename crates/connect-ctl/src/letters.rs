//! The records that sinks gave up: with `errors.tolerance=all` they are behind a sink as the others are, so that no state
//! and no lag tells of them.

use std::collections::BTreeMap;

use kch_cli::Messages;
use kch_kafka::{Admin, At, KafkaError, Place};

use crate::connector::Connector;
use crate::worker::Config;

/// The setting that names the topic.
pub(crate) const SETTING: &str = "errors.deadletterqueue.topic.name";

/// The topic that a configuration names for what the sink cannot take.
pub(crate) fn topic_of(config: &Config) -> Option<&str> {
    config.get(SETTING).map(String::as_str).filter(|topic| !topic.is_empty())
}

/// The dead-letter topics of sinks.
pub(crate) struct Letters {
    /// Who shares each.
    topics: BTreeMap<String, Vec<String>>,
    /// What was found at the last look, if there was one.
    seen: Option<BTreeMap<String, Count>>,
    told: bool,
}

/// What a topic has: the sums over its partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    records: i64,
    /// It only grows, whatever retention takes away.
    end: i64,
}

impl Letters {
    pub(crate) fn of(sinks: &[Connector]) -> Letters {
        let mut topics: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for sink in sinks {
            if let Some(topic) = sink.dead_letters() {
                topics.entry(topic.to_owned()).or_default().push(sink.name.clone());
            }
        }
        Letters { topics, seen: None, told: false }
    }

    /// Counts, so that those which come from now on are told as new.
    pub(crate) fn begin(&mut self, admin: &Admin) {
        self.seen = self.count(admin).ok();
    }

    /// Tells of all that are there; the next time, when there are more. What cannot be counted now is not told: the lag is what
    /// was asked for.
    pub(crate) fn tell(&mut self, admin: &Admin, messages: &mut Messages) {
        let Ok(now) = self.count(admin) else { return };
        for text in self.notes(&now) {
            messages.say(&text);
        }
        (self.seen, self.told) = (Some(now), true);
    }

    fn notes(&self, now: &BTreeMap<String, Count>) -> Vec<String> {
        let end =
            |counts: &BTreeMap<String, Count>, topic: &str| counts.get(topic).map_or(0, |count| count.end);
        let note = |(topic, sinks): (&String, &Vec<String>)| {
            let Count { records, .. } = now.get(topic).copied().unwrap_or_default();
            let new = self.seen.as_ref().map_or(0, |seen| end(now, topic) - end(seen, topic));
            if records == 0 || self.told && new <= 0 {
                return None;
            }
            let letters = if records == 1 { "dead letter" } else { "dead letters" };
            let new = if new > 0 { format!(", {new} of them new") } else { String::new() };
            let hint = match sinks.as_slice() {
                [only] => format!("connect-ctl dlq {only}"),
                _ => format!("connect-ctl dlq NAME, for {}", sinks.join(", ")),
            };
            Some(format!("note: {topic} has {records} {letters}{new}: {hint}"))
        };
        self.topics.iter().filter_map(note).collect()
    }

    fn count(&self, admin: &Admin) -> Result<BTreeMap<String, Count>, KafkaError> {
        if self.topics.is_empty() {
            return Ok(BTreeMap::new());
        }
        let there = admin.topics()?;
        let meant = there.iter().filter(|topic| self.topics.contains_key(&topic.name));
        let places: Vec<Place> = meant
            .flat_map(|topic| topic.partitions.iter().map(|partition| (topic.name.clone(), partition.id)))
            .collect();
        let (starts, ends) = (admin.offsets(&places, At::Start)?, admin.offsets(&places, At::End)?);
        let mut counts: BTreeMap<String, Count> = BTreeMap::new();
        for ((topic, _), (start, end)) in places.into_iter().zip(starts.into_iter().zip(ends)) {
            let count = counts.entry(topic).or_default();
            count.records += end - start;
            count.end += end;
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_told_once_a_topic_and_again_when_more_have_come() {
        let topics = [("one", vec!["a"]), ("shared", vec!["b", "c"]), ("empty", vec!["d"])];
        let own = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let topics = topics.map(|(topic, sinks)| (topic.to_owned(), own(sinks))).into();
        let counts = |counts: &[(&str, i64, i64)]| -> BTreeMap<String, Count> {
            let count =
                |&(topic, records, end): &(&str, i64, i64)| (topic.to_owned(), Count { records, end });
            counts.iter().map(count).collect()
        };
        let first = counts(&[("one", 1, 5), ("shared", 7, 7), ("empty", 0, 9)]);
        let mut letters = Letters { topics, seen: None, told: false };
        let shared = "note: shared has 7 dead letters: connect-ctl dlq NAME, for b, c";
        assert_eq!(letters.notes(&first), ["note: one has 1 dead letter: connect-ctl dlq a", shared]);
        (letters.seen, letters.told) = (Some(first.clone()), true);
        assert!(letters.notes(&first).is_empty());
        // Retention has taken the old one meanwhile.
        let then = counts(&[("one", 2, 7), ("shared", 7, 7), ("empty", 0, 9)]);
        assert_eq!(letters.notes(&then), ["note: one has 2 dead letters, 2 of them new: connect-ctl dlq a"]);
    }
}
