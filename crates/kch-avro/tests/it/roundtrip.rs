//! Random schemas and data: bytes written by the test's own writer must survive JSON in every mode, and apache-avro must agree.

use std::collections::BTreeMap;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use kch_avro::JsonMode;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::random::{Choices, Maker, schema, write};
use crate::{decode, encode, plan};

/// Random schemas per test.
const CASES: u32 = 10_000;

/// Runs `check` on random schemas with a datum each; says how many.
pub(crate) fn for_random_data(
    what: &str,
    for_apache: bool,
    check: impl Fn(&str, &[u8]) -> Result<(), TestCaseError>,
) {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    });
    let result = runner.run(&(vec(any::<u8>(), 0..120), vec(any::<u8>(), 0..400)), |(shape, content)| {
        let mut choices = Choices(&shape);
        let made =
            Maker { choices: &mut choices, count: 0, done: Vec::new(), open: Vec::new(), for_apache }.make(0);
        let mut named = BTreeMap::new();
        let schema = schema(&made, &mut named);
        let mut choices = Choices(&content);
        for _ in 0..3 {
            let mut avro = Vec::new();
            write(&made, &mut choices, &named, for_apache, 0, &mut avro);
            check(&schema, &avro)?;
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{what}: {error}");
    }
    report(what);
}

#[expect(clippy::print_stdout, reason = "the counts belong in the test log")]
fn report(what: &str) {
    println!("{what}: {CASES} random schemas, 3 data each");
}

#[test]
fn bytes_survive_json_in_every_mode() {
    for_random_data("round trip in three modes", false, |schema, avro| {
        let plan = plan(schema);
        for mode in [JsonMode::Plain, JsonMode::Tagged, JsonMode::Avro] {
            let json = decode(&plan, mode, avro)
                .map_err(|e| TestCaseError::fail(format!("{schema} {mode:?} {avro:02x?}: {e}")))?;
            let again = encode(&plan, mode, &json)
                .map_err(|e| TestCaseError::fail(format!("{schema} {mode:?} {json}: {e}")))?;
            if again != avro {
                return Err(TestCaseError::fail(format!(
                    "{schema} {mode:?} {json}: {avro:02x?} became {again:02x?}"
                )));
            }
            // Whatever was written is JSON that others read.
            serde_json::from_str::<serde_json::Value>(&json)
                .map_err(|e| TestCaseError::fail(format!("{json}: {e}")))?;
        }
        Ok(())
    });
}

#[test]
fn apache_avro_reads_and_writes_the_same_bytes() {
    for_random_data("differential against apache-avro", true, |schema, avro| {
        let fail = |what: &str, e: &dyn std::fmt::Display| {
            TestCaseError::fail(format!("{what} {schema} {avro:02x?}: {e}"))
        };
        let apache = apache_avro::Schema::parse_str(schema).map_err(|e| fail("apache-avro's schema", &e))?;
        let reader =
            GenericDatumReader::builder(&apache).build().map_err(|e| fail("apache-avro's names", &e))?;
        let value = reader.read_value(&mut &avro[..]).map_err(|e| fail("apache-avro reads", &e))?;
        let writer =
            GenericDatumWriter::builder(&apache).build().map_err(|e| fail("apache-avro's names", &e))?;
        let theirs = writer.write_value_to_vec(value).map_err(|e| fail("apache-avro writes", &e))?;
        let plan = plan(schema);
        let json = decode(&plan, JsonMode::Plain, &theirs).map_err(|e| fail("we read", &e))?;
        let ours = encode(&plan, JsonMode::Plain, &json).map_err(|e| fail("we write", &e))?;
        if ours == theirs { Ok(()) } else { Err(fail("bytes differ", &format!("{ours:02x?} from {json}"))) }
    });
}

#[test]
fn random_bytes_never_panic_and_what_reads_as_json_is_json() {
    for_random_data("hostile changes", false, |schema, avro| {
        let plan = plan(schema);
        let seed =
            avro.iter().fold(schema.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        for i in 0..4usize {
            let mut bytes = avro.to_vec();
            let at = seed.wrapping_mul(i * 2 + 1) % (bytes.len() + 1);
            if i % 2 == 0 && at < bytes.len() {
                bytes[at] = bytes[at].wrapping_add((seed >> 8) as u8 | 1);
            } else {
                bytes.insert(at, (seed >> 16) as u8);
            }
            for mode in [JsonMode::Plain, JsonMode::Avro] {
                if let Ok(json) = decode(&plan, mode, &bytes) {
                    serde_json::from_str::<serde_json::Value>(&json)
                        .map_err(|e| TestCaseError::fail(format!("{json}: {e}")))?;
                    let mut text = json.into_bytes();
                    let at = seed % text.len();
                    text[at] = b"{}[]\",:0x\\"[seed % 10];
                    let _ = kch_avro::Encoder::new(&plan, mode).encode(&text, &mut Vec::new());
                }
            }
        }
        Ok(())
    });
}
