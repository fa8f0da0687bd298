//! Connections: straight to the service, to a proxy that passes requests on, or through one that tunnels; with TLS or
//! without. One type for all, so that there is one HTTP client.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_tls::HttpsConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use tower_service::Service;

use crate::endpoint::Endpoint;
use crate::head::{Head, Watched};
use crate::{Error, tls};

/// How long making a connection may take, TLS not included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Stream, Failed>> + Send>>;

/// Makes connections to one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    way: Way,
    watched: Option<Watched>,
}

#[derive(Clone, Debug)]
enum Way {
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
        let way = match (&endpoint.proxy, endpoint.https) {
            (None, false) => Way::Plain(http),
            (None, true) => Way::Tls(HttpsConnector::from((http, tls::connector(endpoint)?.into()))),
            (Some(proxy), false) => Way::Passed(http, proxy.uri.clone()),
            (Some(proxy), true) => {
                let tunnel = Tunnel::new(proxy.uri.clone(), http);
                let tunnel = match &proxy.authorization {
                    Some(authorization) => tunnel.with_auth(authorization.clone()),
                    None => tunnel,
                };
                Way::Tunnelled(HttpsConnector::from((tunnel, tls::connector(endpoint)?.into())))
            }
        };
        Ok(Connector { way, watched: None })
    }

    /// The same, for connections that serve one response each, whose head is watched.
    pub(crate) fn watching(&self, watched: Watched) -> Connector {
        Connector { way: self.way.clone(), watched: Some(watched) }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Failed;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        match &mut self.way {
            Way::Plain(http) | Way::Passed(http, _) => http.poll_ready(cx).map_err(Into::into),
            Way::Tls(tls) => tls.poll_ready(cx),
            Way::Tunnelled(tunnel) => tunnel.poll_ready(cx),
        }
    }

    fn call(&mut self, target: Uri) -> Connecting {
        let head = self.watched.clone().map(Head::new);
        match &mut self.way {
            Way::Plain(http) => open(http.call(target), false, head),
            Way::Passed(http, proxy) => open(http.call(proxy.clone()), true, head),
            Way::Tls(tls) => open(tls.call(target), false, head),
            Way::Tunnelled(tunnel) => open(tunnel.call(target), false, head),
        }
    }
}

fn open<T, E>(
    connecting: impl Future<Output = Result<T, E>> + Send + 'static,
    passed: bool,
    head: Option<Head>,
) -> Connecting
where
    T: Transport + 'static,
    E: Into<Failed>,
{
    Box::pin(async move {
        let transport = connecting.await.map_err(Into::into)?;
        Ok(Stream { transport: Box::new(transport), passed, head, ready: Vec::new() })
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
    /// The head of the one response, until it has ended.
    head: Option<Head>,
    /// What was read with it and is to be passed on.
    ready: Vec<u8>,
}

impl Stream {
    /// Reads until there is something to pass on, or nothing more comes.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(head) = self.head.as_mut().filter(|_| self.ready.is_empty()) {
            let mut bytes = [0; 8 << 10];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut *self.transport).poll_read(cx, read.unfilled()))?;
            head.feed(read.filled(), &mut self.ready);
            if head.has_ended() {
                self.head = None;
            }
        }
        Poll::Ready(Ok(()))
    }
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
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_head(cx))?;
        if !self.ready.is_empty() {
            let count = self.ready.len().min(buffer.remaining());
            buffer.put_slice(&self.ready[..count]);
            self.ready.drain(..count);
            return Poll::Ready(Ok(()));
        }
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
