//! `avro-consume`: topic -> unframe -> decode -> line -> stdout -> commit.

mod args;
mod copy;
mod fields;
mod last;
mod offsets;
mod print;
mod state;
mod stats;
mod topics;

pub use args::Args;
use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use kch_envelope::Codec;
use kch_kafka::{Bound, Consumer, KafkaConfig, Order, Range, Selection, Span};
use kch_registry::Registry;

use crate::copy::{Copier, Source};

use crate::print::Printer;
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
    let names = match settings.text(&vars::TOPIC)? {
        Some(_) if !args.topic.is_empty() => args.topic.clone(),
        Some(topic) => vec![topic],
        None => {
            return Err(
                Failure::usage("no topic given").hint("name it with -t TOPIC, or put TOPIC=… into .env")
            );
        }
    };
    let limit = settings.number(&vars::MAX_MESSAGES)?;
    let group = settings.text(&vars::GROUP_ID)?;
    args.ensure_consistent(group.as_deref())?;
    let mut selection = offsets::selection(&args.place.offset).map_err(Failure::usage)?;
    let state = args.place.state.as_deref().map(State::read).transpose()?;
    let config = KafkaConfig::resolve(&args.kafka, &mut settings)?.with_signals(io.signals.clone());
    let registry = Registry::from_settings(&settings)?.with_signals(io.signals.clone());
    let printer = Printer::new(Codec::new(registry, args.print.json), &args.print, args.on_error);
    let topics = topics::resolve(&names, &config)?;
    if let Some(count) = args.place.last {
        let open = |window| {
            let selection = Selection::all(Span::from(Bound::FromEnd(window)));
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
    Copier::new(&consumer, printer, state)?.copy(source, limit, io)
}

fn show_config(args: &Args, settings: &mut Settings, io: &mut Io) -> Result<Exit> {
    settings.set_flag(&vars::BOOTSTRAP_SERVERS, args.kafka.brokers.as_deref());
    let mut shown = vec![&vars::TOPIC, &vars::GROUP_ID, &vars::MAX_MESSAGES];
    shown.extend(kch_kafka::VARS);
    shown.extend(kch_registry::registry_settings());
    Render::new(None, &io.output).rows(&settings.show(&shown)?, &mut io.output)?;
    Ok(Exit::Done)
}
