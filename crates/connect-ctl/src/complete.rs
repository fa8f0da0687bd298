//! Completions of names that the worker knows.

use std::collections::BTreeSet;

use kch_cli::complete::{ArgValueCompleter, LiveNames, Typed, live_names};
use kch_cli::{Result, Signals, vars};

use crate::worker::{Config, Worker};

/// Connectors.
pub(crate) fn connectors() -> ArgValueCompleter {
    live_names("connectors", |typed| ask(typed, Worker::names))
}

/// Loggers whose level was set.
pub(crate) fn loggers() -> ArgValueCompleter {
    live_names("loggers", |typed| ask(typed, |worker| Ok(worker.loggers()?.into_keys().collect())))
}

/// Connector classes, by the last part of their names.
pub(crate) fn classes() -> ArgValueCompleter {
    live_names("classes", |typed| {
        ask(typed, |worker| {
            let plugins = worker.plugins(false)?;
            let classes = plugins.iter().filter_map(|plugin| plugin["class"].as_str());
            Ok(classes.map(|class| class.rsplit('.').next().unwrap_or(class).to_owned()).collect())
        })
    })
}

/// The settings of the connector that stands behind the verb, those it has and those that its class knows, with the sign
/// that a value follows.
pub(crate) fn setting_pairs() -> ArgValueCompleter {
    settings("connector-setting-pairs", |worker, config| {
        let class = config.get("connector.class").map(String::as_str).unwrap_or_default();
        // Workers before 3.2 do not say.
        let known = worker.settings_of(class).unwrap_or_default();
        let known = known.iter().filter_map(|setting| setting["name"].as_str());
        let all: BTreeSet<&str> = config.keys().map(String::as_str).chain(known).collect();
        all.into_iter().filter(|name| *name != "name").map(|name| format!("{name}=")).collect()
    })
}

/// The settings that it has.
pub(crate) fn settings_there() -> ArgValueCompleter {
    settings("connector-settings", |_, config| {
        config.keys().filter(|name| *name != "name").cloned().collect()
    })
}

fn settings(kind: &'static str, names: fn(&Worker, &Config) -> Vec<String>) -> ArgValueCompleter {
    live_names(kind, move |typed| {
        let connector = typed.behind(&["patch", "clone"]).unwrap_or_default().to_owned();
        let from = format!(" connector {connector}");
        let mut found = ask(typed, move |worker| {
            let config = worker.config(&connector)?;
            Ok(config.map(|config| names(worker, &config)).unwrap_or_default())
        })?;
        found.from += &from;
        Ok(found)
    })
}

fn ask(
    typed: &Typed,
    question: impl FnOnce(&Worker) -> Result<Vec<String>> + Send + 'static,
) -> Result<LiveNames> {
    let mut settings = typed.settings()?;
    settings.set_flag(&vars::CONNECT_URL, typed.value("connect"));
    let worker = Worker::from_settings(&settings, &Signals::none())?;
    Ok(LiveNames::new(worker.url().to_owned(), move || question(&worker)))
}
