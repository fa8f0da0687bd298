//! JSON text to Avro bytes, straight from the text.
//!
//! The one constraint: no value tree, and in steady state no allocation. What cannot be written yet (a field that comes before its
//! turn) is remembered as a place in the text and read when its turn comes.

mod record;
mod scalar;
mod supply;
mod union;

use crate::error::{EncodeError, EncodeErrorKind, Encoded, Fail};
use crate::plan::{Node, NodeId, Plan};
use crate::reader::Reader;
use crate::{JsonMode, varint};

pub use record::Unknown;
pub use supply::{Fill, Supply};

/// Records, arrays and maps that may stand inside one another.
pub(crate) const DEPTH: usize = 128;

/// Values of zero bytes in one datum.
pub(crate) const ZERO_SIZED: usize = 1 << 16;

/// Scratch memory kept from one text to the next, in bytes or entries.
const SCRATCH: usize = 1 << 16;

/// Where an attempt began, to go back to if it fails.
struct Mark {
    noted: usize,
    out: usize,
    spans: usize,
    keys: usize,
    depth: usize,
    zeros: usize,
}

/// How a JSON text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Plain and tagged mode: union values bare or tagged, base64, readable logical types.
    Readable,
    /// The specification's JSON encoding: union values tagged, bytes as one character per byte, logical types raw.
    Avro,
    /// The specification's defaults: as `Avro`, but union values bare.
    Default,
}

/// JSON text to Avro bytes, for one plan. Reuse it: it keeps its scratch memory.
///
/// Fields may come in any order; schema order is fastest. A missing field takes its default, then null if it may be null.
#[derive(Debug)]
pub struct Encoder<'p> {
    plan: &'p Plan,
    form: Form,
    /// Places of the values of fields that came before their turn, a run per open record.
    spans: Vec<usize>,
    /// Places of the keys of open maps in the output.
    keys: Vec<(usize, usize)>,
    /// A string with its escapes resolved, or bytes out of base64.
    scratch: Vec<u8>,
    depth: usize,
    /// Values of zero bytes still allowed.
    zeros: usize,
    /// Bytes that unions may still read while they try branches.
    trials: usize,
    /// Counted to compare a union's branches: fields written from a default or null,
    /// and keys that name no field, where those are let go.
    absent: usize,
    unknown: Unknown,
    /// Keys of the text that named no field.
    noted: Vec<String>,
}

impl<'p> Encoder<'p> {
    /// An encoder of texts in `mode`.
    #[must_use]
    pub fn new(plan: &'p Plan, mode: JsonMode) -> Self {
        Self::with_form(plan, if mode == JsonMode::Avro { Form::Avro } else { Form::Readable })
    }

    /// An encoder of the schema's own defaults, while the plan is being compiled.
    pub(crate) fn for_defaults(plan: &'p Plan) -> Self {
        Self::with_form(plan, Form::Default)
    }

    fn with_form(plan: &'p Plan, form: Form) -> Self {
        Encoder {
            plan,
            form,
            spans: Vec::new(),
            keys: Vec::new(),
            scratch: Vec::new(),
            depth: 0,
            zeros: 0,
            trials: 0,
            absent: 0,
            unknown: Unknown::Refuse,
            noted: Vec::new(),
        }
    }

    /// The same encoder with this rule for keys that name no field of their record.
    #[must_use]
    pub fn with_unknown(mut self, unknown: Unknown) -> Self {
        self.unknown = unknown;
        self
    }

    /// The keys of the last text that named no field, each as `"key" of record ns.Name`, under [`Unknown::Note`].
    #[must_use]
    pub fn noted(&self) -> &[String] {
        &self.noted
    }

    /// Appends the Avro bytes of one JSON text to `out`. On an error `out` is as long as before.
    ///
    /// # Errors
    /// When the text is no JSON or does not fit the schema; the error says where and what was expected.
    pub fn encode(&mut self, json: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.whole(json, None, out)
    }

    /// As [`Encoder::encode`], but a top-level record asks `fill` for each field that the object lacks, before the default.
    ///
    /// # Errors
    /// As [`Encoder::encode`]; also when a supplied value does not fit its field.
    pub fn encode_filled(
        &mut self,
        json: &[u8],
        fill: &mut dyn Fill,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.whole(json, Some(fill), out)
    }

