//! `lag`: how far a sink is behind the ends of its topics.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result};
use kch_kafka::{Admin, At, KafkaConfig, Place};
use serde_json::{Value, json};

use crate::Job;
use crate::offsets::partitions_of_sink;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// How long to go on looking.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Looking {
    /// Look each second, and print what has changed, until a signal comes
    #[arg(long, conflicts_with = "wait")]
    pub watch: bool,

    /// Wait this long until there is no lag
    #[arg(long, value_name = "TIME", value_parser = kch_cli::parse_duration)]
    pub wait: Option<Duration>,
}

/// One partition: the connector's offset, if it has one, and the partition's ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Distance {
    offset: Option<i64>,
    start: i64,
    end: i64,
}

impl Distance {
    /// Records to go. Without an offset the connector begins at the start; records before it are gone.
    fn lag(self) -> i64 {
        (self.end - self.offset.unwrap_or(self.start).max(self.start)).max(0)
    }
}

type Distances = BTreeMap<Place, Distance>;

pub(crate) fn run(
    job: &Job<'_>,
    name: &str,
    looking: Looking,
    kafka: KafkaConfig,
    io: &mut Io,
) -> Result<Exit> {
    // Asked first: a slip in the name needs no Kafka.
    job.worker.offsets(name)?;
    let admin = Admin::connect(kafka)?;
    let deadline = looking.wait.map(|wait| Instant::now() + wait);
    let mut before = Distances::new();
    loop {
        let now = measure(job, name, &admin)?;
        let total: i64 = now.values().map(|distance| distance.lag()).sum();
        let is_over = deadline.is_none_or(|deadline| total == 0 || Instant::now() + EVERY > deadline);
        if looking.watch || is_over {
            let changed = now.iter().filter(|(place, distance)| before.get(place) != Some(distance));
            let rows: Vec<Value> = changed.map(|(place, distance)| row(name, place, *distance)).collect();
            job.render.rows(&rows, &mut io.output)?;
            io.output.flush()?;
        }
        match deadline {
            Some(_) if total > 0 && is_over => {
                let text = format!("connector {name} is still {total} records behind");
                return Err(Failure::unavailable(text).hint(format!("connect-ctl status {name}")));
            }
            _ if is_over && !looking.watch => return Ok(Exit::Done),
            _ => {}
        }
        if io.output.reader_gone() {
            return Ok(Exit::Done);
        }
        before = now;
        if let Err(failure) = job.worker.pause(EVERY) {
            // A watch has nothing that a signal could leave undone.
            return io.signals.received().filter(|_| looking.watch).ok_or(failure);
        }
    }
}

fn measure(job: &Job<'_>, name: &str, admin: &Admin) -> Result<Distances> {
    let offsets: BTreeMap<Place, i64> = job
        .worker
        .offsets(name)?
        .iter()
        .filter_map(|place| place.in_topic())
        .filter_map(|(topic, partition, offset)| Some(((topic.to_owned(), partition), offset?)))
        .collect();
    let places = partitions_of_sink(job.worker, name, admin)?;
    let (starts, ends) = (admin.offsets(&places, At::Start)?, admin.offsets(&places, At::End)?);
    let distance = |(place, (start, end)): (Place, (i64, i64))| {
        let offset = offsets.get(&place).copied();
        (place, Distance { offset, start, end })
    };
    Ok(places.into_iter().zip(starts.into_iter().zip(ends)).map(distance).collect())
}

fn row(name: &str, (topic, partition): &Place, distance: Distance) -> Value {
    json!({"name": name, "topic": topic, "partition": partition, "offset": distance.offset,
        "end": distance.end, "lag": distance.lag()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_counts_the_records_that_are_there() {
        let lag = |offset, start, end| Distance { offset, start, end }.lag();
        assert_eq!(lag(Some(5), 0, 8), 3);
        assert_eq!(lag(Some(8), 0, 8), 0);
        assert_eq!(lag(None, 2, 8), 6);
        // Retention has taken what was not read; a topic that was made anew ends before the offset.
        assert_eq!(lag(Some(1), 4, 8), 4);
        assert_eq!(lag(Some(9), 0, 3), 0);
    }
}
