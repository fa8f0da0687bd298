//! Properties as a file or `-X` spells them: librdkafka's two names for one thing, and Java's.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use crate::KafkaError;

/// Reads `key=value` lines: librdkafka's names, and the Java names that mean the same. A backslash at its end continues a line.
pub(super) fn read_properties(path: &Path) -> Result<BTreeMap<String, String>, KafkaError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let path = path.display().to_string();
        KafkaError::Config(match path.split_once('=') {
            // The flag of Kafka's own tools for what is -s here.
            Some((key, _)) if error.kind() == ErrorKind::NotFound => format!(
                "--config {key}=…: there is no such file; a property of the client is -X {key}=…, a topic's setting -s {key}=…"
            ),
            _ => format!("cannot read {path}: {error}"),
        })
    })?;
    let mut properties = BTreeMap::new();
    let mut lines = text.lines().zip(1u32..);
    while let Some((line, number)) = lines.next() {
        let mut line = line.trim().to_owned();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        while line.ends_with('\\') {
            line.pop();
            line.push_str(lines.next().map_or("", |(next, _)| next.trim()));
        }
        let place = || format!("{}:{number}", path.display());
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| KafkaError::Config(format!("{}: expected key=value", place())))?;
        if is_for_others(key.trim()) {
            continue;
        }
        from_java(key.trim(), value.trim(), &mut properties)
            .map_err(|reason| KafkaError::Config(format!("{}: {reason}", place())))?;
    }
    Ok(properties)
}

/// The name that this crate uses where librdkafka has two: set under both, either could win.
fn one_name(key: &str) -> &str {
    match key {
        "metadata.broker.list" => "bootstrap.servers",
        "sasl.mechanisms" => "sasl.mechanism",
        "request.required.acks" => "acks",
        "delivery.timeout.ms" => "message.timeout.ms",
        "queue.buffering.max.ms" => "linger.ms",
        "compression.codec" => "compression.type",
        "message.send.max.retries" => "retries",
        "max.in.flight" => "max.in.flight.requests.per.connection",
        "fetch.message.max.bytes" => "max.partition.fetch.bytes",
        key => key,
    }
}

/// What a Java client's file says to others than the Kafka client: how objects become bytes, the passwords of key
/// stores, and the schema registry, which has variables of its own here.
fn is_for_others(key: &str) -> bool {
    key.ends_with("serializer")
        || ["ssl.truststore.", "schema.registry.", "basic.auth."].iter().any(|prefix| key.starts_with(prefix))
            && key != "ssl.truststore.location"
}

/// Takes a property under a Java name or one of librdkafka's.
pub(super) fn from_java(
    key: &str,
    value: &str,
    properties: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let mut set = |key: &str, value: &str| {
        properties.insert(one_name(key).to_owned(), value.to_owned());
    };
    match key {
        "sasl.jaas.config" => {
            let option = |name| jaas_option(value, name).ok_or(format!("sasl.jaas.config has no {name}"));
            set("sasl.username", option("username")?);
            set("sasl.password", option("password")?);
        }
        "ssl.truststore.location" if value.ends_with(".pem") => set("ssl.ca.location", value),
        // librdkafka has this name too, for PKCS#12.
        "ssl.keystore.location" if !value.ends_with(".jks") => set(key, value),
        "ssl.truststore.location" | "ssl.keystore.location" => {
            return Err(format!(
                "{key}: a Java key store cannot be read here; export it as PEM and set KAFKA_SSL_CA"
            ));
        }
        _ => set(key, value),
    }
    Ok(())
}

/// The value of `name="…"` in a JAAS line.
fn jaas_option<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let after = line.split_once(&format!("{name}="))?.1;
    match after.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(value, _)| value),
        None => after.split([' ', ';']).next(),
    }
}
