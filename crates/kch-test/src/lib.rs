//! The test harness: a fresh [`Scene`], a [`Tool`] to run in it, an [`Outcome`] to ask, servers that misbehave on
//! purpose, and the live stack.
//!
//! The constraint it keeps: nothing hangs and nothing is left behind. Each child is killed at its timeout and when its
//! handle is dropped, each server stops with its value.
//!
//! ```no_run
//! use kch_test::{HttpStub, Scene};
//!
//! let registry = HttpStub::start();
//! registry.reply("GET", "/subjects", 200, r#"["a","b"]"#);
//! let scene = Scene::new().env("SCHEMA_REGISTRY_URL", registry.url());
//! scene.tool("sr").args(["subjects"]).run().succeeds().stdout_is("{\"subject\":\"a\"}\n{\"subject\":\"b\"}\n");
//! ```

mod diff;
mod foreign;
mod http;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod live;
mod outcome;
mod plain;
mod port;
mod raw;
mod running;
mod scene;
mod tls;
mod tool;

pub use foreign::{foreign_file, foreign_schemas};
pub use http::HttpStub;
pub use outcome::Outcome;
pub use port::free_address;
pub use raw::{RawServer, Step};
pub use running::{Running, Signal};
pub use scene::Scene;
pub use tls::TlsServer;
pub use tool::Tool;
pub use wiremock;
