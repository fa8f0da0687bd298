//! The client itself: where it is, what it remembers, and the one place that reads a registry's refusals.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kch_cli::{Exit, Explain as _, Settings, Signals, Var, nearest, vars};
use kch_http::{EndpointVars, Limits, REGISTRY, Reply, Service};

use crate::disk::Disk;
use crate::model::WireSchema;
use crate::naming::context_of;
use crate::{Error, Registered, Schema, Version};

/// How long an unknown id stays unknown without asking again.
const FORGET_UNKNOWN: Duration = Duration::from_secs(5);
/// How long what is on disk is taken without asking, once the registry could not be reached.
const BELIEVE_DISK: Duration = Duration::from_secs(10);

/// A Schema Registry. Calls block; share it by reference or [`Arc`]. Not for use inside async code.
#[derive(Debug)]
pub struct Registry {
    pub(crate) service: Service,
    memory: Mutex<Memory>,
    disk: Disk,
}

/// What never changes once it is known, and ids that were unknown a moment ago.
#[derive(Debug, Default)]
struct Memory {
    by_id: HashMap<u32, Arc<Schema>>,
    unknown: HashMap<u32, Instant>,
    by_version: HashMap<(String, u32), Arc<Registered>>,
    /// When the registry could not be reached and the disk could help.
    away: Option<Instant>,
    notice: Option<String>,
}

/// The settings that a [`Registry`] reads, for `--show-config`.
#[must_use]
pub fn registry_settings() -> Vec<&'static Var> {
    REGISTRY.all().into_iter().chain([&vars::KCH_SCHEMA_CACHE]).collect()
}

impl Registry {
    /// The registry that the settings name. No request is made yet.
    ///
    /// # Errors
    /// A usage failure when a setting cannot work.
    pub fn from_settings(settings: &Settings) -> kch_cli::Result<Registry> {
        Registry::at(settings, &REGISTRY)
    }

    /// The registry that these variables name: a second one beside the usual.
    ///
    /// # Errors
    /// A usage failure when a setting cannot work.
    pub fn at(settings: &Settings, vars: &'static EndpointVars) -> kch_cli::Result<Registry> {
        let service = Service::from_settings(settings, vars)?;
        let disk = Disk::from_settings(settings, service.endpoint().base())?;
        Ok(Registry { disk, ..Registry::new(service) })
    }

    /// A registry behind this service, which keeps nothing on disk.
    #[must_use]
    pub fn new(service: Service) -> Registry {
        // 500 is what a registry answers while its own store is away, or its leader.
        let service = service.busy_when(|reply| reply.status == 500);
        Registry { service, memory: Mutex::default(), disk: Disk::default() }
    }

    /// Neither reads from disk nor writes to it: for what must be as the registry has it now.
    #[must_use]
    pub fn without_disk(mut self) -> Registry {
        self.disk = Disk::default();
        self
    }

    /// Lets a signal end a waiting call.
    #[must_use]
    pub fn with_signals(mut self, signals: Signals) -> Registry {
        self.service = self.service.signals(signals);
        self
    }

