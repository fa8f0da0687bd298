//! A registry in this process that keeps state and answers as Confluent's is documented to: modes, IMPORT, contexts, soft
//! deletion, references, error codes. For what the live registry, Apicurio's, does not have. Compatibility is not checked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kch_registry::{context_of, split_context};
use kch_test::HttpStub;
use kch_test::wiremock::matchers::any;
use kch_test::wiremock::{Mock, Request, Respond, ResponseTemplate};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// One version: what was sent, its id, whether it is softly deleted.
#[derive(Clone)]
struct Kept {
    id: u64,
    sent: Value,
    deleted: bool,
}

#[derive(Default)]
struct State {
    subjects: BTreeMap<String, BTreeMap<u64, Kept>>,
    modes: BTreeMap<String, String>,
    levels: BTreeMap<String, String>,
    mode: Option<String>,
    level: Option<String>,
    next_id: u64,
    /// Contexts that once had subjects.
    empty_contexts: Vec<String>,
    /// Registrations after this many take this long, or fail when there is no time.
    trouble: Option<(usize, Option<Duration>)>,
    registrations: usize,
}

/// The registry, for a test to ask.
pub(crate) struct Confluent {
    pub(crate) stub: HttpStub,
    state: Arc<Mutex<State>>,
}

struct Answers(Arc<Mutex<State>>);

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Confluent {
    pub(crate) fn start() -> Confluent {
        let stub = HttpStub::start();
        let state = Arc::new(Mutex::new(State { next_id: 1, ..State::default() }));
        stub.mount(Mock::given(any()).respond_with(Answers(Arc::clone(&state))));
        Confluent { stub, state }
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

type Answer = Result<Value, (u16, u64, &'static str)>;

const NO_SUBJECT: (u16, u64, &str) = (404, 40401, "Subject not found.");
const NO_VERSION: (u16, u64, &str) = (404, 40402, "Version not found.");
const NO_SCHEMA: (u16, u64, &str) = (404, 40403, "Schema not found");

impl State {
    fn mode_of(&self, subject: &str) -> &str {
        self.modes.get(subject).or(self.mode.as_ref()).map_or("READWRITE", String::as_str)
    }

    fn versions(&self, subject: &str, deleted: bool) -> Result<Vec<u64>, (u16, u64, &'static str)> {
        let all = self.subjects.get(subject).ok_or(NO_SUBJECT)?;
        let shown: Vec<u64> =
            all.iter().filter(|(_, kept)| deleted || !kept.deleted).map(|(&version, _)| version).collect();
        if shown.is_empty() { Err(NO_SUBJECT) } else { Ok(shown) }
    }

    fn show(subject: &str, version: u64, kept: &Kept) -> Value {
        let mut shown = kept.sent.clone();
        shown["subject"] = json!(subject);
        shown["version"] = json!(version);
        shown["id"] = json!(kept.id);
        shown
    }

    /// A subject without a context is looked for in all of them.
    fn anywhere<'s>(&'s self, subject: &'s str) -> &'s str {
        let elsewhere =
            |known: &&String| split_context(known) != (None, known) && split_context(known).1 == subject;
        match self.subjects.get(subject) {
            Some(_) => subject,
            None => self.subjects.keys().find(elsewhere).map_or(subject, String::as_str),
        }
    }

    fn version(&self, subject: &str, version: &str, deleted: bool) -> Answer {
        let subject = self.anywhere(subject);
        let shown = self.versions(subject, deleted)?;
        let number = if version == "latest" { *shown.last().unwrap() } else { version.parse().unwrap() };
        if !shown.contains(&number) {
            return Err(NO_VERSION);
        }
        Ok(Self::show(subject, number, &self.subjects[subject][&number]))
    }

    fn lookup(&self, subject: &str, sent: &Value, deleted: bool) -> Answer {
        let subject = self.anywhere(subject);
        self.ensure_referred(sent)?;
        let all = self.subjects.get(subject).ok_or(NO_SUBJECT)?;
        let same = |kept: &Kept| (deleted || !kept.deleted) && kept.sent["schema"] == sent["schema"];
        let found = all.iter().find(|(_, kept)| same(kept)).ok_or(NO_SCHEMA)?;
        Ok(Self::show(subject, *found.0, found.1))
    }

    /// Each context counts its ids by itself: that of `subject`.
    fn with_id(&self, id: u64, subject: &str) -> impl Iterator<Item = (&String, u64, &Kept)> {
        let context = context_of(subject).map(str::to_owned);
        let all = self.subjects.iter().flat_map(|(subject, versions)| {
            versions.iter().map(move |(&version, kept)| (subject, version, kept))
        });
        all.filter(move |(subject, _, kept)| kept.id == id && context_of(subject) == context.as_deref())
    }

    fn ensure_referred(&self, sent: &Value) -> Result<(), (u16, u64, &'static str)> {
        for reference in sent["references"].as_array().into_iter().flatten() {
            let version = reference["version"].to_string();
            let there = self.version(reference["subject"].as_str().unwrap(), &version, true);
            there.map_err(|_| (422, 42201, "No schema reference found for subject and version"))?;
        }
        Ok(())
    }

    fn register(&mut self, subject: &str, sent: &Value) -> Answer {
        let mode = self.mode_of(subject).to_owned();
        let (id, version) = (sent["id"].as_u64(), sent["version"].as_u64());
        match mode.as_str() {
            "READONLY" => return Err((422, 42205, "Subject is in read-only mode")),
            "IMPORT" if id.is_none() => return Err((422, 42205, "Subject is not in read-write mode")),
            "READWRITE" if id.is_some() => return Err((422, 42205, "Subject is not in import mode")),
            _ => {}
        }
        self.ensure_referred(sent)?;
        let schema = &sent["schema"];
        let here = self.subjects.iter().filter(|(known, _)| context_of(known) == context_of(subject));
        let known =
            here.flat_map(|(_, versions)| versions.values()).find(|kept| kept.sent["schema"] == *schema);
        let id = id.or(known.map(|kept| kept.id)).unwrap_or(self.next_id);
        if self.with_id(id, subject).any(|(_, _, kept)| kept.sent["schema"] != *schema) {
            return Err((422, 42205, "Overwrite new schema with id is not permitted."));
        }
        self.next_id = self.next_id.max(id + 1);
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        let next = versions.keys().next_back().map_or(1, |last| last + 1);
        let mut sent = sent.clone();
        sent.as_object_mut().unwrap().retain(|name, _| name != "id" && name != "version");
        versions.insert(version.unwrap_or(next), Kept { id, sent, deleted: false });
        Ok(json!({"id": id}))
    }

    fn referring(&self, subject: &str, version: u64) -> Vec<u64> {
        let refers = |kept: &&Kept| {
            let mut references = kept.sent["references"].as_array().into_iter().flatten();
            references.any(|to| to["subject"] == subject && to["version"] == version)
        };
        let live = self.subjects.values().flat_map(BTreeMap::values).filter(|kept| !kept.deleted);
        live.filter(refers).map(|kept| kept.id).collect()
    }

    fn soft_delete(&mut self, subject: &str, version: Option<u64>) -> Answer {
        if self.mode_of(subject) == "READONLY" {
            return Err((422, 42205, "Subject is in read-only mode"));
        }
        let shown = self.versions(subject, false)?;
        let gone: Vec<u64> =
            shown.into_iter().filter(|number| version.is_none_or(|v| v == *number)).collect();
        if gone.iter().any(|&number| !self.referring(subject, number).is_empty()) {
            return Err((422, 42206, "One or more references exist to the schema"));
        }
        for number in &gone {
            self.subjects.get_mut(subject).unwrap().get_mut(number).unwrap().deleted = true;
        }
        // With the last version, the subject's mode and level go.
        if self.versions(subject, false).is_err() {
            self.modes.remove(subject);
            self.levels.remove(subject);
        }
        Ok(version.map_or_else(|| json!(gone), |version| json!(version)))
    }

    fn hard_delete(&mut self, subject: &str, version: Option<u64>) -> Answer {
        let all = self.subjects.get_mut(subject).ok_or(NO_SUBJECT)?;
        let gone: Vec<u64> =
            all.keys().copied().filter(|&number| version.is_none_or(|v| v == number)).collect();
        if gone.iter().any(|number| !all[number].deleted) {
            return Err((404, 40405, "Subject was not deleted first before being permanently deleted"));
        }
        all.retain(|number, _| !gone.contains(number));
        if all.is_empty() {
            self.subjects.remove(subject);
        }
        Ok(version.map_or_else(|| json!(gone), |version| json!(version)))
    }

    fn answer(
        &mut self,
        method: &str,
        path: &[&str],
        query: &BTreeMap<String, String>,
        sent: &Value,
    ) -> Answer {
        let deleted = query.get("deleted").is_some_and(|value| value == "true");
        let context = query.get("subject").map_or("", String::as_str);
        match (method, path) {
            ("GET", ["subjects"]) => {
                let shown = self.subjects.keys().filter(|subject| self.versions(subject, deleted).is_ok());
                Ok(json!(shown.collect::<Vec<_>>()))
            }
            ("GET", ["contexts"]) => {
                let named =
                    self.subjects.keys().filter_map(|subject| subject.strip_prefix(':')?.split_once(':'));
                let all = std::iter::once(".").chain(self.empty_contexts.iter().map(String::as_str));
                let all = all.chain(named.map(|(context, _)| context));
                Ok(json!(all.collect::<std::collections::BTreeSet<_>>()))
            }
            ("DELETE", ["contexts", context]) => {
                if self.subjects.keys().any(|subject| subject.starts_with(&format!(":{context}:"))) {
                    return Err((422, 42211, "The specified context is not empty."));
                }
                self.empty_contexts.retain(|empty| empty != context);
                Ok(Value::Null)
            }
            ("GET", ["subjects", subject, "versions"]) => Ok(json!(self.versions(subject, deleted)?)),
            ("GET", ["subjects", subject, "versions", version]) => self.version(subject, version, deleted),
            ("GET", ["subjects", subject, "versions", version, "referencedby"]) => {
                Ok(json!(self.referring(subject, version.parse().unwrap())))
            }
            ("POST", ["subjects", subject]) => self.lookup(subject, sent, deleted),
            ("POST", ["subjects", subject, "versions"]) => self.register(subject, sent),
            ("POST", ["compatibility", ..]) => Ok(json!({"is_compatible": true})),
            ("DELETE", ["subjects", subject, rest @ ..]) if query.contains_key("permanent") => {
                self.hard_delete(subject, rest.get(1).and_then(|version| version.parse().ok()))
            }
            ("DELETE", ["subjects", subject]) => self.soft_delete(subject, None),
            ("DELETE", ["subjects", subject, "versions", version]) => {
                self.soft_delete(subject, version.parse().ok())
            }
            ("GET", ["schemas", "ids", id]) => {
                let found = self.with_id(id.parse().unwrap(), context).next().ok_or(NO_SCHEMA)?;
                Ok(found.2.sent.clone())
            }
            ("GET", ["schemas", "ids", id, "versions"]) => {
                let users = self
                    .with_id(id.parse().unwrap(), context)
                    .map(|(subject, version, _)| json!({"subject": subject, "version": version}));
                Ok(users.collect())
            }
            ("PUT", ["mode", rest @ ..]) => {
                let mode = sent["mode"].as_str().unwrap().to_owned();
                if !["READWRITE", "READONLY", "IMPORT"].contains(&mode.as_str()) {
                    return Err((422, 42204, "Invalid mode"));
                }
                let occupied = rest.first().is_none_or(|subject| self.versions(subject, false).is_ok());
                if mode == "IMPORT" && occupied && !query.contains_key("force") {
                    return Err((422, 42205, "Cannot import since found existing subjects"));
                }
                match rest.first() {
                    Some(subject) => self.modes.insert((*subject).to_owned(), mode),
                    None => self.mode.replace(mode),
                };
                Ok(sent.clone())
            }
            ("GET", ["mode"]) => Ok(json!({"mode": self.mode_of("")})),
            ("GET", ["mode", subject]) => match self.modes.get(*subject) {
                Some(mode) => Ok(json!({"mode": mode})),
                None if query.contains_key("defaultToGlobal") => Ok(json!({"mode": self.mode_of(subject)})),
                None => Err((404, 40409, "Subject does not have subject-level mode configured")),
            },
            ("DELETE", ["mode", subject]) => {
                self.modes.remove(*subject).map(|mode| json!({"mode": mode})).ok_or(NO_SUBJECT)
            }
            ("GET", ["config"]) => {
                Ok(json!({"compatibilityLevel": self.level.as_deref().unwrap_or("BACKWARD")}))
            }
            ("GET", ["config", subject]) => match self.levels.get(*subject) {
                Some(level) => Ok(json!({"compatibilityLevel": level})),
                None => Err((404, 40408, "Subject does not have subject-level compatibility configured")),
            },
            ("PUT", ["config", rest @ ..]) => {
                let level = sent["compatibility"].as_str().unwrap().to_owned();
                match rest.first() {
                    Some(subject) if self.mode_of(subject) == "READONLY" => {
                        return Err((422, 42205, "Subject is in read-only mode"));
                    }
                    Some(subject) => self.levels.insert((*subject).to_owned(), level),
                    None => self.level.replace(level),
                };
                Ok(sent.clone())
            }
            ("DELETE", ["config", subject]) => {
                let level = self.levels.remove(*subject).ok_or(NO_SUBJECT)?;
                Ok(json!({"compatibilityLevel": level}))
            }
            _ => Err((404, 404, "HTTP 404 Not Found")),
        }
    }
}

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = lock(&self.0);
        let path: Vec<String> = request
            .url
            .path()
            .split('/')
            .skip(1)
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let query = request.url.query_pairs().into_owned().collect();
        let sent = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut delay = Duration::ZERO;
        if request.method.as_str() == "POST" && path.len() == 3 && path[2] == "versions" {
            state.registrations += 1;
            match state.trouble {
                Some((after, None)) if state.registrations > after => {
                    return ResponseTemplate::new(422).set_body_json(
                        json!({"error_code": 42201, "message": "Invalid schema, on purpose"}),
                    );
                }
                Some((after, Some(time))) if state.registrations > after => delay = time,
                _ => {}
            }
        }
        let response = match state.answer(request.method.as_str(), &path, &query, &sent) {
            Ok(body) => ResponseTemplate::new(200).set_body_json(body),
            Err((status, code, message)) => {
                ResponseTemplate::new(status).set_body_json(json!({"error_code": code, "message": message}))
            }
        };
        response.set_delay(delay)
    }
}
