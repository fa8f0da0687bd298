//! `offsets`: how far a connector has come, and how to move it. A change needs the connector stopped: it is stopped,
//! changed, and put back into the state it was in, on every way out.

use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result};
use kch_kafka::{Admin, Bound, KafkaConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::wait::{self, Deadline, Goal};
use crate::worker::{LOOK, Place, Worker};
use crate::{Job, config};

/// How long a connector has for ending its tasks.
const STOPS_IN: Duration = Duration::from_secs(60);

/// A change of offsets.
#[derive(Debug)]
pub(crate) enum Move {
    /// To these places.
    To(Vec<Place>),
    /// As if it had never run.
    Reset,
}

pub(crate) fn get(job: &Job<'_>, name: &str) -> Result<Vec<Value>> {
    Ok(job.worker.offsets(name)?.iter().map(row).collect())
}

/// A sink's place in short; a source's as Connect has it.
fn row(place: &Place) -> Value {
    match place.in_topic() {
        Some((topic, partition, offset)) => json!({"topic": topic, "partition": partition, "offset": offset}),
        None => json!({"partition": place.partition, "offset": place.offset}),
    }
}

/// The places in a file, in either form that [`row`] has.
pub(crate) fn read(path: &str, io: &mut Io) -> Result<Vec<Place>> {
    #[derive(Deserialize)]
    #[serde(untagged, deny_unknown_fields)]
    enum Line {
        Sink { topic: String, partition: i32, offset: Option<i64> },
        Other { partition: serde_json::Map<String, Value>, offset: Option<serde_json::Map<String, Value>> },
    }
    let shown = config::shown(path);
    let text = config::read_text(path, io)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let places: Vec<Place> = lines
        .map(|(number, line)| match serde_json::from_str(line) {
            Ok(Line::Sink { topic, partition, offset }) if offset.is_none_or(|offset| offset >= 0) => Ok(Place::of_sink(&topic, partition, offset)),
            Ok(Line::Other { partition, offset }) => {
                Ok(Place { partition: partition.into(), offset: offset.map_or(Value::Null, Value::Object) })
            }
            _ => Err(Failure::usage(format!("{shown}:{}: not an offset", number + 1)).hint(
                "a sink's is {\"topic\":\"t\",\"partition\":0,\"offset\":7}; a source's is what `offsets get` prints",
            )),
        })
        .collect::<Result<_>>()?;
    if places.is_empty() {
        return Err(Failure::usage(format!("{shown} is empty")));
    }
    Ok(places)
}

/// What a bound means in each partition that a sink reads.
pub(crate) fn at(job: &Job<'_>, name: &str, bound: Bound, kafka: KafkaConfig) -> Result<Vec<Place>> {
    let admin = Admin::connect(kafka)?;
    let partitions = partitions_of_sink(job.worker, name, &admin)?;
    let offsets = admin.resolve(&partitions, bound)?;
    let place = |((topic, partition), offset): (&kch_kafka::Place, i64)| {
        Place::of_sink(topic, *partition, Some(offset))
    };
    Ok(partitions.iter().zip(offsets).map(place).collect())
}

/// The partitions that a sink reads.
pub(crate) fn partitions_of_sink(
    worker: &Worker,
    name: &str,
    admin: &Admin,
) -> Result<Vec<kch_kafka::Place>> {
    let mut partitions = Vec::new();
    for topic in topics_of_sink(worker, name, admin)? {
        let of_topic = admin.topic(&topic)?.partitions;
        partitions.extend(of_topic.iter().map(|partition| (topic.clone(), partition.id)));
    }
    Ok(partitions)
}

/// The topics that a sink reads: those it names, or all that its pattern matches.
fn topics_of_sink(worker: &Worker, name: &str, admin: &Admin) -> Result<Vec<String>> {
    let config = worker.config(name)?.ok_or_else(|| worker.no_such_connector(name))?;
    if let Some(topics) = config.get("topics") {
        let topics = topics.split(',').map(|topic| topic.trim().to_owned());
        return Ok(topics.filter(|topic| !topic.is_empty()).collect());
    }
    let Some(pattern) = config.get("topics.regex") else {
        return Err(Failure::refused(format!("connector {name} reads no topics: it is a source")));
    };
    let whole = regex_lite::Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
        Failure::refused(format!("the topics.regex of {name} cannot be used here: {error}"))
    })?;
    let topics = admin.topics()?.into_iter().map(|topic| topic.name);
    Ok(topics.filter(|topic| whole.is_match(topic)).collect())
}

/// Stops the connector, moves it, and puts it back.
pub(crate) fn change(job: &Job<'_>, name: &str, movement: &Move, dry_run: bool) -> Result<Vec<Value>> {
    let worker = job.worker;
    let connector = worker.connector(name)?.ok_or_else(|| worker.no_such_connector(name))?;
    let before = worker.offsets(name)?;
    let rows = plan(&before, movement, dry_run);
    if dry_run {
        return Ok(rows);
    }
    let was = connector.state().to_owned();
    let stopped = worker.stop_connector(name);
    let is = match &stopped {
        Ok(()) => "is",
        // The worker has said no.
        Err(failure) if matches!(failure.exit(), Exit::Refused | Exit::Usage) => {
            return stopped.map(|()| rows);
        }
        // Without its answer, it may have done it, or do it yet.
        Err(_) => "may be",
    };
    let moved = stopped
        .and_then(|()| wait::wait(worker, name, Goal::Stopped, None, Deadline::after(STOPS_IN))?.or_fail())
        .and_then(|()| send(worker, name, movement));
    match (put_back(worker, name, &was), moved) {
        (Ok(()), Ok(())) => Ok(rows),
        (Ok(()), Err(failure)) => Err(failure),
        (Err(failure), _) => Err(failure
            .context(format!("connector {name} {is} STOPPED, and was {was}"))
            .hint(format!("connect-ctl resume {name}"))),
    }
}

fn plan(before: &[Place], movement: &Move, dry_run: bool) -> Vec<Value> {
    let offset = |place: &Place| row(place)["offset"].clone();
    let forgotten: Vec<Place>;
    let places = match movement {
        Move::To(places) => places,
        Move::Reset => {
            forgotten = before.iter().map(|place| Place { offset: Value::Null, ..place.clone() }).collect();
            &forgotten
        }
    };
    let row = |place: &Place| {
        let from = before.iter().find(|before| before.partition == place.partition).map(offset);
        let mut row = row(place);
        row["from"] = from.unwrap_or(Value::Null);
        if dry_run {
            row["dry_run"] = true.into();
        }
        row
    };
    places.iter().map(row).collect()
}

fn send(worker: &Worker, name: &str, movement: &Move) -> Result<()> {
    let end = Instant::now() + STOPS_IN;
    loop {
        let done = match movement {
            Move::To(places) => worker.set_offsets(name, places)?,
            Move::Reset => worker.reset_offsets(name)?,
        };
        if done {
            return Ok(());
        }
        if Instant::now() > end {
            let seconds = STOPS_IN.as_secs();
            let text = format!("the tasks of connector {name} have not ended after {seconds} s");
            return Err(Failure::unavailable(text));
        }
        worker.pause(LOOK)?;
    }
}

/// A signal must not leave the connector stopped: it is put back before we go.
fn put_back(worker: &Worker, name: &str, was: &str) -> Result<()> {
    let calm = worker.without_signals()?;
    match was {
        "STOPPED" => Ok(()),
        "PAUSED" => calm.pause_connector(name),
        _ => calm.resume_connector(name),
    }
}
