//! The nodes of CLICKHOUSE_HTTP: which of them is asked.
//!
//! The constraint it keeps: a request goes to one node, and never to a second one once the first may have begun with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use http_body_util::{BodyExt as _, Limited};
use kch_cli::{Result, Settings};
use kch_http::{CLICKHOUSE, Client, Endpoint, body};

/// How long a node may take to answer a ping before the next one is asked.
const PING: Duration = Duration::from_secs(2);

/// One client for each node. Cheap to clone; clones share which node is asked.
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    clients: Arc<[Client]>,
    current: Arc<AtomicUsize>,
}

impl Nodes {
    pub(crate) fn from_settings(settings: &Settings) -> Result<Nodes> {
        let endpoints = Endpoint::all_from_settings(settings, &CLICKHOUSE)?;
        let clients = endpoints.into_iter().map(Client::new).collect::<std::result::Result<Arc<_>, _>>()?;
        Ok(Nodes { clients, current: Arc::default() })
    }

    /// The node that was asked last, or is asked first.
    pub(crate) fn current(&self) -> &Client {
        &self.clients[self.current.load(Ordering::Relaxed)]
    }

    /// The node to ask now. One that stands alone is simply asked. Of several, the first that answers a ping, beginning
    /// with the current one; if none does, the current one, whose failure says why.
    pub(crate) async fn find_live(&self) -> &Client {
        let first = self.current.load(Ordering::Relaxed);
        let count = self.clients.len();
        if count > 1 {
            for at in (first..first + count).map(|at| at % count) {
                if answers(&self.clients[at]).await {
                    self.current.store(at, Ordering::Relaxed);
                    break;
                }
            }
        }
        self.current()
    }
}

async fn answers(client: &Client) -> bool {
    let Ok(request) = client.request(Method::GET, &["ping"], &[]).body(body::empty()) else { return false };
    let pinged = async {
        let response = client.send(request).await.ok()?;
        let up = response.status().is_success();
        // Read to its end, so that the connection can be used for the query.
        let text = Limited::new(response.into_body(), 4096).collect().await.ok()?.to_bytes();
        Some(up && text.trim_ascii() == b"Ok.")
    };
    tokio::time::timeout(PING, pinged).await.ok().flatten().unwrap_or(false)
}
