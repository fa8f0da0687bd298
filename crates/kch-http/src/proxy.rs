//! The proxy between us and a service, as the variables of curl name it: `http_proxy`, `https_proxy`, `all_proxy`,
//! `no_proxy`, the last three in capitals as well.
//!
//! Unlike curl, this machine's own addresses never go through one: a proxy elsewhere would look for them on itself, and a
//! local stack shall work where a company's proxy is set for everything.

use std::net::IpAddr;

use base64::Engine as _;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use kch_cli::{Settings, Var, mask_address, vars};
use percent_encoding::percent_decode_str;

use crate::Error;

/// What curl takes for an address without a port.
const DEFAULT_PORT: u16 = 1080;

/// A proxy that speaks HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    /// `http://host:port`. Safe to print.
    pub(crate) address: String,
    /// The variable that named it.
    pub(crate) var: &'static str,
    pub(crate) uri: Uri,
    pub(crate) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy on the way to a service's base URL.
    ///
    /// # Errors
    /// [`Error::Setting`] when it cannot be used.
    pub(crate) fn on_the_way_to(base: &str, settings: &Settings) -> kch_cli::Result<Option<Proxy>> {
        let Ok(target) = base.parse::<Uri>() else { return Ok(None) };
        let own = if base.starts_with("https:") { &vars::HTTPS_PROXY } else { &vars::HTTP_PROXY };
        for var in [own, &vars::ALL_PROXY] {
            let Some(address) = settings.text(var)? else { continue };
            let excluded = is_loopback(&target) || is_excluded(&target, settings)?;
            return if excluded { Ok(None) } else { Ok(Some(Proxy::parse(&address, var)?)) };
        }
        Ok(None)
    }

    fn parse(address: &str, var: &Var) -> Result<Proxy, Error> {
        let bad = |why: &str| Error::Setting {
            var: var.name,
            why: format!("{} {why}", mask_address(address)),
            hint: Some(
                "write it like http://proxy:3128; hosts in no_proxy are reached without it".to_owned(),
            ),
        };
        let with_scheme =
            if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let url = url::Url::parse(&with_scheme).map_err(|_| bad("is no address of a proxy"))?;
        if url.scheme() != "http" {
            return Err(bad("is of a kind that is not supported: only http:// is"));
        }
        let host = url.host_str().ok_or_else(|| bad("is no address of a proxy"))?;
        // A URL forgets the port that its scheme has anyway.
        let named = with_scheme.trim_end_matches('/').ends_with(":80").then_some(80);
        let port = url.port().or(named).unwrap_or(DEFAULT_PORT);
        let plain = format!("http://{host}:{port}");
        let uri = plain.parse().map_err(|_| bad("is no address of a proxy"))?;
        let authorization = (!url.username().is_empty() || url.password().is_some())
            .then(|| basic(url.username(), url.password().unwrap_or_default()));
        Ok(Proxy { address: plain, var: var.name, uri, authorization })
    }
}

fn basic(user: &str, password: &str) -> HeaderValue {
    let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let pair = [decoded(user), decoded(password)].join(&b':');
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    // Base64 is always a header's value.
    let mut value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

fn is_loopback(target: &Uri) -> bool {
    let host = target.host().unwrap_or_default().trim_matches(['[', ']']);
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether `no_proxy` names it: names with all below them, addresses, networks as `10.0.0.0/8`, `*`.
fn is_excluded(target: &Uri, settings: &Settings) -> kch_cli::Result<bool> {
    let Some(hosts) = settings.text(&vars::NO_PROXY)? else { return Ok(false) };
    Ok(Matcher::builder().all("http://proxy").no(hosts).build().intercept(target).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(base: &str, pairs: &[(&str, &str)]) -> Result<Option<String>, String> {
        let settings = Settings::from_pairs(pairs.iter().copied());
        Proxy::on_the_way_to(base, &settings)
            .map(|proxy| proxy.map(|proxy| proxy.address))
            .map_err(|failure| failure.text().to_owned())
    }

    fn through(base: &str, pairs: &[(&str, &str)]) -> Option<String> {
        proxy(base, pairs).unwrap()
    }

    #[test]
    fn each_scheme_has_its_variable_and_both_have_a_common_one() {
        let all = [("http_proxy", "http://a:1"), ("HTTPS_PROXY", "b:2"), ("ALL_PROXY", "http://c")];
        assert_eq!(through("http://h", &all).unwrap(), "http://a:1");
        assert_eq!(through("https://h", &all).unwrap(), "http://b:2");
        assert_eq!(through("https://h", &all[2..]).unwrap(), "http://c:1080");
        assert_eq!(through("http://h", &[("http_proxy", "http://a:80/")]).unwrap(), "http://a:80");
        assert_eq!(through("http://h", &[("HTTP_PROXY", "http://a:1")]), None, "as curl has it");
        assert_eq!(through("http://h", &[("https_proxy", "http://a:1")]), None);
    }

    #[test]
    fn hosts_that_are_named_and_this_machine_are_reached_without() {
        let without = |base, no| through(base, &[("all_proxy", "http://a:1"), ("no_proxy", no)]).is_none();
        for base in ["http://localhost:8081", "http://127.0.0.7", "http://[::1]:1", "http://x.localhost"] {
            assert!(without(base, "nothing"), "{base}");
        }
        assert!(without("http://connect.example.com:8083", "other, .example.com"));
        assert!(without("http://example.com", "example.com"));
        assert!(without("http://10.1.2.3", "10.0.0.0/8"));
        assert!(without("http://h", "*"));
        assert!(!without("http://notexample.com", "example.com"));
        assert!(!without("http://h", ""));
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_and_its_password_is_not_shown() {
        let refused = |address| proxy("http://h", &[("http_proxy", address)]).unwrap_err();
        assert_eq!(
            refused("socks5://me:hunter2@s:1"),
            "http_proxy: socks5://me:********@s:1 is of a kind that is not supported: only http:// is"
        );
        assert_eq!(refused("me:hunter2@h:port"), "http_proxy: me:********@h:port is no address of a proxy");
        // Where it is not used it does no harm.
        assert_eq!(through("http://localhost", &[("all_proxy", "socks5://s:1")]), None);
    }

    #[test]
    fn credentials_are_taken_out_of_the_address() {
        let settings = Settings::from_pairs([("http_proxy", "me:hunter%402@a:1")]);
        let proxy = Proxy::on_the_way_to("http://h", &settings).unwrap().unwrap();
        assert_eq!(proxy.authorization.as_ref().unwrap(), "Basic bWU6aHVudGVyQDI=");
        assert!(!format!("{proxy:?}").contains("bWU6"));
        assert_eq!(proxy.address, "http://a:1");
    }
}
