//! `validate`: the settings that a connector class would refuse, and those that it would silently ignore.

use kch_cli::{Exit, Failure, Io, Result, nearest};
use serde_json::{Value, json};

use crate::{Job, config, mask};

pub(crate) fn run(job: &Job<'_>, file: &str, io: &mut Io) -> Result<Exit> {
    let mut wanted = config::read(file, None, job.settings, io)?;
    // The name comes with `apply`; without one the class would miss it.
    wanted.config.entry("name".to_owned()).or_insert_with(|| "validate".to_owned());
    let answer = job.worker.validate(&wanted.config)?;
    let none = Vec::new();
    let settings = answer["configs"].as_array().unwrap_or(&none);
    let mut rows: Vec<Value> = Vec::new();
    for value in settings.iter().map(|setting| &setting["value"]) {
        let Some(key) = value["name"].as_str() else { continue };
        let given = wanted.config.get(key).map(|given| mask::value(key, given, &wanted.secrets));
        for error in value["errors"].as_array().into_iter().flatten() {
            let row = json!({"setting": key, "value": given, "error": error});
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    let known: Vec<&str> = settings.iter().filter_map(|setting| setting["value"]["name"].as_str()).collect();
    for key in wanted.config.keys().filter(|key| !known.contains(&key.as_str())) {
        // Converters, transformations and overrides have settings that the class does not list: only a slip is told.
        if let Some(near) = nearest(key, known.iter().copied()) {
            rows.push(
                json!({"setting": key, "value": mask::value(key, &wanted.config[key], &wanted.secrets),
                "error": format!("no such setting; did you mean {near}?")}),
            );
        }
    }
    job.render.rows(&rows, &mut io.output)?;
    match rows.len() {
        0 => Ok(Exit::Done),
        1 => Err(Failure::refused("1 setting is wrong")),
        count => Err(Failure::refused(format!("{count} settings are wrong"))),
    }
}
