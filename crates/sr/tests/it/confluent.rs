//! A registry in this process that keeps state and answers as Confluent's is documented to: modes, IMPORT, contexts, soft
//! deletion, references, error codes. For what the live registry, Apicurio's, does not have. Compatibility is not checked.

mod calls;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kch_test::HttpStub;
use kch_test::wiremock::Mock;
use kch_test::wiremock::matchers::any;
use serde_json::{Value, json};

use calls::Answers;
use store::State;

/// The registry, for a test to ask.
pub(crate) struct Confluent {
    pub(crate) stub: HttpStub,
    state: Arc<Mutex<State>>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Confluent {
    pub(crate) fn start() -> Confluent {
        let stub = HttpStub::start();
        let state = Arc::new(Mutex::new(State { next_id: 1, ..State::default() }));
        let registry = Confluent { stub, state };
        registry.answer();
        registry
    }

    /// Answers by what it keeps; what is mounted with a higher priority goes first.
    pub(crate) fn answer(&self) {
        self.stub.mount(Mock::given(any()).respond_with(Answers(Arc::clone(&self.state))));
    }

    /// Registers a schema as another client would; gives its id.
    pub(crate) fn put(&self, subject: &str, schema: &str, references: &Value) -> u64 {
        self.put_as_sent(subject, &json!({"schema": schema, "references": references}))
    }

    /// The same, with all that a client may send.
    pub(crate) fn put_as_sent(&self, subject: &str, sent: &Value) -> u64 {
        lock(&self.state).register(subject, sent).unwrap()["id"].as_u64().unwrap()
    }

    /// A context without subjects.
    pub(crate) fn put_context(&self, context: &str) {
        lock(&self.state).empty_contexts.push(context.to_owned());
    }

    /// The ids of the registry begin here.
    pub(crate) fn count_from(&self, id: u64) {
        lock(&self.state).next_id = id;
    }

    /// After so many registrations, the others take this long, or fail when there is no time.
    pub(crate) fn trouble_after(&self, registrations: usize, delay: Option<Duration>) {
        let mut state = lock(&self.state);
        state.trouble = Some((registrations, delay));
        state.registrations = 0;
    }

    pub(crate) fn no_trouble(&self) {
        lock(&self.state).trouble = None;
    }

    pub(crate) fn set_level(&self, subject: &str, level: &str) {
        lock(&self.state).levels.insert(subject.to_owned(), level.to_owned());
    }

    pub(crate) fn set_mode(&self, subject: &str, mode: &str) {
        lock(&self.state).modes.insert(subject.to_owned(), mode.to_owned());
    }

    pub(crate) fn delete(&self, subject: &str, version: u64) {
        lock(&self.state).subjects.get_mut(subject).unwrap().get_mut(&version).unwrap().deleted = true;
    }

    /// As if it had never been there.
    pub(crate) fn remove(&self, subject: &str) {
        lock(&self.state).subjects.remove(subject);
    }

    /// `subject version id` of all versions, deleted ones with a `-` in front.
    pub(crate) fn versions(&self) -> Vec<String> {
        let state = lock(&self.state);
        let all = state.subjects.iter().flat_map(|(subject, versions)| {
            versions.iter().map(move |(version, kept)| {
                format!("{}{subject} {version} {}", if kept.deleted { "-" } else { "" }, kept.id)
            })
        });
        all.collect()
    }

    /// `subject=mode` of all subjects with a mode of their own.
    pub(crate) fn modes(&self) -> Vec<String> {
        lock(&self.state).modes.iter().map(|(subject, mode)| format!("{subject}={mode}")).collect()
    }

    pub(crate) fn levels(&self) -> Vec<String> {
        lock(&self.state).levels.iter().map(|(subject, level)| format!("{subject}={level}")).collect()
    }

    /// What was sent for a version.
    pub(crate) fn sent(&self, subject: &str, version: u64) -> Value {
        lock(&self.state).subjects[subject][&version].sent.clone()
    }
}
