//! `avro-produce`: stdin -> lines -> encode -> send -> acknowledgements -> exit code.

mod args;
mod container;
mod csv;
mod encode;
mod envelope;
mod explain;
mod fault;
mod fields;
mod fill;
mod habit;
mod key;
mod meta;
mod pace;
mod progress;
mod pump;
mod receipts;
mod record;
mod reject;
mod report;
mod schema;
mod sink;
mod source;

use std::collections::HashSet;
use std::time::{Duration, Instant};

pub use args::Args;
pub use habit::habit;
use kch_avro::{JsonMode, Plan};
use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use kch_kafka::{Admin, Change, KafkaConfig, NewTopicSpec, Producer, ProducerOptions};
use kch_registry::Registry;

use crate::args::{CreateTopic, Format, KeyFormat, OnError, OnUnknown, RejectArgs, Transaction};
use crate::encode::LineEncoder;
use crate::envelope::EnvelopeMaker;
use crate::fill::Filler;
use crate::key::{KeyForm, KeyMaker, KeySchema, KeySource};
use crate::meta::{HeaderField, TimeField};
use crate::pace::Pace;
use crate::progress::Progress;
use crate::pump::{Copies, Pump};
use crate::receipts::Receipts;
use crate::record::{LineMaker, RecordMaker};
use crate::reject::Rejects;
use crate::schema::Chooser;
use crate::sink::Sink;

/// How long a transaction of N records may take before the cluster aborts it.
const TRANSACTION_TIME: Duration = Duration::from_secs(60);
/// The same for one of all records: the most that brokers allow by default.
const LONG_TRANSACTION_TIME: Duration = Duration::from_secs(900);

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
    ensure_sensible(args)?;
    let topic = topic(args, &settings)?;
    let config = KafkaConfig::resolve(&args.kafka, &mut settings)?.with_signals(io.signals.clone());
    let registry = Registry::from_settings(&settings)?.with_signals(io.signals.clone());
    let codec = (args.json, args.unknown.rule());
    if args.envelope {
        let with_keys = args.key.key_format.is_none();
        let maker = EnvelopeMaker::new(registry, codec, with_keys, topic.clone());
        let maker = RecordMaker::Envelopes(Box::new(maker));
        return pump(args, config, topic.as_deref(), maker, &settings, io);
    }
    let topic = topic.unwrap_or_default();
    let chooser = Chooser {
        args: &args.schema,
        topic: &topic,
        registry: &registry,
        dry_run: args.dry_run || args.explain,
    };
    // A run of tombstones has no values.
    let schema = if args.meta.tombstone { None } else { Some(chooser.value()?) };
    let plan = schema.as_ref().map(|schema| schema.plan()).transpose()?;
    let filler = plan.as_ref().map(|plan| filler(args, plan, &settings)).transpose()?;
    let key_schema = key_schema(args, &chooser)?;
    if let Some(notice) = registry.take_notice() {
        io.messages.say(&format!("warning: {notice}"));
    }
    if args.explain {
        let value = schema.as_ref().zip(plan.as_ref()).zip(filler.as_ref());
        return explain::print(args, &topic, value, key_schema.as_ref(), io);
    }
    // MESSAGE_ID is a text like those of --format text.
    let is_text = args.message || args.format == Format::Text;
    let value = plan.as_ref().zip(schema.as_ref()).zip(filler);
    let value =
        value.map(|((plan, schema), filler)| LineEncoder::new(plan, schema.id, filler, codec, is_text));
    let maker = LineMaker {
        value,
        key: key_maker(args, key_schema.as_ref())?,
        tombstone_if: args.meta.tombstone_if.clone(),
        headers: meta::parse_headers(&args.meta.headers)?,
        header_fields: header_fields(args, plan.as_ref())?,
        time: args.meta.timestamp_field.as_deref().map(|field| TimeField::new(field, plan.as_ref())),
        partition: args.meta.partition,
        is_text,
    };
    pump(args, config, Some(&topic), RecordMaker::Lines(Box::new(maker)), &settings, io)
}

