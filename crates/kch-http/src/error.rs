//! What can go wrong between us and a service, in words. Exit codes: 3 for a service that is not there or not itself, 2
//! for what a setting must change (address, credentials, certificates), 1 for a request that it refused.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kch_cli::{Exit, Explain, Var};

use crate::proxy::Proxy;
use crate::vars::EndpointVars;

/// The service that an error speaks of.
#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) vars: &'static EndpointVars,
    pub(crate) base: String,
    pub(crate) credentials: bool,
    pub(crate) proxy: Option<Arc<Proxy>>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.vars.service, self.base)?;
        match &self.proxy {
            Some(proxy) => write!(f, " (through the proxy {})", proxy.address),
            None => Ok(()),
        }
    }
}

/// Why a request did not get a usable reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting cannot work.
    #[error("{var}: {why}")]
    Setting {
        /// The setting's name.
        var: &'static str,
        /// What is wrong with it.
        why: String,
        /// The cure.
        hint: Option<String>,
    },
    /// No connection, or it broke before the reply was whole.
    #[error("{place} {}: {why}", if *.connected { "broke the connection" } else { "cannot be reached" })]
    Unreachable {
        /// The service.
        place: Place,
        /// Whether there was a connection.
        connected: bool,
        /// Whether a moment later it may work.
        transient: bool,
        /// The system's or the TLS library's reason.
        why: String,
        /// The cure.
        hint: Option<String>,
    },
    /// 407: the proxy's, not the service's.
    #[error("{} {}, for {}", proxy(.place), if proxy_credentials(.place) { "rejected the credentials" } else { "wants credentials" }, .place.base)]
    Proxy {
        /// The service behind it.
        place: Place,
    },
    /// No whole reply in time.
    #[error("{place} did not answer within {} s", .limit.as_secs_f32())]
    TimedOut {
        /// The service.
        place: Place,
        /// The time it had.
        limit: Duration,
    },
    /// None of several nodes answered: what was wrong with each. At least two.
    #[error("{}", in_one_text(.0))]
    NoneAnswers(Vec<Error>),
    /// 401.
    #[error("{place} {}{}", if .place.credentials { "rejected the credentials" } else { "wants credentials" }, why(.detail))]
    Unauthorized {
        /// The service.
        place: Place,
        /// What it said.
        detail: String,
    },
    /// 403.
    #[error("{place} does not allow this{}", why(.detail))]
    Forbidden {
        /// The service.
        place: Place,
        /// What it said.
        detail: String,
    },
    /// The reply is not what the service would say: a proxy, a login page, another service.
    #[error("{place} answered {status} with {what}{}", why(.detail))]
    NotJson {
        /// The service.
        place: Place,
        /// The status.
        status: u16,
        /// `HTML, not JSON`, `broken JSON`, …
        what: &'static str,
        /// The reply's beginning.
        detail: String,
    },
    /// 3xx. Not followed: another host must not see the credentials.
    #[error("{place} answered {status}, a redirect to {to}")]
    Redirected {
        /// The service.
        place: Place,
        /// The status.
        status: u16,
        /// The address it named.
        to: String,
    },
    /// Any other status that the caller has no meaning for.
    #[error("{place} answered {status}{}", why(.detail))]
    Status {
        /// The service.
        place: Place,
        /// The status.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// A signal came while we waited.
    #[error("interrupted while waiting for {place}")]
    Interrupted {
        /// The service.
        place: Place,
        /// The signal's exit code.
        exit: Exit,
    },
}

/// The service's name is said once.
fn in_one_text(errors: &[Error]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let again = errors.iter().find_map(Error::place).map(|place| format!("; {} at ", place.vars.service));
    let text = texts.join("; ");
    again.map_or(text.clone(), |again| text.replace(&again, "; "))
}

fn proxy(place: &Place) -> String {
    place.proxy.as_ref().map_or("the proxy".to_owned(), |proxy| format!("the proxy {}", proxy.address))
}

fn proxy_credentials(place: &Place) -> bool {
    place.proxy.as_ref().is_some_and(|proxy| proxy.authorization.is_some())
}

