//! Compatibility: the check, with its reasons, and the levels that rule it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::naming::context_above;
use crate::{Call, Error, NewSchema, Registry, Version};

/// What a registry allows a subject's next schema to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// Anything.
    None,
    /// Readers with the new schema can read the last one's records.
    Backward,
    /// … and those of all before it.
    BackwardTransitive,
    /// Readers with the last schema can read the new one's records.
    Forward,
    /// … and so can those of all before it.
    ForwardTransitive,
    /// Both, for the last schema.
    Full,
    /// Both, for all.
    FullTransitive,
}

const LEVELS: [(Level, &str); 7] = [
    (Level::None, "NONE"),
    (Level::Backward, "BACKWARD"),
    (Level::BackwardTransitive, "BACKWARD_TRANSITIVE"),
    (Level::Forward, "FORWARD"),
    (Level::ForwardTransitive, "FORWARD_TRANSITIVE"),
    (Level::Full, "FULL"),
    (Level::FullTransitive, "FULL_TRANSITIVE"),
];

impl Level {
    /// Whether readers with the new schema must be able to read old records.
    #[must_use]
    pub fn reads_old_records(&self) -> bool {
        use Level::{Backward, BackwardTransitive, Full, FullTransitive};
        matches!(self, Backward | BackwardTransitive | Full | FullTransitive)
    }

    /// Whether readers with an old schema must be able to read new records.
    #[must_use]
    pub fn lets_old_readers_read(&self) -> bool {
        use Level::{Forward, ForwardTransitive, Full, FullTransitive};
        matches!(self, Forward | ForwardTransitive | Full | FullTransitive)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(LEVELS.iter().find(|(level, _)| level == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Level, String> {
        let name = text.to_ascii_uppercase().replace('-', "_");
        LEVELS.iter().find(|(_, known)| *known == name).map(|(level, _)| level.clone()).ok_or_else(|| {
            let known = LEVELS.iter().map(|(_, name)| *name);
            format!("a level is one of {}", known.collect::<Vec<_>>().join(", "))
        })
    }
}

/// Where a subject's level comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is set on the subject itself.
    Subject,
    /// It is that of the subject's context.
    Context,
    /// It is the registry's, or its default.
    Global,
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compatibility {
    /// Whether the registry would take the schema.
    pub compatible: bool,
    /// Why not.
    pub messages: Vec<String>,
}

#[derive(Deserialize)]
struct WireCompatibility {
    is_compatible: bool,
    #[serde(default)]
    messages: Vec<String>,
    /// Apicurio's word for it.
    #[serde(default)]
    reason: Option<String>,
}

impl Registry {
    /// Whether `schema` may follow this version of `subject`, and why not.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`], [`Error::InvalidSchema`].
    pub fn check(&self, subject: &str, version: Version, schema: &NewSchema) -> Result<Compatibility, Error> {
        let version_text = version.to_string();
        self.judge(
            &["compatibility", "subjects", subject, "versions", &version_text],
            subject,
            version,
            schema,
        )
        .map_err(|error| self.with_nearest(error))
    }

    /// Whether `subject` would take `schema` now, and why not: compared with the last version, or with all of them, as its
    /// level wants it. Of a subject that is not there, no name that is near is looked for: that is a subject to be.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`], [`Error::InvalidSchema`].
    pub fn check_next(&self, subject: &str, schema: &NewSchema) -> Result<Compatibility, Error> {
        self.judge(&["compatibility", "subjects", subject, "versions"], subject, Version::Latest, schema)
    }

    fn judge(
        &self,
        path: &[&str],
        subject: &str,
        version: Version,
        schema: &NewSchema,
    ) -> Result<Compatibility, Error> {
        let request = self.service.post(path).query("verbose", "true");
        let request = if schema.normalize { request.query("normalize", "true") } else { request };
        let reply = request.json(schema).repeatable().send()?;
        let wire: WireCompatibility = self.of_version(reply, subject, version)?.json()?;
        let said = wire.messages.iter().chain(&wire.reason);
        let messages = said.flat_map(|text| reasons(text)).collect();
        Ok(Compatibility { compatible: wire.is_compatible, messages })
    }

    /// The level that is set on the subject itself, if one is. Apicurio says `NONE` where there is none.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn own_compatibility(&self, subject: &str) -> Result<Option<Level>, Error> {
        let reply = self.service.get(&["config", subject]).send()?;
        match (reply.status, reply.error_code()) {
            // 40408: the subject has none of its own. Apicurio answers 40401 also when only the subject's config is there.
            (404, Some(40401 | 40408)) => Ok(None),
            _ => level_of(&self.accept(reply)?).map(Some),
        }
    }

    /// The level that rules `subject`, or all subjects, and where it is set.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn compatibility(&self, subject: Option<&str>) -> Result<(Level, Source), Error> {
        if let Some(level) = subject.map(|subject| self.own_compatibility(subject)).transpose()?.flatten() {
            return Ok((level, Source::Subject));
        }
        self.inherited_compatibility(subject)
    }

    /// The level that would rule `subject` if it had none of its own: its context's, or what all contexts share.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn inherited_compatibility(&self, subject: Option<&str>) -> Result<(Level, Source), Error> {
        let context = subject.and_then(context_above);
        let own = context.as_deref().map(|context| self.own_compatibility(context)).transpose()?;
        if let Some(level) = own.flatten() {
            return Ok((level, Source::Context));
        }
        // What all contexts share is not what `/config` alone says, and an address may end in a context too.
        let path: Vec<&str> = std::iter::once("config").chain(context.as_deref()).collect();
        let request = self.service.get(&path).query("defaultToGlobal", "true");
        Ok((level_of(&self.accept(request.send()?)?)?, Source::Global))
    }

