//! One request, one reply: the blocking side. Owns the deadline, the tries and their pauses, and which node is asked.
//!
//! Of several nodes the next one is asked when one does not answer, or only says that it cannot now; not so for what
//! must not be done twice and may have arrived, nor when one has a certificate that is not trusted.

use std::time::{Duration, Instant};

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kch_cli::{Exit, Explain, Settings, Signals};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::nodes::Nodes;
use crate::retry::{Limits, asked_pause, pause};
use crate::{Bytes, Client, Endpoint, EndpointVars, Error, Place, Reply, body};

/// The largest reply that is read.
const LARGEST_REPLY: usize = 64 << 20;
/// The pause between two probes of a service that is starting.
const BETWEEN_PROBES: Duration = Duration::from_millis(250);
/// How long a node has for a reading request while another one could be asked.
const READ_BEFORE_NEXT: Duration = Duration::from_secs(5);
const JSON: &str = "application/json";

/// A service that speaks JSON over HTTP. Calls block; several threads may call at once. Not for use inside async code.
#[derive(Debug)]
pub struct Service {
    nodes: Nodes,
    /// Always there, except while it is dropped.
    runtime: Option<Runtime>,
    limits: Limits,
    signals: Signals,
    busy: fn(&Reply) -> bool,
}

impl Service {
    /// A service at `endpoint`. Connects at the first request.
    ///
    /// # Errors
    /// [`Error::Setting`] when a certificate or key file cannot be used.
    pub fn new(endpoint: Endpoint) -> Result<Service, Error> {
        Service::of(Nodes::new(endpoint, &[])?)
    }

    /// The service that the settings name, at one address or at several, separated by commas: nodes that know the same.
    ///
    /// # Errors
    /// A usage failure when a setting cannot work.
    pub fn from_settings(settings: &Settings, vars: &'static EndpointVars) -> kch_cli::Result<Service> {
        let (first, others) = Endpoint::first_and_others(settings, vars)?;
        Ok(Service::of(Nodes::new(first, &others)?)?)
    }

    /// The same service, for what must be done although a signal has come.
    ///
    /// # Errors
    /// [`Error::Setting`] when a certificate or key file cannot be used any more.
    pub fn without_signals(&self) -> Result<Service, Error> {
        let service = Service::of(self.nodes.anew()?)?;
        Ok(service.limits(self.limits).busy_when(self.busy))
    }

