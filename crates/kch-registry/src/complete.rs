//! Completions of names that the registry knows.

use kch_cli::complete::{ArgValueCompleter, LiveNames, live_names};

use crate::{Registry, RegistryArgs};

/// Subjects.
#[must_use]
pub fn subjects() -> ArgValueCompleter {
    live_names("subjects", |typed| {
        let mut settings = typed.settings()?;
        typed.args::<RegistryArgs>().apply(&mut settings);
        let registry = Registry::from_settings(&settings)?;
        Ok(LiveNames::new(registry.url().to_owned(), move || Ok(registry.subjects(false)?)))
    })
}
