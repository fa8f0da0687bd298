//! Made-up records of a schema, the same ones for the same seed.
//!
//! They are made as Avro bytes and printed by the codec, so that what comes out is what `avro-consume` would print and
//! `avro-produce` takes. No clock and no system randomness.

use std::fmt;

use kch_avro::{DecodeError, Decoder, JsonMode, write_long};

use crate::{Kind, Logical, NodeId, Schema};

/// Deeper than this, a sample takes the shortest way out: null, an empty array, an empty map.
const DEEP: usize = 5;

/// As many values in one sample, and it takes the shortest way out from there on.
const MANY: usize = 20_000;

/// A source of samples.
#[derive(Debug)]
pub struct Sampler<'s> {
    schema: &'s Schema,
    decoder: Decoder<'s>,
    random: Random,
    /// Levels that the shortest value of each type takes; `None` for a type without finite values.
    height: Vec<Option<usize>>,
    bytes: Vec<u8>,
    /// Values of this sample so far.
    count: usize,
}

/// A schema that has no values: an enum without symbols, a record that holds itself with no way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoValues {
    /// The type in words.
    pub found: String,
}

impl fmt::Display for NoValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no finite value", self.found)
    }
}

impl std::error::Error for NoValues {}

impl<'s> Sampler<'s> {
    /// A source of samples for a schema.
    ///
    /// # Errors
    /// When the schema has no values.
    pub fn new(schema: &'s Schema, mode: JsonMode, seed: u64) -> Result<Sampler<'s>, NoValues> {
        let height = heights(schema);
        if height[schema.root().0].is_none() {
            return Err(NoValues { found: schema.title(schema.root()) });
        }
        let decoder = Decoder::new(schema.plan(), mode);
        Ok(Sampler { schema, decoder, random: Random(seed), height, bytes: Vec::new(), count: 0 })
    }

    /// Appends one sample as JSON, without a line end.
    ///
    /// # Errors
    /// Those of the codec, for schemas that nest deeper than it goes.
    pub fn write(&mut self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.bytes.clear();
        self.count = 0;
        self.value(self.schema.root(), 0);
        let bytes = std::mem::take(&mut self.bytes);
        let decoded = self.decoder.decode(&bytes, out);
        self.bytes = bytes;
        decoded
    }

    fn value(&mut self, id: NodeId, depth: usize) {
        self.count += 1;
        let schema = self.schema;
        let node = schema.node(id);
        if let Some(logical) = node.logical {
            return self.logical(logical, &node.kind);
        }
        match &node.kind {
            Kind::Null => {}
            Kind::Boolean => {
                let bit = self.random.below(2) as u8;
                self.bytes.push(bit);
            }
            Kind::Int | Kind::Long => {
                let number = self.random.below(100_000) as i64;
                self.long(number);
            }
            Kind::Float => {
                let number = self.random.below(100_000) as f32 / 100.0;
                self.bytes.extend(number.to_le_bytes());
            }
            Kind::Double => {
                let number = self.random.below(10_000_000) as f64 / 100.0;
                self.bytes.extend(number.to_le_bytes());
            }
            Kind::Bytes => {
                let size = 1 + self.random.below(12) as usize;
                self.long(size as i64);
                self.random_bytes(size);
            }
            Kind::String => {
                let text = self.random.words();
                self.text(&text);
            }
            Kind::Fixed { size, .. } => self.random_bytes(*size),
            Kind::Enum { symbols, .. } => {
                let symbol = self.random.below(symbols.len() as u64) as i64;
                self.long(symbol);
            }
            Kind::Record { fields, .. } => fields.iter().for_each(|field| self.value(field.node, depth + 1)),
            Kind::Array(items) => self.blocks(*items, depth, false),
            Kind::Map(values) => self.blocks(*values, depth, true),
            Kind::Union(branches) => self.union(branches, depth),
        }
    }

    fn logical(&mut self, logical: Logical, kind: &Kind) {
        // From 2020 to the end of 2026.
        let seconds = 1_577_836_800 + self.random.below(220_924_800) as i64;
        match logical {
            Logical::Decimal { precision, .. } => self.decimal(precision, kind),
            Logical::Uuid => {
                let high = self.random.next() & 0xffff_ffff_ffff_0fff | 0x4000;
                let low = self.random.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
                if let Kind::Fixed { .. } = kind {
                    self.bytes.extend(high.to_be_bytes());
                    self.bytes.extend(low.to_be_bytes());
                } else {
                    let hex = format!("{high:016x}{low:016x}");
                    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
                    self.text(&parts.join("-"));
                }
            }
            Logical::Date => self.long(seconds / 86_400),
            Logical::Time(digits) => {
                let part = self.random.below(1_000) as i64 * power(digits - 3);
                self.long(seconds % 86_400 * power(digits) + part);
            }
            Logical::Timestamp(digits) | Logical::LocalTimestamp(digits) => {
                let part = self.random.below(1_000) as i64 * power(digits - 3);
                self.long(seconds * power(digits) + part);
            }
            Logical::Duration => {
                for most in [12, 31, 86_400_000] {
                    let part = self.random.below(most) as u32;
                    self.bytes.extend(part.to_le_bytes());
                }
            }
        }
    }

    fn decimal(&mut self, precision: usize, kind: &Kind) {
        let most = 10u64.pow(precision.min(9) as u32);
        let unscaled = self.random.below(most) as i64;
        let wide = unscaled.to_be_bytes();
        if let Kind::Fixed { size, .. } = kind {
            let short = size.saturating_sub(wide.len());
            self.bytes.extend(std::iter::repeat_n(0, short));
            self.bytes.extend(&wide[wide.len().saturating_sub(*size)..]);
        } else {
            self.long(wide.len() as i64);
            self.bytes.extend(wide);
        }
    }

    fn blocks(&mut self, inner: NodeId, depth: usize, keys: bool) {
        let none = self.is_enough(depth) || self.height[inner.0].is_none();
        let count = if none { 0 } else { self.random.below(4) };
        if count > 0 {
            self.long(count as i64);
            for index in 0..count {
                if keys {
                    let word = self.random.word();
                    self.text(&format!("{word}{}", index + 1));
                }
                self.value(inner, depth + 1);
            }
        }
        self.long(0);
    }

    fn union(&mut self, branches: &[NodeId], depth: usize) {
        let finite: Vec<(usize, NodeId)> = branches
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, branch)| self.height[branch.0].is_some())
            .collect();
        let null = finite.iter().find(|(_, branch)| matches!(self.schema.kind(*branch), Kind::Null));
        let chosen = if self.is_enough(depth) {
            finite.iter().min_by_key(|(_, branch)| self.height[branch.0])
        } else if null.is_some() && self.random.below(4) == 0 {
            null
        } else {
            let others: Vec<_> = finite
                .iter()
                .filter(|(_, branch)| !matches!(self.schema.kind(*branch), Kind::Null))
                .collect();
            match others.len() {
                0 => null,
                count => Some(others[self.random.below(count as u64) as usize]),
            }
        };
        if let Some(&(index, branch)) = chosen {
            self.long(index as i64);
            self.value(branch, depth);
        }
    }

    fn is_enough(&self, depth: usize) -> bool {
        depth >= DEEP || self.count >= MANY
    }

    fn text(&mut self, text: &str) {
        self.long(text.len() as i64);
        self.bytes.extend(text.as_bytes());
    }

    fn random_bytes(&mut self, size: usize) {
        for _ in 0..size {
            let byte = self.random.next() as u8;
            self.bytes.push(byte);
        }
    }

    fn long(&mut self, value: i64) {
        write_long(value, &mut self.bytes);
    }
}

