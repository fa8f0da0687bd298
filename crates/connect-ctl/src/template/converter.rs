//! The converter of the topic's values: the one that the worker has.

use kch_cli::{Exit, Io, Result, Settings};

use crate::worker::Worker;

const CONFLUENT: &str = "io.confluent.connect.avro.AvroConverter";
const APICURIO: &str = "io.apicurio.registry.utils.converter.AvroConverter";

/// What follows `value.converter`, with the values.
type Converter = Vec<(&'static str, String)>;

/// Confluent's converter, or Apicurio's (the native stack's) when the worker has only that. A worker that does not answer
/// is not needed for it.
pub(super) fn avro(settings: &Settings, addresses: &str, io: &mut Io) -> Result<Converter> {
    let registry = &*without_users(addresses);
    if registry != addresses {
        io.messages.say(
            "warning: the user in the registry's address is left out: give it to the converter with --set, the password \
             as a ${VARIABLE} (value.converter.basic.auth.user.info, or value.converter.apicurio.auth.password)",
        );
    }
    let plugins = match Worker::from_settings(settings, &io.signals)?.plugins(true) {
        Err(failure) if failure.exit() == Exit::Unavailable => return Ok(confluent(registry)),
        plugins => plugins?,
    };
    let has = |class: &str| plugins.iter().any(|plugin| plugin["class"] == class);
    if has(CONFLUENT) {
        return Ok(confluent(registry));
    }
    if has(APICURIO) {
        return Ok(apicurio(registry));
    }
    io.messages.say(&format!(
        "warning: the worker has no Avro converter: {CONFLUENT} and its jars belong into its plugin path"
    ));
    Ok(confluent(registry))
}

/// The addresses without the user and the password in them, which a template must not have.
fn without_users(addresses: &str) -> String {
    let plain = |address: &str| {
        let (scheme, rest) = address.split_once("://")?;
        let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let at = rest[..host].rfind('@')?;
        Some(format!("{scheme}://{}", &rest[at + 1..]))
    };
    let all = addresses.split(',').map(|address| plain(address).unwrap_or_else(|| address.to_owned()));
    all.collect::<Vec<_>>().join(",")
}

fn confluent(registry: &str) -> Converter {
    vec![
        ("", CONFLUENT.to_owned()),
        (".schema.registry.url", registry.to_owned()),
        (".auto.register.schemas", "false".to_owned()),
    ]
}

/// As in `configs/native/avro-converter.properties`. Beside Confluent's interface Apicurio's registry has its own, which
/// its converter wants.
fn apicurio(registry: &str) -> Converter {
    let base = registry.split("/apis/").next().unwrap_or(registry);
    vec![
        ("", APICURIO.to_owned()),
        (".apicurio.registry.url", format!("{base}/apis/registry/v2")),
        (".apicurio.registry.as-confluent", "true".to_owned()),
        (".apicurio.registry.use-id", "contentId".to_owned()),
        (".apicurio.registry.headers.enabled", "false".to_owned()),
        (
            ".apicurio.registry.artifact-resolver-strategy",
            "io.apicurio.registry.serde.strategy.TopicIdStrategy".to_owned(),
        ),
        (".apicurio.registry.auto-register", "false".to_owned()),
        (".apicurio.registry.find-latest", "true".to_owned()),
    ]
}

/// Any JSON, without a schema.
pub(super) fn json() -> Converter {
    vec![
        ("", "org.apache.kafka.connect.json.JsonConverter".to_owned()),
        (".schemas.enable", "false".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_user_and_no_password_is_in_a_template() {
        assert_eq!(without_users("http://me:hunter2@r:1/x@y,https://s"), "http://r:1/x@y,https://s");
        assert_eq!(without_users("http://r:1/?a=b@c"), "http://r:1/?a=b@c");
    }

    /// What the native stack's worker is set up with, and what the template says, must not drift apart.
    #[test]
    fn apicurios_settings_are_those_of_the_native_stack() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/native/avro-converter.properties");
        let file = std::fs::read_to_string(file).unwrap();
        let mut settings = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for (key, value) in &apicurio("http://localhost:8081")[1..] {
            assert_eq!(settings.next(), Some(format!("{}={value}", &key[1..]).as_str()));
        }
        assert_eq!(settings.next(), None);
        assert_eq!(apicurio("http://r/apis/ccompat/v7")[1].1, "http://r/apis/registry/v2");
    }
}
