//! The Parsing Canonical Form of a schema, and its fingerprints: two schemas with the same form read and write the same bytes.
//!
//! Source: the Avro specification, "Parsing Canonical Form for Schemas" and "Schema Fingerprints". What is referred to is
//! written out where it is used first, as Java does.

use std::collections::HashSet;

use md5::{Digest as _, Md5};
use serde_json::Value;
use sha2::Sha256;

use crate::{Kind, NodeId, Schema};

/// The canonical form: names in full, what a reader needs, nothing else.
#[must_use]
pub fn canonical(schema: &Schema) -> String {
    let mut form = Form { schema, written: HashSet::new(), text: String::new() };
    form.write(schema.root());
    form.text
}

struct Form<'s> {
    schema: &'s Schema,
    /// Named types that are written out already.
    written: HashSet<NodeId>,
    text: String,
}

impl Form<'_> {
    fn write(&mut self, id: NodeId) {
        let schema = self.schema;
        let kind = schema.kind(id);
        if let Some(name) = kind.name() {
            if !self.written.insert(id) {
                return self.quoted(&name.full);
            }
            self.text.push_str("{\"name\":");
            self.quoted(&name.full);
            self.text.push_str(",\"type\":");
            self.quoted(kind.word());
        }
        match kind {
            Kind::Record { fields, .. } => {
                self.text.push_str(",\"fields\":[");
                self.list(fields, |form, field| {
                    form.text.push_str("{\"name\":");
                    form.quoted(&field.name);
                    form.text.push_str(",\"type\":");
                    form.write(field.node);
                    form.text.push('}');
                });
                self.text.push_str("]}");
            }
            Kind::Enum { symbols, .. } => {
                self.text.push_str(",\"symbols\":[");
                self.list(symbols, |form, symbol| form.quoted(symbol));
                self.text.push_str("]}");
            }
            Kind::Fixed { size, .. } => self.text.push_str(&format!(",\"size\":{size}}}")),
            Kind::Array(items) => {
                self.text.push_str("{\"type\":\"array\",\"items\":");
                self.write(*items);
                self.text.push('}');
            }
            Kind::Map(values) => {
                self.text.push_str("{\"type\":\"map\",\"values\":");
                self.write(*values);
                self.text.push('}');
            }
            Kind::Union(branches) => {
                self.text.push('[');
                self.list(branches, |form, branch| form.write(*branch));
                self.text.push(']');
            }
            primitive => self.quoted(primitive.word()),
        }
    }

    fn list<T>(&mut self, all: &[T], write: impl Fn(&mut Self, &T)) {
        for (index, one) in all.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            write(self, one);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.text.push_str(&Value::from(text).to_string());
    }
}

/// The fingerprints of a canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    /// CRC-64-AVRO, which single-object encoding names a schema by, least byte first.
    pub rabin: u64,
    /// MD5.
    pub md5: [u8; 16],
    /// SHA-256.
    pub sha256: [u8; 32],
}

impl Fingerprints {
    /// Those of a form that [`canonical`] gives.
    #[must_use]
    pub fn of(canonical: &str) -> Fingerprints {
        let bytes = canonical.as_bytes();
        Fingerprints {
            rabin: rabin(bytes),
            md5: Md5::digest(bytes).into(),
            sha256: Sha256::digest(bytes).into(),
        }
    }
}

