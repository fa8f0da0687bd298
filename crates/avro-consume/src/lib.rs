//! `avro-consume`: topic -> unframe -> decode -> line -> stdout -> commit.

mod args;
mod decode;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

pub use args::Args;
use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use kch_kafka::{BorrowedMessage, Consumer, KafkaConfig, Message as _, Next, Range, Start};
use kch_registry::Registry;

use crate::decode::{ValueDecoder, first_bytes};

/// How often a group commits while records flow.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// How many undecodable records are named one by one.
const NAMED: u64 = 20;

/// Runs the tool.
///
/// # Errors
/// Settings, registry or brokers that cannot be used. A reader of stdout that went away is the end, not an error.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    settings.set_flag(&vars::TOPIC, args.topic.as_deref());
    settings.set_flag(&vars::GROUP_ID, args.group.as_deref());
    settings.set_flag(&vars::MAX_MESSAGES, args.max_messages.map(|n| n.to_string()).as_deref());
    args.registry.apply(&mut settings);
    if args.common.show_config {
        return show_config(args, &mut settings, io);
    }
    let topic = settings.text(&vars::TOPIC)?.ok_or_else(|| {
        Failure::usage("no topic given").hint("name it with -t TOPIC, or put TOPIC=… into .env")
    })?;
    let limit = settings.number(&vars::MAX_MESSAGES)?;
    let group = settings.text(&vars::GROUP_ID)?;
    args.ensure_consistent(group.as_deref())?;
    let config = KafkaConfig::resolve(&args.kafka, &mut settings)?;
    let registry = Registry::from_settings(&settings)?.with_signals(io.signals.clone());
    let decoder = ValueDecoder::new(registry, args.json);
    let range = if args.follow { Range::Follow } else { Range::ToEnd };
    let consumer = match group {
        Some(group) => Consumer::join(config, &topic, &group, range)?,
        None => Consumer::assign(config, &topic, args.offset.unwrap_or(Start::Beginning), range)?,
    };
    Copier { consumer, decoder, topic, undecodable: 0, pending: BTreeMap::new() }.copy(limit, io)
}

fn show_config(args: &Args, settings: &mut Settings, io: &mut Io) -> Result<Exit> {
    settings.set_flag(&vars::BOOTSTRAP_SERVERS, args.kafka.brokers.as_deref());
    let mut shown = vec![&vars::TOPIC, &vars::GROUP_ID, &vars::MAX_MESSAGES];
    shown.extend(kch_kafka::VARS);
    shown.extend(kch_http::REGISTRY.all());
    Render::new(None, &io.output).rows(&settings.show(&shown)?, &mut io.output)?;
    Ok(Exit::Done)
}

/// Copies records to stdout and knows which of them are out.
struct Copier {
    consumer: Consumer,
    decoder: ValueDecoder,
    topic: String,
    undecodable: u64,
    /// The last offset of each partition whose line is in the output buffer, perhaps not yet written.
    pending: BTreeMap<i32, i64>,
}

impl Copier {
    fn copy(mut self, limit: Option<u64>, io: &mut Io) -> Result<Exit> {
        let copied = self.copy_records(limit, io);
        // Whatever ended the copying: what is out is committed, what is not is left for the next run.
        let written = self.flush(io);
        let committed = self.consumer.commit().map_err(Failure::from);
        let exit = copied.and_then(|exit| written.map(|()| exit)).and_then(|exit| committed.map(|()| exit));
        if self.undecodable > NAMED {
            io.messages.say(&format!("{} records could not be decoded", self.undecodable));
        }
        let refused = if self.undecodable > 0 { Exit::Refused } else { Exit::Done };
        match exit {
            Ok(exit) => Ok(exit.worst(refused)),
            Err(failure) if failure.is_closed_pipe() => Ok(refused),
            Err(failure) => Err(failure),
        }
    }

    fn copy_records(&mut self, limit: Option<u64>, io: &mut Io) -> Result<Exit> {
        let mut left = limit.unwrap_or(u64::MAX);
        let mut last_commit = Instant::now();
        while left > 0 {
            if let Some(exit) = io.signals.received() {
                return Ok(exit);
            }
            // The next record is asked for without waiting first: a flush is due only when there is none at hand.
            let next = match self.consumer.next(Duration::ZERO)? {
                Next::Idle => {
                    self.flush(io)?;
                    if io.output.reader_gone() {
                        return Err(Failure::closed_pipe());
                    }
                    self.consumer.next(Duration::from_millis(100))?
                }
                next => next,
            };
            match next {
                Next::Record(record) => {
                    print(&mut self.decoder, &self.topic, &mut self.undecodable, &record, io)?;
                    self.pending.insert(record.partition(), record.offset());
                    left -= 1;
                }
                Next::Idle => {}
                Next::End => break,
            }
            if last_commit.elapsed() > COMMIT_EVERY {
                self.flush(io)?;
                self.consumer.commit()?;
                last_commit = Instant::now();
            }
        }
        Ok(Exit::Done)
    }

    /// Writes out what is buffered; only then do its records count as written.
    fn flush(&mut self, io: &mut Io) -> Result<()> {
        io.output.flush()?;
        for (partition, offset) in std::mem::take(&mut self.pending) {
            self.consumer.mark_written(partition, offset);
        }
        Ok(())
    }
}

/// Prints one record, or says why it cannot be.
fn print(
    decoder: &mut ValueDecoder,
    topic: &str,
    undecodable: &mut u64,
    record: &BorrowedMessage<'_>,
    io: &mut Io,
) -> Result<()> {
    match decoder.decode(record.payload()) {
        Ok(line) => Ok(io.output.line(line)?),
        Err(failure) if failure.exit() == Exit::Refused => {
            *undecodable += 1;
            if *undecodable <= NAMED {
                let place = format!("{topic}[{}]@{}", record.partition(), record.offset());
                let bytes = first_bytes(record.payload().unwrap_or_default());
                io.messages.say(&format!("{place}: {} ({bytes})", failure.text()));
            }
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}
