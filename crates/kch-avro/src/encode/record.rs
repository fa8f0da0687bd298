//! Records: keys in any order, values in schema order.
//!
//! The one constraint: a text whose keys come in schema order is read once; any other text is read at most twice per level.

use super::supply::Fill;
use super::{Encoder, Form};
use crate::error::{EncodeErrorKind, Encoded, Fail};
use crate::finish::LONGEST_DEFAULT;
use crate::plan::{DefaultValue, Field, NodeId, Record};
use crate::reader::{RawString, Reader, shorten};
use crate::{text, varint};

/// No place: the value of this field was not seen.
const NOWHERE: usize = usize::MAX;

/// What happens to a key that names no field of its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// The text is refused.
    #[default]
    Refuse,
    /// The key and its value are left out.
    Skip,
    /// As `Skip`, and [`Encoder::noted`] names them.
    Note,
}

impl Encoder<'_> {
    #[inline(never)] // keeps the frame of `value` small, as below
    pub(super) fn record(
        &mut self,
        reader: &mut Reader<'_>,
        id: NodeId,
        record: &Record,
        mut fill: Option<&mut dyn Fill>,
        out: &mut Vec<u8>,
    ) -> Encoded {
        if reader.peek() != Some(b'{') {
            return Err(reader.refuse(EncodeErrorKind::Type, self.plan.title(id), reader.at));
        }
        self.open(reader)?;
        reader.at += 1;
        let fields = &*record.fields;
        if fields.is_empty() {
            self.zero_sized(reader)?;
        }
        let base = self.spans.len();
        let mut next = 0; // the field whose turn it is
        let mut more = !reader.take(b'}');
        while more {
            reader.peek();
            let index = match fields.get(next) {
                Some(field) if reader.take_exactly(field.key()) => next,
                _ => self.key(reader, id, record)?,
            };
            if index == NOWHERE {
                reader.skip()?;
            } else if index == next {
                let field = &fields[next];
                self.value(reader, field.node, out).map_err(|fail| fail.under(&field.name))?;
                next += 1;
                next = self.remembered(reader, fields, base, next, out)?;
            } else {
                self.remember(reader, &fields[index], fields.len(), base, (next, index))?;
            }
            more = reader.comma_or(b'}', "\",\" or \"}\"")?;
        }
        while next < fields.len() {
            self.absent_field(reader, &fields[next], next, &mut fill, out)
                .map_err(|fail| fail.under(&fields[next].name))?;
            next = self.remembered(reader, fields, base, next + 1, out)?;
        }
        self.spans.truncate(base);
        self.depth -= 1;
        Ok(())
    }

    /// Takes a key and its colon and finds its field; `NOWHERE` for one that is to be left out.
    #[inline(never)]
    fn key(&mut self, reader: &mut Reader<'_>, id: NodeId, record: &Record) -> Encoded<usize> {
        let key = reader.raw_string("a key in quotes")?;
        let found = record.find(self.resolved(&key, reader.quiet)?);
        match (found, self.unknown) {
            (Some(_), _) => {}
            (None, Unknown::Refuse) => return Err(self.unknown_field(reader, &key, id, record)),
            (None, Unknown::Skip) => self.absent += 1,
            (None, Unknown::Note) => {
                self.absent += 1;
                let name = shorten(&String::from_utf8_lossy(key.raw));
                self.noted.push(format!("\"{name}\" of {}", self.plan.title(id)));
            }
        }
        reader.expect(b':', "\":\"")?;
        Ok(found.unwrap_or(NOWHERE))
    }

    #[cold]
    fn unknown_field(&self, reader: &Reader<'_>, key: &RawString<'_>, id: NodeId, record: &Record) -> Fail {
        if reader.quiet {
            return Fail::QUIET;
        }
        let name = String::from_utf8_lossy(key.raw);
        let nearest = text::nearest(&name, record.fields.iter().map(|field| &*field.name));
        let hint = nearest.map(|name| format!("did you mean \"{name}\"?"));
        let got = format!("\"{}\"", shorten(&name));
        let expected = format!("a field of {}", self.plan.title(id));
        Fail::new(EncodeErrorKind::UnknownField, expected, got, key.at - 1).with_hint(hint)
    }

    /// Notes where the value of a field begins that came before its turn, and skips it.
    fn remember(
        &mut self,
        reader: &mut Reader<'_>,
        field: &Field,
        count: usize,
        base: usize,
        (next, index): (usize, usize),
    ) -> Encoded {
        if self.spans.len() == base {
            self.spans.resize(base + count, NOWHERE);
        }
        if index < next || self.spans[base + index] != NOWHERE {
            let got = format!("\"{}\"", field.name);
            return Err(reader.fail(EncodeErrorKind::DuplicateKey, "each key once", &got, reader.at));
        }
        reader.peek();
        self.spans[base + index] = reader.at;
        reader.skip()
    }

    /// Writes the fields from `next` on whose values were noted; returns the first that was not.
    #[inline]
    fn remembered(
        &mut self,
        reader: &Reader<'_>,
        fields: &[Field],
        base: usize,
        mut next: usize,
        out: &mut Vec<u8>,
    ) -> Encoded<usize> {
        while let Some(&at) = self.spans.get(base + next).filter(|at| **at != NOWHERE && next < fields.len())
        {
            let mut there = Reader { at, ..*reader };
            self.value(&mut there, fields[next].node, out).map_err(|fail| fail.under(&fields[next].name))?;
            next += 1;
        }
        Ok(next)
    }

    /// A field that the object lacks: what `fill` gives, else the default, else null.
    #[inline(never)]
    pub(super) fn absent_field(
        &mut self,
        reader: &Reader<'_>,
        field: &Field,
        index: usize,
        fill: &mut Option<&mut dyn Fill>,
        out: &mut Vec<u8>,
    ) -> Encoded {
        if let Some(value) = fill.as_mut().and_then(|fill| fill.fill(index)) {
            return self.supply(field.node, value, out).map_err(|fail| fail.at_offset(reader.at));
        }
        self.absent += 1;
        match &field.default {
            DefaultValue::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                return self.ensure_sane(reader, bytes.len(), out);
            }
            DefaultValue::Text(json) => {
                self.ensure_sane(reader, json.len(), out)?;
                let mut there = Reader { quiet: true, ..Reader::new(json.as_bytes()) };
                return self.value(&mut there, field.node, out);
            }
            DefaultValue::None | DefaultValue::Unfit => {}
        }
        match self.plan.null_branch(field.node) {
            Some(None) => self.zero_sized(reader),
            Some(Some(branch)) if self.form != Form::Default => {
                varint::write(i64::from(branch), out);
                Ok(())
            }
            _ => {
                let fail = reader.fail(
                    EncodeErrorKind::MissingField,
                    self.plan.title(field.node),
                    "no value",
                    reader.at,
                );
                let unfit = matches!(field.default, DefaultValue::Unfit);
                Err(fail.with_hint(
                    unfit.then(|| "the schema has a default here, but it does not fit the type".to_owned()),
                ))
            }
        }
    }

    /// While defaults are compiled: a schema in which they nest may not explode.
    fn ensure_sane(&mut self, reader: &Reader<'_>, len: usize, out: &[u8]) -> Encoded {
        if self.form != Form::Default {
            return Ok(());
        }
        match self.trials.checked_sub(len + 16) {
            Some(left) if out.len() <= LONGEST_DEFAULT => {
                self.trials = left;
                Ok(())
            }
            _ => Err(reader.fail(EncodeErrorKind::TooMuch, "a default of 1 MiB", "a longer one", reader.at)),
        }
    }
}