fn why(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::Unreachable { .. } | Error::TimedOut { .. } | Error::NoneAnswers(_) => Exit::Unavailable,
            Error::NotJson { status, .. } | Error::Status { status, .. }
                if *status >= 500 || *status == 429 =>
            {
                Exit::Unavailable
            }
            // No such path: the address is another service's.
            Error::Status { status: 404, .. } => Exit::Usage,
            Error::Status { .. } => Exit::Refused,
            Error::Interrupted { exit, .. } => *exit,
            _ => Exit::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Setting { hint, .. } => hint.clone(),
            Error::Unreachable { hint: Some(hint), .. } => Some(hint.clone()),
            Error::Unreachable { place, .. } => Some(match &place.proxy {
                Some(proxy) => format!(
                    "is the proxy running? {} is its address; hosts in no_proxy are reached without it",
                    proxy.var
                ),
                None => format!("is it running? {} is its address", place.vars.url.name),
            }),
            Error::Proxy { place } => place
                .proxy
                .as_ref()
                .map(|proxy| format!("write them into {}, as http://user:password@host:port", proxy.var)),
            // What ended the search comes last.
            Error::NoneAnswers(errors) => errors.last().and_then(Explain::hint),
            Error::TimedOut { place, .. } if place.base.starts_with("https:") => Some(
                "it may be starting, or it does not speak TLS: is it http:// rather than https://?"
                    .to_owned(),
            ),
            Error::TimedOut { place, .. } => {
                Some(format!("it may be starting, or {} may be another service", place.vars.url.name))
            }
            Error::Unauthorized { place, .. } => Some(format!(
                "set {} and {}, or {}, in .env or the environment",
                place.vars.username.name, place.vars.password.name, place.vars.token.name
            )),
            Error::Forbidden { place, .. } if place.credentials => Some(format!(
                "the credentials are known, but may not do this; {} says whose they are",
                place.vars.username.name
            )),
            Error::Forbidden { place, .. } => Some(format!(
                "no credentials were sent; set {} and {}, or {}",
                place.vars.username.name, place.vars.password.name, place.vars.token.name
            )),
            Error::NotJson { place, .. } => Some(format!(
                "is {} really the address of {}? this looks like a proxy, a login page or another service",
                place.base,
                place.vars.the_service()
            )),
            Error::Redirected { place, .. } => Some(format!(
                "redirects are not followed, so that no other host sees the credentials; set {} to the final address",
                place.vars.url.name
            )),
            Error::Status { status: 404, place, .. } => Some(format!(
                "is {} the whole address of {}, path included?",
                place.base,
                place.vars.the_service()
            )),
            Error::Status { status: 429, .. } => {
                Some("it has too many requests: wait a moment and try again".to_owned())
            }
            Error::Status { status: 500.., place, .. } => Some(format!(
                "{} is there and not well: its own log says why (.native/log, or docker compose logs)",
                place.vars.the_service()
            )),
            Error::Status { .. } | Error::Interrupted { .. } => None,
        }
    }
}

