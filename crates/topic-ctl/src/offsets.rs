//! `offsets`: what partitions have.

use kch_cli::Result;
use kch_kafka::{At, Bound, Place};
use serde_json::{Value, json};

use crate::{Job, lag};

pub(crate) fn of(job: &Job, topics: &[String], at: Option<Bound>) -> Result<Vec<Value>> {
    let places = lag::places(job, topics)?;
    let starts = job.admin.offsets(&places, At::Start)?;
    let ends = job.admin.offsets(&places, At::End)?;
    let found = at.map(|at| job.admin.resolve(&places, at)).transpose()?;
    let row = |(index, (topic, partition)): (usize, Place)| {
        let (start, end) = (starts[index], ends[index]);
        let mut row = json!({"topic": topic, "partition": partition, "start": start, "end": end, "records": end - start});
        if let Some(found) = &found {
            row["at"] = found[index].into();
        }
        row
    };
    Ok(places.into_iter().enumerate().map(row).collect())
}
