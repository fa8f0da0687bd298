//! Names as they are typed: each is a name, or a glob that stands for all that match it. One that is typed twice is meant once.

use kch_cli::{Failure, Result, is_glob, matches_glob};
use kch_kafka::TopicInfo;

use crate::Job;

/// Names of topics: those asked for, and in place of each glob those it matches, each once. The brokers' own are matched by a glob that
/// begins as they do.
pub(crate) fn topics(job: &Job, asked: &[String]) -> Result<Vec<String>> {
    expand(asked, "topic", || Ok(job.admin.topics()?.into_iter().map(|topic| topic.name).collect()))
}

/// The topics themselves, from one look at the cluster.
pub(crate) fn found(job: &Job, asked: &[String]) -> Result<Vec<TopicInfo>> {
    let all = job.admin.topics()?;
    let names = expand(asked, "topic", || Ok(all.iter().map(|topic| topic.name.clone()).collect()))?;
    let find = |name: &String| match all.iter().find(|topic| topic.name == *name) {
        Some(topic) => Ok(topic.clone()),
        // It is told with the nearest name, unless it has just been made.
        None => Ok(job.admin.topic(name)?),
    };
    names.iter().map(find).collect()
}

/// Names of groups: the same.
pub(crate) fn groups(job: &Job, asked: &[String]) -> Result<Vec<String>> {
    expand(asked, "group", || Ok(job.admin.groups()?.into_iter().map(|group| group.name).collect()))
}

fn expand(asked: &[String], kind: &str, known: impl FnOnce() -> Result<Vec<String>>) -> Result<Vec<String>> {
    let known = if asked.iter().any(|name| is_glob(name)) { known()? } else { Vec::new() };
    let mut names: Vec<String> = Vec::new();
    for name in asked {
        let matching: Vec<String> = if !is_glob(name) || known.contains(name) {
            vec![name.clone()]
        } else {
            let is_meant = |other: &&String| {
                (!other.starts_with("__") || name.starts_with("__")) && matches_glob(name, other)
            };
            known.iter().filter(is_meant).cloned().collect()
        };
        if matching.is_empty() {
            return Err(Failure::usage(format!("no {kind} matches {name:?}")));
        }
        for name in matching {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_stands_for_what_is_there() {
        let expand = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
            let known = ["__own", "a-1", "a-2", "b", "odd*"].map(str::to_owned);
            expand(&asked, "topic", || Ok(known.to_vec())).map_err(|failure| failure.text().to_owned())
        };
        let names = |names: &[&str]| Ok(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(expand(&["a-*"]), names(&["a-1", "a-2"]));
        assert_eq!(expand(&["a-2", "a-?", "b"]), names(&["a-2", "a-1", "b"]));
        assert_eq!(expand(&["b", "gone", "b"]), names(&["b", "gone"]));
        assert_eq!(expand(&["*"]), names(&["a-1", "a-2", "b", "odd*"]));
        assert_eq!(expand(&["__*"]), names(&["__own"]));
        assert_eq!(expand(&["odd*"]), names(&["odd*"]));
        assert_eq!(expand(&["gone"]), names(&["gone"]));
        assert_eq!(expand(&["b", "c*"]), Err("no topic matches \"c*\"".to_owned()));
    }
}
