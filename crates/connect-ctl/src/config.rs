//! A connector's configuration on its way in: read, filled, and compared with the one in force.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use kch_cli::{Failure, Io, Result, Settings};
use serde_json::{Map, Value, json};

use crate::worker::Config;
use crate::{fill, mask, properties};

/// A configuration that is ready to send.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The connector's name, where one was given or is in it.
    pub(crate) name: Option<String>,
    pub(crate) config: Config,
    /// Settings that hold a secret although their names do not say so.
    pub(crate) secrets: Vec<String>,
    /// Where it was read.
    pub(crate) origin: String,
}

/// Where configurations are read.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Source {
    /// The connector; without it, each configuration must have its name in it
    #[arg(add = crate::complete::connectors())]
    pub name: Option<String>,

    /// File with its configuration; - is stdin
    #[arg(default_value = "-")]
    pub input: String,

    /// A file with configurations that have their names in them, or a folder of such files; repeat for more
    #[arg(short = 'f', long = "file", value_name = "FILE|DIR", conflicts_with_all = ["name", "input"])]
    pub files: Vec<PathBuf>,
}

impl Source {
    /// Reads and fills all configurations. Nothing is sent while one of them is wrong.
    pub(crate) fn read(&self, settings: &Settings, io: &mut Io) -> Result<Vec<Wanted>> {
        if let Some(name) = self.name.as_deref().filter(|name| self.input == "-" && is_file(name)) {
            return Err(Failure::usage(format!("{name} is a file, not a connector's name"))
                .hint(format!("write NAME {name}, or -f {name} if it has the name in it")));
        }
        let mut all = Vec::new();
        for path in self.paths()? {
            let text = read_text(&path, io)?;
            all.extend(read(&text, &path, self.name.as_deref(), settings)?);
        }
        Ok(all)
    }

    /// As [`Source::read`], for a verb that needs each connector's name.
    pub(crate) fn read_named(&self, settings: &Settings, io: &mut Io) -> Result<Vec<(String, Wanted)>> {
        let all = self.read(settings, io)?;
        let mut named: Vec<(String, Wanted)> = Vec::new();
        for mut wanted in all {
            let Some(name) = wanted.name.clone() else {
                let text = format!("{}: the configuration has no name in it", wanted.origin);
                return Err(Failure::usage(text).hint("give the connector's name before the file"));
            };
            if named.iter().any(|(other, _)| *other == name) {
                return Err(Failure::usage(format!("{}: a second configuration of {name}", wanted.origin)));
            }
            // Connect adds the name by itself; with it, what we want and what is in force compare equal.
            wanted.config.insert("name".to_owned(), name.clone());
            named.push((name, wanted));
        }
        Ok(named)
    }

    fn paths(&self) -> Result<Vec<String>> {
        if self.files.is_empty() {
            return Ok(vec![self.input.clone()]);
        }
        let mut paths = Vec::new();
        for path in &self.files {
            if !path.is_dir() {
                paths.push(path.display().to_string());
                continue;
            }
            let cannot = |error| Failure::usage(format!("cannot read {}: {error}", path.display()));
            let entries: Vec<PathBuf> = std::fs::read_dir(path)
                .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
                .map_err(cannot)?;
            let mut inside: Vec<String> = entries
                .iter()
                .filter(|path| is_configuration(path))
                .map(|path| path.display().to_string())
                .collect();
            if inside.is_empty() {
                return Err(Failure::usage(format!("{} has no .json or .properties file", path.display())));
            }
            inside.sort_unstable();
            paths.append(&mut inside);
        }
        Ok(paths)
    }
}

fn is_file(name: &str) -> bool {
    is_configuration(Path::new(name)) && Path::new(name).is_file()
}

fn is_configuration(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| matches!(extension.to_str(), Some("json" | "jsonl" | "properties")))
}

/// The whole of a file, or of stdin, if no signal cuts it short.
pub(crate) fn read_text(path: &str, io: &mut Io) -> Result<String> {
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {}: {error}", shown(path)));
    let mut text = String::new();
    match path {
        "-" => io.input.read_to_string(&mut text).map(|_| ()).map_err(cannot)?,
        path => text = std::fs::read_to_string(path).map_err(cannot)?,
    }
    if let Some(exit) = io.signals.received() {
        return Err(Failure::interrupted(exit));
    }
    Ok(text)
}

/// What messages call the file.
pub(crate) fn shown(path: &str) -> &str {
    if path == "-" { "stdin" } else { path }
}

/// Reads and fills the configurations in `text`; `name` is the connector's, where it is known.
fn read(text: &str, path: &str, name: Option<&str>, settings: &Settings) -> Result<Vec<Wanted>> {
    let origin = shown(path);
    let is_properties = path.ends_with(".properties");
    let found = match text.trim_start().chars().next() {
        None => return Err(Failure::usage(format!("{origin} is empty"))),
        Some('{' | '[' | '"') if !is_properties => from_json(text, origin)?,
        Some(_) => vec![from_properties(text, origin)?],
    };
    if let (Some(name), 2..) = (name, found.len()) {
        return Err(Failure::usage(format!(
            "{origin} has {} configurations, not one of {name}",
            found.len()
        )));
    }
    let mut missing = Vec::new();
    let mut all = Vec::new();
    for settings_in in found {
        let own = settings_in.iter().find(|(key, _)| key == "name").map(|(_, name)| name.clone());
        if let (Some(wanted), Some(own)) = (name, &own)
            && wanted != own
        {
            return Err(Failure::usage(format!("{origin} is for the connector {own}, not {wanted}")));
        }
        let name = name.map(str::to_owned).or(own);
        let mut wanted =
            Wanted { name, config: Config::new(), secrets: Vec::new(), origin: origin.to_owned() };
        for (key, value) in settings_in {
            let filled = fill::fill(&value, settings)?;
            missing.extend(filled.missing);
            if filled.text == mask::MASK {
                return Err(Failure::usage(format!("{origin}: {key} is a mask, not a value"))
                    .hint("output of `connect-ctl get` has no secrets in it; `connect-ctl export` puts ${VARIABLE} there"));
            }
            if filled.secret {
                wanted.secrets.push(key.clone());
            }
            wanted.config.insert(key, filled.text);
        }
        all.push(wanted);
    }
    if !missing.is_empty() {
        missing.sort_unstable();
        missing.dedup();
        return Err(fill::missing(origin, &missing));
    }
    Ok(all)
}