    /// How long a call may take.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Registry {
        self.service = self.service.limits(limits);
        self
    }

    /// Its base URL, safe to print.
    #[must_use]
    pub fn url(&self) -> &str {
        self.service.endpoint().base()
    }

    /// Whether requests carry credentials.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.service.endpoint().has_credentials()
    }

    /// All subjects, those that are only softly deleted included if asked for.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn subjects(&self, deleted: bool) -> Result<Vec<String>, Error> {
        let request = self.service.get(&["subjects"]);
        let request = if deleted { request.query("deleted", "true") } else { request };
        Ok(self.accept(request.send()?)?.json()?)
    }

    /// The numbers of a subject's versions.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`].
    pub fn versions(&self, subject: &str) -> Result<Vec<u32>, Error> {
        self.ask_for_versions(subject, false)?.ok_or_else(|| self.subject_not_found(subject))
    }

    /// The numbers of a subject's versions, those that are softly deleted included.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`].
    pub fn versions_with_deleted(&self, subject: &str) -> Result<Vec<u32>, Error> {
        self.ask_for_versions(subject, true)?.ok_or_else(|| self.subject_not_found(subject))
    }

    /// As [`Registry::versions`], none where the subject is not there, or softly deleted as a whole.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn live_versions(&self, subject: &str) -> Result<Vec<u32>, Error> {
        Ok(self.ask_for_versions(subject, false)?.unwrap_or_default())
    }

    /// As [`Registry::versions_with_deleted`], none where the subject is not there.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn all_versions(&self, subject: &str) -> Result<Vec<u32>, Error> {
        Ok(self.ask_for_versions(subject, true)?.unwrap_or_default())
    }

    fn ask_for_versions(&self, subject: &str, deleted: bool) -> Result<Option<Vec<u32>>, Error> {
        let path = ["subjects", subject, "versions"];
        let request = self.service.get(&path);
        let request = if deleted { request.query("deleted", "true") } else { request };
        let reply = request.send()?;
        match (reply.status, reply.error_code()) {
            (404, Some(40401)) => Ok(None),
            _ => Ok(Some(self.accept(reply)?.json()?)),
        }
    }

    /// Waits until the registry answers.
    ///
    /// # Errors
    /// The last [`Error::Http`] when the time is over.
    pub fn wait(&self, timeout: Duration) -> Result<(), Error> {
        self.service.wait_for(timeout, || self.subjects(false)).map(|_| ())
    }

    /// A success, or the registry's refusal.
    pub(crate) fn accept(&self, reply: Reply) -> Result<Reply, Error> {
        if reply.is_success() { Ok(reply) } else { Err(Error::refused(&reply, self.url())) }
    }

    /// A success, or a refusal that concerns one version of `subject`; a name that is near is not looked for.
    pub(crate) fn of_version(&self, reply: Reply, subject: &str, version: Version) -> Result<Reply, Error> {
        let no_subject = || Error::SubjectNotFound { subject: subject.to_owned(), nearest: None };
        match (reply.status, reply.error_code()) {
            (404, Some(40401)) => Err(no_subject()),
            // Apicurio says 40402 for a compatibility check of a subject that it does not have.
            (404, Some(40402)) => Err(match self.ask_for_versions(subject, false)? {
                Some(known) => Error::VersionNotFound { subject: subject.to_owned(), version, known },
                None => no_subject(),
            }),
            _ => self.accept(reply),
        }
    }

    /// Whether a reply about the subject `said` answers a question about `asked`: Confluent's registry looks for a subject
    /// without a context in all of them.
    pub(crate) fn is_meant(&self, asked: &str, said: Option<&str>) -> bool {
        // A context in our address is that of all names.
        let whole = context_of(asked).is_none() && self.url().contains("/contexts/");
        whole || said.is_none_or(|said| context_of(said) == context_of(asked))
    }

    /// With the name that is nearest to that of a subject which is not there: it takes the list of all subjects, so only where
    /// the error is for people.
    pub(crate) fn with_nearest(&self, error: Error) -> Error {
        match error {
            Error::SubjectNotFound { subject, nearest: None } => self.subject_not_found(&subject),
            error => error,
        }
    }

    /// The refusal of a subject that is not there, with the name that is nearest to it.
    #[must_use]
    pub fn subject_not_found(&self, subject: &str) -> Error {
        let subjects = self.subjects(false).unwrap_or_default();
        let slip = nearest(subject, subjects.iter().map(String::as_str)).map(str::to_owned);
        let nearest = slip.or_else(|| meant(subject, &subjects));
        Error::SubjectNotFound { subject: subject.to_owned(), nearest }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // What a thread that panicked left behind is still true: entries are whole.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of an id: its schema, that it was unknown a moment ago, or nothing.
    pub(crate) fn remembered(&self, id: u32) -> Option<Option<Arc<Schema>>> {
        let memory = self.memory();
        match memory.by_id.get(&id) {
            Some(schema) => Some(Some(Arc::clone(schema))),
            None => memory.unknown.get(&id).filter(|at| at.elapsed() < FORGET_UNKNOWN).map(|_| None),
        }
    }

    /// What the registry says, which is kept on disk; or, while it cannot be reached, what it said before.
    ///
    /// # Errors
    /// Those of `ask`.
    pub(crate) fn said(
        &self,
        kept: impl FnOnce(&Disk) -> Option<WireSchema>,
        ask: impl FnOnce() -> Result<WireSchema, Error>,
    ) -> Result<WireSchema, Error> {
        let away = self.memory().away.is_some_and(|at| at.elapsed() < BELIEVE_DISK);
        if away {
            return kept(&self.disk).map_or_else(ask, Ok);
        }
        let error = match ask() {
            Ok(said) => {
                self.disk.keep(&said);
                return Ok(said);
            }
            Err(error) if error.exit() == Exit::Unavailable => error,
            Err(error) => return Err(error),
        };
        let Some(said) = kept(&self.disk) else { return Err(error) };
        let mut memory = self.memory();
        memory.away = Some(Instant::now());
        if memory.notice.is_none() {
            let folder = self.disk.folder().map(|folder| folder.display().to_string()).unwrap_or_default();
            memory.notice = Some(format!("{error}; schemas come from {folder}"));
        }
        Ok(said)
    }

    /// That schemas came from the disk, because the registry could not be reached: a warning for people, given once.
    #[must_use]
    pub fn take_notice(&self) -> Option<String> {
        let mut memory = self.memory();
        // An empty one says that it was given.
        memory.notice.replace(String::new()).filter(|notice| !notice.is_empty())
    }

    pub(crate) fn remember(&self, schema: Schema) -> Arc<Schema> {
        let schema = Arc::new(schema);
        self.memory().by_id.insert(schema.id, Arc::clone(&schema));
        schema
    }

    pub(crate) fn remember_unknown(&self, id: u32) {
        self.memory().unknown.insert(id, Instant::now());
    }

    pub(crate) fn remembered_version(&self, subject: &str, version: u32) -> Option<Arc<Registered>> {
        self.memory().by_version.get(&(subject.to_owned(), version)).cloned()
    }

    pub(crate) fn remember_version(&self, registered: Registered) -> Arc<Registered> {
        let registered = Arc::new(registered);
        let key = (registered.subject.clone(), registered.version);
        self.memory().by_version.insert(key, Arc::clone(&registered));
        registered
    }
}

/// The subject that is meant by a name without the `-value` or `-key` at its end, or with a version behind it.
fn meant(asked: &str, subjects: &[String]) -> Option<String> {
    let versioned = asked.rsplit_once(['@', ':']).filter(|(_, version)| version.parse::<Version>().is_ok());
    let whole = ["-value", "-key"].map(|part| format!("{asked}{part}"));
    let exact = versioned.map(|(subject, _)| subject).into_iter().chain(whole.iter().map(String::as_str));
    let known = || subjects.iter().map(String::as_str);
    let found = exact.into_iter().find_map(|name| known().find(|subject| *subject == name));
    found.or_else(|| whole.iter().find_map(|name| nearest(name, known()))).map(str::to_owned)
}