/// Refuses flags that cannot work together, as far as clap cannot.
fn ensure_sensible(args: &Args) -> Result<()> {
    let is_text = args.message || args.format == Format::Text;
    let picks = args.key.key_field.is_some() || !args.key.key_from.is_empty();
    let picks_more = !args.meta.header_fields.is_empty()
        || args.meta.timestamp_field.is_some()
        || args.meta.tombstone_if.is_some();
    if is_text && (picks || picks_more) {
        return Err(Failure::usage(
            "text has no fields: --key-field and the like need --format json, csv or avro",
        ));
    }
    if args.format != Format::Json && args.json != JsonMode::Plain {
        return Err(Failure::usage("--json says how JSON is written: it needs --format json"));
    }
    if args.format != Format::Csv && args.delimiter != b',' {
        return Err(Failure::usage("--delimiter needs --format csv"));
    }
    let has_key = picks || args.meta.tombstone;
    let format = args.key.format();
    let avro_only = args.key.key_schema.is_some() || args.key.key_subject.is_some();
    if (args.key.key_format.is_some() || avro_only) && !has_key && format != KeyFormat::None {
        return Err(Failure::usage("keys need --key-field or --key-from, which say where they come from"));
    }
    if format == KeyFormat::None && (has_key || avro_only) {
        return Err(Failure::usage(
            "--key-format none leaves keys out: no flag can say where they come from",
        ));
    }
    if format == KeyFormat::String && !args.key.key_from.is_empty() {
        return Err(Failure::usage("a key of several fields is a record: --key-format avro or json"));
    }
    if avro_only && format != KeyFormat::Avro {
        return Err(Failure::usage("--key-schema and --key-subject are for --key-format avro"));
    }
    if args.meta.tombstone && !picks && matches!(args.format, Format::Csv) {
        return Err(Failure::usage("a row is no key: --tombstone with CSV needs --key-field or --key-from"));
    }
    ensure_rejects_sensible(&args.reject)?;
    if args.flow.create_topic.is_some() && args.envelope && args.topic.is_none() {
        return Err(Failure::usage("--create-topic needs -t: envelopes may name many topics"));
    }
    Ok(())
}

/// Refuses flags for bad lines that `--on-error` leaves nothing to do.
fn ensure_rejects_sensible(args: &RejectArgs) -> Result<()> {
    if args.dlq_topic.is_some() && args.on_error != OnError::Dlq {
        return Err(Failure::usage("--dlq-topic is for bad lines that the run goes past")
            .hint("--on-error dlq sends them there"));
    }
    if args.max_errors.is_some() && args.on_error == OnError::Fail {
        return Err(Failure::usage("--max-errors: the run stops at the first bad line anyway")
            .hint("--on-error skip, or dlq with --dlq-topic, goes past them"));
    }
    Ok(())
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
        if let Some(spec) = &args.flow.create_topic {
            let patience = args.flow.timeout;
            create_topics(spec, topic.into_iter().chain(rejects.dlq_topic()), config.clone(), patience)?;
        }
        let transaction = args.flow.transaction;
        let options = ProducerOptions {
            delivery_timeout: args.flow.timeout,
            receipts: args.report,
            partitioner: args.meta.partitioner.into(),
            transaction_timeout: transaction.map(|transaction| match transaction {
                Transaction::All => LONG_TRANSACTION_TIME,
                Transaction::Records(_) => TRANSACTION_TIME,
            }),
        };
        let mut producer = Producer::connect(config, topic, &options)?;
        if let Some(topic) = rejects.dlq_topic() {
            producer.ensure_topic(topic)?;
        }
        Sink::Kafka { producer: Box::new(producer), transaction, longest: transaction_time(args) / 4 }
    };
    let mut pump = Pump {
        maker,
        sink,
        rejects,
        flow: &args.flow,
        format: args.format,
        delimiter: args.delimiter,
        receipts: Receipts { wanted: args.report },
        pace: args.flow.rate.map(|rate| Pace::new(rate.0)),
        // Receipts and progress on one terminal would be in each other's way.
        progress: Progress::new(!(args.no_progress || args.report && io.output.is_terminal())),
        tended: Instant::now(),
        made: 0,
        copies: Copies { all: args.flow.repeat, ..Copies::default() },
        named: HashSet::new(),
    };
    let ending = match args.message {
        true => pump.send_message(&settings.require(&vars::MESSAGE_ID)?, io),
        false => pump.send_input(io),
    };
    Ok(report::close(ending, pump, io))
}

