//! What a registry keeps, as it is on the wire.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::naming::{context_of, in_context, without_default};

/// A schema's language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SchemaType {
    /// Avro, which is what a registry means when it says nothing.
    #[default]
    Avro,
    /// JSON Schema.
    Json,
    /// Protocol Buffers.
    Protobuf,
    /// One that we do not know.
    Other(String),
}

impl From<String> for SchemaType {
    fn from(name: String) -> SchemaType {
        match name.as_str() {
            "AVRO" => SchemaType::Avro,
            "JSON" => SchemaType::Json,
            "PROTOBUF" => SchemaType::Protobuf,
            _ => SchemaType::Other(name),
        }
    }
}

impl From<SchemaType> for String {
    fn from(schema_type: SchemaType) -> String {
        schema_type.to_string()
    }
}

impl fmt::Display for SchemaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SchemaType::Avro => "AVRO",
            SchemaType::Json => "JSON",
            SchemaType::Protobuf => "PROTOBUF",
            SchemaType::Other(name) => name,
        })
    }
}

/// A name in a schema that another subject's schema defines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The full name that the schema uses.
    pub name: String,
    /// The subject that defines it.
    pub subject: String,
    /// The version of that subject.
    pub version: u32,
}

impl Reference {
    /// The same, as it is meant in a schema of this context: a subject without a context of its own is one of the schema's.
    #[must_use]
    pub fn seen_from(&self, context: Option<&str>) -> Reference {
        let subject = in_context(context.unwrap_or_default(), &self.subject);
        Reference { subject, ..self.clone() }
    }

    /// Whether it is this version of `subject` that it is to; both with their contexts.
    pub(crate) fn is(&self, subject: &str, version: u32) -> bool {
        self.version == version && without_default(&self.subject) == without_default(subject)
    }
}

impl FromStr for Reference {
    type Err = String;

    /// `name=subject:version`. The subject may hold colons, as those of a context do.
    fn from_str(text: &str) -> Result<Reference, String> {
        let parts = text.split_once('=').and_then(|(name, rest)| Some((name, rest.rsplit_once(':')?)));
        match parts {
            Some((name, (subject, version))) if !name.is_empty() && !subject.is_empty() => {
                let version = version.parse().map_err(|_| format!("{version} is not a version's number"))?;
                Ok(Reference { name: name.to_owned(), subject: subject.to_owned(), version })
            }
            _ => Err("write it as NAME=SUBJECT:VERSION, example.Money=money-value:1".to_owned()),
        }
    }
}

/// A schema's GUID as it is written: `00000000-0000-0000-0000-000000000000`.
#[must_use]
pub fn guid_text(guid: &[u8; 16]) -> String {
    let hex: String = guid.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// What Confluent's registry can keep beside a schema: properties, tags and rules. Passed on as it is, and not looked into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// Properties and tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// What serializers check and change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<Value>,
}

/// One schema, as its id stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The id that a record's frame holds.
    pub id: u32,
    /// The schema's text.
    pub text: String,
    /// Its language.
    pub schema_type: SchemaType,
    /// What it refers to, as it was registered.
    pub references: Vec<Reference>,
    /// What is kept beside it.
    pub contract: Contract,
    /// The context that it refers from, none for the default one: see [`Reference::seen_from`].
    pub context: Option<String>,
}

impl Schema {
    /// What it refers to, with the contexts.
    pub fn needs(&self) -> impl Iterator<Item = Reference> {
        self.references.iter().map(|reference| reference.seen_from(self.context.as_deref()))
    }
}

/// A schema as a version of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The subject.
    pub subject: String,
    /// The version's number.
    pub version: u32,
    /// The schema, with its id.
    pub schema: Schema,
    /// Whether the call that gave it has made it.
    pub created: bool,
}

/// A schema to register, look up or check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSchema {
    /// The schema's text.
    #[serde(rename = "schema")]
    pub text: String,
    /// Its language. Left out on the wire for Avro: registries older than 5.5 do not know the field.
    #[serde(skip_serializing_if = "is_avro")]
    pub schema_type: SchemaType,
    /// What it refers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What is kept beside it.
    #[serde(flatten)]
    pub contract: Contract,
    /// Whether the registry is to bring it, and those it compares it with, into one form first: the order of attributes,
    /// spaces and the like then make no new version.
    #[serde(skip)]
    pub normalize: bool,
}

fn is_avro(schema_type: &SchemaType) -> bool {
    *schema_type == SchemaType::Avro
}

impl NewSchema {
    /// An Avro schema without references.
    pub fn avro(text: impl Into<String>) -> NewSchema {
        NewSchema {
            text: text.into(),
            schema_type: SchemaType::Avro,
            references: Vec::new(),
            contract: Contract::default(),
            normalize: false,
        }
    }

