//! One HTTP client for Schema Registry, Kafka Connect and ClickHouse, so that all three have the same credentials, TLS
//! settings, retries and error text.
//!
//! - [`Endpoint`]: where a service is and how we show who we are, from the settings; builds URLs by segments.
//! - [`Client`]: asynchronous requests to an endpoint, streaming both ways. ClickHouse needs this much.
//! - [`Service`]: one request, one reply, without async: retries, deadlines, several nodes with failover, and replies that
//!   are not what they should be.
//!
//! The constraint it keeps: no password, token or header of the user's ever reaches an error text, a log or another host.
//! Redirects are not followed, they are reported.
//!
//! It stands on hyper, not on reqwest: reqwest loads the system's certificate authorities before its first request even
//! to an `http://` address, which takes 110 ms where the whole request takes one.

pub mod body;
mod client;
mod connect;
mod endpoint;
mod error;
mod head;
mod headers;
mod nodes;
mod proxy;
mod reply;
mod retry;
mod service;
mod tls;
mod vars;

pub use bytes::Bytes;
pub use http::{HeaderMap, Method, header};

pub use body::Body;
pub use client::{Client, Response};
pub use endpoint::Endpoint;
pub use error::{Error, Place};
pub use reply::{Reply, shorten};
pub use retry::Limits;
pub use service::{Request, Service};
pub use vars::{CLICKHOUSE, CONNECT, EndpointVars, OTHER_REGISTRY, REGISTRY};
