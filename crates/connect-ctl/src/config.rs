//! A connector's configuration on its way in: read, filled, and compared with the one in force.

use std::io::Read as _;

use kch_cli::{Failure, Io, Result, Settings};
use serde_json::{Map, Value, json};

use crate::worker::Config;
use crate::{fill, mask};

/// A configuration that is ready to send.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) config: Config,
    /// Settings that hold a secret although their names do not say so.
    pub(crate) secrets: Vec<String>,
}

/// Reads and fills the configuration in `file`; `name` is the connector's, where it is known.
pub(crate) fn read(file: &str, name: Option<&str>, settings: &Settings, io: &mut Io) -> Result<Wanted> {
    let shown = if file == "-" { "stdin" } else { file };
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {shown}: {error}"));
    let mut text = String::new();
    match file {
        "-" => io.input.read_to_string(&mut text).map(|_| ()).map_err(cannot)?,
        path => text = std::fs::read_to_string(path).map_err(cannot)?,
    }
    let settings_in = parse(&text, shown, name)?;
    let mut wanted = Wanted { config: Config::new(), secrets: Vec::new() };
    let mut missing = Vec::new();
    for (key, value) in settings_in {
        let filled = fill::fill(&value, settings)?;
        missing.extend(filled.missing);
        if filled.text == mask::MASK {
            return Err(Failure::usage(format!("{shown}: {key} is a mask, not a value"))
                .hint("output of `connect-ctl get` has no secrets in it; put ${VARIABLE} there"));
        }
        if filled.secret {
            wanted.secrets.push(key.clone());
        }
        wanted.config.insert(key, filled.text);
    }
    if !missing.is_empty() {
        missing.sort_unstable();
        missing.dedup();
        return Err(fill::missing(shown, &missing));
    }
    // Connect adds the name by itself; with it, what we want and what is in force compare equal.
    if let Some(name) = name {
        wanted.config.insert("name".to_owned(), name.to_owned());
    }
    Ok(wanted)
}

/// The settings in `text`: the object itself, or what it has under `config`.
fn parse(text: &str, file: &str, name: Option<&str>) -> Result<Vec<(String, String)>> {
    if text.trim().is_empty() {
        return Err(Failure::usage(format!("{file} is empty")));
    }
    let mut outer: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        let error_text = error.to_string();
        let why = error_text.split(" at line ").next().unwrap_or_default();
        let place = match error.column() {
            0 => file.to_owned(),
            column => format!("{file}:{}:{column}", error.line()),
        };
        let failure = Failure::usage(format!("{place}: not a JSON object: {why}"));
        if text.contains("\": ${") { failure.hint("write \"${VARIABLE}\" with quotes") } else { failure }
    })?;
    let own_name = outer.get("name").and_then(Value::as_str).map(str::to_owned);
    if let (Some(wanted), Some(own)) = (name, &own_name)
        && wanted != own
    {
        return Err(Failure::usage(format!("{file} is for the connector {own}, not {wanted}")));
    }
    let config = match outer.remove("config") {
        Some(Value::Object(config)) => config,
        Some(other) => {
            outer.insert("config".to_owned(), other);
            outer
        }
        None => outer,
    };
    config
        .into_iter()
        .map(|(key, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(switch) => switch.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    return Err(Failure::usage(format!(
                        "{file}: {key} is not a string, a number, true or false"
                    )));
                }
            };
            Ok((key, text))
        })
        .collect()
}

/// What would change, masked: `{"setting", "from", "to"}`, where a setting that is new or gone has null.
pub(crate) fn changes(now: Option<&Config>, wanted: &Wanted) -> Vec<Value> {
    let empty = Config::new();
    let now = now.unwrap_or(&empty);
    let keys: std::collections::BTreeSet<&String> = now.keys().chain(wanted.config.keys()).collect();
    let shown =
        |key: &str, value: Option<&String>| value.map(|value| mask::value(key, value, &wanted.secrets));
    keys.into_iter()
        .filter(|&key| now.get(key) != wanted.config.get(key))
        .map(|key| {
            json!({"setting": key, "from": shown(key, now.get(key)), "to": shown(key, wanted.config.get(key))})
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, name: Option<&str>) -> Result<Vec<(String, String)>> {
        parse(text, "f.json", name)
    }

    #[test]
    fn a_bare_object_and_one_with_name_and_config_are_the_same() {
        let pairs = vec![("a".to_owned(), "x".to_owned()), ("tasks.max".to_owned(), "3".to_owned())];
        assert_eq!(parsed(r#"{"a":"x","tasks.max":3}"#, Some("n")), Ok(pairs.clone()));
        assert_eq!(parsed(r#"{"name":"n","config":{"a":"x","tasks.max":"3"}}"#, Some("n")), Ok(pairs));
    }

    #[test]
    fn what_cannot_be_a_configuration_is_refused_with_its_place() {
        let text = |input: &str| parsed(input, Some("n")).unwrap_err().text().to_owned();
        assert!(text("{\n\"a\": }").starts_with("f.json:2:6: not a JSON object: "));
        assert_eq!(text(r#"{"a":{"b":1}}"#), "f.json: a is not a string, a number, true or false");
        assert_eq!(text(r#"{"name":"other","config":{}}"#), "f.json is for the connector other, not n");
        assert_eq!(text(" "), "f.json is empty");
    }

    #[test]
    fn changes_name_each_setting_and_mask_secrets() {
        let map = |pairs: &[(&str, &str)]| -> Config {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let now = map(&[("a", "1"), ("b", "x"), ("password", "old")]);
        let wanted =
            Wanted { config: map(&[("a", "2"), ("c", "y"), ("password", "new")]), secrets: Vec::new() };
        let changes = Value::from(changes(Some(&now), &wanted));
        assert_eq!(
            changes,
            json!([
                {"setting": "a", "from": "1", "to": "2"},
                {"setting": "b", "from": "x", "to": null},
                {"setting": "c", "from": null, "to": "y"},
                {"setting": "password", "from": mask::MASK, "to": mask::MASK},
            ])
        );
    }
}
