//! Every variable that a tool reads, once, with its default and what it is for.
//! `.env.example` lists them all; a test compares the two.

/// A setting's name in the environment and in `.env`, its default, and what it means.
#[derive(Debug)]
pub struct Var {
    /// The name in the process environment and in `.env`.
    pub name: &'static str,
    /// A second name, which counts when the first has no value.
    pub other_name: Option<&'static str>,
    /// Used when no flag, environment variable or `.env` line gives a value.
    pub default: Option<&'static str>,
    /// Masked wherever it is shown; has no flag.
    pub secret: bool,
    /// One line for people.
    pub about: &'static str,
}

impl Var {
    /// Whether its value is an address, or several, which may hold a user and a password.
    #[must_use]
    pub fn is_address(&self) -> bool {
        ["_URL", "_HTTP", "_SERVERS", "_proxy"].iter().any(|end| self.name.ends_with(end))
    }
}

macro_rules! vars {
    ($($ident:ident $default:expr, $secret:expr, $about:literal;)*) => {
        $(#[doc = $about] pub const $ident: Var =
            Var { name: stringify!($ident), other_name: None, default: $default, secret: $secret, about: $about };)*
        /// All of them, in the order of this file.
        pub const ALL: &[&Var] = &[$(&$ident),*];
    };
}

vars! {
    BOOTSTRAP_SERVERS Some("localhost:19092,localhost:29092,localhost:39092"), false, "Kafka brokers, host:port separated by commas";
    KAFKA_SECURITY_PROTOCOL Some("SASL_PLAINTEXT"), false, "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL";
    KAFKA_SASL_MECHANISM Some("PLAIN"), false, "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER";
    KAFKA_CLIENT_SASL_USERNAME None, false, "Kafka user of the tools";
    KAFKA_CLIENT_SASL_PASSWORD None, true, "its password";
    KAFKA_SSL_CA None, false, "PEM file with the authorities that signed the brokers' certificates";
    KAFKA_SSL_CERT None, false, "PEM file with the client's certificate";
    KAFKA_SSL_KEY None, false, "PEM file with the client's key";
    SCHEMA_REGISTRY_URL Some("http://localhost:8081"), false, "Schema Registry, base URL; several nodes separated by commas";
    SCHEMA_REGISTRY_USERNAME None, false, "Schema Registry user (basic authentication)";
    SCHEMA_REGISTRY_PASSWORD None, true, "its password";
    SCHEMA_REGISTRY_TOKEN None, true, "Schema Registry bearer token";
    SCHEMA_REGISTRY_CA None, false, "PEM file with the authorities that signed the registry's certificate";
    SCHEMA_REGISTRY_CERT None, false, "PEM file with the client's certificate for the registry";
    SCHEMA_REGISTRY_KEY None, false, "PEM file with the client's key for the registry";
    SCHEMA_REGISTRY_HEADERS None, true, "headers of every request to the registry, Name: value, separated by ; or line breaks";
    OTHER_REGISTRY_URL None, false, "the other Schema Registry of sr copy, base URL";
    OTHER_REGISTRY_USERNAME None, false, "its user (basic authentication)";
    OTHER_REGISTRY_PASSWORD None, true, "its password";
    OTHER_REGISTRY_TOKEN None, true, "its bearer token";
    OTHER_REGISTRY_CA None, false, "PEM file with the authorities that signed its certificate";
    OTHER_REGISTRY_CERT None, false, "PEM file with the client's certificate for it";
    OTHER_REGISTRY_KEY None, false, "PEM file with the client's key for it";
    OTHER_REGISTRY_HEADERS None, true, "headers of every request to it";
    KCH_SCHEMA_CACHE None, false, "folder that keeps schemas for the time that the registry is down, or off; by default below ~/.cache";
    CONNECT_URL Some("http://localhost:8083"), false, "Kafka Connect, base URL; several workers separated by commas";
    CONNECT_USERNAME None, false, "Kafka Connect user (basic authentication)";
    CONNECT_PASSWORD None, true, "its password";
    CONNECT_TOKEN None, true, "Kafka Connect bearer token";
    CONNECT_CA None, false, "PEM file with the authorities that signed Connect's certificate";
    CONNECT_CERT None, false, "PEM file with the client's certificate for Connect";
    CONNECT_KEY None, false, "PEM file with the client's key for Connect";
    CONNECT_HEADERS None, true, "headers of every request to Connect, Name: value, separated by ; or line breaks";
    SINK_SCHEMA_REGISTRY_URL None, false, "Schema Registry as the Connect worker sees it, for connect-ctl template; by default as we do";
    SINK_CLICKHOUSE_HTTP None, false, "ClickHouse as the Connect worker sees it, for connect-ctl template; by default as we do";
    CLICKHOUSE_HTTP Some("http://localhost:18123"), false, "ClickHouse HTTP interface, base URL; several nodes separated by commas";
    CLICKHOUSE_USER Some("admin"), false, "ClickHouse user";
    CLICKHOUSE_PASSWORD None, true, "its password";
    CLICKHOUSE_TOKEN None, true, "ClickHouse bearer token, instead of user and password";
    CLICKHOUSE_DATABASE Some("default"), false, "ClickHouse database";
    CLICKHOUSE_CA None, false, "PEM file with the authorities that signed ClickHouse's certificate";
    CLICKHOUSE_CERT None, false, "PEM file with the client's certificate for ClickHouse";
    CLICKHOUSE_KEY None, false, "PEM file with the client's key for ClickHouse";
    CLICKHOUSE_HEADERS None, true, "headers of every request to ClickHouse, Name: value, separated by ; or line breaks";
    TOPIC None, false, "topic of avro-produce and avro-consume";
    MESSAGE_ID None, false, "id of the single record of avro-produce --message";
    MESSAGE_TS None, false, "timestamp of the single record of avro-produce --message";
    GROUP_ID None, false, "consumer group of avro-consume";
    MAX_MESSAGES None, false, "how many records avro-consume prints at most";
    TABLE Some("kafka_events"), false, "table that ch-query shows when it is given no SQL";
    LIMIT Some("10"), false, "how many of its rows";
}