    /// A line that is one bare value: it goes to the record's first field, converted between text, number and boolean as the
    /// field needs. The other fields come from `fill`, then the default, then null. A schema that is no record takes the value itself.
    ///
    /// # Errors
    /// When a value does not fit, or a field gets none.
    pub fn encode_bare(
        &mut self,
        first: Supply<'_>,
        fill: &mut dyn Fill,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let before = out.len();
        self.reset(first.text().len());
        self.bare(first, fill, out).map_err(|fail| {
            out.truncate(before);
            EncodeError::from(fail)
        })
    }

    fn whole(
        &mut self,
        json: &[u8],
        fill: Option<&mut dyn Fill>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let before = out.len();
        self.reset(json.len());
        self.text(json, fill, out).map_err(|fail| {
            out.truncate(before);
            EncodeError::from(fail)
        })
    }

    fn text(&mut self, json: &[u8], fill: Option<&mut dyn Fill>, out: &mut Vec<u8>) -> Encoded {
        if let Err(error) = std::str::from_utf8(json) {
            let at = error.valid_up_to();
            let got = format!("byte 0x{:02x}", json[at]);
            return Err(Fail::new(EncodeErrorKind::NotUtf8, "UTF-8", got, at));
        }
        let mut reader = Reader::new(json);
        let plan = self.plan;
        match (plan.node(plan.root), fill) {
            (Node::Record(record), Some(fill)) => {
                self.record(&mut reader, plan.root, record, Some(fill), out)?;
            }
            _ => self.value(&mut reader, plan.root, out)?,
        }
        reader.end()
    }

    fn reset(&mut self, len: usize) {
        self.spans.clear();
        self.keys.clear();
        self.noted.clear();
        self.spans.shrink_to(SCRATCH);
        self.keys.shrink_to(SCRATCH);
        self.scratch.shrink_to(SCRATCH);
        self.depth = 0;
        self.zeros = ZERO_SIZED;
        self.trials = SCRATCH + 256 * len;
    }

    /// Encodes a field's default; false if it does not fit.
    pub(crate) fn encode_default(&mut self, node: NodeId, json: &str, out: &mut Vec<u8>) -> bool {
        self.reset(json.len());
        let mut reader = Reader { quiet: true, ..Reader::new(json.as_bytes()) };
        self.value(&mut reader, node, out).and_then(|()| reader.end()).is_ok()
    }

    /// Which branch of a union a text in plain form is read as; None if it does not fit any.
    pub(crate) fn branch_of(&mut self, union: NodeId, json: &[u8], out: &mut Vec<u8>) -> Option<i64> {
        self.reset(json.len());
        out.clear();
        let mut reader = Reader { quiet: true, ..Reader::new(json) };
        self.value(&mut reader, union, out).ok()?;
        varint::read(out, &mut 0).ok()
    }

    /// Reads the next value as `node`.
    fn value(&mut self, reader: &mut Reader<'_>, id: NodeId, out: &mut Vec<u8>) -> Encoded {
        let plan = self.plan;
        reader.peek();
        match plan.node(id) {
            Node::Long => {
                let value = self.long(reader, "long")?;
                varint::write(value, out);
            }
            Node::String => self.string(reader, out)?,
            Node::Int => {
                let value = self.int(reader, "int")?;
                varint::write(value, out);
            }
            Node::Double => self.double(reader, out)?,
            Node::Float => self.float(reader, out)?,
            Node::Boolean => match reader.peek() {
                Some(b't' | b'f') => out.push(u8::from(reader.boolean()?)),
                _ => return Err(reader.refuse(EncodeErrorKind::Type, "boolean", reader.at)),
            },
            Node::Null => {
                if reader.peek() != Some(b'n') {
                    return Err(reader.refuse(EncodeErrorKind::Type, "null", reader.at));
                }
                reader.word("null")?;
                self.zero_sized(reader)?;
            }
            Node::Record(record) => self.record(reader, id, record, None, out)?,
            Node::Array(items) => self.array(reader, id, *items, out)?,
            Node::Map(values) => self.map(reader, id, *values, out)?,
            Node::Union(union) => self.union(reader, id, union, out)?,
            Node::Enum(symbols) => self.symbol(reader, id, symbols, out)?,
            Node::Time(time) => self.time(reader, *time, out)?,
            _ => self.bytes_like(reader, id, out)?,
        }
        Ok(())
    }

    fn mark(&self, out: &[u8]) -> Mark {
        let Encoder { spans, keys, depth, zeros, noted, .. } = self;
        Mark {
            noted: noted.len(),
            out: out.len(),
            spans: spans.len(),
            keys: keys.len(),
            depth: *depth,
            zeros: *zeros,
        }
    }