    fn of(nodes: Nodes) -> Result<Service, Error> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                let why = format!("the system has no resources for a request: {error}");
                let place = nodes.current().endpoint().place();
                Error::Unreachable { place, connected: false, transient: false, why, hint: None }
            })?;
        Ok(Service {
            nodes,
            runtime: Some(runtime),
            limits: Limits::default(),
            signals: Signals::none(),
            busy: |_| false,
        })
    }

    /// How long a call may take.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Service {
        self.limits = limits;
        self
    }

    /// Lets a signal end a call at once.
    #[must_use]
    pub fn signals(mut self, signals: Signals) -> Service {
        self.signals = signals;
        self
    }

    /// Which replies, besides 429, 502, 503 and 504, mean "not now": 409 during a rebalance of Connect, for instance.
    #[must_use]
    pub fn busy_when(mut self, busy: fn(&Reply) -> bool) -> Service {
        self.busy = busy;
        self
    }

    /// Where it is: of several nodes, the one that answered last.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.nodes.current().endpoint()
    }

    /// A GET of these path segments below the base URL.
    pub fn get<'a>(&'a self, segments: &'a [&'a str]) -> Request<'a> {
        Request::new(self, Method::GET, segments)
    }

    /// A PUT, which may be repeated.
    pub fn put<'a>(&'a self, segments: &'a [&'a str]) -> Request<'a> {
        Request::new(self, Method::PUT, segments)
    }

    /// A POST. Not repeated once it may have arrived, unless it is [`Request::repeatable`].
    pub fn post<'a>(&'a self, segments: &'a [&'a str]) -> Request<'a> {
        Request::new(self, Method::POST, segments)
    }

    /// A PATCH that says what shall be, not what shall be added: it may be repeated.
    pub fn patch<'a>(&'a self, segments: &'a [&'a str]) -> Request<'a> {
        Request::new(self, Method::PATCH, segments)
    }

    /// A DELETE. Repeated when it may have arrived; a 404 then has [`Reply::retried`] set.
    pub fn delete<'a>(&'a self, segments: &'a [&'a str]) -> Request<'a> {
        Request::new(self, Method::DELETE, segments)
    }

    /// Waits, unless a signal comes.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn pause(&self, duration: Duration) -> Result<(), Error> {
        let end = Instant::now() + duration;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.ensure_not_interrupted()?;
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
        self.ensure_not_interrupted()
    }

    /// Asks until the answer is no longer that the service is unavailable, or the time is over.
    ///
    /// # Errors
    /// The last error of `probe`, or a signal.
    pub fn wait_for<T, E>(&self, timeout: Duration, probe: impl Fn() -> Result<T, E>) -> Result<T, E>
    where
        E: Explain + From<Error>,
    {
        let end = Instant::now() + timeout;
        loop {
            match probe() {
                Err(error) if error.exit() == Exit::Unavailable && Instant::now() + BETWEEN_PROBES < end => {
                    self.pause(BETWEEN_PROBES)?;
                }
                outcome => return outcome,
            }
        }
    }

    fn place(&self) -> Place {
        self.endpoint().place()
    }

    fn ensure_not_interrupted(&self) -> Result<(), Error> {
        match self.signals.received() {
            Some(exit) => Err(Error::Interrupted { place: self.place(), exit }),
            None => Ok(()),
        }
    }
}

impl Drop for Service {
    /// Does not wait for a name lookup that is still under way.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A request that is being put together.
#[derive(Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Request<'a> {
    service: &'a Service,
    method: Method,
    segments: &'a [&'a str],
    query: Vec<(&'a str, &'a str)>,
    body: Option<Bytes>,
    repeatable: bool,
}

