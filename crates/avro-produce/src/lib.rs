//! `avro-produce`: stdin -> lines -> encode -> send -> acknowledgements -> exit code.

mod args;
mod encode;
mod envelope;
mod fault;
mod fill;
mod key;
mod pump;
mod record;
mod reject;
mod report;
mod schema;

use std::time::Duration;

pub use args::Args;
use kch_avro::Plan;
use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use kch_kafka::{KafkaConfig, Producer};
use kch_registry::Registry;
use serde_json::json;

use crate::args::{Format, KeyFormat};
use crate::encode::LineEncoder;
use crate::envelope::EnvelopeMaker;
use crate::fill::Filler;
use crate::key::KeyMaker;
use crate::pump::{Pump, Sink};
use crate::record::{KeySchema, LineMaker, RecordMaker};
use crate::reject::Rejects;
use crate::schema::ChosenSchema;

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
    let topic = topic(args, &settings)?;
    let config = KafkaConfig::resolve(&args.kafka, &mut settings)?.with_signals(io.signals.clone());
    let registry = Registry::from_settings(&settings)?.with_signals(io.signals.clone());
    if args.envelope {
        let maker = RecordMaker::Envelopes(Box::new(EnvelopeMaker::new(registry, args.json, topic.clone())));
        return pump(args, config, topic.as_deref(), maker, &settings, io);
    }
    let topic = topic.unwrap_or_default();
    let schema = schema::choose(&args.schema, &topic, &registry)?;
    let plan = schema.plan()?;
    let filler = filler(args, &plan, &settings)?;
    if args.explain {
        return explain(&schema, &plan, &filler, io);
    }
    let key_schema = key_schema(args, &topic, &registry)?;
    // MESSAGE_ID is a text like those of --format text.
    let format = if args.message { Format::Text } else { args.format };
    let maker = LineMaker {
        value: LineEncoder::new(&plan, schema.id, filler, args.json, format),
        key: args.key.key_field.clone().map(|field| {
            let schema = key_schema.as_ref().map(|schema| (&schema.plan, schema.id));
            KeyMaker::new(field, args.key.key_format, schema, args.json)
        }),
        headers: record::parse_headers(&args.headers)?,
        partition: args.partition,
    };
    pump(args, config, Some(&topic), RecordMaker::Lines(Box::new(maker)), &settings, io)
}

/// The topic; envelopes may name their own.
fn topic(args: &Args, settings: &Settings) -> Result<Option<String>> {
    // TOPIC in .env is for lines; an envelope's own topic is nearer to the record.
    let topic = if args.envelope { args.topic.clone() } else { settings.text(&vars::TOPIC)? };
    if topic.is_none() && !args.envelope {
        return Err(Failure::usage("no topic given").hint("name it with -t TOPIC, or put TOPIC=… into .env"));
    }
    Ok(topic)
}

fn pump(
    args: &Args,
    config: KafkaConfig,
    topic: Option<&str>,
    maker: RecordMaker<'_>,
    settings: &Settings,
    io: &mut Io,
) -> Result<Exit> {
    let rejects = Rejects::open(&args.reject)?;
    let sink = if args.dry_run {
        Sink::Nowhere { records: 0 }
    } else {
        let timeout = Duration::from_secs(args.timeout);
        let mut producer = Producer::connect(config, topic, timeout, args.report)?;
        if let Some(topic) = rejects.dlq_topic() {
            producer.ensure_topic(topic)?;
        }
        Sink::Kafka(Box::new(producer))
    };
    let first = args.resume_from.unwrap_or(1);
    let mut pump = Pump { maker, sink, rejects, max_line: args.max_line, first, report: args.report };
    let ending = match args.message {
        true => pump.send_message(&settings.require(&vars::MESSAGE_ID)?, io),
        false => pump.send_lines(io),
    };
    Ok(report::close(&ending, pump, io))
}

fn show_config(args: &Args, settings: &mut Settings, io: &mut Io) -> Result<Exit> {
    settings.set_flag(&vars::BOOTSTRAP_SERVERS, args.kafka.brokers.as_deref());
    let mut shown = vec![&vars::TOPIC, &vars::MESSAGE_ID, &vars::MESSAGE_TS];
    shown.extend(kch_kafka::VARS);
    shown.extend(kch_registry::registry_settings());
    Render::new(None, &io.output).rows(&settings.show(&shown)?, &mut io.output)?;
    Ok(Exit::Done)
}

/// `--explain`: what would be written, and with what.
fn explain(schema: &ChosenSchema, plan: &Plan, filler: &Filler, io: &mut Io) -> Result<Exit> {
    let fields = plan.record_fields().unwrap_or_default();
    let fields: Vec<_> = fields
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let (object, bare) = filler.describe(at);
            let bare = if at == 0 { Some("the line's value".to_owned()) } else { bare };
            json!({"field": field.name, "type": field.type_name, "required": field.required,
                "fill_in_objects": object, "fill_in_bare_lines": bare})
        })
        .collect();
    let row = json!({"schema": schema.origin, "id": schema.id, "name": plan.name(), "fields": fields});
    io.output.line(row.to_string().as_bytes())?;
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

/// The key's schema, when keys are Avro.
fn key_schema(args: &Args, topic: &str, registry: &Registry) -> Result<Option<KeySchema>> {
    if args.key.key_field.is_some() && args.format == Format::Text {
        return Err(Failure::usage("--key-field needs JSON lines, not --format text"));
    }
    if args.key.key_format != KeyFormat::Avro {
        return Ok(None);
    }
    let schema = schema::latest(registry, &format!("{topic}-key"))?;
    Ok(Some(KeySchema { plan: schema.plan()?, id: schema.id }))
}
