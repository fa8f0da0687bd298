//! `avro-produce`: stdin -> lines -> encode -> send -> acknowledgements -> exit code.

mod args;
mod encode;
mod fill;
mod report;
mod schema;

use std::time::Duration;

pub use args::Args;
use kch_avro::Plan;
use kch_cli::{Exit, Failure, Io, Line, LineError, LineReader, Render, Result, Settings, vars};
use kch_kafka::{KafkaConfig, Producer};

use crate::encode::LineEncoder;
use crate::fill::Filler;
use crate::report::Ending;

/// Runs the tool.
///
/// # Errors
/// Settings, registry or brokers that keep the run from starting. What goes wrong later is said by the report.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    settings.set_flag(&vars::TOPIC, args.topic.as_deref());
    args.registry.apply(&mut settings);
    if args.common.show_config {
        return show_config(args, &mut settings, io);
    }
    let topic = settings.text(&vars::TOPIC)?.ok_or_else(|| {
        Failure::usage("no topic given").hint("name it with -t TOPIC, or put TOPIC=… into .env")
    })?;
    let config = KafkaConfig::resolve(&args.kafka, &mut settings)?;
    let schema = schema::choose(&args.schema, &topic, &settings, io.signals.clone())?;
    let plan = schema.plan()?;
    let filler = filler(args, &plan, &settings)?;
    let encoder = LineEncoder::new(&plan, schema.id, filler, args.json, args.format);
    let producer = Producer::connect(config, &topic, Duration::from_secs(args.timeout))?;
    let (ending, producer) = if args.message {
        let id = settings.require(&vars::MESSAGE_ID)?;
        send_message(&id, encoder, producer)
    } else {
        send_lines(args, io, encoder, producer)
    };
    Ok(report::close(&ending, producer, io))
}

fn show_config(args: &Args, settings: &mut Settings, io: &mut Io) -> Result<Exit> {
    settings.set_flag(&vars::BOOTSTRAP_SERVERS, args.kafka.brokers.as_deref());
    let mut shown = vec![&vars::TOPIC, &vars::MESSAGE_ID, &vars::MESSAGE_TS];
    shown.extend(kch_kafka::VARS);
    shown.extend(kch_http::REGISTRY.all());
    Render::new(None, &io.output).rows(&settings.show(&shown)?, &mut io.output)?;
    Ok(Exit::Done)
}

fn filler(args: &Args, plan: &Plan, settings: &Settings) -> Result<Filler> {
    let mut filler = Filler::new(plan, &args.set, settings)?;
    if args.message
        && let Some(ts) = settings.text(&vars::MESSAGE_TS)?
    {
        filler.set_bare(plan, "ts", &ts);
    }
    Ok(filler)
}

/// `--message`: one record, no stdin.
fn send_message(id: &str, mut encoder: LineEncoder<'_>, mut producer: Producer) -> (Ending, Producer) {
    let ending = match encoder.encode_message(id) {
        Ok(value) => match producer.send(1, None, Some(value)) {
            Ok(()) => Ending::InputEnded,
            Err(error) => Ending::Stopped { line: 1, failure: error.into() },
        },
        Err(fault) => Ending::Stopped { line: 1, failure: fault.into_failure().context("MESSAGE_ID") },
    };
    (ending, producer)
}

/// The main loop. It ends at the end of the input, at a line that does not fit, at a record that the cluster refuses,
/// or at a signal; the caller then waits for the acknowledgements.
fn send_lines(
    args: &Args,
    io: &mut Io,
    mut encoder: LineEncoder<'_>,
    mut producer: Producer,
) -> (Ending, Producer) {
    let signals = io.signals.clone();
    let name = io.input.name().to_owned();
    let mut lines = LineReader::new(&mut io.input, usize::from(args.max_line) << 20);
    let stopped = |line: u64, failure: Failure| Ending::Stopped {
        line,
        failure: failure.context(format!("{name}:{line}")),
    };
    let ending = loop {
        if let Some(exit) = signals.received() {
            break Ending::Signal { exit, line: lines.lines_read() + 1 };
        }
        if producer.has_rejections() {
            break Ending::Refused;
        }
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            // A signal ends stdin early; the head of the loop says so.
            Ok(None) if signals.received().is_some() => continue,
            Ok(None) => break Ending::InputEnded,
            Err(error) => break read_failure(error, &name, lines.lines_read(), args.max_line),
        };
        if let Err((number, failure)) = send_line(&line, &mut encoder, &mut producer) {
            break stopped(number, failure);
        }
    };
    (ending, producer)
}

fn send_line(
    line: &Line<'_>,
    encoder: &mut LineEncoder<'_>,
    producer: &mut Producer,
) -> std::result::Result<(), (u64, Failure)> {
    match encoder.encode(line) {
        Ok(Some(value)) => {
            producer.send(line.number, None, Some(value)).map_err(|error| (line.number, error.into()))
        }
        Ok(None) => Ok(()),
        Err(fault) => Err((line.number, fault.into_failure())),
    }
}

fn read_failure(error: LineError, name: &str, lines_read: u64, max_line: u16) -> Ending {
    match error {
        LineError::TooLong { number, .. } => {
            let failure = Failure::from(error).context(format!("{name}:{number}"));
            Ending::Stopped {
                line: number,
                failure: failure.hint(format!("--max-line sets the limit, now {max_line} MiB")),
            }
        }
        LineError::Io(_) => {
            Ending::Stopped { line: lines_read + 1, failure: Failure::from(error).context(name) }
        }
    }
}
