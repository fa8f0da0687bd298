//! `export`: the configurations of connectors as files that `apply` takes back. A secret is written as a `${VARIABLE}`;
//! its value goes, when asked for, into a settings file that only its owner may read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use kch_cli::{Exit, Failure, Io, Result};
use serde_json::{Map, Value, json};

use crate::select::Which;
use crate::template::variable;
use crate::worker::Config;
use crate::{Job, fill, mask};

/// What goes where.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// The folder, which is made if it is not there; - is stdout, a line for each connector
    pub to: PathBuf,

    /// Connectors, by name or by glob (in quotes); without one, all
    #[arg(value_name = "NAME", add = crate::complete::connectors())]
    pub names: Vec<String>,

    /// Write the secrets into this file, for `apply --env-file`; only its owner may read it
    #[arg(long, value_name = "FILE")]
    pub secrets: Option<PathBuf>,

    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(crate) fn run(job: &Job<'_>, args: &ExportArgs, io: &mut Io) -> Result<Exit> {
    let which = Which { names: args.names.clone(), ..Which::default() };
    let connectors = which.or_all(job.worker)?;
    let mut secrets = BTreeMap::new();
    let mut rows = Vec::new();
    for connector in &connectors {
        // One that was deleted since is no longer there to export.
        let Some(config) = job.worker.config(&connector.name)? else { continue };
        let passwords = job.worker.passwords_of(&config)?;
        let exported = without_secrets(&connector.name, &config, &passwords, &mut secrets);
        let exported = json!({"name": connector.name, "config": exported});
        if args.to == Path::new("-") {
            job.render.record(exported.to_string().as_bytes(), &mut io.output)?;
            continue;
        }
        rows.push(write(&args.to, &connector.name, &exported, args.dry_run)?);
    }
    job.render.rows(&rows, &mut io.output)?;
    tell_secrets(args, &secrets, io)?;
    Ok(Exit::Done)
}

/// The configuration with a variable for each secret, whose value goes into `secrets`.
fn without_secrets(
    name: &str,
    config: &Config,
    passwords: &[String],
    secrets: &mut BTreeMap<String, String>,
) -> Map<String, Value> {
    let mut exported = Map::new();
    for (key, value) in config.iter().filter(|(key, _)| *key != "name") {
        let shown = if mask::value(key, value, passwords) == *value {
            fill::escape(value)
        } else {
            let mut variable = variable(&format!("{name}_{key}"));
            // Two names may differ only in what a variable's cannot have.
            while secrets.get(&variable).is_some_and(|other| other != value) {
                variable.push('_');
            }
            let reference = format!("${{{variable}}}");
            secrets.insert(variable, value.clone());
            reference
        };
        exported.insert(key.clone(), shown.into());
    }
    exported
}

fn write(folder: &Path, name: &str, exported: &Value, dry_run: bool) -> Result<Value> {
    let path = folder.join(file_name(name));
    let text = format!("{exported:#}\n");
    let now = std::fs::read_to_string(&path).ok();
    let result = match &now {
        None => "created",
        Some(now) if *now == text => "unchanged",
        Some(_) => "updated",
    };
    let file = path.display().to_string();
    if dry_run {
        return Ok(json!({"name": name, "file": file, "dry_run": true, "result": result}));
    }
    if result != "unchanged" {
        let cannot = |error: std::io::Error| Failure::refused(format!("cannot write {file}: {error}"));
        std::fs::create_dir_all(folder).map_err(cannot)?;
        std::fs::write(&path, text).map_err(cannot)?;
    }
    Ok(json!({"name": name, "file": file, "result": result}))
}

/// A connector's name may have what a file's may not.
fn file_name(name: &str) -> String {
    let mut file = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte) && !(byte == b'.' && file.is_empty()) {
            file.push(char::from(byte));
        } else {
            let _ = write!(file, "%{byte:02X}");
        }
    }
    file + ".json"
}

fn tell_secrets(args: &ExportArgs, secrets: &BTreeMap<String, String>, io: &mut Io) -> Result<()> {
    if secrets.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = secrets.keys().map(String::as_str).collect();
    let Some(path) = &args.secrets else {
        io.messages.say(&format!("note: secrets are left out; before apply, set {}", names.join(", ")));
        return Ok(());
    };
    if args.dry_run {
        return Ok(());
    }
    let cannot =
        |error: std::io::Error| Failure::refused(format!("cannot write {}: {error}", path.display()));
    // Made anew, so that a file which others may read does not stay so.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(cannot)?;
    let lines: String = secrets.iter().map(|(name, value)| format!("{name}={}\n", quoted(value))).collect();
    file.write_all(lines.as_bytes()).map_err(cannot)
}

/// A value as a settings file has it.
fn quoted(value: &str) -> String {
    let mut quoted = String::from("\"");
    for c in value.chars() {
        match c {
            '\\' | '"' | '$' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_one_whatever_the_connector_is_called() {
        assert_eq!(file_name("clickhouse-sink"), "clickhouse-sink.json");
        assert_eq!(file_name("../a b/é"), "%2E.%2Fa b%2F%C3%A9.json");
    }

    #[test]
    fn secrets_become_variables_and_dollars_are_kept() {
        let config: Config =
            [("name", "my-sink"), ("password", "hun$ter2"), ("url", "http://u:p@h"), ("note", "${A}")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into();
        let mut secrets = BTreeMap::new();
        let exported = Value::Object(without_secrets("my-sink", &config, &[], &mut secrets));
        assert_eq!(
            exported,
            json!({"password": "${MY_SINK_PASSWORD}", "url": "${MY_SINK_URL}", "note": "$${A}"})
        );
        assert_eq!(secrets["MY_SINK_PASSWORD"], "hun$ter2");
        let other: Config = [("password".to_owned(), "another".to_owned())].into();
        let exported = without_secrets("my.sink", &other, &[], &mut secrets);
        assert_eq!(exported["password"], "${MY_SINK_PASSWORD_}");
        assert_eq!(quoted("a\"$\\\n"), "\"a\\\"\\$\\\\\\n\"");
    }
}
