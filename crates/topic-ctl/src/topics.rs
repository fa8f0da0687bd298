//! `list`, `describe`, `create`, `alter`, `delete`.

use kch_cli::{Failure, Io, Render, Result};
use kch_kafka::{At, KafkaError, NewTopicSpec, PartitionInfo, Place, Resource, TopicInfo};
use serde_json::{Value, json};

use crate::args::{ChangeArgs, SettingArgs};
use crate::{Job, configs, hint_if_exists, names, one_by_one, outcome};

pub(crate) fn list(job: &Job, asked: &[String], all: bool, io: &mut Io) -> Result<Vec<Value>> {
    if !asked.is_empty() {
        return Ok(names::listed(job, asked, io)?.iter().map(summary).collect());
    }
    let topics = job.admin.topics()?;
    Ok(topics.iter().filter(|topic| all || !topic.is_internal()).map(summary).collect())
}

fn summary(topic: &TopicInfo) -> Value {
    let replication = topic.partitions.iter().map(|p| p.replicas.len()).min().unwrap_or(0);
    json!({"topic": topic.name, "partitions": topic.partitions.len(), "replication_factor": replication})
}

pub(crate) fn describe(job: &Job, asked: &[String]) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for topic in names::found(job, asked)? {
        let mut row = summary(&topic);
        row["partitions"] = partitions(job, &topic)?.into();
        let config = job.admin.configs(&Resource::Topic(topic.name.clone()))?;
        row["config"] =
            config.into_iter().map(|setting| (setting.name, Value::from(setting.value))).collect();
        rows.push(row);
    }
    Ok(rows)
}

/// For people: the partitions of all topics, then those of their settings that are not Kafka's defaults.
pub(crate) fn describe_tables(
    job: &Job,
    asked: &[String],
    io: &mut Io,
    render: &Render,
) -> Result<Vec<Value>> {
    let (mut partitions, mut settings) = (Vec::new(), Vec::new());
    for topic in names::found(job, asked)? {
        let name = &topic.name;
        let rows = self::partitions(job, &topic)?;
        partitions.extend(rows.into_iter().map(|partition| prefixed("topic", name.as_str(), partition)));
        let config = job.admin.configs(&Resource::Topic(name.clone()))?;
        let set = config.iter().filter(|setting| setting.source != "default").map(configs::row);
        settings.extend(set.map(|row| prefixed("topic", name.as_str(), row)));
    }
    render.rows(&partitions, &mut io.output)?;
    if !settings.is_empty() {
        io.output.line(b"")?;
    }
    Ok(settings)
}

/// The row with one column more, the first.
pub(crate) fn prefixed(key: &str, value: impl Into<Value>, row: Value) -> Value {
    let value: Value = value.into();
    let mut whole = json!({ key: value });
    if let (Value::Object(whole), Value::Object(row)) = (&mut whole, row) {
        whole.extend(row);
    }
    whole
}

fn partitions(job: &Job, topic: &TopicInfo) -> Result<Vec<Value>> {
    // One that has no leader has no one to ask for its offsets.
    let led: Vec<&PartitionInfo> = topic.partitions.iter().filter(|p| p.leader >= 0).collect();
    let places: Vec<Place> = led.iter().map(|p| (topic.name.clone(), p.id)).collect();
    let starts = job.admin.offsets(&places, At::Start)?;
    let ends = job.admin.offsets(&places, At::End)?;
    let row = |p: &PartitionInfo| {
        let at = led.iter().position(|partition| partition.id == p.id);
        json!({
            "partition": p.id, "leader": (p.leader >= 0).then_some(p.leader), "replicas": p.replicas,
            "in_sync": p.in_sync, "start": at.map(|at| starts[at]), "end": at.map(|at| ends[at]),
            "records": at.map(|at| ends[at] - starts[at]),
        })
    };
    Ok(topic.partitions.iter().map(row).collect())
}

/// One partition unless the specification says more: the brokers' own number may be any.
pub(crate) fn create(
    job: &Job,
    spec: &NewTopicSpec,
    if_not_exists: bool,
    change: ChangeArgs,
    io: &mut Io,
) -> Result<Vec<Value>> {
    let whole = NewTopicSpec { partitions: spec.partitions.or(Some(1)), ..spec.clone() };
    let created = job.admin.create(&whole, change.change())?;
    if !created && !if_not_exists {
        return Err(Failure::refused(format!("topic {:?} exists already", spec.name))
            .hint("--if-not-exists makes that a success"));
    }
    if !created {
        let differing = differing(job, spec);
        if !differing.is_empty() {
            io.messages.say(&format!(
                "warning: topic {:?} exists already, and is not as asked for: {}",
                spec.name,
                differing.join(", ")
            ));
        }
    }
    Ok(vec![outcome(json!({"topic": spec.name, "created": created}), change.dry_run)])
}

