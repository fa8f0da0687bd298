//! The contexts that there are: each has subjects, ids and rules of its own.

use crate::mode::no_such_call;
use crate::{Call, Error, Registry};

impl Registry {
    /// Their names, `.` for the default one, `.eu`. None from a registry that has no such call.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn contexts(&self) -> Result<Vec<String>, Error> {
        let reply = self.service.get(&["contexts"]).send()?;
        if no_such_call(&reply) {
            return Ok(Vec::new());
        }
        let names: Vec<String> = self.accept(reply)?.json()?;
        Ok(names.iter().map(|name| name.trim_matches(':').to_owned()).collect())
    }

    /// The same, as subjects without a name: `:.:`, `:.eu:`.
    ///
    /// # Errors
    /// As [`Registry::contexts`].
    pub(crate) fn contexts_as_subjects(&self) -> Result<Vec<String>, Error> {
        Ok(self.contexts()?.iter().map(|name| format!(":{name}:")).collect())
    }

    /// Deletes a context, which must be empty. One that is not there is no error to Confluent's registry.
    ///
    /// # Errors
    /// [`Error::NotEmpty`]; [`Error::Unsupported`] from all but Confluent's, from 8.0 on.
    pub fn delete_context(&self, context: &str) -> Result<(), Error> {
        let reply = self.service.delete(&["contexts", context]).send()?;
        match (reply.status, reply.error_code()) {
            (_, Some(42211)) => Err(Error::NotEmpty { context: context.to_owned() }),
            _ if no_such_call(&reply) => {
                Err(Error::Unsupported { url: self.url().to_owned(), call: Call::DeleteContext })
            }
            _ => self.accept(reply).map(|_| ()),
        }
    }
}
