//! Flags: which schema to write with.

use std::path::PathBuf;

use clap::ValueEnum;
use kch_registry::{Reference, SubjectNameStrategy};

/// Which schema to write with.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Schema")]
pub struct SchemaArgs {
    /// Subject to take the latest schema of, instead of TOPIC-value
    #[arg(long, value_name = "SUBJECT", group = "schema_choice")]
    pub subject: Option<String>,

    /// Version of the subject, instead of the latest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), group = "schema_choice")]
    pub schema_version: Option<u32>,

    /// Write with the schema that has this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["subject", "schema_version"], group = "schema_choice")]
    pub schema_id: Option<u32>,

    /// Write with the schema in this file; the subject must have it already
    #[arg(long = "schema", value_name = "FILE", conflicts_with_all = ["schema_id", "schema_version"], group = "schema_choice")]
    pub file: Option<PathBuf>,

    /// How subjects are named: topic (TOPIC-value), record (the record's full name), topic-record (TOPIC-RECORD)
    #[arg(long, value_name = "STRATEGY", default_value_t = SubjectNameStrategy::TopicName, conflicts_with = "schema_id",
        group = "schema_choice")]
    pub subject_strategy: SubjectNameStrategy,

    /// Full name of the record, for a strategy that needs it where there is no --schema
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "file",
        requires = "subject_strategy",
        group = "schema_choice"
    )]
    pub record: Option<String>,

    /// The registry's context that subjects and ids are in: eu, for subjects such as :.eu:TOPIC-value
    #[arg(long, value_name = "NAME", group = "schema_choice")]
    pub context: Option<String>,

    /// A named type of --schema that another subject defines, NAME=SUBJECT:VERSION; repeat for more
    #[arg(long = "reference", value_name = "NAME=SUBJECT:VERSION", requires = "file")]
    pub references: Vec<Reference>,

    /// Let the registry bring the schema of a file, and those it is compared with, into one form first
    #[arg(long)]
    pub normalize: bool,

    /// Register the schema of --schema or --key-schema under its subject if it is not there
    #[arg(
        long, value_enum, value_name = "WHEN", default_value_t = Register::Never,
        default_missing_value = "if-missing", num_args = 0..=1, require_equals = true
    )]
    pub register: Register,
}

/// When a schema of a file is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Register {
    /// Never: the subject must have it
    Never,
    /// When the subject does not have it
    IfMissing,
}
