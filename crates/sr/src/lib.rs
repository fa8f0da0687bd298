//! `sr`: one request, one answer. Owns which verb runs and what it works with; `verbs` has one file for each.

mod args;
mod at_once;
mod desired;
mod explain;
mod file_name;
mod folder;
mod framed;
mod habit;
mod health;
mod input;
mod judged;
mod latest;
mod moved;
mod names;
mod put_back;
mod restore;
mod rows;
mod siblings;
mod snapshot;
mod source;
mod steps;
mod target;
mod trial;
pub mod verbs;

use kch_cli::{Exit, Failure, Format, Io, RenderArgs, Result, Settings};
use kch_registry::Registry;
use serde_json::Value;

pub use args::{Args, ReferenceArg, SchemaArgs, Verb};
pub use habit::habit;
pub use moved::ToContext;
pub use restore::How;
pub use snapshot::Selection;

/// Runs the tool.
///
/// # Errors
/// Settings that are missing or wrong, a registry that cannot be reached, requests that it refuses.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit> {
    let mut settings = Settings::load(args.common.env_file.as_deref())?;
    args.registry.apply(&mut settings);
    let mut desk = Desk { settings, render: args.render.clone(), io };
    if args.common.show_config {
        let rows = desk.settings.show(&kch_registry::registry_settings())?;
        return desk.rows(&rows);
    }
    let Some(verb) = &args.verb else {
        return Err(Failure::usage("no verb given").hint("sr --help lists them"));
    };
    // What is done, and the verdict, stand also when nobody reads the rows. Samples and records are a stream.
    if !matches!(verb, Verb::Sample(_) | Verb::Decode(_)) {
        desk.io.output.outlive_reader();
    }
    match verb {
        Verb::Subjects(verb) => verb.run(&mut desk),
        Verb::Versions(verb) => verb.run(&mut desk),
        Verb::Get(verb) => verb.run(&mut desk),
        Verb::Lookup(verb) => verb.run(&mut desk),
        Verb::Id(verb) => verb.run(&mut desk),
        Verb::Refs(verb) => verb.run(&mut desk),
        Verb::Who(verb) => verb.run(&mut desk),
        Verb::Register(verb) => verb.run(&mut desk),
        Verb::Check(verb) => verb.run(&mut desk),
        Verb::Diff(verb) => verb.run(&mut desk),
        Verb::Compat(verb) => verb.run(&mut desk),
        Verb::Mode(verb) => verb.run(&mut desk),
        Verb::Contexts(verb) => verb.run(&mut desk),
        Verb::Delete(verb) => verb.run(&mut desk),
        Verb::Undelete(verb) => verb.run(&mut desk),
        Verb::Export(verb) => verb.run(&mut desk),
        Verb::Import(verb) => verb.run(&mut desk),
        Verb::Copy(verb) => verb.run(&mut desk),
        Verb::Apply(verb) => verb.run(&mut desk),
        Verb::Lint(verb) => verb.run(&mut desk),
        Verb::Canonical(verb) => verb.run(&mut desk),
        Verb::Infer(verb) => verb.run(&mut desk),
        Verb::Ddl(verb) => verb.run(&mut desk),
        Verb::JsonSchema(verb) => verb.run(&mut desk),
        Verb::Sample(verb) => verb.run(&mut desk),
        Verb::Decode(verb) => verb.run(&mut desk),
        Verb::Doctor(verb) => verb.run(&mut desk),
        Verb::Wait(verb) => verb.run(&mut desk),
    }
}

/// A row of what was done, or, with `--dry-run`, would be.
pub(crate) fn planned(mut row: Value, dry_run: bool) -> Value {
    if dry_run {
        row["dry_run"] = true.into();
    }
    row
}

/// What a verb works with: the settings, the output and its format. A verb that needs no registry asks for none.
pub(crate) struct Desk<'io> {
    pub(crate) settings: Settings,
    /// How rows are to be printed.
    pub(crate) render: RenderArgs,
    pub(crate) io: &'io mut Io,
}

impl Desk<'_> {
    /// The registry that the settings name.
    pub(crate) fn registry(&self) -> Result<Registry> {
        Ok(self.cached_registry()?.without_disk())
    }

    /// The same; what it cannot be asked for, because it is away, may come from the disk.
    pub(crate) fn cached_registry(&self) -> Result<Registry> {
        Ok(Registry::from_settings(&self.settings)?.with_signals(self.io.signals.clone()))
    }

    /// The same, but no signal interrupts its calls: for what must be put back.
    pub(crate) fn calm_registry(&self) -> Result<Registry> {
        Ok(Registry::from_settings(&self.settings)?.without_disk())
    }

    /// Prints rows.
    pub(crate) fn rows(&mut self, rows: &[Value]) -> Result<Exit> {
        self.render.render(&self.io.output).rows(rows, &mut self.io.output)?;
        Ok(Exit::Done)
    }

    /// Prints what was done before work ended; how it ended counts more than rows that cannot be written.
    pub(crate) fn rows_of(&mut self, rows: &[Value], outcome: Result<()>) -> Result<Exit> {
        let printed = self.rows(rows);
        outcome?;
        printed
    }

    /// Tells a person what a script sees from rows that are not there.
    pub(crate) fn say_to_person(&mut self, text: &str) {
        if self.io.messages.is_terminal() {
            self.io.messages.say(text);
        }
    }

    /// Prints one row.
    pub(crate) fn row(&mut self, row: Value) -> Result<Exit> {
        self.rows(&[row])
    }

    /// Whether rows are printed whole: as JSON lines, or one field of them.
    pub(crate) fn is_json(&self) -> bool {
        match self.render.output {
            Some(format) => format == Format::Json,
            None => self.render.field.is_some() || !self.io.output.is_terminal(),
        }
    }

    /// Whether rows were asked for, where a verb prints something else by itself.
    pub(crate) fn wants_rows(&self) -> bool {
        self.render.output.is_some() || self.render.field.is_some()
    }

    /// Prints a record, which is JSON already.
    pub(crate) fn record(&mut self, json: &[u8]) -> Result<()> {
        self.render.render(&self.io.output).record(json, &mut self.io.output)
    }

    /// Rows for this output: a table has no room for these long columns.
    pub(crate) fn without(&self, rows: &[Value], long: &[&str]) -> Vec<Value> {
        let mut rows = rows.to_vec();
        if !self.is_json() {
            for row in rows.iter_mut().filter_map(Value::as_object_mut) {
                row.retain(|key, _| !long.contains(&key.as_str()));
            }
        }
        rows
    }

    /// Prints one JSON document: indented, unless JSON lines were asked for.
    pub(crate) fn document(&mut self, document: &Value) -> Result<Exit> {
        if self.render.field.is_some() {
            return self.row(document.clone());
        }
        let text = if self.render.output == Some(Format::Json) {
            document.to_string()
        } else {
            format!("{document:#}")
        };
        self.io.output.line(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
