//! Modes: whether the registry, or one subject, takes schemas, and whether they bring their own ids.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::naming::context_above;
use crate::{Call, Error, Registry, context_of, split_context};

/// What may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// New schemas; the registry gives them ids.
    ReadWrite,
    /// Nothing.
    ReadOnly,
    /// Nothing, whatever modes the subjects have of their own. Only for the whole registry.
    ReadOnlyOverride,
    /// Schemas that bring their ids and versions; compatibility is not checked.
    Import,
    /// As `IMPORT`, and more: for the target of an exporter.
    Forward,
    /// One that we do not know.
    Other(String),
}

const MODES: [(Mode, &str); 5] = [
    (Mode::ReadWrite, "READWRITE"),
    (Mode::ReadOnly, "READONLY"),
    (Mode::ReadOnlyOverride, "READONLY_OVERRIDE"),
    (Mode::Import, "IMPORT"),
    (Mode::Forward, "FORWARD"),
];

impl Mode {
    /// Whether it keeps everything as it is.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        matches!(self, Mode::ReadOnly | Mode::ReadOnlyOverride)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Other(name) => name,
            known => MODES.iter().find(|(mode, _)| mode == known).map_or("", |(_, name)| name),
        })
    }
}

impl From<&str> for Mode {
    fn from(name: &str) -> Mode {
        name.parse().unwrap_or_else(|_| Mode::Other(name.to_owned()))
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Mode, String> {
        let letters = |name: &str| name.to_ascii_uppercase().replace(['-', '_'], "");
        MODES
            .iter()
            .find(|(_, name)| letters(name) == letters(text))
            .map(|(mode, _)| mode.clone())
            .ok_or_else(|| {
                let known = MODES.iter().map(|(_, name)| *name);
                format!("a mode is one of {}", known.collect::<Vec<_>>().join(", "))
            })
    }
}

impl Registry {
    /// The mode that counts for `subject`, or the registry's.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn mode(&self, subject: Option<&str>) -> Result<Mode, Error> {
        mode_of(&self.accept(self.ask_for_mode(subject)?)?)
    }

    fn ask_for_mode(&self, subject: Option<&str>) -> Result<kch_http::Reply, Error> {
        let path: Vec<&str> = std::iter::once("mode").chain(subject).collect();
        // Without a subject too: an address may end in a context.
        let reply = self.service.get(&path).query("defaultToGlobal", "true").send()?;
        match (reply.status, reply.error_code()) {
            // A registry before 7.0 speaks only of the subject's own.
            (404, Some(40401 | 40409)) if subject.is_some() => self.ask_for_mode(None),
            _ => Ok(reply),
        }
    }

