//! `sr register`.

use kch_cli::{Exit, Result};
use kch_registry::{Error, Version};
use serde_json::json;

use crate::judged::Judged;
use crate::{Desk, SchemaArgs, input};

const EXAMPLES: &str = "\
Registering a schema that is there already changes nothing; \"created\" says which it was.

Examples:
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc
  sr get orders-value --raw | sr --registry http://other:8081 register orders-value -
  sr register order-value order.avsc --reference example.Money=money-value:1";

/// What to register, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Register {
    /// The subject
    pub subject: String,
    /// The schema
    #[command(flatten)]
    pub schema: SchemaArgs,
}

impl Register {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let Register { subject, schema } = self;
        let registry = desk.registry()?;
        let name = input::name(&schema.file);
        let schema = input::read(schema, &registry, desk.io)?;
        let registered = match registry.register(subject, &schema) {
            Err(Error::Incompatible { messages, .. }) => {
                let judged = Judged::explain(&registry, subject, Version::Latest, &schema, messages)?;
                return Err(judged.failure(subject, name));
            }
            outcome => outcome?,
        };
        desk.row(json!({"subject": subject, "version": registered.version, "id": registered.schema.id,
            "created": registered.created}))
    }
}
