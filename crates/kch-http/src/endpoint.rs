//! Where a service is and how we show who we are. Owns URL building; the only place that holds the credentials.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use http::{HeaderMap, HeaderValue, Uri};
use kch_cli::{Secret, Settings, mask_address};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::Place;
use crate::proxy::Proxy;
use crate::vars::EndpointVars;
use crate::{Error, headers};

/// What a path segment or a query value may hold unencoded: RFC 3986's unreserved characters, and the colon that a
/// registry's contexts (`:.ctx:subject`) are full of.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// One service's address, credentials and TLS files.
#[derive(Clone, Debug)]
pub struct Endpoint {
    vars: &'static EndpointVars,
    /// `http://host:8081/path`, no user, no slash at the end.
    base: String,
    authorization: Option<Authorization>,
    /// The user's own, for every request.
    pub(crate) headers: HeaderMap,
    pub(crate) proxy: Option<Arc<Proxy>>,
    pub(crate) tls: TlsFiles,
    pub(crate) https: bool,
}

#[derive(Clone, Debug)]
enum Authorization {
    Basic(String, Secret),
    Bearer(Secret),
}

/// Paths of the PEM files; read when the first TLS client is built.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsFiles {
    pub(crate) ca: Option<PathBuf>,
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

impl Endpoint {
    /// Reads the service's settings. Credentials, the first that are there: headers of the user's that say who we are,
    /// `user:password@` in the URL, the token, user and password.
    ///
    /// # Errors
    /// [`Error::Setting`] when the URL is none, a password has no user, a certificate has no key, a header is none, or
    /// the proxy cannot be used.
    pub fn from_settings(settings: &Settings, vars: &'static EndpointVars) -> kch_cli::Result<Endpoint> {
        Endpoint::at(&settings.require(&vars.url)?, settings, vars)
    }

    /// The endpoints of a URL setting that names several addresses, separated by commas: nodes of one service, which
    /// share the credentials and TLS files. At least one.
    ///
    /// # Errors
    /// As [`Endpoint::from_settings`], for each address.
    pub fn all_from_settings(
        settings: &Settings,
        vars: &'static EndpointVars,
    ) -> kch_cli::Result<Vec<Endpoint>> {
        let (first, mut others) = Endpoint::first_and_others(settings, vars)?;
        others.insert(0, first);
        Ok(others)
    }

    /// As [`Endpoint::all_from_settings`], so that there is a first.
    ///
    /// # Errors
    /// As [`Endpoint::from_settings`], for each address.
    pub fn first_and_others(
        settings: &Settings,
        vars: &'static EndpointVars,
    ) -> kch_cli::Result<(Endpoint, Vec<Endpoint>)> {
        let text = settings.require(&vars.url)?;
        let mut addresses = addresses(&text).map(|address| Endpoint::at(address, settings, vars));
        let first = addresses.next().unwrap_or_else(|| Endpoint::at(&text, settings, vars))?;
        Ok((first, addresses.collect::<kch_cli::Result<_>>()?))
    }

