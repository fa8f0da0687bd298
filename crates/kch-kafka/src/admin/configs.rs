//! Settings of topics and brokers.

use std::collections::BTreeMap;
use std::time::Instant;

use rdkafka::admin::{AlterConfig, ConfigEntry, ConfigSource, OwnedResourceSpecifier, ResourceSpecifier};

use super::{Admin, Change, options, options_for};
use crate::KafkaError;
use crate::error::classify;

/// Settings of a broker that it lists only while they are set.
const UNLISTED: &[&str] = &[
    "leader.replication.throttled.rate",
    "follower.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
];

/// What has settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A topic, by name.
    Topic(String),
    /// A broker, by number.
    Broker(i32),
}

impl Resource {
    fn specifier(&self) -> ResourceSpecifier<'_> {
        match self {
            Resource::Topic(name) => ResourceSpecifier::Topic(name),
            Resource::Broker(id) => ResourceSpecifier::Broker(*id),
        }
    }

    /// Where its own settings come from: those that were set for it alone.
    fn own(&self) -> &'static str {
        match self {
            Resource::Topic(_) => "topic",
            Resource::Broker(_) => "broker",
        }
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Resource::Topic(name) => write!(f, "topic {name:?}"),
            Resource::Broker(id) => write!(f, "broker {id}"),
        }
    }
}

/// A setting that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigValue {
    /// Its name, as `retention.ms`.
    pub name: String,
    /// Its value; none for a secret, which brokers do not tell.
    pub value: Option<String>,
    /// Where it is from: `topic` and `broker` (set for this one), `cluster` (set for all brokers), `file` (the broker's
    /// properties), `default`.
    pub source: &'static str,
    /// Whether it can be changed while the broker runs.
    pub read_only: bool,
    /// Whether it is a secret.
    pub sensitive: bool,
}

/// A setting before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigChange {
    /// Its name.
    pub name: String,
    /// The value that was set for the resource itself, if there was one.
    pub from: Option<String>,
    /// The value set now; none when what the brokers have counts again.
    pub to: Option<String>,
}

impl Admin {
    /// All settings of a topic or a broker, in order of their names.
    ///
    /// # Errors
    /// When the request fails, or there is no such broker.
    pub fn configs(&self, resource: &Resource) -> Result<Vec<ConfigValue>, KafkaError> {
        self.configs_at(resource, None)
    }

    /// As one broker shows them.
    fn configs_at(&self, resource: &Resource, broker: Option<i32>) -> Result<Vec<ConfigValue>, KafkaError> {
        let what = format!("{resource}: configuration");
        let options = options().broker_id(broker);
        let answers = pollster::block_on(self.client.describe_configs([&resource.specifier()], &options))
            .map_err(|error| self.error(&what, &error))?;
        let mut config = Vec::new();
        for answer in answers {
            let answer = answer.map_err(|code| classify(code, &what, self.config.user()))?;
            config.extend(answer.entries.into_iter().map(config_value));
        }
        config.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(config)
    }

    /// `min.insync.replicas` of each of these topics, in one request.
    ///
    /// # Errors
    /// When the request fails.
    pub fn min_in_sync(&self, topics: &[&str]) -> Result<BTreeMap<String, usize>, KafkaError> {
        let what = "topics: configuration";
        let resources: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
        let answers = pollster::block_on(self.client.describe_configs(&resources, &options()))
            .map_err(|error| self.error(what, &error))?;
        let mut minima = BTreeMap::new();
        for answer in answers {
            let answer = answer.map_err(|code| classify(code, what, self.config.user()))?;
            let minimum =
                answer.get("min.insync.replicas").and_then(|entry| entry.value.as_ref()?.parse().ok());
            if let (OwnedResourceSpecifier::Topic(topic), Some(minimum)) = (answer.specifier, minimum) {
                minima.insert(topic, minimum);
            }
        }
        Ok(minima)
    }

