//! Modes: whether the registry, or one subject, takes schemas, and whether they bring their own ids.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::{Error, Registry};

/// What may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// New schemas; the registry gives them ids.
    ReadWrite,
    /// Nothing.
    ReadOnly,
    /// Schemas that bring their ids and versions; compatibility is not checked.
    Import,
    /// One that we do not know, such as `FORWARD`.
    Other(String),
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::ReadWrite => "READWRITE",
            Mode::ReadOnly => "READONLY",
            Mode::Import => "IMPORT",
            Mode::Other(name) => name,
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
        match text.to_ascii_uppercase().replace(['-', '_'], "").as_str() {
            "READWRITE" => Ok(Mode::ReadWrite),
            "READONLY" => Ok(Mode::ReadOnly),
            "IMPORT" => Ok(Mode::Import),
            _ => Err("a mode is one of READWRITE, READONLY, IMPORT".to_owned()),
        }
    }
}

impl Registry {
    /// The mode that counts for `subject`, or the registry's.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn mode(&self, subject: Option<&str>) -> Result<Mode, Error> {
        let path: Vec<&str> = std::iter::once("mode").chain(subject).collect();
        let mut request = self.service.get(&path);
        if subject.is_some() {
            request = request.query("defaultToGlobal", "true");
        }
        let reply = self.accept(request.send()?)?;
        mode_of(&reply)
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
            _ => mode_of(&self.accept(reply)?).map(Some),
        }
    }

    /// Sets the mode of `subject`, or of the registry. `force` lets IMPORT mode begin where there are schemas.
    ///
    /// # Errors
    /// [`Error::Unsupported`] from registries without modes, [`Error::NotPermitted`].
    pub fn set_mode(&self, subject: Option<&str>, mode: &Mode, force: bool) -> Result<(), Error> {
        let path: Vec<&str> = std::iter::once("mode").chain(subject).collect();
        let mut request = self.service.put(&path).json(&json!({"mode": mode.to_string()}));
        if force {
            request = request.query("force", "true");
        }
        let reply = request.send()?;
        if no_such_call(&reply) {
            return Err(Error::Unsupported { url: self.url().to_owned(), what: "set a mode" });
        }
        self.accept(reply).map(|_| ())
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

    /// Takes away the subject's own mode, so that the registry's counts; without a subject, sets the registry's mode back to
    /// its default.
    ///
    /// # Errors
    /// [`Error::Unsupported`] from registries without modes, or that cannot do the latter.
    pub fn delete_mode(&self, subject: Option<&str>) -> Result<(), Error> {
        let path: Vec<&str> = std::iter::once("mode").chain(subject).collect();
        let reply = self.service.delete(&path).send()?;
        match (reply.status, reply.error_code()) {
            // There is none: that is what was asked for.
            (404, Some(40401 | 40409)) if subject.is_some() => Ok(()),
            _ if no_such_call(&reply) => {
                Err(Error::Unsupported { url: self.url().to_owned(), what: "take a mode away" })
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
fn no_such_call(reply: &kch_http::Reply) -> bool {
    let own_code = reply.error_code().is_some_and(|code| (40400..40500).contains(&code));
    reply.status == 405 || reply.status == 501 || reply.status == 404 && !own_code
}
