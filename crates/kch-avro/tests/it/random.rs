//! Random schemas, and a writer of random data that shares nothing with the crate.

use std::collections::{BTreeMap, HashSet};

use num_bigint::BigInt;

/// A stream of choices. It ends in zeros, and zero is always the plainest choice, so that failures shrink.
pub(crate) struct Choices<'c>(pub(crate) &'c [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn bits(&mut self) -> u64 {
        (0..8).fold(0, |bits, _| bits << 8 | u64::from(self.byte()))
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Type {
    Plain(&'static str),
    Logical(&'static str, &'static str),
    Decimal(usize, usize),
    /// Name, size, logical attributes.
    Fixed(String, usize, &'static str),
    Enum(String),
    Record(String, Vec<(String, Type)>),
    Array(Box<Type>),
    Map(Box<Type>),
    Union(Vec<Type>),
    Named(String),
}

const SYMBOLS: [&str; 3] = ["RED", "NaN", "AAEC"];

/// Field names, some of which are also names of branches.
const FIELDS: [&str; 6] = ["a", "b", "int", "string", "map", "T1"];

pub(crate) struct Maker<'c, 'd> {
    pub(crate) choices: &'d mut Choices<'c>,
    pub(crate) count: usize,
    /// Named types that are complete, and records that are not yet.
    pub(crate) done: Vec<String>,
    pub(crate) open: Vec<String>,
    /// apache-avro keeps maps in a hash map, in which their order is lost, and finds no name outside a namespace from inside one.
    pub(crate) for_apache: bool,
}

impl Maker<'_, '_> {
    fn name(&mut self) -> String {
        self.count += 1;
        let none = if self.for_apache { "ns." } else { "" };
        let namespace = self.choices.pick(&[none, "ns.", "other.ns."]);
        format!("{namespace}T{}", self.count)
    }

    pub(crate) fn make(&mut self, depth: usize) -> Type {
        let kinds = if depth > 4 { 22 } else { 28 };
        match self.choices.below(kinds) {
            0 => Type::Plain("int"),
            1 => Type::Plain("long"),
            2 => Type::Plain("string"),
            3 => Type::Plain("double"),
            4 => Type::Plain("float"),
            5 => Type::Plain("boolean"),
            6 => Type::Plain("null"),
            7 => Type::Plain("bytes"),
            8 => Type::Logical("int", "date"),
            9 => Type::Logical("int", "time-millis"),
            10 => Type::Logical("long", "time-micros"),
            11 => Type::Logical("long", "timestamp-millis"),
            12 => Type::Logical("long", "timestamp-micros"),
            13 => Type::Logical("long", "timestamp-nanos"),
            14 => {
                let unit = self.choices.pick(&[
                    "local-timestamp-millis",
                    "local-timestamp-micros",
                    "local-timestamp-nanos",
                ]);
                Type::Logical("long", unit)
            }
            15 => Type::Logical("string", "uuid"),
            16 => {
                let precision = 1 + self.choices.below(38);
                Type::Decimal(precision, self.choices.below(precision + 1))
            }
            17 => Type::Enum(self.finished_name()),
            18 => {
                let (size, attributes) = self.choices.pick(&[
                    (1, ""),
                    (16, r#","logicalType":"uuid""#),
                    (12, r#","logicalType":"duration""#),
                    (4, r#","logicalType":"decimal","precision":9,"scale":2"#),
                    (3, ""),
                ]);
                Type::Fixed(self.finished_name(), size, attributes)
            }
            19..22 if !self.done.is_empty() => Type::Named(self.choices.pick(&self.done)),
            19..22 => Type::Plain("long"),
            22 => Type::Array(Box::new(self.inside(depth))),
            23 => Type::Map(Box::new(self.inside(depth))),
            24 | 25 => self.union(depth),
            _ => self.record(depth),
        }
    }

    fn finished_name(&mut self) -> String {
        let name = self.name();
        self.done.push(name.clone());
        name
    }

    /// What stands in an array or a map may also be a record around it.
    fn inside(&mut self, depth: usize) -> Type {
        if !self.open.is_empty() && self.choices.below(4) == 1 {
            return Type::Named(self.choices.pick(&self.open));
        }
        self.make(depth + 1)
    }

    fn record(&mut self, depth: usize) -> Type {
        let name = self.name();
        self.open.push(name.clone());
        let mut fields: Vec<(String, Type)> = Vec::new();
        for _ in 0..self.choices.below(5) {
            let field = self.choices.pick(&FIELDS).to_owned();
            if fields.iter().all(|(other, _)| *other != field) {
                let made = self.make(depth + 1);
                fields.push((field, made));
            }
        }
        self.open.pop();
        self.done.push(name.clone());
        Type::Record(name, fields)
    }

    fn union(&mut self, depth: usize) -> Type {
        let mut branches = Vec::new();
        let mut tags = HashSet::new();
        if self.choices.below(3) > 0 {
            branches.push(Type::Plain("null"));
            tags.insert("null".to_owned());
            if !self.open.is_empty() && self.choices.below(3) == 1 {
                let name = self.choices.pick(&self.open);
                tags.insert(name.clone());
                branches.push(Type::Named(name));
            }
        }
        for _ in 0..1 + self.choices.below(5) {
            let branch = self.make(depth + 1);
            if !matches!(branch, Type::Union(_)) && tags.insert(tag(&branch)) {
                branches.push(branch);
            } else {
                // A type that is dropped here was never defined.
                self.forget(&branch);
            }
        }
        if branches.is_empty() { Type::Plain("int") } else { Type::Union(branches) }
    }

    fn forget(&mut self, dropped: &Type) {
        match dropped {
            Type::Fixed(name, ..) | Type::Enum(name) => self.done.retain(|other| other != name),
            Type::Record(name, fields) => {
                self.done.retain(|other| other != name);
                fields.iter().for_each(|(_, inner)| self.forget(inner));
            }
            Type::Array(inner) | Type::Map(inner) => self.forget(inner),
            Type::Union(branches) => branches.iter().for_each(|branch| self.forget(branch)),
            _ => {}
        }
    }
}

fn tag(of: &Type) -> String {
    match of {
        Type::Plain(name) | Type::Logical(name, _) => (*name).to_owned(),
        Type::Decimal(..) => "bytes".to_owned(),
        Type::Fixed(name, ..) | Type::Enum(name) | Type::Record(name, _) | Type::Named(name) => name.clone(),
        Type::Array(_) => "array".to_owned(),
        Type::Map(_) => "map".to_owned(),
        Type::Union(_) => "union".to_owned(),
    }
}

pub(crate) fn schema(of: &Type, named: &mut BTreeMap<String, Type>) -> String {
    // A name without a namespace inside a type that has one needs to say so.
    let head = |name: &str, kind: &str| match name.rsplit_once('.') {
        Some(_) => format!(r#"{{"type":"{kind}","name":"{name}""#),
        None => format!(r#"{{"type":"{kind}","name":"{name}","namespace":"""#),
    };
    match of {
        Type::Plain(name) => format!("\"{name}\""),
        Type::Named(name) => format!("\"{name}\""),
        Type::Logical(base, logical) => format!(r#"{{"type":"{base}","logicalType":"{logical}"}}"#),
        Type::Decimal(precision, scale) => {
            format!(r#"{{"type":"bytes","logicalType":"decimal","precision":{precision},"scale":{scale}}}"#)
        }
        Type::Fixed(name, size, attributes) => {
            named.insert(name.clone(), of.clone());
            format!(r#"{},"size":{size}{attributes}}}"#, head(name, "fixed"))
        }
        Type::Enum(name) => {
            named.insert(name.clone(), of.clone());
            format!(r#"{},"symbols":{SYMBOLS:?}}}"#, head(name, "enum"))
        }
        Type::Record(name, fields) => {
            named.insert(name.clone(), of.clone());
            let fields: Vec<String> = fields
                .iter()
                .map(|(field, of)| format!(r#"{{"name":"{field}","type":{}}}"#, schema(of, named)))
                .collect();
            format!(r#"{},"fields":[{}]}}"#, head(name, "record"), fields.join(","))
        }
        Type::Array(items) => format!(r#"{{"type":"array","items":{}}}"#, schema(items, named)),
        Type::Map(values) => format!(r#"{{"type":"map","values":{}}}"#, schema(values, named)),
        Type::Union(branches) => {
            let branches: Vec<String> = branches.iter().map(|branch| schema(branch, named)).collect();
            format!("[{}]", branches.join(","))
        }
    }
}

fn varint(value: i64, out: &mut Vec<u8>) {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    while zigzag >= 0x80 {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    out.push(zigzag as u8);
}

const TEXTS: [&str; 12] = [
    "a",
    "",
    "RED",
    "NaN",
    "1",
    "AAEC",
    "2026-11-22",
    "1970-01-01T00:00:00.000Z",
    "é\u{1F600}",
    "\"\\\n\u{0}\u{7f}\u{2028}/",
    "a rather long text, \u{fe} longer than two words",
    "828044c8-832b-48b4-b1f0-89a500496335",
];

/// The test's own writer: one random value of a type, as canonical Avro bytes.
pub(crate) fn write(
    of: &Type,
    choices: &mut Choices<'_>,
    named: &BTreeMap<String, Type>,
    for_apache: bool,
    depth: usize,
    out: &mut Vec<u8>,
) {
    let long = |choices: &mut Choices<'_>| match choices.below(6) {
        0 => choices.below(200) as i64 - 100,
        1 => i64::from(choices.bits() as i32),
        2 => choices.pick(&[i64::MIN, i64::MAX, 1 << 53, (1 << 53) + 1, -1]),
        3 => (choices.bits() >> 24) as i64,
        4 => -((choices.bits() >> 20) as i64),
        _ => choices.bits() as i64,
    };
    match of {
        Type::Named(name) => write(&named[name], choices, named, for_apache, depth, out),
        Type::Plain("null") => {}
        Type::Plain("boolean") => out.push(choices.byte() & 1),
        Type::Plain("int") | Type::Logical("int", _) => {
            let value = long(choices) as i32;
            varint(i64::from(value), out);
        }
        Type::Plain("long") => varint(long(choices), out),
        Type::Logical("long", _) => varint(long(choices), out),
        Type::Plain("float") => {
            let value = match choices.below(4) {
                0 => choices.below(100) as f32 / 4.0,
                1 => choices.pick(&[f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE, 0.1, 16_777_216.0]),
                _ => f32::from_bits(choices.bits() as u32),
            };
            out.extend((if value.is_nan() { f32::NAN } else { value }).to_le_bytes());
        }
        Type::Plain("double") => {
            let value = match choices.below(4) {
                0 => choices.below(100) as f64 / 4.0,
                1 => choices.pick(&[
                    f64::NAN,
                    f64::NEG_INFINITY,
                    -0.0,
                    5e-324,
                    0.1,
                    1e22,
                    9_007_199_254_740_993.0,
                ]),
                _ => f64::from_bits(choices.bits()),
            };
            out.extend((if value.is_nan() { f64::NAN } else { value }).to_le_bytes());
        }
        Type::Plain("bytes") => {
            let bytes: Vec<u8> = (0..choices.below(5)).map(|_| choices.byte()).collect();
            varint(bytes.len() as i64, out);
            out.extend(bytes);
        }
        Type::Plain(_) => {
            let text = choices.pick(&TEXTS);
            varint(text.len() as i64, out);
            out.extend(text.as_bytes());
        }
        Type::Logical(..) => {
            varint(36, out);
            out.extend(format!("{:08x}-832b-48b4-b1f0-89a500496335", choices.bits() as u32).as_bytes());
        }
        Type::Decimal(precision, _) => {
            let value = (i128::from(choices.bits() as i64) << 60 | i128::from(choices.bits()))
                % 10i128.pow(*precision as u32);
            let bytes = BigInt::from(value).to_signed_bytes_be();
            varint(bytes.len() as i64, out);
            out.extend(bytes);
        }
        Type::Fixed(_, 4, attributes) if !attributes.is_empty() => {
            out.extend(((choices.bits() as i64 % 1_000_000_000) as i32).to_be_bytes());
        }
        Type::Fixed(_, size, _) => (0..*size).for_each(|_| out.push(choices.byte())),
        Type::Enum(_) => varint(choices.below(SYMBOLS.len()) as i64, out),
        Type::Record(_, fields) => {
            fields.iter().for_each(|(_, field)| write(field, choices, named, for_apache, depth + 1, out));
        }
        Type::Array(inner) => {
            let count = if depth > 20 { 0 } else { choices.below(4) };
            if count > 0 {
                varint(count as i64, out);
                (0..count).for_each(|_| write(inner, choices, named, for_apache, depth + 1, out));
            }
            out.push(0);
        }
        Type::Map(inner) => {
            let count = if depth > 20 { 0 } else { choices.below(if for_apache { 2 } else { 4 }) };
            let mut keys = HashSet::new();
            let keys: Vec<&str> = (0..count)
                .map(|_| choices.pick(&["a", "int", "string", "T1", "ns.T2", "map", "\"\n"]))
                .filter(|key| keys.insert(*key))
                .collect();
            if !keys.is_empty() {
                varint(keys.len() as i64, out);
            }
            for key in keys {
                varint(key.len() as i64, out);
                out.extend(key.as_bytes());
                write(inner, choices, named, for_apache, depth + 1, out);
            }
            out.push(0);
        }
        Type::Union(branches) => {
            let null = branches.iter().position(|branch| matches!(branch, Type::Plain("null")));
            let branch = if depth > 20 { null.unwrap_or(0) } else { choices.below(branches.len()) };
            varint(branch as i64, out);
            write(&branches[branch], choices, named, for_apache, depth + 1, out);
        }
    }
}
