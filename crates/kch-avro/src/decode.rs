//! Avro bytes to JSON text, straight from the bytes.
//!
//! The one constraint: the bytes may be hostile. Every length is checked before it is believed, nesting and values of zero bytes
//! are bounded, and time grows with the bytes alone.

mod print;

use std::ops::Range;

use crate::encode::{DEPTH, Encoder, ZERO_SIZED};
use crate::error::{DecodeError, DecodeReason};
use crate::plan::{Branch, Node, NodeId, Plan, Record, Symbols, Union};
use crate::time::Time;
use crate::varint::{self, Fault};
use crate::{JsonMode, text};

type Decoded<T = ()> = Result<T, DecodeError>;

/// Avro bytes to JSON text, for one plan. Reuse it: it keeps its scratch memory.
#[derive(Debug)]
pub struct Decoder<'p> {
    plan: &'p Plan,
    mode: JsonMode,
    /// Reads a bare union value back, to see whether it may stay bare.
    probe: Encoder<'p>,
    /// What the probe wrote.
    probed: Vec<u8>,
}

impl<'p> Decoder<'p> {
    /// A decoder that prints texts in `mode`.
    #[must_use]
    pub fn new(plan: &'p Plan, mode: JsonMode) -> Self {
        Decoder { plan, mode, probe: Encoder::new(plan, JsonMode::Plain), probed: Vec::new() }
    }

    /// Appends the JSON text of one datum to `out`: compact, on one line, fields in schema order, no newline at the end.
    /// On an error `out` is as long as before.
    ///
    /// # Errors
    /// When the bytes are not a datum of the schema, or more than one.
    pub fn decode(&mut self, avro: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let before = out.len();
        self.probed.shrink_to(1 << 16);
        let (plan, mode) = (self.plan, self.mode);
        let mut datum = Datum { plan, mode, decoder: self, bytes: avro, at: 0, depth: 0, zeros: ZERO_SIZED };
        let root = plan.root;
        let result = datum.value(root, out).and_then(|()| match avro.len() - datum.at {
            0 => Ok(()),
            count => Err(DecodeError::new(DecodeReason::LeftOver { count }, datum.at)),
        });
        if result.is_err() {
            out.truncate(before);
        }
        result
    }
}

/// A cursor over the bytes of one datum.
struct Datum<'d, 'p> {
    plan: &'p Plan,
    mode: JsonMode,
    decoder: &'d mut Decoder<'p>,
    bytes: &'d [u8],
    at: usize,
    depth: usize,
    /// Values of zero bytes still allowed.
    zeros: usize,
}

