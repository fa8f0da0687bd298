//! Which settings of a connector are secrets, and what is shown in their place. Connect itself hands them out in clear.

use kch_cli::mask_url;
use serde_json::{Map, Value};

use crate::worker::Config;

/// What stands for a secret.
pub(crate) const MASK: &str = "********";

/// Parts of names that tell a secret, in a connector's settings and in variables.
const TELLTALE: [&str; 11] = [
    "password",
    "passphrase",
    "passwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
    "jaasconfig",
    "userinfo",
];

/// Whether a setting or variable of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    TELLTALE.iter().any(|telltale| plain.contains(telltale))
}

/// One value as it may be shown. A reference to a secret kept elsewhere, `${file:…}`, is none itself.
pub(crate) fn value(key: &str, value: &str, secrets: &[String]) -> String {
    let is_reference = value.starts_with("${") && value.ends_with('}') && value.contains(':');
    let is_secret = is_secret_name(key) || secrets.iter().any(|secret| secret == key);
    if is_secret && !is_reference && !value.is_empty() && !is_switch(value) {
        MASK.to_owned()
    } else {
        mask_url(value)
    }
}

/// `…token.enabled=true` is a switch.
fn is_switch(value: &str) -> bool {
    matches!(value, "true" | "false")
}

/// A configuration as it may be shown. `secrets` are settings that were filled in from secret variables.
pub(crate) fn config(config: &Config, secrets: &[String]) -> Map<String, Value> {
    config.iter().map(|(key, text)| (key.clone(), Value::String(value(key, text, secrets)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_name_and_references_are_shown() {
        assert_eq!(value("password", "hunter2", &[]), MASK);
        assert_eq!(value("value.converter.basic.auth.user.info", "u:p", &[]), MASK);
        assert_eq!(value("sasl.jaas.config", "…password=x", &[]), MASK);
        assert_eq!(value("password", "${file:/run/secrets:pw}", &[]), "${file:/run/secrets:pw}");
        assert_eq!(value("hostname", "clickhouse", &[]), "clickhouse");
        assert_eq!(value("url", "http://u:hunter2@h", &[]), "http://u:********@h");
        let class = "org.apache.kafka.connect.storage.StringConverter";
        assert_eq!(value("key.converter", class, &[]), class);
        assert_eq!(value("greeting", "hunter2", &["greeting".to_owned()]), MASK);
    }
}
