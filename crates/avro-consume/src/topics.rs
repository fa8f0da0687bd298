//! Which topics: names, and `^REGEX` for all that match.

use kch_cli::{Failure, Result};
use kch_kafka::{Admin, KafkaConfig};
use regex_lite::Regex;

/// The topics that `names` mean, each once, in order.
pub(crate) fn resolve(names: &[String], config: &KafkaConfig) -> Result<Vec<String>> {
    let mut topics: Vec<String> = Vec::new();
    let mut known = None;
    for name in names {
        let found = if name.starts_with('^') {
            let regex = Regex::new(name)
                .map_err(|error| Failure::usage(format!("-t {name}: not a regular expression: {error}")))?;
            let all = match &known {
                Some(all) => all,
                None => known.insert(Admin::connect(config.clone())?.topics()?),
            };
            let hidden = |topic: &str| topic.starts_with('_') && !name.starts_with("^_");
            let names = all.iter().map(|topic| &topic.name);
            let matching: Vec<String> =
                names.filter(|topic| regex.is_match(topic) && !hidden(topic)).cloned().collect();
            if matching.is_empty() {
                return Err(Failure::refused(format!("no topic at {} matches {name}", config.brokers())));
            }
            matching
        } else {
            vec![name.clone()]
        };
        for topic in found {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
    }
    Ok(topics)
}
