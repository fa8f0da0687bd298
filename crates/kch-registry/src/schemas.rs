//! Schemas by id, by version, by text; registering; and references, resolved to the texts behind them.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::WireSchema;
use crate::{Error, NewSchema, Reference, Registered, Registry, Schema, SchemaType, Version};

/// Deeper than anyone writes by hand; a registry that is confused must not keep us for ever.
const DEEPEST_REFERENCE: usize = 64;

impl Registry {
    /// The schema with this id. Fetched once; that an id is unknown is remembered for 5 s.
    ///
    /// # Errors
    /// [`Error::SchemaNotFound`].
    pub fn schema_by_id(&self, id: u32) -> Result<Arc<Schema>, Error> {
        let not_found = || Error::SchemaNotFound { id, url: self.url().to_owned() };
        if let Some(known) = self.remembered(id) {
            return known.ok_or_else(not_found);
        }
        let reply = self.service.get(&["schemas", "ids", &id.to_string()]).send()?;
        if reply.status == 404 && reply.error_code() == Some(40403) {
            self.remember_unknown(id);
            return Err(not_found());
        }
        let reply = self.accept(reply)?;
        let wire: WireSchema = reply.json()?;
        let schema = wire.into_schema(id).ok_or_else(|| Error::Http(reply.unexpected()))?;
        Ok(self.remember(schema))
    }

    /// One version of a subject.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`].
    pub fn subject_version(&self, subject: &str, version: Version) -> Result<Registered, Error> {
        let reply = self.service.get(&["subjects", subject, "versions", &version.to_string()]).send()?;
        let reply = self.of_version(reply, subject, version)?;
        let wire: WireSchema = reply.json()?;
        let registered = wire.into_registered(subject).ok_or_else(|| Error::Http(reply.unexpected()))?;
        self.remember(registered.schema.clone());
        Ok(registered)
    }

    /// The newest version of a subject.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`].
    pub fn latest(&self, subject: &str) -> Result<Registered, Error> {
        self.subject_version(subject, Version::Latest)
    }

    /// The version of `subject` that holds this schema, if one does.
    ///
    /// # Errors
    /// [`Error::InvalidSchema`], [`Error::Http`].
    pub fn lookup(&self, subject: &str, schema: &NewSchema) -> Result<Option<Registered>, Error> {
        let reply = self.service.post(&["subjects", subject]).json(schema).repeatable().send()?;
        if reply.status == 404 && matches!(reply.error_code(), Some(40401..=40403)) {
            return Ok(None);
        }
        let reply = self.accept(reply)?;
        let wire: WireSchema = reply.json()?;
        match wire.into_registered(subject) {
            Some(registered) => Ok(Some(registered)),
            None => Err(Error::Http(reply.unexpected())),
        }
    }

    /// Registers a schema under `subject`, or finds it there.
    ///
    /// # Errors
    /// [`Error::Incompatible`], [`Error::InvalidSchema`].
    pub fn register(&self, subject: &str, schema: &NewSchema) -> Result<Registered, Error> {
        if let Some(registered) = self.lookup(subject, schema)? {
            return Ok(registered);
        }
        // The registry gives the same schema the same id, however often it is sent.
        let reply = self.service.post(&["subjects", subject, "versions"]).json(schema).repeatable().send()?;
        if reply.status == 409 {
            return Err(Error::Incompatible {
                subject: subject.to_owned(),
                messages: crate::compatibility::reasons(&reply.detail()),
            });
        }
        self.accept(reply)?;
        match self.lookup(subject, schema)? {
            Some(registered) => Ok(Registered { created: true, ..registered }),
            None => Err(self.subject_not_found(subject)),
        }
    }

    /// The texts of all schemas that `schema` refers to, over any number of steps, each once, what is needed first.
    ///
    /// # Errors
    /// [`Error::NotAvro`], [`Error::EndlessReferences`], and those of [`Registry::subject_version`].
    pub fn resolved(&self, schema: &Schema) -> Result<Vec<String>, Error> {
        ensure_avro(schema)?;
        self.references(&schema.references)
    }

    /// As [`Registry::resolved`], for a schema that is not registered yet.
    ///
    /// # Errors
    /// As [`Registry::resolved`].
    pub fn references(&self, references: &[Reference]) -> Result<Vec<String>, Error> {
        let mut resolution = Resolution { seen: HashSet::new(), texts: Vec::new() };
        for reference in references {
            self.resolve(reference, &mut resolution, 0)?;
        }
        Ok(resolution.texts)
    }

    fn resolve(&self, reference: &Reference, into: &mut Resolution, depth: usize) -> Result<(), Error> {
        let Reference { subject, version, .. } = reference;
        if depth == DEEPEST_REFERENCE {
            return Err(Error::EndlessReferences { subject: subject.clone(), version: *version });
        }
        if into.seen.contains(&(subject.clone(), *version)) {
            return Ok(());
        }
        let registered = match self.remembered_version(subject, *version) {
            Some(registered) => registered,
            None => {
                self.remember_version(self.subject_version_even_deleted(subject, Version::Number(*version))?)
            }
        };
        ensure_avro(&registered.schema)?;
        for reference in &registered.schema.references {
            self.resolve(reference, into, depth + 1)?;
        }
        into.seen.insert((subject.clone(), *version));
        into.texts.push(registered.schema.text.clone());
        Ok(())
    }

    /// A referenced version that was softly deleted is still needed to read old records.
    fn subject_version_even_deleted(&self, subject: &str, version: Version) -> Result<Registered, Error> {
        match self.subject_version(subject, version) {
            Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => {}
            outcome => return outcome,
        }
        let number = version.to_string();
        let path = ["subjects", subject, "versions", &number];
        let reply = self.service.get(&path).query("deleted", "true").send()?;
        let reply = self.of_version(reply, subject, version)?;
        let wire: WireSchema = reply.json()?;
        wire.into_registered(subject).ok_or_else(|| Error::Http(reply.unexpected()))
    }
}

struct Resolution {
    seen: HashSet<(String, u32)>,
    texts: Vec<String>,
}

fn ensure_avro(schema: &Schema) -> Result<(), Error> {
    match &schema.schema_type {
        SchemaType::Avro => Ok(()),
        other => Err(Error::NotAvro { id: schema.id, schema_type: other.clone() }),
    }
}
