//! The flags that every tool has.

use std::path::PathBuf;

/// Flags shared by all tools. Flatten it into a tool's own arguments.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
pub struct CommonArgs {
    /// Read settings from this file instead of the nearest .env
    ///
    /// Default: KCH_ENV_FILE, else the nearest `.env` upwards from the working directory.
    #[arg(long, value_name = "FILE", global = true)]
    pub env_file: Option<PathBuf>,

    /// Print each setting, masked, with where it came from, and stop
    #[arg(long, global = true)]
    pub show_config: bool,
}
