//! Completions of names that the brokers know.

use kch_cli::Result;
use kch_cli::complete::{ArgValueCompleter, LiveNames, Typed, live_names};

use crate::{Admin, KafkaArgs, KafkaConfig, Resource};

/// Topics, without the brokers' own.
#[must_use]
pub fn topics() -> ArgValueCompleter {
    live_names("topics", |typed| {
        ask(typed, |admin| {
            let names = admin.topics()?.into_iter().filter(|t| !t.is_internal()).map(|topic| topic.name);
            Ok(names.collect())
        })
    })
}

/// Consumer groups.
#[must_use]
pub fn groups() -> ArgValueCompleter {
    live_names("groups", |typed| {
        ask(typed, |admin| Ok(admin.groups()?.into_iter().map(|group| group.name).collect()))
    })
}

/// Settings of topics, or of the broker that `--broker` names.
#[must_use]
pub fn settings() -> ArgValueCompleter {
    live_names("settings", |typed| asked_settings(typed, ""))
}

/// The same, with the sign that a value follows.
#[must_use]
pub fn setting_pairs() -> ArgValueCompleter {
    live_names("setting-pairs", |typed| asked_settings(typed, "="))
}

fn asked_settings(typed: &Typed, behind: &'static str) -> Result<LiveNames> {
    let broker: Option<i32> = typed.value("broker").and_then(|number| number.parse().ok());
    let mut names = ask(typed, move |admin| {
        let resource = match broker {
            Some(number) => Some(Resource::Broker(number)),
            // All topics have the same.
            None => admin.topics()?.into_iter().next().map(|topic| Resource::Topic(topic.name)),
        };
        let settings = resource.map(|resource| admin.configs(&resource)).transpose()?.unwrap_or_default();
        let changeable = settings.into_iter().filter(|setting| !setting.read_only);
        Ok(changeable.map(|setting| setting.name + behind).collect())
    })?;
    names.from.extend(broker.map(|number| format!(" broker {number}")));
    Ok(names)
}

/// Numbers of brokers.
#[must_use]
pub fn brokers() -> ArgValueCompleter {
    live_names("brokers", |typed| {
        ask(typed, |admin| Ok(admin.brokers()?.iter().map(|broker| broker.id.to_string()).collect()))
    })
}

fn ask(
    typed: &Typed,
    question: impl FnOnce(&Admin) -> Result<Vec<String>> + Send + 'static,
) -> Result<LiveNames> {
    let config = KafkaConfig::resolve(&typed.args::<KafkaArgs>(), &mut typed.settings()?)?;
    let from = format!("{} {}", config.brokers(), config.user());
    Ok(LiveNames::new(from, move || question(&Admin::connect(config)?)))
}
