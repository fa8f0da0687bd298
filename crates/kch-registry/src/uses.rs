//! Who uses what: the versions that an id stands for, and the schemas that refer to one.

use std::collections::BTreeSet;

use crate::{Error, Registry, SubjectVersion};

impl Registry {
    /// The versions, of whatever subjects, that the schema with this id is; softly deleted ones too if asked for. `subject`
    /// says in which context to look: ids are counted in each by themselves.
    ///
    /// # Errors
    /// [`Error::SchemaNotFound`].
    pub fn versions_with_id(
        &self,
        id: u32,
        deleted: bool,
        subject: Option<&str>,
    ) -> Result<Vec<SubjectVersion>, Error> {
        let mut versions: Vec<SubjectVersion> =
            self.ask_about_id(id, &["versions"], deleted, subject)?.json()?;
        versions.sort_unstable();
        Ok(versions)
    }

    /// The ids of the schemas that refer to this version of `subject`.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`].
    pub fn referring_ids(&self, subject: &str, version: u32) -> Result<Vec<u32>, Error> {
        let number = version.to_string();
        let path = ["subjects", subject, "versions", &number, "referencedby"];
        let reply = self.service.get(&path).send()?;
        let mut ids: Vec<u32> = self
            .of_version(reply, subject, crate::Version::Number(version))
            .map_err(|error| self.with_nearest(error))?
            .json()?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// The versions, with their ids, that refer to this version of `subject`.
    ///
    /// # Errors
    /// As [`Registry::referring_ids`].
    pub fn referring(&self, subject: &str, version: u32) -> Result<Vec<(SubjectVersion, u32)>, Error> {
        let mut found = BTreeSet::new();
        let ids = self.referring_ids(subject, version)?;
        let contexts = if ids.is_empty() { Vec::new() } else { self.contexts_as_subjects()? };
        for id in ids {
            if contexts.len() < 2 {
                found.extend(self.users(id, subject)?);
                continue;
            }
            // Nothing says in which of them the id is the one that is meant.
            for context in &contexts {
                match self.schema_by_id_of(id, context) {
                    Ok(schema) if schema.needs().any(|needed| needed.is(subject, version)) => {
                        found.extend(self.users(id, context)?);
                    }
                    Ok(_) | Err(Error::SchemaNotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    fn users(&self, id: u32, context: &str) -> Result<Vec<(SubjectVersion, u32)>, Error> {
        match self.versions_with_id(id, true, Some(context)) {
            // It was deleted in between.
            Err(Error::SchemaNotFound { .. }) => Ok(Vec::new()),
            users => Ok(users?.into_iter().map(|user| (user, id)).collect()),
        }
    }
}