    /// The mode that is set on the subject itself, if one is.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn own_mode(&self, subject: &str) -> Result<Option<Mode>, Error> {
        let reply = self.service.get(&["mode", subject]).send()?;
        match (reply.status, reply.error_code()) {
            // 40409: the subject has none. Registries before 7.0 say 40401.
            (404, Some(40401 | 40409)) => Ok(None),
            _ => match mode_of(&self.accept(reply)?)? {
                // The registry's: while it is that, no subject's own mode is shown.
                Mode::ReadOnlyOverride => Ok(None),
                mode => Ok(Some(mode)),
            },
        }
    }

    /// The mode that would count for `subject` if it had none of its own; without a subject, the default.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn inherited_mode(&self, subject: Option<&str>) -> Result<Mode, Error> {
        match subject {
            None => Ok(Mode::ReadWrite),
            Some(subject) => self.mode(context_above(subject).as_deref()),
        }
    }

    /// Sets the mode of `subject`, or of the registry. `force` lets IMPORT mode begin where there are schemas.
    ///
    /// # Errors
    /// [`Error::Unsupported`] from registries without modes, [`Error::NeedsForce`], [`Error::NotPermitted`].
    pub fn set_mode(&self, subject: Option<&str>, mode: &Mode, force: bool) -> Result<(), Error> {
        let path: Vec<&str> = std::iter::once("mode").chain(subject).collect();
        let mut request = self.service.put(&path).json(&json!({"mode": mode.to_string()}));
        if force {
            request = request.query("force", "true");
        }
        let reply = request.send()?;
        if no_such_call(&reply) {
            return Err(Error::Unsupported { url: self.url().to_owned(), call: Call::SetMode });
        }
        match self.accept(reply) {
            Err(error @ Error::NotPermitted { .. }) if !force => {
                self.ensure_mode_may_begin(subject, mode)?;
                Err(error)
            }
            outcome => outcome.map(|_| ()),
        }
    }

    /// That a mode may begin without force: IMPORT does only where there are no schemas, softly deleted ones included.
    ///
    /// # Errors
    /// [`Error::NeedsForce`].
    pub fn ensure_mode_may_begin(&self, subject: Option<&str>, mode: &Mode) -> Result<(), Error> {
        if !matches!(mode, Mode::Import | Mode::Forward) {
            return Ok(());
        }
        let is_empty = match subject.map(|subject| (subject, split_context(subject))) {
            None => self.subjects(true)?.is_empty(),
            Some((context, (Some(_), ""))) => {
                !self.subjects(true)?.iter().any(|subject| context_of(subject) == context_of(context))
            }
            Some((subject, _)) => self.all_versions(subject)?.is_empty(),
        };
        if is_empty {
            return Ok(());
        }
        Err(Error::NeedsForce { subject: subject.map(str::to_owned), mode: mode.clone() })
    }

    /// That the mode which counts for `subject` lets it be changed.
    ///
    /// # Errors
    /// [`Error::ReadOnly`], [`Error::Http`].
    pub fn ensure_writable(&self, subject: &str) -> Result<(), Error> {
        let reply = self.ask_for_mode(Some(subject))?;
        if no_such_call(&reply) {
            return Ok(());
        }
        let mode = mode_of(&self.accept(reply)?)?;
        if mode.is_read_only() { Err(Error::ReadOnly { subject: subject.to_owned(), mode }) } else { Ok(()) }
    }

    /// A refusal in our own words, where it is the mode that has refused.
    pub(crate) fn because_of_mode(&self, error: Error, subject: &str) -> Error {
        match error {
            Error::NotPermitted { .. } => match self.ensure_writable(subject) {
                Err(read_only @ Error::ReadOnly { .. }) => read_only,
                _ => error,
            },
            _ => error,
        }
    }

    /// Whether the registry has modes that can be set: Apicurio's has none. Nothing is changed.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn has_modes(&self) -> Result<bool, Error> {
        // A mode that does not exist: refused with 42204 where there are modes.
        let reply = self.service.put(&["mode"]).json(&json!({"mode": "NONE_SUCH"})).send();
        match reply {
            Ok(reply) => Ok(!no_such_call(&reply)),
            // Not for us to change, so there is something to change.
            Err(kch_http::Error::Forbidden { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// That the registry can do `call`, which it cannot without modes.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Http`].
    pub fn ensure_has_modes(&self, call: Call) -> Result<(), Error> {
        if self.has_modes()? { Ok(()) } else { Err(Error::Unsupported { url: self.url().to_owned(), call }) }
    }

    /// Takes away the subject's own mode, so that the registry's counts; without a subject, sets the registry's mode back to
    /// its default.
    ///
    /// # Errors
    /// [`Error::Unsupported`] from registries without modes.
    pub fn delete_mode(&self, subject: Option<&str>) -> Result<(), Error> {
        let path: Vec<&str> = std::iter::once("mode").chain(subject).collect();
        let reply = self.service.delete(&path).send()?;
        match (reply.status, reply.error_code()) {
            // There is none: that is what was asked for.
            (404, Some(40401 | 40409)) if subject.is_some() => Ok(()),
            // Older ones have no such call, and this default.
            _ if no_such_call(&reply) && subject.is_none() => self.set_mode(None, &Mode::ReadWrite, false),
            _ if no_such_call(&reply) => {
                Err(Error::Unsupported { url: self.url().to_owned(), call: Call::DeleteMode })
            }
            _ => self.accept(reply).map(|_| ()),
        }
    }
}

fn mode_of(reply: &kch_http::Reply) -> Result<Mode, Error> {
    let body: Value = reply.json()?;
    let mode = body.get("mode").and_then(Value::as_str);
    mode.map(Mode::from).ok_or_else(|| Error::Http(reply.unexpected()))
}

/// 405, or a 404 without a code of the registry's own: it does not know the call.
pub(crate) fn no_such_call(reply: &kch_http::Reply) -> bool {
    let own_code = reply.error_code().is_some_and(|code| (40400..40500).contains(&code));
    reply.status == 405 || reply.status == 501 || reply.status == 404 && !own_code
}
