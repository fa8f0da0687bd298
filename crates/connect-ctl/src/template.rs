//! `template`: the least configuration that a class takes, or the whole one that brings a topic to ClickHouse. What only
//! the user knows is a `${VARIABLE}`, which `apply` fills in or names as missing.

use kch_cli::{Failure, Io, Result, Settings, vars};
use kch_http::{CLICKHOUSE, Endpoint};
use kch_registry::{Error as RegistryError, Registry, RegistryArgs, SchemaType};
use serde_json::{Map, Value, json};

use crate::patch::parse_pair;
use crate::worker::Worker;

/// What `template` is asked for.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(id = "what", multiple = true)]
pub struct TemplateArgs {
    /// A connector class of the worker: the least configuration that it takes
    #[arg(add = crate::complete::classes(), required_unless_present_any = ["subject", "topic"], conflicts_with_all = ["subject", "topic", "table", "clickhouse"])]
    pub class: Option<String>,

    /// Bring the topic of this subject (TOPIC-value) to ClickHouse, with its official sink
    #[arg(long, value_name = "SUBJECT", add = kch_registry::complete::subjects())]
    pub subject: Option<String>,

    /// Bring this topic to ClickHouse: Avro if the subject TOPIC-value is there, else JSON
    #[arg(short = 't', long, value_name = "TOPIC", add = kch_kafka::complete::topics())]
    pub topic: Option<String>,

    /// The table; by default the topic's name, with _ for what a table's name cannot have
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,

    /// ClickHouse as the worker sees it [env: CLICKHOUSE_HTTP]
    ///
    /// In Docker: http://clickhouse-haproxy:8123, and --registry http://schema-registry:8081.
    #[arg(long, value_name = "URL")]
    pub clickhouse: Option<String>,

    /// The connector's name; by default after the class, or clickhouse-TOPIC
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// A setting, KEY=VALUE; repeat for more
    #[arg(short = 's', long = "set", value_name = "KEY=VALUE", value_parser = parse_pair)]
    pub settings: Vec<(String, String)>,

