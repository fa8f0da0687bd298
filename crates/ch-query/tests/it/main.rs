//! What a user sees of `ch-query`: exact text, exact exit codes.

mod answers;
mod arguments;
mod checks;
mod help;
mod inserts;
mod live;
mod loads;
mod queries;
mod tls;
mod verbs;

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

fn scene(server: &RawServer) -> Scene {
    Scene::new().env("CLICKHOUSE_HTTP", server.url()).env("CLICKHOUSE_PASSWORD", "hunter2")
}
