//! `plugins` and `plugin`: the classes that a worker has, and their settings.

use kch_cli::{Failure, Result};
use serde_json::{Value, json};

use crate::Job;

/// Kinds of plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Topics to elsewhere
    Sink,
    /// Elsewhere to topics
    Source,
    /// Bytes to values and back
    Converter,
    /// The same for headers
    HeaderConverter,
    /// Changes a record on its way
    Transformation,
    /// Says which records a transformation is for
    Predicate,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Sink => "sink",
            Kind::Source => "source",
            Kind::Converter => "converter",
            Kind::HeaderConverter => "header_converter",
            Kind::Transformation => "transformation",
            Kind::Predicate => "predicate",
        }
    }
}

/// A row for each class: connectors, or all plugins, or one kind of them.
pub(crate) fn list(job: &Job<'_>, all: bool, kind: Option<Kind>) -> Result<Vec<Value>> {
    let all = all || kind.is_some();
    let plugins = job.worker.plugins(all)?;
    let is_connector = |plugin: &Value| plugin["type"] == "sink" || plugin["type"] == "source";
    // Every worker has converters, but older ones do not know the question.
    if all && plugins.iter().all(is_connector) {
        let text = "this worker lists connectors only, Connect 3.2 and later all plugins";
        return Err(Failure::refused(text).hint("connect-ctl plugins"));
    }
    let wanted = plugins.iter().filter(|plugin| kind.is_none_or(|kind| plugin["type"] == kind.word()));
    let row = |plugin: &Value| json!({"class": plugin["class"], "type": plugin["type"], "version": plugin["version"]});
    Ok(wanted.map(row).collect())
}

/// A row for each setting of a class, or of those that speak of `search`.
pub(crate) fn settings(job: &Job<'_>, class: &str, search: Option<&str>) -> Result<Vec<Value>> {
    let settings = job.worker.settings_of(class)?;
    let found: Vec<Value> = settings
        .iter()
        .filter(|setting| speaks_of(setting, search))
        .map(|setting| row(job, setting))
        .collect();
    match search {
        Some(search) if found.is_empty() => {
            Err(Failure::refused(format!("no setting of {class} speaks of {search:?}"))
                .hint(format!("connect-ctl plugin {class} lists all {}", settings.len())))
        }
        _ => Ok(found),
    }
}

/// Whether all words of `search` are in the setting's name or documentation, in whatever case.
fn speaks_of(setting: &Value, search: Option<&str>) -> bool {
    let text = |key: &str| setting[key].as_str().unwrap_or_default().to_lowercase();
    let (name, about) = (text("name"), text("documentation"));
    let mut words = search.unwrap_or_default().split_whitespace().map(str::to_lowercase);
    words.all(|word| name.contains(&word) || about.contains(&word))
}

fn row(job: &Job<'_>, setting: &Value) -> Value {
    let about = setting["documentation"].as_str().unwrap_or_default();
    let row = json!({"setting": setting["name"], "type": setting["type"], "required": setting["required"],
        "default": setting["default_value"], "importance": setting["importance"]});
    let mut row = row;
    row["about"] = if job.table { first_sentence(about).into() } else { about.into() };
    row
}

/// Enough for a line of a table.
fn first_sentence(text: &str) -> String {
    const SHOWN: usize = 80;
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    let sentence = text[..end].replace("<p>", " ");
    match sentence.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &sentence[..cut]),
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_for_all_its_words_in_name_and_documentation() {
        let setting =
            json!({"name": "errors.tolerance", "documentation": "Behavior for Tolerating errors. More."});
        for search in [None, Some(""), Some("toler"), Some("behavior ERRORS")] {
            assert!(speaks_of(&setting, search), "{search:?}");
        }
        assert!(!speaks_of(&setting, Some("errors queue")));
        assert_eq!(
            first_sentence("Behavior for Tolerating errors. More."),
            "Behavior for Tolerating errors."
        );
    }
}
