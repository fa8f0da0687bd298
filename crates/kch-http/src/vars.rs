//! Which settings describe each of the services.

use kch_cli::{Var, vars};

/// The settings that describe one service.
#[derive(Debug)]
pub struct EndpointVars {
    /// What error texts call the service.
    pub service: &'static str,
    /// Its base URL.
    pub url: Var,
    /// User for basic authentication.
    pub username: Var,
    /// Password for basic authentication.
    pub password: Var,
    /// Bearer token.
    pub token: Var,
    /// PEM file with the authorities to trust, instead of the system's.
    pub ca: Var,
    /// PEM file with the client's certificate chain.
    pub cert: Var,
    /// PEM file with the client's key, PKCS#8.
    pub key: Var,
    /// Headers of every request.
    pub headers: Var,
}

impl EndpointVars {
    /// The service in a sentence: common nouns want an article.
    pub(crate) fn the_service(&self) -> String {
        let article = if self.service.starts_with(char::is_lowercase) { "the " } else { "" };
        format!("{article}{}", self.service)
    }

    /// All of them and the proxies', for `--show-config`.
    #[must_use]
    pub fn all(&self) -> [&Var; 12] {
        let EndpointVars { service: _, url, username, password, token, ca, cert, key, headers } = self;
        let [http, https, all, no] = PROXY_VARS;
        [url, username, password, token, ca, cert, key, headers, http, https, all, no]
    }
}

const PROXY_VARS: [&Var; 4] = [&vars::HTTP_PROXY, &vars::HTTPS_PROXY, &vars::ALL_PROXY, &vars::NO_PROXY];

/// Schema Registry.
pub static REGISTRY: EndpointVars = EndpointVars {
    service: "schema registry",
    url: vars::SCHEMA_REGISTRY_URL,
    username: vars::SCHEMA_REGISTRY_USERNAME,
    password: vars::SCHEMA_REGISTRY_PASSWORD,
    token: vars::SCHEMA_REGISTRY_TOKEN,
    ca: vars::SCHEMA_REGISTRY_CA,
    cert: vars::SCHEMA_REGISTRY_CERT,
    key: vars::SCHEMA_REGISTRY_KEY,
    headers: vars::SCHEMA_REGISTRY_HEADERS,
};

/// A second Schema Registry, to copy from or to.
pub static OTHER_REGISTRY: EndpointVars = EndpointVars {
    service: "other schema registry",
    url: vars::OTHER_REGISTRY_URL,
    username: vars::OTHER_REGISTRY_USERNAME,
    password: vars::OTHER_REGISTRY_PASSWORD,
    token: vars::OTHER_REGISTRY_TOKEN,
    ca: vars::OTHER_REGISTRY_CA,
    cert: vars::OTHER_REGISTRY_CERT,
    key: vars::OTHER_REGISTRY_KEY,
    headers: vars::OTHER_REGISTRY_HEADERS,
};

/// Kafka Connect.
pub static CONNECT: EndpointVars = EndpointVars {
    service: "Kafka Connect",
    url: vars::CONNECT_URL,
    username: vars::CONNECT_USERNAME,
    password: vars::CONNECT_PASSWORD,
    token: vars::CONNECT_TOKEN,
    ca: vars::CONNECT_CA,
    cert: vars::CONNECT_CERT,
    key: vars::CONNECT_KEY,
    headers: vars::CONNECT_HEADERS,
};

/// ClickHouse's HTTP interface.
pub static CLICKHOUSE: EndpointVars = EndpointVars {
    service: "ClickHouse",
    url: vars::CLICKHOUSE_HTTP,
    username: vars::CLICKHOUSE_USER,
    password: vars::CLICKHOUSE_PASSWORD,
    token: vars::CLICKHOUSE_TOKEN,
    ca: vars::CLICKHOUSE_CA,
    cert: vars::CLICKHOUSE_CERT,
    key: vars::CLICKHOUSE_KEY,
    headers: vars::CLICKHOUSE_HEADERS,
};
