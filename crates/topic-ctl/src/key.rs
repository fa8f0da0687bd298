//! `partition`: where the records of a key are.

use kch_cli::{Failure, Io, LineReader, MAX_LINE, Result};
use kch_kafka::partition_of_key;
use serde_json::{Value, json};

use crate::Job;

pub(crate) fn lookup(
    job: &Job,
    topic: &str,
    keys: &[String],
    partitions: Option<usize>,
    io: &mut Io,
) -> Result<Vec<Value>> {
    let has = job.admin.topic(topic)?.partitions.len();
    let count = partitions.unwrap_or(has);
    let row =
        |key: &str| json!({"topic": topic, "key": key, "partition": partition_of_key(key.as_bytes(), count)});
    match keys {
        [stdin] if stdin == "-" => lines(io)?.iter().map(|key| Ok(row(key))).collect(),
        keys => Ok(keys.iter().map(|key| row(key)).collect()),
    }
}

fn lines(io: &mut Io) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    let mut reader = LineReader::new(&mut io.input, MAX_LINE);
    while let Some(line) = reader.next_line()? {
        let key = std::str::from_utf8(line.bytes)
            .map_err(|_| Failure::refused(format!("stdin:{}: the key is not UTF-8", line.number)))?;
        keys.push(key.to_owned());
    }
    match io.signals.received() {
        Some(signal) => Err(Failure::interrupted(signal)),
        None => Ok(keys),
    }
}