impl<'a> Request<'a> {
    fn new(service: &'a Service, method: Method, segments: &'a [&'a str]) -> Request<'a> {
        let repeatable = method != Method::POST;
        Request { service, method, segments, query: Vec::new(), body: None, repeatable }
    }

    /// Adds `?name=value`.
    pub fn query(mut self, name: &'a str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    /// The body, as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        // A map with keys that are no strings is the only value that fails; ours have none.
        self.body = Some(serde_json::to_vec(body).unwrap_or_default().into());
        self
    }

    /// Says that sending it twice does no harm.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sends it, tries again where that is safe and may help, and gives the reply: any status but 3xx, 401, 403 and 429,
    /// with a body that is JSON or empty.
    ///
    /// # Errors
    /// All of [`Error`] but [`Error::Setting`].
    pub fn send(self) -> Result<Reply, Error> {
        let Limits { unreachable, busy, .. } = self.service.limits;
        let begun = Instant::now();
        let mut retried = false;
        for attempt in 0.. {
            let outcome = self.ask_in_turn(&mut retried);
            let wait = match &outcome {
                Ok(reply) if self.is_busy(reply) => {
                    let asked = asked_pause(&reply.headers);
                    Some(asked.unwrap_or_else(|| pause(attempt)))
                        .filter(|wait| begun.elapsed().saturating_add(*wait) <= busy)
                }
                Err(error) if error.is_transient() && (self.repeatable || !error.may_have_arrived()) => {
                    Some(pause(attempt)).filter(|wait| begun.elapsed().saturating_add(*wait) <= unreachable)
                }
                _ => None,
            };
            match wait {
                Some(wait) => self.service.pause(wait)?,
                None => return outcome.map(|reply| Reply { retried, ..reply })?.ensure_usable(),
            }
        }
        unreachable!("the loop ends with a reply or an error")
    }

    /// Asks one node after the other, each once, until one has an answer. If none has: a reply that says "not now", or
    /// what was wrong with each. `retried` becomes true as soon as one may have had an effect that it did not tell.
    fn ask_in_turn(&self, retried: &mut bool) -> Result<Reply, Error> {
        let nodes = &self.service.nodes;
        let (mut not_now, mut errors) = (None, Vec::new());
        let mut turn = nodes.in_turn();
        while let Some((at, client)) = turn.next() {
            let outcome = self.service.exchange(self, client, self.time(turn.len()));
            match outcome {
                Ok(reply) if self.is_busy(&reply) && reply.status >= 500 => {
                    *retried |= reply.status != 503;
                    not_now = Some(reply);
                }
                Ok(reply) if reply.is_not_of_the_service() => {
                    not_now = not_now.or(Some(reply));
                }
                Err(error) if error.is_silence() => {
                    let must_not_repeat = error.may_have_arrived() && !self.repeatable;
                    *retried |= error.may_have_arrived();
                    errors.push(error);
                    if must_not_repeat {
                        return Err(Error::of_all(errors));
                    }
                }
                Err(error @ Error::Unreachable { .. }) => {
                    errors.push(error);
                    return Err(Error::of_all(errors));
                }
                outcome => {
                    nodes.settle_on(at);
                    return outcome;
                }
            }
        }
        not_now.ok_or_else(|| Error::of_all(errors))
    }

    /// For one try, when so many nodes are left to ask.
    fn time(&self, nodes_left: usize) -> Duration {
        let limit = self.service.limits.request;
        if nodes_left > 0 && self.method == Method::GET { limit.min(READ_BEFORE_NEXT) } else { limit }
    }

    /// 429 and 503 say that nothing was done. After the others the request may have had its effect.
    fn is_busy(&self, reply: &Reply) -> bool {
        match reply.status {
            429 | 503 => true,
            502 | 504 => self.repeatable,
            status => (self.service.busy)(reply) && (self.repeatable || status < 500),
        }
    }
}

/// How often a signal is looked for.
const TICK: Duration = Duration::from_millis(50);

impl Service {
    /// One try, ended by its deadline or by a signal.
    fn exchange(&self, request: &Request<'_>, client: &Client, limit: Duration) -> Result<Reply, Error> {
        self.ensure_not_interrupted()?;
        let Some(runtime) = &self.runtime else { unreachable!("taken only by drop") };
        let deadline = Instant::now() + limit;
        runtime.block_on(async {
            let mut exchange = std::pin::pin!(try_once(client, request));
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                match tokio::time::timeout(left.min(TICK), &mut exchange).await {
                    Ok(outcome) => return outcome,
                    Err(_) => self.ensure_not_interrupted()?,
                }
                if Instant::now() >= deadline {
                    return Err(Error::TimedOut { place: client.endpoint().place(), limit });
                }
            }
        })
    }
}

async fn try_once(client: &Client, request: &Request<'_>) -> Result<Reply, Error> {
    let place = || client.endpoint().place();
    let broken =
        |why| Error::Unreachable { place: place(), connected: true, transient: false, why, hint: None };
    let mut builder =
        client.request(request.method.clone(), request.segments, &request.query).header(ACCEPT, JSON);
    let body = match &request.body {
        Some(bytes) => {
            builder = builder.header(CONTENT_TYPE, JSON);
            body::full(bytes.clone())
        }
        None => body::empty(),
    };
    let http_request = builder.body(body).map_err(|error| broken(error.to_string()))?;
    let response = client.send(http_request).await?;
    let (head, body) = response.into_parts();
    let bytes = match Limited::new(body, LARGEST_REPLY).collect().await {
        Ok(whole) => whole.to_bytes(),
        Err(error) => {
            return Err(match error.downcast::<hyper::Error>() {
                Ok(error) => client.broken(&error),
                Err(error) if error.is::<LengthLimitError>() => {
                    broken(format!("the reply is larger than {} MiB", LARGEST_REPLY >> 20))
                }
                Err(error) => broken(error.to_string()),
            });
        }
    };
    Ok(Reply {
        place: place(),
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
        retried: false,
    })
}