/// A proxy's variable: the system's, not ours, so `.env.example` has no line for it.
const fn proxy(name: &'static str, other_name: Option<&'static str>, about: &'static str) -> Var {
    Var { name, other_name, default: None, secret: false, about }
}

/// The proxy of `http://` addresses. In small letters only, as for curl: a CGI program's `HTTP_PROXY` is a client's header.
pub const HTTP_PROXY: Var = proxy("http_proxy", None, "HTTP proxy of http:// addresses");
/// The proxy of `https://` addresses.
pub const HTTPS_PROXY: Var = proxy("https_proxy", Some("HTTPS_PROXY"), "HTTP proxy of https:// addresses");
/// The proxy where the two have no value.
pub const ALL_PROXY: Var = proxy("all_proxy", Some("ALL_PROXY"), "HTTP proxy of both");
/// Hosts that are reached without one.
pub const NO_PROXY: Var = proxy("no_proxy", Some("NO_PROXY"), "hosts that are reached without a proxy");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Variables of the stack itself: read by Compose and the scripts, by no tool.
    const STACK: &[&str] = &["CLUSTER_ID", "SINK"];

    #[test]
    fn addresses_are_told_by_their_names() {
        let about =
            |var: &&Var| ["base URL", "host:port", "sees it"].iter().any(|word| var.about.contains(word));
        let found: Vec<_> = ALL.iter().filter(|var| var.is_address()).map(|var| var.name).collect();
        let wanted: Vec<_> = ALL.iter().copied().filter(about).map(|var| var.name).collect();
        assert_eq!(found, wanted);
        assert!([HTTP_PROXY, HTTPS_PROXY, ALL_PROXY].iter().all(Var::is_address));
    }

    #[test]
    fn env_example_lists_every_variable() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.env.example");
        let text = std::fs::read_to_string(path).unwrap();
        let listed: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.trim_start_matches('#').split_once('='))
            .map(|(name, _)| name)
            .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') && !name.is_empty())
            .collect();
        let missing: Vec<_> = ALL.iter().map(|var| var.name).filter(|name| !listed.contains(name)).collect();
        assert!(missing.is_empty(), ".env.example lacks {missing:?}");
        assert!(STACK.iter().all(|name| listed.contains(name)), "{listed:?}");
    }
}
