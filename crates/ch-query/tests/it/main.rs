//! What a user sees of `ch-query`: exact text, exact exit codes.

mod answers;
mod arguments;
mod checks;
mod help;
mod inserts;
mod live;
mod loads;
mod losses_live;
mod queries;
mod schemas;
mod tls;
mod verbs;

use std::time::{Duration, Instant};

use kch_test::{RawServer, Scene};

/// The head of a chunked answer of ClickHouse, with one more header.
fn head(header: &str) -> String {
    let more = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
    format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-ClickHouse-Format: JSONEachRow\r\n\
         X-ClickHouse-Query-Id: q\r\n{more}\r\n"
    )
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

const LAST_CHUNK: &str = "0\r\n\r\n";

/// How long a test waits for what must come, on the slowest of machines.
const LIMIT: Duration = Duration::from_secs(40);

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What the server has read in whole from so many connections that sent this text.
fn ended(server: &RawServer, text: &str, connections: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    wait_until(&format!("{connections} connections with {text} have ended"), || {
        found = server.received();
        found.retain(|bytes| String::from_utf8_lossy(bytes).contains(text));
        found.len() >= connections
    });
    found
}

fn scene(server: &RawServer) -> Scene {
    Scene::new().env("CLICKHOUSE_HTTP", server.url()).env("CLICKHOUSE_PASSWORD", "hunter2")
}