    fn at(address: &str, settings: &Settings, vars: &'static EndpointVars) -> kch_cli::Result<Endpoint> {
        let (base, in_url) = parse_base(address, vars)?;
        let headers = match settings.secret(&vars.headers)? {
            Some(text) => headers::parse(&text, &vars.headers)?,
            None => HeaderMap::new(),
        };
        let username = settings.text(&vars.username)?;
        let password = settings.secret(&vars.password)?;
        let authorization = match (in_url, settings.secret(&vars.token)?, username, password) {
            _ if headers::authenticate(&headers) => None,
            (Some((user, password)), ..) => Some(Authorization::Basic(user, password)),
            (None, Some(token), ..) => Some(Authorization::Bearer(token)),
            (None, None, Some(user), password) => {
                Some(Authorization::Basic(user, password.unwrap_or_else(|| Secret::new(""))))
            }
            (None, None, None, Some(_)) => {
                return Err(Error::setting(&vars.username, "not set, but its password is").into());
            }
            (None, None, None, None) => None,
        };
        let path = |var| Ok::<_, kch_cli::Failure>(settings.text(var)?.map(PathBuf::from));
        let identity = match (path(&vars.cert)?, path(&vars.key)?) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => {
                return Err(Error::setting(&vars.key, "not set, but its certificate is").into());
            }
            (None, Some(_)) => return Err(Error::setting(&vars.cert, "not set, but its key is").into()),
        };
        let https = base.starts_with("https:");
        let proxy = Proxy::on_the_way_to(&base, settings)?.map(Arc::new);
        let tls = TlsFiles { ca: path(&vars.ca)?, identity };
        let endpoint = Endpoint { vars, base, authorization, headers, proxy, tls, https };
        endpoint.authorization_header()?;
        Ok(endpoint)
    }

    /// What error texts call the service.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.vars.service
    }

    /// The base URL without credentials and without a slash at its end. Safe to print.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The settings it came from.
    #[must_use]
    pub fn vars(&self) -> &'static EndpointVars {
        self.vars
    }

    /// Whether requests carry credentials.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.authorization.is_some() || self.tls.identity.is_some() || headers::authenticate(&self.headers)
    }

    /// What an [`Error`] needs to know about this endpoint.
    #[must_use]
    pub fn place(&self) -> Place {
        let (base, proxy) = (self.base.clone(), self.proxy.clone());
        Place { vars: self.vars, base, credentials: self.has_credentials(), proxy }
    }

    /// A URL below the base: each segment and each query value is percent-encoded, so a subject may hold a slash.
    #[must_use]
    pub fn uri(&self, segments: &[&str], query: &[(&str, &str)]) -> Uri {
        let mut url = self.base.clone();
        for segment in segments {
            url.push('/');
            match *segment {
                // A server would take these two for steps up and down.
                "." => url.push_str("%2E"),
                ".." => url.push_str("%2E%2E"),
                other => url.extend(utf8_percent_encode(other, KEPT)),
            }
        }
        if segments.is_empty() {
            url.push('/');
        }
        for (index, (name, value)) in query.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.extend(utf8_percent_encode(name, KEPT));
            url.push('=');
            url.extend(utf8_percent_encode(value, KEPT));
        }
        // The base was parsed and all that was added is plain ASCII.
        url.parse().unwrap_or_else(|_| Uri::from_static("/"))
    }

    /// What the proxy that passes requests on wants to see. One that tunnels has seen it when it made the tunnel.
    pub(crate) fn proxy_authorization(&self) -> Option<&HeaderValue> {
        self.proxy.as_ref().filter(|_| !self.https)?.authorization.as_ref()
    }

    /// The `Authorization` header's value, marked sensitive.
    pub(crate) fn authorization_header(&self) -> Result<Option<HeaderValue>, Error> {
        let (text, var) = match &self.authorization {
            None => return Ok(None),
            Some(Authorization::Basic(user, password)) => {
                let pair =
                    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.expose()));
                (format!("Basic {pair}"), &self.vars.password)
            }
            Some(Authorization::Bearer(token)) => (format!("Bearer {}", token.expose()), &self.vars.token),
        };
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| Error::setting(var, "holds a line break or another character that HTTP forbids"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// The addresses in a list separated by commas. A comma that no address begins behind is part of one: of a password,
/// which must not be shown as if it were an address.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let begins = |at: usize| {
        let next = text[at + 1..].split(',').next().unwrap_or_default();
        next.contains("://")
    };
    let ends = text.match_indices(',').map(|(at, _)| at).filter(move |at| begins(*at));
    let mut start = 0;
    ends.chain([text.len()]).map(move |end| {
        let address = text[start..end].trim();
        start = end + 1;
        address
    })
}

type UserInfo = Option<(String, Secret)>;

