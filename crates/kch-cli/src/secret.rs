//! Values that must never be printed, and URLs that may hold one.

use std::fmt;

/// A password or token. `Debug` and `Display` print a mask; only [`Secret::expose`] gives the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

/// `url` with the password of each `user:password@` in it replaced by a mask; also in a list separated by commas. What
/// stands alone before the `@` may be a token: it is masked as well.
///
/// A password may hold anything, written wrongly too: all from the first `:`, or from the beginning, to the last `@` is
/// masked. Of a path with an `@`, more is hidden than need be.
#[must_use]
pub fn mask_url(url: &str) -> String {
    let mut parts = url.split("://");
    let scheme = parts.next().unwrap_or_default().to_owned();
    parts.fold(scheme, |masked, rest| format!("{masked}://{}", mask_user_info(rest)))
}

/// As [`mask_url`], for an address that may lack its scheme: `user:password@host:3128`.
#[must_use]
pub fn mask_address(address: &str) -> String {
    if address.contains("://") { mask_url(address) } else { mask_user_info(address) }
}

fn mask_user_info(rest: &str) -> String {
    let Some(at) = rest.rfind('@') else { return rest.to_owned() };
    let shown = rest[..at].find(':').map_or(0, |colon| colon + 1);
    format!("{}********{}", &rest[..shown], &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_a_mask() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "******** ********");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_url_loses_its_password_only() {
        assert_eq!(mask_url("http://u:p@h:1/x,http://h"), "http://u:********@h:1/x,http://h");
        assert_eq!(mask_url("localhost:9092"), "localhost:9092");
        assert_eq!(mask_address("localhost:9092"), "localhost:9092");
        assert_eq!(mask_address("u:p@h:1"), "u:********@h:1");
        assert_eq!(mask_url("http://h1:1,http://u:p@h2:2"), "http://h1:1,http://u:********@h2:2");
    }

    #[test]
    fn a_token_in_place_of_the_user_is_masked() {
        assert_eq!(mask_url("http://hunter2@h:1/x"), "http://********@h:1/x");
        assert_eq!(mask_url("http://hunter/2==@h"), "http://********@h");
        assert_eq!(
            mask_url("https://hunter2@h,http://u:p@h2:2"),
            "https://********@h,http://u:********@h2:2"
        );
        assert_eq!(mask_address("hunter2@h:1"), "********@h:1");
        assert_eq!(mask_url("hunter2@h:1"), "hunter2@h:1", "no URL");
    }

    #[test]
    fn a_password_that_breaks_its_url_is_masked_as_well() {
        for password in ["pa/ss", "p,w", "p?w", "p#w", "p@w", "p:w"] {
            assert_eq!(mask_url(&format!("mongodb://u:{password}@h:1/db")), "mongodb://u:********@h:1/db");
        }
    }
}
