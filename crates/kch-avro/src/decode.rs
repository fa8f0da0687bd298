//! Avro bytes to JSON text, straight from the bytes.
//!
//! The one constraint: time grows with the bytes alone, however hostile they are; [`Cursor`] guards the rest.

mod print;

use crate::cursor::{Cursor, Decoded};
use crate::encode::Encoder;
use crate::error::{DecodeError, DecodeReason};
use crate::plan::{Branch, Node, NodeId, Plan, Record, Symbols, Union};
use crate::style::{BytesStyle, JsonMode, Logical, Style};
use crate::time::Time;
use crate::{text, varint};

/// Avro bytes to JSON text, for one plan. Reuse it: it keeps its scratch memory.
#[derive(Debug)]
pub struct Decoder<'p> {
    plan: &'p Plan,
    style: Style,
    /// Reads a bare union value back, to see whether it may stay bare.
    probe: Encoder<'p>,
    /// What the probe wrote.
    probed: Vec<u8>,
}

impl<'p> Decoder<'p> {
    /// A decoder that prints texts in this style; a [`JsonMode`] is one.
    #[must_use]
    pub fn new(plan: &'p Plan, style: impl Into<Style>) -> Self {
        let style = match style.into() {
            Style { json: JsonMode::Avro, .. } => JsonMode::Avro.into(),
            style => style,
        };
        Decoder { plan, style, probe: Encoder::new(plan, JsonMode::Plain), probed: Vec::new() }
    }

    /// Appends the JSON text of one datum to `out`: compact, on one line, fields in schema order, no newline at the end.
    /// On an error `out` is as long as before.
    ///
    /// # Errors
    /// When the bytes are not a datum of the schema, or more than one.
    pub fn decode(&mut self, avro: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.decode_as(self.plan.root, avro, out, |from| from.finish())
    }

    /// As [`Decoder::decode`], for the first of several data that stand one behind the other; gives its length in bytes.
    ///
    /// # Errors
    /// When the bytes do not begin with a datum of the schema.
    pub fn decode_first(&mut self, avro: &[u8], out: &mut Vec<u8>) -> Result<usize, DecodeError> {
        self.decode_as(self.plan.root, avro, out, |from| Ok(from.at))
    }

    /// Decodes a part of the schema; `end` says what may come behind it.
    pub(crate) fn decode_as<T>(
        &mut self,
        node: NodeId,
        avro: &[u8],
        out: &mut Vec<u8>,
        end: impl Fn(&Cursor<'_>) -> Decoded<T>,
    ) -> Decoded<T> {
        let before = out.len();
        self.probed.shrink_to(1 << 16);
        let (plan, style) = (self.plan, self.style);
        let mut datum = Datum { plan, style, decoder: self, from: Cursor::new(avro) };
        let result = datum.value(node, out).and_then(|()| end(&datum.from));
        if result.is_err() {
            out.truncate(before);
        }
        result
    }
}

/// One datum on its way.
struct Datum<'d, 'p> {
    plan: &'p Plan,
    style: Style,
    decoder: &'d mut Decoder<'p>,
    from: Cursor<'d>,
}

impl Datum<'_, '_> {
    /// Prints the next value, which is a `node`.
    fn value(&mut self, id: NodeId, out: &mut Vec<u8>) -> Decoded {
        let plan = self.plan;
        match plan.node(id) {
            Node::Long => {
                let value = self.from.long("long")?;
                print::integer(value, out);
            }
            Node::String => self.string(out)?,
            Node::Int => {
                let value = self.from.int("int")?;
                print::integer(value, out);
            }
            Node::Double => {
                let bytes = self.from.array_of::<8>("double")?;
                print::double(f64::from_le_bytes(bytes), out);
            }
            Node::Float => {
                let bytes = self.from.array_of::<4>("float")?;
                print::float(f32::from_le_bytes(bytes), out);
            }
            Node::Boolean => out.extend_from_slice(if self.from.boolean()? { b"true" } else { b"false" }),
            Node::Null => {
                self.from.zero_sized()?;
                out.extend_from_slice(b"null");
            }
            Node::Record(record) => self.record(record, out)?,
            Node::Union(union) => self.union(id, union, out)?,
            Node::Array(items) => self.blocks(*items, false, out)?,
            Node::Map(values) => self.blocks(*values, true, out)?,
            Node::Enum(symbols) => self.symbol(symbols, out)?,
            Node::Time(time) => self.time(*time, out)?,
            _ => self.bytes_like(id, out)?,
        }
        Ok(())
    }

    // These are kept apart so that the frame of `value`, which recurses, stays small.
    #[inline(never)]
    fn symbol(&mut self, symbols: &Symbols, out: &mut Vec<u8>) -> Decoded {
        let index = self.from.symbol(symbols.quoted.len())?;
        out.extend_from_slice(&symbols.quoted[index]);
        Ok(())
    }

    #[inline(never)]
    fn time(&mut self, time: Time, out: &mut Vec<u8>) -> Decoded {
        let value = if time.is_int() { self.from.int("int")? } else { self.from.long("long")? };
        if self.style.logical == Logical::Raw {
            print::integer(value, out);
        } else {
            print::time(time, value, out);
        }
        Ok(())
    }

