//! Tests against a real stack. Their names end in `_live`.
//!
//! A stack that is not up is a skip, said on stderr; with `KCH_LIVE=1` it is a failure, and with `KCH_LIVE=0` nobody asks.

#[cfg(feature = "kafka")]
mod topics;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;

use crate::Scene;
use crate::plain::{self, Place};

/// What a test needs of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The brokers.
    Kafka,
    /// The Schema Registry.
    Registry,
    /// Kafka Connect.
    Connect,
    /// ClickHouse over HTTP.
    ClickHouse,
}

/// The variables that say where a service is, with the value of a stack without `.env` and `.env.example`.
const SETTINGS: &[(&str, &str)] = &[
    ("BOOTSTRAP_SERVERS", "localhost:19092,localhost:29092,localhost:39092"),
    ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
    ("KAFKA_SASL_MECHANISM", "PLAIN"),
    ("KAFKA_CLIENT_SASL_USERNAME", "client"),
    ("KAFKA_CLIENT_SASL_PASSWORD", "change_me"),
    ("SCHEMA_REGISTRY_URL", "http://localhost:8081"),
    ("SCHEMA_REGISTRY_USERNAME", ""),
    ("SCHEMA_REGISTRY_PASSWORD", ""),
    ("CONNECT_URL", "http://localhost:8083"),
    ("CONNECT_USERNAME", ""),
    ("CONNECT_PASSWORD", ""),
    ("CLICKHOUSE_HTTP", "http://localhost:18123"),
    ("CLICKHOUSE_USER", "admin"),
    ("CLICKHOUSE_PASSWORD", "clickhouse"),
    ("CLICKHOUSE_DATABASE", "default"),
];

/// The stack with all its services, or `None` when the test shall pass without it.
///
/// # Panics
/// When the stack is not up and `KCH_LIVE=1`.
#[must_use]
#[track_caller]
pub fn stack() -> Option<Stack> {
    need(&[Service::Kafka, Service::Registry, Service::Connect, Service::ClickHouse])
}

