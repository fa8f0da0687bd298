//! `--format avro`: an Avro object container file on stdout (specification, "Object Container Files").
//!
//! The constraint it keeps: one file has one schema.

use std::io::{self, Write as _};

use kch_avro::write_long;
use kch_cli::Output;
use uuid::Uuid;

/// A block is written when it has this many bytes.
const BLOCK: usize = 64 << 10;

/// The file, as far as it is written.
#[derive(Debug, Default)]
pub(crate) struct Container {
    /// The schema's text, once the head is written.
    schema: Option<String>,
    /// What ends the head and each block.
    sync: [u8; 16],
    block: Vec<u8>,
    count: i64,
}

impl Container {
    /// Begins the file.
    pub(crate) fn begin(&mut self, schema: &str, output: &mut Output) -> io::Result<()> {
        self.sync = Uuid::new_v4().into_bytes();
        let mut head = b"Obj\x01".to_vec();
        let entries: [(&str, &str); 2] = [("avro.schema", schema), ("avro.codec", "null")];
        write_long(entries.len() as i64, &mut head);
        for (name, value) in entries {
            for text in [name, value] {
                write_long(text.len() as i64, &mut head);
                head.extend_from_slice(text.as_bytes());
            }
        }
        head.push(0);
        head.extend_from_slice(&self.sync);
        self.schema = Some(schema.to_owned());
        output.write_all(&head)
    }

    /// The schema that the file has, once it has one.
    pub(crate) fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Adds a datum of the file's schema.
    pub(crate) fn add(&mut self, datum: &[u8], output: &mut Output) -> io::Result<()> {
        self.block.extend_from_slice(datum);
        self.count += 1;
        if self.block.len() >= BLOCK { self.flush(output) } else { Ok(()) }
    }

    /// Writes the block that is open, so that all data so far are in the file.
    pub(crate) fn flush(&mut self, output: &mut Output) -> io::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        let mut head = Vec::with_capacity(20);
        write_long(self.count, &mut head);
        write_long(self.block.len() as i64, &mut head);
        output.write_all(&head)?;
        output.write_all(&self.block)?;
        output.write_all(&self.sync)?;
        self.block.clear();
        self.count = 0;
        Ok(())
    }
}
