//! The flags that every tool has.

use std::path::PathBuf;

use crate::{ErrorFormat, Shell};

/// Flags shared by all tools. Flatten it into a tool's own arguments.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
pub struct CommonArgs {
    /// Read settings from this file instead of the nearest .env
    ///
    /// Default: KCH_ENV_FILE, else the nearest `.env` upwards from the working directory.
    #[arg(long, value_name = "FILE", global = true)]
    pub env_file: Option<PathBuf>,

    /// How errors, warnings and notes are told on stderr
    ///
    /// As json, each is a line: an object with `tool`, `kind` and `message`, with `exit` when it is an error, with `hint` when
    /// there is one. Default: KCH_ERRORS of the environment, else text.
    #[arg(long, value_name = "FORMAT", global = true)]
    pub errors: Option<ErrorFormat>,

    /// Print each setting, masked, with where it came from, and stop
    #[arg(long, global = true)]
    pub show_config: bool,

    /// Print the completions for a shell, and stop
    ///
    /// `make install` puts them in place; else, in bash: source <(TOOL --completions bash).
    #[arg(long, value_name = "SHELL", exclusive = true, hide_short_help = true)]
    pub completions: Option<Shell>,

    /// Write the man pages into this directory, and stop
    #[arg(long, value_name = "DIR", exclusive = true, hide = true)]
    pub man_pages: Option<PathBuf>,
}
