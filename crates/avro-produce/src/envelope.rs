//! The envelope: what `avro-consume --envelope` prints, read back without loss.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kch_avro::{Encoder, JsonMode, Plan, Unknown, frame};
use kch_cli::{Line, Result};
use kch_kafka::{Header, Outgoing, OwnedHeaders};
use kch_registry::Registry;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::fault::Fault;
use crate::schema;

/// One line of the envelope. `offset` is where the record was, and `dead_letter` why `connect-ctl dlq` found it: read, so
/// that nothing is unknown, and not used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    topic: Option<Cow<'a, str>>,
    #[serde(default)]
    partition: Option<i32>,
    #[serde(default, rename = "offset")]
    _offset: Option<i64>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    key: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    headers: Vec<EnvelopeHeader<'a>>,
    #[serde(default)]
    key_schema_id: Option<u32>,
    #[serde(default)]
    value_schema_id: Option<u32>,
    #[serde(default, rename = "dead_letter")]
    _dead_letter: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeHeader<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

/// Bytes that are not UTF-8.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Binary<'a> {
    #[serde(borrow)]
    base64: Cow<'a, str>,
}

/// Tells `"value":null`, a tombstone, from no value at all, a mistake.
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Makes records out of envelopes. Each schema is fetched and compiled once.
#[derive(Debug)]
pub(crate) struct EnvelopeMaker {
    registry: Registry,
    json: JsonMode,
    unknown: Unknown,
    /// Keys of the last value that its schema lacks.
    noted: Vec<String>,
    /// Whether keys are sent.
    with_keys: bool,
    /// The topic for all records, instead of their own.
    topic: Option<String>,
    plans: HashMap<u32, Plan>,
    /// How many plans there were when the registry's notice was taken.
    heard: usize,
    latest: HashMap<String, u32>,
    own_topic: String,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl EnvelopeMaker {
    pub(crate) fn new(
        registry: Registry,
        (json, unknown): (JsonMode, Unknown),
        with_keys: bool,
        topic: Option<String>,
    ) -> EnvelopeMaker {
        EnvelopeMaker {
            registry,
            json,
            unknown,
            noted: Vec::new(),
            with_keys,
            topic,
            plans: HashMap::new(),
            heard: 0,
            latest: HashMap::new(),
            own_topic: String::new(),
            key: Vec::new(),
            value: Vec::new(),
        }
    }

    /// What the registry has to say to people, once.
    pub(crate) fn take_notice(&mut self) -> Option<String> {
        // Schemas are fetched once: there can be something new only when their number has changed.
        if self.heard == self.plans.len() {
            return None;
        }
        self.heard = self.plans.len();
        self.registry.take_notice()
    }

    /// The keys of the last line's value that its schema lacks, where they are to be named.
    pub(crate) fn noted(&self) -> &[String] {
        &self.noted
    }

    /// The record of one line.
    ///
    /// # Errors
    /// What is no envelope, does not fit its schema, or needs a registry that cannot be used.
    pub(crate) fn make(&mut self, line: &Line<'_>) -> std::result::Result<Outgoing<'_>, Fault> {
        let envelope: Envelope<'_> =
            serde_json::from_slice(line.bytes).map_err(|error| Fault::Envelope(without_line(&error)))?;
        self.turn_to_topic(&envelope)?;
        let key = match envelope.key.filter(|_| self.with_keys) {
            None => None,
            Some(key) => {
                self.encode_key(key, envelope.key_schema_id)?;
                Some(self.key.as_slice())
            }
        };
        let value =
            envelope.value.ok_or_else(|| Fault::Envelope("it has no value; a tombstone's is null".into()))?;
        let timestamp = envelope.timestamp.map(|timestamp| millis(timestamp.get())).transpose()?;
        let headers = headers(&envelope.headers)?;
        // A tombstone has no frame, so no id; a null with a schema's id is that schema's null.
        let value = if value.get() == "null" && envelope.value_schema_id.is_none() {
            None
        } else {
            let id = match envelope.value_schema_id {
                Some(id) => id,
                None => latest(&self.registry, &mut self.latest, &self.own_topic)?,
            };
            let plan = plan(&self.registry, &mut self.plans, id)?;
            self.value.clear();
            frame::write(id, &mut self.value);
            let mut encoder = Encoder::new(plan, self.json).with_unknown(self.unknown);
            encoder.encode(value.get().as_bytes(), &mut self.value)?;
            if self.unknown == Unknown::Note {
                self.noted = encoder.noted().to_vec();
            }
            Some(self.value.as_slice())
        };
        let (topic, partition) = (Some(self.own_topic.as_str()), envelope.partition);
        Ok(Outgoing { topic, key, value, partition, timestamp, headers, dead_letter: false })
    }

    fn turn_to_topic(&mut self, envelope: &Envelope<'_>) -> std::result::Result<(), Fault> {
        let topic = self.topic.as_deref().or(envelope.topic.as_deref());
        let topic = topic.ok_or_else(|| Fault::Envelope("it names no topic, and there is no -t".into()))?;
        if self.own_topic != topic {
            topic.clone_into(&mut self.own_topic);
        }
        Ok(())
    }

    /// A key is Avro when it has a schema's id, else text, else `{"base64":…}`, else the JSON as it stands.
    fn encode_key(&mut self, key: &RawValue, schema_id: Option<u32>) -> std::result::Result<(), Fault> {
        self.key.clear();
        if let Some(id) = schema_id {
            let plan = plan(&self.registry, &mut self.plans, id)?;
            frame::write(id, &mut self.key);
            return Encoder::new(plan, self.json)
                .encode(key.get().as_bytes(), &mut self.key)
                .map_err(|error| Fault::Encode { key: true, error: Box::new(error) });
        }
        match bytes(key)? {
            Some(bytes) => self.key.extend_from_slice(&bytes),
            None => self.key.extend_from_slice(key.get().as_bytes()),
        }
        Ok(())
    }
}

fn plan<'m>(registry: &Registry, plans: &'m mut HashMap<u32, Plan>, id: u32) -> Result<&'m Plan> {
    use std::collections::hash_map::Entry;
    match plans.entry(id) {
        Entry::Occupied(entry) => Ok(entry.into_mut()),
        Entry::Vacant(entry) => Ok(entry.insert(schema::by_id(registry, id)?)),
    }
}

