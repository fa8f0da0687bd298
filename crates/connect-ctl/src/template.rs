//! `template`: the least configuration that a class takes, or the whole one that brings a topic to ClickHouse. What only
//! the user knows is a `${VARIABLE}`, which `apply` fills in or names as missing.

mod checks;
mod converter;
mod table;
mod values;

use kch_cli::{Failure, Io, Result, Settings, vars};
use kch_http::{CLICKHOUSE, Endpoint};
use kch_registry::{Registry, RegistryArgs};
use serde_json::{Map, Value, json};

use crate::patch::parse_pair;
use crate::select::{is_class, short_class};
use crate::worker::Worker;

/// What `template` is asked for.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(id = "what", multiple = true)]
pub struct TemplateArgs {
    /// A connector class of the worker: the least configuration that it takes
    #[arg(add = crate::complete::classes(), required_unless_present_any = ["subject", "topic"], conflicts_with_all = ["subject", "topic", "table", "clickhouse", "sink_registry"])]
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

    /// ClickHouse as the worker sees it, if not as we do [env: SINK_CLICKHOUSE_HTTP]
    ///
    /// Otherwise CLICKHOUSE_HTTP. From outside of Docker: http://clickhouse-haproxy:8123.
    #[arg(long, value_name = "URL")]
    pub clickhouse: Option<String>,

    /// The registry as the worker sees it, if not as we do [env: SINK_SCHEMA_REGISTRY_URL]
    ///
    /// Otherwise the one that the schema is read from. From outside of Docker: http://schema-registry:8081.
    #[arg(long, value_name = "URL")]
    pub sink_registry: Option<String>,

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

/// `FileStreamSinkConnector` makes `file-stream-sink`.
fn default_name(class: &str) -> String {
    let last = short_class(class);
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

/// The sink that brings a topic to ClickHouse: the settings of `configs/connect/clickhouse-sink.json`. Works without the
/// worker too, which only says what converter it has.
pub(crate) fn of_topic(settings: &mut Settings, args: &TemplateArgs, io: &mut Io) -> Result<Value> {
    settings.set_flag(&vars::SINK_CLICKHOUSE_HTTP, args.clickhouse.as_deref());
    settings.set_flag(&vars::SINK_SCHEMA_REGISTRY_URL, args.sink_registry.as_deref());
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
    let schema = values::schema_of(&registry, args.subject.as_deref(), &topic, &table, io)?;
    let cure = match &schema {
        Some(_) => {
            let subject = args.subject.clone().unwrap_or_else(|| format!("{topic}-value"));
            format!("sr ddl {subject} --via sink --table {table} | ch-query makes it")
        }
        None => "sr infer and sr ddl --via json make one from lines".to_owned(),
    };
    table::warn_if_missing(settings, &table, &cure, io);
    if let Some(address) = settings.text(&vars::SINK_CLICKHOUSE_HTTP)? {
        settings.set_flag(&vars::CLICKHOUSE_HTTP, Some(&address));
    }
    // The sink takes one host: of several nodes, the first.
    let (first, _) = Endpoint::first_and_others(settings, &CLICKHOUSE)?;
    let address = first.uri(&[], &[]);
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
    let converter = match &schema {
        Some(_) => {
            let url = settings.text(&vars::SINK_SCHEMA_REGISTRY_URL)?;
            converter::avro(settings, url.as_deref().unwrap_or(registry.url()), io)?
        }
        None => converter::json(),
    };
    for (key, value) in converter {
        put(&format!("value.converter{key}"), &value);
    }
    for (key, value) in schema.iter().flat_map(checks::checks) {
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

fn finish(name: &str, mut config: Map<String, Value>, args: &TemplateArgs) -> Value {
    for (key, value) in &args.settings {
        config.insert(key.clone(), value.as_str().into());
    }
    json!({"name": name, "config": config})
}

/// A template as it is printed: for a person, a row for each setting.
pub(crate) fn rows(template: Value, table: bool) -> Vec<Value> {
    let Some(config) = template["config"].as_object().filter(|_| table) else { return vec![template] };
    let row = |(key, value): (&str, &Value)| json!({"setting": key, "value": value});
    let settings = config.iter().map(|(key, value)| (key.as_str(), value));
    std::iter::once(("name", &template["name"])).chain(settings).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_classes_and_variables_of_settings() {
        assert_eq!(default_name("org.apache.kafka.connect.file.FileStreamSinkConnector"), "file-stream-sink");
        assert_eq!(variable("database.server-name"), "DATABASE_SERVER_NAME");
        assert_eq!(variable("2nd"), "_2ND");
    }
}