    /// Sets the level of `subject`, or of all subjects that have none of their own.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Http`].
    pub fn set_compatibility(&self, subject: Option<&str>, level: &Level) -> Result<(), Error> {
        let path: Vec<&str> = std::iter::once("config").chain(subject).collect();
        let body = json!({"compatibility": level.to_string()});
        let reply = self.service.put(&path).json(&body).send()?;
        match (reply.status, reply.error_code()) {
            // Apicurio takes NONE for "no level of its own", and misses the one to take away.
            (404, Some(40401 | 40408)) if *level == Level::None && subject.is_some() => Ok(()),
            _ => match (self.accept(reply), subject) {
                (Err(error), Some(subject)) => Err(self.because_of_mode(error, subject)),
                (outcome, _) => outcome.map(|_| ()),
            },
        }
    }

    /// Takes away the subject's own level, so that the registry's rules it; without a subject, sets the registry's level
    /// back to its default.
    ///
    /// # Errors
    /// [`Error::Unsupported`] from registries that cannot do the latter.
    pub fn delete_compatibility(&self, subject: Option<&str>) -> Result<(), Error> {
        let path: Vec<&str> = std::iter::once("config").chain(subject).collect();
        let reply = self.service.delete(&path).send()?;
        match (reply.status, reply.error_code()) {
            // There is none: that is what was asked for.
            (404, Some(40401 | 40408)) if subject.is_some() => Ok(()),
            (405, _) => Err(Error::Unsupported { url: self.url().to_owned(), call: Call::ResetLevel }),
            _ => self.accept(reply).map(|_| ()),
        }
    }
}

fn level_of(reply: &kch_http::Reply) -> Result<Level, Error> {
    let body: Value = reply.json()?;
    let name = ["compatibilityLevel", "compatibility"].iter().find_map(|&name| body.get(name)?.as_str());
    name.and_then(|name| name.parse().ok()).ok_or_else(|| Error::Http(reply.unexpected()))
}

/// The sentences for people in what a registry says about an incompatibility. Confluent's is close to JSON,
/// `{errorType:'…', description:'…', additionalInfo:'…'}`, beside parts that repeat whole schemas; Apicurio's is one line.
pub(crate) fn reasons(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("description:'") {
        // The sentence itself holds quotes: its end is the one before the next part.
        let end = after.find("', additionalInfo").or_else(|| after.find("'}")).unwrap_or(after.len());
        found.push(after[..end].to_owned());
        rest = &after[end..];
    }
    if !found.is_empty() {
        return found;
    }
    let is_noise = ["{oldSchemaVersion:", "{oldSchema:", "{validateFields:", "{compatibility:"]
        .iter()
        .any(|noise| text.starts_with(noise));
    if is_noise {
        return Vec::new();
    }
    let causes = text.split_once("Causes: ").map_or(text, |(_, causes)| causes);
    causes.split(", ").map(str::trim).filter(|cause| !cause.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_cut_out_of_confluents_words() {
        let text = "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 's' at path '/fields/1' in the \
                    new schema has no default value and is missing in the old schema', additionalInfo:'s'}";
        assert_eq!(
            reasons(text),
            [
                "The field 's' at path '/fields/1' in the new schema has no default value and is missing in the old schema"
            ]
        );
        assert!(reasons("{oldSchema: '{\"type\":\"record\"}'}").is_empty());
    }

    #[test]
    fn apicurios_line_is_cut_to_its_causes() {
        let text = "Incompatible artifact: s [AVRO], num of incompatible diffs: {1}, list of diff types: [s at /fields/1] \
                    Causes: s at /fields/1";
        assert_eq!(reasons(text), ["s at /fields/1"]);
    }

    #[test]
    fn a_level_is_read_in_either_case() {
        assert_eq!("full-transitive".parse(), Ok(Level::FullTransitive));
        assert_eq!(Level::BackwardTransitive.to_string(), "BACKWARD_TRANSITIVE");
        assert!("UPWARD".parse::<Level>().unwrap_err().contains("FORWARD"));
    }
}