/// What a topic that is there has and the specification asks otherwise, as far as we may know: it is for a warning.
fn differing(job: &Job, spec: &NewTopicSpec) -> Vec<String> {
    let mut differing = Vec::new();
    let Ok(topic) = job.admin.topic(&spec.name) else { return differing };
    let there = summary(&topic);
    for (what, asked) in [("partitions", spec.partitions), ("replication_factor", spec.replication_factor)] {
        if let Some(asked) = asked.filter(|asked| there[what] != *asked) {
            differing.push(format!("{what} is {}, not {asked}", there[what]));
        }
    }
    if !spec.config.is_empty()
        && let Ok(config) = job.admin.configs(&Resource::Topic(spec.name.clone()))
    {
        for (key, asked) in &spec.config {
            match config.iter().find(|setting| setting.name == *key) {
                None => differing.push(format!("{key} is no setting of a topic")),
                Some(setting) if setting.value.as_ref() == Some(asked) => {}
                Some(setting) => {
                    let is = setting.value.as_deref().unwrap_or_default();
                    differing.push(format!("{key} is {is}, not {asked}"));
                }
            }
        }
    }
    differing
}

pub(crate) fn alter(
    job: &Job,
    name: &str,
    partitions: Option<i32>,
    settings: &SettingArgs,
    change: ChangeArgs,
    io: &mut Io,
) -> Result<Vec<Value>> {
    if partitions.is_none() && settings.settings.is_empty() && settings.unset.is_empty() {
        return Err(Failure::usage("nothing to alter").hint("give --partitions, --setting or --unset"));
    }
    let set = configs::key_values(&settings.settings)?;
    let topic = job.admin.topic(name)?;
    let has = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    let more = partitions.filter(|&wanted| wanted != has);
    if let Some(wanted) = more.filter(|&wanted| wanted < has) {
        let text = format!("topic {name:?} has {has} partitions: they can only become more, not {wanted}");
        return Err(Failure::refused(text));
    }
    // Both are tried before one is made.
    let resource = Resource::Topic(name.to_owned());
    let mut changes = Vec::new();
    if let Some(wanted) = more {
        job.admin.add_partitions(name, wanted, kch_kafka::Change::Validate)?;
        changes.push(json!({"setting": "partitions", "from": has, "to": wanted}));
    }
    changes.extend(configs::change(job, &resource, &set, &settings.unset, change)?);
    if let Some(wanted) = more.filter(|_| !change.dry_run) {
        job.admin.add_partitions(name, wanted, change.change())?;
    }
    if more.is_some() {
        io.messages
            .say("warning: with more partitions, a key's new records may go to another one than its old");
    }
    Ok(configs::changed(job, "topic", &name.into(), changes, change.dry_run))
}

/// Those of the topics that are there. All are looked up before one is deleted: a slip of the keyboard is answered with
/// the nearest name.
pub(crate) fn ensure_deletable(job: &Job, names: &[String], if_exists: bool) -> Result<Vec<TopicInfo>> {
    let found = |name: &String| match job.admin.topic(name) {
        Ok(topic) => Some(Ok(topic)),
        Err(KafkaError::TopicMissing { .. }) if if_exists => None,
        // What is not there needs no cure that makes it.
        Err(error @ KafkaError::TopicMissing { nearest: None, .. }) => {
            Some(Err(hint_if_exists(error.into())))
        }
        Err(error) => Some(Err(error.into())),
    };
    names.iter().filter_map(found).collect()
}

/// Topics with what they hold, for one who is asked about them.
pub(crate) fn shown(job: &Job, topics: &[TopicInfo]) -> Result<Vec<String>> {
    let shown = |topic: &TopicInfo| {
        let partitions = partitions(job, topic)?;
        let records: i64 = partitions.iter().filter_map(|p| p["records"].as_i64()).sum();
        Ok(format!("{} ({} partitions, {records} records)", topic.name, partitions.len()))
    };
    topics.iter().map(shown).collect()
}

pub(crate) fn delete(
    job: &Job,
    names: &[String],
    there: &[TopicInfo],
    change: ChangeArgs,
    io: &mut Io,
    render: &Render,
) -> Result<Vec<Value>> {
    one_by_one(names, io, render, |name| {
        let there = there.iter().any(|topic| topic.name == *name);
        let deleted = there && (change.dry_run || job.admin.delete(name, change.timeout)?);
        Ok(outcome(json!({"topic": name, "deleted": deleted}), change.dry_run))
    })
}
