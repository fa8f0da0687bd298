//! Schemas by id, by version, by text; registering; and references, resolved to the texts behind them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kch_http::{Reply, Request};

use crate::disk::Disk;
use crate::model::{WireSchema, guid_text};
use crate::naming::{context_alone, context_of};
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
        let said = self.said(|disk| disk.schema(id), || self.ask_for_id(id, None));
        if let Err(Error::SchemaNotFound { .. }) = &said {
            self.remember_unknown(id);
        }
        let schema = said?.into_schema(id, None).ok_or_else(not_found)?;
        Ok(self.remember(schema))
    }

    /// The schema with this id in the context of `subject`: each context counts its ids by itself.
    ///
    /// # Errors
    /// [`Error::SchemaNotFound`].
    pub fn schema_by_id_of(&self, id: u32, subject: &str) -> Result<Schema, Error> {
        let not_found = || Error::SchemaNotFound { id, url: self.url().to_owned() };
        self.ask_for_id(id, Some(subject))?.into_schema(id, context_of(subject)).ok_or_else(not_found)
    }

    fn ask_for_id(&self, id: u32, subject: Option<&str>) -> Result<WireSchema, Error> {
        let reply = self.ask_about_id(id, &[], false, subject)?;
        let said: WireSchema = reply.json()?;
        if said.schema.is_none() {
            return Err(Error::Http(reply.unexpected()));
        }
        // Newer registries add one of the subjects that use it: not part of what an id stands for.
        Ok(WireSchema { id: Some(id), subject: None, version: None, ..said })
    }

    /// The answer to what is asked about an id, `of` at the end of its path, in the context of `subject`.
    pub(crate) fn ask_about_id(
        &self,
        id: u32,
        of: &[&str],
        deleted: bool,
        subject: Option<&str>,
    ) -> Result<Reply, Error> {
        let number = id.to_string();
        let path = [&["schemas", "ids", &number], of].concat();
        let context = subject.and_then(context_alone);
        let mut request = self.service.get(&path);
        if deleted {
            request = request.query("deleted", "true");
        }
        if let Some(context) = &context {
            request = request.query("subject", context);
        }
        let reply = request.send()?;
        if reply.status == 404 && reply.error_code() == Some(40403) {
            return Err(Error::SchemaNotFound { id, url: self.url().to_owned() });
        }
        self.accept(reply)
    }

    /// The schema with this GUID, which Confluent's registry has from 8.0 on, with the id that it has in the default context,
    /// or, where only others have it, in the first of them.
    ///
    /// # Errors
    /// [`Error::GuidNotFound`], also from a registry that knows no GUIDs.
    pub fn schema_by_guid(&self, guid: &[u8; 16]) -> Result<Arc<Schema>, Error> {
        #[derive(serde::Deserialize)]
        struct ContextId {
            context: Option<String>,
            id: u32,
        }
        impl ContextId {
            fn context(&self) -> Option<&str> {
                self.context
                    .as_deref()
                    .map(|context| context.trim_matches(':'))
                    .filter(|context| *context != ".")
            }
        }
        let guid = guid_text(guid);
        let not_found = || Error::GuidNotFound { guid: guid.clone(), url: self.url().to_owned() };
        let path = ["schemas", "guids", &guid, "ids"];
        let ask = |path: &[&str]| match self.service.get(path).send()? {
            reply if reply.status == 404 => Err(not_found()),
            reply => self.accept(reply),
        };
        let ids: Vec<ContextId> = ask(&path)?.json()?;
        let default = ids.iter().find(|id| id.context().is_none());
        let chosen = default.or(ids.first()).ok_or_else(not_found)?;
        if let (Some(_), Some(Some(known))) = (default, self.remembered(chosen.id)) {
            return Ok(known);
        }
        let said: WireSchema = ask(&path[..3])?.json()?;
        let schema = said.into_schema(chosen.id, chosen.context()).ok_or_else(not_found)?;
        // The id of another context is another schema's here.
        Ok(if default.is_some() { self.remember(schema) } else { Arc::new(schema) })
    }

    /// One version of a subject.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`].
    pub fn subject_version(&self, subject: &str, version: Version) -> Result<Registered, Error> {
        self.version(subject, version, false).map_err(|error| self.with_nearest(error))
    }

    /// One version of a subject, even if it is softly deleted: records that were written with it need it still.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`].
    pub fn subject_version_even_deleted(&self, subject: &str, version: Version) -> Result<Registered, Error> {
        // An older registry, and Apicurio, have no ear for `deleted` here, but may give it all the same.
        match self.version(subject, version, false) {
            Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => {
                self.version(subject, version, true).map_err(|error| self.with_nearest(error))
            }
            outcome => outcome,
        }
    }

    fn version(&self, subject: &str, version: Version, deleted: bool) -> Result<Registered, Error> {
        let kept = |disk: &Disk| match version {
            // What is the latest changes.
            Version::Latest => None,
            Version::Number(number) => disk.version(subject, number),
        };
        let said = self.said(kept, || self.ask_for_version(subject, version, deleted))?;
        let not_there = || Error::VersionNotFound { subject: subject.to_owned(), version, known: Vec::new() };
        let registered = said.into_registered(subject).ok_or_else(not_there)?;
        if context_of(subject).is_none() {
            self.remember(registered.schema.clone());
        }
        Ok(registered)
    }

    fn ask_for_version(&self, subject: &str, version: Version, deleted: bool) -> Result<WireSchema, Error> {
        let number = version.to_string();
        let path = ["subjects", subject, "versions", &number];
        let request = self.service.get(&path);
        let request = if deleted { request.query("deleted", "true") } else { request };
        let reply = self.of_version(request.send()?, subject, version)?;
        let said: WireSchema = reply.json()?;
        match &said {
            WireSchema { subject: elsewhere, .. } if !self.is_meant(subject, elsewhere.as_deref()) => {
                Err(Error::SubjectNotFound { subject: subject.to_owned(), nearest: said.subject })
            }
            WireSchema { schema: Some(_), id: Some(_), version: Some(_), .. } => {
                Ok(WireSchema { subject: Some(subject.to_owned()), ..said })
            }
            _ => Err(Error::Http(reply.unexpected())),
        }
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
        self.lookup_among(subject, schema, false)
    }

    /// As [`Registry::lookup`], among the softly deleted versions too.
    ///
    /// # Errors
    /// As [`Registry::lookup`].
    pub fn lookup_even_deleted(
        &self,
        subject: &str,
        schema: &NewSchema,
    ) -> Result<Option<Registered>, Error> {
        self.lookup_among(subject, schema, true)
    }

    fn lookup_among(
        &self,
        subject: &str,
        schema: &NewSchema,
        deleted: bool,
    ) -> Result<Option<Registered>, Error> {
        let path = ["subjects", subject];
        let mut request = normalizing(self.service.post(&path), schema).json(schema).repeatable();
        if deleted {
            request = request.query("deleted", "true");
        }
        let reply = request.send()?;
        if reply.status == 404 && matches!(reply.error_code(), Some(40401..=40403)) {
            return Ok(None);
        }
        let reply = self.accept(reply)?;
        let wire: WireSchema = reply.json()?;
        match wire.into_registered(subject) {
            Some(registered) if !self.is_meant(subject, Some(&registered.subject)) => Ok(None),
            Some(registered) => Ok(Some(registered)),
            None => Err(Error::Http(reply.unexpected())),
        }
    }

    /// Registers a schema under `subject`, or finds it there.
    ///
    /// # Errors
    /// [`Error::Incompatible`], [`Error::InvalidSchema`], [`Error::ReadOnly`]; [`Error::NotShown`] although it is registered.
    pub fn register(&self, subject: &str, schema: &NewSchema) -> Result<Registered, Error> {
        if let Some(registered) = self.lookup(subject, schema)? {
            return Ok(registered);
        }
        // The registry gives the same schema the same id, however often it is sent.
        let path = ["subjects", subject, "versions"];
        let reply = normalizing(self.service.post(&path), schema).json(schema).repeatable().send()?;
        if reply.status == 409 {
            return Err(Error::Incompatible {
                subject: subject.to_owned(),
                messages: crate::compatibility::reasons(&reply.message()),
            });
        }
        let reply = self.accept(reply).map_err(|error| self.because_of_mode(error, subject))?;
        let said: WireSchema = reply.json()?;
        let id = said.id.ok_or_else(|| Error::Http(reply.unexpected()))?;
        let mut found = None;
        self.until_shown(|| {
            found = self.lookup(subject, schema)?;
            Ok::<bool, Error>(found.is_some())
        })?;
        match found {
            Some(registered) => Ok(Registered { created: true, ..registered }),
            None => Err(Error::NotShown { subject: subject.to_owned(), id, url: self.url().to_owned() }),
        }
    }

    /// Waits until a change is `shown`, which gives whether it is: where a registry has several nodes, one that is asked right
    /// after a change may not have heard of it yet. Ends after two seconds, shown or not.
    ///
    /// # Errors
    /// Those of `shown`.
    pub fn until_shown<E>(
        &self,
        mut shown: impl FnMut() -> std::result::Result<bool, E>,
    ) -> std::result::Result<bool, E> {
        for pause in [20, 50, 100, 200, 400, 800] {
            if shown()? {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(pause));
        }
        shown()
    }

    /// Puts a schema under this version and id, as another registry has them. Only in [`crate::Mode::Import`].
    ///
    /// # Errors
    /// [`Error::ReadOnly`], [`Error::NotPermitted`] in another mode, and when the id is another schema's.
    pub fn import(&self, subject: &str, version: u32, id: u32, schema: &NewSchema) -> Result<(), Error> {
        #[derive(serde::Serialize)]
        struct Import<'a> {
            version: u32,
            id: u32,
            #[serde(flatten)]
            schema: &'a NewSchema,
        }
        let path = ["subjects", subject, "versions"];
        let body = Import { version, id, schema };
        let reply = self.service.post(&path).json(&body).repeatable().send()?;
        let reply = self.accept(reply).map_err(|error| self.because_of_mode(error, subject))?;
        let said: WireSchema = reply.json()?;
        // A registry that gave it another id has not understood.
        if said.id == Some(id) {
            Ok(())
        } else {
            Err(Error::OtherId { subject: subject.to_owned(), id, given: said.id })
        }
    }

    /// The texts of all schemas that `schema` refers to, over any number of steps, each once, what is needed first.
    ///
    /// # Errors
    /// [`Error::NotAvro`], [`Error::EndlessReferences`], and those of [`Registry::subject_version`].
    pub fn resolved(&self, schema: &Schema) -> Result<Vec<String>, Error> {
        ensure_avro(schema)?;
        self.resolved_from(schema.context.as_deref(), &schema.references)
    }

    /// As [`Registry::resolved`], for a schema that is not registered yet, and is to be, under `subject`.
    ///
    /// # Errors
    /// As [`Registry::resolved`].
    pub fn references(&self, references: &[Reference], subject: &str) -> Result<Vec<String>, Error> {
        self.resolved_from(context_of(subject), references)
    }

    fn resolved_from(&self, context: Option<&str>, references: &[Reference]) -> Result<Vec<String>, Error> {
        let mut resolution = Resolution { seen: HashSet::new(), texts: Vec::new() };
        for reference in references {
            self.resolve(&reference.seen_from(context), &mut resolution, 0)?;
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
        for reference in registered.schema.needs() {
            self.resolve(&reference, into, depth + 1)?;
        }
        into.seen.insert((subject.clone(), *version));
        into.texts.push(registered.schema.text.clone());
        Ok(())
    }
}

fn normalizing<'a>(request: Request<'a>, schema: &NewSchema) -> Request<'a> {
    if schema.normalize { request.query("normalize", "true") } else { request }
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