/// The stack with these services, or `None` when the test shall pass without it.
///
/// ```no_run
/// # use kch_test::live::{self, Service};
/// fn counts_rows_live() {
///     let Some(stack) = live::need(&[Service::ClickHouse]) else { return };
///     stack.scene().tool("ch-query").arg("SELECT 1").run().succeeds();
/// }
/// ```
///
/// # Panics
/// When one is not up and `KCH_LIVE=1`.
#[must_use]
#[track_caller]
pub fn need(services: &[Service]) -> Option<Stack> {
    let wanted = std::env::var_os("KCH_LIVE");
    if wanted.as_ref().is_some_and(|value| value == "0") {
        return None;
    }
    let required = wanted.is_some_and(|value| value == "1");
    let stack = Stack::new();
    let began = Instant::now();
    loop {
        let missing: Vec<String> = services.iter().filter_map(|&service| stack.missing(service)).collect();
        if missing.is_empty() {
            return Some(stack);
        }
        let why = format!("the stack is not up: {}", missing.join(", "));
        if !required {
            say(&format!("skipped: {why}"));
            return None;
        }
        // A busy service may not take a connection at once.
        assert!(began.elapsed() < Duration::from_secs(30), "{why}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[expect(clippy::print_stderr, reason = "the test runner captures and shows it")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// A stack that is up.
pub struct Stack {
    settings: BTreeMap<String, String>,
    tables: RefCell<Vec<String>>,
    subjects: RefCell<Vec<String>>,
    #[cfg(feature = "kafka")]
    topics: RefCell<Vec<String>>,
    #[cfg(feature = "kafka")]
    groups: RefCell<Vec<String>>,
}

/// Passwords stay out.
impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}

impl Stack {
    fn new() -> Stack {
        Stack {
            settings: settings(),
            tables: RefCell::default(),
            subjects: RefCell::default(),
            #[cfg(feature = "kafka")]
            topics: RefCell::default(),
            #[cfg(feature = "kafka")]
            groups: RefCell::default(),
        }
    }

    /// A fresh scene whose settings point at the stack.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let given = self.settings.iter().filter(|(_, value)| !value.is_empty());
        given.fold(Scene::new(), |scene, (name, value)| scene.env(name, value))
    }

    /// One of the stack's settings, empty when it has none.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    /// A name that no other test has: `name` and a suffix of letters and digits.
    #[must_use]
    pub fn unique(&self, name: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("{name}{}x{:x}x{count}", now % 100_000_000, std::process::id())
    }

    /// A table name of its own; the table is dropped at the end.
    #[must_use]
    pub fn unique_table(&self, name: &str) -> String {
        let table = self.unique(&format!("test_{name}_"));
        self.tables.borrow_mut().push(table.clone());
        table
    }

    /// A subject name of its own; the subject is deleted at the end.
    #[must_use]
    pub fn unique_subject(&self, name: &str) -> String {
        let subject = self.unique(&format!("test-{name}-"));
        self.delete_subject_later(&subject);
        subject
    }

    /// Deletes a subject, such as `TOPIC-value`, at the end.
    pub fn delete_subject_later(&self, subject: &str) {
        self.subjects.borrow_mut().push(subject.to_owned());
    }

    /// Asks ClickHouse itself, past our tools.
    ///
    /// # Panics
    /// When it answers with an error.
    #[track_caller]
    pub fn clickhouse(&self, sql: &str) -> String {
        let (status, text) = self.ask_clickhouse(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(status == 200, "{sql}: {status}: {text}");
        text
    }

    /// Asks the Schema Registry itself: the status and the body.
    #[track_caller]
    pub fn registry(&self, method: &str, path: &str, body: Option<&str>) -> (u16, String) {
        self.ask("SCHEMA_REGISTRY", "application/vnd.schemaregistry.v1+json", method, path, body)
    }

    /// Asks Kafka Connect itself: the status and the body.
    #[track_caller]
    pub fn connect(&self, method: &str, path: &str, body: Option<&str>) -> (u16, String) {
        self.ask("CONNECT", "application/json", method, path, body)
    }

    /// The same where nothing may fail, as in a clean-up.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn try_connect(&self, method: &str, path: &str, body: Option<&str>) -> io::Result<(u16, String)> {
        self.try_ask("CONNECT", "application/json", method, path, body.unwrap_or_default())
    }

    #[track_caller]
    fn ask(&self, service: &str, mime: &str, method: &str, path: &str, body: Option<&str>) -> (u16, String) {
        let answer = self.try_ask(service, mime, method, path, body.unwrap_or_default());
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_ask(
        &self,
        service: &str,
        mime: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> io::Result<(u16, String)> {
        let user = self.setting(&format!("{service}_USERNAME"));
        let password = self.setting(&format!("{service}_PASSWORD"));
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let basic = format!("Basic {basic}");
        let mut headers = vec![("Content-Type", mime), ("Accept", "*/*")];
        if !user.is_empty() {
            headers.push(("Authorization", &basic));
        }
        plain::ask(&self.place(&format!("{service}_URL"))?, method, path, &headers, body)
    }

    fn ask_clickhouse(&self, sql: &str) -> io::Result<(u16, String)> {
        let headers = [
            ("X-ClickHouse-User", self.setting("CLICKHOUSE_USER")),
            ("X-ClickHouse-Key", self.setting("CLICKHOUSE_PASSWORD")),
            ("X-ClickHouse-Database", self.setting("CLICKHOUSE_DATABASE")),
        ];
        plain::ask(&self.place("CLICKHOUSE_HTTP")?, "POST", "/", &headers, sql)
    }

    fn place(&self, name: &str) -> io::Result<Place> {
        Place::parse(self.setting(name))
            .ok_or_else(|| io::Error::other(format!("{name} is no http:// address")))
    }

    fn missing(&self, service: Service) -> Option<String> {
        let (name, address) = match service {
            Service::Kafka => {
                ("BOOTSTRAP_SERVERS", self.setting("BOOTSTRAP_SERVERS").split(',').next()?.to_owned())
            }
            Service::Registry => ("SCHEMA_REGISTRY_URL", self.host("SCHEMA_REGISTRY_URL")),
            Service::Connect => ("CONNECT_URL", self.host("CONNECT_URL")),
            Service::ClickHouse => ("CLICKHOUSE_HTTP", self.host("CLICKHOUSE_HTTP")),
        };
        let mut addresses = address.to_socket_addrs().into_iter().flatten();
        let up = addresses.any(|to| TcpStream::connect_timeout(&to, Duration::from_millis(500)).is_ok());
        (!up).then(|| format!("{name}={address} does not answer"))
    }

    fn host(&self, name: &str) -> String {
        self.place(name).map(|place| place.authority).unwrap_or_default()
    }
}

/// The process environment over the workspace's `.env`, else its `.env.example`, over the defaults above.
fn settings() -> BTreeMap<String, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let file =
        [".env", ".env.example"].map(|name| workspace.join(name)).into_iter().find(|path| path.is_file());
    let file: BTreeMap<String, String> = file
        .and_then(|path| dotenvy::from_path_iter(path).ok())
        .map(|pairs| pairs.flatten().collect())
        .unwrap_or_default();
    let value = |name: &str, default: &str| {
        let environment = std::env::var_os(name).and_then(|value| value.into_string().ok());
        let given = environment.or_else(|| file.get(name).cloned()).filter(|value| !value.is_empty());
        given.unwrap_or_else(|| default.to_owned())
    };
    SETTINGS.iter().map(|&(name, default)| (name.to_owned(), value(name, default))).collect()
}

/// As one segment of a path.
fn encoded(subject: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    subject.bytes().map(encode).collect()
}

/// What a test made is worth a try to remove, and no reason to fail.
impl Drop for Stack {
    fn drop(&mut self) {
        for table in self.tables.take() {
            let _ = self.ask_clickhouse(&format!("DROP TABLE IF EXISTS {table} SYNC"));
        }
        // What others refer to is not deleted before they are; they come later.
        for subject in self.subjects.take().into_iter().rev() {
            let subject = encoded(&subject);
            for path in [format!("/subjects/{subject}"), format!("/subjects/{subject}?permanent=true")] {
                let _ = self.try_ask("SCHEMA_REGISTRY", "*/*", "DELETE", &path, "");
            }
        }
        #[cfg(feature = "kafka")]
        topics::delete(self, &self.topics.take());
        #[cfg(feature = "kafka")]
        topics::delete_groups(self, self.groups.take());
    }
}
