//! `dlq`: the records that a sink could not take, as envelopes that `avro-produce --envelope` sends back once they are
//! mended. What Connect says of each (`__connect.errors.*`) is taken out of the headers and put under `dead_letter`.

use std::collections::VecDeque;
use std::time::Duration;

use kch_avro::JsonMode;
use kch_cli::{Exit, Failure, Io, Result, Settings};
use kch_envelope::{Codec, Envelope, Fault, KeyFormat};
use kch_kafka::{
    BorrowedMessage, Bound, Consumer, KafkaArgs, KafkaConfig, Message as _, Next, Order, Range, Selection,
    Span,
};
use kch_registry::{Registry, RegistryArgs};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Job;
use crate::cause::root_cause;
use crate::letters;
use crate::worker::Config;

/// Which dead letters, and from where.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DlqArgs {
    /// The connector
    #[arg(add = crate::complete::connectors())]
    pub name: String,

    /// Its dead-letter topic; by default the one its configuration names
    #[arg(short = 't', long, value_name = "TOPIC", add = kch_kafka::complete::topics())]
    pub topic: Option<String>,

    /// Stop after so many records
    #[arg(short = 'n', long, value_name = "N")]
    pub max_messages: Option<usize>,

    /// The last N only
    #[arg(long, value_name = "N", conflicts_with_all = ["max_messages", "follow"])]
    pub last: Option<usize>,

    /// Go on at the end: print dead letters as they come
    #[arg(short = 'f', long)]
    pub follow: bool,

    /// Those of other connectors that share the topic, too
    #[arg(long)]
    pub all: bool,

    /// The whole stack trace of each
    #[arg(long)]
    pub traces: bool,

    /// Brokers
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Registry
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// What Connect's headers of a dead letter begin with.
const ERRORS: &str = "__connect.errors.";

/// An envelope as `kch-envelope` prints it.
#[derive(Deserialize)]
struct Printed<'a> {
    #[serde(borrow)]
    timestamp: &'a RawValue,
    key: &'a RawValue,
    value: &'a RawValue,
    headers: Vec<Header<'a>>,
    key_schema_id: Option<u32>,
    value_schema_id: Option<u32>,
}

#[derive(Deserialize, Serialize)]
struct Header<'a> {
    key: String,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// The line of a dead letter: the envelope of the record that the sink was given, and why it is here.
#[derive(Serialize)]
struct DeadLetter<'a> {
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
    timestamp: &'a RawValue,
    key: &'a RawValue,
    value: &'a RawValue,
    headers: Vec<Header<'a>>,
    key_schema_id: Option<u32>,
    value_schema_id: Option<u32>,
    dead_letter: Why,
}