impl Datum<'_, '_> {
    /// Prints the next value, which is a `node`.
    fn value(&mut self, id: NodeId, out: &mut Vec<u8>) -> Decoded {
        let plan = self.plan;
        match plan.node(id) {
            Node::Long => {
                let value = self.long("long")?;
                print::integer(value, out);
            }
            Node::String => self.string(out)?,
            Node::Int => {
                let value = self.int("int")?;
                print::integer(value, out);
            }
            Node::Double => {
                let bytes = self.array_of::<8>("double")?;
                print::double(f64::from_le_bytes(bytes), out);
            }
            Node::Float => {
                let bytes = self.array_of::<4>("float")?;
                print::float(f32::from_le_bytes(bytes), out);
            }
            Node::Boolean => match self.array_of::<1>("boolean")? {
                [0] => out.extend_from_slice(b"false"),
                [1] => out.extend_from_slice(b"true"),
                [byte] => return Err(DecodeError::new(DecodeReason::Boolean { byte }, self.at - 1)),
            },
            Node::Null => {
                self.zero_sized()?;
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
        let start = self.at;
        let index = self.long("enum")?;
        let found = usize::try_from(index).ok().and_then(|at| symbols.quoted.get(at));
        let reason = || DecodeReason::Symbol { index, symbols: symbols.names.len() };
        out.extend_from_slice(found.ok_or_else(|| DecodeError::new(reason(), start))?);
        Ok(())
    }

    #[inline(never)]
    fn time(&mut self, time: Time, out: &mut Vec<u8>) -> Decoded {
        let value = if time.is_int() { self.int("int")? } else { self.long("long")? };
        if self.mode == JsonMode::Avro {
            print::integer(value, out);
        } else {
            print::time(time, value, out);
        }
        Ok(())
    }

    #[inline(never)]
    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> Decoded {
        self.open()?;
        if record.fields.is_empty() {
            self.zero_sized()?;
            out.push(b'{');
        }
        for field in &record.fields {
            out.extend_from_slice(&field.opening);
            self.value(field.node, out).map_err(|error| error.under(&field.name))?;
        }
        out.push(b'}');
        self.depth -= 1;
        Ok(())
    }

    #[inline(never)]
    fn union(&mut self, id: NodeId, union: &Union, out: &mut Vec<u8>) -> Decoded {
        let start = self.at;
        let index = self.long("union")?;
        let Some(branch) = usize::try_from(index).ok().and_then(|at| union.branches.get(at)) else {
            return Err(DecodeError::new(
                DecodeReason::Branch { index, branches: union.branches.len() },
                start,
            ));
        };
        if matches!(self.plan.node(branch.node), Node::Null) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        if self.mode != JsonMode::Plain {
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
        let bytes = &self.bytes[start..self.at];
        // A map whose key is its own tag would come back as this branch, but with another value.
        let read_as = probe.branch_of(id, text, probed);
        read_as == varint::read(bytes, &mut 0).ok()
            && (!text.starts_with(&branch.opening) || *probed == bytes)
    }

    /// The blocks of an array or a map (specification, "Arrays" and "Maps").
    #[inline(never)]
    fn blocks(&mut self, items: NodeId, keyed: bool, out: &mut Vec<u8>) -> Decoded {
        self.open()?;
        let least = self.plan.least[items as usize].saturating_add(usize::from(keyed));
        out.push(if keyed { b'{' } else { b'[' });
        let mut printed = 0usize;
        loop {
            let start = self.at;
            let mut count = self.long("block count")?;
            if count == 0 {
                break;
            }
            let mut said = None;
            if count < 0 {
                let size = self.long("block size")?;
                said = Some((size, self.at));
                count = count.checked_neg().unwrap_or(i64::MAX);
            }
            let left = self.bytes.len() - self.at;
            let fits = |n: usize| n.checked_mul(least).is_some_and(|size| size <= left);
            if !usize::try_from(count).is_ok_and(fits) {
                return Err(DecodeError::new(DecodeReason::Count { count, left }, start));
            }
            if least == 0 && count > self.zeros as i64 {
                return Err(DecodeError::new(DecodeReason::TooMany { limit: ZERO_SIZED }, start));
            }
            for _ in 0..count {
                if printed > 0 {
                    out.push(b',');
                }
                self.item(items, keyed, printed, out)?;
                printed += 1;
            }
            if let Some((said, from)) = said.filter(|(said, from)| *said != (self.at - from) as i64) {
                return Err(DecodeError::new(DecodeReason::BlockSize { said, real: self.at - from }, start));
            }
        }
        out.push(if keyed { b'}' } else { b']' });
        self.depth -= 1;
        Ok(())
    }

    fn item(&mut self, items: NodeId, keyed: bool, index: usize, out: &mut Vec<u8>) -> Decoded {
        if !keyed {
            return self.value(items, out).map_err(|error| error.under(&index.to_string()));
        }
        let start = self.at;
        self.string(out)?;
        out.push(b':');
        self.value(items, out).map_err(|error| {
            // The key was readable a moment ago.
            let mut again = start;
            let len = varint::read(self.bytes, &mut again).unwrap_or(0) as usize;
            error.under(&String::from_utf8_lossy(&self.bytes[again..again + len]))
        })
    }

    /// Types of bytes: `bytes`, `fixed`, `decimal`, `uuid`, `duration`.
    #[inline(never)]
    fn bytes_like(&mut self, id: NodeId, out: &mut Vec<u8>) -> Decoded {
        let node = self.plan.node(id);
        if matches!(node, Node::UuidString) {
            return self.string(out);
        }
        let start = self.at;
        let range = match node {
            Node::Fixed(size) | Node::DecimalFixed(_, size) => self.take(*size, "fixed")?,
            Node::UuidFixed => self.take(16, "uuid")?,
            Node::Duration => self.take(12, "duration")?,
            _ => self.counted("bytes")?,
        };
        let bytes = &self.bytes[range];
        if bytes.is_empty() && matches!(node, Node::Fixed(_)) {
            self.zero_sized()?;
        }
        match node {
            _ if self.mode == JsonMode::Avro => text::write_latin1(bytes, out),
            Node::DecimalBytes(decimal) | Node::DecimalFixed(decimal, _) => {
                out.push(b'"');
                if !decimal.print(bytes, out) {
                    return Err(DecodeError::new(DecodeReason::Decimal { len: bytes.len() }, start));
                }
                out.push(b'"');
            }
            Node::UuidFixed => print::uuid(bytes, out),
            Node::Duration => print::duration(bytes, out),
            _ => print::base64(bytes, out),
        }
        Ok(())
    }

    #[inline]
    fn long(&mut self, expected: &'static str) -> Decoded<i64> {
        varint::read(self.bytes, &mut self.at).map_err(|fault| {
            let reason = match fault {
                Fault::Truncated => DecodeReason::Truncated { expected },
                Fault::Overlong => DecodeReason::Overlong,
            };
            DecodeError::new(reason, self.at)
        })
    }

    #[inline]
    fn int(&mut self, expected: &'static str) -> Decoded<i64> {
        let start = self.at;
        let value = self.long(expected)?;
        if i32::try_from(value).is_ok() {
            Ok(value)
        } else {
            Err(DecodeError::new(DecodeReason::IntRange { value }, start))
        }
    }

    /// The place of the next `len` bytes.
    #[inline]
    fn take(&mut self, len: usize, expected: &'static str) -> Decoded<Range<usize>> {
        if len > self.bytes.len() - self.at {
            return Err(DecodeError::new(DecodeReason::Truncated { expected }, self.at));
        }
        let start = self.at;
        self.at += len;
        Ok(start..self.at)
    }

    fn array_of<const N: usize>(&mut self, expected: &'static str) -> Decoded<[u8; N]> {
        let found = self.bytes[self.at..].first_chunk::<N>().copied();
        self.take(N, expected)?;
        Ok(found.unwrap_or([0; N]))
    }

    /// The place of bytes that come after their length.
    #[inline]
    fn counted(&mut self, expected: &'static str) -> Decoded<Range<usize>> {
        let start = self.at;
        let len = self.long(expected)?;
        let left = self.bytes.len() - self.at;
        match usize::try_from(len) {
            Ok(len) if len <= left => self.take(len, expected),
            _ => Err(DecodeError::new(DecodeReason::Length { len, left }, start)),
        }
    }

    /// Prints a string.
    #[inline]
    fn string(&mut self, out: &mut Vec<u8>) -> Decoded {
        let start = self.at;
        let range = self.counted("string")?;
        text::write_bytes(&self.bytes[range], out)
            .map_err(|error| DecodeError::new(DecodeReason::NotUtf8 { at: error.valid_up_to() }, start))
    }

    fn open(&mut self) -> Decoded {
        if self.depth == DEPTH {
            return Err(DecodeError::new(DecodeReason::TooDeep { limit: DEPTH }, self.at));
        }
        self.depth += 1;
        Ok(())
    }

    /// Counts a value that takes no bytes.
    fn zero_sized(&mut self) -> Decoded {
        match self.zeros.checked_sub(1) {
            Some(left) => {
                self.zeros = left;
                Ok(())
            }
            None => Err(DecodeError::new(DecodeReason::TooMany { limit: ZERO_SIZED }, self.at)),
        }
    }
}
