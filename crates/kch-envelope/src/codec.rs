//! Avro to JSON, or to Avro of the reader's schema. Each schema is fetched and compiled once.

use std::collections::HashMap;

use kch_avro::frame::{self, SchemaRef};
use kch_avro::{Decoder, FrameError, Plan, Resolver, SchemaError, Style};
use kch_cli::{Exit, Failure, Result};
use kch_kafka::{BorrowedMessage, Message as _};
use kch_registry::{Registry, Schema};

use crate::headers::{KEY_SCHEMA, VALUE_SCHEMA, schema_in};

/// What is wrong with a record, as `--stats` counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No registry frame.
    Frame,
    /// A frame, but no schema that can be used.
    Schema,
    /// A schema, but the bytes are not a datum of it, or not one that the reader's schema takes.
    Data,
    /// The key is not what `--key-format` says.
    Key,
    /// Headers that are not text.
    Headers,
}

impl Kind {
    /// The name in `--stats` and in counts: `frame`, `schema`, `data`, `key`, `headers`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Frame => "frame",
            Kind::Schema => "schema",
            Kind::Data => "data",
            Kind::Key => "key",
            Kind::Headers => "headers",
        }
    }
}

/// Why a record could not be decoded, or why nothing can.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This record; the next one may be fine.
    Record(Kind, String),
    /// The registry cannot be used.
    Stop(Failure),
}

type Faulty<T> = std::result::Result<T, Fault>;

/// A schema that was named on the command line.
#[derive(Debug)]
pub struct KnownSchema {
    /// Compiled.
    pub plan: Plan,
    /// As one text, its references written out.
    pub text: String,
}

impl KnownSchema {
    /// Compiles a text and those that it refers to.
    ///
    /// # Errors
    /// When it is no Avro schema.
    pub fn new(text: &str, references: &[String]) -> std::result::Result<KnownSchema, SchemaError> {
        let plan = Plan::compile_with_references(text, references)?;
        Ok(KnownSchema { plan, text: kch_avro::inline(text, references)? })
    }

    /// A second one of the same text.
    fn plan_again(&self) -> Faulty<Plan> {
        Plan::compile(&self.text).map_err(|error| Fault::Record(Kind::Schema, error.to_string()))
    }
}

/// Where a value's bytes are, and what they were written with.
struct Located<'m> {
    /// None for values without a frame.
    schema: Option<SchemaRef>,
    avro: &'m [u8],
}

/// A schema of the registry's, as it is needed here.
#[derive(Debug)]
struct Known {
    id: u32,
    plan: Plan,
    /// To the reader's schema; of a value only.
    resolver: Option<Resolver>,
    /// As one text, for an Avro file; or why there is none.
    text: std::result::Result<String, SchemaError>,
}

/// Decodes values and keys. A schema that could not be had is remembered, so that a topic full of its records asks once.
#[derive(Debug)]
pub struct Codec {
    registry: Registry,
    style: Style,
    reader: Option<KnownSchema>,
    unframed: Option<KnownSchema>,
    /// From the unframed schema to the reader's, if there are both.
    unframed_resolver: Option<Resolver>,
    known: HashMap<SchemaRef, Faulty<Known>>,
    scratch: Vec<u8>,
}

impl Codec {
    /// A codec that asks `registry` for schemas.
    #[must_use]
    pub fn new(registry: Registry, style: impl Into<Style>) -> Codec {
        Codec {
            registry,
            style: style.into(),
            reader: None,
            unframed: None,
            unframed_resolver: None,
            known: HashMap::new(),
            scratch: Vec::new(),
        }
    }

    /// Reads all values as this schema, by schema resolution.
    #[must_use]
    pub fn with_reader(mut self, reader: Option<KnownSchema>) -> Codec {
        self.reader = reader;
        self.settle();
        self
    }

    /// Takes values for bare Avro of this schema, without a frame.
    #[must_use]
    pub fn with_unframed(mut self, unframed: Option<KnownSchema>) -> Codec {
        self.unframed = unframed;
        self.settle();
        self
    }

    fn settle(&mut self) {
        let Codec { unframed, reader, .. } = self;
        self.unframed_resolver = match (unframed, reader) {
            (Some(unframed), Some(reader)) => {
                unframed.plan_again().ok().map(|plan| Resolver::new(plan, &reader.plan))
            }
            _ => None,
        };
    }