    /// Registry
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `{"name", "config"}`, as `apply` takes it.
pub(crate) fn of_class(worker: &Worker, args: &TemplateArgs, class: &str) -> Result<Value> {
    let settings = worker.settings_of(class)?;
    let plugins = worker.plugins(false)?;
    let plugin =
        plugins.iter().find(|plugin| plugin["class"].as_str().is_some_and(|full| is_class(full, class)));
    let plugin = plugin.ok_or_else(|| {
        Failure::refused(format!("{class} is no connector class")).hint("connect-ctl plugins lists them")
    })?;
    let class = plugin["class"].as_str().unwrap_or(class);
    let mut config = Map::new();
    let mut put = |key: &str, value: &str| config.insert(key.to_owned(), value.into());
    put("connector.class", class);
    put("tasks.max", "1");
    if plugin["type"] == "sink" {
        put("topics", "${TOPICS}");
    }
    let required = settings.iter().filter(|setting| setting["required"] == true);
    for setting in required.filter_map(|setting| setting["name"].as_str()) {
        if !matches!(setting, "name" | "connector.class") {
            put(setting, &format!("${{{}}}", variable(setting)));
        }
    }
    let name = args.name.clone().unwrap_or_else(|| default_name(class));
    Ok(finish(&name, config, args))
}

/// A class may be asked for by its full name, the last part of it, and that without `Connector`.
fn is_class(full: &str, asked: &str) -> bool {
    let last = full.rsplit('.').next().unwrap_or(full);
    full == asked || last == asked || last.strip_suffix("Connector") == Some(asked)
}

/// `FileStreamSinkConnector` makes `file-stream-sink`.
fn default_name(class: &str) -> String {
    let last = class.rsplit('.').next().unwrap_or(class);
    let last = last.strip_suffix("Connector").unwrap_or(last);
    let mut name = String::new();
    for (at, c) in last.char_indices() {
        if c.is_ascii_uppercase() && at > 0 && !name.ends_with('-') {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// `database.server.name` makes `DATABASE_SERVER_NAME`.
pub(crate) fn variable(setting: &str) -> String {
    let name: String = setting
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// The sink that brings a topic to ClickHouse: the settings of `configs/connect/clickhouse-sink.json`.
pub(crate) fn of_topic(settings: &mut Settings, args: &TemplateArgs, io: &mut Io) -> Result<Value> {
    settings.set_flag(&vars::CLICKHOUSE_HTTP, args.clickhouse.as_deref());
    args.registry.apply(settings);
    let topic = match (&args.topic, &args.subject) {
        (Some(topic), _) => topic.clone(),
        (None, Some(subject)) => subject.strip_suffix("-value").map(str::to_owned).ok_or_else(|| {
            Failure::usage(format!("the subject {subject} does not say which topic it is of"))
                .hint("give the topic with --topic")
        })?,
        (None, None) => return Err(Failure::usage("no class, subject or topic given")),
    };
    let table = args.table.clone().unwrap_or_else(|| {
        topic.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
    });
    let registry = Registry::from_settings(settings)?.with_signals(io.signals.clone());
    let schema = schema_of(&registry, args.subject.as_deref(), &topic, io)?;
    let address = Endpoint::from_settings(settings, &CLICKHOUSE)?.uri(&[], &[]);
    let ssl = address.scheme_str() == Some("https");
    let port = address.port_u16().unwrap_or(if ssl { 8443 } else { 8123 });
    let mut config = Map::new();
    let mut put = |key: &str, value: &str| config.insert(key.to_owned(), value.into());
    put("connector.class", "com.clickhouse.kafka.connect.ClickHouseSinkConnector");
    put("tasks.max", "1");
    put("topics", &topic);
    put("topic2TableMap", &format!("{topic}={table}"));
    put("hostname", address.host().unwrap_or_default());
    put("port", &port.to_string());
    put("ssl", if ssl { "true" } else { "false" });
    put("database", "${CLICKHOUSE_DATABASE}");
    put("username", "${CLICKHOUSE_WRITER_USER:-writer}");
    put("password", "${CLICKHOUSE_WRITER_PASSWORD}");
    put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    if schema.is_some() {
        put("value.converter", "io.confluent.connect.avro.AvroConverter");
        put("value.converter.schema.registry.url", registry.url());
        put("value.converter.auto.register.schemas", "false");
    } else {
        put("value.converter", "org.apache.kafka.connect.json.JsonConverter");
        put("value.converter.schemas.enable", "false");
    }
    for (key, value) in schema.iter().flat_map(checks) {
        put(&key, &value);
    }
    put("client_version", "V1");
    put("exactlyOnce", "false");
    put("consumer.override.max.poll.records", "10000");
    put("consumer.override.fetch.min.bytes", "262144");
    put("consumer.override.fetch.max.wait.ms", "500");
    put("errors.tolerance", "all");
    put("errors.retry.timeout", "300000");
    put("errors.retry.delay.max.ms", "10000");
    put("errors.deadletterqueue.topic.name", &format!("{topic}-dlq"));
    put("errors.deadletterqueue.topic.replication.factor", "3");
    put("errors.deadletterqueue.context.headers.enable", "true");
    put("errors.log.enable", "true");
    put("errors.log.include.messages", "false");
    let name = args.name.clone().unwrap_or_else(|| format!("clickhouse-{topic}"));
    Ok(finish(&name, config, args))
}

/// Transformations that find a record without the schema's fields, or with others, before it comes into a batch: the sink
/// takes the whole batch along. A field with a default, or one that may be null, may be missing, as in older records.
fn checks(schema: &Value) -> Vec<(String, String)> {
    let fields: Vec<&Value> = schema["fields"].as_array().into_iter().flatten().collect();
    let name = |field: &Value| field["name"].as_str().unwrap_or_default().to_owned();
    let may_be_missing = |field: &Value| {
        field.get("default").is_some()
            || field["type"].as_array().is_some_and(|all| all.contains(&"null".into()))
    };
    let required: Vec<String> =
        fields.iter().filter(|field| !may_be_missing(field)).map(|field| name(field)).collect();
    let cast = |field: &&Value| Some(format!("{}:{}", name(field), connect_type(field["type"].as_str()?)?));
    let cast: Vec<String> = fields.iter().filter_map(cast).collect();
    let steps = [
        ("requireFields", "ValueToKey", "fields", required.join(",")),
        ("castTypes", "Cast$Value", "spec", cast.join(",")),
    ];
    let steps: Vec<_> = steps.into_iter().filter(|(.., value)| !value.is_empty()).collect();
    let names: Vec<&str> = steps.iter().map(|(name, ..)| *name).collect();
    let mut settings = vec![("transforms".to_owned(), names.join(","))];
    for (name, class, setting, value) in &steps {
        let class = format!("org.apache.kafka.connect.transforms.{class}");
        settings.push((format!("transforms.{name}.type"), class));
        settings.push((format!("transforms.{name}.{setting}"), value.clone()));
    }
    if steps.is_empty() { Vec::new() } else { settings }
}

/// What Connect calls an Avro type that it can cast to.
fn connect_type(avro: &str) -> Option<&'static str> {
    match avro {
        "int" => Some("int32"),
        "long" => Some("int64"),
        "float" => Some("float32"),
        "double" => Some("float64"),
        "boolean" => Some("boolean"),
        "string" => Some("string"),
        _ => None,
    }
}

/// The schema of the topic's values, if they are Avro. What the sink cannot write of it is said.
fn schema_of(registry: &Registry, subject: Option<&str>, topic: &str, io: &mut Io) -> Result<Option<Value>> {
    let default = format!("{topic}-value");
    let subject_name = subject.unwrap_or(&default);
    let registered = match registry.latest(subject_name) {
        Err(RegistryError::SubjectNotFound { .. }) if subject.is_none() => {
            io.messages
                .say(&format!("note: no subject {subject_name}: the topic's values are taken for JSON"));
            return Ok(None);
        }
        registered => registered?,
    };
    let schema = &registered.schema;
    if schema.schema_type != SchemaType::Avro {
        let text = format!("the schema of {subject_name} is {}, not Avro", schema.schema_type);
        return Err(Failure::refused(text));
    }
    let schema: Value = serde_json::from_str(&schema.text).unwrap_or_default();
    if schema["type"] != "record" {
        let text =
            format!("the schema of {subject_name} is no record: the sink makes a column of each field");
        return Err(Failure::refused(text));
    }
    for field in schema["fields"].as_array().into_iter().flatten() {
        if let Some(what) = unwritable(&field["type"]) {
            let name = field["name"].as_str().unwrap_or_default();
            io.messages.say(&format!("warning: {subject_name}: field {name}: the sink may not write {what}"));
        }
    }
    Ok(Some(schema))
}

/// Types that the sink is known to stumble over (ClickHouse/clickhouse-kafka-connect issues 572 and 726).
fn unwritable(of_field: &Value) -> Option<&'static str> {
    match of_field {
        Value::Array(branches) if branches.iter().filter(|branch| *branch != "null").count() > 1 => {
            Some("a union of several types")
        }
        Value::Array(branches) => branches.iter().find_map(unwritable),
        Value::Object(_) if of_field["type"] == "fixed" && of_field["logicalType"] == "decimal" => {
            Some("a decimal in a fixed")
        }
        _ => None,
    }
}

fn finish(name: &str, mut config: Map<String, Value>, args: &TemplateArgs) -> Value {
    for (key, value) in &args.settings {
        config.insert(key.clone(), value.as_str().into());
    }
    json!({"name": name, "config": config})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_classes_and_variables_of_settings() {
        assert_eq!(default_name("org.apache.kafka.connect.file.FileStreamSinkConnector"), "file-stream-sink");
        assert_eq!(variable("database.server-name"), "DATABASE_SERVER_NAME");
        assert_eq!(variable("2nd"), "_2ND");
        assert!(is_class("a.b.FileSinkConnector", "FileSink") && !is_class("a.b.FileSinkConnector", "Sink"));
    }

    #[test]
    fn records_are_checked_for_what_older_ones_have_too() {
        let schema = json!({"fields": [
            {"name": "id", "type": "long"},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "note", "type": ["null", "string"]},
            {"name": "added", "type": "double", "default": 0},
        ]});
        let checks: Vec<String> =
            checks(&schema).iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            checks,
            [
                "transforms=requireFields,castTypes",
                "transforms.requireFields.type=org.apache.kafka.connect.transforms.ValueToKey",
                "transforms.requireFields.fields=id,at",
                "transforms.castTypes.type=org.apache.kafka.connect.transforms.Cast$Value",
                "transforms.castTypes.spec=id:int64,added:float64",
            ]
        );
        assert_eq!(super::checks(&json!({"fields": []})), []);
    }

    #[test]
    fn what_the_sink_stumbles_over_is_known() {
        assert_eq!(unwritable(&json!(["null", "string"])), None);
        assert_eq!(unwritable(&json!(["null", "string", "long"])), Some("a union of several types"));
        let decimal = json!({"type": "fixed", "logicalType": "decimal", "size": 8});
        assert_eq!(unwritable(&json!(["null", decimal])), Some("a decimal in a fixed"));
    }
}
