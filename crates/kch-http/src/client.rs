//! Asynchronous requests to one endpoint, streaming both ways. Needs a tokio runtime with I/O and time enabled; one on
//! the current thread is enough.

use std::sync::Arc;

use http::header::{AUTHORIZATION, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Method, StatusCode, request};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connect::Connector;
use crate::endpoint::Endpoint;
use crate::head::Watched;
use crate::{Body, Error};

/// A response whose body is still to be read: `http_body_util::BodyExt` has `frame` and `collect`.
pub type Response = http::Response<hyper::body::Incoming>;

/// Sends requests to one endpoint. Keeps connections open between them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    authorization: Option<HeaderValue>,
    connector: Connector,
    transport: HyperClient<Connector, Body>,
}

impl Client {
    /// A client of `endpoint`. Connects at the first request.
    ///
    /// # Errors
    /// [`Error::Setting`] when a certificate or key file cannot be used.
    pub fn new(endpoint: Endpoint) -> Result<Client, Error> {
        let connector = Connector::new(&endpoint)?;
        let mut builder = HyperClient::builder(TokioExecutor::new());
        let transport = builder.pool_timer(TokioTimer::new()).build(connector.clone());
        let authorization = endpoint.authorization_header()?;
        Ok(Client { endpoint, authorization, connector, transport })
    }

    /// A client of the same endpoint, with a connection for each request, that tells the values of this header while a
    /// response's head is still coming. The response itself does not have them, so there may be any number.
    #[must_use]
    pub fn watching_heads(&self, name: &'static str, seen: impl Fn(&[u8]) + Send + Sync + 'static) -> Client {
        let connector = self.connector.watching(Watched { name, seen: Arc::new(seen) });
        let mut builder = HyperClient::builder(TokioExecutor::new());
        let transport = builder.pool_max_idle_per_host(0).build(connector.clone());
        Client { transport, connector, ..self.clone() }
    }

    /// The endpoint that requests go to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// A request below the endpoint's base URL, with the credentials; add headers and a body.
    #[must_use]
    pub fn request(&self, method: Method, segments: &[&str], query: &[(&str, &str)]) -> request::Builder {
        let mut builder = http::Request::builder()
            .method(method)
            .uri(self.endpoint.uri(segments, query))
            .header(USER_AGENT, concat!("kafka-clickhouse/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = &self.authorization {
            builder = builder.header(AUTHORIZATION, authorization.clone());
        }
        builder
    }

    /// Sends a request and waits for the response's head. The user's own headers go with it and beat ours. There is no
    /// deadline here: wrap it in `tokio::time::timeout`.
    ///
    /// A server may answer before it has read the whole body, with an error for instance; the response then comes while
    /// the body is still being sent.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when no connection could be made or it broke, [`Error::Proxy`] when the proxy refuses us;
    /// whatever the status of a response is.
    pub async fn send(&self, mut request: http::Request<Body>) -> Result<Response, Error> {
        let headers = request.headers_mut();
        for name in self.endpoint.headers.keys() {
            headers.remove(name);
            for value in self.endpoint.headers.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        if let Some(authorization) = self.endpoint.proxy_authorization() {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let response = self
            .transport
            .request(request)
            .await
            .map_err(|error| Error::from_transport(self.endpoint.place(), &error, error.is_connect()))?;
        match (response.status(), &self.endpoint.proxy) {
            (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(_)) => {
                Err(Error::Proxy { place: self.endpoint.place() })
            }
            _ => Ok(response),
        }
    }

    /// The error for a response's body that broke off while it was read.
    #[must_use]
    pub fn broken(&self, error: &hyper::Error) -> Error {
        Error::from_transport(self.endpoint.place(), error, false)
    }
}
