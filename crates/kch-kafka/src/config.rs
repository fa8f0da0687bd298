//! From settings to librdkafka's properties. Default < `.env` < environment < `--config FILE` < `-X`.

mod properties;

use std::collections::BTreeMap;
use std::path::PathBuf;

use kch_cli::{Failure, Settings, Signals, Var, vars};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use self::properties::{from_java, read_properties};
use crate::KafkaError;

/// The variables that this crate reads.
pub const VARS: &[&Var] = &[
    &vars::BOOTSTRAP_SERVERS,
    &vars::KAFKA_SECURITY_PROTOCOL,
    &vars::KAFKA_SASL_MECHANISM,
    &vars::KAFKA_CLIENT_SASL_USERNAME,
    &vars::KAFKA_CLIENT_SASL_PASSWORD,
    &vars::KAFKA_SSL_CA,
    &vars::KAFKA_SSL_CERT,
    &vars::KAFKA_SSL_KEY,
];

/// The properties that these variables stand for.
const CONNECTION: [(&str, &Var); 5] = [
    ("bootstrap.servers", &vars::BOOTSTRAP_SERVERS),
    ("security.protocol", &vars::KAFKA_SECURITY_PROTOCOL),
    ("ssl.ca.location", &vars::KAFKA_SSL_CA),
    ("ssl.certificate.location", &vars::KAFKA_SSL_CERT),
    ("ssl.key.location", &vars::KAFKA_SSL_KEY),
];
const MECHANISM: (&str, &Var) = ("sasl.mechanism", &vars::KAFKA_SASL_MECHANISM);
const LOGIN: [(&str, &Var); 2] = [
    ("sasl.username", &vars::KAFKA_CLIENT_SASL_USERNAME),
    ("sasl.password", &vars::KAFKA_CLIENT_SASL_PASSWORD),
];

/// The Kafka flags of every tool that speaks to brokers.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Kafka")]
pub struct KafkaArgs {
    /// Brokers, host:port separated by commas
    ///
    /// Environment: BOOTSTRAP_SERVERS.
    #[arg(short = 'b', long, value_name = "HOST:PORT,…", global = true)]
    pub brokers: Option<String>,

    /// A librdkafka or Java client.properties file
    ///
    /// `sasl.jaas.config` is understood. Its settings beat the environment and `.env`.
    #[arg(long = "config", value_name = "FILE", global = true)]
    pub config_file: Option<PathBuf>,

    /// A librdkafka property, KEY=VALUE; repeat for more
    ///
    /// Java's names do too. debug=broker,security makes librdkafka say on stderr what it does; debug=all, everything.
    #[arg(short = 'X', value_name = "KEY=VALUE", global = true)]
    pub properties: Vec<String>,
}

impl KafkaArgs {
    /// Puts what these flags say above all other sources of [`VARS`], as `--show-config` shows it.
    ///
    /// # Errors
    /// A usage failure for an unreadable file, or a property without `=`.
    pub fn apply(&self, settings: &mut Settings) -> kch_cli::Result<()> {
        let given = self.given()?;
        for (key, var) in CONNECTION.iter().chain(&LOGIN).chain(&[MECHANISM]) {
            settings.set_flag(var, given.get(*key).map(String::as_str));
        }
        settings.set_flag(&vars::BOOTSTRAP_SERVERS, self.brokers.as_deref());
        Ok(())
    }

    /// The properties of `--config` and `-X`.
    fn given(&self) -> Result<BTreeMap<String, String>, KafkaError> {
        let mut given = match &self.config_file {
            Some(path) => read_properties(path)?,
            None => BTreeMap::new(),
        };
        for property in &self.properties {
            let (key, value) = property.split_once('=').ok_or_else(|| {
                KafkaError::Config(format!("-X {property}: expected KEY=VALUE, a librdkafka property"))
            })?;
            from_java(key, value, &mut given).map_err(|reason| KafkaError::Config(format!("-X {reason}")))?;
        }
        if self.brokers.is_some() {
            given.remove("bootstrap.servers");
        }
        Ok(given)
    }
}

