//! `groups`: list, describe, delete.

use kch_cli::{Failure, Io, Render, Result};
use kch_kafka::{GroupInfo, KafkaError, Member};
use serde_json::{Map, Value, json};

use crate::topics::prefixed;
use crate::{Job, hint_if_exists, names, one_by_one, outcome};

pub(crate) fn list(job: &Job, asked: &[String], io: &mut Io) -> Result<Vec<Value>> {
    if asked.is_empty() {
        return Ok(job.admin.groups()?.iter().map(summary).collect());
    }
    let names = names::groups(job, asked)?.listed(io);
    names.iter().map(|name| Ok(summary(&job.admin.group(name)?))).collect()
}

fn summary(group: &GroupInfo) -> Value {
    json!({
        "group": group.name, "state": group.state, "type": group.protocol_type, "members": group.members.len(),
    })
}

pub(crate) fn describe(job: &Job, names: &[String]) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for name in names {
        let group = job.admin.group(name)?;
        let members = group.members.iter().map(member);
        if job.table && !group.members.is_empty() {
            rows.extend(members.map(|member| prefixed("group", name.as_str(), member)));
            continue;
        }
        let mut row = summary(&group);
        if !job.table {
            row["protocol"] = group.protocol.clone().into();
            row["members"] = members.collect();
        }
        rows.push(row);
    }
    Ok(rows)
}

fn member(member: &Member) -> Value {
    let partitions: Map<String, Value> =
        member.partitions.iter().map(|(topic, ids)| (topic.clone(), json!(ids))).collect();
    json!({"id": member.id, "client_id": member.client_id, "host": member.host, "partitions": partitions})
}

/// Those of the groups that are there. All are looked at first: nothing is deleted when one cannot be.
pub(crate) fn ensure_deletable(job: &Job, names: &[String], if_exists: bool) -> Result<Vec<String>> {
    let found = |name: &String| match job.admin.group(name) {
        Ok(group) => Some(ensure_idle(&group).map(|()| group.name)),
        Err(KafkaError::GroupMissing { .. }) if if_exists => None,
        Err(error @ KafkaError::GroupMissing { nearest: None, .. }) => {
            Some(Err(hint_if_exists(error.into())))
        }
        Err(error) => Some(Err(error.into())),
    };
    names.iter().filter_map(found).collect()
}

pub(crate) fn delete(
    job: &Job,
    names: &[String],
    there: &[String],
    dry_run: bool,
    io: &mut Io,
    render: &Render,
) -> Result<Vec<Value>> {
    one_by_one(names, io, render, |name| {
        let there = there.contains(name);
        if there && !dry_run {
            job.admin.delete_group(name)?;
        }
        Ok(outcome(json!({"group": name, "deleted": there}), dry_run))
    })
}

/// A group whose members are reading keeps its own offsets: they would be set back at the next commit.
pub(crate) fn ensure_idle(group: &GroupInfo) -> Result<()> {
    if group.members.is_empty() {
        return Ok(());
    }
    let who: Vec<String> = group.members.iter().map(|m| format!("{} at {}", m.client_id, m.host)).collect();
    let text = format!("group {:?} is {} and has members: {}", group.name, group.state, who.join(", "));
    Err(Failure::refused(text).hint("stop them first"))
}
