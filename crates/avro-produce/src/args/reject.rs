//! Flags: what happens to a line that does not fit.

use std::path::PathBuf;

use clap::ValueEnum;
use kch_cli::RejectLimit;

/// What happens to a line that does not fit.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Bad lines")]
pub struct RejectArgs {
    /// On a line that does not fit: fail (stop there), skip (go on, exit 1 at the end), dlq (go on, send it to --dlq-topic)
    #[arg(long, value_enum, default_value_t = OnError::Fail, value_name = "WHAT")]
    pub on_error: OnError,

    /// Append each refused line to this file as JSON: line, offset, pointer, expected, got, error, raw
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Topic for refused lines, as the same JSON, with --on-error dlq
    #[arg(long, value_name = "TOPIC", required_if_eq("on_error", "dlq"))]
    pub dlq_topic: Option<String>,

    /// Stop when more than this many lines were refused, or this share of them: 10 or 1%; with --on-error skip or dlq
    #[arg(long, value_name = "N|P%")]
    pub max_errors: Option<RejectLimit>,
}

/// What to do about a line that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnError {
    /// Stop there
    #[default]
    Fail,
    /// Go on; exit 1 at the end
    Skip,
    /// Go on, and send it to the dead-letter topic; exit 1 at the end
    Dlq,
}