fn parse_base(text: &str, vars: &EndpointVars) -> Result<(String, UserInfo), Error> {
    let bad = |why: String| Error::Setting {
        var: vars.url.name,
        why,
        hint: Some(format!("write it like {}", vars.url.default.unwrap_or("http://host:port"))),
    };
    let shown = mask_address(text);
    let mut url = url::Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => bad(format!("{shown} has no http:// in front")),
        error => bad(format!("{shown} is not a URL: {error}")),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad(format!("{shown} does not start with http:// or https://")));
    }
    if url.host_str().is_some_and(|host| host.contains(',')) {
        return Err(bad(format!(
            "{shown} has a comma in its host: in a list, each address begins with http://"
        )));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad(format!("{shown} must end with its path, without ? or #")));
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user_info = (!url.username().is_empty() || url.password().is_some())
        .then(|| (decoded(url.username()), Secret::new(decoded(url.password().unwrap_or_default()))));
    // Both fail only for URLs that cannot have a host, and http always has one.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok((url.as_str().trim_end_matches('/').to_owned(), user_info))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::REGISTRY;

    fn endpoint(pairs: &[(&str, &str)]) -> kch_cli::Result<Endpoint> {
        Endpoint::from_settings(&Settings::from_pairs(pairs.iter().copied()), &REGISTRY)
    }

    fn header(pairs: &[(&str, &str)]) -> Option<String> {
        let value = endpoint(pairs).unwrap().authorization_header().unwrap()?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_base_may_have_a_path_and_a_slash_at_its_end() {
        for (base, url) in [
            ("http://h:8081", "http://h:8081/subjects"),
            ("http://h:8081/", "http://h:8081/subjects"),
            ("http://h/apis/ccompat/v7/", "http://h/apis/ccompat/v7/subjects"),
            ("http://[::1]:8081", "http://[::1]:8081/subjects"),
        ] {
            let endpoint = endpoint(&[("SCHEMA_REGISTRY_URL", base)]).unwrap();
            assert_eq!(endpoint.uri(&["subjects"], &[]).to_string(), url);
        }
    }

    #[test]
    fn segments_and_query_values_are_encoded() {
        let endpoint = endpoint(&[]).unwrap();
        let uri = endpoint.uri(&["subjects", "a/b c?é", ":.ctx:s", ".."], &[("q", "a&b=c+d")]);
        assert_eq!(
            uri.to_string(),
            "http://localhost:8081/subjects/a%2Fb%20c%3F%C3%A9/:.ctx:s/%2E%2E?q=a%26b%3Dc%2Bd"
        );
    }

    #[test]
    fn several_addresses_are_separated_by_commas_and_a_password_may_have_one() {
        let bases = |url| {
            let settings = Settings::from_pairs([("SCHEMA_REGISTRY_URL", url)]);
            let all = Endpoint::all_from_settings(&settings, &REGISTRY).unwrap();
            all.iter().map(|endpoint| endpoint.base().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(bases("http://a:1, https://b/p/"), ["http://a:1", "https://b/p"]);
        assert_eq!(bases("http://u:p,w@a:1,http://u:q@b:2"), ["http://a:1", "http://b:2"]);
        let refused = |url| {
            let settings = Settings::from_pairs([("SCHEMA_REGISTRY_URL", url)]);
            Endpoint::all_from_settings(&settings, &REGISTRY).unwrap_err().text().to_owned()
        };
        assert!(refused("http://a:1,b:2").contains("is not a URL"), "{}", refused("http://a:1,b:2"));
        assert!(refused("http://a:1,ftp://b").contains("ftp://b does not start with http://"));
    }

    #[test]
    fn credentials_in_the_url_win_and_are_never_shown() {
        let pairs = [("SCHEMA_REGISTRY_URL", "http://me:s%40fe@h:1/p"), ("SCHEMA_REGISTRY_TOKEN", "unused")];
        assert_eq!(header(&pairs).unwrap(), "Basic bWU6c0BmZQ==");
        let endpoint = endpoint(&pairs).unwrap();
        assert_eq!(endpoint.base(), "http://h:1/p");
        assert!(!format!("{endpoint:?}").contains("s@fe"));
    }

    #[test]
    fn a_token_wins_over_user_and_password() {
        let user = [("SCHEMA_REGISTRY_USERNAME", "u"), ("SCHEMA_REGISTRY_PASSWORD", "p")];
        assert_eq!(header(&user).unwrap(), "Basic dTpw");
        let token = [user[0], user[1], ("SCHEMA_REGISTRY_TOKEN", "t")];
        assert_eq!(header(&token).unwrap(), "Bearer t");
        assert_eq!(header(&[]), None);
    }

    #[test]
    fn settings_that_cannot_work_are_refused_before_any_request() {
        let text = |pairs: &[(&str, &str)]| endpoint(pairs).unwrap_err().text().to_owned();
        assert_eq!(
            text(&[("SCHEMA_REGISTRY_URL", "localhost:8081")]),
            "SCHEMA_REGISTRY_URL: localhost:8081 does not start with http:// or https://"
        );
        assert_eq!(
            text(&[("SCHEMA_REGISTRY_URL", "registry")]),
            "SCHEMA_REGISTRY_URL: registry has no http:// in front"
        );
        for slip in ["me:hunter2@host:8083", "hunter2@host", "http//me:hunter2@host"] {
            let text = text(&[("SCHEMA_REGISTRY_URL", slip)]);
            assert!(!text.contains("hunter2") && text.contains("********@host"), "{text}");
        }
        assert_eq!(
            text(&[("SCHEMA_REGISTRY_URL", "http://a,b:2")]),
            "SCHEMA_REGISTRY_URL: http://a,b:2 has a comma in its host: in a list, each address begins with http://"
        );
        assert_eq!(
            text(&[("SCHEMA_REGISTRY_PASSWORD", "hunter2")]),
            "SCHEMA_REGISTRY_USERNAME: not set, but its password is"
        );
        assert_eq!(
            text(&[("SCHEMA_REGISTRY_CERT", "x.pem")]),
            "SCHEMA_REGISTRY_KEY: not set, but its certificate is"
        );
        assert!(text(&[("SCHEMA_REGISTRY_TOKEN", "a\nb")]).contains("line break"));
    }
}
