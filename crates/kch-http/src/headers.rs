//! Headers of the user's own, which go with every request to a service: what a gateway or a tenant's router wants.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderName, PROXY_AUTHORIZATION, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue};
use kch_cli::{Secret, Var};

use crate::Error;

/// What says where a message ends, or speaks to the next hop only: the connection's own affair.
const OF_THE_CONNECTION: [HeaderName; 5] =
    [CONNECTION, CONTENT_LENGTH, PROXY_AUTHORIZATION, TRANSFER_ENCODING, UPGRADE];

/// Parses `Name: value` pairs. Line breaks separate them, and so does a `;` with another `Name:` behind it: the `;` inside
/// a cookie separates nothing.
///
/// # Errors
/// [`Error::Setting`], which names a header at most: its value may be a token.
pub(crate) fn parse(text: &Secret, var: &Var) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for pair in text.expose().lines().flat_map(pairs).map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair
            .split_once(':')
            .and_then(|(name, value)| Some((HeaderName::try_from(name.trim()).ok()?, value.trim())))
            .ok_or_else(|| Error::Setting {
                var: var.name,
                why: format!("pair {} is not like Name: value", headers.len() + 1),
                hint: Some(format!("{}='X-Tenant: blue; X-Token: …'", var.name)),
            })?;
        if OF_THE_CONNECTION.contains(&name) {
            return Err(Error::setting(var, &format!("{name} belongs to the connection and cannot be set")));
        }
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| Error::setting(var, &format!("the value of {name} holds what HTTP forbids")))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

/// A line's pairs.
fn pairs(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.match_indices(';').map(|(at, _)| at).find(|&at| begins_with_a_name(&text[at + 1..]));
        rest = end.map(|at| &text[at + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// Whether a header begins there, or nothing more comes.
fn begins_with_a_name(text: &str) -> bool {
    text.trim().is_empty()
        || text.split_once(':').is_some_and(|(name, _)| HeaderName::try_from(name.trim()).is_ok())
}

/// Whether these say who we are, so that the credentials of the other settings are not sent beside them: ClickHouse
/// refuses both at once.
pub(crate) fn authenticate(headers: &HeaderMap) -> bool {
    [AUTHORIZATION.as_str(), "x-clickhouse-user", "x-clickhouse-key"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use kch_cli::vars::CONNECT_HEADERS;

    use super::*;

    fn parsed(text: &str) -> Result<Vec<(String, String)>, String> {
        let headers = parse(&Secret::new(text), &CONNECT_HEADERS).map_err(|error| error.to_string())?;
        assert!(headers.values().all(HeaderValue::is_sensitive));
        let pair = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        Ok(headers.iter().map(pair).collect())
    }

    #[test]
    fn pairs_are_separated_by_lines_and_semicolons() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let two = vec![pair("x-tenant", "blue"), pair("x-token", "a:b=")];
        assert_eq!(parsed("X-Tenant: blue; X-Token: a:b="), Ok(two.clone()));
        assert_eq!(parsed("X-Tenant:blue\r\n\nX-Token: a:b=;\n"), Ok(two));
        assert_eq!(parsed("Cookie: a=1; b=2"), Ok(vec![pair("cookie", "a=1; b=2")]));
        assert_eq!(parsed("X-A: 1; X-A: 2"), Ok(vec![pair("x-a", "1"), pair("x-a", "2")]));
        assert_eq!(parsed(" ; "), Ok(vec![]));
    }

    #[test]
    fn what_is_no_header_is_named_without_its_value() {
        assert_eq!(
            parsed("X-A: 1; hunter2"),
            Ok(vec![("x-a".to_owned(), "1; hunter2".to_owned())]),
            "part of the value, as in a cookie"
        );
        assert_eq!(
            parsed("X-A: 1\nhunter2"),
            Err("CONNECT_HEADERS: pair 2 is not like Name: value".to_owned())
        );
        assert_eq!(
            parsed("Content-Length: 5"),
            Err("CONNECT_HEADERS: content-length belongs to the connection and cannot be set".to_owned())
        );
        assert_eq!(
            parsed("X-Token: hunter2\u{1}"),
            Err("CONNECT_HEADERS: the value of x-token holds what HTTP forbids".to_owned())
        );
    }
}
