//! Verdicts against a schema, the registry's or our own, with reasons for people and programs.

use kch_cli::{Failure, Result};
use kch_registry::{Level, NewSchema, Registry, Source, Version};
use kch_schema::{Comparison, Schema, compare};
use serde_json::{Value, json};

use crate::explain;

/// Why a schema may not follow one old schema; or that it may.
pub(crate) struct Judged {
    /// The old schema's version, when it has one.
    pub(crate) version: Option<u32>,
    pub(crate) compatible: bool,
    /// A sentence for each.
    pub(crate) reasons: Vec<String>,
    /// The same at length, for people.
    texts: Vec<String>,
    /// The same at length, for programs.
    pub(crate) errors: Vec<Value>,
    pub(crate) warnings: Vec<String>,
    level: Level,
}

impl Judged {
    /// A registry has refused the schema. It is the judge: its own reasons stand where we find none.
    pub(crate) fn explain(
        registry: &Registry,
        subject: &str,
        version: Version,
        schema: &NewSchema,
        messages: Vec<String>,
    ) -> Result<Judged> {
        let level = ruling_level(registry, subject)?;
        Judged::explain_by(level, registry, subject, version, schema, messages)
    }

    /// The same, where it was refused by a level that rules no more.
    pub(crate) fn explain_by(
        level: Level,
        registry: &Registry,
        subject: &str,
        version: Version,
        schema: &NewSchema,
        messages: Vec<String>,
    ) -> Result<Judged> {
        let found = registry.subject_version(subject, version)?;
        let parsed = |text: &str, references: &[String]| Schema::parse_with_references(text, references).ok();
        let old = registry.resolved(&found.schema).ok();
        let old = old.and_then(|references| parsed(&found.schema.text, &references));
        let new = parsed(&schema.text, &registry.references(&schema.references, subject)?);
        let ours = old.zip(new).map(|(old, new)| Judged::ours(Some(found.version), &old, &new, &level));
        Ok(match ours {
            Some(ours) if !ours.compatible => ours,
            _ => Judged {
                version: Some(found.version),
                compatible: false,
                texts: messages.clone(),
                reasons: messages,
                errors: Vec::new(),
                warnings: Vec::new(),
                level,
            },
        })
    }

    /// Our own verdict, by the rules of a level.
    pub(crate) fn ours(version: Option<u32>, old: &Schema, new: &Schema, level: &Level) -> Judged {
        let comparison = compare(old, new, explain::rules(level));
        let warnings = explain::shifts(&comparison).collect();
        let Comparison { mismatches, .. } = comparison;
        Judged {
            version,
            compatible: mismatches.is_empty(),
            reasons: mismatches.iter().map(ToString::to_string).collect(),
            texts: mismatches.iter().map(|mismatch| explain::text(mismatch, old, new)).collect(),
            errors: mismatches.iter().map(|mismatch| explain::row(mismatch, old, new)).collect(),
            warnings,
            level: level.clone(),
        }
    }

    /// The same, after a registry that has agreed: it is the judge.
    pub(crate) fn agreed(self) -> Judged {
        Judged { compatible: true, reasons: Vec::new(), texts: Vec::new(), errors: Vec::new(), ..self }
    }

    /// The verdict as a row, behind what says which schemas it is about.
    pub(crate) fn row(&self, mut about: Value) -> Value {
        about["compatible"] = json!(self.compatible);
        about["level"] = json!(self.level.to_string());
        about["reasons"] = json!(self.reasons);
        about["errors"] = json!(self.errors);
        about
    }

    /// The refusal of `new`, after `old`.
    pub(crate) fn failure(&self, old: &str, new: &str) -> Failure {
        let Judged { version, level, .. } = self;
        let version = version.map(|version| format!(" version {version}")).unwrap_or_default();
        let colon = if self.texts.is_empty() { "" } else { ":" };
        let listed: String = self.texts.iter().map(|reason| format!("\n  {reason}")).collect();
        Failure::refused(format!("{new} is incompatible with {old}{version} ({level}){colon}{listed}"))
    }
}

/// Our own verdicts on what `schema` would follow in a subject, by the rules of a level.
pub(crate) fn judge_next(
    registry: &Registry,
    subject: &str,
    schema: &NewSchema,
    level: &Level,
) -> Result<Vec<Judged>> {
    let versions = followed(registry, subject, level)?;
    versions.into_iter().map(|version| judge(registry, subject, version, schema, level)).collect()
}

/// The versions that a new one is compared with.
pub(crate) fn followed(registry: &Registry, subject: &str, level: &Level) -> Result<Vec<Version>> {
    if !explain::rules(level).transitive {
        return Ok(vec![Version::Latest]);
    }
    Ok(registry.versions(subject)?.into_iter().map(Version::Number).collect())
}

/// Our own verdict on a version.
pub(crate) fn judge(
    registry: &Registry,
    subject: &str,
    version: Version,
    schema: &NewSchema,
    level: &Level,
) -> Result<Judged> {
    let found = registry.subject_version(subject, version)?;
    let parse = |text: &str, references: &[String], name: String| {
        Schema::parse_with_references(text, references)
            .map_err(|error| Failure::refused(format!("{name}: not an Avro schema: {error}")))
    };
    let name = format!("{subject} version {}", found.version);
    let old = parse(&found.schema.text, &registry.resolved(&found.schema)?, name)?;
    let references = registry.references(&schema.references, subject)?;
    let new = parse(&schema.text, &references, "the new schema".to_owned())?;
    Ok(Judged::ours(Some(found.version), &old, &new, level))
}

/// That a subject can have this level of its own: Apicurio's registry, which has no modes, takes NONE for no level.
pub(crate) fn ensure_own_level(registry: &Registry, subject: &str, level: &Level) -> Result<()> {
    if *level != Level::None || registry.has_modes()? {
        return Ok(());
    }
    match registry.compatibility(None)?.0 {
        Level::None => Ok(()),
        global => Err(no_exemption(subject, &global)),
    }
}

/// Why a subject of Apicurio's registry cannot have the level NONE.
pub(crate) fn no_exemption(subject: &str, global: &Level) -> Failure {
    let text = format!(
        "{subject} cannot have the level NONE of its own: an Apicurio registry takes it for no level, and goes by {global}, its own"
    );
    Failure::refused(text).hint("sr compat set NONE takes any schema, for every subject without a level")
}

/// The level that rules a subject.
pub(crate) fn ruling_level(registry: &Registry, subject: &str) -> Result<Level> {
    Ok(ruling(registry, Some(subject))?.0)
}

/// The level that rules a subject, or all of them, and where it is set.
pub(crate) fn ruling(registry: &Registry, subject: Option<&str>) -> Result<(Level, Source)> {
    Ok(match registry.compatibility(subject)? {
        // Apicurio, which has no modes, says NONE of a subject without a level.
        (Level::None, Source::Subject) if !registry.has_modes()? => registry.compatibility(None)?,
        ruling => ruling,
    })
}
