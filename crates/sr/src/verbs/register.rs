//! `sr register`.

use kch_cli::{Exit, Failure, Result};
use kch_registry::{Error, Level, NewSchema, Registered, Registry, Version};
use serde_json::{Value, json};

use crate::judged::{Judged, ensure_own_level, judge_next, ruling_level};
use crate::put_back::PutBack;
use crate::siblings::Missing;
use crate::{Desk, SchemaArgs, input, planned};

const EXAMPLES: &str = "\
Registering a schema that is there already changes nothing; \"created\" says which it was.

--references auto finds what the schema refers to in the .avsc files beside it, which are named after their subjects \
(money-value.avsc, or money-value.v2.avsc), and registers them first where they are not there.

Examples:
  sr register kafka-events-value configs/schemas/kafka-events-value.avsc
  sr register orders-value v2.avsc --set-compat FULL --normalize
  sr register orders-value orders.avsc --references auto --dry-run
  sr register orders-value orders.avsc --reference example.Money=money-value:1
  sr get kafka-events-value --raw | sr --registry http://other:8081 register kafka-events-value -";

/// What to register, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Register {
    /// The subject
    pub subject: String,
    /// The schema
    #[command(flatten)]
    pub schema: SchemaArgs,
    /// Let the registry bring it into one form first, so that spaces and the order of attributes make no new version
    #[arg(long)]
    pub normalize: bool,
    /// Set the subject's compatibility first, so that it rules this schema already; put back when the schema is refused
    #[arg(long, value_name = "LEVEL")]
    pub set_compat: Option<Level>,
    /// Print what would be registered. A schema that would be refused is refused
    #[arg(long)]
    pub dry_run: bool,
}

impl Register {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let missing = if self.dry_run { Missing::Plan } else { Missing::Register };
        let mut rows = Vec::new();
        let outcome = (|| -> Result<()> {
            let schema =
                input::read_with(&self.schema, &self.subject, &registry, desk.io, missing, &mut rows)?;
            let schema = schema.normalized(self.normalize);
            if let Some(level) = &self.set_compat {
                ensure_own_level(&registry, &self.subject, level)?;
            }
            rows.push(match self.dry_run {
                true => self.plan(&registry, &schema, desk)?,
                false => self.register(&registry, &schema, desk)?,
            });
            Ok(())
        })();
        let rows: Vec<Value> = rows.into_iter().map(|row| planned(row, self.dry_run)).collect();
        desk.rows_of(&rows, outcome)
    }

    fn row(&self, registered: Option<&Registered>, created: bool) -> Value {
        let version = registered.map(|registered| registered.version);
        let id = registered.map(|registered| registered.schema.id);
        let mut row = json!({"subject": self.subject, "version": version, "id": id, "created": created});
        if let Some(level) = &self.set_compat {
            row["compatibility"] = json!(level.to_string());
        }
        row
    }

    fn register(&self, registry: &Registry, schema: &NewSchema, desk: &mut Desk<'_>) -> Result<Value> {
        let Register { subject, set_compat, .. } = self;
        let outcome = match set_compat {
            Some(level) => self.register_under(level, registry, schema, desk)?,
            None => registry.register(subject, schema),
        };
        match outcome {
            Ok(registered) => Ok(self.row(Some(&registered), registered.created)),
            Err(error) => Err(self.explain(registry, schema, error)?),
        }
    }

    /// Registers by a level that stays only if the registry takes the schema.
    fn register_under(
        &self,
        level: &Level,
        registry: &Registry,
        schema: &NewSchema,
        desk: &mut Desk<'_>,
    ) -> Result<std::result::Result<Registered, Error>> {
        let Register { subject, .. } = self;
        let was = registry.own_compatibility(subject)?;
        let mut put_back = PutBack::new(desk.calm_registry()?);
        let messages = &mut desk.io.messages;
        if let Err(failure) = put_back.set_level(subject, level, was) {
            return put_back.finish(Err(failure), messages);
        }
        let outcome = registry.register(subject, schema);
        match &outcome {
            Ok(_) | Err(Error::NotShown { .. }) => put_back.keep(),
            Err(error) => {
                put_back.finish(Ok(()), messages).inspect_err(|_| messages.say(&error.to_string()))?;
            }
        }
        Ok(outcome)
    }

    fn explain(&self, registry: &Registry, schema: &NewSchema, error: Error) -> Result<Failure> {
        let Register { subject, set_compat, .. } = self;
        match error {
            Error::Incompatible { messages, .. } => {
                let level = match set_compat {
                    Some(level) => level.clone(),
                    None => ruling_level(registry, subject)?,
                };
                let judged = Judged::explain_by(level, registry, subject, Version::Latest, schema, messages)?;
                Ok(judged.failure(subject, input::name(&self.schema.file)))
            }
            error => Ok(error.into()),
        }
    }

    /// What we say in the registry's place, which would judge by a level that it does not have yet.
    fn ensure_may_follow(&self, level: &Level, registry: &Registry, schema: &NewSchema) -> Result<()> {
        let Register { subject, .. } = self;
        if registry.live_versions(subject)?.is_empty() {
            return Ok(());
        }
        let verdicts = judge_next(registry, subject, schema, level)?;
        match verdicts.iter().find(|judged| !judged.compatible) {
            Some(judged) => Err(judged.failure(subject, input::name(&self.schema.file))),
            None => Ok(()),
        }
    }

    /// What the registry would say.
    fn plan(&self, registry: &Registry, schema: &NewSchema, desk: &mut Desk<'_>) -> Result<Value> {
        let Register { subject, set_compat, .. } = self;
        if schema.references.iter().any(|reference| reference.version == 0) {
            desk.io.messages.say("not checked: it needs a schema that is not registered yet");
            return Ok(self.row(None, true));
        }
        if let Some(found) = registry.lookup(subject, schema)? {
            return Ok(self.row(Some(&found), false));
        }
        registry.ensure_writable(subject)?;
        if let Some(level) = set_compat {
            self.ensure_may_follow(level, registry, schema)?;
            return Ok(self.row(None, true));
        }
        match registry.check_next(subject, schema) {
            Ok(verdict) if !verdict.compatible => {
                let judged = Judged::explain(registry, subject, Version::Latest, schema, verdict.messages)?;
                Err(judged.failure(subject, input::name(&self.schema.file)))
            }
            // Nothing to follow: all is well.
            Ok(_) | Err(Error::SubjectNotFound { .. } | Error::VersionNotFound { .. }) => {
                Ok(self.row(None, true))
            }
            Err(error) => Err(error.into()),
        }
    }
}
