//! One line to one framed Avro record.

use kch_avro::{Encoder, JsonMode, Plan, Supply, Unknown, frame};
use kch_cli::{Failure, nearest, other_delimiter, unpacker};

use crate::fault::Fault;
use crate::fill::Filler;
use crate::source::Entry;

/// Turns lines into the bytes of a record's value. Holds the only buffers that the loop uses.
#[derive(Debug)]
pub(crate) struct LineEncoder<'p> {
    plan: &'p Plan,
    encoder: Encoder<'p>,
    unknown: Unknown,
    filler: Filler,
    /// Whether lines are text, not JSON.
    is_text: bool,
    is_record: bool,
    schema_id: u32,
    value: Vec<u8>,
}

impl<'p> LineEncoder<'p> {
    pub(crate) fn new(
        plan: &'p Plan,
        schema_id: u32,
        filler: Filler,
        (json, unknown): (JsonMode, Unknown),
        is_text: bool,
    ) -> Self {
        let is_record = plan.record_fields().is_some();
        let encoder = Encoder::new(plan, json).with_unknown(unknown);
        LineEncoder { plan, encoder, unknown, filler, is_text, is_record, schema_id, value: Vec::new() }
    }

    /// Tells the columns of CSV.
    ///
    /// # Errors
    /// A column that the schema does not have, unless such are left out.
    pub(crate) fn bind(&mut self, columns: &[String]) -> Result<(), Fault> {
        let Some(fields) = self.plan.record_fields() else {
            return Err(Fault::Other(Failure::usage("CSV has fields, and the schema is no record")));
        };
        let unknown = columns.iter().find(|column| fields.iter().all(|field| field.name != **column));
        if let (Some(column), Unknown::Refuse) = (unknown, self.unknown) {
            let failure = Failure::refused(format!("unknown column {column:?}"));
            let names = || fields.iter().map(|field| field.name);
            let slip =
                names().find(|name| name.eq_ignore_ascii_case(column)).or_else(|| nearest(column, names()));
            let flag = if columns.len() == 1 { other_delimiter(column) } else { None };
            return Err(Fault::Other(match (slip, flag) {
                (Some(slip), _) => failure.hint(format!("did you mean {slip:?}?")),
                (None, Some(flag)) => failure.hint(format!("the cells are not separated by commas: {flag}")),
                (None, None) => failure.hint("--unknown ignore leaves such columns out"),
            }));
        }
        self.filler.bind(&fields, columns);
        Ok(())
    }

    /// The keys of the last line that the schema lacks, where they are to be named.
    pub(crate) fn noted(&self) -> &[String] {
        self.encoder.noted()
    }

    /// The framed value of one line, or `None` for a blank line of JSON.
    pub(crate) fn encode(&mut self, entry: &Entry<'_>) -> Result<Option<&[u8]>, Fault> {
        self.value.clear();
        frame::write(self.schema_id, &mut self.value);
        let line = entry.line.bytes;
        let json = line.trim_ascii();
        match (self.is_text, json.first()) {
            (true, _) => self.encode_text(line)?,
            (false, _) if entry.row.is_some() => {
                self.filler.turn_to_row(utf8(line)?, entry.row);
                self.encoder.encode_filled(b"{}", &mut self.filler, &mut self.value)?;
            }
            (false, None) => return Ok(None),
            // The fast path: nothing to fill, nothing to look at but the encoder.
            (false, Some(b'{')) if self.filler.is_idle() => {
                self.encoder.encode(json, &mut self.value)?;
            }
            (false, Some(b'{')) => {
                let text = utf8(json)?;
                self.filler.turn_to(text, false);
                self.encoder.encode_filled(json, &mut self.filler, &mut self.value)?;
            }
            (false, Some(_)) if !self.is_record => self.encoder.encode(json, &mut self.value)?,
            (false, Some(b'"' | b'-' | b'0'..=b'9')) => {
                let text = utf8(json)?;
                self.filler.turn_to(bare_text(text), true);
                self.encoder.encode_bare(Supply::Json(text), &mut self.filler, &mut self.value)?;
            }
            (false, Some(_)) if looks_like_json(json) => self.encoder.encode(json, &mut self.value)?,
            (false, Some(_)) => return Err(utf8(json).err().unwrap_or(Fault::NotJson)),
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

pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes)
        .map_err(|error| Fault::NotUtf8 { offset: error.valid_up_to(), unpacker: unpacker(bytes) })
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
