//! `validate`: the settings that a connector class would refuse, and those that it would silently ignore.

use kch_cli::{Exit, Failure, Io, Result, nearest};
use serde_json::{Value, json};

use crate::config::{Source, Wanted};
use crate::{Job, mask};

/// What is wrong with a configuration.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What the class refuses.
    pub(crate) errors: Vec<Refused>,
    /// What no one knows and looks like a slip of the keyboard.
    pub(crate) slips: Vec<Slip>,
    /// Whatever else the class does not know.
    unknown: Vec<String>,
}

/// A setting that the class refuses, with its words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    setting: String,
    pub(crate) text: String,
    recommended: Vec<String>,
}

/// A setting that the class does not know, and the nearest that it knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Slip {
    pub(crate) setting: String,
    nearest: String,
}

impl Slip {
    pub(crate) fn text(&self) -> String {
        format!("no such setting; did you mean {}?", self.nearest)
    }
}

impl Findings {
    /// That nobody has to guess what a setting is for.
    pub(crate) fn ensure_all_known(&self, name: &str) -> Result<()> {
        let slips = self.slips.iter().map(|slip| format!("\n  {}: {}", slip.setting, slip.text()));
        let unknown = self.unknown.iter().map(|setting| format!("\n  {setting}: {UNKNOWN}"));
        let found: String = slips.chain(unknown).collect();
        if found.is_empty() {
            return Ok(());
        }
        Err(Failure::refused(format!("the configuration of {name} has settings that nobody knows:{found}")))
    }
}

/// What is said of a setting that is near none.
const UNKNOWN: &str = "the class does not know this setting";

/// Settings below these belong to others than the class: converters, transformations, clients.
const OTHERS: [&str; 9] = [
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "transforms.",
    "predicates.",
    "consumer.override.",
    "producer.override.",
    "admin.override.",
    "topic.creation.",
];

/// Asks the class.
pub(crate) fn findings(job: &Job<'_>, wanted: &Wanted) -> Result<Findings> {
    let mut config = wanted.config.clone();
    // The name comes with `apply`; without one the class would miss it.
    config.entry("name".to_owned()).or_insert_with(|| "validate".to_owned());
    let answer = job.worker.validate(&config)?;
    let none = Vec::new();
    let settings: Vec<&Value> =
        answer["configs"].as_array().unwrap_or(&none).iter().map(|setting| &setting["value"]).collect();
    let mut findings = Findings::default();
    for value in &settings {
        let Some(setting) = value["name"].as_str() else { continue };
        for text in value["errors"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let recommended = value["recommended_values"].as_array().into_iter().flatten();
            let refused = Refused {
                setting: setting.to_owned(),
                text: text.to_owned(),
                recommended: recommended.filter_map(|value| Some(value.as_str()?.to_owned())).collect(),
            };
            if !findings.errors.contains(&refused) {
                findings.errors.push(refused);
            }
        }
    }
    let known: Vec<&str> = settings.iter().filter_map(|value| value["name"].as_str()).collect();
    let besides = job.worker.known_besides(&wanted.config)?;
    let known: Vec<&str> =
        known.into_iter().chain(besides.iter().flat_map(|(_, names)| names).map(String::as_str)).collect();
    for setting in wanted.config.keys().filter(|key| !known.contains(&key.as_str())) {
        // Others have settings that no class lists, unless theirs does: of those only a slip is told.
        let is_others = OTHERS.iter().any(|prefix| setting.starts_with(prefix))
            && !besides.iter().any(|(prefix, _)| setting.starts_with(prefix.as_str()));
        match nearest(setting, known.iter().copied()) {
            Some(near) => {
                findings.slips.push(Slip { setting: setting.clone(), nearest: near.to_owned() });
            }
            None if !is_others => findings.unknown.push(setting.clone()),
            None => {}
        }
    }
    Ok(findings)
}

/// Configurations that need no name.
pub(crate) fn source(input: &str) -> Source {
    Source { input: input.to_owned(), ..Source::default() }
}

/// A row for each finding; with `strict`, what the class does not know is one.
pub(crate) fn run(job: &Job<'_>, source: &Source, strict: bool, io: &mut Io) -> Result<Exit> {
    let all = source.read(job.settings, io)?;
    let several = all.len() > 1;
    let mut found = Vec::new();
    for mut wanted in all {
        wanted.secrets.extend(job.worker.passwords_of(&wanted.config)?);
        for row in rows(&findings(job, &wanted)?, &wanted, strict) {
            found.push(if several { with_name(wanted.name.as_deref(), row) } else { row });
        }
    }
    job.render.rows(&found, &mut io.output)?;
    match found.len() {
        0 => Ok(Exit::Done),
        1 => Err(Failure::refused("1 setting is wrong")),
        count => Err(Failure::refused(format!("{count} settings are wrong"))),
    }
}

fn rows(findings: &Findings, wanted: &Wanted, strict: bool) -> Vec<Value> {
    let given =
        |setting: &str| wanted.config.get(setting).map(|text| mask::value(setting, text, &wanted.secrets));
    let errors = findings.errors.iter().map(|error| {
        let text = mask::refusal(Failure::refused(error.text.as_str()), wanted).text().to_owned();
        let mut row = json!({"setting": error.setting, "value": given(&error.setting), "error": text});
        if !error.recommended.is_empty() {
            row["recommended"] = json!(error.recommended);
        }
        row
    });
    let slips = findings
        .slips
        .iter()
        .map(|slip| json!({"setting": slip.setting, "value": given(&slip.setting), "error": slip.text()}));
    let unknown = findings.unknown.iter().filter(|_| strict);
    let unknown =
        unknown.map(|setting| json!({"setting": setting, "value": given(setting), "error": UNKNOWN}));
    errors.chain(slips).chain(unknown).collect()
}

fn with_name(name: Option<&str>, row: Value) -> Value {
    let mut named = json!({"name": name});
    if let (Value::Object(named), Value::Object(row)) = (&mut named, row) {
        named.extend(row);
    }
    named
}