    /// Sets and unsets settings of a resource, and gives what differs; when nothing does, nothing is sent.
    ///
    /// The safe interface of librdkafka has no incremental change: all of the resource's own settings are read, changed,
    /// and sent together. What another one changes at the same moment is lost, and a secret that brokers do not tell could
    /// not be sent back: such a resource is refused.
    ///
    /// # Errors
    /// A name that the resource does not have (with the nearest), a setting that cannot be changed, what the brokers
    /// refuse, or a broker that does not show the change in time.
    pub fn alter_configs(
        &self,
        resource: &Resource,
        set: &[(String, String)],
        unset: &[String],
        change: Change,
    ) -> Result<Vec<ConfigChange>, KafkaError> {
        let what = format!("{resource}: cannot change its configuration");
        let now = self.configs(resource)?;
        let own: Vec<&ConfigValue> = now.iter().filter(|setting| setting.source == resource.own()).collect();
        let wanted = set.iter().map(|(name, value)| (name, Some(value)));
        let mut changes = Vec::new();
        for (name, to) in wanted.chain(unset.iter().map(|name| (name, None))) {
            if !(UNLISTED.contains(&name.as_str()) && matches!(resource, Resource::Broker(_))) {
                ensure_changeable(&what, &now, name)?;
            }
            let from = own.iter().find(|setting| setting.name == *name).and_then(|s| s.value.as_ref());
            if from != to {
                changes.push(ConfigChange { name: name.clone(), from: from.cloned(), to: to.cloned() });
            }
        }
        if changes.is_empty() {
            return Ok(changes);
        }
        if let Some(secret) = own.iter().find(|setting| setting.value.is_none()) {
            let reason = format!("it has the secret {}, which would be lost", secret.name);
            return Err(KafkaError::Refused { what, reason });
        }
        let kept = own.iter().filter(|setting| changes.iter().all(|change| change.name != setting.name));
        let mut request = AlterConfig::new(resource.specifier());
        for setting in kept {
            request = request.set(&setting.name, setting.value.as_deref().unwrap_or_default());
        }
        for (name, to) in changes.iter().filter_map(|c| Some((&c.name, c.to.as_ref()?))) {
            request = request.set(name, to);
        }
        if let Resource::Topic(_) = resource {
            let set: Vec<(String, String)> =
                changes.iter().filter_map(|c| Some((c.name.clone(), c.to.clone()?))).collect();
            self.ensure_settings(&what, &set)?;
        }
        pollster::block_on(self.client.alter_configs([&request], &options_for(change)))
            .map_err(|error| self.error(&what, &error))?;
        if let Change::Make(patience) = change {
            self.wait_for_configs(resource, &changes, patience)?;
        }
        Ok(changes)
    }

    /// rust-rdkafka drops what the brokers say to each resource of the request, so the account of it is what they show
    /// afterwards.
    fn wait_for_configs(
        &self,
        resource: &Resource,
        changes: &[ConfigChange],
        patience: std::time::Duration,
    ) -> Result<(), KafkaError> {
        let began = Instant::now();
        let brokers = match resource {
            Resource::Topic(_) => self.brokers()?,
            Resource::Broker(id) => self.brokers()?.into_iter().filter(|broker| broker.id == *id).collect(),
        };
        for broker in brokers {
            let shows = |config: &[ConfigValue], change: &ConfigChange| {
                let own = config.iter().find(|s| s.name == change.name && s.source == resource.own());
                // A secret is set without being told.
                own.is_some() == change.to.is_some()
                    && own.is_none_or(|s| s.sensitive || s.value == change.to)
            };
            while !self
                .configs_at(resource, Some(broker.id))
                .is_ok_and(|config| changes.iter().all(|change| shows(&config, change)))
            {
                self.config.ensure_not_interrupted_after(&format!("a change of {resource} is sent"))?;
                if began.elapsed() > patience {
                    return Err(KafkaError::Failed {
                        what: format!("{resource}: a change was sent"),
                        reason: format!(
                            "broker {} does not show it after {patience:?}: it is slow, a value is no value of its \
                             setting, or the user may not change it",
                            broker.address
                        ),
                    });
                }
                std::thread::sleep(super::everywhere::PAUSE);
            }
        }
        Ok(())
    }
}

impl KafkaError {
    pub(super) fn setting_unknown(what: &str, name: &str, known: &[ConfigValue]) -> KafkaError {
        KafkaError::SettingUnknown {
            what: what.to_owned(),
            setting: name.to_owned(),
            nearest: kch_cli::nearest(name, known.iter().map(|s| s.name.as_str())).map(str::to_owned),
        }
    }
}

fn ensure_changeable(what: &str, now: &[ConfigValue], name: &str) -> Result<(), KafkaError> {
    match now.iter().find(|setting| setting.name == name) {
        None => Err(KafkaError::setting_unknown(what, name, now)),
        Some(setting) if setting.read_only => Err(KafkaError::Refused {
            what: what.to_owned(),
            reason: format!("{name} cannot be changed while the broker runs"),
        }),
        Some(_) => Ok(()),
    }
}

fn config_value(entry: ConfigEntry) -> ConfigValue {
    ConfigValue {
        name: entry.name,
        value: entry.value,
        source: match entry.source {
            ConfigSource::DynamicTopic => "topic",
            ConfigSource::DynamicBroker => "broker",
            ConfigSource::DynamicDefaultBroker => "cluster",
            ConfigSource::StaticBroker => "file",
            ConfigSource::Default => "default",
            ConfigSource::Unknown => "unknown",
        },
        read_only: entry.is_read_only,
        sensitive: entry.is_sensitive,
    }
}
