//! wiremock for tests that are not async: it runs a tokio runtime of its own.

use tokio::runtime::{Builder, Runtime};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// An HTTP server that answers as told and remembers what it was asked. Stops when dropped.
pub struct HttpStub {
    // Before the runtime, so that it is dropped while that one still runs.
    server: Option<MockServer>,
    runtime: Runtime,
}

impl std::fmt::Debug for HttpStub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HttpStub").field(&self.url()).finish()
    }
}

impl HttpStub {
    /// Starts on a free port of the loopback address. What is not mounted is answered with 404.
    ///
    /// # Panics
    /// When no runtime can be made.
    #[must_use]
    pub fn start() -> HttpStub {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a tokio runtime");
        let server = runtime.block_on(MockServer::start());
        HttpStub { server: Some(server), runtime }
    }

    fn server(&self) -> &MockServer {
        self.server.as_ref().expect("the server runs until it is dropped")
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.server().uri()
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.server().address().to_string()
    }

    /// Mounts a mock of wiremock's own, for matchers, sequences and delays.
    pub fn mount(&self, mock: Mock) -> &HttpStub {
        self.runtime.block_on(mock.mount(self.server()));
        self
    }

    /// Answers `METHOD path` (without its query string) with this status and body, as JSON if the body is JSON.
    pub fn reply(&self, verb: &str, at: &str, status: u16, body: &str) -> &HttpStub {
        let json = serde_json::from_str::<serde_json::Value>(body).is_ok();
        let mime = if json { "application/json" } else { "text/plain; charset=UTF-8" };
        let response = ResponseTemplate::new(status).set_body_raw(body.to_owned(), mime);
        self.mount(Mock::given(method(verb)).and(path(at)).respond_with(response))
    }

    /// Forgets what was mounted and asked.
    pub fn reset(&self) -> &HttpStub {
        self.runtime.block_on(self.server().reset());
        self
    }

    /// What it was asked so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.runtime.block_on(self.server().received_requests()).unwrap_or_default()
    }

    /// What it was asked, as `METHOD path?query`.
    #[must_use]
    pub fn request_lines(&self) -> Vec<String> {
        let line = |request: &Request| {
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            format!("{} {}{query}", request.method, request.url.path())
        };
        self.requests().iter().map(line).collect()
    }

    /// The bodies of what it was asked, as text.
    #[must_use]
    pub fn request_bodies(&self) -> Vec<String> {
        self.requests().iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect()
    }
}

impl Drop for HttpStub {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.server = None;
    }
}
