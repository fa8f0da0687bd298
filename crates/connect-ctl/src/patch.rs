//! `patch` and `clone`: a configuration in force with some of its settings changed, of the same connector or of a new one.

use kch_cli::{Exit, Failure, Io, Result, nearest};

use crate::apply::{How, Step, Waiting};
use crate::complete::{setting_pairs, settings_there};
use crate::config::Wanted;
use crate::connector::Connector;
use crate::select::Which;
use crate::worker::Config;
use crate::{Job, each, fill, mask};

/// Settings to change in a configuration.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Edits {
    /// A setting, KEY=VALUE; repeat for more. ${VARIABLE} is filled in, as apply does
    #[arg(short = 's', long = "set", value_name = "KEY=VALUE", value_parser = parse_pair, add = setting_pairs())]
    pub set: Vec<(String, String)>,

    /// A setting to take out; repeat for more
    #[arg(long, value_name = "KEY", add = settings_there())]
    pub unset: Vec<String>,
}

/// `KEY=VALUE`, of which the value may be empty and may hold more of `=`.
pub(crate) fn parse_pair(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

/// Edits whose variables are filled in.
struct Filled {
    set: Config,
    /// Settings that hold a secret although their names do not say so.
    secrets: Vec<String>,
}

impl Edits {
    /// What is wrong with them is told before any connector is asked for.
    fn filled(&self, job: &Job<'_>) -> Result<Filled> {
        if let Some((key, _)) = self.set.iter().find(|(key, _)| self.unset.contains(key)) {
            return Err(Failure::usage(format!("{key} is both set and unset")));
        }
        if self.set.iter().map(|(key, _)| key).chain(&self.unset).any(|key| key == "name") {
            return Err(Failure::usage("a connector's name cannot be changed")
                .hint("connect-ctl clone makes one of another name"));
        }
        let mut filled = Filled { set: Config::new(), secrets: Vec::new() };
        for (key, value) in &self.set {
            let value = fill::fill(value, job.settings)?;
            if !value.missing.is_empty() {
                return Err(fill::missing("--set", &value.missing));
            }
            if value.text == mask::MASK {
                return Err(Failure::usage(format!("--set: {key} is a mask, not a value")));
            }
            if value.secret {
                filled.secrets.push(key.clone());
            }
            filled.set.insert(key.clone(), value.text);
        }
        Ok(filled)
    }

    /// The configuration with the edits in it. A setting to take out that is not there is told: it may be a slip.
    fn applied(&self, name: &str, config: &Config, filled: &Filled, io: &mut Io) -> Wanted {
        let mut wanted =
            Wanted { config: config.clone(), secrets: filled.secrets.clone(), ..Wanted::default() };
        for key in &self.unset {
            if wanted.config.remove(key).is_none() {
                let near = nearest(key, config.keys().map(String::as_str));
                let question = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                io.messages.say(&format!("note: {name} has no setting {key}{question}"));
            }
        }
        wanted.config.extend(filled.set.clone());
        wanted
    }
}

/// Changes settings of the chosen connectors, which must be there. One that is refused does not keep the others from it.
pub(crate) fn patch(job: &Job<'_>, which: &Which, edits: &Edits, how: How, io: &mut Io) -> Result<Exit> {
    if edits.set.is_empty() && edits.unset.is_empty() {
        return Err(Failure::usage("nothing to change").hint("give --set KEY=VALUE or --unset KEY"));
    }
    let filled = edits.filled(job)?;
    let connectors = which.to_change(job.worker, false, io)?.connectors;
    let mut waiting = Waiting::new(how);
    let exit = each(&connectors, io, |Connector { name, .. }, io| {
        let config = job.worker.config(name)?.ok_or_else(|| job.worker.no_such_connector(name))?;
        let wanted = edits.applied(name, &config, &filled, io);
        waiting.take(job, Step::from(job, name, Some(&config), wanted)?, io)
    })?;
    Ok(exit.worst(waiting.end(job, io)?))
}

/// Makes a connector of the configuration of another one. One of the new name that is there already is left alone.
pub(crate) fn clone(
    job: &Job<'_>,
    names: (&str, &str),
    edits: &Edits,
    how: How,
    io: &mut Io,
) -> Result<Exit> {
    let (name, new) = names;
    let filled = edits.filled(job)?;
    let config = job.worker.config(name)?.ok_or_else(|| job.worker.no_such_connector(name))?;
    let mut wanted = edits.applied(name, &config, &filled, io);
    wanted.config.insert("name".to_owned(), new.to_owned());
    let step = Step::new(job, new, wanted)?;
    if !step.is_new() && !step.changes_nothing() {
        return Err(Failure::refused(format!("connector {new} exists already, with another configuration"))
            .hint(format!("connect-ctl patch {new} --set KEY=VALUE changes it")));
    }
    let mut waiting = Waiting::new(how);
    waiting.take(job, step, io)?;
    waiting.end(job, io)
}
