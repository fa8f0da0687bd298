//! `configs`, and the settings of `create` and `alter`.

use kch_cli::{Failure, Result};
use kch_kafka::{ConfigChange, ConfigValue, Resource};
use serde_json::{Value, json};

use crate::args::{ChangeArgs, SettingArgs};
use crate::topics::prefixed;
use crate::{Job, outcome};

/// `NAME=VALUE`, each.
pub(crate) fn key_values(pairs: &[String]) -> Result<Vec<(String, String)>> {
    let split = |pair: &String| match pair.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => {
            Err(Failure::usage(format!("--setting {pair}: expected NAME=VALUE, as cleanup.policy=compact")))
        }
    };
    pairs.iter().map(split).collect()
}

/// What the arguments name: one of the two is given.
pub(crate) fn resource(topic: Option<String>, broker: Option<i32>) -> Resource {
    match broker {
        Some(id) => Resource::Broker(id),
        None => Resource::Topic(topic.unwrap_or_default()),
    }
}

pub(crate) fn run(
    job: &Job,
    resource: &Resource,
    defaults: bool,
    settings: &SettingArgs,
    change: ChangeArgs,
) -> Result<Vec<Value>> {
    ensure_exists(job, resource)?;
    if settings.settings.is_empty() && settings.unset.is_empty() {
        let shown = job.admin.configs(resource)?;
        return Ok(shown.iter().filter(|s| defaults || s.source != "default").map(row).collect());
    }
    let set = key_values(&settings.settings)?;
    let changes = self::change(job, resource, &set, &settings.unset, change)?;
    let (key, name) = match resource {
        Resource::Topic(name) => ("topic", Value::from(name.as_str())),
        Resource::Broker(id) => ("broker", Value::from(*id)),
    };
    Ok(changed(job, key, &name, changes, change.dry_run))
}

/// The rows of what was changed: for people, one for each setting.
pub(crate) fn changed(job: &Job, key: &str, name: &Value, changes: Vec<Value>, dry_run: bool) -> Vec<Value> {
    if job.table && !changes.is_empty() {
        let row = |change| outcome(prefixed(key, name.clone(), change), dry_run);
        return changes.into_iter().map(row).collect();
    }
    let result = if changes.is_empty() { "unchanged" } else { "updated" };
    let mut row = json!({key: name, "result": result});
    if !job.table {
        row["changes"] = changes.into();
    }
    vec![outcome(row, dry_run)]
}

/// Changes settings, and gives the difference as rows.
pub(crate) fn change(
    job: &Job,
    resource: &Resource,
    set: &[(String, String)],
    unset: &[String],
    change: ChangeArgs,
) -> Result<Vec<Value>> {
    if let Some((key, _)) = set.iter().find(|(key, _)| unset.contains(key)) {
        return Err(Failure::usage(format!("{key} is both set and unset")));
    }
    if set.is_empty() && unset.is_empty() {
        return Ok(Vec::new());
    }
    let changes = job.admin.alter_configs(resource, set, unset, change.change())?;
    let row = |c: &ConfigChange| json!({"setting": c.name, "from": c.from, "to": c.to});
    Ok(changes.iter().map(row).collect())
}

fn ensure_exists(job: &Job, resource: &Resource) -> Result<()> {
    match resource {
        Resource::Topic(name) => drop(job.admin.topic(name)?),
        Resource::Broker(id) => {
            let brokers = job.admin.brokers()?;
            if brokers.iter().all(|broker| broker.id != *id) {
                let known: Vec<String> = brokers.iter().map(|broker| broker.id.to_string()).collect();
                return Err(Failure::refused(format!("there is no broker {id}"))
                    .hint(format!("the brokers are {}", known.join(", "))));
            }
        }
    }
    Ok(())
}

pub(crate) fn row(setting: &ConfigValue) -> Value {
    json!({"setting": setting.name, "value": setting.value, "source": setting.source, "read_only": setting.read_only})
}