fn power(digits: u8) -> i64 {
    10i64.pow(digits.into())
}

/// Levels that the shortest value of each type takes, found by asking again until nothing changes.
pub(crate) fn heights(schema: &Schema) -> Vec<Option<usize>> {
    let mut height: Vec<Option<usize>> = vec![None; schema.nodes.len()];
    loop {
        let mut changed = false;
        for (index, node) in schema.nodes.iter().enumerate() {
            let of = |id: &NodeId| height[id.0];
            let found = match &node.kind {
                Kind::Enum { symbols, .. } if symbols.is_empty() => None,
                Kind::Record { fields, .. } => fields
                    .iter()
                    .try_fold(0, |most, field| Some(of(&field.node)?.max(most)))
                    .map(|most| most + 1),
                Kind::Union(branches) => branches.iter().filter_map(of).min(),
                _ => Some(0),
            };
            changed |= found != height[index];
            height[index] = found;
        }
        if !changed {
            return height;
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len() as u64) as usize]
    }

    /// One or two words.
    fn words(&mut self) -> String {
        let first = self.word();
        if self.below(2) == 0 { first.to_owned() } else { format!("{first} {}", self.word()) }
    }
}

const WORDS: [&str; 24] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor", "indigo", "jasper", "karst",
    "lagoon", "meadow", "nectar", "opal", "prairie", "quartz", "river", "sierra", "tundra", "umber",
    "valley", "willow", "zephyr",
];
