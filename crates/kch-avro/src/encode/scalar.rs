//! Values without parts: numbers, strings, bytes, symbols and logical types.
//!
//! The one constraint: exact or refused. Nothing is rounded but the fraction of a float.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Encoder, Form};
use crate::decimal::Decimal;
use crate::error::{EncodeErrorKind, Encoded, Fail};
use crate::number::{self, Fault};
use crate::plan::{Node, NodeId, Symbols};
use crate::reader::{RawString, Reader};
use crate::time::{self, Time};
use crate::{text, varint};

impl Encoder<'_> {
    /// A string's bytes, escapes resolved.
    #[inline]
    pub(super) fn resolved<'s>(&'s mut self, string: &RawString<'s>, quiet: bool) -> Encoded<&'s [u8]> {
        if !string.escaped {
            return Ok(string.raw);
        }
        self.scratch.clear();
        string.unescape(&mut self.scratch, quiet)?;
        Ok(&self.scratch)
    }

    #[inline]
    pub(super) fn long(&mut self, reader: &mut Reader<'_>, title: &str) -> Encoded<i64> {
        if let Some(value) = reader.small_integer() {
            return Ok(value);
        }
        let start = reader.at;
        if !matches!(reader.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(reader.refuse(EncodeErrorKind::Type, title, start));
        }
        let (text, _) = reader.number()?;
        number::long(text).map_err(|fault| match fault {
            Fault::Fraction => reader.refuse(EncodeErrorKind::Type, title, start),
            _ => reader.refuse(EncodeErrorKind::Range, title, start).with_hint(range(title)),
        })
    }

    #[inline]
    pub(super) fn int(&mut self, reader: &mut Reader<'_>, title: &str) -> Encoded<i64> {
        let start = reader.at;
        let value = self.long(reader, title)?;
        match i32::try_from(value) {
            Ok(value) => Ok(i64::from(value)),
            Err(_) => Err(reader.refuse(EncodeErrorKind::Range, title, start).with_hint(range(title))),
        }
    }

    #[inline(never)]
    pub(super) fn double(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Encoded {
        let start = reader.at;
        let value = match reader.peek() {
            Some(b'-' | b'0'..=b'9') => {
                let (text, integral) = reader.number()?;
                number::double(text, integral)
                    .map_err(|_| reader.refuse(EncodeErrorKind::Range, "double", start))?
            }
            _ => self.named_float(reader, "double")?,
        };
        out.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    #[inline(never)]
    pub(super) fn float(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Encoded {
        let start = reader.at;
        let value = match reader.peek() {
            Some(b'-' | b'0'..=b'9') => {
                let (text, integral) = reader.number()?;
                number::float(text, integral)
                    .map_err(|_| reader.refuse(EncodeErrorKind::Range, "float", start))?
            }
            _ => self.named_float(reader, "float")? as f32,
        };
        out.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    fn named_float(&mut self, reader: &mut Reader<'_>, title: &str) -> Encoded<f64> {
        let start = reader.at;
        let value = match reader.peek() {
            Some(b'"') => number::named_float(reader.raw_string("a string")?.raw),
            _ => None,
        };
        value.ok_or_else(|| reader.refuse(EncodeErrorKind::Type, title, start))
    }

    #[inline]
    pub(super) fn string(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Encoded {
        let string = self.quoted(reader, "string")?;
        let text = self.resolved(&string, reader.quiet)?;
        varint::write_len(text.len(), out);
        out.extend_from_slice(text);
        Ok(())
    }

    /// The string that comes next, which a type called `title` needs.
    #[inline]
    fn quoted<'t>(&self, reader: &mut Reader<'t>, title: &str) -> Encoded<RawString<'t>> {
        match reader.peek() {
            Some(b'"') => reader.raw_string("a string"),
            _ => Err(reader.refuse(EncodeErrorKind::Type, title, reader.at)),
        }
    }

    #[inline(never)]
    pub(super) fn symbol(
        &mut self,
        reader: &mut Reader<'_>,
        id: NodeId,
        symbols: &Symbols,
        out: &mut Vec<u8>,
    ) -> Encoded {
        let start = reader.at;
        let plan = self.plan;
        let string = self.quoted(reader, plan.title(id))?;
        let name = self.resolved(&string, reader.quiet)?;
        match symbols.names.iter().position(|symbol| symbol.as_bytes() == name) {
            Some(index) => {
                varint::write_len(index, out);
                Ok(())
            }
            None if reader.quiet => Err(Fail::QUIET),
            None => {
                let name = String::from_utf8_lossy(name).into_owned();
                let nearest = text::nearest(&name, symbols.names.iter().map(|s| &**s));
                let hint = Some(match nearest {
                    Some(name) => format!("did you mean \"{name}\"?"),
                    None => symbols.listed(),
                });
                Err(reader.refuse(EncodeErrorKind::UnknownSymbol, plan.title(id), start).with_hint(hint))
            }
        }
    }

    #[inline(never)]
    pub(super) fn time(&mut self, reader: &mut Reader<'_>, time: Time, out: &mut Vec<u8>) -> Encoded {
        let title = if self.form == Form::Readable || !time.is_int() { time.name() } else { "int" };
        let start = reader.at;
        let value = if reader.peek() == Some(b'"') && self.form == Form::Readable {
            let string = reader.raw_string("a string")?;
            let text = self.resolved(&string, reader.quiet)?;
            time.parse(text).map_err(|fault| {
                let kind =
                    if fault == time::Fault::Form { EncodeErrorKind::Type } else { EncodeErrorKind::Range };
                reader
                    .refuse(kind, title, start)
                    .with_hint(Some(format!("write it like \"{}\", or as an integer", time.form())))
            })?
        } else if time.is_int() {
            self.int(reader, title)?
        } else {
            self.long(reader, title)?
        };
        varint::write(value, out);
        Ok(())
    }

    /// Types of bytes: `bytes`, `fixed`, `decimal`, `uuid`, `duration`.
    #[inline(never)]
    pub(super) fn bytes_like(&mut self, reader: &mut Reader<'_>, id: NodeId, out: &mut Vec<u8>) -> Encoded {
        let plan = self.plan;
        let node = plan.node(id);
        if self.form == Form::Readable {
            match node {
                Node::DecimalBytes(decimal) | Node::DecimalFixed(decimal, _) => {
                    return self.decimal(reader, id, *decimal, out);
                }
                Node::UuidString | Node::UuidFixed => return self.uuid(reader, node, out),
                Node::Duration => return self.duration(reader, out),
                _ => {}
            }
        } else if matches!(node, Node::UuidString) {
            return self.string(reader, out);
        }
        let size = match node {
            Node::Fixed(size) | Node::DecimalFixed(_, size) => Some(*size),
            Node::UuidFixed => Some(16),
            Node::Duration => Some(12),
            _ => None,
        };
        let start = reader.at;
        let string = self.quoted(reader, plan.title(id))?;
        if size == Some(0) {
            self.zero_sized(reader)?;
        }
        let good = self.raw_bytes(&string, reader.quiet)?;
        if !good {
            let hint = if self.form == Form::Readable {
                "bytes are base64 in JSON"
            } else {
                "bytes are one character each, up to \\u00ff"
            };
            return Err(reader
                .refuse(EncodeErrorKind::Type, plan.title(id), start)
                .with_hint(Some(hint.to_owned())));
        }
        match size {
            None => varint::write_len(self.scratch.len(), out),
            Some(size) if size != self.scratch.len() => {
                let hint = format!("it has {} bytes", self.scratch.len());
                return Err(reader
                    .refuse(EncodeErrorKind::Range, plan.title(id), start)
                    .with_hint(Some(hint)));
            }
            Some(_) => {}
        }
        out.extend_from_slice(&self.scratch);
        Ok(())
    }

    /// A string's bytes into the scratch, out of base64 or of one character per byte; false if it is neither.
    fn raw_bytes(&mut self, string: &RawString<'_>, quiet: bool) -> Encoded<bool> {
        self.scratch.clear();
        let unescaped = string
            .escaped
            .then(Vec::new)
            .map(|mut bytes| string.unescape(&mut bytes, quiet).map(|()| bytes))
            .transpose()?;
        let text = unescaped.as_deref().unwrap_or(string.raw);
        if self.form == Form::Readable {
            return Ok(STANDARD.decode_vec(text, &mut self.scratch).is_ok());
        }
        for c in std::str::from_utf8(text).unwrap_or("\u{fffd}").chars() {
            match u8::try_from(u32::from(c)) {
                Ok(byte) => self.scratch.push(byte),
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    fn decimal(
        &mut self,
        reader: &mut Reader<'_>,
        id: NodeId,
        decimal: Decimal,
        out: &mut Vec<u8>,
    ) -> Encoded {
        let start = reader.at;
        let plan = self.plan;
        let text = match reader.peek() {
            Some(b'-' | b'0'..=b'9') => reader.number()?.0,
            Some(b'"') => {
                let raw = reader.raw_string("a string")?.raw;
                let mut inside = Reader { quiet: true, ..Reader::new(raw) };
                match inside.number() {
                    Ok((text, _)) if text.len() == raw.len() => text,
                    _ => return Err(reader.refuse(EncodeErrorKind::Type, plan.title(id), start)),
                }
            }
            _ => return Err(reader.refuse(EncodeErrorKind::Type, plan.title(id), start)),
        };
        let hint = match decimal.parse(text) {
            Ok(bytes) => {
                if let Node::DecimalFixed(_, size) = plan.node(id) {
                    if bytes.extend_to(*size, out) {
                        return Ok(());
                    }
                    format!("its fixed has {size} bytes")
                } else {
                    let bytes = bytes.as_slice();
                    varint::write_len(bytes.len(), out);
                    out.extend_from_slice(bytes);
                    return Ok(());
                }
            }
            Err(Fault::Fraction) => {
                format!("it has more than {} digits after the point, and is never rounded", decimal.scale)
            }
            Err(_) => format!("it has more than {} digits", decimal.precision),
        };
        Err(reader.refuse(EncodeErrorKind::Range, plan.title(id), start).with_hint(Some(hint)))
    }

    fn uuid(&mut self, reader: &mut Reader<'_>, node: &Node, out: &mut Vec<u8>) -> Encoded {
        let start = reader.at;
        let string = self.quoted(reader, "uuid")?;
        let text = self.resolved(&string, reader.quiet)?;
        let Some(bytes) = uuid_bytes(text) else {
            return Err(reader.refuse(EncodeErrorKind::Type, "uuid", start));
        };
        if matches!(node, Node::UuidFixed) {
            out.extend_from_slice(&bytes);
        } else {
            varint::write_len(text.len(), out);
            out.extend_from_slice(text);
        }
        Ok(())
    }

    /// `{"months":1,"days":2,"millis":3}`, all three, in any order.
    fn duration(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Encoded {
        const PARTS: [&str; 3] = ["months", "days", "millis"];
        let start = reader.at;
        if reader.peek() != Some(b'{') {
            return Err(reader.refuse(EncodeErrorKind::Type, "duration", start));
        }
        reader.at += 1;
        let mut values = [None; 3];
        let mut more = !reader.take(b'}');
        while more {
            reader.peek();
            let key = reader.raw_string("a key in quotes")?;
            let Some(part) = PARTS.iter().position(|part| part.as_bytes() == key.raw) else {
                let got = format!("\"{}\"", crate::reader::shorten(&String::from_utf8_lossy(key.raw)));
                return Err(reader.fail(
                    EncodeErrorKind::UnknownField,
                    "months, days or millis",
                    &got,
                    key.at - 1,
                ));
            };
            if values[part].is_some() {
                return Err(reader.fail(
                    EncodeErrorKind::DuplicateKey,
                    "each key once",
                    &format!("\"{}\"", PARTS[part]),
                    key.at - 1,
                ));
            }
            reader.expect(b':', "\":\"")?;
            reader.peek();
            let at = reader.at;
            let title = "a number from 0 to 4294967295";
            let value = self.long(reader, title).map_err(|fail| fail.under(PARTS[part]))?;
            let value = u32::try_from(value)
                .map_err(|_| reader.refuse(EncodeErrorKind::Range, title, at).under(PARTS[part]))?;
            values[part] = Some(value);
            more = reader.comma_or(b'}', "\",\" or \"}\"")?;
        }
        for (part, value) in PARTS.iter().zip(values) {
            let missing = || {
                reader
                    .fail(
                        EncodeErrorKind::MissingField,
                        "a number from 0 to 4294967295",
                        "no value",
                        reader.at,
                    )
                    .under(part)
            };
            out.extend_from_slice(&value.ok_or_else(missing)?.to_le_bytes());
        }
        Ok(())
    }
}

/// The 16 bytes of a UUID in its one standard form (RFC 9562): 36 characters, either case.
fn uuid_bytes(text: &[u8]) -> Option<[u8; 16]> {
    let dash = |at| matches!(at, 8 | 13 | 18 | 23);
    if text.len() != 36
        || text.iter().enumerate().any(|(at, b)| if dash(at) { *b != b'-' } else { !b.is_ascii_hexdigit() })
    {
        return None;
    }
    let mut bytes = [0; 16];
    for (at, digit) in text.iter().filter(|b| **b != b'-').enumerate() {
        bytes[at / 2] = bytes[at / 2] << 4 | char::from(*digit).to_digit(16)? as u8;
    }
    Some(bytes)
}

/// What fits into a plain integer.
fn range(title: &str) -> Option<String> {
    match title {
        "int" => Some(format!("an int is {} to {}", i32::MIN, i32::MAX)),
        "long" => Some(format!("a long is {} to {}", i64::MIN, i64::MAX)),
        _ => None,
    }
}