    /// The registry's id of a value's schema; none for a value without a frame.
    ///
    /// # Errors
    /// As [`Codec::decode_value`].
    pub fn value_schema_id(&mut self, record: &BorrowedMessage<'_>) -> Faulty<Option<u32>> {
        let Some(payload) = record.payload() else { return Ok(None) };
        match self.locate(record, payload)?.schema {
            None => Ok(None),
            Some(SchemaRef::Id(id)) => Ok(Some(id)),
            Some(guid) => self.known(guid).map(|known| Some(known.id)),
        }
    }

    /// Appends the JSON of a value to `out`, and gives its schema's id, if it has a frame. On a fault `out` is as long as
    /// before.
    ///
    /// # Errors
    /// [`Fault::Record`] when the bytes have no frame, no schema or do not fit it; [`Fault::Stop`] when the registry cannot be used.
    pub fn decode_value(
        &mut self,
        record: &BorrowedMessage<'_>,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Faulty<Option<u32>> {
        let located = self.locate(record, payload)?;
        let Some(schema) = located.schema else {
            self.decode_unframed(located.avro, out)?;
            return Ok(None);
        };
        let Codec { registry, style, reader, known, scratch, .. } = self;
        let known = look_up(known, registry, reader.as_ref(), schema)?;
        let (plan, avro) = match (&known.resolver, reader) {
            (Some(resolver), Some(reader)) => {
                scratch.clear();
                resolver.resolve(located.avro, scratch).map_err(|error| data(Some(known.id), &error))?;
                (&reader.plan, scratch.as_slice())
            }
            _ => (&known.plan, located.avro),
        };
        Decoder::new(plan, *style).decode(avro, out).map_err(|error| data(Some(known.id), &error))?;
        Ok(Some(known.id))
    }

    /// Appends the Avro bytes of a value to `out`, in the reader's schema or its own, and gives that schema as one text.
    ///
    /// # Errors
    /// As [`Codec::decode_value`]. The bytes were all looked at: what is appended is a datum of the schema.
    pub fn avro_value(
        &mut self,
        record: &BorrowedMessage<'_>,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Faulty<(Option<u32>, &str)> {
        // Checks everything, UTF-8 too.
        let before = out.len();
        let id = self.decode_value(record, payload, out)?;
        out.truncate(before);
        let located = self.locate(record, payload)?;
        let Codec { registry, reader, unframed, unframed_resolver, known, .. } = self;
        let known = match located.schema {
            Some(schema) => Some(look_up(known, registry, reader.as_ref(), schema)?),
            None => None,
        };
        let text = match (reader, known, unframed) {
            (Some(reader), ..) => &reader.text,
            (None, Some(Known { id, text, .. }), _) => text
                .as_ref()
                .map_err(|error| Fault::Record(Kind::Schema, format!("schema id {id}: {error}")))?,
            (None, None, Some(unframed)) => &unframed.text,
            (None, None, None) => "",
        };
        let resolver = known.map_or(unframed_resolver.as_ref(), |known| known.resolver.as_ref());
        match resolver {
            Some(resolver) => resolver.resolve(located.avro, out).map_err(|error| data(id, &error))?,
            None => out.extend_from_slice(located.avro),
        }
        Ok((id, text))
    }

    /// A warning that schemas come from the disk because the registry is away, once.
    #[must_use]
    pub fn take_notice(&self) -> Option<String> {
        self.registry.take_notice()
    }

