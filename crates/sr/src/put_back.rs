//! Modes and levels that were changed for the time of an import or a registration, put back on any way out: success, failure,
//! a signal, a panic. A process that is killed outright cannot; the next import of the same subjects then does it.

use std::sync::Arc;

use kch_cli::{Exit, Explain as _, Failure, Messages, Result};
use kch_registry::{Error, Level, Mode, Registry};

enum Was {
    Mode(Option<Mode>),
    Level(Option<Level>),
}

/// What is to be put back, and the registry to tell: one that no signal interrupts.
pub(crate) struct PutBack {
    registry: Registry,
    changed: Vec<(String, Was)>,
}

impl PutBack {
    pub(crate) fn new(registry: Registry) -> PutBack {
        // A terminal that is closed must not kill us in between. Where there is no handler, it does.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::default());
        PutBack { registry, changed: Vec::new() }
    }

    /// Lets a subject take schemas with ids of their own. `force`: although it has schemas.
    pub(crate) fn begin_import(&mut self, subject: &str, was: Option<Mode>, force: bool) -> Result<()> {
        self.changed.push((subject.to_owned(), Was::Mode(was)));
        let outcome = self.registry.set_mode(Some(subject), &Mode::Import, force);
        self.forget_if_refused(outcome)
    }

    /// A request that was refused has changed nothing; one without an answer may have had its effect.
    fn forget_if_refused(&mut self, outcome: std::result::Result<(), Error>) -> Result<()> {
        if outcome.as_ref().is_err_and(|error| error.exit() != Exit::Unavailable) {
            self.changed.pop();
        }
        Ok(outcome?)
    }

    /// Lets another level rule a subject.
    pub(crate) fn set_level(&mut self, subject: &str, level: &Level, was: Option<Level>) -> Result<()> {
        self.changed.push((subject.to_owned(), Was::Level(was)));
        let outcome = self.registry.set_compatibility(Some(subject), level);
        self.forget_if_refused(outcome)
    }

    /// What a subject is to have in place of what it had.
    pub(crate) fn instead(&mut self, subject: &str, mode: Option<&Mode>, level: Option<&Level>) {
        for (changed, was) in &mut self.changed {
            match was {
                Was::Mode(was) if changed == subject && mode.is_some() => *was = mode.cloned(),
                Was::Level(was) if changed == subject && level.is_some() => *was = level.cloned(),
                _ => {}
            }
        }
    }

    /// Leaves all of it as it is now.
    pub(crate) fn keep(mut self) {
        self.changed.clear();
    }

    /// Puts all of it back, and joins that with how the work ended.
    pub(crate) fn finish<T>(mut self, outcome: Result<T>, messages: &mut Messages) -> Result<T> {
        let failures = self.put_back();
        let Some((_, first)) = failures.first() else { return outcome };
        let exit = first.exit();
        let subjects: Vec<&str> = failures.iter().map(|(subject, _)| subject.as_str()).collect();
        let text = format!("the mode or level of {} could not be put back: {first}", subjects.join(", "));
        if let Err(failure) = outcome {
            messages.failure(&failure);
        }
        let failure =
            if exit == Exit::Unavailable { Failure::unavailable(text) } else { Failure::refused(text) };
        Err(failure
            .hint("put them back by `sr mode` and `sr compat`, or, after an import, by another run of it"))
    }

    fn put_back(&mut self) -> Vec<(String, Error)> {
        let mut failures = Vec::new();
        for (subject, was) in self.changed.drain(..).rev() {
            let name = Some(subject.as_str());
            let outcome = match &was {
                // FORWARD does not begin by itself where there are schemas.
                Was::Mode(Some(mode)) => self.registry.set_mode(name, mode, true),
                Was::Mode(None) => self.registry.delete_mode(name),
                Was::Level(Some(level)) => self.registry.set_compatibility(name, level),
                Was::Level(None) => self.registry.delete_compatibility(name),
            };
            if let Err(error) = outcome {
                failures.push((subject, error));
            }
        }
        failures
    }
}

impl Drop for PutBack {
    /// Only a panic comes here with something left.
    fn drop(&mut self) {
        let _ = self.put_back();
    }
}
