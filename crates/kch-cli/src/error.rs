//! A failure on its way to the user: what to say, what to try next, and the exit code.
//!
//! Libraries keep typed errors and implement [`Explain`] for them; `?` turns them into a [`Failure`] in a tool.

use std::io;

use serde_json::{Map, Value};

use crate::Exit;

/// What a tool's functions return.
pub type Result<T> = std::result::Result<T, Failure>;

/// An error that knows its exit code and, where there is one, the cure.
pub trait Explain: std::error::Error {
    /// The exit code that this error means.
    fn exit(&self) -> Exit;
    /// What the user can do about it, without a full stop.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// The one error type of the tools: text (`what failed: why`), a hint, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    text: String,
    hint: Option<Box<str>>,
    /// Boxed: an error is to be small, and few have any.
    facts: Option<Box<Map<String, Value>>>,
    closed_pipe: bool,
}

impl Failure {
    fn new(exit: Exit, text: impl Into<String>) -> Self {
        Failure { exit, text: text.into(), hint: None, facts: None, closed_pipe: false }
    }

    /// The work ran and something was refused (exit 1).
    pub fn refused(text: impl Into<String>) -> Self {
        Self::new(Exit::Refused, text)
    }

    /// Usage or configuration (exit 2).
    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// A service was unreachable, timed out or lost quorum (exit 3).
    pub fn unavailable(text: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, text)
    }

    /// A signal came before the work was done (its exit code).
    #[must_use]
    pub fn interrupted(signal: Exit) -> Self {
        Self::new(signal, "stopped by a signal")
    }

    /// The reader of our stdout went away: the end, not an error (exit 0, nothing printed).
    #[must_use]
    pub fn closed_pipe() -> Self {
        Failure { closed_pipe: true, ..Self::new(Exit::Done, "stdout was closed") }
    }

    /// Adds the cure.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into().into());
        self
    }

    /// Puts what was being done, or where, in front: `context: text`.
    #[must_use]
    pub fn context(mut self, context: impl std::fmt::Display) -> Self {
        self.text = format!("{context}: {}", self.text);
        self
    }

    /// Adds what programs want apart from the text: a server's code, an id. Shown only with `--errors json`.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.facts.get_or_insert_default().insert(name.to_owned(), value.into());
        self
    }

    /// Changes the text, to hide something in it.
    #[must_use]
    pub fn map_text(mut self, change: impl FnOnce(&str) -> String) -> Self {
        self.text = change(&self.text);
        self
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The text, without tool name and hint.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cure, if one is known.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What programs read of a failure of `tool`.
    pub(crate) fn to_json(&self, tool: &str) -> Value {
        let mut object = Map::new();
        object.insert("tool".to_owned(), tool.into());
        object.insert("kind".to_owned(), self.exit.kind().into());
        object.insert("exit".to_owned(), self.exit.code().into());
        object.insert("message".to_owned(), self.text.as_str().into());
        object.extend(self.hint_text().map(|hint| ("hint".to_owned(), hint.into())));
        object.extend(self.facts.as_deref().cloned().into_iter().flatten());
        Value::Object(object)
    }

    /// Whether this is only the reader of our stdout having gone away.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        self.closed_pipe
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure {
            hint: error.hint().map(String::into_boxed_str),
            ..Failure::new(error.exit(), error.to_string())
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::closed_pipe();
        }
        Failure::refused(error.to_string())
    }
}