    fn back_to(&mut self, mark: &Mark, out: &mut Vec<u8>) {
        out.truncate(mark.out);
        self.spans.truncate(mark.spans);
        self.keys.truncate(mark.keys);
        self.noted.truncate(mark.noted);
        self.depth = mark.depth;
        self.zeros = mark.zeros;
    }

    /// Counts a value that takes no bytes.
    fn zero_sized(&mut self, reader: &Reader<'_>) -> Encoded {
        match self.zeros.checked_sub(1) {
            Some(left) => {
                self.zeros = left;
                Ok(())
            }
            None => {
                Err(reader.fail(EncodeErrorKind::TooMuch, "65536", "more values of zero bytes", reader.at))
            }
        }
    }

    fn open(&mut self, reader: &Reader<'_>) -> Encoded {
        if self.depth == DEPTH {
            return Err(reader.fail(EncodeErrorKind::TooDeep, "128 levels", "deeper nesting", reader.at));
        }
        self.depth += 1;
        Ok(())
    }

    #[inline(never)]
    fn array(&mut self, reader: &mut Reader<'_>, id: NodeId, items: NodeId, out: &mut Vec<u8>) -> Encoded {
        if reader.peek() != Some(b'[') {
            return Err(reader.refuse(EncodeErrorKind::Type, self.plan.title(id), reader.at));
        }
        self.open(reader)?;
        reader.at += 1;
        let start = out.len();
        let mut count = 0;
        if !reader.take(b']') {
            out.push(0);
            loop {
                self.value(reader, items, out).map_err(|fail| fail.under_index(count))?;
                count += 1;
                if !reader.comma_or(b']', "\",\" or \"]\"")? {
                    break;
                }
            }
        }
        self.depth -= 1;
        close_block(start, count, out);
        Ok(())
    }

    #[inline(never)]
    fn map(&mut self, reader: &mut Reader<'_>, id: NodeId, values: NodeId, out: &mut Vec<u8>) -> Encoded {
        if reader.peek() != Some(b'{') {
            return Err(reader.refuse(EncodeErrorKind::Type, self.plan.title(id), reader.at));
        }
        self.open(reader)?;
        let opened = reader.at;
        reader.at += 1;
        let start = out.len();
        let first_key = self.keys.len();
        if !reader.take(b'}') {
            out.push(0);
            loop {
                let key = reader.raw_string("a key in quotes")?;
                let text = self.resolved(&key, reader.quiet)?;
                varint::write_len(text.len(), out);
                let place = (out.len(), out.len() + text.len());
                out.extend_from_slice(text);
                self.keys.push(place);
                reader.expect(b':', "\":\"")?;
                if let Err(fail) = self.value(reader, values, out) {
                    return Err(fail.under(&String::from_utf8_lossy(&out[place.0..place.1])));
                }
                if !reader.comma_or(b'}', "\",\" or \"}\"")? {
                    break;
                }
                reader.peek();
            }
        }
        self.depth -= 1;
        let count = self.keys.len() - first_key;
        if let Some(twice) = twice(&mut self.keys[first_key..], out) {
            let got = crate::reader::shorten(&format!("{:?}", String::from_utf8_lossy(twice)));
            return Err(reader.fail(EncodeErrorKind::DuplicateKey, "each key once", &got, opened));
        }
        self.keys.truncate(first_key);
        close_block(start, count, out);
        Ok(())
    }
}

/// Puts the count before the items of a block, where one byte was left for it, and the closing zero behind them.
fn close_block(start: usize, count: usize, out: &mut Vec<u8>) {
    if count > 0 {
        if count < 64 {
            out[start] = (count << 1) as u8;
        } else {
            // The count needs more than the byte that was left: write it at the end and turn it to the front.
            let end = out.len();
            varint::write_len(count, out);
            let len = out.len() - end;
            out[start..].rotate_right(len);
            out.remove(start + len);
        }
    }
    out.push(0);
}

/// A key that stands twice among these places in the output.
fn twice<'o>(keys: &mut [(usize, usize)], out: &'o [u8]) -> Option<&'o [u8]> {
    let key = |place: &(usize, usize)| &out[place.0..place.1];
    if keys.len() <= 8 {
        let found = keys
            .iter()
            .enumerate()
            .find(|(i, place)| keys[..*i].iter().any(|other| key(other) == key(place)));
        return found.map(|(_, place)| key(place));
    }
    keys.sort_unstable_by(|a, b| key(a).cmp(key(b)));
    keys.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])).map(|pair| key(&pair[0]))
}
