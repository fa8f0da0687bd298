//! Completions of names that the worker knows.

use kch_cli::complete::{ArgValueCompleter, LiveNames, Typed, live_names};
use kch_cli::{Result, Signals, vars};

use crate::worker::Worker;

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

fn ask(
    typed: &Typed,
    question: impl FnOnce(&Worker) -> Result<Vec<String>> + Send + 'static,
) -> Result<LiveNames> {
    let mut settings = typed.settings()?;
    settings.set_flag(&vars::CONNECT_URL, typed.value("connect"));
    let worker = Worker::from_settings(&settings, &Signals::none())?;
    Ok(LiveNames::new(worker.url().to_owned(), move || question(&worker)))
}