/// librdkafka's properties, ready to make a client of.
#[derive(Clone)]
pub struct KafkaConfig {
    properties: BTreeMap<String, String>,
    signals: Signals,
}

/// Values stay out: some are secrets.
impl std::fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaConfig").field("keys", &self.properties.keys()).finish()
    }
}

/// A user that is not set may be one that the brokers do not ask for.
fn or_no_login(failure: Failure) -> Failure {
    let cure = failure.hint_text().map(|hint| format!("{hint}; ")).unwrap_or_default();
    failure.hint(format!("{cure}for brokers without a login, KAFKA_SECURITY_PROTOCOL=PLAINTEXT"))
}

impl KafkaConfig {
    /// Resolves flags and settings.
    ///
    /// # Errors
    /// A usage failure for a missing user or password, an unreadable file, or a property without `=`.
    pub fn resolve(args: &KafkaArgs, settings: &mut Settings) -> kch_cli::Result<KafkaConfig> {
        settings.set_flag(&vars::BOOTSTRAP_SERVERS, args.brokers.as_deref());
        let given = args.given()?;
        let mut config = KafkaConfig { properties: BTreeMap::new(), signals: Signals::none() };
        config.fill_connection(settings, &given)?;
        config.properties.extend(given);
        let is_web = |address: &&str| address.starts_with("http://") || address.starts_with("https://");
        if let Some(address) = config.brokers().split(',').map(str::trim).find(is_web) {
            let text = format!("{} is a web address, not a broker's", kch_cli::mask_url(address));
            return Err(Failure::usage(text)
                .hint("BOOTSTRAP_SERVERS and --brokers take host:port, with commas between"));
        }
        Ok(config)
    }

    /// What `settings` say, wherever `given` says nothing.
    fn fill_connection(
        &mut self,
        settings: &Settings,
        given: &BTreeMap<String, String>,
    ) -> kch_cli::Result<()> {
        for (key, var) in CONNECTION {
            if let Some(value) = settings.text(var)? {
                self.properties.insert(key.to_owned(), value);
            }
        }
        let protocol = given.get("security.protocol").or(self.properties.get("security.protocol"));
        if !protocol.is_some_and(|protocol| protocol.to_ascii_uppercase().starts_with("SASL")) {
            return Ok(());
        }
        let (key, var) = MECHANISM;
        self.properties.insert(key.to_owned(), settings.require(var)?);
        for (key, var) in LOGIN {
            if !given.contains_key(key) {
                let value = settings.require(var).map_err(or_no_login)?;
                self.properties.insert(key.to_owned(), value);
            }
        }
        Ok(())
    }

    /// Lets a signal end the wait for a cluster that does not answer.
    #[must_use]
    pub fn with_signals(mut self, signals: Signals) -> KafkaConfig {
        self.signals = signals;
        self
    }

    /// An error once a signal has come.
    pub(crate) fn ensure_not_interrupted(&self) -> Result<(), KafkaError> {
        self.signals.received().map_or(Ok(()), |exit| Err(KafkaError::Interrupted { exit }))
    }

    /// An error once a signal has come, after the cluster has accepted what `done` says.
    pub(crate) fn ensure_not_interrupted_after(&self, done: &str) -> Result<(), KafkaError> {
        let interrupted = |exit| KafkaError::InterruptedAfter { done: done.to_owned(), exit };
        self.signals.received().map_or(Ok(()), |exit| Err(interrupted(exit)))
    }

    /// How it speaks to brokers, as `SASL_SSL`.
    pub(crate) fn security_protocol(&self) -> String {
        self.properties.get("security.protocol").map_or("PLAINTEXT".to_owned(), |name| name.to_uppercase())
    }

    /// Sets a property that the user has not set.
    pub(crate) fn default(&mut self, key: &str, value: &str) -> &mut Self {
        self.properties.entry(key.to_owned()).or_insert_with(|| value.to_owned());
        self
    }

