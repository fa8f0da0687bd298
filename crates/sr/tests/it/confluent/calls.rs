//! The registry's calls, by method and path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kch_test::wiremock::{Request, Respond, ResponseTemplate};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::lock;
use super::store::{Answer, NO_SCHEMA, NO_SUBJECT, State};

pub(super) struct Answers(pub(super) Arc<Mutex<State>>);

impl State {
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
