//! `partition`: where the records of a key are.

use kch_cli::{Failure, Io, LineReader, MAX_LINE, Messages, Output, Render, Result};
use kch_kafka::partition_of_key;
use serde_json::{Value, json};

use crate::{Job, told};

/// The rows to print. Those of keys from stdin are printed as the keys come, unless a table is, whose widths need them all.
pub(crate) fn lookup(
    job: &Job,
    topic: &str,
    keys: &[String],
    partitions: Option<usize>,
    io: &mut Io,
    render: &Render,
) -> Result<Vec<Value>> {
    let has = job.admin.topic(topic)?.partitions.len();
    let count = partitions.unwrap_or(has);
    let row =
        |key: &str| json!({"topic": topic, "key": key, "partition": partition_of_key(key.as_bytes(), count)});
    let mut rows = Vec::new();
    match keys {
        [stdin] if stdin == "-" && job.table => {
            let end = each_line(io, |key, _, _| {
                rows.push(row(key));
                Ok(())
            });
            told(rows, end, io, render)
        }
        [stdin] if stdin == "-" => {
            each_line(io, |key, output, messages| {
                render.row(row(key), output)?;
                Ok(output.hand_over(messages)?)
            })?;
            Ok(rows)
        }
        keys if keys.iter().any(|key| key == "-") => {
            Err(Failure::usage("- reads the keys from stdin: no other key stands beside it"))
        }
        keys => Ok(keys.iter().map(|key| row(key)).collect()),
    }
}

fn each_line(io: &mut Io, mut job: impl FnMut(&str, &mut Output, &mut Messages) -> Result<()>) -> Result<()> {
    let mut reader = LineReader::new(&mut io.input, MAX_LINE);
    while let Some(line) = reader.next_line()? {
        let key = std::str::from_utf8(line.bytes)
            .map_err(|_| Failure::refused(format!("stdin:{}: the key is not UTF-8", line.number)))?;
        job(key, &mut io.output, &mut io.messages)?;
    }
    io.signals.received().map_or(Ok(()), |signal| Err(Failure::interrupted(signal)))
}
