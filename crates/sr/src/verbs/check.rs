//! `sr check`.

use kch_cli::{Exit, Result};
use kch_registry::{Compatibility, Version};
use serde_json::json;

use crate::judged::Judged;
use crate::{Desk, SchemaArgs, input};

const EXAMPLES: &str = "\
Exit code 1 and the reasons when it may not.

Examples:
  sr check smoke-avro-value configs/schemas/smoke-avro-value.v2.avsc
  sr check orders-value v2.avsc && sr register orders-value v2.avsc
  sr check orders-value v2.avsc --version 1 2>/dev/null | jq -r '.reasons[]'";

/// What to check, and against what.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    /// The subject
    pub subject: String,
    /// The schema
    #[command(flatten)]
    pub schema: SchemaArgs,
    /// Compare with this version: a number, or latest
    #[arg(long, value_name = "N", default_value = "latest")]
    pub version: Version,
}

impl Check {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let Check { subject, schema, version } = self;
        let registry = desk.registry()?;
        let name = input::name(&schema.file);
        let schema = input::read(schema, &registry, desk.io)?;
        let Compatibility { compatible, messages } = registry.check(subject, *version, &schema)?;
        if compatible {
            let version = registry.subject_version(subject, *version)?.version;
            return desk
                .row(json!({"subject": subject, "version": version, "compatible": true, "reasons": []}));
        }
        let judged = Judged::explain(&registry, subject, *version, &schema, messages)?;
        let Judged { version, reasons, .. } = &judged;
        desk.row(json!({"subject": subject, "version": version, "compatible": false, "reasons": reasons}))?;
        Err(judged.failure(subject, name))
    }
}
