//! Subjects' names: the three strategies that Confluent's serializers have, and contexts.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::{Error, Version};

/// Which half of a record a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Key => "key",
            Part::Value => "value",
        })
    }
}

/// How a subject gets its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectNameStrategy {
    /// `TOPIC-value` and `TOPIC-key`: one type a topic.
    #[default]
    TopicName,
    /// The record's full name: one history a type, in whatever topic.
    RecordName,
    /// `TOPIC-RECORD`: one history a type and topic.
    TopicRecordName,
}

impl SubjectNameStrategy {
    /// The subject for one half of a topic's records, whose schema's type has this full name, if it has one.
    ///
    /// # Errors
    /// [`Error::NoRecordName`] when the strategy needs the name of a type and there is none.
    pub fn subject(self, topic: &str, part: Part, record: Option<&str>) -> Result<String, Error> {
        let record = || record.ok_or(Error::NoRecordName { part, strategy: self });
        Ok(match self {
            SubjectNameStrategy::TopicName => format!("{topic}-{part}"),
            SubjectNameStrategy::RecordName => record()?.to_owned(),
            SubjectNameStrategy::TopicRecordName => format!("{topic}-{}", record()?),
        })
    }

    /// Whether the name depends on the schema.
    #[must_use]
    pub fn needs_schema(self) -> bool {
        self != SubjectNameStrategy::TopicName
    }
}

impl fmt::Display for SubjectNameStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SubjectNameStrategy::TopicName => "topic",
            SubjectNameStrategy::RecordName => "record",
            SubjectNameStrategy::TopicRecordName => "topic-record",
        })
    }
}

impl FromStr for SubjectNameStrategy {
    type Err = String;

    /// `topic`, `record`, `topic-record`, or the name of the Java class, with or without its package.
    fn from_str(text: &str) -> Result<SubjectNameStrategy, String> {
        let class = text.rsplit('.').next().unwrap_or_default();
        match class.strip_suffix("NameStrategy").unwrap_or(text) {
            "topic" | "Topic" => Ok(SubjectNameStrategy::TopicName),
            "record" | "Record" => Ok(SubjectNameStrategy::RecordName),
            "topic-record" | "TopicRecord" => Ok(SubjectNameStrategy::TopicRecordName),
            _ => Err("a strategy is one of topic, record, topic-record".to_owned()),
        }
    }
}

/// A context's name as `.eu`, whether it is written `eu`, `.eu` or `:.eu:`; `.` is the default one.
///
/// # Errors
/// What such a name is like.
pub fn context_name(text: &str) -> Result<String, String> {
    match bare(text) {
        name if name.contains(':') || name.is_empty() && !text.contains('.') => {
            Err("a context's name is like eu or .eu".to_owned())
        }
        name => Ok(format!(".{name}")),
    }
}

/// Without its dot and colons.
fn bare(context: &str) -> &str {
    context.trim_matches(':').trim_start_matches('.')
}

/// The subject's full name in a context: `:.eu:orders-value` for `.eu` (or `eu`) and `orders-value`. A subject that names its
/// context keeps it; the default context is `.`.
#[must_use]
pub fn in_context(context: &str, subject: &str) -> String {
    let context = bare(context);
    if context.is_empty() || split_context(subject).0.is_some() {
        return subject.to_owned();
    }
    format!(":.{context}:{subject}")
}

/// The context that a subject's name begins with, such as `.eu`, and the rest.
#[must_use]
pub fn split_context(subject: &str) -> (Option<&str>, &str) {
    let parts = subject.strip_prefix(":.").and_then(|rest| rest.split_once(':'));
    match parts {
        // The context's own dot lies before `rest`.
        Some((context, name)) => (Some(&subject[1..context.len() + 2]), name),
        None => (None, subject),
    }
}

/// The context of a subject, such as `.eu`; none where it is the default one, whether the name says so (`:.:a`) or not.
#[must_use]
pub fn context_of(subject: &str) -> Option<&str> {
    split_context(subject).0.filter(|context| *context != ".")
}

