//! `avro-consume`: topic -> unframe -> decode -> line -> stdout -> commit.

mod args;
mod condition;
mod container;
mod copy;
mod fields;
mod filter;
mod habit;
mod joining;
mod last;
mod moment;
mod offsets;
mod print;
mod progress;
mod schema;
mod state;
mod stats;
mod topics;

pub use args::Args;
pub use habit::habit;
use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use kch_envelope::Codec;
use kch_kafka::{Bound, Consumer, KafkaConfig, Order, Range, Selection, Span};
use kch_registry::Registry;

use crate::args::OutputFormat;
use crate::copy::{Copier, Limits, Source};
use crate::filter::Filter;
use crate::print::Printer;
use crate::progress::Progress;
use crate::state::State;

/// Runs the tool.
///
/// # Errors
/// Settings, registry or brokers that cannot be used. A reader of stdout that went away is the end, not an error.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    let named = (!args.topic.is_empty()).then(|| args.topic.join(","));
    settings.set_flag(&vars::TOPIC, named.as_deref());
    settings.set_flag(&vars::GROUP_ID, args.place.group.as_deref());
    settings.set_flag(&vars::MAX_MESSAGES, args.max_messages.map(|n| n.to_string()).as_deref());
    args.registry.apply(&mut settings);
    if args.common.show_config {
        return show_config(args, &mut settings, io);
    }
    let names = topic_names(args, &settings)?;
    let limit = settings.number(&vars::MAX_MESSAGES)?;
    let group = settings.text(&vars::GROUP_ID)?;
    args.ensure_consistent(group.as_deref())?;
    let mut selection =
        offsets::selection(&args.place.offset, &args.place.partition).map_err(Failure::usage)?;
    let state = args.place.state.as_deref().map(State::read).transpose()?;
    let config = KafkaConfig::resolve(&args.kafka, &mut settings)?.with_signals(io.signals.clone());
    let registry = Registry::from_settings(&settings)?.with_signals(io.signals.clone());
    let filter = Filter::new(&args.filter, args.print.key_format).map_err(Failure::usage)?;
    if !args.filter.any_partition && selection.partitions.is_empty() {
        selection.key = filter.key_bytes().map(<[u8]>::to_vec);
    }
    let printer = printer(args, filter, registry, io)?;
    let topics = topics::resolve(&names, &config)?;
    if let Some(count) = args.place.last {
        let open = |window| {
            let key = selection.key.clone();
            let span = Span::from(Bound::FromEnd(window));
            let selection = Selection { key, ..offsets::of(&args.place.partition, span) };
            Ok(Consumer::assign(config.clone(), &topics, &selection, Range::ToEnd, Order::Time)?)
        };
        return last::print_last(limit.map_or(count, |limit: u64| limit.min(count)), open, printer, io);
    }
    selection.resume = state.as_ref().map(State::resume).unwrap_or_default();
    let range = if args.follow { Range::Follow } else { Range::ToEnd };
    let order = Order::from(args.place.order);
    let consumer = match group {
        Some(group) => Consumer::join(config, &topics, &group, range)?,
        None => Consumer::assign(config, &topics, &selection, range, order)?,
    };
    let source = match order {
        Order::Arrival => Source::Arrival(&consumer),
        Order::Time => Source::Time(consumer.by_time()),
    };
    let limits = Limits { records: limit, bytes: args.max_bytes, idle: args.timeout };
    Copier::new(&consumer, printer, state, io)?.copy(source, limits, io)
}

/// The topics as they are named, by the flags or else by the setting.
fn topic_names(args: &Args, settings: &Settings) -> Result<Vec<String>> {
    match settings.text(&vars::TOPIC)? {
        Some(_) if !args.topic.is_empty() => Ok(args.topic.clone()),
        Some(topic) => Ok(vec![topic]),
        None => Err(Failure::usage("no topic given").hint("name it with -t TOPIC, or put TOPIC=… into .env")),
    }
}

/// What turns records into output, with the schemas that the flags name.
fn printer(args: &Args, filter: Filter, registry: Registry, io: &Io) -> Result<Printer> {
    if args.print.format == OutputFormat::Avro && io.output.is_terminal() {
        return Err(Failure::usage("--format avro writes bytes, and stdout is a terminal")
            .hint("send it to a file: avro-consume … --format avro > FILE"));
    }
    let schema = |flag, name: &Option<String>| {
        name.as_deref().map(|name| schema::named(flag, name, &registry)).transpose()
    };
    let reader = schema("--reader-schema", &args.print.reader_schema)?;
    let unframed = schema("--unframed", &args.print.unframed)?;
    let codec = Codec::new(registry, args.print.style()).with_reader(reader).with_unframed(unframed);
    // Lines and progress on one terminal would be in each other's way.
    let progress = Progress::new(!args.no_progress && !io.output.is_terminal());
    Ok(Printer::new(codec, filter, &args.print, args.on_error, progress))
}

fn show_config(args: &Args, settings: &mut Settings, io: &mut Io) -> Result<Exit> {
    args.kafka.apply(settings)?;
    let mut shown = vec![&vars::TOPIC, &vars::GROUP_ID, &vars::MAX_MESSAGES];
    shown.extend(kch_kafka::VARS);
    shown.extend(kch_registry::registry_settings());
    Render::new(None, &io.output).rows(&settings.show(&shown)?, &mut io.output)?;
    Ok(Exit::Done)
}
