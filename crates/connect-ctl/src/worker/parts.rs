//! The classes that a configuration names: the connector's, and those of its converters, transformations and predicates.
//! Each says which settings it knows, and which of them are passwords.

use std::sync::Arc;

use kch_cli::Result;
use serde_json::Value;

use super::{Config, Worker};

/// A class in a configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<'c> {
    /// What the names of its settings begin with; empty for the connector itself.
    pub(crate) prefix: String,
    class: &'c str,
}

impl Part<'_> {
    /// The names that settings of the class have in the configuration.
    pub(crate) fn names<'s>(&self, settings: impl IntoIterator<Item = &'s Value>) -> Vec<String> {
        let names = settings.into_iter().filter_map(|setting| setting["name"].as_str());
        names.map(|name| format!("{}{name}", self.prefix)).collect()
    }
}

/// The classes of a configuration, the connector's first. Of one that has no settings there is nothing to ask.
pub(crate) fn parts(config: &Config) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (key, class) in config {
        let prefix = match key.as_str() {
            "connector.class" => {
                parts.insert(0, Part { prefix: String::new(), class });
                continue;
            }
            "key.converter" | "value.converter" | "header.converter" => format!("{key}."),
            _ => match key.strip_suffix("type") {
                Some(prefix) if is_alias(prefix) => prefix.to_owned(),
                _ => continue,
            },
        };
        if config.keys().any(|other| other != key && other.starts_with(&prefix)) {
            parts.push(Part { prefix, class });
        }
    }
    parts
}

/// `transforms.NAME.` or `predicates.NAME.`
fn is_alias(prefix: &str) -> bool {
    let alias = ["transforms.", "predicates."].iter().find_map(|kind| prefix.strip_prefix(kind));
    alias.and_then(|alias| alias.strip_suffix('.')).is_some_and(|alias| !alias.contains('.'))
}

impl Worker {
    /// The settings of a configuration that their classes say are passwords. What no class tells is left to the
    /// settings' names.
    pub(crate) fn passwords_of(&self, config: &Config) -> Result<Vec<String>> {
        let mut passwords = Vec::new();
        for part in parts(config) {
            let settings = self.settings_if_known(part.class)?;
            passwords.extend(part.names(settings.iter().filter(|setting| setting["type"] == "PASSWORD")));
        }
        Ok(passwords)
    }

    /// The classes besides the connector's that tell which settings they know, and those settings' names.
    pub(crate) fn known_besides(&self, config: &Config) -> Result<Vec<(String, Vec<String>)>> {
        let mut known = Vec::new();
        for part in parts(config).into_iter().filter(|part| !part.prefix.is_empty()) {
            let names = part.names(self.settings_if_known(part.class)?.iter());
            if !names.is_empty() {
                known.push((part.prefix, names));
            }
        }
        Ok(known)
    }

    /// The settings of a class, asked for once. None where the worker does not have it, or, before Connect 3.2, cannot
    /// tell; but what it does not say because it is busy may be that one of them is a password.
    fn settings_if_known(&self, class: &str) -> Result<Arc<[Value]>> {
        if let Some(known) = self.classes.borrow().get(class) {
            return Ok(Arc::clone(known));
        }
        if is_javas_own(class) {
            return Ok(Vec::new().into());
        }
        let reply = self.service.get(&["connector-plugins", class, "config"]).send()?;
        let settings: Vec<Value> = if (400..500).contains(&reply.status) && reply.status != 409 {
            Vec::new()
        } else {
            self.json(reply)?
        };
        let settings: Arc<[Value]> = settings.into();
        self.classes.borrow_mut().insert(class.to_owned(), Arc::clone(&settings));
        Ok(settings)
    }
}

/// Whether the class is one of Java's own, and so no plugin. A worker that is asked for its settings loads it, and the
/// thread that did so is left without a class loader: from then on it answers 500, until the worker is started anew.
pub(super) fn is_javas_own(class: &str) -> bool {
    ["java.", "javax.", "jdk.", "sun.", "com.sun."].iter().any(|package| class.starts_with(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_of_a_configuration_are_found_with_their_settings() {
        let config: Config = [
            ("connector.class", "C"),
            ("header.converter", "H"),
            ("predicates", "p"),
            ("predicates.p.pattern", "x"),
            ("predicates.p.type", "P"),
            ("transforms", "a,b"),
            ("transforms.a.type", "A$Key"),
            ("transforms.a.nested.type", "no class"),
            ("transforms.b.type", "nothing to ask"),
            ("value.converter", "V"),
            ("value.converter.pin", "1"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        let found: Vec<(String, &str)> =
            parts(&config).into_iter().map(|part| (part.prefix, part.class)).collect();
        let expected =
            [("", "C"), ("predicates.p.", "P"), ("transforms.a.", "A$Key"), ("value.converter.", "V")];
        assert_eq!(found, expected.map(|(prefix, class)| (prefix.to_owned(), class)));
    }
}
