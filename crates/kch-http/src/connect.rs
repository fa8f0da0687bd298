//! Connections: straight to the service, to a proxy that passes requests on, or through one that tunnels; with TLS or
//! without. One type for all, so that there is one HTTP client.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_tls::HttpsConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use tower_service::Service;

use crate::endpoint::Endpoint;
use crate::{Error, tls};

/// How long making a connection may take, TLS not included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Stream, Failed>> + Send>>;

/// Makes connections to one endpoint.
#[derive(Clone, Debug)]
pub(crate) enum Connector {
    Plain(HttpConnector),
    Tls(HttpsConnector<HttpConnector>),
    /// To the proxy at this address, whatever the request's is.
    Passed(HttpConnector, Uri),
    Tunnelled(HttpsConnector<Tunnel<HttpConnector>>),
}

impl Connector {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Connector, Error> {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.set_nodelay(true);
        http.enforce_http(false);
        Ok(match (&endpoint.proxy, endpoint.https) {
            (None, false) => Connector::Plain(http),
            (None, true) => Connector::Tls(HttpsConnector::from((http, tls::connector(endpoint)?.into()))),
            (Some(proxy), false) => Connector::Passed(http, proxy.uri.clone()),
            (Some(proxy), true) => {
                let tunnel = Tunnel::new(proxy.uri.clone(), http);
                let tunnel = match &proxy.authorization {
                    Some(authorization) => tunnel.with_auth(authorization.clone()),
                    None => tunnel,
                };
                Connector::Tunnelled(HttpsConnector::from((tunnel, tls::connector(endpoint)?.into())))
            }
        })
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Failed;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        match self {
            Connector::Plain(http) | Connector::Passed(http, _) => http.poll_ready(cx).map_err(Into::into),
            Connector::Tls(tls) => tls.poll_ready(cx),
            Connector::Tunnelled(tunnel) => tunnel.poll_ready(cx),
        }
    }

    fn call(&mut self, target: Uri) -> Connecting {
        match self {
            Connector::Plain(http) => open(http.call(target), false),
            Connector::Passed(http, proxy) => open(http.call(proxy.clone()), true),
            Connector::Tls(tls) => open(tls.call(target), false),
            Connector::Tunnelled(tunnel) => open(tunnel.call(target), false),
        }
    }
}

fn open<T, E>(connecting: impl Future<Output = Result<T, E>> + Send + 'static, passed: bool) -> Connecting
where
    T: Transport + 'static,
    E: Into<Failed>,
{
    Box::pin(async move {
        let transport = connecting.await.map_err(Into::into)?;
        Ok(Stream { transport: Box::new(transport), passed })
    })
}

/// What bytes go through.
trait Transport: Read + Write + Connection + Send + Unpin {}

impl<T: Read + Write + Connection + Send + Unpin> Transport for T {}

/// An open connection.
pub(crate) struct Stream {
    transport: Box<dyn Transport>,
    /// A proxy is at the other end, which wants the whole URL.
    passed: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.transport.connected().proxy(self.passed)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.transport).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.transport).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.transport).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.transport).poll_write_vectored(cx, parts)
    }
}
