//! What a registry tells of itself.

use serde_json::Value;

use crate::Registry;

impl Registry {
    /// Its name and version, where it tells them: Confluent's does from 7.0 on, Apicurio's beside its own API. No registry
    /// has to, so that it does not is no error.
    #[must_use]
    pub fn about(&self) -> Option<String> {
        let text = |path: &[&str], name: &str| {
            let reply = self.service.get(path).send().ok().filter(kch_http::Reply::is_success)?;
            let told: Value = reply.json().ok()?;
            told.get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty() && !text.starts_with("${"))
                .map(str::to_owned)
        };
        let apicurio = ["apis", "registry", "v2", "system", "info"];
        text(&["v1", "metadata", "version"], "version")
            .map(|version| format!("Confluent Schema Registry {version}"))
            .or_else(|| text(&apicurio, "version").map(|version| format!("Apicurio Registry {version}")))
    }
}
