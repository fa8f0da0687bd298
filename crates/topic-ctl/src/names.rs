//! Names as they are typed: each is a name, or a glob that stands for all that match it. One that is typed twice is meant once.

use kch_cli::{Failure, Io, Result, is_glob, matches_glob};
use kch_kafka::TopicInfo;

use crate::Job;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// The names as typed, and in place of each glob those it matches, each once. The brokers' own topics are matched by a
    /// glob that begins as they do.
    pub(crate) names: Vec<String>,
    /// What is to be said of the first glob that matches nothing.
    unmatched: Option<String>,
}

impl Names {
    /// The names; a glob that matches nothing is refused, as a name that is not there.
    pub(crate) fn matched(self) -> Result<Vec<String>> {
        self.matched_or(false)
    }

    /// The same, unless what is not there is no trouble.
    pub(crate) fn matched_or(self, may_be_none: bool) -> Result<Vec<String>> {
        match self.unmatched {
            Some(text) if !may_be_none => Err(Failure::refused(text)),
            _ => Ok(self.names),
        }
    }

    /// The names of a list, which may be empty: a person who sees nothing is told why.
    pub(crate) fn listed(self, io: &mut Io) -> Vec<String> {
        if let Some(text) = self.unmatched.filter(|_| io.messages.is_terminal()) {
            io.messages.say(&text);
        }
        self.names
    }
}

/// Topics that are meant.
pub(crate) fn topics(job: &Job, asked: &[String]) -> Result<Names> {
    expand(asked, "topic", || Ok(job.admin.topics()?.into_iter().map(|topic| topic.name).collect()))
}

/// The topics themselves, from one look at the cluster.
pub(crate) fn found(job: &Job, asked: &[String]) -> Result<Vec<TopicInfo>> {
    let all = job.admin.topics()?;
    let names = expand(asked, "topic", || Ok(all.iter().map(|topic| topic.name.clone()).collect()))?;
    found_of(job, &all, &names.matched()?)
}

/// The same for a list, which may be empty.
pub(crate) fn listed(job: &Job, asked: &[String], io: &mut Io) -> Result<Vec<TopicInfo>> {
    let all = job.admin.topics()?;
    let names = expand(asked, "topic", || Ok(all.iter().map(|topic| topic.name.clone()).collect()))?;
    found_of(job, &all, &names.listed(io))
}

fn found_of(job: &Job, all: &[TopicInfo], names: &[String]) -> Result<Vec<TopicInfo>> {
    let find = |name: &String| match all.iter().find(|topic| topic.name == *name) {
        Some(topic) => Ok(topic.clone()),
        // It is told with the nearest name, unless it has just been made.
        None => Ok(job.admin.topic(name)?),
    };
    names.iter().map(find).collect()
}

/// Groups that are meant.
pub(crate) fn groups(job: &Job, asked: &[String]) -> Result<Names> {
    expand(asked, "group", || Ok(job.admin.groups()?.into_iter().map(|group| group.name).collect()))
}

fn expand(asked: &[String], kind: &str, known: impl FnOnce() -> Result<Vec<String>>) -> Result<Names> {
    let known = if asked.iter().any(|name| is_glob(name)) { known()? } else { Vec::new() };
    let mut meant = Names::default();
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
            meant.unmatched.get_or_insert_with(|| format!("no {kind} matches {name:?}"));
        }
        for name in matching {
            if !meant.names.contains(&name) {
                meant.names.push(name);
            }
        }
    }
    Ok(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_stands_for_what_is_there() {
        let meant = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
            let known = ["__own", "a-1", "a-2", "b", "odd*"].map(str::to_owned);
            expand(&asked, "topic", || Ok(known.to_vec())).unwrap()
        };
        let expand = |asked: &[&str]| meant(asked).matched().map_err(|failure| failure.text().to_owned());
        let names = |names: &[&str]| Ok(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(expand(&["a-*"]), names(&["a-1", "a-2"]));
        assert_eq!(expand(&["a-2", "a-?", "b"]), names(&["a-2", "a-1", "b"]));
        assert_eq!(expand(&["b", "gone", "b"]), names(&["b", "gone"]));
        assert_eq!(expand(&["*"]), names(&["a-1", "a-2", "b", "odd*"]));
        assert_eq!(expand(&["__*"]), names(&["__own"]));
        assert_eq!(expand(&["odd*"]), names(&["odd*"]));
        assert_eq!(expand(&["gone"]), names(&["gone"]));
        assert_eq!(expand(&["b", "c*", "d*"]), Err("no topic matches \"c*\"".to_owned()));
        assert_eq!(meant(&["b", "c*"]).matched_or(true), Ok(vec!["b".to_owned()]));
        assert_eq!(meant(&["c*"]).matched().unwrap_err().exit(), kch_cli::Exit::Refused);
    }
}