/// How long the cluster lets a transaction of N records be open.
fn transaction_time(args: &Args) -> Duration {
    let given = args.kafka.properties.iter().rev();
    let millis = given.filter_map(|property| property.strip_prefix("transaction.timeout.ms=")).next();
    millis.and_then(|millis| millis.parse().ok()).map_or(TRANSACTION_TIME, Duration::from_millis)
}

fn create_topics<'t>(
    spec: &CreateTopic,
    topics: impl Iterator<Item = &'t str>,
    config: KafkaConfig,
    patience: Duration,
) -> Result<()> {
    let admin = Admin::connect(config)?;
    let known = admin.topics()?;
    for name in topics.filter(|name| known.iter().all(|topic| topic.name != *name)) {
        let CreateTopic { partitions, replicas } = *spec;
        let spec = NewTopicSpec {
            name: name.to_owned(),
            partitions,
            replication_factor: replicas,
            config: Vec::new(),
        };
        admin.create(&spec, Change::Make(patience))?;
    }
    Ok(())
}

fn show_config(args: &Args, settings: &mut Settings, io: &mut Io) -> Result<Exit> {
    args.kafka.apply(settings)?;
    let mut shown = vec![&vars::TOPIC, &vars::MESSAGE_ID, &vars::MESSAGE_TS];
    shown.extend(kch_kafka::VARS);
    shown.extend(kch_registry::registry_settings());
    Render::new(None, &io.output).rows(&settings.show(&shown)?, &mut io.output)?;
    Ok(Exit::Done)
}

fn filler(args: &Args, plan: &Plan, settings: &Settings) -> Result<Filler> {
    let mut filler = Filler::new(plan, &args.set, settings)?;
    if args.message
        && let Some(ts) = settings.text(&vars::MESSAGE_TS)?
        && !filler.set_bare(plan, "ts", &ts)
    {
        return Err(Failure::usage("MESSAGE_TS is set, and the schema has no field \"ts\"")
            .hint("--set FIELD=VALUE fills another one; unset MESSAGE_TS"));
    }
    Ok(filler)
}

/// The key's schema, when keys are Avro.
fn key_schema(args: &Args, chooser: &Chooser<'_>) -> Result<Option<KeySchema>> {
    if args.key.format() != KeyFormat::Avro {
        return Ok(None);
    }
    let schema = chooser.key(&args.key)?;
    let plan = schema.plan()?;
    for field in &args.key.key_from {
        if key::field_of(&plan, field).is_none() {
            let failure = Failure::usage(format!(
                "--key-from {field}: the key's schema, {}, has no field {:?}",
                schema.origin,
                key::last_name(field)
            ));
            return Err(failure.hint("--key-format json makes a JSON object of any fields"));
        }
    }
    Ok(Some(KeySchema { plan, schema }))
}

fn key_maker<'p>(args: &Args, schema: Option<&'p KeySchema>) -> Result<Option<KeyMaker<'p>>> {
    let source = match (&args.key.key_field, args.key.key_from.as_slice()) {
        (Some(field), _) => KeySource::Field(field.clone()),
        (None, [_, ..]) => KeySource::Record(args.key.key_from.clone()),
        (None, []) if args.meta.tombstone => KeySource::Line,
        (None, []) => return Ok(None),
    };
    let form = match (args.key.format(), schema) {
        (KeyFormat::Avro, Some(key)) => KeyForm::Avro(&key.plan, key.schema.id),
        (KeyFormat::Json, _) => KeyForm::Json,
        _ => KeyForm::String,
    };
    Ok(Some(KeyMaker::new(source, form, args.json)))
}

fn header_fields(args: &Args, plan: Option<&Plan>) -> Result<Vec<HeaderField>> {
    let fields: Vec<_> = args.meta.header_fields.iter().map(|text| HeaderField::parse(text)).collect();
    if let (Some(plan), OnUnknown::Error) = (plan, args.unknown) {
        fields.iter().try_for_each(|field| field.ensure_known(plan))?;
    }
    Ok(fields)
}
