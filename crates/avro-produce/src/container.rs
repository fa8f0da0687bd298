//! Avro object container files: a header with the schema and the codec, then blocks of records.
//!
//! Blocks are unpacked by apache-avro's codecs. Records go through their JSON text and not through its values, whose maps
//! forget the order of their keys; so every flag that works on lines works here too.

use std::io::{self, Read};
use std::str::FromStr as _;

use apache_avro::Codec;
use kch_avro::{Decoder, JsonMode, Plan};
use kch_cli::{Failure, Line};

use crate::source::{Entry, SourceError};

const MAGIC: &[u8; 4] = b"Obj\x01";
/// A block is held in memory; writers make them of 16 KiB to a few MiB.
const LARGEST_BLOCK: u64 = 512 << 20;
/// Records of no bytes in one block: a schema can be such that a few bytes would else stand for records without end.
const MOST_EMPTY: u64 = 1 << 16;
/// Entries of the header, of which there are two by the specification.
const MOST_METADATA: i64 = 10_000;

/// Reads records.
#[derive(Debug)]
pub(crate) struct ContainerReader<R> {
    input: Counted<R>,
    plan: Plan,
    codec: Codec,
    sync: [u8; 16],
    /// The records of the block, of which those before `at` were read.
    block: Vec<u8>,
    at: usize,
    /// Records that the block still holds.
    left: u64,
    number: u64,
    json: Vec<u8>,
}

impl<R: Read> ContainerReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// What is no container file, or has a codec or a schema that cannot be used.
    pub(crate) fn open(input: R) -> Result<ContainerReader<R>, SourceError> {
        Self::read_header(Counted { input, bytes: 0 }).map_err(SourceError::Broken)
    }

    fn read_header(mut input: Counted<R>) -> Result<ContainerReader<R>, Failure> {
        let mut magic = [0; 4];
        if input.read_exact(&mut magic).is_err() || magic != *MAGIC {
            return Err(Failure::refused("not an Avro container file: it does not begin with Obj and 1")
                .hint("--format json, text and csv read lines"));
        }
        let (mut schema, mut codec) = (None, "null".to_owned());
        loop {
            let count = match input.long()? {
                0 => break,
                // A negative count comes with the size of the block.
                count @ ..0 => {
                    input.long()?;
                    count.checked_neg().unwrap_or(i64::MAX)
                }
                count => count,
            };
            if count > MOST_METADATA {
                return Err(broken("its header is not one"));
            }
            for _ in 0..count {
                let key = input.text()?;
                let value = input.text()?;
                match key.as_str() {
                    "avro.schema" => schema = Some(value),
                    "avro.codec" => codec = value,
                    _ => {}
                }
            }
        }
        let schema = schema.ok_or_else(|| broken("its header has no avro.schema"))?;
        let plan = Plan::compile(&schema).map_err(|error| broken(&format!("its schema: {error}")))?;
        let codec = Codec::from_str(&codec).map_err(|_| {
            Failure::refused(format!("the container file's codec {codec:?} is not known"))
                .hint("null, deflate, snappy, zstandard and bzip2 are")
        })?;
        let mut sync = [0; 16];
        input.exactly(&mut sync)?;
        let (block, json) = (Vec::new(), Vec::new());
        Ok(ContainerReader { input, plan, codec, sync, block, at: 0, left: 0, number: 0, json })
    }

    /// The next record, `None` at the end.
    pub(crate) fn next_record(&mut self) -> Result<Option<Entry<'_>>, SourceError> {
        while self.left == 0 {
            if !self.next_block().map_err(SourceError::Broken)? {
                return Ok(None);
            }
        }
        self.json.clear();
        let read =
            Decoder::new(&self.plan, JsonMode::Plain).decode_first(&self.block[self.at..], &mut self.json);
        let length = read
            .map_err(|error| SourceError::Broken(broken(&format!("record {}: {error}", self.number + 1))))?;
        self.at += length;
        self.left -= 1;
        self.number += 1;
        if self.left == 0 && self.at < self.block.len() {
            return Err(SourceError::Broken(broken("a block has more bytes than records")));
        }
        let line = Line { number: self.number, offset: self.input.bytes, bytes: &self.json };
        Ok(Some(Entry { line, row: None }))
    }

    /// Reads and unpacks a block; false at the end.
    fn next_block(&mut self) -> Result<bool, Failure> {
        let Some(count) = self.input.long_or_end()? else { return Ok(false) };
        let size = self.input.long()?;
        let (Ok(count), Ok(size)) = (u64::try_from(count), u64::try_from(size)) else {
            return Err(broken("a block has a negative size"));
        };
        if size > LARGEST_BLOCK {
            return Err(broken(&format!("a block says that it has {size} bytes")));
        }
        self.block.clear();
        self.at = 0;
        // Grows with what is there, not with what is said.
        let read =
            (&mut self.input).take(size).read_to_end(&mut self.block).map_err(|error| io_failure(&error))?;
        let mut sync = [0; 16];
        self.input.exactly(&mut sync)?;
        if read as u64 != size || sync != self.sync {
            return Err(broken("a block does not end with the file's marker"));
        }
        self.codec
            .decompress(&mut self.block)
            .map_err(|error| broken(&format!("a block cannot be unpacked: {error}")))?;
        if count > self.block.len() as u64 + MOST_EMPTY {
            let bytes = self.block.len();
            return Err(broken(&format!("a block says that it has {count} records, and has {bytes} bytes")));
        }
        self.left = count;
        Ok(true)
    }

    pub(crate) fn records_read(&self) -> u64 {
        self.number
    }

    pub(crate) fn has_buffered_record(&self) -> bool {
        self.left > 0
    }

    pub(crate) fn input(&self) -> &R {
        &self.input.input
    }
}

