//! A registry's verdict against a schema, with reasons for people.

use kch_cli::{Failure, Result};
use kch_registry::{Level, NewSchema, Registry, Version};

use crate::evolution;

/// Why a registry refused a schema.
pub(crate) struct Judged {
    /// The version that it was compared with.
    pub(crate) version: u32,
    level: Level,
    pub(crate) reasons: Vec<String>,
}

impl Judged {
    /// The registry is the judge. Its own reasons stand where we find none.
    pub(crate) fn explain(
        registry: &Registry,
        subject: &str,
        version: Version,
        schema: &NewSchema,
        messages: Vec<String>,
    ) -> Result<Judged> {
        let level = match registry.compatibility(Some(subject))?.0 {
            // It was refused, so another level counts: Apicurio says NONE where the global one does.
            Level::None => registry.compatibility(None)?.0,
            level => level,
        };
        let old = registry.subject_version(subject, version)?;
        let reasons = match evolution::reasons(&old.schema.text, &schema.text, &level) {
            ours if ours.is_empty() => messages,
            ours => ours,
        };
        Ok(Judged { version: old.version, level, reasons })
    }

    /// `name` is what the schema is called: its file, or stdin.
    pub(crate) fn failure(&self, subject: &str, name: &str) -> Failure {
        let Judged { version, level, reasons } = self;
        let colon = if reasons.is_empty() { "" } else { ":" };
        let listed: String = reasons.iter().map(|reason| format!("\n  {reason}")).collect();
        let text =
            format!("{name} is incompatible with {subject} version {version} ({level}){colon}{listed}");
        let failure = Failure::refused(text);
        if reasons.iter().any(|reason| reason.contains("no default")) {
            failure.hint("give each such field a default")
        } else {
            failure
        }
    }
}
