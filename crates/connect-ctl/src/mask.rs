//! Which settings of a connector are secrets, and what is shown in their place. Connect itself hands them out in clear.

use kch_cli::{Failure, mask_url};
use serde_json::{Map, Value};

use crate::config::Wanted;
use crate::worker::Config;

/// What stands for a secret.
pub(crate) const MASK: &str = "********";

/// Parts of names that tell a secret, in a connector's settings and in variables.
const TELLTALE: [&str; 17] = [
    "password",
    "passphrase",
    "passwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
    "accountkey",
    "encryptionkey",
    // Of `ssl.keystore.key`, which is the key itself.
    "keystorekey",
    "jaasconfig",
    "userinfo",
    "authheader",
    "authorization",
    "bearer",
];

/// What a private key in PEM begins with, of whatever kind: it is a secret wherever it stands.
const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// Whether a setting or variable of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    plain.ends_with("pass")
        || plain.ends_with("pwd")
        || TELLTALE.iter().any(|telltale| plain.contains(telltale))
}

/// Connect's own words about a configuration that it refuses: it quotes values, and one of them may be a secret that
/// was put where none belongs.
pub(crate) fn refusal(failure: Failure, wanted: &Wanted) -> Failure {
    let secrets = wanted.config.iter().filter(|(key, text)| value(key, text, &wanted.secrets) == MASK);
    let hide = |text: &str| {
        secrets.clone().fold(text.to_owned(), |text, (_, secret)| {
            text.replace(&format!("Invalid value {secret} for"), &format!("Invalid value {MASK} for"))
        })
    };
    failure.map_text(hide)
}

/// One value as it may be shown. A reference to a secret kept elsewhere, `${file:…}`, is none itself.
pub(crate) fn value(key: &str, value: &str, secrets: &[String]) -> String {
    // One that is nothing else: between two of them a secret may stand.
    let is_reference =
        value.starts_with("${") && value.find('}') == Some(value.len() - 1) && value.contains(':');
    let is_secret = is_secret_name(key) || secrets.iter().any(|secret| secret == key);
    let is_secret =
        is_secret || value.to_ascii_lowercase().contains("password=") || value.contains(PRIVATE_KEY);
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
    fn a_secret_in_the_wrong_place_is_not_quoted_back() {
        let config = Config::from_iter([("tasks.max".to_owned(), "hunter2".to_owned())]);
        let wanted = Wanted { config, secrets: vec!["tasks.max".to_owned()], ..Wanted::default() };
        let said = Failure::refused("Invalid value hunter2 for configuration tasks.max: not a number");
        assert_eq!(
            refusal(said, &wanted).text(),
            "Invalid value ******** for configuration tasks.max: not a number"
        );
    }

    #[test]
    fn secrets_are_told_by_name_and_references_are_shown() {
        assert_eq!(value("password", "hunter2", &[]), MASK);
        assert_eq!(value("value.converter.basic.auth.user.info", "u:p", &[]), MASK);
        assert_eq!(value("sasl.jaas.config", "…password=x", &[]), MASK);
        assert_eq!(value("connection.url", "jdbc:x://h/?password=hunter2", &[]), MASK);
        assert_eq!(value("db.pass", "hunter2", &[]), MASK);
        assert_eq!(value("auth.header", "Bearer hunter2", &[]), MASK);
        assert_eq!(value("producer.override.ssl.keystore.key", "hunter2", &[]), MASK);
        assert_eq!(value("azure.account.key", "hunter2", &[]), MASK);
        assert_eq!(value("encryption.key", "hunter2", &[]), MASK);
        assert_eq!(value("note", "-----BEGIN RSA PRIVATE KEY-----\nhunter2", &[]), MASK);
        assert_eq!(value("ssl.truststore.certificates", "-----BEGIN CERTIFICATE-----", &[]).len(), 27);
        assert_eq!(value("password", "${file:/run/secrets:pw}", &[]), "${file:/run/secrets:pw}");
        assert_eq!(value("password", "${file:/a:b}hunter2${file:/c:d}", &[]), MASK);
        assert_eq!(value("password", "${}", &[]), MASK);
        assert_eq!(value("hostname", "clickhouse", &[]), "clickhouse");
        assert_eq!(value("url", "http://u:hunter2@h", &[]), "http://u:********@h");
        let class = "org.apache.kafka.connect.storage.StringConverter";
        assert_eq!(value("key.converter", class, &[]), class);
        assert_eq!(value("greeting", "hunter2", &["greeting".to_owned()]), MASK);
    }
}
