//! How fast the codec is, against apache-avro through values and against a typed path written by hand for one schema.
//!
//! `cargo bench -p kch-avro` prints times for 1,000 records; `scripts/bench.sh codec` makes ratios of them.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kch_avro::{Decoder, Encoder, JsonMode, Plan};

const RECORDS: usize = 1_000;

const EVENT: &str = r#"{"type":"record","name":"Event","namespace":"kch","fields":[
    {"name":"id","type":"long"},{"name":"ts","type":"string"},{"name":"source","type":"string"},{"name":"payload","type":"string"}]}"#;

const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
    {"name":"id","type":"long"},
    {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"customer","type":["null","string"],"default":null},
    {"name":"note","type":["null","string"],"default":null},
    {"name":"total","type":"double"},
    {"name":"items","type":{"type":"array","items":{"type":"record","name":"Item","fields":[
        {"name":"sku","type":"string"},{"name":"count","type":"int"},{"name":"price","type":"double"}]}}},
    {"name":"labels","type":{"type":"map","values":"string"}}]}"#;

#[derive(serde::Deserialize, serde::Serialize)]
struct Event<'t> {
    id: i64,
    ts: &'t str,
    source: &'t str,
    payload: &'t str,
}

fn events() -> Vec<String> {
    let event = |i: usize| {
        format!(
            r#"{{"id":{i},"ts":"2026-11-22T10:00:{:02}.123Z","source":"avro-produce","payload":"event {i:06}"}}"#,
            i % 60
        )
    };
    (0..RECORDS).map(|i| event(i + 1000)).collect()
}

fn orders() -> Vec<String> {
    let order = |i: usize| {
        format!(
            r#"{{"id":{i},"at":"2026-11-22T10:00:{:02}.123Z","customer":"customer {i}","note":null,"total":{}.25,"items":[{{"sku":"A-{i}","count":2,"price":19.99}},{{"sku":"B-{i}","count":1,"price":5.5}}],"labels":{{"shop":"north","channel":"web"}}}}"#,
            i % 60,
            i % 1000
        )
    };
    (0..RECORDS).map(|i| order(i + 1000)).collect()
}

fn varint(value: i64, out: &mut Vec<u8>) {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    while zigzag >= 0x80 {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    out.push(zigzag as u8);
}

fn typed_encode(line: &str, out: &mut Vec<u8>) {
    let event: Event<'_> = serde_json::from_str(line).unwrap();
    varint(event.id, out);
    for text in [event.ts, event.source, event.payload] {
        varint(text.len() as i64, out);
        out.extend_from_slice(text.as_bytes());
    }
}

fn read_varint(bytes: &mut &[u8]) -> i64 {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (value >> 1) as i64 ^ -((value & 1) as i64);
        }
        shift += 7;
    }
}

fn typed_decode(mut avro: &[u8], out: &mut Vec<u8>) {
    let id = read_varint(&mut avro);
    let mut text = || {
        let len = read_varint(&mut avro) as usize;
        let (text, rest) = avro.split_at(len);
        avro = rest;
        std::str::from_utf8(text).unwrap()
    };
    let event = Event { id, ts: text(), source: text(), payload: text() };
    serde_json::to_writer(out, &event).unwrap();
}

/// A JSON number where the schema has a timestamp: apache-avro reads no RFC 3339 text.
fn for_apache(line: &str) -> String {
    match line.find("\"at\":\"") {
        Some(at) => format!("{}1795341600123{}", &line[..at + 5], &line[at + 5 + 26..]),
        None => line.to_owned(),
    }
}

fn apache_encode(schema: &Schema, writer: &GenericDatumWriter<'_>, line: &str, out: &mut Vec<u8>) {
    let json: serde_json::Value = serde_json::from_str(line).unwrap();
    let value = Value::try_from(json).unwrap().resolve(schema).unwrap();
    writer.write_value_ref(out, &value).unwrap();
}

fn apache_decode(reader: &GenericDatumReader<'_>, avro: &[u8], out: &mut Vec<u8>) {
    let value = reader.read_value(&mut &avro[..]).unwrap();
    serde_json::to_writer(out, &serde_json::Value::try_from(value).unwrap()).unwrap();
}

/// `typed` is the path written by hand, which only the event has.
fn compare(criterion: &mut Criterion, name: &str, schema: &str, lines: &[String], typed: bool) {
    let plan = Plan::compile(schema).unwrap();
    let apache = Schema::parse_str(schema).unwrap();
    let mut encoder = Encoder::new(&plan, JsonMode::Plain);
    let mut out = Vec::new();
    let encode = |line: &String| {
        let mut avro = Vec::new();
        encoder.encode(line.as_bytes(), &mut avro).unwrap();
        avro
    };
    let data: Vec<Vec<u8>> = lines.iter().map(encode).collect();

    let mut group = criterion.benchmark_group(format!("encode {name}"));
    group.throughput(Throughput::Elements(RECORDS as u64));
    let foreign: Vec<String> = lines.iter().map(|line| for_apache(line)).collect();
    let writer = GenericDatumWriter::builder(&apache).build().unwrap();
    let each = |lines: &[String], out: &mut Vec<u8>, encode: &mut dyn FnMut(&str, &mut Vec<u8>)| {
        for line in lines {
            out.clear();
            encode(line, out);
            black_box(&*out);
        }
    };
    group.bench_function("kch-avro", |bench| {
        let mut ours = |line: &str, out: &mut Vec<u8>| encoder.encode(line.as_bytes(), out).unwrap();
        bench.iter(|| each(lines, &mut out, &mut ours));
    });
    group.bench_function("apache-avro", |bench| {
        let mut theirs = |line: &str, out: &mut Vec<u8>| apache_encode(&apache, &writer, line, out);
        bench.iter(|| each(&foreign, &mut out, &mut theirs));
    });
    if typed {
        group.bench_function("by hand", |bench| bench.iter(|| each(lines, &mut out, &mut typed_encode)));
    }
    group.finish();

    let mut group = criterion.benchmark_group(format!("decode {name}"));
    group.throughput(Throughput::Elements(RECORDS as u64));
    let mut decoder = Decoder::new(&plan, JsonMode::Plain);
    let reader = GenericDatumReader::builder(&apache).build().unwrap();
    let each = |out: &mut Vec<u8>, decode: &mut dyn FnMut(&[u8], &mut Vec<u8>)| {
        for avro in &data {
            out.clear();
            decode(avro, out);
            black_box(&*out);
        }
    };
    group.bench_function("kch-avro", |bench| {
        let mut ours = |avro: &[u8], out: &mut Vec<u8>| decoder.decode(avro, out).unwrap();
        bench.iter(|| each(&mut out, &mut ours));
    });
    group.bench_function("apache-avro", |bench| {
        let mut theirs = |avro: &[u8], out: &mut Vec<u8>| apache_decode(&reader, avro, out);
        bench.iter(|| each(&mut out, &mut theirs));
    });
    if typed {
        group.bench_function("by hand", |bench| bench.iter(|| each(&mut out, &mut typed_decode)));
    }
    group.finish();
}

fn codec(criterion: &mut Criterion) {
    compare(criterion, "event", EVENT, &events(), true);
    compare(criterion, "order", ORDER, &orders(), false);
}

criterion_group!(benches, codec);
criterion_main!(benches);
