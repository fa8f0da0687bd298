//! One line to one framed Avro record.

use kch_avro::{Encoder, JsonMode, Plan, Supply, frame};
use kch_cli::Line;

use crate::args::Format;
use crate::fault::Fault;
use crate::fill::Filler;

/// Turns lines into the bytes of a record's value. Holds the only buffers that the loop uses.
#[derive(Debug)]
pub(crate) struct LineEncoder<'p> {
    encoder: Encoder<'p>,
    filler: Filler,
    format: Format,
    is_record: bool,
    schema_id: u32,
    value: Vec<u8>,
}

impl<'p> LineEncoder<'p> {
    pub(crate) fn new(
        plan: &'p Plan,
        schema_id: u32,
        filler: Filler,
        json: JsonMode,
        format: Format,
    ) -> Self {
        let is_record = plan.record_fields().is_some();
        let encoder = Encoder::new(plan, json);
        LineEncoder { encoder, filler, format, is_record, schema_id, value: Vec::new() }
    }

    /// The framed value of one line, or `None` for a blank line of JSON.
    pub(crate) fn encode(&mut self, line: &Line<'_>) -> Result<Option<&[u8]>, Fault> {
        self.value.clear();
        frame::write(self.schema_id, &mut self.value);
        let json = line.bytes.trim_ascii();
        match (self.format, json.first()) {
            (Format::Text, _) => self.encode_text(line.bytes)?,
            (Format::Json, None) => return Ok(None),
            // The fast path: nothing to fill, nothing to look at but the encoder.
            (Format::Json, Some(b'{')) if self.filler.is_idle() => {
                self.encoder.encode(json, &mut self.value)?;
            }
            (Format::Json, Some(b'{')) => {
                let text = utf8(json)?;
                self.filler.turn_to(text, false);
                self.encoder.encode_filled(json, &mut self.filler, &mut self.value)?;
            }
            (Format::Json, Some(_)) if !self.is_record => self.encoder.encode(json, &mut self.value)?,
            (Format::Json, Some(b'"' | b'-' | b'0'..=b'9')) => {
                let text = utf8(json)?;
                self.filler.turn_to(bare_text(text), true);
                self.encoder.encode_bare(Supply::Json(text), &mut self.filler, &mut self.value)?;
            }
            (Format::Json, Some(_)) if looks_like_json(json) => self.encoder.encode(json, &mut self.value)?,
            (Format::Json, Some(_)) => return Err(utf8(json).err().unwrap_or(Fault::NotJson)),
        }
        Ok(Some(&self.value))
    }

    fn encode_text(&mut self, line: &[u8]) -> Result<(), Fault> {
        let text = utf8(line)?;
        self.filler.turn_to(text, true);
        self.encoder.encode_bare(Supply::Text(text), &mut self.filler, &mut self.value)?;
        Ok(())
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|error| Fault::NotUtf8 { offset: error.valid_up_to() })
}

/// What `@line` means for a bare line: a plain string without its quotes, anything else as it stands.
fn bare_text(json: &str) -> &str {
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains(['\\', '"']) => inner,
        _ => json,
    }
}

/// Whether the encoder's own error says more than "not JSON" does.
fn looks_like_json(json: &[u8]) -> bool {
    json.starts_with(b"[") || [&b"true"[..], b"false", b"null"].contains(&json)
}
