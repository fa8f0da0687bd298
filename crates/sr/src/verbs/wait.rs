//! `sr wait`.

use std::time::Duration;

use kch_cli::{Exit, Result, parse_duration};

use crate::Desk;

const EXAMPLES: &str = "\
Examples:
  sr wait --timeout 2m && sr register kafka-events-value configs/schemas/kafka-events-value.avsc";

/// How long to wait.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Wait {
    /// For how long
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub timeout: Duration,
}

impl Wait {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        desk.registry()?.wait(self.timeout)?;
        Ok(Exit::Done)
    }
}