fn latest(registry: &Registry, latest: &mut HashMap<String, u32>, topic: &str) -> Result<u32> {
    if let Some(&id) = latest.get(topic) {
        return Ok(id);
    }
    let id = schema::latest(registry, &format!("{topic}-value"))?.id;
    latest.insert(topic.to_owned(), id);
    Ok(id)
}

/// A JSON string's text, or the bytes of `{"base64":…}`; `None` for other JSON.
fn bytes(value: &RawValue) -> std::result::Result<Option<Vec<u8>>, Fault> {
    let text = value.get();
    if text.starts_with('"') {
        let text: String =
            serde_json::from_str(text).map_err(|error| Fault::Envelope(without_line(&error)))?;
        return Ok(Some(text.into_bytes()));
    }
    let Ok(binary) = serde_json::from_str::<Binary<'_>>(text) else { return Ok(None) };
    let bytes = STANDARD.decode(binary.base64.as_bytes());
    bytes.map(Some).map_err(|error| Fault::Envelope(format!("base64: {error}")))
}

fn headers(headers: &[EnvelopeHeader<'_>]) -> std::result::Result<Option<OwnedHeaders>, Fault> {
    if headers.is_empty() {
        return Ok(None);
    }
    let mut owned = OwnedHeaders::new_with_capacity(headers.len());
    for header in headers {
        let value = match header.value {
            None => None,
            Some(value) => Some(bytes(value)?.ok_or_else(|| {
                Fault::Envelope(format!(
                    "header {:?}: expected a string, null or {{\"base64\":…}}",
                    header.key
                ))
            })?),
        };
        owned = owned.insert(Header { key: &header.key, value: value.as_ref() });
    }
    Ok(Some(owned))
}

/// RFC 3339 in quotes, or plain milliseconds since 1970 for a time that RFC 3339 cannot say.
fn millis(timestamp: &str) -> std::result::Result<i64, Fault> {
    let quoted = timestamp.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let parsed = match quoted {
        Some(text) => text.parse().map(jiff::Timestamp::as_millisecond).ok(),
        None => timestamp.parse().ok(),
    };
    let millis = parsed.ok_or_else(|| {
        Fault::Envelope(format!(
            "timestamp: expected RFC 3339 as \"2026-11-22T10:00:00.123Z\", found {timestamp}"
        ))
    })?;
    Fault::ensure_sendable(millis)
}

/// serde's words, whose "line 1" would be wrong beside the line's own number.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((reason, _)) => format!("{reason} at byte {}", error.column()),
        None => text,
    }
}
