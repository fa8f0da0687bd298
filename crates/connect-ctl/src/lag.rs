//! `lag`: how far sinks are behind the ends of their topics.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result};
use kch_kafka::{Admin, At, KafkaConfig, Place};
use serde_json::{Value, json};

use crate::Job;
use crate::connector::Connector;
use crate::letters::Letters;
use crate::offsets::partitions_of_sink;
use crate::select::Which;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// How long to go on looking, and what is too much.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Looking {
    /// Look each second, and print what has changed, until a signal comes
    #[arg(long, conflicts_with = "wait")]
    pub watch: bool,

    /// Wait this long until there is no lag, or no more than --max
    #[arg(long, value_name = "TIME", value_parser = kch_cli::parse_duration)]
    pub wait: Option<Duration>,

    /// End with exit code 1 when a connector is more than N records behind
    #[arg(long, value_name = "N")]
    pub max: Option<u64>,
}

impl Looking {
    /// Whether a worker or a broker that is away is waited for: to the end of a wait, and in a watch once it has begun.
    fn outlasts(self, deadline: Option<Instant>, begun: bool) -> bool {
        match deadline {
            Some(deadline) => Instant::now() + EVERY <= deadline,
            None => self.watch && begun,
        }
    }

    /// The verdict, where one was asked for.
    fn judge(self, behind: &[(&str, i64)]) -> Result<()> {
        let Some((name, _)) = behind.first().filter(|_| self.wait.is_some() || self.max.is_some()) else {
            return Ok(());
        };
        let said = |(name, lag): &(&str, i64)| match self.max {
            Some(max) => format!("connector {name} is {lag} records behind, more than {max}"),
            None => format!("connector {name} is still {lag} records behind"),
        };
        let text = behind.iter().map(said).collect::<Vec<_>>().join("\n  ");
        let failure = if self.wait.is_some() { Failure::unavailable(text) } else { Failure::refused(text) };
        Err(failure.hint(format!("connect-ctl status {name}")))
    }
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

/// By connector and partition.
type Distances = BTreeMap<(String, Place), Distance>;

pub(crate) fn run(
    job: &Job<'_>,
    which: &Which,
    looking: Looking,
    kafka: KafkaConfig,
    io: &mut Io,
) -> Result<Exit> {
    let deadline = looking.wait.map(|wait| Instant::now() + wait);
    if let Some(wait) = looking.wait {
        job.worker.wait(wait)?;
    }
    // Asked first: a slip in a name needs no Kafka.
    let sinks = sinks(job, which)?;
    let mut letters = Letters::of(&sinks);
    let mut sinks: Vec<String> = sinks.into_iter().map(|sink| sink.name).collect();
    let admin = Admin::connect(kafka)?;
    if looking.wait.is_some() {
        letters.begin(&admin);
    }
    let mut before: Option<Distances> = None;
    let (mut away, mut exit) = (false, Exit::Done);
    loop {
        match measure_all(job, &mut sinks, &admin, &mut exit, io) {
            Ok(now) => {
                if std::mem::take(&mut away) {
                    io.messages.say("the lag can be measured again");
                }
                let behind = too_far_behind(&now, looking.max.unwrap_or_default());
                let is_over =
                    deadline.is_none_or(|deadline| behind.is_empty() || Instant::now() + EVERY > deadline);
                if looking.watch || is_over {
                    print(job, before.as_ref(), &now, io)?;
                    letters.tell(&admin, &mut io.messages);
                }
                if is_over {
                    looking.judge(&behind)?;
                }
                if is_over && !looking.watch || sinks.is_empty() || io.output.reader_gone() {
                    return Ok(exit);
                }
                before = Some(now);
            }
            Err(failure)
                if failure.exit() == Exit::Unavailable && looking.outlasts(deadline, before.is_some()) =>
            {
                if !std::mem::replace(&mut away, true) {
                    io.messages.say(&format!("{}; still looking", failure.text()));
                }
            }
            Err(failure) => return Err(failure),
        }
        if let Err(failure) = job.worker.pause(EVERY) {
            // A watch has nothing that a signal could leave undone.
            return io.signals.received().filter(|_| looking.watch).ok_or(failure);
        }
    }
}

/// Prints the rows of what has changed.
fn print(job: &Job<'_>, before: Option<&Distances>, now: &Distances, io: &mut Io) -> Result<()> {
    let seen = |place| before.and_then(|before| before.get(place));
    let changed = now.iter().filter(|(place, distance)| seen(place) != Some(distance));
    let rows: Vec<Value> = changed.map(|((name, place), distance)| row(name, place, *distance)).collect();
    job.render.rows(&rows, &mut io.output)?;
    Ok(io.output.hand_over(&mut io.messages)?)
}

/// The sinks that were asked for. A source that was named is kept: that it reads no topics is told.
fn sinks(job: &Job<'_>, which: &Which) -> Result<Vec<Connector>> {
    let chosen = which.or_all(job.worker)?;
    let is_meant = |connector: &Connector| connector.is_sink() || which.names.contains(&connector.name);
    let sinks: Vec<Connector> = chosen.into_iter().filter(is_meant).collect();
    if let [only] = sinks.as_slice() {
        job.worker.offsets(&only.name)?;
    }
    Ok(sinks)
}

/// Connectors whose partitions together have more to go than `max`.
fn too_far_behind(now: &Distances, max: u64) -> Vec<(&str, i64)> {
    let mut lags: BTreeMap<&str, i64> = BTreeMap::new();
    for ((name, _), distance) in now {
        *lags.entry(name).or_default() += distance.lag();
    }
    lags.into_iter().filter(|(_, lag)| lag.unsigned_abs() > max).collect()
}

/// Among several sinks, one that cannot be measured is told once, and no longer looked at.
fn measure_all(
    job: &Job<'_>,
    sinks: &mut Vec<String>,
    admin: &Admin,
    exit: &mut Exit,
    io: &mut Io,
) -> Result<Distances> {
    let several = sinks.len() > 1;
    let mut all = Distances::new();
    let mut at = 0;
    // Those not come to yet stay, when one ends it that may be measured later.
    while let Some(name) = sinks.get(at) {
        match measure(job, name, admin) {
            Ok(distances) => {
                all.extend(distances.into_iter().map(|(place, distance)| ((name.clone(), place), distance)));
                at += 1;
            }
            // A topic that is not there is a usage failure.
            Err(failure) if several && matches!(failure.exit(), Exit::Refused | Exit::Usage) => {
                io.messages.failure(&failure);
                *exit = Exit::Refused;
                sinks.remove(at);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(all)
}

fn measure(job: &Job<'_>, name: &str, admin: &Admin) -> Result<Vec<(Place, Distance)>> {
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
    fn too_far_is_told_of_a_connector_not_of_its_partitions() {
        let at = |name: &str, partition, end| {
            ((name.to_owned(), ("t".to_owned(), partition)), Distance { offset: Some(0), start: 0, end })
        };
        let now = Distances::from([at("a", 0, 3), at("a", 1, 4), at("b", 0, 7), at("c", 0, 0)]);
        assert_eq!(too_far_behind(&now, 0), [("a", 7), ("b", 7)]);
        assert_eq!(too_far_behind(&now, 6), [("a", 7), ("b", 7)]);
        assert!(too_far_behind(&now, 7).is_empty());
    }

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