    /// The same schema with these references.
    #[must_use]
    pub fn with_references(mut self, references: Vec<Reference>) -> NewSchema {
        self.references = references;
        self
    }

    /// The same schema, normalized by the registry or not.
    #[must_use]
    pub fn normalized(mut self, normalize: bool) -> NewSchema {
        self.normalize = normalize;
        self
    }
}

impl From<Schema> for NewSchema {
    fn from(schema: Schema) -> NewSchema {
        let Schema { text, schema_type, references, contract, .. } = schema;
        NewSchema { text, schema_type, references, contract, normalize: false }
    }
}

/// A version of a subject, by name and number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct SubjectVersion {
    /// The subject.
    pub subject: String,
    /// The version's number.
    pub version: u32,
}

impl From<Reference> for SubjectVersion {
    fn from(Reference { subject, version, .. }: Reference) -> SubjectVersion {
        SubjectVersion { subject, version }
    }
}

impl fmt::Display for SubjectVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.subject, self.version)
    }
}

/// Which version of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The newest one.
    Latest,
    /// The one with this number.
    Number(u32),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::Latest => f.write_str("latest"),
            Version::Number(number) => number.fmt(f),
        }
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Version, String> {
        match text {
            "latest" => Ok(Version::Latest),
            _ => match text.parse() {
                Ok(number) if number > 0 => Ok(Version::Number(number)),
                _ => Err("a version is a number from 1 on, or latest".to_owned()),
            },
        }
    }
}

/// The registry's JSON for a schema, in every reply that holds one. Which fields are there depends on the call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireSchema {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schema_type: Option<SchemaType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) references: Option<Vec<Reference>>,
    #[serde(flatten)]
    pub(crate) contract: Contract,
}

impl WireSchema {
    /// As a version of `subject`, the missing parts taken from what was asked for.
    pub(crate) fn into_registered(self, subject: &str) -> Option<Registered> {
        let subject = self.subject.clone().unwrap_or_else(|| subject.to_owned());
        let version = self.version?;
        let id = self.id?;
        let schema = self.into_schema(id, context_of(&subject))?;
        Some(Registered { subject, version, schema, created: false })
    }

    pub(crate) fn into_schema(self, id: u32, context: Option<&str>) -> Option<Schema> {
        Some(Schema {
            id,
            text: self.schema?,
            schema_type: self.schema_type.unwrap_or_default(),
            references: self.references.unwrap_or_default(),
            contract: self.contract,
            context: context.map(str::to_owned),
        })
    }
}

impl FromStr for SchemaType {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<SchemaType, Infallible> {
        Ok(SchemaType::from(text.to_ascii_uppercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_written_name_subject_version() {
        let reference: Reference = "ex.Money=:.eu:money/v:3".parse().unwrap();
        let Reference { name, subject, version } = reference;
        assert_eq!((name.as_str(), subject.as_str(), version), ("ex.Money", ":.eu:money/v", 3));
        assert!("ex.Money".parse::<Reference>().is_err());
        assert!("ex.Money=money:latest".parse::<Reference>().is_err());
    }

    #[test]
    fn a_reference_without_a_context_is_to_the_schemas_own() {
        let seen = |subject: &str, context| {
            let reference: Reference = format!("M={subject}:1").parse().unwrap();
            reference.seen_from(context).subject
        };
        assert_eq!(seen("money", Some(".eu")), ":.eu:money");
        assert_eq!(seen(":.us:money", Some(".eu")), ":.us:money");
        assert_eq!(seen("money", None), "money");
    }

    #[test]
    fn an_avro_schema_is_sent_as_old_registries_know_it() {
        let body = serde_json::to_string(&NewSchema::avro("\"long\"")).unwrap();
        assert_eq!(body, r#"{"schema":"\"long\""}"#);
    }

    #[test]
    fn what_is_kept_beside_a_schema_is_passed_on() {
        let said = r#"{"schema":"\"long\"","metadata":{"tags":{"id":["PII"]}},"ruleSet":{"domainRules":[]}}"#;
        let said_nothing = r#"{"schema":"\"long\"","metadata":null}"#;
        let pass_on = |said: &str| {
            let wire: WireSchema = serde_json::from_str(said).unwrap();
            serde_json::to_string(&NewSchema::from(wire.into_schema(1, None).unwrap())).unwrap()
        };
        assert_eq!(pass_on(said), said);
        assert_eq!(pass_on(said_nothing), r#"{"schema":"\"long\""}"#);
    }

    #[test]
    fn a_version_is_a_number_or_latest() {
        assert_eq!("latest".parse(), Ok(Version::Latest));
        assert_eq!("3".parse(), Ok(Version::Number(3)));
        assert!("0".parse::<Version>().is_err() && "-1".parse::<Version>().is_err());
    }
}