fn rabin(bytes: &[u8]) -> u64 {
    const EMPTY: u64 = 0xc15d_213a_a4d7_a795;
    let shifted = |value: u64| (value >> 1) ^ (EMPTY & (value & 1).wrapping_neg());
    bytes.iter().fold(EMPTY, |so_far, byte| {
        let step = (0..8).fold((so_far ^ u64::from(*byte)) & 0xff, |value, _| shifted(value));
        (so_far >> 8) ^ step
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_does_not_need_is_left_out_and_a_reference_is_written_once() {
        let money = r#"{"type":"fixed","name":"ex.M","size":8,"doc":"x"}"#.to_owned();
        let schema = Schema::parse_with_references(
            r#"{"doc":"d","fields":[{"name":"a","type":{"type":"string"},"default":""},
                {"type":["null","M",{"type":"map","values":"ex.M"}],"name":"b"}],
                "namespace":"ex","name":"R","type":"record"}"#,
            &[money],
        );
        assert_eq!(
            canonical(&schema.unwrap()),
            r#"{"name":"ex.R","type":"record","fields":[{"name":"a","type":"string"},{"name":"b","type":["null",{"name":"ex.M","type":"fixed","size":8},{"type":"map","values":"ex.M"}]}]}"#
        );
    }

    /// Java refuses such names; we take what registries hold, and the form is JSON all the same.
    #[test]
    fn a_symbol_that_is_no_name_stays_in_its_quotes() {
        let schema = Schema::parse(r#"{"type":"enum","name":"E","symbols":["a\"b"]}"#).unwrap();
        assert_eq!(canonical(&schema), r#"{"name":"E","type":"enum","symbols":["a\"b"]}"#);
    }

    #[test]
    fn fingerprints_are_those_that_everyone_has() {
        let int = Fingerprints::of("\"int\"");
        assert_eq!(int.rabin.to_be_bytes(), [0x72, 0x75, 0xd5, 0x1a, 0x3f, 0x39, 0x5c, 0x8f]);
        assert_eq!(int.md5[..4], [0xef, 0x52, 0x4e, 0xa1]);
        assert_eq!(int.sha256[..4], [0x3f, 0x2b, 0x87, 0xa9]);
    }

    /// Of Apache Avro's own table of schemas, forms and fingerprints (`share/test/data/schema-tests.txt`).
    #[test]
    fn forms_and_fingerprints_are_apache_avros() {
        let cases = [
            (r#"{"type":"null"}"#, r#""null""#, 7_195_948_357_588_979_594),
            (r#""boolean""#, r#""boolean""#, -6_970_731_678_124_411_036),
            (r#""long""#, r#""long""#, -3_434_872_931_120_570_953),
            (r#"[ "int" , {"type":"boolean"} ]"#, r#"["int","boolean"]"#, 5_392_556_393_470_105_090),
            (
                r#"{"fields":[], "type":"record", "name":"foo", "namespace":"x.y"}"#,
                r#"{"name":"x.y.foo","type":"record","fields":[]}"#,
                5_916_914_534_497_305_771,
            ),
            (
                r#"{"fields":[], "type":"record", "name":"a.b.foo", "namespace":"x.y"}"#,
                r#"{"name":"a.b.foo","type":"record","fields":[]}"#,
                -4_616_218_487_480_524_110,
            ),
            (
                r#"{"fields":[], "type":"record", "name":"foo", "doc":"foo", "aliases":["foo","bar"]}"#,
                r#"{"name":"foo","type":"record","fields":[]}"#,
                -4_824_392_279_771_201_922,
            ),
            (
                r#"{ "fields":[{"type":"boolean", "aliases":[], "name":"f1", "default":true},
                    {"order":"descending","name":"f2","doc":"Hello","type":"int"}],
                    "type":"record", "name":"foo"}"#,
                r#"{"name":"foo","type":"record","fields":[{"name":"f1","type":"boolean"},{"name":"f2","type":"int"}]}"#,
                -4_860_222_112_080_293_046,
            ),
            (
                r#"{"namespace":"x.y.z", "type":"enum", "name":"foo", "doc":"foo bar", "symbols":["A1", "A2"]}"#,
                r#"{"name":"x.y.z.foo","type":"enum","symbols":["A1","A2"]}"#,
                -4_448_647_247_586_288_245,
            ),
            (
                r#"{"namespace":"x.y.z", "type":"fixed", "name":"foo", "doc":"foo bar", "size":32}"#,
                r#"{"name":"x.y.z.foo","type":"fixed","size":32}"#,
                -3_064_184_465_700_546_786,
            ),
            (
                r#"{ "items":{"type":"null"}, "type":"array"}"#,
                r#"{"type":"array","items":"null"}"#,
                -589_620_603_366_471_059,
            ),
            (
                r#"{ "values":"string", "type":"map"}"#,
                r#"{"type":"map","values":"string"}"#,
                -8_732_877_298_790_414_990,
            ),
            (
                r#"{"name":"PigValue","type":"record",
                    "fields":[{"name":"value", "type":["null", "int", "long", "PigValue"]}]}"#,
                r#"{"name":"PigValue","type":"record","fields":[{"name":"value","type":["null","int","long","PigValue"]}]}"#,
                -1_759_257_747_318_642_341_i64,
            ),
        ];
        for (input, form, rabin) in cases {
            let got = canonical(&Schema::parse(input).unwrap());
            assert_eq!(got, form, "{input}");
            assert_eq!(Fingerprints::of(&got).rabin.cast_signed(), rabin, "{input}");
        }
    }
}