    #[inline(never)]
    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> Decoded {
        self.from.open()?;
        if record.fields.is_empty() {
            self.from.zero_sized()?;
            out.push(b'{');
        }
        for field in &record.fields {
            out.extend_from_slice(&field.opening);
            self.value(field.node, out).map_err(|error| error.under(&field.name))?;
        }
        out.push(b'}');
        self.from.close();
        Ok(())
    }

    #[inline(never)]
    fn union(&mut self, id: NodeId, union: &Union, out: &mut Vec<u8>) -> Decoded {
        let start = self.from.at;
        let branch = &union.branches[self.from.branch(union.branches.len())?];
        if matches!(self.plan.node(branch.node), Node::Null) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        if self.style.json != JsonMode::Plain {
            out.extend_from_slice(&branch.opening);
            self.value(branch.node, out)?;
            out.push(b'}');
            return Ok(());
        }
        let text = out.len();
        self.value(branch.node, out)?;
        if !self.may_stay_bare(id, union, branch, start, &out[text..]) {
            out.extend_from_slice(&branch.opening);
            out[text..].rotate_right(branch.opening.len());
            out.push(b'}');
        }
        Ok(())
    }

    /// Whether the bare text of a union value, whose bytes begin at `start`, reads back as this branch.
    fn may_stay_bare(
        &mut self,
        id: NodeId,
        union: &Union,
        branch: &Branch,
        start: usize,
        text: &[u8],
    ) -> bool {
        if branch.bare {
            // Only an object can still look like something else: like a tag.
            let like_a_tag = |b: &Branch| text.starts_with(&b.opening);
            if text.first() != Some(&b'{') || !union.branches.iter().any(like_a_tag) {
                return true;
            }
        }
        let Decoder { probe, probed, .. } = &mut *self.decoder;
        let bytes = &self.from.bytes[start..self.from.at];
        // A map whose key is its own tag would come back as this branch, but with another value.
        let read_as = probe.branch_of(id, text, probed);
        read_as == varint::read(bytes, &mut 0).ok()
            && (!text.starts_with(&branch.opening) || *probed == bytes)
    }

    /// The blocks of an array or a map (specification, "Arrays" and "Maps").
    #[inline(never)]
    fn blocks(&mut self, items: NodeId, keyed: bool, out: &mut Vec<u8>) -> Decoded {
        self.from.open()?;
        let least = self.plan.least[items as usize].saturating_add(usize::from(keyed));
        out.push(if keyed { b'{' } else { b'[' });
        let mut printed = 0usize;
        while let Some(block) = self.from.block(least)? {
            for _ in 0..block.count {
                if printed > 0 {
                    out.push(b',');
                }
                self.item(items, keyed, printed, out)?;
                printed += 1;
            }
            self.from.end_block(&block)?;
        }
        out.push(if keyed { b'}' } else { b']' });
        self.from.close();
        Ok(())
    }

    fn item(&mut self, items: NodeId, keyed: bool, index: usize, out: &mut Vec<u8>) -> Decoded {
        if !keyed {
            return self.value(items, out).map_err(|error| error.under(&index.to_string()));
        }
        let start = self.from.at;
        self.string(out)?;
        out.push(b':');
        self.value(items, out).map_err(|error| {
            // The key was readable a moment ago.
            let mut again = start;
            let len = varint::read(self.from.bytes, &mut again).unwrap_or(0) as usize;
            error.under(&String::from_utf8_lossy(&self.from.bytes[again..again + len]))
        })
    }

    /// Types of bytes: `bytes`, `fixed`, `decimal`, `uuid`, `duration`.
    #[inline(never)]
    fn bytes_like(&mut self, id: NodeId, out: &mut Vec<u8>) -> Decoded {
        let node = self.plan.node(id);
        if matches!(node, Node::UuidString) {
            return self.string(out);
        }
        let start = self.from.at;
        let range = match node {
            Node::Fixed(size) | Node::DecimalFixed(_, size) => self.from.take(*size, "fixed")?,
            Node::UuidFixed => self.from.take(16, "uuid")?,
            Node::Duration => self.from.take(12, "duration")?,
            _ => self.from.counted("bytes")?,
        };
        let iso = self.style.logical == Logical::Iso;
        let bytes = &self.from.bytes[range];
        if bytes.is_empty() && matches!(node, Node::Fixed(_)) {
            self.from.zero_sized()?;
        }
        match node {
            Node::DecimalBytes(decimal) | Node::DecimalFixed(decimal, _) if iso => {
                out.push(b'"');
                if !decimal.print(bytes, out) {
                    return Err(DecodeError::new(DecodeReason::Decimal { len: bytes.len() }, start));
                }
                out.push(b'"');
            }
            Node::UuidFixed if iso => print::uuid(bytes, out),
            Node::Duration if iso => print::duration(bytes, out),
            _ => match self.style.bytes {
                BytesStyle::Base64 => print::base64(bytes, out),
                BytesStyle::Hex => print::hex(bytes, out),
                BytesStyle::Latin1 => text::write_latin1(bytes, out),
            },
        }
        Ok(())
    }

    /// Prints a string.
    #[inline]
    fn string(&mut self, out: &mut Vec<u8>) -> Decoded {
        let start = self.from.at;
        let range = self.from.counted("string")?;
        text::write_bytes(&self.from.bytes[range], out)
            .map_err(|error| DecodeError::new(DecodeReason::NotUtf8 { at: error.valid_up_to() }, start))
    }
}