/// One object, pretty or not, or one after another, as JSON lines are.
fn from_json(text: &str, origin: &str) -> Result<Vec<Vec<(String, String)>>> {
    let mut objects = serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>();
    let mut found = Vec::new();
    while let Some(object) = objects.next() {
        let object = object.map_err(|error| {
            let error_text = error.to_string();
            let why = error_text.split(" at line ").next().unwrap_or_default();
            let place = match error.column() {
                // Where the text ends too early.
                0 if error.is_eof() => format!("{origin}:{}", error.line()),
                // What is no object at all has no place of its own.
                0 if found.is_empty() => origin.to_owned(),
                0 => format!("{origin}:{}", line_behind(text, objects.byte_offset())),
                column => format!("{origin}:{}:{column}", error.line()),
            };
            let failure = Failure::usage(format!("{place}: not a JSON object: {why}"));
            if text.contains("\": ${") { failure.hint("write \"${VARIABLE}\" with quotes") } else { failure }
        })?;
        found.push(from_object(object, origin)?);
    }
    Ok(found)
}

/// The number of the line where the text goes on behind `offset`.
fn line_behind(text: &str, offset: usize) -> usize {
    let (before, behind) = text.split_at(offset);
    let blank = behind.len() - behind.trim_start().len();
    before.matches('\n').count() + behind[..blank].matches('\n').count() + 1
}

/// The settings of the object itself, or what it has under `config`, with the name.
fn from_object(mut outer: Map<String, Value>, origin: &str) -> Result<Vec<(String, String)>> {
    let config = match outer.remove("config") {
        Some(Value::Object(mut config)) => {
            // Beside `config`, what Connect itself answers has its tasks and its type.
            if let Some(name) = outer.remove("name") {
                config.insert("name".to_owned(), name);
            }
            config
        }
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
                        "{origin}: {key} is not a string, a number, true or false"
                    )));
                }
            };
            Ok((key, text))
        })
        .collect()
}

fn from_properties(text: &str, origin: &str) -> Result<Vec<(String, String)>> {
    let pairs =
        properties::parse(text).map_err(|(line, why)| Failure::usage(format!("{origin}:{line}: {why}")))?;
    if !pairs.iter().any(|(key, _)| key == "connector.class") {
        return Err(Failure::usage(format!(
            "{origin}: neither a JSON object nor properties with connector.class"
        )));
    }
    Ok(pairs)
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

    fn parsed(text: &str, name: Option<&str>) -> Result<Vec<Config>> {
        let settings = Settings::from_pairs([]);
        let all = read(text, "f.json", name, &settings)?;
        Ok(all.into_iter().map(|wanted| wanted.config).collect())
    }

    fn map(pairs: &[(&str, &str)]) -> Config {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_bare_object_one_with_name_and_config_properties_and_lines_are_the_same() {
        let pairs = map(&[("connector.class", "x"), ("name", "n"), ("tasks.max", "3")]);
        let one = r#"{"name":"n","config":{"connector.class":"x","tasks.max":"3"},"tasks":[],"type":"sink"}"#;
        for text in [
            r#"{"name":"n","connector.class":"x","tasks.max":3}"#,
            one,
            "name=n\nconnector.class=x\ntasks.max=3\n",
        ] {
            assert_eq!(parsed(text, Some("n")), Ok(vec![pairs.clone()]), "{text}");
        }
        let other = r#"{"name":"m","config":{}}"#;
        assert_eq!(parsed(&format!("{one}\n{other}\n"), None), Ok(vec![pairs, map(&[("name", "m")])]));
    }

    #[test]
    fn what_cannot_be_a_configuration_is_refused_with_its_place() {
        let text = |input: &str| parsed(input, Some("n")).unwrap_err().text().to_owned();
        assert!(text("{\n\"a\": }").starts_with("f.json:2:6: not a JSON object: "));
        assert!(text("{}\n[]").starts_with("f.json:2: not a JSON object: "), "{}", text("{}\n[]"));
        assert_eq!(text(r#"{"a":{"b":1}}"#), "f.json: a is not a string, a number, true or false");
        assert_eq!(text(r#"{"name":"other","config":{}}"#), "f.json is for the connector other, not n");
        assert_eq!(text("{}{}"), "f.json has 2 configurations, not one of n");
        assert_eq!(text(" "), "f.json is empty");
        assert_eq!(text("oops"), "f.json: neither a JSON object nor properties with connector.class");
    }

    #[test]
    fn changes_name_each_setting_and_mask_secrets() {
        let now = map(&[("a", "1"), ("b", "x"), ("password", "old")]);
        let config = map(&[("a", "2"), ("c", "y"), ("password", "new")]);
        let wanted = Wanted { config, ..Wanted::default() };
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