impl Error {
    /// A redirect, with the address that the answer names, its user masked.
    #[must_use]
    pub fn redirected(place: Place, status: u16, headers: &http::HeaderMap) -> Error {
        let to = headers.get(http::header::LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()));
        Error::Redirected { place, status, to: kch_cli::mask_url(to.as_deref().unwrap_or("nowhere")) }
    }

    /// One error for the nodes that were asked in turn; at least one.
    pub(crate) fn of_all(mut errors: Vec<Error>) -> Error {
        if errors.len() == 1 { errors.remove(0) } else { Error::NoneAnswers(errors) }
    }

    /// Whether a moment later, or of another node, there may be a reply. Not so where the wrong one listens, or one whose
    /// certificate is not to be trusted: another node must not hide that.
    pub(crate) fn is_silence(&self) -> bool {
        self.is_transient() || matches!(self, Error::TimedOut { .. })
    }

    /// Whether the service may have begun with the request that has no reply.
    pub(crate) fn may_have_arrived(&self) -> bool {
        match self {
            Error::Unreachable { connected, .. } => *connected,
            Error::TimedOut { .. } => true,
            Error::NoneAnswers(errors) => errors.iter().any(Error::may_have_arrived),
            _ => false,
        }
    }

    /// Whether a moment later it may work.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Error::Unreachable { transient, .. } => *transient,
            Error::NoneAnswers(errors) => errors.iter().any(Error::is_transient),
            _ => false,
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Error::Unreachable { place, .. } | Error::TimedOut { place, .. } => Some(place),
            _ => None,
        }
    }

    pub(crate) fn setting(var: &Var, why: &str) -> Error {
        Error::Setting { var: var.name, why: why.to_owned(), hint: None }
    }

    pub(crate) fn file(var: &Var, path: &Path, why: &str) -> Error {
        Error::Setting { var: var.name, why: format!("{} {why}", path.display()), hint: None }
    }

    /// Finds the one reason in a chain of wrapped errors, most of which only say that an error happened.
    pub(crate) fn from_transport(
        place: Place,
        error: &(dyn std::error::Error + 'static),
        connecting: bool,
    ) -> Error {
        let chain: Vec<_> = std::iter::successors(Some(error), |error| error.source()).collect();
        let all = chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        let io = chain.iter().rev().find_map(|error| error.downcast_ref::<std::io::Error>());
        let https = place.base.starts_with("https:");
        if all.contains("tunnel error: proxy authorization required") {
            return Error::Proxy { place };
        }
        let (why, hint) = if all.contains("dns error") || all.contains("failed to lookup") {
            let address = place.proxy.as_ref().map_or(&place.base, |proxy| &proxy.address);
            let host = address.split("://").nth(1).unwrap_or_default();
            let host = host.split(['/', ':']).next().unwrap_or_default();
            (format!("the name {host} is not known"), None)
        } else if all.contains("tunnel error: unsuccessful") {
            let hint =
                "the proxy cannot reach it either, or may not; hosts in no_proxy are reached without it";
            ("the proxy made no tunnel to it".to_owned(), Some(hint.to_owned()))
        } else if let Some(reason) = tls_reason(&all).filter(|_| https) {
            let hint = tls_hint(&all, &place);
            (reason, hint)
        } else {
            match io.map(std::io::Error::kind) {
                Some(std::io::ErrorKind::ConnectionRefused) => ("connection refused".to_owned(), None),
                Some(std::io::ErrorKind::ConnectionReset) if !https => {
                    let hint = format!(
                        "{} is its address: is it up, or does it want https://?",
                        place.vars.url.name
                    );
                    ("the connection was reset".to_owned(), Some(hint))
                }
                Some(std::io::ErrorKind::TimedOut) if connecting => {
                    (format!("no connection within {} s", crate::connect::CONNECT_TIMEOUT.as_secs()), None)
                }
                _ if all.contains("invalid HTTP") || all.contains("HTTP version") => {
                    let hint = "something else listens there, or it wants https://".to_owned();
                    ("it does not speak HTTP".to_owned(), Some(hint))
                }
                _ if all.contains("before message completed") || all.contains("IncompleteMessage") => {
                    let hint = (!https).then(|| "does it want https://?".to_owned());
                    ("closed before the answer was complete".to_owned(), hint)
                }
                Some(_) => (io.map(ToString::to_string).unwrap_or_default(), None),
                None => (chain.last().map(ToString::to_string).unwrap_or_default(), None),
            }
        };
        let transient = !why.starts_with("TLS") && !all.contains("invalid HTTP");
        Error::Unreachable { place, connected: !connecting, transient, why, hint }
    }
}

/// OpenSSL's words, without its numbers and file names.
fn tls_reason(chain: &str) -> Option<String> {
    let known = [
        ("unable to get local issuer certificate", "its certificate is signed by an unknown authority"),
        ("unable to get issuer certificate", "its certificate is signed by an unknown authority"),
        ("self-signed certificate", "its certificate is signed by an unknown authority"),
        ("self signed certificate", "its certificate is signed by an unknown authority"),
        ("certificate has expired", "its certificate has expired"),
        ("Hostname mismatch", "its certificate is for another host name"),
        ("hostname mismatch", "its certificate is for another host name"),
        ("IP address mismatch", "its certificate is for another address"),
        ("wrong version number", "it does not speak TLS"),
        ("packet length too long", "it does not speak TLS"),
        ("certificate required", "it wants a client certificate"),
        ("bad certificate", "it rejected our client certificate"),
        ("unknown ca", "it does not know the authority of our client certificate"),
    ];
    let found = known.iter().find(|(theirs, _)| chain.contains(theirs));
    found
        .map(|(_, ours)| format!("TLS: {ours}"))
        .or_else(|| chain.contains("SSL routines").then(|| "TLS: the handshake failed".to_owned()))
}

fn tls_hint(chain: &str, place: &Place) -> Option<String> {
    let vars = place.vars;
    if chain.contains("issuer certificate") || chain.contains("signed certificate") {
        Some(format!("set {} to the PEM file of the authority that signed it", vars.ca.name))
    } else if chain.contains("wrong version number") || chain.contains("packet length") {
        Some("is it http:// rather than https://?".to_owned())
    } else if chain.contains("certificate required") || chain.contains("bad certificate") {
        Some(format!("set {} and {}", vars.cert.name, vars.key.name))
    } else if chain.to_ascii_lowercase().contains("hostname mismatch")
        || chain.contains("IP address mismatch")
    {
        Some(format!("{} must have a name or address that is in the certificate", vars.url.name))
    } else if chain.contains("certificate has expired") {
        Some("it must be renewed, unless the clock of this machine is wrong".to_owned())
    } else {
        None
    }
}