    /// Sets a property that the tool's promise rests on, whatever the user has set.
    pub(crate) fn force(&mut self, key: &str, value: &str) -> &mut Self {
        self.properties.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The addresses, for messages.
    #[must_use]
    pub fn brokers(&self) -> &str {
        self.properties.get("bootstrap.servers").map_or("", String::as_str)
    }

    /// The user, for messages.
    #[must_use]
    pub fn user(&self) -> &str {
        self.properties.get("sasl.username").map_or("", String::as_str)
    }

    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = self.clone();
        // librdkafka connects to a second broker, the first that metadata name, half of this after the bootstrap broker:
        // with its default, 100, every start takes 40 ms longer. What it doubles after each failure is this as well.
        config.default("reconnect.backoff.ms", "20");
        let speaks = config.properties.contains_key("debug");
        let mut client: ClientConfig = config.properties.into_iter().collect();
        if speaks {
            client.set_log_level(RDKafkaLogLevel::Debug);
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::from_pairs([
            ("KAFKA_CLIENT_SASL_USERNAME", "client"),
            ("KAFKA_CLIENT_SASL_PASSWORD", "from-env"),
        ])
    }

    #[test]
    fn a_java_properties_file_is_understood_and_beats_the_environment() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "# comment\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n\
                    sasl.jaas.config=org.example.Module required \\\n  username=\"u\" password=\"p q\";\n\
                    ssl.truststore.location=/ca.pem\nkey.serializer=X\n";
        std::fs::write(file.path(), text).unwrap();
        let args = KafkaArgs { config_file: Some(file.path().into()), ..KafkaArgs::default() };
        let config = KafkaConfig::resolve(&args, &mut settings()).unwrap();
        assert_eq!(config.user(), "u");
        assert_eq!(config.properties["sasl.password"], "p q");
        assert_eq!(config.properties["ssl.ca.location"], "/ca.pem");
        assert_eq!(config.properties["sasl.mechanism"], "SCRAM-SHA-512");
        assert!(!config.properties.contains_key("key.serializer"));
    }