/// An input that counts what was read of it.
#[derive(Debug)]
struct Counted<R> {
    input: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

impl<R: Read> Counted<R> {
    fn exactly(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        self.read_exact(buffer).map_err(|error| io_failure(&error))
    }

    fn long(&mut self) -> Result<i64, Failure> {
        self.long_or_end()?.ok_or_else(|| broken("it ends too early"))
    }

    /// A zigzag number, or `None` at the end of the file.
    fn long_or_end(&mut self) -> Result<Option<i64>, Failure> {
        let mut zigzag = 0u64;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            match self.read_exact(&mut byte) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && shift == 0 => return Ok(None),
                result => result.map_err(|error| io_failure(&error))?,
            }
            zigzag |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] < 0x80 {
                return Ok(Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)));
            }
        }
        Err(broken("a number of more than 64 bits"))
    }

    fn text(&mut self) -> Result<String, Failure> {
        let size = u64::try_from(self.long()?).unwrap_or(u64::MAX);
        if size > LARGEST_BLOCK {
            return Err(broken("its header is not one"));
        }
        let mut bytes = Vec::new();
        self.take(size).read_to_end(&mut bytes).map_err(|error| io_failure(&error))?;
        if bytes.len() as u64 != size {
            return Err(broken("it ends too early"));
        }
        // Values that are no text belong to keys that nobody here reads.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn broken(why: &str) -> Failure {
    Failure::refused(format!("the Avro container file is broken: {why}"))
}

fn io_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => broken("it ends too early"),
        _ => Failure::refused(format!("cannot read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use apache_avro::types::Value;
    use apache_avro::{Schema, Writer};

    use super::*;

    const SCHEMA: &str = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"},
        {"name":"m","type":{"type":"map","values":["null","string"]}}]}"#;

    /// A file of `count` records in several blocks.
    fn file(codec: Codec, count: i64) -> Vec<u8> {
        let schema = Schema::parse_str(SCHEMA).unwrap();
        let mut writer = Writer::with_codec(&schema, Vec::new(), codec).unwrap();
        for id in 0..count {
            let text = Value::Union(1, Box::new(Value::String("x".repeat(9))));
            let map = Value::Map(HashMap::from([("k".to_owned(), text)]));
            let record = Value::Record(vec![("id".into(), Value::Long(id)), ("m".into(), map)]);
            writer.append_value(record).unwrap();
            if id % 100 == 99 {
                writer.flush().unwrap();
            }
        }
        writer.into_inner().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<(u64, String)>, String> {
        let said = |error| match error {
            SourceError::Broken(failure) => failure.text().to_owned(),
            SourceError::Refused { fault, .. } => fault.failure().text().to_owned(),
        };
        let mut reader = ContainerReader::open(bytes).map_err(said)?;
        let mut found = Vec::new();
        while let Some(entry) = reader.next_record().map_err(said)? {
            found.push((entry.line.number, String::from_utf8(entry.line.bytes.to_vec()).unwrap()));
        }
        Ok(found)
    }

    #[test]
    fn every_codec_is_unpacked() {
        use apache_avro::{Bzip2Settings, DeflateSettings, ZstandardSettings};
        let codecs = [
            Codec::Null,
            Codec::Deflate(DeflateSettings::default()),
            Codec::Snappy,
            Codec::Zstandard(ZstandardSettings::default()),
            Codec::Bzip2(Bzip2Settings::default()),
        ];
        for codec in codecs {
            let records = read(&file(codec, 250)).unwrap();
            assert_eq!(records.len(), 250, "{codec:?}");
            assert_eq!(records[249], (250, r#"{"id":249,"m":{"k":"xxxxxxxxx"}}"#.to_owned()));
        }
    }

    #[test]
    fn a_block_cannot_say_that_it_has_records_without_end() {
        let header = b"Obj\x01\x02\x16avro.schema\x0c\"null\"\x00";
        let file = |count: &[u8]| [&header[..], &[7; 16], count, &[0], &[7; 16]].concat();
        assert_eq!(read(&file(&[4])).unwrap(), [(1, "null".to_owned()), (2, "null".to_owned())]);
        let endless = file(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        let why = "a block says that it has 9223372036854775807 records, and has 0 bytes";
        assert_eq!(read(&endless), Err(format!("the Avro container file is broken: {why}")));
    }

    #[test]
    fn what_is_broken_is_told_and_not_believed() {
        let good = file(Codec::Null, 5);
        assert_eq!(
            read(b"{\"id\":1}"),
            Err("not an Avro container file: it does not begin with Obj and 1".to_owned())
        );
        assert_eq!(read(b""), read(b"{}"));
        let ends = Err("the Avro container file is broken: it ends too early".to_owned());
        assert_eq!(read(&good[..good.len() - 1]), ends);
        assert_eq!(read(&good[..40]), ends);
        let mut marker = good.clone();
        *marker.last_mut().unwrap() ^= 1;
        assert_eq!(
            read(&marker),
            Err("the Avro container file is broken: a block does not end with the file's marker".to_owned())
        );
        // Every byte in turn: an error or a reading, never a panic, never more memory than the file is worth.
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0xff;
            let _ = read(&bytes);
        }
        let mut codec = file(Codec::Deflate(apache_avro::DeflateSettings::default()), 5);
        let at = codec.windows(10).position(|window| window == b"avro.codec").unwrap();
        codec[at + 11..at + 18].copy_from_slice(b"bzip777");
        assert_eq!(read(&codec), Err("the container file's codec \"bzip777\" is not known".to_owned()));
    }
}
