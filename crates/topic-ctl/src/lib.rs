//! `topic-ctl`: one request, one answer.

mod args;

use std::time::Duration;

pub use args::{Args, Verb};
use kch_cli::{Exit, Failure, Io, Render, Result, Settings};
use kch_kafka::{Admin, KafkaConfig, NewTopicSpec, TopicInfo};
use serde_json::{Value, json};

/// How long a broker may take to show a change.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the tool.
///
/// # Errors
/// Settings that are missing or wrong, brokers that cannot be reached, requests that are refused.
pub fn run(args: Args, io: &mut Io) -> Result<Exit> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    let render = Render::new(args.output, &io.output);
    if args.common.show_config {
        settings.set_flag(&kch_cli::vars::BOOTSTRAP_SERVERS, args.kafka.brokers.as_deref());
        render.rows(&settings.show(kch_kafka::VARS)?, &mut io.output)?;
        return Ok(Exit::Done);
    }
    let Some(verb) = args.verb else {
        return Err(Failure::usage("no verb given").hint("topic-ctl --help lists them"));
    };
    let config = KafkaConfig::resolve(&args.kafka, &mut settings)?.with_signals(io.signals.clone());
    let admin = Admin::connect(config)?;
    let rows = match verb {
        Verb::Create { topic, partitions, replication_factor, settings, if_not_exists } => {
            let config = settings.iter().map(|pair| key_value(pair)).collect::<Result<_>>()?;
            let spec = NewTopicSpec { name: topic, partitions: Some(partitions), replication_factor, config };
            vec![create(&admin, &spec, if_not_exists)?]
        }
        Verb::List { all } => list(&admin, all)?,
        Verb::Describe { topic } => vec![describe(&admin, &topic)?],
        Verb::Delete { topic, if_exists } => vec![delete(&admin, &topic, if_exists)?],
    };
    render.rows(&rows, &mut io.output)?;
    Ok(Exit::Done)
}

fn key_value(pair: &str) -> Result<(String, String)> {
    match pair.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(Failure::usage(format!("-c {pair}: expected KEY=VALUE, as cleanup.policy=compact"))),
    }
}

fn create(admin: &Admin, spec: &NewTopicSpec, if_not_exists: bool) -> Result<Value> {
    let created = admin.create(spec, PATIENCE)?;
    if !created && !if_not_exists {
        return Err(Failure::refused(format!("topic {:?} exists already", spec.name))
            .hint("--if-not-exists makes that a success"));
    }
    Ok(json!({"topic": spec.name, "created": created}))
}

fn list(admin: &Admin, all: bool) -> Result<Vec<Value>> {
    let topics = admin.topics()?;
    let shown = topics.iter().filter(|topic| all || !topic.name.starts_with("__"));
    Ok(shown.map(summary).collect())
}

fn summary(topic: &TopicInfo) -> Value {
    let replication = topic.partitions.iter().map(|p| p.replicas.len()).min().unwrap_or(0);
    json!({"topic": topic.name, "partitions": topic.partitions.len(), "replication_factor": replication})
}

fn describe(admin: &Admin, name: &str) -> Result<Value> {
    let topic = admin.topic(name)?;
    let mut partitions = Vec::new();
    for p in &topic.partitions {
        let (start, end) = admin.watermarks(name, p.id)?;
        partitions.push(json!({
            "partition": p.id, "leader": p.leader, "replicas": p.replicas, "in_sync": p.in_sync,
            "start": start, "end": end,
        }));
    }
    let mut row = summary(&topic);
    row["partitions"] = partitions.into();
    row["config"] =
        admin.topic_config(name)?.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
    Ok(row)
}

fn delete(admin: &Admin, name: &str, if_exists: bool) -> Result<Value> {
    // Looked up first, so that a slip of the keyboard is answered with the nearest name.
    let deleted = match admin.topic(name) {
        Ok(_) => admin.delete(name, PATIENCE)?,
        Err(kch_kafka::KafkaError::TopicMissing { .. }) if if_exists => false,
        // What is not there needs no cure that makes it.
        Err(error @ kch_kafka::KafkaError::TopicMissing { nearest: None, .. }) => {
            return Err(Failure::usage(error.to_string()).hint("--if-exists makes that a success"));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(json!({"topic": name, "deleted": deleted}))
}
