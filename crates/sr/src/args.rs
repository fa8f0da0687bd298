//! The command line of `sr`, as typed. Each verb's own arguments stand with the verb.

use std::str::FromStr;

use clap::{Parser, Subcommand};
use kch_cli::{CommonArgs, RenderArgs};
use kch_registry::{Reference, RegistryArgs};

use crate::verbs::{
    Apply, Canonical, Check, Compat, Contexts, Copy, Ddl, Decode, Delete, Diff, Doctor, Export, Get, Id,
    Import, Infer, JsonSchema, Lint, Lookup, Mode, Refs, Register, Sample, Subjects, Undelete, Versions,
    Wait, Who,
};

/// The Schema Registry from the shell
///
/// JSON lines in a pipe, a table on a terminal.
#[derive(Debug, Parser)]
#[command(name = "sr", version, after_help = EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<Verb>,

    /// Output
    #[command(flatten)]
    pub render: RenderArgs,

    /// Where the registry is
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// Settings
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The verbs, in the order of the help: looking, changing, moving, schemas by themselves.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List subjects
    Subjects(Subjects),
    /// List the versions of a subject
    Versions(Versions),
    /// Print a schema, by subject and version or by id
    Get(Get),
    /// Find the version of a subject that holds a schema
    Lookup(Lookup),
    /// List the versions that an id stands for
    Id(Id),
    /// List who refers to a schema, or what it refers to
    Refs(Refs),
    /// Find fields by name, type or documentation, in all subjects
    Who(Who),
    /// Register a schema under a subject
    Register(Register),
    /// Check whether a schema may follow others, and say why not
    Check(Check),
    /// Print what changed between two schemas, field by field
    Diff(Diff),
    /// Show or change what a subject's next schema may change
    #[command(subcommand)]
    Compat(Compat),
    /// Show or change whether the registry, or a subject, takes schemas
    #[command(subcommand)]
    Mode(Mode),
    /// List contexts, or delete an empty one
    #[command(subcommand)]
    Contexts(Contexts),
    /// Delete a subject or one of its versions, softly or for good
    Delete(Delete),
    /// Bring softly deleted versions back
    Undelete(Undelete),
    /// Write subjects with all their versions into a folder
    Export(Export),
    /// Put an exported folder into a registry, ids and versions kept
    Import(Import),
    /// Copy subjects from one registry to another, ids and versions kept
    Copy(Copy),
    /// Create the schemas, levels and modes of a folder, or change what is there to match
    Apply(Apply),
    /// Find the mistakes in a schema
    Lint(Lint),
    /// Print a schema's canonical form, or its fingerprint
    Canonical(Canonical),
    /// Draft a schema from lines of JSON, or CSV
    Infer(Infer),
    /// Print the ClickHouse table that fits a schema
    Ddl(Ddl),
    /// Print the JSON Schema of a schema's lines
    #[command(name = "jsonschema")]
    JsonSchema(JsonSchema),
    /// Make records up
    Sample(Sample),
    /// Show what is in a record's bytes
    Decode(Decode),
    /// Check the registry and what is in it, and tell the cure
    Doctor(Doctor),
    /// Wait until the registry answers
    Wait(Wait),
}

/// A schema to send.
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// File with the Avro schema; - is stdin
    pub file: String,
    /// A name that another subject's schema defines, NAME=SUBJECT:VERSION; repeat for more; auto: look beside the file
    #[arg(long = "reference", visible_alias = "references", value_name = "NAME=SUBJECT:VERSION")]
    pub references: Vec<ReferenceArg>,
}

/// What `--reference` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceArg {
    /// Look for all of them in the files beside the schema's.
    Auto,
    /// This one.
    Given(Reference),
}

impl ReferenceArg {
    pub(crate) fn given(&self) -> Option<Reference> {
        match self {
            ReferenceArg::Auto => None,
            ReferenceArg::Given(reference) => Some(reference.clone()),
        }
    }
}

impl FromStr for ReferenceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<ReferenceArg, String> {
        if text == "auto" { Ok(ReferenceArg::Auto) } else { text.parse().map(ReferenceArg::Given) }
    }
}

const EXAMPLES: &str = "\
Examples:
  sr subjects
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc
  sr get kafka-events-value --raw | jq '.fields[].name'
  sr check smoke-avro-value configs/schemas/smoke-avro-value.v2.avsc && echo compatible
  sr compat set smoke-avro-value BACKWARD
  sr apply configs/schemas --plan
  sr export backup

Exit codes: 0 done, 1 refused (incompatible, not there), 2 usage, configuration or credentials,
3 registry unreachable (try again).";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use kch_registry::Level;

    use super::*;

    #[test]
    fn the_definition_is_sound_and_every_flag_has_help() {
        let mut command = Args::command();
        command.clone().debug_assert();
        command.build();
        let mut commands = vec![&command];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().filter(|command| command.get_name() != "help"));
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("Examples:\n"), "{} has no examples", command.get_name());
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
            }
        }
    }

    #[test]
    fn compat_set_takes_a_level_with_or_without_a_subject() {
        let parse = |args: &[&str]| match Args::try_parse_from(args).unwrap().verb {
            Some(Verb::Compat(Compat::Set { subject, level, .. })) => (subject, level),
            other => panic!("{other:?}"),
        };
        assert_eq!(parse(&["sr", "compat", "set", "full"]), (None, Level::Full));
        assert_eq!(parse(&["sr", "compat", "set", "s", "NONE"]), (Some("s".into()), Level::None));
    }
}
