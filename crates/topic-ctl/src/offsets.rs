//! `offsets`: what partitions have.

use kch_cli::{Io, Render, Result};
use kch_kafka::{At, Bound, Place};
use serde_json::{Value, json};

use crate::places::places;
use crate::{Job, told};

pub(crate) fn of(
    job: &Job,
    topics: &[String],
    at: Option<Bound>,
    io: &mut Io,
    render: &Render,
) -> Result<Vec<Value>> {
    let (places, leaderless) = places(job, topics)?;
    let starts = leaderless.ask(&places, |led| job.admin.offsets(led, At::Start))?;
    let ends = leaderless.ask(&places, |led| job.admin.offsets(led, At::End))?;
    let found = at.map(|at| leaderless.ask(&places, |led| job.admin.resolve(led, at))).transpose()?;
    let row = |(index, (topic, partition)): (usize, &Place)| {
        let (start, end) = (starts[index], ends[index]);
        let records = end.zip(start).map(|(end, start)| end - start);
        let mut row =
            json!({"topic": topic, "partition": partition, "start": start, "end": end, "records": records});
        if let Some(found) = &found {
            row["at"] = found[index].into();
        }
        row
    };
    let rows = places.iter().enumerate().map(row).collect();
    told(rows, leaderless.ensure_none_of(&places), io, render)
}
