//! The command line of `sr`, as typed.

use std::time::Duration;

use clap::{Parser, Subcommand};
use kch_cli::{CommonArgs, Format, parse_duration};
use kch_registry::{Level, Reference, RegistryArgs, Version};

/// The Schema Registry from the shell
///
/// JSON lines in a pipe, a table on a terminal.
#[derive(Debug, Parser)]
#[command(name = "sr", version, after_help = EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<Verb>,

    /// Output format; by default a table on a terminal, else JSON lines
    #[arg(short = 'o', long, value_name = "FORMAT", global = true)]
    pub output: Option<Format>,

    /// Where the registry is
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// Settings
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List subjects
    #[command(after_help = SUBJECTS)]
    Subjects {
        /// Only those whose names begin so
        #[arg(long)]
        prefix: Option<String>,
        /// Those that are softly deleted too
        #[arg(long)]
        deleted: bool,
    },
    /// List the versions of a subject
    #[command(after_help = VERSIONS)]
    Versions {
        /// The subject
        subject: String,
    },
    /// Print a schema, by subject and version or by id
    #[command(after_help = GET)]
    Get {
        /// The subject
        #[arg(required_unless_present = "id")]
        subject: Option<String>,
        /// Its version: a number, or latest
        #[arg(default_value = "latest", value_parser = clap::value_parser!(Version))]
        version: Version,
        /// The id that a record's frame holds
        #[arg(long, value_name = "N", conflicts_with = "subject")]
        id: Option<u32>,
        /// The schema's text alone, as it was registered
        #[arg(long)]
        raw: bool,
    },
    /// Register a schema under a subject
    #[command(after_help = REGISTER)]
    Register {
        /// The subject
        subject: String,
        /// The schema
        #[command(flatten)]
        schema: SchemaArgs,
    },
    /// Say whether a schema may follow those a subject has, and why not
    #[command(after_help = CHECK)]
    Check {
        /// The subject
        subject: String,
        /// The schema
        #[command(flatten)]
        schema: SchemaArgs,
        /// Compare with this version: a number, or latest
        #[arg(long, value_name = "N", default_value = "latest")]
        version: Version,
    },
    /// Find the version of a subject that holds a schema
    #[command(after_help = LOOKUP)]
    Lookup {
        /// The subject
        subject: String,
        /// The schema
        #[command(flatten)]
        schema: SchemaArgs,
    },
    /// Show or change what a subject's next schema may change
    #[command(subcommand, after_help = COMPAT)]
    Compat(Compat),
    /// Show whether the registry, or a subject, takes schemas
    Mode {
        /// The subject; without one, the registry
        subject: Option<String>,
    },
    /// Delete a subject or one of its versions, softly or for good
    #[command(after_help = DELETE)]
    Delete {
        /// The subject
        subject: String,
        /// Only this version: a number, or latest
        version: Option<Version>,
        /// For good. Otherwise its schemas can still be read by id
        #[arg(long)]
        permanent: bool,
        /// Print what would be deleted
        #[arg(long)]
        dry_run: bool,
    },
    /// Wait until the registry answers
    #[command(after_help = WAIT)]
    Wait {
        /// For how long
        #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
        timeout: Duration,
    },
}

/// A schema to send.
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// File with the Avro schema; - is stdin
    pub file: String,
    /// A name that another subject's schema defines, NAME=SUBJECT:VERSION; repeat for more
    #[arg(long = "reference", alias = "references", value_name = "REFERENCE")]
    pub references: Vec<Reference>,
}

/// The verbs of `sr compat`.
#[derive(Debug, Subcommand)]
pub enum Compat {
    /// Show the level, and whether it is the subject's own
    Get {
        /// The subject; without one, the registry
        subject: Option<String>,
    },
    /// Set the level
    #[command(allow_missing_positional = true)]
    Set {
        /// The subject; without one, the registry
        subject: Option<String>,
        /// NONE, BACKWARD, FORWARD, FULL, or one of the last three with _TRANSITIVE
        level: Level,
    },
    /// Take the subject's own level away, so that the registry's counts
    Delete {
        /// The subject; without one, the registry goes back to its default
        subject: Option<String>,
    },
}

const EXAMPLES: &str = "\
Examples:
  sr subjects
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc
  sr get kafka-events-value --raw | jq '.fields[].name'
  sr check smoke-avro-value configs/schemas/smoke-avro-value.v2.avsc && echo compatible
  sr compat set smoke-avro-value BACKWARD

Exit codes: 0 done, 1 refused (incompatible, not there), 2 usage, configuration or credentials,
3 registry unreachable (try again).";

const SUBJECTS: &str = "\
Examples:
  sr subjects | jq -r .subject
  sr subjects -o raw | grep -x kafka-events-value
  sr subjects -o raw | xargs -n1 sr get";

const VERSIONS: &str = "\
Examples:
  sr versions smoke-avro-value -o table
  sr versions smoke-avro-value | jq -s 'map(.version) | max'";

const GET: &str = "\
Examples:
  sr get kafka-events-value
  sr get kafka-events-value 1 --raw > v1.avsc
  sr get --id 7 | jq .schema
  diff <(sr get smoke-avro-value 1 --raw | jq .) <(sr get smoke-avro-value --raw | jq .)";

const REGISTER: &str = "\
Registering a schema that is there already changes nothing; \"created\" says which it was.

Examples:
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc
  sr get orders-value --raw | sr --registry http://other:8081 register orders-value -
  sr register order-value order.avsc --reference example.Money=money-value:1";

const CHECK: &str = "\
Exit code 1 and the reasons when it may not.

Examples:
  sr check smoke-avro-value configs/schemas/smoke-avro-value.v2.avsc
  sr check orders-value v2.avsc && sr register orders-value v2.avsc
  sr check orders-value v2.avsc --version 1 2>/dev/null | jq -r '.reasons[]'";

const LOOKUP: &str = "\
Exit code 1 when it is not registered.

Examples:
  sr lookup orders-value v2.avsc | jq .id";

const COMPAT: &str = "\
Examples:
  sr compat get
  sr compat set smoke-avro-value BACKWARD
  sr compat set FULL
  sr compat delete smoke-avro-value";

const DELETE: &str = "\
Deleting what is softly deleted already succeeds; --permanent takes both steps from any state.

Examples:
  sr delete orders-value 3
  sr delete orders-value --permanent --dry-run
  sr subjects --prefix test- -o raw | xargs -n1 sr delete --permanent";

const WAIT: &str = "\
Examples:
  sr wait --timeout 2m && sr register kafka-events-value configs/schemas/kafka-events-value.avsc";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound_and_every_flag_has_help() {
        let mut command = Args::command();
        command.clone().debug_assert();
        command.build();
        let mut commands = vec![&command];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
            }
        }
    }

    #[test]
    fn compat_set_takes_a_level_with_or_without_a_subject() {
        let parse = |args: &[&str]| match Args::try_parse_from(args).unwrap().verb {
            Some(Verb::Compat(Compat::Set { subject, level })) => (subject, level),
            other => panic!("{other:?}"),
        };
        assert_eq!(parse(&["sr", "compat", "set", "full"]), (None, Level::Full));
        assert_eq!(parse(&["sr", "compat", "set", "s", "NONE"]), (Some("s".into()), Level::None));
    }
}
