//! Completions of names that the brokers know.

use kch_cli::Result;
use kch_cli::complete::{ArgValueCompleter, LiveNames, Typed, live_names};

use crate::{Admin, KafkaArgs, KafkaConfig};

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

fn ask(
    typed: &Typed,
    question: impl FnOnce(&Admin) -> Result<Vec<String>> + Send + 'static,
) -> Result<LiveNames> {
    let config = KafkaConfig::resolve(&typed.args::<KafkaArgs>(), &mut typed.settings()?)?;
    let from = format!("{} {}", config.brokers(), config.user());
    Ok(LiveNames::new(from, move || question(&Admin::connect(config)?)))
}
