//! How the client behaves with servers that misbehave on purpose.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod nodes;
mod proxies;
mod replies;
mod tls;
mod transport;

use std::time::Duration;

use kch_cli::Settings;
use kch_http::{Limits, REGISTRY, Service};
use wiremock::MockServer;

/// A mock server that runs beside the test's thread, which is free for blocking calls.
struct Mock {
    runtime: tokio::runtime::Runtime,
    server: MockServer,
}

impl Mock {
    fn start() -> Mock {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = runtime.block_on(MockServer::start());
        Mock { runtime, server }
    }

    fn mount(&self, mock: wiremock::Mock) {
        self.runtime.block_on(mock.mount(&self.server));
    }

    fn requests(&self) -> Vec<wiremock::Request> {
        self.runtime.block_on(self.server.received_requests()).unwrap()
    }

    fn service(&self) -> Service {
        service(&self.server.uri())
    }
}

/// An answer that comes may take long on a busy machine; what never comes is soon given up.
const LIMITS: Limits = Limits {
    request: Duration::from_secs(20),
    unreachable: Duration::from_millis(300),
    busy: Duration::from_secs(5),
};

fn service(url: &str) -> Service {
    service_with(&[("SCHEMA_REGISTRY_URL", url)])
}

fn service_with(settings: &[(&str, &str)]) -> Service {
    let settings = Settings::from_pairs(settings.iter().copied());
    Service::from_settings(&settings, &REGISTRY).unwrap().limits(LIMITS)
}
