//! Asynchronous requests to one endpoint, streaming both ways. Needs a tokio runtime with I/O and time enabled; one on
//! the current thread is enough.

use std::time::Duration;

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Method, request};
use hyper_tls::HttpsConnector;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::endpoint::Endpoint;
use crate::{Body, Error, tls};

/// A response whose body is still to be read: `http_body_util::BodyExt` has `frame` and `collect`.
pub type Response = http::Response<hyper::body::Incoming>;

/// How long making a connection may take, TLS not included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends requests to one endpoint. Keeps connections open between them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    authorization: Option<HeaderValue>,
    transport: Transport,
}

#[derive(Clone, Debug)]
enum Transport {
    Plain(HyperClient<HttpConnector, Body>),
    Tls(HyperClient<HttpsConnector<HttpConnector>, Body>),
}

impl Client {
    /// A client of `endpoint`. Connects at the first request.
    ///
    /// # Errors
    /// [`Error::Setting`] when a certificate or key file cannot be used.
    pub fn new(endpoint: Endpoint) -> Result<Client, Error> {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.set_nodelay(true);
        http.enforce_http(false);
        let mut builder = HyperClient::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new());
        let transport = if endpoint.https {
            let tls = tls::connector(&endpoint)?;
            Transport::Tls(builder.build(HttpsConnector::from((http, tls.into()))))
        } else {
            Transport::Plain(builder.build(http))
        };
        let authorization = endpoint.authorization_header()?;
        Ok(Client { endpoint, authorization, transport })
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

    /// Sends a request and waits for the response's head. There is no deadline here: wrap it in `tokio::time::timeout`.
    ///
    /// A server may answer before it has read the whole body, with an error for instance; the response then comes while
    /// the body is still being sent.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when no connection could be made or it broke, whatever the status of a response is.
    pub async fn send(&self, request: http::Request<Body>) -> Result<Response, Error> {
        let sent = match &self.transport {
            Transport::Plain(client) => client.request(request).await,
            Transport::Tls(client) => client.request(request).await,
        };
        sent.map_err(|error| Error::from_transport(self.endpoint.place(), &error, error.is_connect()))
    }

    /// The error for a response's body that broke off while it was read.
    #[must_use]
    pub fn broken(&self, error: &hyper::Error) -> Error {
        Error::from_transport(self.endpoint.place(), error, false)
    }
}