/// Where the dead letter lies, and what Connect said of it.
#[derive(Default, Serialize)]
struct Why {
    topic: String,
    partition: i32,
    offset: i64,
    connector: Option<String>,
    task: Option<u64>,
    stage: Option<String>,
    class: Option<String>,
    exception: Option<String>,
    message: Option<String>,
    cause: Option<String>,
    /// Why the value is not shown as Avro.
    #[serde(skip_serializing_if = "Option::is_none")]
    undecoded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

pub(crate) fn run(job: &Job<'_>, args: &DlqArgs, mut settings: Settings, io: &mut Io) -> Result<Exit> {
    let config = job.worker.config(&args.name)?;
    let topic = dead_letter_topic(job, args, config.as_ref())?;
    args.registry.apply(&mut settings);
    let registry = Registry::from_settings(&settings)?.with_signals(io.signals.clone());
    let kafka = KafkaConfig::resolve(&args.kafka, &mut settings)?.with_signals(io.signals.clone());
    let range = if args.follow { Range::Follow } else { Range::ToEnd };
    let all = Selection::all(Span::from(Bound::Start));
    let consumer = Consumer::assign(kafka, std::slice::from_ref(&topic), &all, range, Order::Arrival)?;
    let mut printer = Printer {
        codec: Codec::new(registry, JsonMode::Plain),
        envelope: Envelope::new(KeyFormat::Auto),
        sources: config.map(|config| sources(&config)).unwrap_or_default(),
        traces: args.traces,
        only: (!args.all).then(|| args.name.clone()),
    };
    let mut left = args.max_messages.unwrap_or(usize::MAX);
    let mut last = VecDeque::new();
    while left > 0 {
        if let Some(signal) = io.signals.received() {
            return Ok(signal);
        }
        let line = match consumer.next(Duration::from_millis(200))? {
            Next::Record(_, record) => printer.line(&topic, &record)?,
            Next::End => break,
            Next::Idle if io.output.reader_gone() => break,
            Next::Idle => {
                io.output.hand_over(&mut io.messages)?;
                continue;
            }
        };
        let Some(line) = line else { continue };
        match args.last {
            None => {
                job.render.record(&line, &mut io.output)?;
                left -= 1;
            }
            Some(count) => {
                last.push_back(line);
                last.drain(..last.len().saturating_sub(count));
            }
        }
    }
    for line in last {
        job.render.record(&line, &mut io.output)?;
    }
    Ok(Exit::Done)
}

fn dead_letter_topic(job: &Job<'_>, args: &DlqArgs, config: Option<&Config>) -> Result<String> {
    if let Some(topic) = &args.topic {
        return Ok(topic.clone());
    }
    let config = config.ok_or_else(|| job.worker.no_such_connector(&args.name))?;
    match letters::topic_of(config) {
        Some(topic) => Ok(topic.to_owned()),
        None => {
            Err(Failure::refused(format!("connector {} has no dead-letter topic", args.name)).hint(format!(
                "{} in its configuration names one, with errors.tolerance=all; --topic reads any",
                letters::SETTING
            )))
        }
    }
}

/// The topics that a sink names.
fn sources(config: &Config) -> Vec<String> {
    let topics = config.get("topics").map(String::as_str).unwrap_or_default();
    topics.split(',').map(|topic| topic.trim().to_owned()).filter(|topic| !topic.is_empty()).collect()
}

struct Printer {
    codec: Codec,
    envelope: Envelope,
    /// The topics that the sink reads.
    sources: Vec<String>,
    traces: bool,
    /// The connector whose dead letters are wanted.
    only: Option<String>,
}

impl Printer {
    /// The line of a record; `None` for another connector's.
    fn line(&mut self, topic: &str, record: &BorrowedMessage<'_>) -> Result<Option<Vec<u8>>> {
        let mut printed = Vec::new();
        let mut undecoded = None;
        match self.envelope.print(topic, record, &mut self.codec, &mut printed) {
            Ok(_) => {}
            Err(Fault::Stop(failure)) => return Err(failure),
            Err(Fault::Record(_, why)) => {
                printed.clear();
                self.envelope.print_undecoded(topic, record, &why, &mut self.codec, &mut printed);
                undecoded = Some(why);
            }
        }
        let broken = |error: serde_json::Error| {
            Failure::refused(format!("{topic}: an envelope cannot be read: {error}"))
        };
        let printed: Printed<'_> = serde_json::from_slice(&printed).map_err(broken)?;
        // What is no Avro is shown as what it looks like: that is what there is to mend.
        let shown = undecoded.as_ref().and_then(|_| as_text(record.payload()?));
        let (errors, headers): (Vec<_>, Vec<_>) =
            printed.headers.into_iter().partition(|header| header.key.starts_with(ERRORS));
        let told = |name: &str| {
            let header = errors.iter().find(|header| header.key.strip_prefix(ERRORS) == Some(name))?;
            serde_json::from_str::<Option<String>>(header.value.get()).ok().flatten()
        };
        let connector = told("connector.name");
        if let (Some(only), Some(connector)) = (&self.only, &connector)
            && only != connector
        {
            return Ok(None);
        }
        let trace = told("exception.stacktrace");
        let message = told("exception.message");
        let dead_letter = Why {
            topic: topic.to_owned(),
            partition: record.partition(),
            offset: record.offset(),
            connector,
            task: told("task.id").and_then(|id| id.parse().ok()),
            stage: told("stage"),
            class: told("class.name"),
            exception: told("exception.class.name"),
            cause: trace.as_deref().and_then(root_cause).or_else(|| message.clone()),
            message,
            undecoded,
            trace: trace.filter(|_| self.traces),
        };
        let only_source = || self.sources.first().filter(|_| self.sources.len() == 1).cloned();
        let line = DeadLetter {
            topic: told("topic").or_else(only_source),
            partition: told("partition").and_then(|partition| partition.parse().ok()),
            offset: told("offset").and_then(|offset| offset.parse().ok()),
            timestamp: printed.timestamp,
            key: printed.key,
            value: shown.as_deref().unwrap_or(printed.value),
            headers,
            key_schema_id: printed.key_schema_id,
            value_schema_id: printed.value_schema_id,
            dead_letter,
        };
        serde_json::to_vec(&line).map(Some).map_err(broken)
    }
}

/// Bytes that are JSON as that, on one line; other text as a string.
fn as_text(bytes: &[u8]) -> Option<Box<RawValue>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let json = serde_json::from_str::<&RawValue>(text);
    match json {
        // Outside of strings, where no line can end, its end is but white space.
        Ok(json) => RawValue::from_string(json.get().replace(['\n', '\r'], " ")).ok(),
        Err(_) => serde_json::value::to_raw_value(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_avro_is_shown_as_what_it_looks_like() {
        let shown = |bytes: &[u8]| as_text(bytes).map(|text| text.get().to_owned());
        assert_eq!(shown(b"{\n\"id\": 1.0}").unwrap(), "{ \"id\": 1.0}");
        assert_eq!(shown(b"oops\n").unwrap(), "\"oops\\n\"");
        assert_eq!(shown(b"\xff"), None);
    }
}