/// Whether this stands for a context, as `:.eu:` does, and not for one of its subjects.
#[must_use]
pub fn is_context(subject: &str) -> bool {
    matches!(split_context(subject), (Some(_), ""))
}

/// The name in its shortest form: the default context goes without saying.
pub(crate) fn without_default(subject: &str) -> &str {
    subject.strip_prefix(":.:").unwrap_or(subject)
}

/// What stands for the context of `subject` where a registry takes a subject, `:.eu:`: the whole name would narrow the answer.
#[must_use]
pub fn context_alone(subject: &str) -> Option<String> {
    context_of(subject).map(|context| format!(":{context}:"))
}

/// The context whose rules `subject` follows where it has none: of a context itself, that is none.
pub(crate) fn context_above(subject: &str) -> Option<String> {
    context_alone(subject).filter(|context| context != subject)
}

/// The parts of SUBJECT@VERSION, where there is a version.
#[must_use]
pub fn at_version(name: &str) -> Option<(&str, Version)> {
    let (subject, version) = name.rsplit_once('@')?;
    Some((subject, version.parse().ok()?))
}

/// A subject and its version, which stands beside it, or behind it in SUBJECT@VERSION.
#[must_use]
pub fn named(name: &str, beside: Option<Version>) -> (&str, Option<Version>) {
    match (beside, at_version(name)) {
        (None, Some((subject, version))) => (subject, Some(version)),
        _ => (name, beside),
    }
}

/// Whether the name of a schema means a file: it is there, or looks like one; `-` is stdin. All else is a subject.
#[must_use]
pub fn means_file(name: &str) -> bool {
    name == "-" || name.ends_with(".avsc") || name.ends_with(".json") || is_there(Path::new(name))
}

/// A pipe with a name is a file too.
fn is_there(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_named_after_topic_record_or_both() {
        let subject = |strategy: &str, part| {
            let strategy: SubjectNameStrategy = strategy.parse().unwrap();
            strategy.subject("orders", part, Some("ex.shop.Order")).unwrap()
        };
        assert_eq!(subject("topic", Part::Value), "orders-value");
        assert_eq!(subject("TopicNameStrategy", Part::Key), "orders-key");
        assert_eq!(subject("record", Part::Value), "ex.shop.Order");
        let class = "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy";
        assert_eq!(subject(class, Part::Value), "orders-ex.shop.Order");
        assert!("io.example.Mine".parse::<SubjectNameStrategy>().is_err());
    }

    #[test]
    fn a_long_has_no_name_to_name_a_subject_after() {
        let error = SubjectNameStrategy::RecordName.subject("t", Part::Value, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the record strategy names a subject after a record, and the value's schema is none"
        );
        assert_eq!(SubjectNameStrategy::TopicName.subject("t", Part::Key, None).unwrap(), "t-key");
    }

    #[test]
    fn a_context_stands_in_front_of_a_subject() {
        for context in ["eu", ".eu", ":.eu:"] {
            assert_eq!(in_context(context, "a:b"), ":.eu:a:b");
            assert_eq!(context_name(context).unwrap(), ".eu");
        }
        assert!(context_name("a:b").is_err() && context_name("").is_err());
        assert!(context_name(":").is_err() && context_name(".") == Ok(".".to_owned()));
        assert_eq!((is_context(":.eu:"), is_context(":.eu:a"), is_context("a")), (true, false, false));
        assert_eq!(in_context(".", "a"), "a");
        assert_eq!(in_context(".eu", ":.us:a"), ":.us:a");
        assert_eq!(split_context(":.eu:a:b"), (Some(".eu"), "a:b"));
        assert_eq!(split_context("a:b"), (None, "a:b"));
        assert_eq!((context_of(":.eu:a"), context_of(":.:a"), context_of("a")), (Some(".eu"), None, None));
    }
}