    /// How many schemas were asked for so far: a notice can only be new when there is a new one.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.known.len()
    }

    /// The reader's schema as one text, if there is one.
    #[must_use]
    pub fn reader_text(&self) -> Option<&str> {
        Some(self.reader.as_ref()?.text.as_str())
    }

    /// Appends the JSON of a framed key to `out`, and gives its schema's id. On a fault `out` is as long as before.
    ///
    /// # Errors
    /// As [`Codec::decode_value`].
    pub fn decode_key(&mut self, record: &BorrowedMessage<'_>, key: &[u8], out: &mut Vec<u8>) -> Faulty<u32> {
        let told = record.headers().and_then(|_| schema_in(record, KEY_SCHEMA));
        let (schema, avro) = match told {
            Some(schema) => (schema, key),
            None => frame::read_any(key).map_err(not_framed)?,
        };
        let style = self.style;
        let known = self.known(schema)?;
        Decoder::new(&known.plan, style).decode(avro, out).map_err(|error| data(Some(known.id), &error))?;
        Ok(known.id)
    }

    #[inline]
    fn locate<'m>(&self, record: &BorrowedMessage<'_>, payload: &'m [u8]) -> Faulty<Located<'m>> {
        if self.unframed.is_some() {
            return Ok(Located { schema: None, avro: payload });
        }
        if record.headers().is_some()
            && let Some(schema) = schema_in(record, VALUE_SCHEMA)
        {
            return Ok(Located { schema: Some(schema), avro: payload });
        }
        let (schema, avro) = frame::read_any(payload).map_err(not_framed)?;
        Ok(Located { schema: Some(schema), avro })
    }

    fn decode_unframed(&mut self, avro: &[u8], out: &mut Vec<u8>) -> Faulty<()> {
        let Codec { unframed, unframed_resolver, reader, scratch, style, .. } = self;
        let (plan, avro) = match (unframed_resolver, reader, unframed) {
            (Some(resolver), Some(reader), _) => {
                scratch.clear();
                resolver.resolve(avro, scratch).map_err(|error| data(None, &error))?;
                (&reader.plan, scratch.as_slice())
            }
            (_, _, Some(unframed)) => (&unframed.plan, avro),
            _ => return Ok(()),
        };
        Decoder::new(plan, *style).decode(avro, out).map_err(|error| data(None, &error))
    }

    fn known(&mut self, schema: SchemaRef) -> Faulty<&Known> {
        look_up(&mut self.known, &self.registry, self.reader.as_ref(), schema)
    }
}

/// A schema that is known by now, or is fetched and compiled.
#[inline]
fn look_up<'k>(
    known: &'k mut HashMap<SchemaRef, Faulty<Known>>,
    registry: &Registry,
    reader: Option<&KnownSchema>,
    schema: SchemaRef,
) -> Faulty<&'k Known> {
    known.entry(schema).or_insert_with(|| fetch(registry, reader, schema)).as_ref().map_err(Clone::clone)
}

#[cold]
fn fetch(registry: &Registry, reader: Option<&KnownSchema>, schema: SchemaRef) -> Faulty<Known> {
    let fetched = || -> Result<Known> {
        let schema = match schema {
            SchemaRef::Id(id) => registry.schema_by_id(id)?,
            SchemaRef::Guid(guid) => registry.schema_by_guid(&guid)?,
        };
        compile(registry, reader, &schema)
    };
    fetched().map_err(|failure| match failure.exit() {
        Exit::Refused => Fault::Record(Kind::Schema, failure.text().to_owned()),
        _ => Fault::Stop(failure),
    })
}

fn compile(registry: &Registry, reader: Option<&KnownSchema>, schema: &Schema) -> Result<Known> {
    let id = schema.id;
    let references = registry.resolved(schema)?;
    let refused = |error: SchemaError| Failure::refused(format!("schema id {id}: {error}"));
    let plan = || Plan::compile_with_references(&schema.text, &references).map_err(refused);
    let resolver = match reader {
        Some(reader) => Some(Resolver::new(plan()?, &reader.plan)),
        None => None,
    };
    let text = kch_avro::inline(&schema.text, &references);
    Ok(Known { id, plan: plan()?, resolver, text })
}

#[cold]
fn not_framed(error: FrameError) -> Fault {
    Fault::Record(Kind::Frame, error.to_string())
}

#[cold]
fn data(id: Option<u32>, error: &kch_avro::DecodeError) -> Fault {
    let schema = id.map_or("--unframed".to_owned(), |id| format!("schema id {id}"));
    Fault::Record(Kind::Data, format!("{schema}: {error}"))
}

/// The length and the first bytes of a value, for a person to recognise it by: `8 bytes: 00 00 00 00 63 61 62 63`.
#[must_use]
pub fn first_bytes(value: &[u8]) -> String {
    const SHOWN: usize = 16;
    let hex: Vec<String> = value.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let more = if value.len() > SHOWN { " …" } else { "" };
    format!("{} bytes: {}{more}", value.len(), hex.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_shown_in_hex() {
        assert_eq!(first_bytes(b"{}"), "2 bytes: 7b 7d");
        assert!(
            first_bytes(&[0; 40]).starts_with("40 bytes: 00 00") && first_bytes(&[0; 40]).ends_with(" …")
        );
    }
}