    #[test]
    fn a_bad_line_of_a_file_is_named_by_its_number_also_behind_one_that_goes_on() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "acks=\\\n  all\n# a comment \\\nlinger.ms\n").unwrap();
        let args = KafkaArgs { config_file: Some(file.path().into()), ..KafkaArgs::default() };
        let failure = KafkaConfig::resolve(&args, &mut settings()).unwrap_err();
        assert_eq!(failure.text(), format!("{}:4: expected key=value", file.path().display()));
    }

    #[test]
    fn what_a_file_says_to_the_registrys_client_is_left_out_and_x_takes_javas_names_too() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text =
            "basic.auth.user.info=me:secret\nschema.registry.url=http://r\nssl.truststore.password=p\n";
        std::fs::write(file.path(), text).unwrap();
        let jaas = "sasl.jaas.config=M required username=\"u\" password=\"p q\";";
        let args = KafkaArgs {
            config_file: Some(file.path().into()),
            properties: vec![jaas.into(), "ssl.keystore.location=me.p12".into()],
            ..KafkaArgs::default()
        };
        let config = KafkaConfig::resolve(&args, &mut settings()).unwrap();
        assert_eq!((config.user(), config.properties["sasl.password"].as_str()), ("u", "p q"));
        assert_eq!(config.properties["ssl.keystore.location"], "me.p12");
        let keys: Vec<&str> = config.properties.keys().map(String::as_str).collect();
        assert!(!keys.iter().any(|key| key.contains("auth.") || key.contains("jaas")), "{keys:?}");
        assert!(!keys.iter().any(|key| key.starts_with("schema.") || key.contains("truststore")), "{keys:?}");
    }

    #[test]
    fn a_property_that_librdkafka_refuses_is_named_without_its_value() {
        for property in ["sasl.jaas.confg=s3cret", "basic.auth.user.info=s3cret", "linger.ms=s3cret"] {
            let args = KafkaArgs { properties: vec![property.into()], ..KafkaArgs::default() };
            let config = KafkaConfig::resolve(&args, &mut settings()).unwrap();
            let Err(error) = config.client().create::<rdkafka::producer::BaseProducer>() else { panic!() };
            let text = crate::watch::creation_error(error).to_string();
            let key = property.split_once('=').unwrap().0;
            assert!(
                text.starts_with(&format!("kafka property {key}: ")) && !text.contains("s3cret"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_setting_where_a_file_goes_is_told_its_flag() {
        let args = KafkaArgs { config_file: Some("retention.ms=1000".into()), ..KafkaArgs::default() };
        let failure = KafkaConfig::resolve(&args, &mut settings()).unwrap_err();
        let text = failure.text();
        assert!(text.ends_with("-X retention.ms=…, a topic's setting -s retention.ms=…"), "{text}");
        assert!(!text.contains("1000"), "{text}");
    }

    #[test]
    fn a_property_under_librdkafkas_other_name_is_the_same_property() {
        let other = [
            ("metadata.broker.list", "bootstrap.servers", "h:1"),
            ("sasl.mechanisms", "sasl.mechanism", "PLAIN"),
            ("request.required.acks", "acks", "1"),
            ("delivery.timeout.ms", "message.timeout.ms", "7000"),
            ("queue.buffering.max.ms", "linger.ms", "7"),
            ("compression.codec", "compression.type", "lz4"),
            ("message.send.max.retries", "retries", "3"),
            ("max.in.flight", "max.in.flight.requests.per.connection", "2"),
            ("fetch.message.max.bytes", "max.partition.fetch.bytes", "70000"),
        ];
        let properties = other.iter().map(|(name, _, value)| format!("{name}={value}")).collect();
        let args = KafkaArgs { properties, ..KafkaArgs::default() };
        let mut config = KafkaConfig::resolve(&args, &mut settings()).unwrap();
        for (name, ours, value) in other {
            config.default(ours, "no");
            assert_eq!(config.properties[ours], value);
            assert!(!config.properties.contains_key(name), "{name}");
            // librdkafka agrees that they are one.
            let native = config.client().create_native_config().unwrap();
            assert_eq!(native.get(name).unwrap(), native.get(ours).unwrap(), "{name}");
        }
    }

    #[test]
    fn a_flag_beats_all_and_plaintext_needs_no_password() {
        let args = KafkaArgs {
            brokers: Some("flag:1".into()),
            properties: vec!["security.protocol=PLAINTEXT".into(), "linger.ms=7".into()],
            ..KafkaArgs::default()
        };
        let config = KafkaConfig::resolve(&args, &mut Settings::from_pairs([])).unwrap();
        assert_eq!(config.brokers(), "flag:1");
        assert_eq!(config.properties["linger.ms"], "7");
    }

    #[test]
    fn what_config_and_x_say_is_shown_with_the_password_masked() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "bootstrap.servers=file:1\nsasl.username=me\n").unwrap();
        let shown = |brokers: Option<&str>| {
            let args = KafkaArgs {
                brokers: brokers.map(str::to_owned),
                config_file: Some(file.path().into()),
                properties: vec!["sasl.password=s3cret".into(), "sasl.mechanisms=PLAIN".into()],
            };
            let mut settings = settings();
            args.apply(&mut settings).unwrap();
            let rows = settings.show(VARS).unwrap();
            VARS.iter()
                .zip(rows)
                .map(|(var, row)| (var.name, row["value"].clone()))
                .collect::<BTreeMap<_, _>>()
        };
        let rows = shown(None);
        for (name, value) in [
            ("BOOTSTRAP_SERVERS", "file:1"),
            ("KAFKA_CLIENT_SASL_USERNAME", "me"),
            ("KAFKA_CLIENT_SASL_PASSWORD", "********"),
            ("KAFKA_SASL_MECHANISM", "PLAIN"),
        ] {
            assert_eq!(rows[name], value, "{name}");
        }
        assert_eq!(shown(Some("flag:1"))["BOOTSTRAP_SERVERS"], "flag:1");
    }

    #[test]
    fn a_missing_user_is_named_with_the_place_to_put_it() {
        let failure = KafkaConfig::resolve(&KafkaArgs::default(), &mut Settings::from_pairs([])).unwrap_err();
        assert!(failure.text().starts_with("KAFKA_CLIENT_SASL_USERNAME is not set"), "{}", failure.text());
    }
}
