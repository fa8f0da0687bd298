//! One reply: its status and its body as text, and what to make of a body that is not JSON.

use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;
use crate::error::Place;

/// A reply whose body has been read.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) place: Place,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body. Bytes that are not UTF-8 are replaced.
    pub body: String,
    /// Whether a try may have had an effect, although it gave no reply that says so: none, or one of a proxy or a node
    /// that failed (not 429 and 503, after which nothing was done).
    pub retried: bool,
}

/// How much of a foreign body an error shows.
const SHOWN: usize = 200;

impl Reply {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Error::NotJson`], which names what it is instead.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.body).map_err(|error| {
            let (what, detail) = match self.kind() {
                // JSON, but with another shape.
                "JSON" => {
                    let error = error.to_string();
                    let why = error.split(" at line ").next().unwrap_or_default();
                    ("JSON of another shape", format!("{why}: {}", shorten(&self.body)))
                }
                what => (what, self.detail()),
            };
            Error::NotJson { place: self.place.clone(), status: self.status, what, detail }
        })
    }

    /// The service's own number for the error, where the body has one. Both Schema Registry and Connect have.
    #[must_use]
    pub fn error_code(&self) -> Option<u64> {
        self.object()?.get("error_code")?.as_u64()
    }

    /// What the JSON body says about an error, however long it is; empty where it says nothing.
    #[must_use]
    pub fn message(&self) -> String {
        self.said().unwrap_or_default()
    }

    fn said(&self) -> Option<String> {
        let body = self.object()?;
        ["message", "error", "detail"].iter().find_map(|&name| Some(body.get(name)?.as_str()?.to_owned()))
    }

    /// What the service says about an error: the JSON body's message, else the body's beginning on one line.
    #[must_use]
    pub fn detail(&self) -> String {
        match self.said() {
            Some(message) => shorten(&message),
            None if self.kind() == "HTML, not JSON" => html_title(&self.body).unwrap_or_default(),
            None => shorten(&self.body),
        }
    }

    /// The error for a status that the caller has no meaning for.
    #[must_use]
    pub fn unexpected(&self) -> Error {
        Error::Status { place: self.place.clone(), status: self.status, detail: self.detail() }
    }

    /// The statuses that mean the same from every service, and bodies that no service of ours would send.
    pub(crate) fn ensure_usable(self) -> Result<Reply, Error> {
        let place = || self.place.clone();
        let status = self.status;
        match status {
            401 => Err(Error::Unauthorized { place: place(), detail: self.detail() }),
            403 => Err(Error::Forbidden { place: place(), detail: self.detail() }),
            300..=399 => Err(Error::redirected(place(), status, &self.headers)),
            429 => Err(self.too_many()),
            _ if self.body.trim().is_empty() || self.kind() == "JSON" => Ok(self),
            500.. => Err(self.unexpected()),
            _ => Err(Error::NotJson { place: place(), status, what: self.kind(), detail: self.detail() }),
        }
    }

    fn too_many(&self) -> Error {
        let asked = crate::retry::asked_pause(&self.headers).map(|pause| pause.as_secs());
        let detail = match (asked, self.detail()) {
            (Some(seconds), detail) if detail.is_empty() => format!("try again in {seconds} s"),
            (Some(seconds), detail) => format!("{detail} (try again in {seconds} s)"),
            (None, detail) => detail,
        };
        Error::Status { place: self.place.clone(), status: self.status, detail }
    }

    /// Whether another server than the service says that there is no such path: one that is still starting has one around
    /// it. Nothing was done.
    pub(crate) fn is_not_of_the_service(&self) -> bool {
        self.status == 404 && !matches!(self.kind(), "JSON" | "an empty body")
    }

    fn object(&self) -> Option<serde_json::Map<String, Value>> {
        serde_json::from_str(&self.body).ok()
    }

    fn kind(&self) -> &'static str {
        let body = self.body.trim_start();
        if body.is_empty() {
            "an empty body"
        } else if body.starts_with('<') {
            "HTML, not JSON"
        } else if serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok() {
            "JSON"
        } else if body.starts_with(['{', '[']) {
            "broken JSON"
        } else {
            "plain text, not JSON"
        }
    }
}

/// The text on one line, without control characters, cut at a length that a terminal can bear.
#[must_use]
pub fn shorten(text: &str) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn html_title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower[start..].find("</title>")?;
    Some(shorten(&html[start..end])).filter(|title| !title.is_empty()).map(|title| format!("\"{title}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kch_cli::{Exit, Explain as _};

    fn reply(status: u16, body: &str) -> Reply {
        let place =
            Place { vars: &crate::REGISTRY, base: "http://h:1".into(), credentials: true, proxy: None };
        Reply { place, status, headers: HeaderMap::new(), body: body.to_owned(), retried: false }
    }

    #[track_caller]
    fn refused(status: u16, body: &str, text: &str, exit: Exit) {
        let error = reply(status, body).ensure_usable().unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(error.exit(), exit);
    }

    #[test]
    fn replies_that_no_service_of_ours_sends_are_errors() {
        let html = "<!DOCTYPE html><html><head><TITLE>Log\n in</TITLE></head>";
        refused(
            200,
            html,
            "schema registry at http://h:1 answered 200 with HTML, not JSON: \"Log in\"",
            Exit::Usage,
        );
        refused(502, html, "schema registry at http://h:1 answered 502: \"Log in\"", Exit::Unavailable);
        refused(403, html, "schema registry at http://h:1 does not allow this: \"Log in\"", Exit::Usage);
        refused(
            401,
            r#"{"error_code":401,"message":"Unauthorized"}"#,
            "schema registry at http://h:1 rejected the credentials: Unauthorized",
            Exit::Usage,
        );
        refused(
            404,
            "not found\u{1b}[31m",
            "schema registry at http://h:1 answered 404 with plain text, not JSON: not found [31m",
            Exit::Usage,
        );
    }

    #[test]
    fn errors_of_the_service_itself_are_the_callers_to_read() {
        let reply = reply(404, r#"{"error_code":40401,"message":"Subject 's' not found."}"#);
        let reply = reply.ensure_usable().unwrap();
        assert_eq!(reply.error_code(), Some(40401));
        assert_eq!(reply.detail(), "Subject 's' not found.");
    }

    #[test]
    fn json_of_another_shape_is_named_with_its_beginning() {
        let error = reply(200, r#"{"a":1}"#).json::<Vec<String>>().unwrap_err();
        assert!(error.to_string().contains("answered 200 with JSON of another shape: invalid type: map"));
        let error = reply(200, "{\"a\":").json::<Value>().unwrap_err();
        assert!(error.to_string().ends_with("with broken JSON: {\"a\":"), "{error}");
    }

    #[test]
    fn a_long_body_is_cut() {
        assert_eq!(shorten(&"é".repeat(300)).chars().count(), SHOWN + 1);
    }
}
