//! `sr sample`: made-up records that avro-produce takes.

use kch_avro::JsonMode;
use kch_cli::{Exit, Failure, Format, Result};
use kch_schema::Sampler;

use crate::Desk;
use crate::source::SourceArgs;

const EXAMPLES: &str = "\
The same seed gives the same lines.

Examples:
  sr sample kafka-events-value -n 3
  sr sample configs/schemas/kafka-events-value.avsc --seed 7 | jq -c .id
  sr sample kafka-events-value -n 1000 | avro-produce -t kafka-events --dry-run";

/// Of what, and how many.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Sample {
    /// The schema
    #[command(flatten)]
    pub source: SourceArgs,
    /// How many lines
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub count: u64,
    /// Which lines
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How a value is written: plain, tagged or avro
    #[arg(long, value_name = "STYLE", default_value_t = JsonMode::Plain)]
    pub json: JsonMode,
}

impl Sample {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let source = desk.source(&self.source)?;
        let schema = source.schema()?;
        let refused = |error: String| Failure::refused(format!("{}: {error}", source.name));
        let mut sampler =
            Sampler::new(&schema, self.json, self.seed).map_err(|error| refused(error.to_string()))?;
        let in_rows = matches!(desk.render.output, Some(Format::Table | Format::Raw));
        let mut rows = Vec::new();
        let mut line = Vec::new();
        for _ in 0..self.count {
            if let Some(exit) = desk.io.signals.received() {
                return Ok(exit);
            }
            line.clear();
            sampler.write(&mut line).map_err(|error| refused(error.to_string()))?;
            match serde_json::from_slice(&line) {
                Ok(row) if in_rows => rows.push(row),
                _ => desk.record(&line)?,
            }
        }
        desk.rows(&rows)
    }
}
